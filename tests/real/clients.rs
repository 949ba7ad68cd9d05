//! Other OCI clients take the images as they are: skopeo, umoci, containerd, podman.

use std::fs;
use std::path::Path;

use crate::image::{jre, jre_gzip};
use crate::support::run::{Daemon, free_port, listening, scratch, succeed, tool};

/// Debian's `docker-registry` on a free port, with its data in `folder`.
fn registry(folder: &Path) -> (Daemon, String) {
    let port = free_port();
    let config = folder.join("config.yml");
    let text = format!(
        "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n\
         storage: {{filesystem: {{rootdirectory: {}}}, delete: {{enabled: true}}}}\nhttp: {{addr: 127.0.0.1:{port}}}\n",
        folder.join("data").display()
    );
    fs::write(&config, text).unwrap();
    let log = folder.join("log");
    let mut daemon = Daemon::start(tool("docker-registry", ["serve"]).arg(&config), &log);
    daemon.wait(&log, || listening(port));
    (daemon, format!("127.0.0.1:{port}"))
}

#[test]
fn skopeo_keeps_the_digest_to_a_registry_and_back() {
    for (built, name) in [(jre(), "zstd"), (jre_gzip(), "gzip")] {
        let folder = scratch(&format!("skopeo-{name}"));
        let (_daemon, host) = registry(&folder);
        let copy = ["copy", "--quiet", "--all", "--preserve-digests"];
        let remote = format!("docker://{host}/moka/jre:{name}");
        succeed(tool("skopeo", copy).args(["--dest-tls-verify=false", &built.reference(), &remote]));
        let back = folder.join("back");
        let back_reference = format!("oci:{}:{}", back.display(), built.tag);
        succeed(tool("skopeo", copy).args(["--src-tls-verify=false", &remote, &back_reference]));
        let index: serde_json::Value = serde_json::from_slice(&fs::read(back.join("index.json")).unwrap()).unwrap();
        assert_eq!(index["manifests"][0]["digest"], built.digest);
    }
}

#[test]
fn umoci_unpacks_both_platforms_and_agrees_on_every_diff_id() {
    let layout = jre_gzip().tag_per_platform("umoci-layout");
    let folder = scratch("umoci");
    for arch in ["amd64", "arm64"] {
        let image = format!("{}:{arch}", layout.display());
        succeed(tool("umoci", ["unpack", "--image", &image]).arg(folder.join(arch)));
        assert!(folder.join(arch).join("rootfs/var/lib/dpkg/status").is_file());
    }
}

#[test]
fn containerd_imports_unpacks_and_runs() {
    let folder = scratch("containerd");
    let socket = folder.join("sock");
    let config = folder.join("config.toml");
    let disabled = r#"["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper"]"#;
    let text = format!(
        "version = 2\nroot = {:?}\nstate = {:?}\ndisabled_plugins = {disabled}\n[grpc]\naddress = {socket:?}\n",
        folder.join("root"),
        folder.join("state"),
    );
    fs::write(&config, text).unwrap();
    let log = folder.join("log");
    let mut daemon = Daemon::start(tool("containerd", ["-c"]).arg(&config), &log);
    let ctr = || {
        let mut command = tool("ctr", ["-a"]);
        command.arg(&socket);
        command
    };
    daemon.wait(&log, || socket.exists() && ctr().arg("version").output().is_ok_and(|o| o.status.success()));
    for (built, name) in [(jre(), "zstd"), (jre_gzip(), "gzip")] {
        let archive = folder.join(format!("{name}.tar"));
        succeed(tool("tar", ["-C"]).arg(&built.layout).arg("-cf").arg(&archive).arg("."));
        let base = format!("localhost/{name}");
        succeed(ctr().args(["images", "import", "--no-unpack", "--all-platforms", "--base-name", &base]).arg(&archive));
        let image = format!("{base}:{}", built.tag);
        // Unpacking checks the DiffID of every layer; running proves the result.
        let version = ["/usr/lib/jvm/java-11-openjdk-amd64/bin/java", "-version"];
        succeed(ctr().args(["run", "--rm", "--snapshotter", "native", &image, &format!("java-{name}")]).args(version));
        let mounted = folder.join(format!("arm64-{name}"));
        fs::create_dir(&mounted).unwrap();
        let mount = ["images", "mount", "--snapshotter", "native", "--platform", "linux/arm64", &image];
        succeed(ctr().args(mount).arg(&mounted));
        let found = mounted.join("usr/lib/jvm/java-11-openjdk-arm64/bin/java").is_file();
        succeed(ctr().args(["images", "unmount"]).arg(&mounted));
        assert!(found, "{name}: there is no java in the arm64 image");
    }
}

#[test]
fn podman_runs_the_layout() {
    let folder = scratch("podman");
    let config = folder.join("containers.conf");
    let text = "[containers]\ndefault_ulimits=[\"nofile=1024:4096\",\"nproc=1024:4096\"]\n[engine]\nruntime=\"runc\"\n";
    fs::write(&config, text).unwrap();
    for built in [jre(), jre_gzip()] {
        let mut podman = tool("podman", ["--root"]);
        podman.arg(folder.join("root")).arg("--runroot").arg(folder.join("run")).args(["--storage-driver", "vfs"]);
        podman.env("CONTAINERS_CONF", &config).args(["run", "--rm", "--network", "none", &built.reference()]);
        podman.args(["/bin/sh", "-c", "cat /etc/debian_version"]);
        assert!(succeed(&mut podman).starts_with("12."));
    }
}
