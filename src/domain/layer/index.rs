//! What a fragment holds, and where: kept beside the fragment, so that a build reads metadata without reading files.
//!
//! # Byte format, version 1
//!
//! Hundreds of indexes are read for every build, so the form is made for reading fast: one pass, no compression (paths
//! share prefixes instead). Numbers are LEB128, seven bits a byte, the lowest first; signed ones are zigzag-coded first. Texts are a
//! length and bytes. There is one encoding of an index: its bytes can be compared.
//!
//! ```text
//! "MKFI" version
//! compression (0 gzip, 1 zstd)  digest (32 bytes)  size
//! count { compressed plain }                                 the members, in order
//! count { entry }                                            directories, in order of the archive
//! count { entry  position - end of the one before  content - position  0 (reserved) }
//! entry: prefix shared with the path before, rest of the path, kind, mode, uid, gid, mtime - mtime before, count { name value }
//! kind:  0 file size | 1 directory | 2 symlink target | 3 hardlink target | 4 char device | 5 block device major minor | 6 fifo
//! ```

use std::collections::BTreeMap;

use super::error::LayerError;
use crate::base::Digest;
use crate::formats::compress::Compression;
use crate::formats::tar::{Entry, Kind};

/// The version of the byte format above; a newer one is refused, an older one made anew.
pub const VERSION: u64 = 1;

const MAGIC: &[u8; 4] = b"MKFI";

/// One compressed member: a gzip member or a zstd frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its length as stored.
    pub compressed: u64,
    /// Its length when decompressed; never 0.
    pub plain: u64,
}

/// An entry and where it lies in the plain bytes of its fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The entry; never a directory.
    pub entry: Entry,
    /// Where its header starts.
    pub position: u64,
    /// Where its content starts.
    pub content: u64,
}

/// A fragment's description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// How the members are compressed.
    pub compression: Compression,
    /// The digest of the fragment as stored.
    pub digest: Digest,
    /// Its length as stored.
    pub size: u64,
    /// Its members, in order.
    pub members: Vec<Member>,
    /// The artefact's directories, in the order of its archive. They are not in the fragment's bytes: layers share them.
    pub directories: Vec<Entry>,
    /// Everything else, in the order of the fragment.
    pub entries: Vec<Placed>,
}

impl Placed {
    /// Where the next entry starts: after the content and its padding.
    #[must_use]
    pub const fn end(&self) -> u64 {
        self.content + self.entry.size().next_multiple_of(512)
    }
}

impl Index {
    /// Length of all members when decompressed.
    #[must_use]
    pub fn plain_size(&self) -> u64 {
        self.members.iter().map(|member| member.plain).sum()
    }

    /// Bytes of all files.
    #[must_use]
    pub fn content_size(&self) -> u64 {
        self.entries.iter().map(|placed| placed.entry.size()).sum()
    }

    /// The latest modification time of any entry; `None` where there is no entry.
    #[must_use]
    pub fn max_mtime(&self) -> Option<i64> {
        let files = self.entries.iter().map(|placed| placed.entry.mtime);
        files.chain(self.directories.iter().map(|entry| entry.mtime)).max()
    }

    /// The entry at `path`, which is looked for from the start.
    #[must_use]
    pub fn find(&self, path: &[u8]) -> Option<&Placed> {
        self.entries.iter().find(|placed| placed.entry.path == path)
    }

    /// The bytes of this index.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Encoder::default();
        out.bytes.extend_from_slice(MAGIC);
        out.number(VERSION);
        out.number(match self.compression {
            Compression::Gzip => 0,
            Compression::Zstd => 1,
        });
        out.bytes.extend_from_slice(self.digest.as_bytes());
        out.number(self.size);
        out.number(self.members.len() as u64);
        for member in &self.members {
            out.number(member.compressed);
            out.number(member.plain);
        }
        out.number(self.directories.len() as u64);
        for entry in &self.directories {
            out.entry(entry);
        }
        out.number(self.entries.len() as u64);
        let mut end = 0;
        for placed in &self.entries {
            out.entry(&placed.entry);
            out.number(placed.position - end);
            out.number(placed.content - placed.position);
            end = placed.end();
            out.number(0);
        }
        out.bytes
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// When the bytes are no index, of another version, or say what cannot be.
    pub fn decode(bytes: &[u8]) -> Result<Self, LayerError> {
        let mut input = Decoder { rest: bytes, path: Vec::new(), mtime: 0 };
        if input.take(4)? != MAGIC {
            return Err(LayerError::Index("it does not start with MKFI"));
        }
        match input.number()? {
            VERSION => {}
            found => return Err(LayerError::IndexVersion { found, known: VERSION }),
        }
        let compression = match input.number()? {
            0 => Compression::Gzip,
            1 => Compression::Zstd,
            _ => return Err(LayerError::Index("unknown compression")),
        };
        let digest = Digest::from_bytes(input.array()?);
        let size = input.number()?;
        let members = input.list(|input| Ok(Member { compressed: input.number()?, plain: input.number()? }))?;
        let directories = input.list(Decoder::entry)?;
        let mut end = 0_u64;
        let entries = input.list(|input| {
            let entry = input.entry()?;
            let overflow = || LayerError::Index("positions overflow");
            let position = end.checked_add(input.number()?).ok_or_else(overflow)?;
            let content = position.checked_add(input.number()?).ok_or_else(overflow)?;
            let padded = entry.size().checked_next_multiple_of(512).ok_or_else(overflow)?;
            end = content.checked_add(padded).ok_or_else(overflow)?;
            match input.number()? {
                0 => Ok(Placed { entry, position, content }),
                _ => Err(LayerError::Index("an entry with what is reserved")),
            }
        })?;
        let sum = |part: fn(&Member) -> u64| members.iter().try_fold(0_u64, |sum, m| sum.checked_add(part(m)));
        if !input.rest.is_empty() {
            return Err(LayerError::Index("bytes after its end"));
        }
        if sum(|m| m.compressed) != Some(size) || sum(|m| m.plain).is_none_or(|plain| plain != end) {
            return Err(LayerError::Index("members and entries do not add up"));
        }
        if members
            .iter()
            .any(|m| m.plain == 0 || m.plain > super::members::MEMBER as u64 || m.compressed > 2 * m.plain + 1024)
        {
            return Err(LayerError::Index("a member of an impossible length"));
        }
        Ok(Self { compression, digest, size, members, directories, entries })
    }
}

/// Writes numbers and entries.
#[derive(Default)]
struct Encoder {
    bytes: Vec<u8>,
    path: Vec<u8>,
    mtime: i64,
}

impl Encoder {
    fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    fn text(&mut self, text: &[u8]) {
        self.number(text.len() as u64);
        self.bytes.extend_from_slice(text);
    }

    fn entry(&mut self, entry: &Entry) {
        let shared = self.path.iter().zip(&entry.path).take_while(|(a, b)| a == b).count();
        self.number(shared as u64);
        self.text(&entry.path[shared..]);
        self.path.clone_from(&entry.path);
        match &entry.kind {
            Kind::File { size } => {
                self.number(0);
                self.number(*size);
            }
            Kind::Directory => self.number(1),
            Kind::Symlink(target) => {
                self.number(2);
                self.text(target);
            }
            Kind::Hardlink(target) => {
                self.number(3);
                self.text(target);
            }
            Kind::CharDevice { major, minor } | Kind::BlockDevice { major, minor } => {
                self.number(if matches!(entry.kind, Kind::CharDevice { .. }) { 4 } else { 5 });
                self.number((*major).into());
                self.number((*minor).into());
            }
            Kind::Fifo => self.number(6),
        }
        self.number(entry.mode.into());
        self.number(entry.uid.into());
        self.number(entry.gid.into());
        let delta = entry.mtime.wrapping_sub(self.mtime);
        self.number((delta << 1 ^ delta >> 63) as u64);
        self.mtime = entry.mtime;
        self.number(entry.xattrs.len() as u64);
        for (name, value) in &entry.xattrs {
            self.text(name.as_bytes());
            self.text(value);
        }
    }
}

/// Reads numbers and entries.
struct Decoder<'a> {
    rest: &'a [u8],
    path: Vec<u8>,
    mtime: i64,
}

impl<'a> Decoder<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], LayerError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(LayerError::Index("it is cut short"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], LayerError> {
        self.take(N)?.try_into().map_err(|_| LayerError::Index("it is cut short"))
    }

    fn number(&mut self) -> Result<u64, LayerError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.array::<1>()?[0];
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(LayerError::Index("a number of more than 64 bits"))
    }

    fn small(&mut self) -> Result<u32, LayerError> {
        self.number()?.try_into().map_err(|_| LayerError::Index("a number of more than 32 bits"))
    }

    fn length(&mut self) -> Result<usize, LayerError> {
        self.number()?.try_into().map_err(|_| LayerError::Index("it is cut short"))
    }

    fn text(&mut self) -> Result<&'a [u8], LayerError> {
        let length = self.length()?;
        self.take(length)
    }

    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Result<T, LayerError>) -> Result<Vec<T>, LayerError> {
        let count = self.length()?;
        // Every item takes at least two bytes, so a lie about the count cannot ask for much memory.
        let mut items = Vec::with_capacity(count.min(self.rest.len() / 2));
        for _ in 0..count {
            items.push(item(self)?);
        }
        Ok(items)
    }

    fn entry(&mut self) -> Result<Entry, LayerError> {
        let shared = self.length()?;
        let suffix = self.text()?;
        if shared > self.path.len() {
            return Err(LayerError::Index("a path that shares more than there is"));
        }
        self.path.truncate(shared);
        self.path.extend_from_slice(suffix);
        let kind = match self.number()? {
            0 => Kind::File { size: self.number()? },
            1 => Kind::Directory,
            2 => Kind::Symlink(self.text()?.to_vec()),
            3 => Kind::Hardlink(self.text()?.to_vec()),
            4 => Kind::CharDevice { major: self.small()?, minor: self.small()? },
            5 => Kind::BlockDevice { major: self.small()?, minor: self.small()? },
            6 => Kind::Fifo,
            _ => return Err(LayerError::Index("unknown kind of entry")),
        };
        let (mode, uid, gid) = (self.small()?, self.small()?, self.small()?);
        let zigzag = self.number()?;
        let delta = (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64);
        self.mtime = self.mtime.wrapping_add(delta);
        let mut xattrs = BTreeMap::new();
        for _ in 0..self.number()? {
            let name = std::str::from_utf8(self.text()?).map_err(|_| LayerError::Index("an attribute's name"))?;
            xattrs.insert(name.to_owned(), self.text()?.to_vec());
        }
        Ok(Entry { path: self.path.clone(), kind, mode, uid, gid, mtime: self.mtime, xattrs })
    }
}
