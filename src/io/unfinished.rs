//! Files and folders in the making, known to the whole process, so that a signal which meets it in the middle of hashing or
//! compressing can end it at once and still leave nothing behind.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::{NamedTempFile, TempDir};

static UNFINISHED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Makes something that is not to outlive this process under the name it has now, which `path` tells. Between its making
/// and its being known no signal can come.
///
/// # Errors
/// When it cannot be made.
pub fn make<T>(make: impl FnOnce() -> io::Result<T>, path: impl FnOnce(&T) -> PathBuf) -> io::Result<T> {
    let mut unfinished = all();
    let made = make()?;
    unfinished.insert(path(&made));
    Ok(made)
}

/// A temporary file of `folder`, as `builder` says.
///
/// # Errors
/// When it cannot be made.
pub fn file(builder: &tempfile::Builder<'_, '_>, folder: &Path) -> io::Result<NamedTempFile> {
    make(|| builder.tempfile_in(folder), |file| file.path().to_owned())
}

/// A temporary file without a name, which goes when it is closed.
///
/// # Errors
/// When it cannot be made.
pub fn nameless() -> io::Result<File> {
    tempfile::tempfile()
}

/// A temporary folder in `folder`, as `builder` says.
///
/// # Errors
/// When it cannot be made.
pub fn folder(builder: &tempfile::Builder<'_, '_>, folder: &Path) -> io::Result<TempDir> {
    make(|| builder.tempdir_in(folder), |folder| folder.path().to_owned())
}

/// A temporary folder beside `file`, for what becomes that file. The second value is a lock, held as long as the folder is
/// in use: what killed runs left for the same file is told from it, and removed.
///
/// # Errors
/// When the folder that holds `file` cannot be read or takes no other.
pub fn folder_beside(file: &Path) -> io::Result<(TempDir, File)> {
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let prefix = format!(".mokapot-layout-{}-", file.file_name().unwrap_or_default().to_string_lossy());
    // Nobody is between making a folder and locking it.
    let making = File::open(parent)?;
    making.lock()?;
    for entry in fs::read_dir(parent)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&prefix)
            && entry.file_type()?.is_dir()
            && File::open(entry.path()).is_ok_and(|left| left.try_lock().is_ok())
        {
            fs::remove_dir_all(entry.path())?;
        }
    }
    let made = folder(tempfile::Builder::new().prefix(&prefix), parent)?;
    let lock = File::open(made.path())?;
    lock.lock()?;
    Ok((made, lock))
}

/// Forgets something that has its last name now, or is gone.
pub fn forget(path: &Path) {
    // Only `remove_all` keeps the list for long, and then nobody reads it any more.
    if let Ok(mut unfinished) = UNFINISHED.try_lock() {
        unfinished.remove(path);
    }
}

/// Removes all that is unfinished. From now on nothing can be made: the process must end.
pub fn remove_all() {
    let unfinished = all();
    for path in &*unfinished {
        let _ = fs::remove_file(path).or_else(|_| fs::remove_dir_all(path));
    }
    std::mem::forget(unfinished);
}

fn all() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}
