//! Files in the making: locked by their writer, so that leftovers of killed runs can be told from work in progress.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::io::unfinished;

/// A locked file that is removed unless it is given a name.
pub(super) struct Temporary {
    path: PathBuf,
    pub(super) file: File,
}

impl Temporary {
    pub(super) fn new(folder: &Path) -> io::Result<Self> {
        // Between making the file and locking it, another process may take it for a leftover and remove it: then again.
        for _ in 0..100 {
            let path = folder.join(format!("{:016x}", fastrand::u64(..)));
            let open = || OpenOptions::new().read(true).write(true).create_new(true).open(&path);
            let file = match unfinished::make(open, |_| path.clone()) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                other => other?,
            };
            match file.lock() {
                Err(error) if error.kind() != io::ErrorKind::Unsupported => {
                    let _ = fs::remove_file(&path);
                    unfinished::forget(&path);
                    return Err(error);
                }
                Ok(()) | Err(_) => {}
            }
            if file.metadata()?.nlink() > 0 {
                return Ok(Self { path, file });
            }
            unfinished::forget(&path);
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Gives the file its name, in place of what had it.
    pub(super) fn persist(self, path: &Path) -> io::Result<()> {
        fs::rename(&self.path, path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After a rename there is nothing of that name any more.
        let _ = fs::remove_file(&self.path);
        unfinished::forget(&self.path);
    }
}

/// Removes the files of `folder` that no living process has locked.
pub(super) fn remove_leftovers(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let Ok(file) = File::open(&path) else { continue };
        if file.try_lock().is_ok() {
            let _ = fs::remove_file(&path);
        }
    }
}
