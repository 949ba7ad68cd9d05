//! One command line, run by the real program in a folder and by its applet over a tree that begins as the folder does.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use mokapot::base::{Arch, Epoch};
use mokapot::domain::rootfs::{Content, Kind, Meta, Owner, Tree};
use mokapot::domain::script::{Limits, Process, Stop, Stream, System, exec};

/// When the scene's files were written; anything later is "now".
const OLD: i64 = 1_000_000_000;
const NOW: i64 = 1_700_000_000;

/// What a run left: output, whether it complained, status, and the folder's entries.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    out: String,
    complained: bool,
    status: i32,
    entries: BTreeMap<String, String>,
}

/// Runs every line (words between spaces, `~` a space inside one; `TEXT | LINE` gives it a standard input in which `\n`
/// and `\0` are what they say) both ways over `scene` and compares. A scene's lines are `d MODE NAME`,
/// `f MODE NAME [TEXT]`, `l TARGET NAME`, `h TARGET NAME` (a hard link) and `p MODE NAME` (a named pipe).
pub(super) fn compare(scene: &str, lines: &[&str]) {
    let mut wrong = String::new();
    for line in lines {
        let (input, words) = match line.split_once(" | ") {
            Some((input, words)) => (input.replace("\\n", "\n").replace("\\0", "\0"), words),
            None => (String::new(), *line),
        };
        let words: Vec<String> = words.split_whitespace().map(|word| word.replace('~', " ")).collect();
        let (real, real_words) = really(scene, &words, input.as_bytes());
        let (ours, our_words) = match applet(scene, &words, input.as_bytes(), Limits::default()) {
            Ok(both) => both,
            Err(stop) => {
                writeln!(wrong, "{line}\n  stop: {stop}").unwrap();
                continue;
            }
        };
        if ours != real {
            writeln!(wrong, "{line}\n  real: {real:?} {real_words}\n  ours: {ours:?} {our_words}").unwrap();
        } else if real_words != our_words {
            eprintln!("words differ: {line}\n  real: {real_words}\n  ours: {our_words}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Interprets words in few steps; the output and the entries they leave.
pub(super) fn interpret_with(scene: &str, words: &[&str]) -> Result<(String, BTreeMap<String, String>), Stop> {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let limits = Limits { steps: 100_000, ..Limits::default() };
    applet(scene, &words, b"", limits).map(|(outcome, _)| (outcome.out, outcome.entries))
}

/// Interprets a line only; its output and the entries it leaves.
pub(super) fn interpret(scene: &str, line: &str) -> (String, BTreeMap<String, String>) {
    let words: Vec<String> = line.split_whitespace().map(|word| word.replace('~', " ")).collect();
    let outcome = applet(scene, &words, b"", Limits::default()).unwrap().0;
    (outcome.out, outcome.entries)
}

/// Whether this process may give files away.
pub(super) fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

fn really(scene: &str, words: &[String], input: &[u8]) -> (Outcome, String) {
    let temp = tempfile::tempdir().unwrap();
    let home = temp.path().join("w");
    fs::create_dir(&home).unwrap();
    fs::set_permissions(&home, fs::Permissions::from_mode(0o755)).unwrap();
    for (kind, first, name, text) in parsed(scene) {
        let path = home.join(name);
        match kind {
            "d" => fs::create_dir(&path).unwrap(),
            "f" => {
                fs::write(&path, text).unwrap();
                let file = fs::File::options().write(true).open(&path).unwrap();
                file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(OLD.cast_unsigned())).unwrap();
            }
            "l" => symlink(first, &path).unwrap(),
            "h" => fs::hard_link(home.join(first), &path).unwrap(),
            _ => assert!(Command::new("mkfifo").arg(&path).status().unwrap().success()),
        }
    }
    for (kind, first, name, _) in parsed(scene).filter(|(kind, ..)| matches!(*kind, "d" | "f" | "p")) {
        let mode = u32::from_str_radix(first, 8).unwrap();
        fs::set_permissions(home.join(name), fs::Permissions::from_mode(mode)).unwrap();
        assert!(matches!(kind, "d" | "f" | "p"));
    }
    let mut child = Command::new("sh")
        .args(["-c", "umask 022; exec \"$0\" \"$@\""])
        .args(words)
        .current_dir(&home)
        .env_clear()
        .envs(environment())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that does not read its input may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    let mut entries = BTreeMap::new();
    list(&home, &home, &mut entries);
    let home = home.canonicalize().unwrap();
    let outcome = Outcome {
        out: String::from_utf8_lossy(&output.stdout).replace(home.to_str().unwrap(), "/w"),
        complained: !output.stderr.is_empty(),
        status: output.status.code().unwrap(),
        entries,
    };
    (outcome, String::from_utf8_lossy(&output.stderr).into_owned())
}

fn list(home: &Path, folder: &Path, entries: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let meta = fs::symlink_metadata(&path).unwrap();
        let kind = if meta.is_dir() {
            "d".to_owned()
        } else if meta.is_symlink() {
            format!("l {}", fs::read_link(&path).unwrap().display())
        } else if meta.file_type().is_fifo() {
            "p".to_owned()
        } else {
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            format!("f {text:?} {} {}", meta.nlink(), time(meta.mtime()))
        };
        let (uid, gid) = if is_root() { (meta.uid(), meta.gid()) } else { (0, 0) };
        let mode = if meta.is_symlink() { 0o777 } else { meta.mode() & 0o7777 };
        let name = path.strip_prefix(home).unwrap().to_string_lossy().into_owned();
        entries.insert(name, format!("{mode:o} {uid}:{gid} {kind}"));
        if meta.is_dir() {
            list(home, &path, entries);
        }
    }
}

fn applet(scene: &str, words: &[String], input: &[u8], limits: Limits) -> Result<(Outcome, String), Stop> {
    let mut tree = Tree::new();
    let put = |tree: &mut Tree, path: &str, kind: Kind, mode: u32| {
        tree.insert(path.as_bytes(), kind, Meta::root(mode, OLD), Owner::Generated, None).unwrap();
    };
    let file = |text: &str| Kind::File(Content::bytes(text.as_bytes().to_vec()));
    for name in ["passwd", "group"] {
        let text = fs::read_to_string(format!("/etc/{name}")).unwrap();
        put(&mut tree, &format!("etc/{name}"), file(&text), 0o644);
    }
    for name in PROGRAMS {
        put(&mut tree, &format!("usr/bin/{name}"), file("\x7fELF"), 0o755);
    }
    put(&mut tree, "tmp", Kind::Directory, 0o1777);
    put(&mut tree, "w", Kind::Directory, 0o755);
    for (kind, first, name, text) in parsed(scene) {
        let path = format!("w/{name}");
        let mode = u32::from_str_radix(first, 8).unwrap_or_default();
        match kind {
            "d" => put(&mut tree, &path, Kind::Directory, mode),
            "f" => put(&mut tree, &path, file(text), mode),
            "l" => put(&mut tree, &path, Kind::Symlink(first.as_bytes().into()), 0o777),
            "h" => tree.hardlink(path.as_bytes(), format!("w/{first}").as_bytes(), Owner::Generated, None).unwrap(),
            _ => put(&mut tree, &path, Kind::Fifo, mode),
        }
    }
    let read = |content: &Content| match content {
        Content::Bytes(bytes) => Ok(Arc::clone(bytes)),
        Content::Entry { .. } => Err("no packages here".to_owned()),
    };
    let mut system = System::new(&mut tree, Arch::Amd64, Epoch::try_from(NOW).unwrap(), limits, &read);
    let args = words.iter().map(|word| word.as_bytes().to_vec()).collect();
    let env = environment().into_iter().map(|(name, value)| (name.into(), value.into())).collect();
    let mut process = Process::new(args, env);
    process.cwd = b"w".to_vec();
    let (out, err) = (Stream::pipe([]), Stream::pipe([]));
    process.streams.set(0, Stream::pipe(input));
    process.streams.set(1, Rc::clone(&out));
    process.streams.set(2, Rc::clone(&err));
    let status = exec(&mut system, &mut process)?;
    let err = Stream::drain(&err);
    let mut entries = BTreeMap::new();
    for (path, node) in tree.walk() {
        let Some(name) = std::str::from_utf8(&path).unwrap().strip_prefix("w/") else { continue };
        let kind = match node.kind {
            Kind::Directory => "d".to_owned(),
            Kind::Symlink(target) => format!("l {}", String::from_utf8_lossy(target)),
            Kind::File(Content::Bytes(bytes)) => {
                format!("f {:?} {} {}", String::from_utf8_lossy(bytes), node.links, time(node.meta.mtime))
            }
            Kind::Fifo => "p".to_owned(),
            other => format!("{other:?}"),
        };
        let meta = node.meta;
        entries.insert(name.to_owned(), format!("{:o} {}:{} {kind}", meta.mode, meta.uid, meta.gid));
    }
    let outcome = Outcome {
        out: String::from_utf8_lossy(&Stream::drain(&out)).into_owned(),
        complained: !err.is_empty(),
        status: i32::from(status),
        entries,
    };
    Ok((outcome, String::from_utf8_lossy(&err).into_owned()))
}

/// Moments near the real now are one.
fn time(seconds: i64) -> String {
    if seconds >= NOW { "now".to_owned() } else { seconds.to_string() }
}

fn environment() -> [(&'static str, &'static str); 3] {
    [("LC_ALL", "C.UTF-8"), ("PATH", "/usr/bin:/usr/sbin:/bin:/sbin"), ("TZ", "UTC0")]
}

fn parsed(scene: &str) -> impl Iterator<Item = (&str, &str, &str, &str)> {
    scene.lines().map(str::trim).filter(|line| !line.is_empty()).map(|line| {
        let mut fields = line.splitn(4, ' ');
        let mut next = || fields.next().unwrap_or_default();
        (next(), next(), next(), next())
    })
}

/// Programs that the tree has: all of these applets.
pub(super) const PROGRAMS: &[&str] = &[
    "[",
    "arch",
    "basename",
    "chattr",
    "chgrp",
    "chmod",
    "chown",
    "chroot",
    "cmp",
    "cp",
    "date",
    "dd",
    "diff",
    "dirname",
    "echo",
    "env",
    "expr",
    "false",
    "find",
    "flock",
    "getcap",
    "getent",
    "getopt",
    "groups",
    "hostname",
    "id",
    "install",
    "ionice",
    "ischroot",
    "ln",
    "logger",
    "logname",
    "ls",
    "mkdir",
    "mkfifo",
    "mknod",
    "mktemp",
    "mountpoint",
    "mv",
    "nice",
    "nohup",
    "nproc",
    "printenv",
    "pwd",
    "readlink",
    "realpath",
    "rm",
    "rmdir",
    "run-parts",
    "seq",
    "setcap",
    "setsid",
    "sleep",
    "stat",
    "stdbuf",
    "stty",
    "sync",
    "tempfile",
    "test",
    "timeout",
    "touch",
    "true",
    "truncate",
    "tty",
    "uname",
    "whoami",
    "xargs",
];
