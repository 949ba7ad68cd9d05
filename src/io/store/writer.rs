//! Writing entries: into a temporary file, hashed as they pass, then renamed to the name their bytes have.

use std::fs;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;

use super::error::StoreError;
use super::layout::{Store, is_no_room};
use super::temporary::Temporary;
use crate::base::{Digest, Hasher};

/// A new entry in the making. Nothing of it is seen before [`BlobWriter::commit`]; dropped, it leaves nothing behind.
pub struct BlobWriter<'s> {
    spool: Spool<'s>,
    expected: Option<(Digest, u64)>,
    hasher: Hasher,
}

/// Bytes on their way into the store, from a caller that hashes them itself, since hashing them twice would be for
/// nothing. Nothing of them is seen before [`Spool::name`]; dropped, it leaves nothing behind.
pub struct Spool<'s> {
    store: &'s Store,
    temporary: Temporary,
    length: u64,
    overflowed: bool,
}

impl Store {
    /// Starts a new entry; where `expected` is given, [`BlobWriter::commit`] refuses anything else, and a byte beyond
    /// its size is refused at once.
    ///
    /// # Errors
    /// When no temporary file can be made, in the store or beside it.
    pub fn writer(&self, expected: Option<(Digest, u64)>) -> Result<BlobWriter<'_>, StoreError> {
        Ok(BlobWriter { spool: self.spool()?, expected, hasher: Hasher::new() })
    }

    /// Starts a new entry whose digest the caller computes.
    ///
    /// # Errors
    /// As [`Store::writer`].
    pub fn spool(&self) -> Result<Spool<'_>, StoreError> {
        let tmp = self.root().join("tmp");
        let inside =
            if self.is_writable() { Temporary::new(&tmp) } else { Err(io::ErrorKind::PermissionDenied.into()) };
        let (temporary, overflowed) = match inside {
            Ok(temporary) => (temporary, false),
            Err(error) if is_no_room(&error) => {
                self.warn("cannot be written to");
                let folder = self.overflow()?;
                (Temporary::new(folder).map_err(StoreError::io("write in", folder))?, true)
            }
            Err(error) => return Err(StoreError::io("write in", &tmp)(error)),
        };
        Ok(Spool { store: self, temporary, length: 0, overflowed })
    }

    /// Adds bytes that are at hand.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn add(&self, bytes: &[u8]) -> Result<(Digest, u64), StoreError> {
        let mut writer = self.writer(None)?;
        writer.write_all(bytes).map_err(StoreError::io("write in", self.root()))?;
        writer.commit()
    }
}

impl BlobWriter<'_> {
    /// Forgets everything written so far.
    ///
    /// # Errors
    /// When the temporary file cannot be emptied.
    pub fn restart(&mut self) -> io::Result<()> {
        self.hasher = Hasher::new();
        self.spool.length = 0;
        self.spool.temporary.file.set_len(0)?;
        self.spool.temporary.file.rewind()
    }

    /// How many bytes were written so far.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.spool.length
    }

    /// Gives the bytes their name, and returns it with their number.
    ///
    /// # Errors
    /// [`StoreError::Unexpected`] when they are not the expected ones; otherwise when the file cannot be renamed.
    pub fn commit(self) -> Result<(Digest, u64), StoreError> {
        let (digest, length, ()) = self.hasher.finish();
        if let Some((wanted, size)) = self.expected.filter(|expected| *expected != (digest, length)) {
            let reason = format!("expected {size} bytes, got {length} that hash to {digest}");
            return Err(StoreError::Unexpected { expected: wanted, reason });
        }
        self.spool.name(digest)?;
        Ok((digest, length))
    }
}

impl Spool<'_> {
    /// Gives the bytes the name that the caller's hash of them is. (Whoever reads the entry hashes it again.)
    ///
    /// # Errors
    /// When the file cannot be renamed.
    pub fn name(self, digest: Digest) -> Result<(), StoreError> {
        let Self { store, temporary, length: _, overflowed } = self;
        let path = match store.overflow_path(&digest).filter(|_| overflowed) {
            Some(path) => path,
            None => store.blob_path(&digest),
        };
        // Nobody has a reason to change it; a user who can read the store may read its entries.
        let _ = temporary.file.set_permissions(readable());
        let _ = temporary.file.set_modified(store.settings.now);
        // A folder in the entry's place would refuse the rename.
        if fs::symlink_metadata(&path).is_ok_and(|m| m.is_dir()) {
            let _ = store.quarantine(&digest, &path, "it is no regular file".into());
        }
        temporary.persist(&path).map_err(StoreError::io("write", &path))
    }

    /// Writes `bytes` over the first ones.
    ///
    /// # Errors
    /// When there are fewer, or the disk fails.
    pub fn rewrite_head(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.len() as u64 > self.length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.temporary.file.write_all_at(bytes, 0)
    }

    /// The digest and the number of all bytes, read back: for a caller that went back to earlier ones.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn digest(&mut self) -> io::Result<(Digest, u64)> {
        self.temporary.file.rewind()?;
        let mut hasher = Hasher::around(&self.temporary.file);
        let mut buffer = vec![0; 1 << 20];
        while hasher.read(&mut buffer)? > 0 {}
        let (digest, length, _) = hasher.finish();
        self.temporary.file.seek(SeekFrom::End(0))?;
        Ok((digest, length))
    }

    /// Goes on beside the store, which has no more room.
    fn overflow(&mut self) -> io::Result<()> {
        self.store.warn("is full");
        let folder = self.store.overflow().map_err(io::Error::other)?;
        let mut roomier = Temporary::new(folder)?;
        self.temporary.file.seek(SeekFrom::Start(0))?;
        let kept = io::copy(&mut (&self.temporary.file).take(self.length), &mut roomier.file)?;
        if kept != self.length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.temporary = roomier;
        self.overflowed = true;
        Ok(())
    }
}

impl Write for BlobWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some((digest, size)) = self.expected
            && self.spool.length + bytes.len() as u64 > size
        {
            let reason = format!("more than {size} bytes");
            return Err(io::Error::other(StoreError::Unexpected { expected: digest, reason }));
        }
        let written = self.spool.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Write for Spool<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match self.temporary.file.write(bytes) {
            Err(error) if is_no_room(&error) && !self.overflowed => {
                self.overflow()?;
                self.temporary.file.write(bytes)?
            }
            other => other?,
        };
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// `0444`.
fn readable() -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o444)
}
