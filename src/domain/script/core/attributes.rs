//! What stat(2) tells of a file, in the words that stat(1), ls(1) and find(1) share. A directory has the size and the
//! number of names that a fresh ext4 would show: 4096, and two with one more for each directory in it.

use crate::domain::rootfs::{Kind, Meta, Node};
use crate::domain::script::system::System;

/// A file's attributes, its links followed or not by whoever asked.
#[derive(Clone, Debug)]
pub(super) struct Attributes {
    pub(super) kind: Kind,
    pub(super) meta: Meta,
    pub(super) inode: u32,
    links: u32,
}

impl Attributes {
    /// Those of a node.
    pub(super) fn of(node: Node<'_>) -> Self {
        Self { kind: node.kind.clone(), meta: node.meta.clone(), inode: node.inode, links: node.links }
    }

    /// Whether it is a directory.
    pub(super) const fn is_directory(&self) -> bool {
        matches!(self.kind, Kind::Directory)
    }

    /// A symbolic link's target.
    pub(super) fn target(&self) -> Option<&[u8]> {
        match &self.kind {
            Kind::Symlink(target) => Some(target),
            _ => None,
        }
    }

    /// Bytes.
    pub(super) fn size(&self) -> u64 {
        match &self.kind {
            Kind::File(content) => content.len(),
            Kind::Symlink(target) => target.len() as u64,
            Kind::Directory => 4096,
            Kind::CharDevice(..) | Kind::BlockDevice(..) | Kind::Fifo => 0,
        }
    }

    /// Names; `at` is where it is in the tree.
    pub(super) fn links(&self, system: &System<'_>, at: &[u8]) -> u64 {
        if !self.is_directory() {
            return self.links.into();
        }
        let folders = |names: Vec<Vec<u8>>| {
            let is_folder = |name: &Vec<u8>| {
                let below = super::operand::join(at, name);
                system.lstat(&below).is_ok_and(|node| node.is_directory())
            };
            names.iter().filter(|name| is_folder(name)).count() as u64
        };
        2 + system.names(at).map_or(0, folders)
    }

    /// The letter that ls(1) begins its lines with.
    pub(super) const fn letter(&self) -> char {
        match self.kind {
            Kind::File(_) => '-',
            Kind::Directory => 'd',
            Kind::Symlink(_) => 'l',
            Kind::CharDevice(..) => 'c',
            Kind::BlockDevice(..) => 'b',
            Kind::Fifo => 'p',
        }
    }

    /// The bits of `st_mode` that say what it is.
    pub(super) const fn type_bits(&self) -> u32 {
        match self.kind {
            Kind::File(_) => 0o100_000,
            Kind::Directory => 0o040_000,
            Kind::Symlink(_) => 0o120_000,
            Kind::CharDevice(..) => 0o020_000,
            Kind::BlockDevice(..) => 0o060_000,
            Kind::Fifo => 0o010_000,
        }
    }

    /// What stat(1) calls it.
    pub(super) fn description(&self) -> &'static str {
        match &self.kind {
            Kind::File(content) if content.is_empty() => "regular empty file",
            Kind::File(_) => "regular file",
            Kind::Directory => "directory",
            Kind::Symlink(_) => "symbolic link",
            Kind::CharDevice(..) => "character special file",
            Kind::BlockDevice(..) => "block special file",
            Kind::Fifo => "fifo",
        }
    }

    /// A device's numbers.
    pub(super) const fn device(&self) -> (u32, u32) {
        match self.kind {
            Kind::CharDevice(major, minor) | Kind::BlockDevice(major, minor) => (major, minor),
            _ => (0, 0),
        }
    }
}
