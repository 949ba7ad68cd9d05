//! Java runs from the images: amd64 natively, arm64 under user-mode emulation (a tool of these tests, never of a build).

use std::fs;

use serde_json::{Value, json};

use crate::image::unpacked;
use crate::support::run::{both, run, scratch, tool};

#[test]
fn runc_runs_java_from_both_manifests() {
    enable_arm64_programs();
    for (arch, machine) in [("amd64", "x86_64"), ("arm64", "aarch64")] {
        let unpacked = unpacked(arch);
        let mut config: Value = serde_json::from_slice(&fs::read(unpacked.join("config.json")).unwrap()).unwrap();
        // Other tests read the same tree.
        config["root"] = json!({ "path": unpacked.join("rootfs"), "readonly": true });
        config["process"]["terminal"] = json!(false);
        // The image's own environment and path find java; only the command is ours.
        let script = "uname -m; exec java -XshowSettings:properties -version";
        config["process"]["args"] = json!(["/bin/sh", "-c", script]);
        let bundle = scratch(&format!("runc-{arch}"));
        fs::write(bundle.join("config.json"), config.to_string()).unwrap();
        let mut runc = tool("runc", ["--root"]);
        runc.arg(bundle.join("state")).args(["run", "--bundle"]).arg(&bundle).arg(format!("mokapot-{arch}"));
        let output = run(&mut runc);
        let text = both(&output);
        assert!(output.status.success(), "{arch}: {text}");
        assert!(text.contains(machine), "{arch}: {text}");
        assert!(text.contains("openjdk version \"11."), "{arch}: {text}");
    }
}

/// Registers the emulator with the kernel, once a boot.
pub(crate) fn enable_arm64_programs() {
    let _ = run(&mut tool("mount", ["-t", "binfmt_misc", "binfmt_misc", "/proc/sys/fs/binfmt_misc"]));
    let _ = run(&mut tool("update-binfmts", ["--enable", "qemu-aarch64"]));
    let state = fs::read_to_string("/proc/sys/fs/binfmt_misc/qemu-aarch64").unwrap_or_default();
    assert!(state.starts_with("enabled"), "arm64 programs cannot run here: binfmt says {state:?}");
}
