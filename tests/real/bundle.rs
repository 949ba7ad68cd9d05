//! Containers of images as they were built: the layers unpacked in their order, the image's own configuration, and runc.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use crate::image::Built;
use crate::layers::tars;
use crate::support::run::{Daemon, run, succeed, tool};

/// What root may do in a container: Docker's default.
const CAPABILITIES: [&str; 14] = [
    "CAP_AUDIT_WRITE",
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_MKNOD",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_RAW",
    "CAP_SETFCAP",
    "CAP_SETGID",
    "CAP_SETPCAP",
    "CAP_SETUID",
    "CAP_SYS_CHROOT",
];

/// An image's tree for one platform, from which containers start.
pub(crate) struct Bundle {
    folder: PathBuf,
    /// The image's settings: the `config` of its configuration.
    image: Value,
    /// What runc would do by itself.
    config: Value,
}

/// A container that is not started yet.
pub(crate) struct Container {
    folder: PathBuf,
    name: String,
    entrypoint: Vec<String>,
    config: Value,
}

/// A container that runs, ended when dropped.
pub(crate) struct Running {
    daemon: Daemon,
    log: PathBuf,
    state: PathBuf,
    name: String,
}

impl Running {
    /// Waits until `ready` says so, for so many seconds; fails when the container ended or it took longer.
    pub(crate) fn wait(&mut self, seconds: u64, ready: impl Fn() -> bool) {
        self.daemon.wait_longer(seconds, &self.log, ready);
    }

    /// Waits until it has ended by itself.
    pub(crate) fn wait_for_end(&mut self, seconds: u64) {
        self.daemon.wait_for_end(seconds);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The end of runc itself would leave its container behind.
        let mut runc = tool("runc", ["--root"]);
        run(runc.arg(&self.state).args(["delete", "--force", &self.name]));
    }
}

impl Bundle {
    /// Unpacks the image's layers below `folder`.
    pub(crate) fn new(built: &Built, arch: &str, folder: &Path) -> Self {
        let rootfs = folder.join("rootfs");
        fs::create_dir_all(&rootfs).unwrap();
        for mut layer in tars(built, arch) {
            let mut tar = tool("tar", ["-xp", "--numeric-owner", "-C"]);
            let mut child = tar.arg(&rootfs).stdin(Stdio::piped()).spawn().unwrap();
            std::io::copy(&mut layer, &mut child.stdin.take().unwrap()).unwrap();
            assert!(child.wait().unwrap().success(), "{arch}: tar cannot unpack a layer");
        }
        succeed(tool("runc", ["spec"]).current_dir(folder));
        let mut config: Value = serde_json::from_slice(&fs::read(folder.join("config.json")).unwrap()).unwrap();
        let manifest = built.json(built.manifest(arch)["digest"].as_str().unwrap());
        let image = built.json(manifest["config"]["digest"].as_str().unwrap())["config"].clone();
        config["root"] = json!({ "path": rootfs, "readonly": false });
        config["process"]["terminal"] = json!(false);
        config["process"]["rlimits"] = json!([]);
        if let Some(environment) = image.get("Env") {
            config["process"]["env"] = environment.clone();
        }
        if let Some(folder) = image.get("WorkingDir") {
            config["process"]["cwd"] = folder.clone();
        }
        Self { folder: folder.to_owned(), image, config }
    }

    /// A file or folder of the unpacked tree.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.join("rootfs").join(path.trim_start_matches('/'))
    }

    /// A container on this machine's network, run by root.
    pub(crate) fn container(&self, name: &str) -> Container {
        let folder = self.folder.join(name);
        fs::create_dir_all(&folder).unwrap();
        let words = self.image["Entrypoint"].as_array().into_iter().flatten();
        let entrypoint = words.map(|word| word.as_str().unwrap().to_owned()).collect();
        let mut config = self.config.clone();
        config["linux"]["namespaces"].as_array_mut().unwrap().retain(|namespace| namespace["type"] != "network");
        let container = Container { folder, name: unique(name), entrypoint, config };
        container.user(0, 0)
    }
}

/// A name that no other container has: two that run at the same time must not share a control group, which goes by the name.
fn unique(name: &str) -> String {
    static STARTED: AtomicU32 = AtomicU32::new(0);
    format!("mokapot-{name}-{}-{}", std::process::id(), STARTED.fetch_add(1, Ordering::Relaxed))
}

impl Container {
    /// Runs it as this user.
    pub(crate) fn user(mut self, uid: u32, gid: u32) -> Self {
        self.config["process"]["user"] = json!({ "uid": uid, "gid": gid });
        for set in ["bounding", "effective", "permitted"] {
            let has = uid == 0 || set == "bounding";
            self.config["process"]["capabilities"][set] = if has { json!(CAPABILITIES) } else { json!([]) };
        }
        self
    }

    /// Sets a variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.config["process"]["env"].as_array_mut().unwrap().push(json!(format!("{name}={value}")));
        self
    }

    /// Shows a file or folder of this machine at `target`.
    pub(crate) fn mount(mut self, source: &Path, target: &str, mode: &str) -> Self {
        let mount = json!({ "destination": target, "type": "bind", "source": source, "options": ["bind", mode] });
        self.config["mounts"].as_array_mut().unwrap().push(mount);
        self
    }

    /// Its name and the addresses that it knows, as a runtime would write them to `/etc/hosts`.
    pub(crate) fn host(mut self, name: &str, others: &str) -> Self {
        let hosts = self.folder.join("hosts");
        fs::write(&hosts, format!("127.0.0.1 localhost\n{others}\n")).unwrap();
        self.config["hostname"] = json!(name);
        self.mount(&hosts, "/etc/hosts", "ro")
    }

    /// Puts it into a network namespace that `ip netns` has made.
    pub(crate) fn network(mut self, namespace: &str) -> Self {
        let path = format!("/var/run/netns/{namespace}");
        self.config["linux"]["namespaces"].as_array_mut().unwrap().push(json!({ "type": "network", "path": path }));
        self
    }

    /// What starts it with the image's entrypoint and these arguments.
    pub(crate) fn start(self, arguments: &[&str]) -> Command {
        let words = self.entrypoint.clone().into_iter().chain(arguments.iter().map(|word| (*word).to_owned()));
        let words: Vec<String> = words.collect();
        self.command(json!(words))
    }

    /// Starts it with the image's entrypoint and these arguments, to run beside the test; its output goes to `log`.
    pub(crate) fn spawn(self, arguments: &[&str], log: &Path) -> Running {
        let (state, name) = (self.folder.join("state"), self.name.clone());
        Running { daemon: Daemon::start(&mut self.start(arguments), log), log: log.to_owned(), state, name }
    }

    /// What starts it with a shell's line in place of the image's entrypoint.
    pub(crate) fn shell(self, line: &str) -> Command {
        self.command(json!(["/bin/sh", "-c", line]))
    }

    fn command(mut self, words: Value) -> Command {
        self.config["process"]["args"] = words;
        fs::write(self.folder.join("config.json"), self.config.to_string()).unwrap();
        let mut runc = tool("runc", ["--root"]);
        runc.arg(self.folder.join("state")).args(["run", "--bundle"]).arg(&self.folder).arg(self.name);
        runc
    }
}
