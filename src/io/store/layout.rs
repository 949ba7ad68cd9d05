//! Opening a store: its folders, its version, its locks.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use tempfile::TempDir;

use super::error::StoreError;
use super::temporary::{Temporary, remove_leftovers};
use crate::base::{Digest, Event, Progress};
use crate::io::unfinished;

/// The format of the folder, raised whenever an older version of this program would misread it.
const FORMAT: u32 = 1;

/// Where a store is, and what it needs from its caller.
#[derive(Clone)]
pub struct Settings {
    /// The store's folder; made where it does not exist.
    pub root: PathBuf,
    /// A folder for temporary files, used when the store cannot be written to.
    pub scratch: PathBuf,
    /// The present moment: what the time of last use of entries is set to.
    pub now: SystemTime,
    /// Where warnings go.
    pub progress: Arc<dyn Progress>,
}

/// An open store. While it is open, no garbage is collected.
pub struct Store {
    pub(super) settings: Settings,
    /// Held as long as the store is open; missing only where the store cannot be written to and has no lock file.
    pub(super) lock: Option<File>,
    writable: bool,
    /// Where entries go that the store has no room for; removed with the store.
    overflow: OnceLock<TempDir>,
    warned: AtomicBool,
}

/// The right to fetch or make one entry, which no other process or thread has at the same time.
#[must_use = "the claim ends when it is dropped"]
pub struct Claim(#[expect(dead_code, reason = "holds the kernel's lock until it is dropped")] Option<File>);

impl Store {
    /// Opens the store at `settings.root`, makes it where it does not exist, and removes what killed runs left behind.
    /// Waits while garbage is being collected. A store that cannot be written to is used as it is, with a warning.
    ///
    /// # Errors
    /// When the folder is no store, one of a newer format, or cannot be read.
    pub fn open(settings: Settings) -> Result<Self, StoreError> {
        let root = settings.root.clone();
        let writable = match prepare(&root) {
            Ok(()) => true,
            Err(StoreError::Io { source, .. }) if is_no_room(&source) && root.join("version").is_file() => false,
            Err(StoreError::Io { source, .. }) if is_no_room(&source) && !root.exists() => false,
            Err(error) => return Err(error),
        };
        if root.join("version").exists() {
            check_version(&root)?;
        }
        let lock = lock_shared(&root, writable, &*settings.progress)?;
        let store = Self { settings, lock, writable, overflow: OnceLock::new(), warned: AtomicBool::new(false) };
        if writable {
            remove_leftovers(&root.join("tmp"))
        } else {
            store.warn("cannot be written to")
        }
        Ok(store)
    }

    /// The store's folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.settings.root
    }

    /// Waits until nobody else fetches or makes `digest`, and keeps others from it until the claim is dropped. Look for
    /// the entry again once the claim is there. Blocks.
    pub fn claim(&self, digest: &Digest) -> Claim {
        // Without the lock, the same thing may be fetched twice; nothing worse.
        let file = open_lock(&self.settings.root.join("claims").join(digest.hex())).ok();
        Claim(file.filter(|file| file.lock().is_ok()))
    }

    pub(super) fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.settings.root.join("blobs/sha256").join(digest.hex())
    }

    /// The entry's place in the overflow, if there is an overflow.
    pub(super) fn overflow_path(&self, digest: &Digest) -> Option<PathBuf> {
        self.overflow.get().map(|folder| folder.path().join(digest.hex()))
    }

    pub(super) const fn is_writable(&self) -> bool {
        self.writable
    }

    /// A folder beside the store for what finds no room in it.
    pub(super) fn overflow(&self) -> Result<&Path, StoreError> {
        if let Some(folder) = self.overflow.get() {
            return Ok(folder.path());
        }
        let scratch = &self.settings.scratch;
        let made = unfinished::folder(tempfile::Builder::new().prefix("mokapot-"), scratch);
        let made = made.map_err(StoreError::io("make a folder in", scratch))?;
        Ok(self.overflow.get_or_init(|| made).path())
    }

    /// Says once that the store is not written to.
    pub(super) fn warn(&self, reason: &str) {
        if !self.warned.swap(true, Ordering::Relaxed) {
            let root = self.settings.root.display();
            let text = format!("store {root} {reason}: nothing new is kept in it");
            self.settings.progress.emit(Event::Warning(text));
        }
    }
}

/// Whether an error says that a place takes no more bytes, now or ever.
pub(super) fn is_no_room(error: &io::Error) -> bool {
    use io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(error.kind(), PermissionDenied | QuotaExceeded | ReadOnlyFilesystem | StorageFull)
}

/// Makes the folders and the version file.
fn prepare(root: &Path) -> Result<(), StoreError> {
    if root.is_dir() && !root.join("version").exists() {
        let mut entries = fs::read_dir(root).map_err(StoreError::io("read", root))?;
        // A run that was killed while it made the store leaves folders of ours, and no version.
        let foreign = |entry: io::Result<fs::DirEntry>| {
            let ours = |name: Option<&str>| {
                // Another run may be making the store right now.
                matches!(name, Some("version" | "lock")) || FOLDERS.iter().any(|f| f.split('/').next() == name)
            };
            !entry.is_ok_and(|e| ours(e.file_name().to_str()))
        };
        if entries.any(foreign) {
            return Err(StoreError::Foreign { path: root.into() });
        }
    }
    for folder in FOLDERS {
        let path = root.join(folder);
        fs::create_dir_all(&path).map_err(StoreError::io("make", &path))?;
    }
    let path = root.join("version");
    if !path.exists() {
        let mut version = Temporary::new(&root.join("tmp")).map_err(StoreError::io("write", &path))?;
        let text = format!("mokapot store {FORMAT}\n");
        version.file.write_all(text.as_bytes()).map_err(StoreError::io("write", &path))?;
        version.file.sync_all().map_err(StoreError::io("write", &path))?;
        return version.persist(&path).map_err(StoreError::io("write", &path));
    }
    // Permission to make files is only known by making one.
    Temporary::new(&root.join("tmp")).map(drop).map_err(StoreError::io("write in", root))
}

const FOLDERS: [&str; 5] = ["blobs/sha256", "memo", "claims", "tmp", "quarantine"];

fn check_version(root: &Path) -> Result<(), StoreError> {
    let path = root.join("version");
    let mut text = String::new();
    let file = File::open(&path).map_err(StoreError::io("read", &path))?;
    file.take(100).read_to_string(&mut text).map_err(StoreError::io("read", &path))?;
    let found = text.trim().strip_prefix("mokapot store ").and_then(|n| n.parse::<u32>().ok());
    match found {
        Some(found) if found > FORMAT => Err(StoreError::Newer { path: root.into(), found, known: FORMAT }),
        Some(_) => Ok(()),
        None => Err(StoreError::Foreign { path: root.into() }),
    }
}

fn open_lock(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).append(true).create(true).open(path)
}

fn lock_shared(root: &Path, writable: bool, progress: &dyn Progress) -> Result<Option<File>, StoreError> {
    let path = root.join("lock");
    let opened = if writable { open_lock(&path) } else { File::open(&path) };
    let file = match opened {
        Ok(file) => file,
        Err(_) if !writable => return Ok(None),
        Err(error) => return Err(StoreError::io("open", &path)(error)),
    };
    match file.try_lock_shared() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            progress.emit(Event::Note("waiting for the store, which is being cleaned".into()));
            file.lock_shared().map_err(StoreError::io("lock", &path))?;
        }
        // A file system without locks: better no lock than no work.
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(StoreError::io("lock", &path)(error)),
    }
    Ok(Some(file))
}
