//! One entry of a tar archive, as both the reader and the canonical writer mean it.

use std::collections::BTreeMap;

use crate::base::redact;

/// What an entry is. Numbers are as in POSIX ustar; sizes in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file of so many bytes.
    File {
        /// Its length.
        size: u64,
    },
    /// A directory.
    Directory,
    /// A symbolic link to this target, as written.
    Symlink(Vec<u8>),
    /// Another name of an earlier entry: a path in the form of [`Entry::path`].
    Hardlink(Vec<u8>),
    /// A character device.
    CharDevice {
        /// Major number.
        major: u32,
        /// Minor number.
        minor: u32,
    },
    /// A block device.
    BlockDevice {
        /// Major number.
        major: u32,
        /// Minor number.
        minor: u32,
    },
    /// A named pipe.
    Fifo,
}

/// One entry: everything but a file's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Bytes of the path, relative to the root: no `/` at either end, no empty, `.` or `..` component. The root itself is empty.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: Kind,
    /// Permission bits, with set-id and sticky: `0o7777` at most.
    pub mode: u32,
    /// Owner's number.
    pub uid: u32,
    /// Group's number.
    pub gid: u32,
    /// Modification time in seconds since 1970; fractions are dropped.
    pub mtime: i64,
    /// Extended attributes (`security.capability`, `user.…`), by name.
    pub xattrs: BTreeMap<String, Vec<u8>>,
}

impl Entry {
    /// A root-owned entry at `path` with the moment `mtime`.
    #[must_use]
    pub fn new(path: impl Into<Vec<u8>>, kind: Kind, mode: u32, mtime: i64) -> Self {
        Self { path: path.into(), kind, mode, uid: 0, gid: 0, mtime, xattrs: BTreeMap::new() }
    }

    /// The path from `/`, safe to print.
    #[must_use]
    pub fn shown(&self) -> String {
        format!("/{}", redact::printable_bytes(&self.path))
    }

    /// Bytes of content that follow the header.
    #[must_use]
    pub const fn size(&self) -> u64 {
        match self.kind {
            Kind::File { size } => size,
            _ => 0,
        }
    }
}
