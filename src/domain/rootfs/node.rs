//! What a name in the tree leads to.

use std::collections::BTreeMap;
use std::sync::Arc;

/// An entry of an artefact's fragment: where a file's bytes, or a whole entry, are found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The artefact's number in the list that the tree was made from.
    pub artefact: u32,
    /// The entry's number in that artefact's fragment, from 0.
    pub entry: u32,
}

/// A file's bytes: elsewhere, or small and made here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// The bytes of a fragment's entry.
    Entry {
        /// Which.
        at: Position,
        /// How many bytes.
        size: u64,
    },
    /// Bytes that a recipe, a script or we ourselves wrote.
    Bytes(Arc<[u8]>),
}

/// Who put a name into the tree. The order is the order in which they act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// An artefact (a package), by its number in the list that the tree was made from.
    Artefact(u32),
    /// The recipe: `[[file]]`, `[[user]]`.
    Recipe,
    /// The builder: the package database, a script's effects.
    Generated,
}

/// Everything about an inode but its kind: numbers as in [`crate::formats::tar::Entry`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// Permission bits, `0o7777` at most.
    pub mode: u32,
    /// Owner's number.
    pub uid: u32,
    /// Group's number.
    pub gid: u32,
    /// Modification time in seconds since 1970.
    pub mtime: i64,
    /// Extended attributes by name.
    pub xattrs: BTreeMap<String, Vec<u8>>,
}

/// What an inode is, besides a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File(Content),
    /// A directory.
    Directory,
    /// A symbolic link to this target, as written.
    Symlink(Box<[u8]>),
    /// A character device: major and minor number.
    CharDevice(u32, u32),
    /// A block device: major and minor number.
    BlockDevice(u32, u32),
    /// A named pipe.
    Fifo,
}

/// A name and what it leads to, as [`super::Tree::lookup`] and [`super::Walk`] show it.
#[derive(Clone, Copy, Debug)]
pub struct Node<'tree> {
    /// What it is.
    pub kind: &'tree Kind,
    /// Its numbers.
    pub meta: &'tree Meta,
    /// Who put the name there, in order; several for a shared directory, none for one that only had to exist.
    pub owners: &'tree [Owner],
    /// The entry that the name came from.
    pub origin: Option<Position>,
    /// How many names lead to the same inode; 1 unless there are hardlinks. For a directory 1.
    pub links: u32,
    /// The same for all names of one inode, different for any two inodes; good for this tree only.
    pub inode: u32,
}

/// Gives a file's bytes, or says in words why it cannot.
pub type ReadContent<'a> = &'a dyn Fn(&Content) -> Result<Arc<[u8]>, String>;

impl Content {
    /// Bytes made here.
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self::Bytes(bytes.into().into())
    }

    /// How many bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        match self {
            Self::Entry { size, .. } => *size,
            Self::Bytes(bytes) => bytes.len() as u64,
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Meta {
    /// Root's, with this mode and time.
    #[must_use]
    pub const fn root(mode: u32, mtime: i64) -> Self {
        Self { mode, uid: 0, gid: 0, mtime, xattrs: BTreeMap::new() }
    }
}

impl Node<'_> {
    /// Whether it is a directory.
    #[must_use]
    pub const fn is_directory(&self) -> bool {
        matches!(self.kind, Kind::Directory)
    }

    /// A symbolic link's target.
    #[must_use]
    pub fn target(&self) -> Option<&[u8]> {
        match self.kind {
            Kind::Symlink(target) => Some(target),
            _ => None,
        }
    }
}
