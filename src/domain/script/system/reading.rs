//! Looking at the tree, and the bytes of its files.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::super::errno::Errno;
use super::super::stream::{Open, Stream};
use super::{HEAD, System, file};
use crate::domain::rootfs::{Content, Kind, Meta, Node, Position};
use crate::formats::elf::{self, SharedObject};

impl System<'_> {
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
    pub(in crate::domain::script) fn shared_object(&mut self, path: &[u8]) -> Result<Option<SharedObject>, Errno> {
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
    pub(in crate::domain::script) fn bytes_of(&mut self, path: &[u8]) -> Result<Arc<[u8]>, Errno> {
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
