//! The store against damage, other processes, full disks and newer versions of itself.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use mokapot::base::progress::Silent;
use mokapot::base::{Class, Digest, Event, Fault, Progress};
use mokapot::io::store::{Limits, Settings, Store, StoreError};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::support::project::Ran;
use crate::support::run::tool;

/// Records what is said.
#[derive(Default)]
pub(crate) struct Recorder(pub(crate) Mutex<Vec<Event>>);

impl Progress for Recorder {
    fn emit(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

impl Recorder {
    fn warnings(&self) -> usize {
        self.0.lock().unwrap().iter().filter(|event| matches!(event, Event::Warning(_))).count()
    }
}

pub(crate) fn settings(root: &Path) -> Settings {
    Settings {
        root: root.into(),
        scratch: std::env::temp_dir(),
        now: SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000),
        progress: Arc::new(Silent),
    }
}

pub(crate) fn open(root: &Path) -> Store {
    Store::open(settings(root)).unwrap()
}

fn blob(root: &Path, digest: &Digest) -> PathBuf {
    root.join("blobs/sha256").join(digest.hex())
}

fn read(store: &Store, digest: &Digest, size: u64) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::new();
    let mut reader = store.reader(digest, size)?;
    reader.read_to_end(&mut bytes).map_err(|e| StoreError::inside(e, store.root()))?;
    Ok(bytes)
}

/// All files below a folder, with their bytes.
fn tree(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { drop(found.insert(path.clone(), fs::read(path).unwrap())) }
        }
    }
    found
}

#[test]
fn what_goes_in_comes_out() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let (digest, size) = store.add(b"hello").unwrap();
    assert_eq!((digest, size), (Digest::of(b"hello"), 5));
    assert!(store.contains(&digest, Some(5)) && store.contains(&digest, None) && !store.contains(&digest, Some(6)));
    assert_eq!(read(&store, &digest, 5).unwrap(), b"hello");
    let mut text = String::new();
    store.file(&digest, 5).unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "hello");
    assert!(matches!(read(&store, &Digest::of(b"x"), 1), Err(StoreError::Absent { .. })));
    store.memo_put("kind", &digest, b"value");
    assert_eq!(store.memo_get("kind", &digest).as_deref(), Some(&b"value"[..]));
    assert_eq!(store.memo_get("other", &digest), None);
    assert_eq!(store.memo_get("../kind", &digest), None);
}

#[test]
fn unexpected_bytes_get_no_name() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let mut writer = store.writer(Some((Digest::of(b"hello"), 5))).unwrap();
    writer.write_all(b"hallo").unwrap();
    assert!(matches!(writer.commit(), Err(StoreError::Unexpected { .. })));
    let mut writer = store.writer(Some((Digest::of(b"hello"), 5))).unwrap();
    assert!(writer.write_all(b"hello!").is_err());
    drop(writer);
    assert_eq!(store.stats().unwrap().blobs, (0, 0));
    assert_eq!(fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0);
}

/// Every way to tamper with an entry is noticed before its bytes are used, and the entry can be made anew after.
#[test]
fn damage_is_noticed_and_put_aside() {
    type Tamper = fn(&Path);
    let kinds: [(&str, Tamper); 9] = [
        ("a flipped byte", |p| fs::write(p, b"hellO").unwrap()),
        ("a cut", |p| fs::write(p, b"hell").unwrap()),
        ("a null more", |p| fs::write(p, b"hello\0").unwrap()),
        ("empty", |p| fs::write(p, b"").unwrap()),
        ("a symlink", |p| {
            fs::rename(p, p.with_extension("real")).unwrap();
            symlink(p.with_extension("real"), p).unwrap();
        }),
        ("a dangling symlink", |p| {
            fs::remove_file(p).unwrap();
            symlink("nowhere", p).unwrap();
        }),
        ("a folder", |p| {
            fs::remove_file(p).unwrap();
            fs::create_dir(p).unwrap();
        }),
        ("a folder with something in it", |p| {
            fs::remove_file(p).unwrap();
            fs::create_dir(p).unwrap();
            fs::write(p.join("x"), b"x").unwrap();
        }),
        ("a FIFO", |p| {
            fs::remove_file(p).unwrap();
            assert!(Command::new("mkfifo").arg(p).status().unwrap().success());
        }),
    ];
    for (kind, tamper) in kinds {
        let folder = TempDir::new().unwrap();
        let store = open(folder.path());
        let (digest, size) = store.add(b"hello").unwrap();
        let path = blob(folder.path(), &digest);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        tamper(&path);
        let error = read(&store, &digest, size).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{kind}: {error}");
        assert_eq!(error.class(), Class::Integrity);
        assert!(error.to_string().contains(&digest.hex()), "{kind}: {error}");
        assert!(!store.contains(&digest, Some(size)), "{kind} is still there");
        assert_eq!(store.stats().unwrap().quarantine.0, 1, "{kind}");
        store.add(b"hello").unwrap();
        assert_eq!(read(&store, &digest, size).unwrap(), b"hello", "{kind}");
    }
}

#[test]
fn writing_over_damage_mends_it() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let (digest, size) = store.add(b"hello").unwrap();
    let path = blob(folder.path(), &digest);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    store.add(b"hello").unwrap();
    assert_eq!(read(&store, &digest, size).unwrap(), b"hello");
}

#[test]
fn each_flipped_byte_of_each_file_is_survived() {
    let folder = TempDir::new().unwrap();
    let key = Digest::of(b"key");
    {
        let store = open(folder.path());
        store.add(b"hello").unwrap();
        store.memo_put("kind", &key, b"value");
    }
    for (path, bytes) in tree(folder.path()) {
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x20;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            fs::write(&path, &flipped).unwrap();
            match Store::open(settings(folder.path())) {
                Ok(store) => {
                    let blob = read(&store, &Digest::of(b"hello"), 5);
                    assert!(blob.is_err() || blob.unwrap() == b"hello", "{} byte {at}", path.display());
                    assert!(store.memo_get("kind", &key).is_none_or(|v| v == b"value"), "{} byte {at}", path.display());
                    store.add(b"hello").unwrap();
                }
                Err(error) => assert!(path.ends_with("version"), "{}: {error}", path.display()),
            }
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            fs::write(&path, &bytes).unwrap();
        }
    }
}

#[test]
fn verification_finds_all_damage() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let (good, _) = store.add(b"good").unwrap();
    let (bad, _) = store.add(b"bad").unwrap();
    fs::remove_file(blob(folder.path(), &bad)).unwrap();
    fs::write(blob(folder.path(), &bad), b"BAD").unwrap();
    fs::write(folder.path().join("blobs/sha256/nonsense"), b"x").unwrap();
    let found = store.verify(&Silent).unwrap();
    let names: Vec<&str> = found.damaged.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(found.blobs, 2);
    assert!(
        names.contains(&bad.hex().as_str()) && names.contains(&"nonsense") && !names.contains(&good.hex().as_str())
    );
    assert!(store.contains(&good, Some(4)) && !store.contains(&bad, Some(3)));
}

#[test]
fn newer_and_foreign_folders_are_refused_and_left_alone() {
    let folder = TempDir::new().unwrap();
    drop(open(folder.path()));
    fs::write(folder.path().join("version"), "mokapot store 99\n").unwrap();
    let before = tree(folder.path());
    let error = Store::open(settings(folder.path())).err().unwrap();
    assert!(matches!(error, StoreError::Newer { found: 99, .. }), "{error}");
    assert_eq!(tree(folder.path()), before);
    fs::write(folder.path().join("version"), "something else").unwrap();
    assert!(matches!(Store::open(settings(folder.path())).err(), Some(StoreError::Foreign { .. })));
    let other = TempDir::new().unwrap();
    fs::write(other.path().join("holiday.jpg"), b"x").unwrap();
    assert!(matches!(Store::open(settings(other.path())).err(), Some(StoreError::Foreign { .. })));
    assert_eq!(tree(other.path()).len(), 1);
}

#[test]
fn a_store_that_takes_nothing_is_used_with_a_warning() {
    let folder = TempDir::new().unwrap();
    let (digest, size) = open(folder.path()).add(b"old").unwrap();
    let folders = ["", "blobs/sha256", "memo", "claims", "tmp", "quarantine"].map(|name| folder.path().join(name));
    let set_mode = |mode| folders.each_ref().map(|f| fs::set_permissions(f, fs::Permissions::from_mode(mode)).unwrap());
    set_mode(0o555);
    if File::create(folder.path().join("probe")).is_ok() {
        // Root writes wherever it wants: become somebody else, in a copy that anybody may execute.
        fs::remove_file(folder.path().join("probe")).unwrap();
        set_mode(0o755);
        let place = TempDir::new().unwrap();
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let copy = place.path().join("tests");
        // By a process of its own: one that another test starts meanwhile must not hold the copy open for writing.
        Ran::of(tool("cp", [std::env::current_exe().unwrap()]).arg(&copy)).ok();
        let mut command = Command::new(copy);
        command.args(["--exact", "store::a_store_that_takes_nothing_is_used_with_a_warning"]);
        let output = command.current_dir("/").uid(65534).gid(65534).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && text.contains("1 passed"), "{text}");
        return;
    }
    let recorder = Arc::new(Recorder::default());
    let store = Store::open(Settings { progress: recorder.clone(), ..settings(folder.path()) }).unwrap();
    assert_eq!(read(&store, &digest, size).unwrap(), b"old");
    let (new, _) = store.add(b"new").unwrap();
    store.memo_put("kind", &new, b"value");
    assert_eq!(read(&store, &new, 3).unwrap(), b"new");
    assert!(!blob(folder.path(), &new).exists());
    assert_eq!(recorder.warnings(), 1);
    set_mode(0o755);
}

#[test]
fn leftovers_of_killed_runs_are_removed_and_work_in_progress_is_not() {
    let folder = TempDir::new().unwrap();
    let first = open(folder.path());
    let mut writer = first.writer(None).unwrap();
    writer.write_all(b"hel").unwrap();
    fs::write(folder.path().join("tmp/leftover"), b"half").unwrap();
    let second = open(folder.path());
    assert!(!folder.path().join("tmp/leftover").exists());
    writer.write_all(b"lo").unwrap();
    let (digest, size) = writer.commit().unwrap();
    assert_eq!(read(&second, &digest, size).unwrap(), b"hello");
}

/// What the next test kills: a process that fills a store, if it is told which.
#[test]
#[expect(clippy::disallowed_methods, reason = "how the parent process tells this one what to do")]
fn writes_until_it_is_killed() {
    let Ok(folder) = std::env::var("MOKAPOT_TEST_STORE_TO_FILL") else { return };
    let store = open(Path::new(&folder));
    for n in 0u64.. {
        let mut writer = store.writer(None).unwrap();
        for _ in 0..64 {
            writer.write_all(&n.to_le_bytes().repeat(1000)).unwrap();
        }
        let (digest, _) = writer.commit().unwrap();
        store.memo_put("kind", &digest, &n.to_le_bytes());
    }
}

#[test]
fn killed_processes_leave_a_sound_store_and_no_lock() {
    let folder = TempDir::new().unwrap();
    for round in 0..6 {
        let spawn = || {
            let mut command = Command::new(std::env::current_exe().unwrap());
            command.args(["--exact", "store::writes_until_it_is_killed"]).stdout(std::process::Stdio::null());
            command.env("MOKAPOT_TEST_STORE_TO_FILL", folder.path()).spawn().unwrap()
        };
        let mut writers = [spawn(), spawn()];
        // Killed somewhere in the middle of writing, wherever that is this time.
        while fs::read_dir(folder.path().join("blobs/sha256")).map_or(0, Iterator::count) <= round {
            std::thread::yield_now();
        }
        for writer in &mut writers {
            writer.kill().unwrap();
            writer.wait().unwrap();
        }
        let mut store = open(folder.path());
        assert_eq!(fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0);
        assert_eq!(store.verify(&Silent).unwrap().damaged, []);
        // A process that another test is about to start may still hold the killed ones' locks.
        let mut swept = store.gc(Limits::default());
        for _ in 0..100 {
            if !matches!(swept, Err(StoreError::Busy { .. })) {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
            swept = store.gc(Limits::default());
        }
        swept.unwrap();
    }
}

#[test]
fn garbage_goes_by_age_then_by_size() {
    let folder = TempDir::new().unwrap();
    let mut store = open(folder.path());
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    let age = |bytes: &[u8], seconds: u64| {
        let (digest, _) = store.add(bytes).unwrap();
        let file = File::open(blob(folder.path(), &digest)).unwrap();
        file.set_modified(now - Duration::from_secs(seconds)).unwrap();
        digest
    };
    let (old, middle, new) = (age(b"oldest", 500), age(b"middle", 50), age(b"newest", 5));
    let swept = store.gc(Limits { max_age: Some(Duration::from_secs(100)), max_size: None }).unwrap();
    assert_eq!((swept.files, swept.bytes, swept.left), (1, 6, 12));
    assert!(!store.contains(&old, None) && store.contains(&middle, None));
    let swept = store.gc(Limits { max_age: None, max_size: Some(6) }).unwrap();
    assert_eq!((swept.bytes, swept.left), (6, 6));
    assert!(!store.contains(&middle, None) && store.contains(&new, None));
    // Relying on an entry makes it young again, whether it is read or not.
    store.touch(&new);
    store.gc(Limits { max_age: Some(Duration::from_secs(1)), max_size: None }).unwrap();
    assert!(store.contains(&new, None));
}

#[test]
fn no_garbage_is_collected_while_somebody_builds() {
    let folder = TempDir::new().unwrap();
    let build = open(folder.path());
    let (digest, size) = build.add(b"in use").unwrap();
    let everything = Limits { max_age: Some(Duration::ZERO), max_size: Some(0) };
    let mut sweeper = open(folder.path());
    let error = sweeper.gc(everything).unwrap_err();
    assert!(matches!(error, StoreError::Busy { .. }), "{error}");
    assert_eq!(error.class(), Class::Conflict);
    assert_eq!(read(&build, &digest, size).unwrap(), b"in use");
    drop(build);
    sweeper.gc(everything).unwrap();
    assert!(!sweeper.contains(&digest, None));
    // The sweeper has its shared lock again: nobody else sweeps.
    assert!(open(folder.path()).gc(everything).is_err());
}

#[test]
fn many_threads_make_the_same_entries() {
    let folder = TempDir::new().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for n in 0..50u8 {
                    let store = open(folder.path());
                    let bytes = vec![n; 1000];
                    let (digest, size) = store.add(&bytes).unwrap();
                    store.memo_put("kind", &digest, &bytes);
                    assert_eq!(read(&store, &digest, size).unwrap(), bytes);
                    assert_eq!(store.memo_get("kind", &digest).as_deref(), Some(&bytes[..]));
                }
            });
        }
    });
    let store = open(folder.path());
    assert_eq!(store.stats().unwrap().blobs, (50, 50_000));
    assert!(store.verify(&Silent).unwrap().damaged.is_empty());
    assert_eq!(fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_bytes_in_any_pieces(pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..10)) {
        let folder = TempDir::new().unwrap();
        let store = open(folder.path());
        let mut writer = store.writer(None).unwrap();
        for piece in &pieces {
            writer.write_all(piece).unwrap();
        }
        let whole = pieces.concat();
        let (digest, size) = writer.commit().unwrap();
        prop_assert_eq!(digest, Digest::of(&whole));
        prop_assert_eq!(read(&store, &digest, size).unwrap(), whole);
    }
}
