//! Real packages from this machine's own mirrors, against `dpkg-deb`, GNU tar, bsdtar and Python.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use md5::{Digest as _, Md5};
use mokapot::base::{Digest, Epoch};
use mokapot::domain::layer::{FragmentReader, FragmentWriter, LayerWriter};
use mokapot::formats::compress::{Checksums, Compression};
use mokapot::formats::deb::DebReader;
use mokapot::formats::tar::{Entry, Kind, Limits, Reader, writer};
use proptest::prelude::*;

/// Hard links (perl-base), set-id bits (sudo), names beyond ASCII (ca-certificates), symbolic links and many small files (tzdata).
const PACKAGES: [&str; 5] = ["hostname", "perl-base", "sudo", "ca-certificates", "tzdata"];

/// A time no package is younger than.
const LAST: i64 = 253_402_300_799;

#[test]
fn packages_read_as_dpkg_and_gnu_tar_read_them() {
    let folder = tempfile::tempdir().unwrap();
    for deb in downloads(folder.path()) {
        compare(&deb);
        for codec in ["none", "gzip", "xz", "zstd"] {
            compare(&repacked(&deb, folder.path(), codec));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any tree that GNU tar packs, in each of its formats, reads as GNU tar lists it.
    #[test]
    fn archives_of_gnu_tar_read_as_it_lists_them(
        names in prop::collection::btree_set("[a-zA-Zé0-9_]{1,80}", 1..6),
        depth in 0..5_usize,
        target in "[a-z/]{1,180}",
        uid in prop_oneof![0..1000_u32, any::<u32>()],
        mtime in prop_oneof![0..1_i64 << 33, Just(1_i64 << 34), Just(-7)],
        size in 0..1500_usize,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let deep = names.iter().cycle().take(depth).fold(folder.path().join("root"), |path, name| path.join(name));
        fs::create_dir_all(&deep).unwrap();
        for name in &names {
            let file = deep.join(format!("{name}.file"));
            fs::write(&file, vec![b'x'; size]).unwrap();
            fs::hard_link(&file, deep.join(format!("{name}.hard"))).unwrap();
            std::os::unix::fs::symlink(&target, deep.join(format!("{name}.link"))).unwrap();
        }
        for format in ["gnu", "oldgnu", "posix"] {
            let mut command = Command::new("tar");
            command.args(["-c", "--sort=name", &format!("--format={format}"), &format!("--mtime=@{mtime}")]);
            command.args([format!("--owner=:{uid}"), "--group=:7".into(), "-C".into()]).arg(folder.path()).arg("root");
            let tar = run(&mut command, b"");
            let mut reader = Reader::new(&tar[..], Limits::default());
            let mut entries = Vec::new();
            while let Some(entry) = reader.next_entry().unwrap() {
                entries.push(entry);
            }
            prop_assert_eq!(listing(&entries), gnu_listing(&tar), "{}", format);

            let mut canonical = Vec::new();
            for entry in &entries {
                writer::header(entry, &mut canonical).unwrap();
                canonical.resize(canonical.len() + usize::try_from(entry.size().next_multiple_of(512)).unwrap(), 0);
            }
            canonical.extend_from_slice(&writer::END);
            prop_assert_eq!(gnu_listing(&canonical), listing(&entries), "canonical bytes from {}", format);
        }
    }
}

/// Reads one package both ways, makes a layer of it, and lets the others read that.
fn compare(deb: &Path) {
    let bytes = fs::read(deb).unwrap();
    let name = deb.display();
    let fsys = run(Command::new("dpkg-deb").arg("--fsys-tarfile").arg(deb), b"");
    let mut reader = DebReader::open(&bytes[..], Limits::default(), Checksums::Verify).unwrap();
    let epoch = Epoch::try_from(LAST).unwrap();
    let mut fragment = FragmentWriter::new(Compression::Zstd, epoch, Vec::new()).unwrap();
    let mut entries = Vec::new();
    while let Some(entry) = reader.next_entry().unwrap() {
        fragment.push(&entry, &mut reader.content()).unwrap();
        entries.push(entry);
    }
    let (control, _) = reader.finish().unwrap();
    assert_eq!(listing(&entries), gnu_listing(&fsys), "{name}: entries");

    let (index, stored) = fragment.finish().unwrap();
    let mut random = FragmentReader::new(&index, io::Cursor::new(&stored)).unwrap();
    for (path, sum) in &control.md5sums {
        let content = random.read_path(path).unwrap();
        assert_eq!(<[u8; 16]>::from(Md5::digest(&content)), *sum, "{name}: {}", String::from_utf8_lossy(path));
    }

    let mut layer = LayerWriter::new(Compression::Zstd, epoch, Vec::new()).unwrap();
    layer.push_all(&index.directories).unwrap();
    layer.fragment(&index, &mut &stored[..]).unwrap();
    let (assembled, blob) = layer.finish().unwrap();
    let plain = run(Command::new("zstd").arg("-dc"), &blob);
    assert_eq!(Digest::of(&plain), assembled.diff_id.0, "{name}: DiffID");
    entries.sort_by_key(|entry| entry.kind != Kind::Directory);
    assert_eq!(gnu_listing(&plain), listing(&entries), "{name}: canonical tar");

    let contents = |tar: &[u8]| Digest::of(&run(Command::new("tar").args(["-x", "--to-stdout"]), tar));
    assert_eq!(contents(&plain), contents(&fsys), "{name}: contents");

    let paths: Vec<String> = entries.iter().map(shown).collect();
    let bsd = run(Command::new("bsdtar").args(["-t", "-f", "-"]).env("LC_ALL", "C.UTF-8"), &plain);
    assert_eq!(names(&bsd), paths, "{name}: bsdtar");
    let script = "import sys, tarfile\nfor m in tarfile.open(fileobj=sys.stdin.buffer, mode='r|'):\n  \
                  print(m.name + '/' * m.isdir())";
    let python = run(Command::new("python3").args(["-c", script]).env("PYTHONUTF8", "1"), &plain);
    assert_eq!(names(&python), paths, "{name}: Python");
}

/// The path as archives list it.
fn shown(entry: &Entry) -> String {
    let slash = if entry.kind == Kind::Directory && !entry.path.is_empty() { "/" } else { "" };
    format!("{}{slash}", String::from_utf8_lossy(&entry.path))
}

/// A listing's names in the same form.
fn names(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    text.lines().map(|line| if matches!(line, "./" | ".") { "" } else { line }.to_owned()).collect()
}

/// Our entries in the words of `tar -tv --numeric-owner --full-time`.
fn listing(entries: &[Entry]) -> String {
    let mut text = String::new();
    for entry in entries {
        let (letter, size, link) = match &entry.kind {
            Kind::File { size } => ('-', size.to_string(), String::new()),
            Kind::Directory => ('d', "0".into(), String::new()),
            Kind::Symlink(target) => ('l', "0".into(), format!(" -> {}", String::from_utf8_lossy(target))),
            Kind::Hardlink(target) => ('h', "0".into(), format!(" link to {}", String::from_utf8_lossy(target))),
            Kind::CharDevice { major, minor } => ('c', format!("{major},{minor}"), String::new()),
            Kind::BlockDevice { major, minor } => ('b', format!("{major},{minor}"), String::new()),
            Kind::Fifo => ('p', "0".into(), String::new()),
        };
        let time = jiff::Timestamp::from_second(entry.mtime).unwrap().to_string().replace('T', " ").replace('Z', "");
        let (mode, uid, gid) = (permissions(entry.mode), entry.uid, entry.gid);
        writeln!(text, "{letter}{mode} {uid}/{gid} {size} {time} {}{link}", shown(entry)).unwrap();
    }
    text
}

/// `rwxr-xr-x`, as `ls` shows a mode.
pub(crate) fn permissions(mode: u32) -> String {
    let mut text = String::new();
    for (shift, special, letter) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')] {
        let bits = mode >> shift;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (bits & 1 != 0, mode & special != 0) {
            (true, true) => letter,
            (false, true) => letter.to_ascii_uppercase(),
            (true, false) => 'x',
            (false, false) => '-',
        });
    }
    text
}

/// What GNU tar lists, its columns one blank apart, `./` in front of names dropped.
fn gnu_listing(tar: &[u8]) -> String {
    let mut command = Command::new("tar");
    command.args(["-t", "-v", "--numeric-owner", "--full-time", "--quoting-style=literal"]).env("TZ", "UTC");
    let listed = run(&mut command, tar);
    let mut text = String::new();
    for line in String::from_utf8_lossy(&listed).lines() {
        let mut rest = line;
        for _ in 0..5 {
            let (word, after) = rest.trim_start().split_once(' ').unwrap();
            write!(text, "{word} ").unwrap();
            rest = after;
        }
        let name = rest.strip_prefix("./").unwrap_or(rest).replace(" link to ./", " link to ");
        writeln!(text, "{name}").unwrap();
    }
    text
}

/// Downloads [`PACKAGES`] as this machine's apt would, with state of its own.
fn downloads(folder: &Path) -> Vec<PathBuf> {
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        for (key, place) in [("Dir::State::Lists", "lists"), ("Dir::Cache", "cache")] {
            let path = folder.join(place).join("partial");
            fs::create_dir_all(&path).unwrap();
            command.arg("-o").arg(format!("{key}={}", folder.join(place).display()));
        }
        command.args(["-q", "-o", "APT::Sandbox::User=", "-o", "Debug::NoLocking=1"]);
        run(command.args(arguments).current_dir(folder), b"");
    };
    apt(&["update"]);
    apt(&[&["download"], &PACKAGES[..]].concat());
    let mut debs: BTreeMap<String, PathBuf> = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "deb") {
            debs.insert(path.display().to_string(), path);
        }
    }
    assert_eq!(debs.len(), PACKAGES.len());
    debs.into_values().collect()
}

/// The same package, made again by `dpkg-deb` with another compression.
fn repacked(deb: &Path, folder: &Path, codec: &str) -> PathBuf {
    let tree = folder.join("tree");
    run(Command::new("dpkg-deb").arg("--raw-extract").args([deb, &tree]), b"");
    let out = folder.join(format!("{codec}.repacked"));
    let build = ["--root-owner-group", "--uniform-compression", "-z1", "--build"];
    run(Command::new("dpkg-deb").arg(format!("-Z{codec}")).args(build).args([&tree, &out]), b"");
    fs::remove_dir_all(tree).unwrap();
    out
}

/// Runs a command on an input; its output, if it succeeded.
fn run(command: &mut Command, input: &[u8]) -> Vec<u8> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let output = std::thread::scope(|scope| {
        // A program may stop reading at the end of an archive.
        scope.spawn(move || drop(stdin.write_all(input)));
        let mut output = Vec::new();
        stdout.read_to_end(&mut output).unwrap();
        output
    });
    assert!(child.wait().unwrap().success(), "{command:?}");
    output
}
