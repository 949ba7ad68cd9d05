//! Servers of other projects, as Debian packages them, on loopback: each ends with the test that started it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::run::{Daemon, free_port, listening, succeed, tool};

/// Debian's `docker-registry`.
pub(crate) struct DockerRegistry {
    /// `HOST:PORT`.
    pub(crate) host: String,
    _daemon: Daemon,
}

impl DockerRegistry {
    /// Starts one with its data in `folder`; with an account, `USER:PASSWORD`, for nobody else.
    pub(crate) fn start(folder: &Path, account: Option<&str>) -> Self {
        let port = free_port();
        let auth = account.map_or_else(String::new, |account| {
            let (user, password) = account.split_once(':').unwrap();
            let file = folder.join("htpasswd");
            fs::write(&file, succeed(&mut tool("htpasswd", ["-Bbn", user, password]))).unwrap();
            format!("auth: {{htpasswd: {{realm: test, path: {}}}}}\n", file.display())
        });
        let config = folder.join("config.yml");
        let text = format!(
            "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n\
             storage: {{filesystem: {{rootdirectory: {}}}, delete: {{enabled: true}}}}\n\
             http: {{addr: 127.0.0.1:{port}}}\n{auth}",
            folder.join("data").display()
        );
        fs::write(&config, text).unwrap();
        let log = folder.join("log");
        let mut daemon = Daemon::start(tool("docker-registry", ["serve"]).arg(&config), &log);
        daemon.wait(&log, || listening(port));
        Self { host: format!("127.0.0.1:{port}"), _daemon: daemon }
    }
}

/// containerd with state of its own; `ctr` speaks to it.
pub(crate) struct Containerd {
    folder: PathBuf,
    _daemon: Daemon,
}

impl Containerd {
    /// Starts one with all it keeps in `folder`.
    pub(crate) fn start(folder: &Path) -> Self {
        let socket = folder.join("sock");
        let config = folder.join("config.toml");
        let disabled = ["grpc.v1.cri", "snapshotter.v1.btrfs", "snapshotter.v1.zfs", "snapshotter.v1.aufs"];
        let disabled = [&disabled[..], &["snapshotter.v1.devmapper"]].concat();
        let disabled: Vec<String> = disabled.iter().map(|plugin| format!("io.containerd.{plugin}")).collect();
        let text = format!(
            "version = 2\nroot = {:?}\nstate = {:?}\ndisabled_plugins = {disabled:?}\n[grpc]\naddress = {socket:?}\n",
            folder.join("root"),
            folder.join("state"),
        );
        fs::write(&config, text).unwrap();
        let log = folder.join("log");
        let mut daemon = Daemon::start(tool("containerd", ["-c"]).arg(&config), &log);
        let answers = || Self::client(folder).arg("version").output().is_ok_and(|output| output.status.success());
        daemon.wait(&log, || socket.exists() && answers());
        Self { folder: folder.to_owned(), _daemon: daemon }
    }

    fn client(folder: &Path) -> Command {
        let mut command = tool("ctr", ["-a"]);
        command.arg(folder.join("sock"));
        command
    }

    /// `ctr`, for this server.
    pub(crate) fn ctr(&self) -> Command {
        Self::client(&self.folder)
    }

    /// Imports every image of a layout; each becomes `BASE:TAG`.
    pub(crate) fn import(&self, layout: &Path, base: &str) {
        let archive = self.folder.join("import.tar");
        succeed(tool("tar", ["-C"]).arg(layout).arg("-chf").arg(&archive).arg("."));
        let import = ["images", "import", "--no-unpack", "--all-platforms", "--base-name", base];
        succeed(self.ctr().args(import).arg(&archive));
        fs::remove_file(archive).unwrap();
    }

    /// Unpacks an image, which checks the DiffID of every layer, and lets `look` into its tree. `Err` is what `ctr` says
    /// when it cannot. Its snapshots are containerd's default, overlayfs: `ctr images mount` hears of no other.
    pub(crate) fn mounted<T>(&self, image: &str, platform: &str, look: impl FnOnce(&Path) -> T) -> Result<T, String> {
        // The folder names what containerd keeps until the end, so that its garbage collector takes nothing that is looked at.
        let mounted = self.folder.join(format!("{image} {platform}").replace(['/', ':'], "-"));
        fs::create_dir_all(&mounted).unwrap();
        let mount = ["images", "mount", "--platform", platform, image];
        let output = self.ctr().args(mount).arg(&mounted).output().unwrap();
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let seen = look(&mounted);
        succeed(self.ctr().args(["images", "unmount"]).arg(&mounted));
        Ok(seen)
    }
}
