//! Changes to the tree.

use std::collections::BTreeMap;

use super::error::TreeError;
use super::node::{Content, Kind, Meta, Owner, Position};
use super::resolve::{push, split};
use super::tree::{Ino, Inode, Name, ROOT, Tree};

impl Tree {
    /// Puts something at `path`. Parents that are symbolic links are followed, parents that are missing are made (mode
    /// 0755, root's, without an owner). What stands there gives way, unless
    ///
    /// * a directory meets a directory, or a symbolic link to one: that stays and gets one owner more; its numbers stay
    ///   too, unless it had no owner yet;
    /// * anything else meets a directory: an error.
    ///
    /// # Errors
    /// When a parent is no directory, a link to nothing or a loop, the path is too long, or a directory is in the way.
    pub fn insert(
        &mut self,
        path: &[u8],
        kind: Kind,
        meta: Meta,
        owner: Owner,
        origin: Option<Position>,
    ) -> Result<(), TreeError> {
        let real = self.place_of(path)?;
        let directory = matches!(kind, Kind::Directory);
        // A link that loops or leads through a file is none to a directory, whatever the reason.
        let joins = |tree: &Self| matches!(tree.follow(&real), Ok(Some(node)) if node.is_directory());
        if directory && joins(self) {
            return self.join_directory(&real, meta, owner, origin);
        }
        let Some((parent, last)) = split(&real) else {
            return Err(TreeError::IsADirectory { path: path.into() });
        };
        let parent = self.make_parents(parent, path, meta.mtime)?;
        if self.inode(parent).names.get(last).is_some_and(|name| self.is_directory(name.ino)) {
            return Err(TreeError::IsADirectory { path: path.into() });
        }
        let ino = self.allocate(Inode { kind, meta, links: 1, names: BTreeMap::new() });
        self.bind(parent, last, Name { ino, origin, owners: vec![owner] });
        Ok(())
    }

    /// Gives `target` another name, as link(2) does: a symbolic link at `target` is linked itself, not followed.
    ///
    /// # Errors
    /// When there is nothing at `target`, it is a directory or the new name itself; or as [`Tree::insert`].
    pub fn hardlink(
        &mut self,
        path: &[u8],
        target: &[u8],
        owner: Owner,
        origin: Option<Position>,
    ) -> Result<(), TreeError> {
        let refuse = |reason| TreeError::Hardlink { path: path.into(), target: target.into(), reason };
        let real = self.place_of(path)?;
        let target_real = self.place_of(target)?;
        let found = self.literal(&target_real).ok_or_else(|| refuse("nothing is there"))?;
        if self.is_directory(found.ino) {
            return Err(refuse("it is a directory"));
        }
        if real == target_real {
            return Err(refuse("it is the new name itself"));
        }
        let (ino, mtime) = (found.ino, self.inode(found.ino).meta.mtime);
        let Some((parent, last)) = split(&real) else {
            return Err(TreeError::IsADirectory { path: path.into() });
        };
        let parent = self.make_parents(parent, path, mtime)?;
        if self.inode(parent).names.get(last).is_some_and(|name| self.is_directory(name.ino)) {
            return Err(TreeError::IsADirectory { path: path.into() });
        }
        self.inode_mut(ino).links += 1;
        self.bind(parent, last, Name { ino, origin, owners: vec![owner] });
        Ok(())
    }

    /// Takes a name away: a file, link or device, or an empty directory.
    ///
    /// # Errors
    /// When nothing is there, a directory is not empty, or it is the root.
    pub fn remove(&mut self, path: &[u8]) -> Result<(), TreeError> {
        let (parent, last) = self.existing(path)?;
        let not_empty = || TreeError::NotEmpty { path: path.into() };
        let name = self.inode(parent).names.get(last.as_slice()).ok_or_else(not_empty)?;
        if !self.inode(name.ino).names.is_empty() {
            return Err(not_empty());
        }
        self.unbind(parent, &last);
        Ok(())
    }

    /// Takes a name away with all that is below it.
    ///
    /// # Errors
    /// When nothing is there, or it is the root.
    pub fn remove_all(&mut self, path: &[u8]) -> Result<(), TreeError> {
        let (parent, last) = self.existing(path)?;
        self.unbind(parent, &last);
        Ok(())
    }

    /// Moves a name, with all that is below it, as rename(2) does: what is not a directory gives way, an empty directory
    /// gives way to a directory. Owners and origins stay with what they belong to.
    ///
    /// # Errors
    /// When nothing is at `from`, something is in the way at `to`, a directory would move into itself, or `to`'s parent is missing.
    pub fn rename(&mut self, from: &[u8], to: &[u8]) -> Result<(), TreeError> {
        let (from_parent, from_last) = self.existing(from)?;
        let (source, real) = (self.place_of(from)?, self.place_of(to)?);
        if source == real {
            return Ok(());
        }
        if real.strip_prefix(source.as_slice()).is_some_and(|rest| rest.first() == Some(&b'/')) {
            return Err(TreeError::Name { path: to.into(), reason: "a directory cannot move into itself" });
        }
        let missing = || TreeError::Missing { path: to.into() };
        let (parent, last) = split(&real).ok_or_else(|| TreeError::IsADirectory { path: to.into() })?;
        let parent = self.literal(parent).ok_or_else(missing)?.ino;
        let moved = self
            .inode(from_parent)
            .names
            .get(from_last.as_slice())
            .ok_or_else(|| TreeError::Missing { path: from.into() })?;
        let moves_directory = self.is_directory(moved.ino);
        if let Some(there) = self.inode(parent).names.get(last) {
            match (moves_directory, self.is_directory(there.ino)) {
                (true, true) if self.inode(there.ino).names.is_empty() => {}
                (true, true) => return Err(TreeError::NotEmpty { path: to.into() }),
                (true, false) => return Err(TreeError::NotADirectory { path: to.into(), parent: real.clone() }),
                (false, true) => return Err(TreeError::IsADirectory { path: to.into() }),
                // Two names of one inode: rename(2) does nothing.
                (false, false) if there.ino == moved.ino => return Ok(()),
                (false, false) => {}
            }
        }
        if let Some(name) = self.inode_mut(from_parent).names.remove(from_last.as_slice()) {
            self.bind(parent, last, name);
        }
        Ok(())
    }

    /// Changes the numbers of what stands at `path`, the last component not followed; all names of the inode see it.
    ///
    /// # Errors
    /// When nothing is there.
    pub fn change(&mut self, path: &[u8], change: impl FnOnce(&mut Meta)) -> Result<(), TreeError> {
        let ino = self.ino_at(path)?;
        let meta = &mut self.inode_mut(ino).meta;
        change(meta);
        meta.mode &= 0o7777;
        Ok(())
    }

    /// Writes a file's bytes anew; links are followed, all names of the inode see it.
    ///
    /// # Errors
    /// When there is no file.
    pub fn write(&mut self, path: &[u8], content: Content) -> Result<(), TreeError> {
        let real = self.real_path(path)?.ok_or_else(|| TreeError::Missing { path: path.into() })?;
        let ino = self.ino_at(&real)?;
        match &mut self.inode_mut(ino).kind {
            Kind::File(old) => {
                *old = content;
                Ok(())
            }
            Kind::Directory => Err(TreeError::IsADirectory { path: path.into() }),
            _ => Err(TreeError::Name { path: path.into(), reason: "is no regular file" }),
        }
    }

    /// Adds an owner to the name at `path`, or takes one away.
    ///
    /// # Errors
    /// When nothing is there.
    pub fn set_owner(&mut self, path: &[u8], owner: Owner, owns: bool) -> Result<(), TreeError> {
        let (parent, last) = self.existing(path)?;
        if let Some(name) = self.inode_mut(parent).names.get_mut(last.as_slice()) {
            name.owners.retain(|other| *other != owner);
            if owns {
                name.owners.push(owner);
            }
        }
        Ok(())
    }

    /// A directory entry where a directory, or a link to one, is already.
    fn join_directory(
        &mut self,
        real: &[u8],
        meta: Meta,
        owner: Owner,
        origin: Option<Position>,
    ) -> Result<(), TreeError> {
        let name = match split(real) {
            None => &mut self.root,
            Some((parent, last)) => {
                let missing = || TreeError::Missing { path: real.into() };
                let parent = self.literal(parent).ok_or_else(missing)?.ino;
                self.inode_mut(parent).names.get_mut(last).ok_or_else(missing)?
            }
        };
        let ownerless = name.owners.is_empty();
        if !name.owners.contains(&owner) {
            name.owners.push(owner);
        }
        if ownerless {
            name.origin = name.origin.or(origin);
            let ino = name.ino;
            if self.is_directory(ino) {
                self.inode_mut(ino).meta = meta;
            }
        }
        Ok(())
    }

    /// The directory at a path without symbolic links, made with its parents where it is missing.
    fn make_parents(&mut self, real: &[u8], path: &[u8], mtime: i64) -> Result<Ino, TreeError> {
        if let Some(name) = self.literal(real)
            && self.is_directory(name.ino)
        {
            return Ok(name.ino);
        }
        let mut here = ROOT;
        let mut walked = Vec::new();
        for part in real.split(|c| *c == b'/').filter(|part| !part.is_empty()) {
            push(&mut walked, part);
            if part == b".." || part == b"." {
                return Err(TreeError::Missing { path: path.into() });
            }
            here = match self.inode(here).names.get(part) {
                Some(name) if self.is_directory(name.ino) => name.ino,
                Some(_) => return Err(TreeError::NotADirectory { path: path.into(), parent: walked }),
                None => {
                    let meta = Meta::root(0o755, mtime);
                    let ino = self.allocate(Inode { kind: Kind::Directory, meta, links: 1, names: BTreeMap::new() });
                    self.bind(here, part, Name { ino, origin: None, owners: Vec::new() });
                    ino
                }
            };
        }
        Ok(here)
    }

    /// The parent's inode and the last component of something that exists and is not the root.
    fn existing(&self, path: &[u8]) -> Result<(Ino, Vec<u8>), TreeError> {
        let real = self.place_of(path)?;
        let (parent, last) = split(&real).ok_or_else(|| TreeError::IsADirectory { path: path.into() })?;
        let missing = || TreeError::Missing { path: path.into() };
        let parent = self.literal(parent).ok_or_else(missing)?.ino;
        if !self.inode(parent).names.contains_key(last) {
            return Err(missing());
        }
        Ok((parent, last.to_vec()))
    }

    fn ino_at(&self, path: &[u8]) -> Result<Ino, TreeError> {
        Ok(self.name_at(path)?.ok_or_else(|| TreeError::Missing { path: path.into() })?.ino)
    }

    /// Puts a name into a directory; what had the name before is let go.
    fn bind(&mut self, parent: Ino, last: &[u8], name: Name) {
        if let Some(old) = self.inode_mut(parent).names.insert(last.into(), name) {
            self.release(old.ino);
        }
    }

    fn unbind(&mut self, parent: Ino, last: &[u8]) {
        if let Some(old) = self.inode_mut(parent).names.remove(last) {
            self.release(old.ino);
        }
    }

    /// One name less leads to an inode; the last one takes it, and all below it, along.
    fn release(&mut self, ino: Ino) {
        let mut open = vec![ino];
        while let Some(ino) = open.pop() {
            let inode = self.inode_mut(ino);
            inode.links = inode.links.saturating_sub(1);
            if inode.links > 0 {
                continue;
            }
            let names = std::mem::take(&mut inode.names);
            inode.kind = Kind::Fifo;
            inode.meta = Meta::default();
            self.free.push(ino);
            open.extend(names.into_values().map(|name| name.ino));
        }
    }

    fn allocate(&mut self, inode: Inode) -> Ino {
        if let Some(ino) = self.free.pop() {
            *self.inode_mut(ino) = inode;
            return ino;
        }
        self.inodes.push(inode);
        // An inode is 100 bytes and more: memory ends long before the numbers do.
        u32::try_from(self.inodes.len() - 1).unwrap_or(u32::MAX)
    }
}
