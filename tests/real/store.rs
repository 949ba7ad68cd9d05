//! The store on a disk that fills up: a small file system in a mount namespace of its own.

use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use mokapot::base::{Event, Progress};
use mokapot::io::store::{Settings, Store};

/// Counts warnings.
#[derive(Default)]
struct Warnings(AtomicUsize);

impl Progress for Warnings {
    fn emit(&self, event: Event) {
        if matches!(event, Event::Warning(_)) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// What the next test runs where `FOLDER` has room for less than a megabyte.
#[test]
#[expect(clippy::disallowed_methods, reason = "how the parent process tells this one what to do")]
fn goes_on_beside_a_full_store() {
    let Ok(folder) = std::env::var("MOKAPOT_TEST_SMALL_FOLDER") else { return };
    let warnings = Arc::new(Warnings::default());
    let settings = Settings {
        root: Path::new(&folder).join("store"),
        scratch: std::env::temp_dir(),
        now: SystemTime::UNIX_EPOCH,
        progress: warnings.clone(),
    };
    let store = Store::open(settings).unwrap();
    let (small, _) = store.add(b"small").unwrap();
    let body: Vec<u8> = (0..1_000_000u32).flat_map(u32::to_le_bytes).collect();
    let mut writer = store.writer(None).unwrap();
    for chunk in body.chunks(10_000) {
        writer.write_all(chunk).unwrap();
    }
    let (big, size) = writer.commit().unwrap();
    store.memo_put("kind", &big, &body[..2_000_000]);
    let mut back = Vec::new();
    store.reader(&big, size).unwrap().read_to_end(&mut back).unwrap();
    assert!(back == body);
    assert!(store.contains(&small, Some(5)));
    assert_eq!(warnings.0.load(Ordering::SeqCst), 1);
    assert_eq!(store.stats().unwrap().blobs.0, 1);
    println!("went on beside it");
}

#[test]
fn a_full_disk_stops_no_build() {
    let folder = tempfile::TempDir::new().unwrap();
    let script = "mount -t tmpfs -o size=512k tmpfs \"$1\" && shift && exec \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", script, "sh"]).arg(folder.path()).arg(std::env::current_exe().unwrap());
    command.args(["--exact", "store::goes_on_beside_a_full_store", "--nocapture"]);
    let output = command.env("MOKAPOT_TEST_SMALL_FOLDER", folder.path()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("went on beside it"), "{text}");
}
