//! One script in two worlds: a real shell in an empty folder, and the interpreter over an empty tree.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::rc::Rc;

use mokapot::base::{Arch, Epoch};
use mokapot::domain::rootfs::{Content, Kind, Meta, Owner, Tree};
use mokapot::domain::script::shell::{self, Mode};
use mokapot::domain::script::{Limits, Process, Stream, System};

/// What a script did.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) stdout: String,
    pub(super) stderr: String,
    pub(super) status: i32,
    /// Files by name, folders with a `/`, links with their targets.
    pub(super) files: BTreeMap<String, String>,
}

impl Outcome {
    /// Whether both worlds saw the same: of a script that does not parse, or recurses without end, not the words.
    pub(super) fn agrees(&self, real: &Self) -> bool {
        let syntax = real.stderr.contains("Syntax error") && self.stderr.contains("cannot be parsed");
        let depth = real.stderr.contains("recursion depth") && self.stderr.contains("inside each other");
        // A shell that died of a signal is no judge.
        let died = real.status == -1;
        died || depth
            || self.stdout == real.stdout
                && self.files == real.files
                && (syntax || self.status == real.status && self.stderr == real.stderr)
    }
}

/// Programs that both worlds have: shell scripts themselves, so that the interpreter needs nothing else.
const STUBS: [(&str, &str); 3] = [
    ("args", "#!/bin/sh\nprintf '%s:' \"$#\"\nfor a do printf '[%s]' \"$a\"; done\necho\n"),
    ("status", "#!/bin/sh\nexit \"$1\"\n"),
    (
        "cat",
        "#!/bin/sh\nwhile IFS= read -r l; do printf '%s\\n' \"$l\"; done\nif [ -n \"$l\" ]; then printf %s \"$l\"; fi\n",
    ),
];

/// Makes the folder of stubs.
pub(super) fn stubs(folder: &Path) {
    for (name, text) in STUBS {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// The real shell's outcome.
pub(super) fn real(program: &str, stubs: &Path, folder: &Path, script: &[u8]) -> Outcome {
    use std::os::unix::ffi::OsStrExt as _;
    fs::create_dir(folder).unwrap();
    let output = Command::new(Path::new("/bin").join(program))
        .arg("-c")
        .arg(std::ffi::OsStr::from_bytes(script))
        .args(["case", "one", "two words"])
        .current_dir(folder)
        .env_clear()
        .env("PATH", stubs)
        .env("HOME", "/home/me")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let mut files = BTreeMap::new();
    list(folder, folder, &mut files);
    let here = |bytes: &[u8]| {
        text(bytes).replace(&*stubs.to_string_lossy(), "/bin").replace(&*folder.to_string_lossy(), "/work")
    };
    Outcome {
        stdout: here(&output.stdout),
        stderr: here(&output.stderr),
        status: output.status.code().unwrap_or(-1),
        files,
    }
}

fn list(top: &Path, folder: &Path, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(top).unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            list(top, &path, files);
            files.insert(format!("{name}/"), String::new());
        } else {
            files.insert(name, text(&fs::read(&path).unwrap()));
        }
    }
}

fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// The interpreter's outcome; a script that is stopped says why on stderr, with status -2.
pub(super) fn interpreted(mode: Mode, script: &[u8]) -> Outcome {
    let mut tree = Tree::new();
    for folder in ["bin", "dev", "etc", "work"] {
        tree.insert(folder.as_bytes(), Kind::Directory, Meta::root(0o755, 0), Owner::Generated, None).unwrap();
    }
    for (name, text) in STUBS {
        let kind = Kind::File(Content::bytes(text));
        let path = format!("bin/{name}");
        tree.insert(path.as_bytes(), kind, Meta::root(0o755, 0), Owner::Generated, None).unwrap();
    }
    let passwd = Kind::File(Content::bytes("root:x:0:0:root:/root:/bin/bash\n"));
    for (path, kind) in [("etc/passwd", passwd), ("dev/null", Kind::CharDevice(1, 3))] {
        tree.insert(path.as_bytes(), kind, Meta::root(0o644, 0), Owner::Generated, None).unwrap();
    }
    let read = |_: &Content| -> Result<std::sync::Arc<[u8]>, String> { Err("nothing was shipped".into()) };
    let limits = Limits { steps: 300_000, bytes: 10_000_000, ..Limits::default() };
    let mut system = System::new(&mut tree, Arch::Amd64, Epoch::ZERO, limits, &read);
    let args = ["case", "one", "two words"].map(|arg| arg.as_bytes().to_vec()).to_vec();
    let env = [("PATH", "/bin"), ("HOME", "/home/me"), ("LC_ALL", "C")];
    let env = env.map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec())).into();
    let mut process = Process::new(args, env);
    process.cwd = b"work".to_vec();
    let (out, err) = (Stream::pipe(Vec::new()), Stream::pipe(Vec::new()));
    process.streams.set(1, Rc::clone(&out));
    process.streams.set(2, Rc::clone(&err));
    let ended = shell::run(&mut system, &mut process, "case", script, mode);
    let mut stderr = text(&Stream::drain(&err));
    let status = match ended {
        Ok(status) => i32::from(status),
        Err(stop) => {
            stderr.push_str(&format!("STOP {stop}"));
            -2
        }
    };
    let mut files = BTreeMap::new();
    for (path, node) in tree.walk() {
        let Some(name) = path.strip_prefix(b"work/") else { continue };
        match node.kind {
            Kind::File(Content::Bytes(bytes)) => files.insert(text(name), text(bytes)),
            Kind::Directory => files.insert(format!("{}/", text(name)), String::new()),
            other => files.insert(text(name), format!("{other:?}")),
        };
    }
    Outcome { stdout: text(&Stream::drain(&out)), stderr, status, files }
}
