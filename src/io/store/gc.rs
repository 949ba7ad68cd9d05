//! Garbage collection: by age and by size, and never while somebody uses the store.

use std::fs::{self, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::error::StoreError;
use super::layout::Store;

/// What may stay.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// Entries that were not used for longer go.
    pub max_age: Option<Duration>,
    /// The entries used last stay, up to so many bytes in all.
    pub max_size: Option<u64>,
}

/// What garbage collection did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// How many files were removed.
    pub files: u64,
    /// How many bytes they had.
    pub bytes: u64,
    /// How many bytes are left.
    pub left: u64,
}

struct Entry {
    path: PathBuf,
    used: SystemTime,
    bytes: u64,
}

impl Store {
    /// Removes what `limits` do not let stay, everything in quarantine, and unused lock files. The store's `now` is the
    /// moment that ages are counted from.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when another process uses the store: what it relies on cannot be known from outside, so
    /// nothing is removed then. Otherwise when a folder cannot be read or a file cannot be removed.
    pub fn gc(&mut self, limits: Limits) -> Result<Swept, StoreError> {
        let path = self.root().join("lock");
        let Some(lock) = &self.lock else {
            return Err(StoreError::io("lock", &path)(io::ErrorKind::PermissionDenied.into()));
        };
        // `flock` converts in two steps: the shared lock is given up first. Nobody relies on it: `self` is borrowed alone.
        lock.unlock().map_err(StoreError::io("unlock", &path))?;
        let exclusive = lock.try_lock();
        let result = match exclusive {
            Ok(()) => self.sweep(limits),
            Err(TryLockError::WouldBlock) => Err(StoreError::Busy { path: self.root().into() }),
            Err(TryLockError::Error(error)) => Err(StoreError::io("lock", &path)(error)),
        };
        if let Some(lock) = &self.lock {
            lock.unlock().map_err(StoreError::io("unlock", &path))?;
            lock.lock_shared().map_err(StoreError::io("lock", &path))?;
        }
        result
    }

    fn sweep(&self, limits: Limits) -> Result<Swept, StoreError> {
        let mut swept = Swept::default();
        for folder in ["quarantine", "claims"] {
            for entry in entries(&self.root().join(folder))? {
                remove(&entry, &mut swept)?;
            }
        }
        let mut kept = entries(&self.root().join("blobs/sha256"))?;
        for kind in subfolders(&self.root().join("memo"))? {
            kept.extend(entries(&kind)?);
        }
        // The least recently used last; equally old ones by name, so that the choice is the same everywhere.
        kept.sort_by(|a, b| b.used.cmp(&a.used).then_with(|| a.path.cmp(&b.path)));
        for entry in kept {
            let age = self.settings.now.duration_since(entry.used).unwrap_or_default();
            let too_old = limits.max_age.is_some_and(|max| age > max);
            let too_much = limits.max_size.is_some_and(|max| swept.left + entry.bytes > max);
            if too_old || too_much { remove(&entry, &mut swept)? } else { swept.left += entry.bytes }
        }
        Ok(swept)
    }
}

fn remove(entry: &Entry, swept: &mut Swept) -> Result<(), StoreError> {
    let removed = match fs::remove_file(&entry.path) {
        Err(error) if matches!(error.kind(), io::ErrorKind::IsADirectory) => fs::remove_dir_all(&entry.path),
        other => other,
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(StoreError::io("remove", &entry.path)(error));
        }
        _ => {}
    }
    swept.files += 1;
    swept.bytes += entry.bytes;
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<Entry>, StoreError> {
    let read = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(StoreError::io("read", folder))?,
    };
    let mut found = Vec::new();
    for entry in read {
        let path = entry.map_err(StoreError::io("read", folder))?.path();
        let metadata = fs::symlink_metadata(&path).map_err(StoreError::io("read", &path))?;
        let used = metadata.modified().map_err(StoreError::io("read", &path))?;
        found.push(Entry { path, used, bytes: metadata.len() });
    }
    Ok(found)
}

/// The folders directly below `folder`.
pub(super) fn subfolders(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    Ok(entries(folder)?.into_iter().map(|entry| entry.path).filter(|path| path.is_dir()).collect())
}
