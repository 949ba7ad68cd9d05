//! Changing the tree, with a note of every change.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::super::errno::Errno;
use super::super::stream::{Open, Stream};
use super::{Change, Effect, System, file};
use crate::domain::rootfs::{Content, Kind, Meta, Owner};

impl System<'_> {
    /// Opens a file for writing, and makes it (mode 0666 without `umask`) where it is not there: emptied, or with `append`
    /// at its end.
    ///
    /// # Errors
    /// As open(2)'s.
    pub fn open_write(&mut self, path: &[u8], append: bool, umask: u32) -> Result<Open, Errno> {
        if matches!(path, b"dev/null" | b"dev/tty" | b"dev/console") {
            return Ok(Rc::new(RefCell::new(Stream::Null)));
        }
        match self.stat(path).map(|node| node.kind.clone()) {
            Ok(Kind::File(_)) => {
                let real = self.tree.real_path(path)?.ok_or(Errno::Missing)?;
                if !append {
                    self.write_file(&real, Vec::new(), umask)?;
                }
                Ok(file(real, 0, append, false, true))
            }
            Ok(Kind::Directory) => Err(Errno::IsADirectory),
            Ok(Kind::CharDevice(1, 3)) => Ok(Rc::new(RefCell::new(Stream::Null))),
            Ok(_) => Err(Errno::NoDevice),
            Err(Errno::Missing) => {
                self.write_file(path, Vec::new(), umask)?;
                let real = self.tree.real_path(path)?.ok_or(Errno::Missing)?;
                Ok(file(real, 0, append, false, true))
            }
            Err(error) => Err(error),
        }
    }

    /// Writes a whole file; made (mode 0666 without `umask`) where it is not there.
    ///
    /// # Errors
    /// As open(2)'s and write(2)'s.
    pub fn write_file(&mut self, path: &[u8], bytes: Vec<u8>, umask: u32) -> Result<(), Errno> {
        self.budget.charge(bytes.len());
        self.store(path, bytes.into(), umask)
    }

    fn store(&mut self, path: &[u8], bytes: Arc<[u8]>, umask: u32) -> Result<(), Errno> {
        if self.exists(path) {
            let real = self.tree.real_path(path)?.ok_or(Errno::Missing)?;
            self.tree.write(&real, Content::Bytes(bytes))?;
            let now = self.epoch.seconds();
            self.tree.change(&real, |meta| meta.mtime = now)?;
            self.note(real, Change::Written);
            return Ok(());
        }
        // A link to nothing is written through.
        let target = match self.tree.lookup(path)?.and_then(|node| node.target().map(<[u8]>::to_vec)) {
            None => path.to_vec(),
            Some(target) => match target.strip_prefix(b"/") {
                Some(absolute) => absolute.to_vec(),
                None => [parent(path), b"/", &target].concat(),
            },
        };
        self.place(&target, Kind::File(Content::Bytes(bytes)), 0o666 & !umask)
    }

    /// Makes a new file with these bytes and this mode (open(2) with `O_EXCL`, write(2)).
    ///
    /// # Errors
    /// As the calls'.
    pub fn create(&mut self, path: &[u8], bytes: Vec<u8>, mode: u32) -> Result<(), Errno> {
        self.budget.charge(bytes.len());
        self.place(path, Kind::File(Content::bytes(bytes)), mode)
    }

    /// Makes a directory (mkdir(2)): mode 0777 without `umask`.
    ///
    /// # Errors
    /// As the call's.
    pub fn mkdir(&mut self, path: &[u8], mode: u32) -> Result<(), Errno> {
        let path = trimmed(path);
        if self.tree.lookup(path)?.is_some() {
            return Err(Errno::Exists);
        }
        self.place(path, Kind::Directory, mode)
    }

    /// Makes a symbolic link (symlink(2)).
    ///
    /// # Errors
    /// As the call's.
    pub fn symlink(&mut self, target: &[u8], path: &[u8]) -> Result<(), Errno> {
        if target.is_empty() {
            return Err(Errno::Missing);
        }
        self.place(path, Kind::Symlink(target.into()), 0o777)
    }

    /// Makes a device or a named pipe (mknod(2)).
    ///
    /// # Errors
    /// As the call's.
    pub fn mknod(&mut self, path: &[u8], kind: Kind, mode: u32) -> Result<(), Errno> {
        self.place(path, kind, mode)
    }

    /// Makes another name of a file (link(2)).
    ///
    /// # Errors
    /// As the call's.
    pub fn link(&mut self, target: &[u8], path: &[u8]) -> Result<(), Errno> {
        if self.tree.lookup(target)?.ok_or(Errno::Missing)?.is_directory() {
            return Err(Errno::NotPermitted);
        }
        if self.tree.lookup(path)?.is_some() {
            return Err(Errno::Exists);
        }
        self.has_parent(path)?;
        self.tree.hardlink(path, target, Owner::Generated, None)?;
        let real = self.tree.place_of(path)?;
        self.note(real, Change::Made);
        Ok(())
    }

    /// Takes a name away (unlink(2)).
    ///
    /// # Errors
    /// As the call's.
    pub fn unlink(&mut self, path: &[u8]) -> Result<(), Errno> {
        if self.lstat(path)?.is_directory() {
            return Err(Errno::IsADirectory);
        }
        let real = self.tree.place_of(path)?;
        self.tree.remove(&real)?;
        self.note(real, Change::Removed);
        Ok(())
    }

    /// Takes an empty directory away (rmdir(2)).
    ///
    /// # Errors
    /// As the call's.
    pub fn rmdir(&mut self, path: &[u8]) -> Result<(), Errno> {
        let path = trimmed(path);
        if !self.lstat(path)?.is_directory() {
            return Err(Errno::NotADirectory);
        }
        let real = self.tree.place_of(path)?;
        self.tree.remove(&real)?;
        self.note(real, Change::Removed);
        Ok(())
    }

    /// Moves a name (rename(2)).
    ///
    /// # Errors
    /// As the call's.
    pub fn rename(&mut self, from: &[u8], to: &[u8]) -> Result<(), Errno> {
        self.lstat(from)?;
        let (source, target) = (self.tree.place_of(from)?, self.tree.place_of(to)?);
        let replaces = self.tree.lookup(&target)?.is_some();
        self.tree.rename(&source, &target)?;
        if source != target {
            self.note(source, Change::Removed);
            self.note(target, if replaces { Change::Written } else { Change::Made });
        }
        Ok(())
    }

    /// Changes mode, owner, time or attributes of what is at `path`, the last component not followed.
    ///
    /// # Errors
    /// When nothing is there.
    pub fn change(&mut self, path: &[u8], change: impl FnOnce(&mut Meta)) -> Result<(), Errno> {
        let real = self.tree.place_of(path)?;
        let before = self.lstat(&real)?.meta.clone();
        self.tree.change(&real, change)?;
        if self.lstat(&real)?.meta != &before {
            self.note(real, Change::Changed);
        }
        Ok(())
    }

    /// Puts a new file, link or device at `path`, the last component not followed; what was there and is no directory
    /// gives way in one step, as rename(2) of a finished file does.
    ///
    /// # Errors
    /// As the call's.
    pub fn replace(&mut self, path: &[u8], kind: Kind, mode: u32) -> Result<(), Errno> {
        self.has_parent(path)?;
        let there = self.tree.lookup(path)?.map(|node| node.is_directory());
        if there == Some(true) {
            return Err(Errno::IsADirectory);
        }
        let meta = Meta::root(mode & 0o7777, self.epoch.seconds());
        if let Kind::File(Content::Bytes(bytes)) = &kind {
            self.budget.charge(bytes.len());
        }
        self.tree.insert(path, kind, meta, Owner::Generated, None)?;
        let real = self.tree.place_of(path)?;
        self.note(real, if there.is_some() { Change::Written } else { Change::Made });
        Ok(())
    }

    /// Writes into an open file, at `position` or at its end; the position after it.
    ///
    /// # Errors
    /// As write(2)'s.
    pub(in crate::domain::script) fn write_at(
        &mut self,
        path: &[u8],
        position: Option<usize>,
        bytes: &[u8],
    ) -> Result<usize, Errno> {
        let old = self.bytes_of(path)?;
        let at = position.unwrap_or(old.len());
        let end = at.checked_add(bytes.len()).filter(|end| *end <= 1 << 30).ok_or(Errno::TooLarge)?;
        // The caller paid for the bytes. What stands already is copied, which many short writes to a long file make dear; a
        // hole is filled.
        self.budget.charge(old.len() / 16);
        self.budget.charge(at.saturating_sub(old.len()));
        let new = if at == old.len() {
            [&*old, bytes].concat()
        } else {
            let mut new = old.to_vec();
            new.resize(new.len().max(end), 0);
            if let Some(range) = new.get_mut(at..end) {
                range.copy_from_slice(bytes);
            }
            new
        };
        self.store(path, new.into(), 0)?;
        Ok(end)
    }

    /// Puts something where nothing is.
    fn place(&mut self, path: &[u8], kind: Kind, mode: u32) -> Result<(), Errno> {
        if self.tree.lookup(path)?.is_some() {
            return Err(Errno::Exists);
        }
        self.has_parent(path)?;
        let mut meta = Meta::root(mode & 0o7777, self.epoch.seconds());
        // A set-group-ID directory gives its group to what is made in it, and the bit to directories (inode(7)).
        let folder = self.stat(parent(path))?.meta;
        if folder.mode & 0o2000 != 0 {
            meta.gid = folder.gid;
            if matches!(kind, Kind::Directory) {
                meta.mode |= 0o2000;
            }
        }
        self.tree.insert(path, kind, meta, Owner::Generated, None)?;
        let real = self.tree.place_of(path)?;
        self.note(real, Change::Made);
        Ok(())
    }

    /// Fails unless the folder that `path` is to stand in is there.
    fn has_parent(&self, path: &[u8]) -> Result<(), Errno> {
        match self.stat(parent(path)) {
            Ok(node) if node.is_directory() => Ok(()),
            Ok(_) => Err(Errno::NotADirectory),
            Err(error) => Err(error),
        }
    }

    fn note(&mut self, path: Vec<u8>, change: Change) {
        if self.effects.last().is_some_and(|last| (&last.path, last.change, &last.site) == (&path, change, &self.site))
        {
            return;
        }
        self.budget.charge(path.len() + self.site.script.len() + self.site.text.len() + size_of::<Effect>());
        self.effects.push(Effect { path, change, site: self.site.clone() });
    }
}

/// The part before the last `/`; empty (the root) where there is none.
fn parent(path: &[u8]) -> &[u8] {
    let path = trimmed(path);
    path.iter().rposition(|byte| *byte == b'/').map_or(b"", |slash| path.get(..slash).unwrap_or_default())
}

/// Without the `/` at the end.
fn trimmed(mut path: &[u8]) -> &[u8] {
    while let Some(rest) = path.strip_suffix(b"/") {
        path = rest;
    }
    path
}
