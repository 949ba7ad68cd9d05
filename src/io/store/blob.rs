//! Reading entries: never without hashing them again.

use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::layout::Store;
use crate::base::{Digest, Hasher};

/// An entry's bytes, hashed as they pass. The last `read`, which returns 0, fails if they were not the right ones, so
/// what was made from them must not get a name before that.
pub struct BlobReader<'s> {
    store: &'s Store,
    digest: Digest,
    size: u64,
    path: PathBuf,
    file: File,
    /// Gone when the end was reached.
    hasher: Option<Hasher>,
    /// What was wrong at the end; every further `read` says it again.
    damage: Option<String>,
}

impl Store {
    /// Whether the store has an entry of that name and size; the bytes are not looked at.
    #[must_use]
    pub fn contains(&self, digest: &Digest, size: Option<u64>) -> bool {
        self.find(digest).is_some_and(|path| match fs::symlink_metadata(path) {
            Ok(metadata) => metadata.is_file() && size.is_none_or(|size| metadata.len() == size),
            Err(_) => false,
        })
    }

    /// Marks an entry as used now, for whoever relies on it without reading it, so that garbage collection takes it last.
    pub fn touch(&self, digest: &Digest) {
        if let Some(file) = self.find(digest).filter(|path| path.is_file()).and_then(|path| File::open(path).ok()) {
            let _ = file.set_modified(self.settings.now);
        }
    }

    /// An entry as a file, at its start, all of whose bytes were hashed just now. For random access; to read the bytes
    /// once, [`Store::reader`] is cheaper.
    ///
    /// # Errors
    /// [`StoreError::Absent`] when there is none, [`StoreError::Damaged`] when it is not what its name says (it is put
    /// aside then).
    pub fn file(&self, digest: &Digest, size: u64) -> Result<File, StoreError> {
        let mut reader = self.reader(digest, size)?;
        io::copy(&mut reader, &mut io::sink()).map_err(|error| StoreError::inside(error, &reader.path))?;
        reader.file.rewind().map_err(StoreError::io("read", &reader.path))?;
        Ok(reader.file)
    }

    /// An entry's bytes, checked while they are read; see [`BlobReader`].
    ///
    /// # Errors
    /// [`StoreError::Absent`] when there is none, [`StoreError::Damaged`] when it is no regular file of the right size.
    pub fn reader(&self, digest: &Digest, size: u64) -> Result<BlobReader<'_>, StoreError> {
        let (path, file) = self.open_entry(digest, size)?;
        Ok(BlobReader { store: self, digest: *digest, size, path, file, hasher: Some(Hasher::new()), damage: None })
    }

    /// An entry's file for a caller that hashes all of its bytes itself; hashing them twice would be for nothing. Where
    /// they turn out wrong, the caller asks [`Store::file`], which puts the entry aside.
    ///
    /// # Errors
    /// As [`Store::reader`].
    pub fn unchecked(&self, digest: &Digest, size: u64) -> Result<File, StoreError> {
        self.open_entry(digest, size).map(|(_, file)| file)
    }

    fn open_entry(&self, digest: &Digest, size: u64) -> Result<(PathBuf, File), StoreError> {
        let path = self.find(digest).ok_or(StoreError::Absent { digest: *digest })?;
        let damaged = |reason: String| self.quarantine(digest, &path, reason);
        // Looked at before it is opened: opening a FIFO would wait for ever.
        let metadata = fs::symlink_metadata(&path).map_err(StoreError::io("read", &path))?;
        if !metadata.is_file() {
            return Err(damaged("it is no regular file".into()));
        }
        if metadata.len() != size {
            return Err(damaged(format!("expected {size} bytes, found {}", metadata.len())));
        }
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(damaged(error.to_string())),
            Err(error) => return Err(StoreError::io("read", &path)(error)),
        };
        // When it was used last decides what garbage collection takes; not being allowed to say so is no failure.
        let _ = file.set_modified(self.settings.now);
        Ok((path, file))
    }

    /// Where the entry is, if something of that name is there.
    pub(super) fn find(&self, digest: &Digest) -> Option<PathBuf> {
        let exists = |path: &PathBuf| fs::symlink_metadata(path).is_ok();
        Some(self.blob_path(digest)).filter(exists).or_else(|| self.overflow_path(digest).filter(exists))
    }

    /// Puts a damaged entry aside, out of the way of the next who fetches it.
    pub(super) fn quarantine(&self, digest: &Digest, path: &Path, reason: String) -> StoreError {
        let folder = self.settings.root.join("quarantine");
        let aside =
            (0..1000).map(|n| folder.join(format!("{}.{n}", digest.hex()))).find(|p| fs::symlink_metadata(p).is_err());
        let moved = aside.is_some_and(|aside| fs::rename(path, aside).is_ok());
        if !moved && fs::remove_file(path).is_err() {
            self.warn("holds damaged entries, and cannot be written to");
        }
        StoreError::Damaged { digest: *digest, reason }
    }
}

impl BlobReader<'_> {
    /// Reads what is left, to know whether the entry was what its name says. For those who stopped early: bytes that make
    /// no sense may be the entry's fault, or the store's.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it was not (it is put aside then), or when it cannot be read.
    pub fn check(mut self) -> Result<(), StoreError> {
        let copied = io::copy(&mut self, &mut io::sink());
        copied.map(drop).map_err(|error| StoreError::inside(error, &self.path))
    }
}

impl Read for BlobReader<'_> {
    /// # Errors
    /// Where the bytes turn out wrong, with [`StoreError::Damaged`] inside.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(buffer)?;
        if n > 0 || buffer.is_empty() {
            if let Some(hasher) = &mut self.hasher {
                hasher.update(&buffer[..n]);
            }
            return Ok(n);
        }
        if let Some(hasher) = self.hasher.take() {
            let (digest, length, ()) = hasher.finish();
            if (digest, length) != (self.digest, self.size) {
                let reason = format!("its bytes hash to {digest} ({length} bytes)");
                self.damage = Some(reason.clone());
                return Err(io::Error::other(self.store.quarantine(&self.digest, &self.path, reason)));
            }
        }
        match &self.damage {
            None => Ok(0),
            Some(reason) => Err(io::Error::other(StoreError::Damaged { digest: self.digest, reason: reason.clone() })),
        }
    }
}
