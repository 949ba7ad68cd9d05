//! A folder as a place to publish to: files appear by rename, and one publisher works at a time.
//!
//! What is not finished is in a folder of its own at the root, on the same file system; what killed runs left there is swept away by the next
//! that gets the lock. The lock is the kernel's, on the root: it ends with its process.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::place::{Content, PlaceError};
use crate::base::{Digest, Hasher};
use crate::io::unfinished;

/// Where unfinished files are, below the root.
const UNFINISHED: &str = ".mokapot-unfinished";

/// How much is read at a time.
const CHUNK: usize = 1 << 18;

/// A folder.
pub struct Folder {
    root: PathBuf,
}

/// The right to publish to a folder.
pub struct Lock {
    unfinished: PathBuf,
    _file: File,
}

impl Folder {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// Makes the folder where there is none, waits for its lock, and sweeps up.
    pub(super) fn lock(&self, wait: impl FnOnce()) -> Result<Lock, PlaceError> {
        fs::create_dir_all(&self.root).map_err(PlaceError::disk("create", &self.root))?;
        let file = File::open(&self.root).map_err(PlaceError::disk("open", &self.root))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                wait();
                file.lock().map_err(PlaceError::disk("lock", &self.root))?;
            }
            Err(TryLockError::Error(error)) => return Err(PlaceError::disk("lock", &self.root)(error)),
        }
        let left = self.path(UNFINISHED);
        match fs::remove_dir_all(&left) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(PlaceError::disk("remove", &left)(error)),
            _ => Ok(Lock { unfinished: left, _file: file }),
        }
    }

    pub(super) fn read(&self, path: &str, limit: u64) -> Result<Option<Bytes>, PlaceError> {
        let path = self.path(path);
        let Some(file) = open(&path)? else { return Ok(None) };
        let mut bytes = Vec::new();
        file.take(limit + 1).read_to_end(&mut bytes).map_err(PlaceError::disk("read", &path))?;
        if bytes.len() as u64 > limit { Err(PlaceError::Limit { path, limit }) } else { Ok(Some(bytes.into())) }
    }

    pub(super) fn digest(&self, path: &str) -> Result<Option<Digest>, PlaceError> {
        let path = self.path(path);
        let Some(mut file) = open(&path)? else { return Ok(None) };
        let mut hasher = Hasher::new();
        let mut buffer = vec![0; CHUNK];
        loop {
            match file.read(&mut buffer).map_err(PlaceError::disk("read", &path))? {
                0 => return Ok(Some(hasher.finish().0)),
                n => hasher.update(&buffer[..n]),
            }
        }
    }

    /// Writes a file by rename, over another or not. Its bytes are hashed as they pass.
    pub(super) fn write(&self, path: &str, sha256: Digest, content: &Content) -> Result<(), PlaceError> {
        let (path, staging) = (self.path(path), self.path(UNFINISHED));
        let folder = path.parent().unwrap_or(&self.root);
        for folder in [&staging, folder] {
            fs::create_dir_all(folder).map_err(PlaceError::disk("create", folder))?;
        }
        let failed = |error| PlaceError::disk("write", &path)(error);
        let mut builder = tempfile::Builder::new();
        // As any other file: `tempfile`'s default is for secrets.
        let builder = builder.permissions(fs::Permissions::from_mode(0o666));
        let mut file = unfinished::file(builder, &staging).map_err(failed)?;
        let mut source: Box<dyn Read> = match content {
            Content::Bytes(bytes) => Box::new(&bytes[..]),
            Content::File(source) => Box::new(source().map_err(failed)?),
        };
        let mut hasher = Hasher::new();
        let mut buffer = vec![0; CHUNK];
        loop {
            match source.read(&mut buffer).map_err(failed)? {
                0 => break,
                n => {
                    hasher.update(&buffer[..n]);
                    file.write_all(&buffer[..n]).map_err(failed)?;
                }
            }
        }
        if hasher.finish().0 != sha256 {
            return Err(PlaceError::Changed { path });
        }
        file.as_file().sync_all().map_err(failed)?;
        let temporary = file.path().to_owned();
        file.persist(&path).map_err(|error| failed(error.error))?;
        unfinished::forget(&temporary);
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(PlaceError::disk("write", folder))
    }

    pub(super) fn remove(&self, path: &str) -> Result<(), PlaceError> {
        let path = self.path(path);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(PlaceError::disk("remove", &path)(error));
            }
            _ => {}
        }
        // One that is not empty cannot be removed, which ends it.
        let above = path.ancestors().skip(1).take_while(|folder| *folder != self.root);
        above.map_while(|folder| fs::remove_dir(folder).ok()).for_each(drop);
        Ok(())
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The lock is still held. After a failure something may be left in it, which the next publisher sweeps away.
        let _ = fs::remove_dir(&self.unfinished);
    }
}

fn open(path: &Path) -> Result<Option<File>, PlaceError> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(PlaceError::disk("open", path)(error)),
    }
}
