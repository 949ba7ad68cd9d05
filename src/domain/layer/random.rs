//! Reading single files out of a fragment.

use std::io::{self, Read, Seek, SeekFrom};

use super::error::LayerError;
use super::index::{Index, Placed};
use super::members;
use crate::base::Hasher;
use crate::formats::compress::MemberDecoder;
use crate::formats::tar::Kind;

/// Gives the content of any file of a fragment, decompressing only the members that hold it. The last member is kept,
/// so reading neighbours costs nothing more.
///
/// The whole fragment is not hashed for this: the caller hands in bytes that it has checked against [`Index::digest`].
pub struct FragmentReader<'a, S> {
    index: &'a Index,
    source: S,
    decoder: MemberDecoder,
    compressed: Vec<u8>,
    plain: Vec<u8>,
    /// Which member `plain` holds.
    loaded: Option<usize>,
    /// Where each member starts: plain, stored.
    starts: Vec<(u64, u64)>,
}

impl<'a, S: Read + Seek> FragmentReader<'a, S> {
    /// Reads from `source`, which holds the fragment's bytes and nothing before them.
    ///
    /// # Errors
    /// When memory is short.
    pub fn new(index: &'a Index, source: S) -> Result<Self, LayerError> {
        let mut starts = Vec::with_capacity(index.members.len());
        let (mut plain, mut stored) = (0, 0);
        for member in &index.members {
            starts.push((plain, stored));
            plain += member.plain;
            stored += member.compressed;
        }
        Ok(Self {
            index,
            source,
            decoder: MemberDecoder::new(index.compression)?,
            compressed: Vec::new(),
            plain: Vec::new(),
            loaded: None,
            starts,
        })
    }

    /// The content of the file at `path`; hard links are followed.
    ///
    /// # Errors
    /// When there is no such file, or as reading does.
    pub fn read_path(&mut self, path: &[u8]) -> Result<Vec<u8>, LayerError> {
        let placed = resolve(self.index, path)
            .ok_or_else(|| LayerError::NoSuchFile { path: path.to_vec(), digest: self.index.digest })?;
        let mut content = Vec::new();
        self.copy(placed.content, placed.entry.size(), |bytes| {
            content.extend_from_slice(bytes);
            Ok(())
        })?;
        Ok(content)
    }

    /// The content of an entry of this index, as a stream; empty for all but files.
    pub fn open(&mut self, placed: &Placed) -> impl Read {
        Content { left: placed.entry.size(), position: placed.content, reader: self }
    }

    /// Hashes the whole source, and leaves it at its end.
    ///
    /// # Errors
    /// When its bytes are not those that the index describes.
    pub fn verify(&mut self) -> Result<(), LayerError> {
        let digest = self.index.digest;
        let mut hasher = Hasher::around(io::sink());
        self.source
            .seek(SeekFrom::Start(0))
            .and_then(|_| io::copy(&mut (&mut self.source).take(self.index.size + 1), &mut hasher))
            .map_err(|source| LayerError::Fragment { digest, source })?;
        let (actual, ..) = hasher.finish();
        if actual == digest { Ok(()) } else { Err(LayerError::Changed { expected: digest, actual }) }
    }

    /// A member as it is stored.
    pub(super) fn stored(&mut self, at: usize) -> Result<&[u8], LayerError> {
        let (member, digest) = (self.index.members[at], self.index.digest);
        self.source
            .seek(SeekFrom::Start(self.starts[at].1))
            .and_then(|_| members::read_member(&mut self.source, member, &mut self.compressed))
            .map_err(|source| LayerError::Fragment { digest, source })?;
        Ok(&self.compressed)
    }

    /// The plain bytes of a whole member.
    pub(super) fn member(&mut self, at: usize) -> Result<&[u8], LayerError> {
        if self.loaded != Some(at) {
            self.loaded = None;
            self.stored(at)?;
            self.plain.resize(usize::try_from(self.index.members[at].plain).unwrap_or(usize::MAX), 0);
            self.decoder.decode(&self.compressed, &mut self.plain)?;
            self.loaded = Some(at);
        }
        Ok(&self.plain)
    }

    /// Hands `length` plain bytes from `position` on to `sink`, a member's part at a time.
    pub(super) fn copy(
        &mut self,
        mut position: u64,
        length: u64,
        mut sink: impl FnMut(&[u8]) -> Result<(), LayerError>,
    ) -> Result<(), LayerError> {
        let end = position + length;
        while position < end {
            let part = self.part(position, end)?;
            position += part.len() as u64;
            sink(part)?;
        }
        Ok(())
    }

    /// The plain bytes from `position` to `end`, or to the end of the member.
    fn part(&mut self, position: u64, end: u64) -> Result<&[u8], LayerError> {
        let at = self.starts.partition_point(|(plain, _)| *plain <= position).saturating_sub(1);
        let Some((start, _)) = self.starts.get(at).copied() else {
            return Err(LayerError::Index("a position beyond the last member"));
        };
        let member = self.member(at)?;
        let from = usize::try_from(position - start).unwrap_or(usize::MAX);
        let to = usize::try_from(end - start).unwrap_or(usize::MAX).min(member.len());
        member
            .get(from..to)
            .filter(|part| !part.is_empty())
            .ok_or(LayerError::Index("a position beyond the last member"))
    }
}

/// The entry with the content of `path`: itself, or what its hard links lead to.
pub(super) fn resolve<'a>(index: &'a Index, path: &[u8]) -> Option<&'a Placed> {
    let mut placed = index.find(path)?;
    // Each target stands before its link, so this ends.
    for _ in 0..index.entries.len() {
        match &placed.entry.kind {
            Kind::Hardlink(target) => placed = index.find(target)?,
            Kind::File { .. } => return Some(placed),
            _ => return None,
        }
    }
    None
}

/// The content of one file.
struct Content<'r, 'a, S> {
    reader: &'r mut FragmentReader<'a, S>,
    position: u64,
    left: u64,
}

impl<S: Read + Seek> Read for Content<'_, '_, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 || buffer.is_empty() {
            return Ok(0);
        }
        let part = self.reader.part(self.position, self.position + self.left).map_err(io::Error::other)?;
        let n = part.len().min(buffer.len());
        buffer[..n].copy_from_slice(&part[..n]);
        self.position += n as u64;
        self.left -= n as u64;
        Ok(n)
    }
}
