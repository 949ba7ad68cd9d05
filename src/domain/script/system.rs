//! What a kernel would be to a script: the tree, the bytes of its files, and a note of every change.
//!
//! Paths are the tree's ([`crate::domain::rootfs`]): bytes from the root without a leading `/`; [`super::Process::path`] makes
//! them. Times are the epoch's. A script is root, so permissions never refuse.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::account::Account;
use super::debian::Kept;
use super::errno::Errno;
use super::file_cache::FileCache;
pub use super::file_cache::HEAD;
use super::limits::{Budget, Limits};
use super::shell::{Sources, Trace};
use super::stop::{Site, Stop, StopKind};
use super::stream::{Open, Stream};
use crate::base::{Arch, Epoch};
use crate::domain::rootfs::{Content, Kind, Meta, Node, Owner, Position, Tree};
use crate::formats::elf::{self, SharedObject};

/// Gives a file's bytes, or says in words why it cannot.
pub type ReadContent<'a> = &'a dyn Fn(&Content) -> Result<Arc<[u8]>, String>;

/// The machine that scripts believe to run on.
pub struct System<'a> {
    /// The filesystem.
    pub tree: &'a mut Tree,
    /// The processor it is for.
    pub arch: Arch,
    /// The time it is.
    pub epoch: Epoch,
    /// What scripts may still use.
    pub budget: Budget,
    /// Where the script that runs now stands; the shell keeps it.
    pub site: Site,
    /// What was changed so far, in order.
    pub effects: Vec<Effect>,
    /// What programs did not do that they would have done (caches, services), in words, in order.
    pub notes: Vec<String>,
    /// The names of the programs that were started.
    pub commands: BTreeSet<String>,
    /// What each script did, by its name: `bash/postinst`.
    pub accounts: BTreeMap<String, Account>,
    /// Scripts that nothing may run, by their names: the recipe leaves them out, or says what stands for them.
    pub skipped: BTreeSet<String>,
    /// The numbers of the user and the group that programs run as now: root's, but for what `su` and its kin start.
    pub runs_as: (u32, u32),
    /// The lines that are reached, when somebody wants to know.
    pub trace: Option<Trace>,
    /// What debconf's programs keep between their runs.
    pub(super) debconf: Kept,
    /// The texts that shells have run.
    pub(super) sources: Sources,
    read: ReadContent<'a>,
    /// Bytes of files that were read before.
    cache: FileCache,
    /// The file whose bytes could not be had.
    broken: Option<(Vec<u8>, String)>,
}

/// How many notes of what was left undone are kept.
const MOST_NOTES: usize = 500;

/// One change to the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The path, without symbolic links.
    pub path: Vec<u8>,
    /// What happened to it.
    pub change: Change,
    /// Which script and line did it.
    pub site: Site,
}

/// What can happen to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It was not there before.
    Made,
    /// Its bytes or its target are others.
    Written,
    /// Its mode, owner or attributes are others.
    Changed,
    /// It is gone.
    Removed,
}

impl<'a> System<'a> {
    /// A system over `tree`; `read` gives the bytes of what packages shipped.
    pub fn new(tree: &'a mut Tree, arch: Arch, epoch: Epoch, limits: Limits, read: ReadContent<'a>) -> Self {
        Self {
            tree,
            arch,
            epoch,
            budget: Budget::new(limits),
            site: Site::default(),
            effects: Vec::new(),
            notes: Vec::new(),
            commands: BTreeSet::new(),
            accounts: BTreeMap::new(),
            skipped: BTreeSet::new(),
            runs_as: (0, 0),
            trace: None,
            debconf: Kept::default(),
            sources: Sources::default(),
            read,
            cache: FileCache::default(),
            broken: None,
        }
    }

    /// Fails when a file's bytes could not be had since the last call: what was done with the error instead is void.
    ///
    /// # Errors
    /// [`StopKind::Read`].
    pub fn sound(&mut self) -> Result<(), Stop> {
        match self.broken.take() {
            None => Ok(()),
            Some((path, reason)) => {
                Err(StopKind::Read { path: format!("/{}", String::from_utf8_lossy(&path)), reason }.into())
            }
        }
    }

    /// What is at `path`, the last component not followed (lstat(2)).
    ///
    /// # Errors
    /// As the call's.
    pub fn lstat(&self, path: &[u8]) -> Result<Node<'_>, Errno> {
        if path.last() == Some(&b'/') {
            return self.stat(path);
        }
        self.tree.lookup(path)?.or_else(|| device(path)).ok_or(Errno::Missing)
    }

    /// What `path` leads to (stat(2)).
    ///
    /// # Errors
    /// As the call's.
    pub fn stat(&self, path: &[u8]) -> Result<Node<'_>, Errno> {
        let node = self.tree.follow(path)?.or_else(|| device(path)).ok_or(Errno::Missing)?;
        if path.last() == Some(&b'/') && !node.is_directory() {
            return Err(Errno::NotADirectory);
        }
        Ok(node)
    }

    /// Whether `path` leads to something.
    #[must_use]
    pub fn exists(&self, path: &[u8]) -> bool {
        self.stat(path).is_ok()
    }

    /// All bytes of the file that `path` leads to. Devices of the usual names are what they are: `/dev/null` is empty.
    ///
    /// # Errors
    /// As open(2)'s and read(2)'s.
    pub fn read(&mut self, path: &[u8]) -> Result<Arc<[u8]>, Errno> {
        let bytes = self.bytes_of(path)?;
        self.budget.charge(bytes.len() / 8);
        Ok(bytes)
    }

    /// The first bytes of the file that `path` leads to, at most [`HEAD`] of them: what it is. Cheap from the second time on,
    /// however long the file is.
    ///
    /// # Errors
    /// As [`System::read`].
    pub fn head(&mut self, path: &[u8]) -> Result<Arc<[u8]>, Errno> {
        if let Kind::File(Content::Entry { at, .. }) = self.stat(path)?.kind
            && let Some(head) = self.cache.head((at.artefact, at.entry))
        {
            return Ok(head);
        }
        let bytes = self.read(path)?;
        match bytes.get(..HEAD) {
            Some(head) if bytes.len() > HEAD => Ok(Arc::from(head)),
            _ => Ok(bytes),
        }
    }

    /// Says that a shipped file is a program in machine code, so that it need not be read for it.
    pub fn know_program(&mut self, at: Position) {
        self.cache.keep_head((at.artefact, at.entry), &elf::MAGIC);
    }

    /// Says what a shipped library is to the dynamic linker, so that it need not be read for it.
    pub fn know_library(&mut self, at: Position, object: Option<SharedObject>) {
        self.cache.keep_object((at.artefact, at.entry), object);
    }

    /// What the ELF file that `path` leads to is to the dynamic linker; `None` where it is no shared object. A shipped file is
    /// read once.
    ///
    /// # Errors
    /// As [`System::read`].
    pub(super) fn shared_object(&mut self, path: &[u8]) -> Result<Option<SharedObject>, Errno> {
        let key = match self.stat(path)?.kind {
            Kind::File(Content::Entry { at, .. }) => Some((at.artefact, at.entry)),
            _ => None,
        };
        if let Some(known) = key.and_then(|key| self.cache.object(key)) {
            return Ok(known);
        }
        let object = elf::shared_object(&self.read(path)?).ok();
        if let Some(key) = key {
            self.cache.keep_object(key, object.clone());
        }
        Ok(object)
    }

    /// All bytes of a file, for who charges what it uses of them.
    pub(super) fn bytes_of(&mut self, path: &[u8]) -> Result<Arc<[u8]>, Errno> {
        if path == b"dev/null" {
            return Ok(Arc::from([]));
        }
        let content = match self.stat(path)?.kind {
            Kind::File(content) => content.clone(),
            Kind::Directory => return Err(Errno::IsADirectory),
            Kind::CharDevice(1, 3) => return Ok(Arc::from([])),
            _ => return Err(Errno::NoDevice),
        };
        let key = match &content {
            Content::Bytes(bytes) => return Ok(Arc::clone(bytes)),
            Content::Entry { at, .. } => (at.artefact, at.entry),
        };
        if let Some(bytes) = self.cache.get(key) {
            return Ok(bytes);
        }
        match (self.read)(&content) {
            Ok(bytes) => {
                self.budget.charge(bytes.len() / 4);
                self.cache.keep(key, &bytes);
                Ok(bytes)
            }
            Err(reason) => {
                self.broken.get_or_insert((path.to_vec(), reason));
                Err(Errno::Io)
            }
        }
    }

    /// Opens a file for reading.
    ///
    /// # Errors
    /// As open(2)'s.
    pub fn open_read(&mut self, path: &[u8]) -> Result<Open, Errno> {
        if path == b"dev/null" {
            return Ok(Rc::new(RefCell::new(Stream::Null)));
        }
        let real = self.tree.real_path(path)?.ok_or(Errno::Missing)?;
        match self.stat(path)?.kind {
            Kind::File(_) => Ok(file(real, 0, false, true, false)),
            Kind::Directory => Err(Errno::IsADirectory),
            Kind::CharDevice(1, 3) => Ok(Rc::new(RefCell::new(Stream::Null))),
            _ => Err(Errno::NoDevice),
        }
    }

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

    /// The names in a directory, in order of their bytes.
    ///
    /// # Errors
    /// As opendir(3)'s.
    pub fn names(&self, path: &[u8]) -> Result<Vec<Vec<u8>>, Errno> {
        if !self.stat(path)?.is_directory() {
            return Err(Errno::NotADirectory);
        }
        Ok(self.tree.children(path)?.map(|(name, _)| name.to_vec()).collect())
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

    /// Says once what a program left undone.
    pub fn leave_out(&mut self, what: impl Into<String>) {
        let what = what.into();
        if self.notes.len() < MOST_NOTES && !self.notes.contains(&what) {
            self.notes.push(if self.notes.len() + 1 < MOST_NOTES { what } else { "and more".into() });
        }
    }

    /// Writes into an open file, at `position` or at its end; the position after it.
    ///
    /// # Errors
    /// As write(2)'s.
    pub(super) fn write_at(&mut self, path: &[u8], position: Option<usize>, bytes: &[u8]) -> Result<usize, Errno> {
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

/// The devices that every machine has (devices in the Linux kernel's `admin-guide/devices.txt`): they are there even when
/// the tree has none, as a container's runtime makes them.
static DEVICES: [(&[u8], Kind); 6] = [
    (b"dev/null", Kind::CharDevice(1, 3)),
    (b"dev/zero", Kind::CharDevice(1, 5)),
    (b"dev/full", Kind::CharDevice(1, 7)),
    (b"dev/random", Kind::CharDevice(1, 8)),
    (b"dev/urandom", Kind::CharDevice(1, 9)),
    (b"dev/tty", Kind::CharDevice(5, 0)),
];
static DEVICE_META: Meta = Meta::root(0o666, 0);

/// The device of the machine at `path`.
fn device(path: &[u8]) -> Option<Node<'static>> {
    let (at, (_, kind)) = DEVICES.iter().enumerate().find(|(_, (name, _))| *name == path)?;
    let inode = u32::MAX - u32::try_from(at).ok()?;
    Some(Node { kind, meta: &DEVICE_META, owners: &[], origin: None, links: 1, inode })
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

fn file(path: Vec<u8>, position: usize, append: bool, read: bool, write: bool) -> Open {
    Rc::new(RefCell::new(Stream::File { path, position, append, read, write }))
}
