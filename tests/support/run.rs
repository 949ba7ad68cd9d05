//! Running programs: ours and the independent ones we compare with.

use std::ffi::OsStr;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A command of ours: the built program in the repository, with no configuration but what a test gives it.
pub fn mokapot() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mokapot"));
    command.current_dir(repository()).env_remove("SOURCE_DATE_EPOCH").env("NO_COLOR", "1");
    command
}

/// The root of the repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A folder for this test alone, emptied of what an earlier run left. Lower case, as podman asks of layouts.
pub fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name.to_lowercase());
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Runs a command that must succeed, and returns what it printed on stdout.
///
/// # Panics
/// With all that the command printed, when it fails.
pub fn succeed(command: &mut Command) -> String {
    let output = run(command);
    assert!(output.status.success(), "{command:?} ended with {}:\n{}", output.status, both(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs a command, its streams captured.
pub fn run(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"))
}

/// Both streams of a finished command, for a message.
pub fn both(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// `program` with `arguments`, ready to run.
pub fn tool<I: AsRef<OsStr>>(program: &str, arguments: impl IntoIterator<Item = I>) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

/// A server of another project, ended when dropped.
pub struct Daemon(Child);

impl Daemon {
    /// Starts it; its output goes to `log`.
    pub fn start(command: &mut Command, log: &Path) -> Self {
        let file = fs::File::create(log).unwrap();
        Self(command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap())
    }

    /// Waits until `ready` says so.
    ///
    /// # Panics
    /// When the server ended, or was not ready within half a minute.
    pub fn wait(&mut self, log: &Path, ready: impl Fn() -> bool) {
        self.wait_longer(30, log, ready);
    }

    /// The same, for so many seconds.
    ///
    /// # Panics
    /// When it ended, or was not ready in time.
    pub fn wait_longer(&mut self, seconds: u64, log: &Path, ready: impl Fn() -> bool) {
        let start = Instant::now();
        loop {
            let ended = self.0.try_wait().unwrap().is_some();
            if ready() {
                return;
            }
            let late = start.elapsed() > Duration::from_secs(seconds);
            if ended || late {
                let text = String::from_utf8_lossy(&fs::read(log).unwrap()).into_owned();
                assert!(!ended, "the server ended: {text}");
                panic!("the server was not ready in time: {text}");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until it has ended, for so many seconds.
    ///
    /// # Panics
    /// When it has not ended then.
    pub fn wait_for_end(&mut self, seconds: u64) {
        let start = Instant::now();
        while self.0.try_wait().unwrap().is_none() {
            assert!(start.elapsed() < Duration::from_secs(seconds), "it did not end");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port of loopback that nobody listens on.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Whether somebody listens on the port.
pub fn listening(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}
