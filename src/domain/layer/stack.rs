//! What layers come to, one laid over the other: any builder's layers, with their deletions (image-spec, `layer.md`).
//!
//! | Entry | Effect |
//! |---|---|
//! | a directory where one stands | it stays, with the new numbers |
//! | anything else | takes the place of what stands there, with all that is below it |
//! | a hard link | another name of what the target is at that moment |
//! | `.wh.NAME` | what lower layers put at `NAME` goes |
//! | `.wh..wh..opq` | what lower layers put into the directory goes |
//!
//! A deletion spares what its own layer put there, be that before or after it. Other names that begin with `.wh..wh.` are
//! notes of aufs to itself and mean nothing.

use crate::domain::rootfs::{Content, Kind, Meta, Owner, Position, Tree, TreeError};
use crate::formats::tar::{self, Entry};

/// Layers that lie one over the other.
#[derive(Clone, Debug, Default)]
pub struct Stack {
    tree: Tree,
}

impl Stack {
    /// No layers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an entry of a layer. `at` is its layer (from 0, never a lower one than before) and its number in there.
    ///
    /// # Errors
    /// When a parent is no directory, links loop, or a hard link's target is not there.
    pub fn add(&mut self, at: Position, entry: &Entry) -> Result<(), TreeError> {
        let owner = Owner::Artefact(at.artefact);
        let (parent, name) = split(&entry.path);
        if let Some(deleted) = name.strip_prefix(b".wh.") {
            return match deleted {
                b".wh..opq" => self.hide(parent, false, owner),
                _ if deleted.starts_with(b".wh.") => Ok(()),
                _ => self.hide(&join(parent, deleted), true, owner),
            };
        }
        let place = self.tree.place_of(&entry.path)?;
        let there = self.tree.lookup(&place)?.map(|node| node.is_directory());
        let meta = || Meta {
            mode: entry.mode,
            uid: entry.uid,
            gid: entry.gid,
            mtime: entry.mtime,
            xattrs: entry.xattrs.clone(),
        };
        let kind = match &entry.kind {
            tar::Kind::Directory if there == Some(true) => {
                self.tree.change(&place, |old| *old = meta())?;
                // Whoever comes last has the final say.
                return if place.is_empty() { Ok(()) } else { self.tree.set_owner(&place, owner, true) };
            }
            tar::Kind::Hardlink(target) => {
                if there == Some(true) {
                    self.tree.remove_all(&place)?;
                }
                return self.tree.hardlink(&place, target, owner, Some(at));
            }
            tar::Kind::File { size } => Kind::File(Content::Entry { at, size: *size }),
            tar::Kind::Directory => Kind::Directory,
            tar::Kind::Symlink(target) => Kind::Symlink(target.as_slice().into()),
            tar::Kind::CharDevice { major, minor } => Kind::CharDevice(*major, *minor),
            tar::Kind::BlockDevice { major, minor } => Kind::BlockDevice(*major, *minor),
            tar::Kind::Fifo => Kind::Fifo,
        };
        // A directory does not join what a symbolic link leads to, as it does when dpkg unpacks.
        if there.is_some() {
            self.tree.remove_all(&place)?;
        }
        self.tree.insert(&place, kind, meta(), owner, Some(at))
    }

    /// What the layers come to. The last of a name's owners is the layer that has the final say; a directory without
    /// owners only had to exist. Positions are those of [`Stack::add`].
    #[must_use]
    pub fn finish(self) -> Tree {
        self.tree
    }

    /// Takes away what other layers than `owner` put at `path` (if `itself`) and below.
    fn hide(&mut self, path: &[u8], itself: bool, owner: Owner) -> Result<(), TreeError> {
        let place = self.tree.place_of(path)?;
        if self.tree.lookup(&place)?.is_none() {
            return Ok(());
        }
        let mut found = vec![place];
        let mut next = 0;
        while let Some(path) = found.get(next).cloned() {
            next += 1;
            if self.tree.lookup(&path)?.is_some_and(|node| node.is_directory()) {
                found.extend(self.tree.children(&path)?.map(|(name, _)| join(&path, name)).collect::<Vec<_>>());
            }
        }
        // Children before their parents, so that a directory is empty when its turn comes, or has something to keep.
        for path in found.iter().skip(usize::from(!itself)).rev() {
            let own = self.tree.lookup(path)?.is_some_and(|node| node.owners.last() == Some(&owner));
            match if own { Ok(()) } else { self.tree.remove(path) } {
                Err(TreeError::NotEmpty { .. }) | Ok(()) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// The parent of a path and its last component.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|c| *c == b'/') {
        Some(at) => (path.get(..at).unwrap_or_default(), path.get(at + 1..).unwrap_or_default()),
        None => (&[], path),
    }
}

fn join(parent: &[u8], name: &[u8]) -> Vec<u8> {
    if parent.is_empty() { name.to_vec() } else { [parent, name].join(&b'/') }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What layers come to: `path=layer`, where each entry is a file, `x/` a directory, `x>y` a symbolic and `x=y` a hard link.
    fn stack(layers: &[&[&str]]) -> Result<String, TreeError> {
        let mut stack = Stack::new();
        for (layer, entries) in layers.iter().enumerate() {
            for (number, text) in entries.iter().enumerate() {
                let (path, kind) = if let Some(path) = text.strip_suffix('/') {
                    (path, tar::Kind::Directory)
                } else if let Some((path, target)) = text.split_once('>') {
                    (path, tar::Kind::Symlink(target.into()))
                } else if let Some((path, target)) = text.split_once('=') {
                    (path, tar::Kind::Hardlink(target.into()))
                } else {
                    (*text, tar::Kind::File { size: 1 })
                };
                let at = Position { artefact: layer as u32, entry: number as u32 };
                stack.add(at, &Entry::new(path, kind, 0o755, 0))?;
            }
        }
        let tree = stack.finish();
        let shown = tree.walk().skip(1).map(|(path, node)| {
            let layer = match node.owners.last() {
                Some(Owner::Artefact(layer)) => layer.to_string(),
                _ => "-".into(),
            };
            format!("{}={layer}", String::from_utf8(path).unwrap())
        });
        Ok(shown.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn bas_16_deletions_spare_their_own_layer() {
        let lower: &[&str] = &["d/", "d/a", "d/b", "d/s/", "d/s/x"];
        // An opaque directory, its marker first, last, and between.
        for upper in [&["d/", "d/.wh..wh..opq", "d/n"], &["d/", "d/n", "d/.wh..wh..opq"]] {
            assert_eq!(stack(&[lower, upper]).unwrap(), "d=1 d/n=1");
        }
        assert_eq!(stack(&[lower, &["d/s/new", "d/.wh..wh..opq"]]).unwrap(), "d=0 d/s=0 d/s/new=1");
        // Deleted and made again, in both orders.
        assert_eq!(stack(&[lower, &["d/.wh.a", "d/a"]]).unwrap(), "d=0 d/a=1 d/b=0 d/s=0 d/s/x=0");
        assert_eq!(stack(&[lower, &["d/a", "d/.wh.a"]]).unwrap(), "d=0 d/a=1 d/b=0 d/s=0 d/s/x=0");
        assert_eq!(stack(&[lower, &["d/s/", "d/s/y", "d/.wh.s"]]).unwrap(), "d=0 d/a=0 d/b=0 d/s=1 d/s/y=1");
        // A hard link to what goes: made before, it keeps the file; after, there is nothing to link.
        assert_eq!(stack(&[lower, &["k=d/a", "d/.wh.a"]]).unwrap(), "d=0 d/b=0 d/s=0 d/s/x=0 k=1");
        assert!(matches!(stack(&[lower, &["d/.wh.a", "k=d/a"]]), Err(TreeError::Hardlink { .. })));
        // Nothing to delete; everything to delete; what is above a deletion stays.
        assert_eq!(stack(&[&["a"], &["x/.wh.y", ".wh.b", ".wh..wh.plnk"]]).unwrap(), "a=0");
        assert_eq!(stack(&[lower, &[".wh..wh..opq", "z"]]).unwrap(), "z=1");
        assert_eq!(stack(&[lower, &[".wh.d"], &["d/", "d/c"]]).unwrap(), "d=2 d/c=2");
    }

    #[test]
    fn later_layers_replace_earlier_ones() {
        assert_eq!(stack(&[&["d/", "d/x"], &["d"]]).unwrap(), "d=1");
        assert_eq!(stack(&[&["d"], &["d/", "d/x"]]).unwrap(), "d=1 d/x=1");
        assert_eq!(stack(&[&["d/", "d/x"], &["d/"]]).unwrap(), "d=1 d/x=0");
        // Through a symbolic link to a directory; a directory takes the place of the link itself.
        let lower: &[&str] = &["usr/", "usr/bin/", "usr/bin/sh", "bin>usr/bin"];
        assert_eq!(stack(&[lower, &["bin/new"]]).unwrap(), "bin=0 usr=0 usr/bin=0 usr/bin/new=1 usr/bin/sh=0");
        assert_eq!(stack(&[lower, &["bin/.wh.sh"]]).unwrap(), "bin=0 usr=0 usr/bin=0");
        assert_eq!(stack(&[lower, &["bin/"]]).unwrap(), "bin=1 usr=0 usr/bin=0 usr/bin/sh=0");
        assert_eq!(stack(&[&["a/b"]]).unwrap(), "a=- a/b=0");
        assert!(matches!(stack(&[&["f"], &["f/x"]]), Err(TreeError::NotADirectory { .. })));
    }
}
