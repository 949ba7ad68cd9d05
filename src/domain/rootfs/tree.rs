//! The tree's storage and the looks one can take at it.

use std::collections::BTreeMap;

use super::error::TreeError;
use super::node::{Kind, Meta, Node, Owner, Position};
use super::walk::Walk;

/// An inode's place in [`Tree::inodes`].
pub(super) type Ino = u32;

/// The root directory's inode.
pub(super) const ROOT: Ino = 0;

/// A filesystem in memory. See the [module](super).
#[derive(Clone, Debug)]
pub struct Tree {
    pub(super) inodes: Vec<Inode>,
    /// Places in `inodes` that nothing leads to any more.
    pub(super) free: Vec<Ino>,
    pub(super) root: Name,
}

/// What names lead to.
#[derive(Clone, Debug)]
pub(super) struct Inode {
    pub(super) kind: Kind,
    pub(super) meta: Meta,
    pub(super) links: u32,
    /// A directory's names, in order of their bytes; empty for anything else.
    pub(super) names: BTreeMap<Box<[u8]>, Name>,
}

/// A name in a directory.
#[derive(Clone, Debug)]
pub(super) struct Name {
    pub(super) ino: Ino,
    pub(super) origin: Option<Position>,
    pub(super) owners: Vec<Owner>,
}

impl Default for Tree {
    fn default() -> Self {
        Self::new()
    }
}

impl Tree {
    /// A tree with nothing but its root: a directory of mode 0755.
    #[must_use]
    pub fn new() -> Self {
        let root = Inode { kind: Kind::Directory, meta: Meta::root(0o755, 0), links: 1, names: BTreeMap::new() };
        Self { inodes: vec![root], free: Vec::new(), root: Name { ino: ROOT, origin: None, owners: Vec::new() } }
    }

    /// What stands at `path`; parents that are symbolic links are followed, the last component is not (`lstat`).
    ///
    /// # Errors
    /// When a parent is no directory, or links loop. Nothing there, or a missing parent, is `None`.
    pub fn lookup(&self, path: &[u8]) -> Result<Option<Node<'_>>, TreeError> {
        Ok(self.name_at(path)?.map(|name| self.node(name)))
    }

    /// What `path` leads to, the last component followed as well (`stat`).
    ///
    /// # Errors
    /// As [`Tree::lookup`].
    pub fn follow(&self, path: &[u8]) -> Result<Option<Node<'_>>, TreeError> {
        match self.real_path(path)? {
            Some(real) => self.lookup(&real),
            None => Ok(None),
        }
    }

    /// The names in the directory that `path` leads to, in order of their bytes.
    ///
    /// # Errors
    /// When there is no such directory.
    pub fn children(&self, path: &[u8]) -> Result<impl Iterator<Item = (&[u8], Node<'_>)>, TreeError> {
        let real = self.real_path(path)?.ok_or_else(|| TreeError::Missing { path: path.into() })?;
        let name = self.name_at(&real)?.ok_or_else(|| TreeError::Missing { path: path.into() })?;
        if !self.is_directory(name.ino) {
            return Err(TreeError::NotADirectory { path: path.into(), parent: real });
        }
        Ok(self.inode(name.ino).names.iter().map(|(bytes, name)| (&**bytes, self.node(name))))
    }

    /// Every name, parents before children, siblings in order of their bytes. The root comes first, with the empty path.
    #[must_use]
    pub fn walk(&self) -> Walk<'_> {
        Walk::new(self)
    }

    /// How many names there are, the root among them.
    #[must_use]
    pub fn len(&self) -> usize {
        1 + self.inodes.iter().map(|inode| inode.names.len()).sum::<usize>()
    }

    /// Whether there is nothing but the root.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 1
    }

    pub(super) fn node<'tree>(&'tree self, name: &'tree Name) -> Node<'tree> {
        let inode = self.inode(name.ino);
        Node {
            kind: &inode.kind,
            meta: &inode.meta,
            owners: &name.owners,
            origin: name.origin,
            links: inode.links,
            inode: name.ino,
        }
    }

    #[expect(clippy::indexing_slicing, reason = "an `Ino` is only made by this module, for an inode that exists")]
    pub(super) fn inode(&self, ino: Ino) -> &Inode {
        &self.inodes[ino as usize]
    }

    #[expect(clippy::indexing_slicing, reason = "an `Ino` is only made by this module, for an inode that exists")]
    pub(super) fn inode_mut(&mut self, ino: Ino) -> &mut Inode {
        &mut self.inodes[ino as usize]
    }

    pub(super) fn is_directory(&self, ino: Ino) -> bool {
        matches!(self.inode(ino).kind, Kind::Directory)
    }
}
