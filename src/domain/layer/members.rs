//! Plain tar bytes in, compressed members out: what fragments and layers have in common.

use std::io::{self, Read, Write};

use super::error::LayerError;
use super::index::Member;
use crate::base::{Digest, Hasher};
use crate::formats::compress::{Compression, MemberEncoder};
use crate::formats::tar::{Entry, writer};

/// The most plain bytes of one member.
///
/// Larger members compress little better (zstd's window at our level is 2 MiB, gzip's 32 KiB; libc6 grows by 3% with
/// half of this), and reading one file back, or leaving one out, costs a whole member.
pub(super) const MEMBER: usize = 4 << 20;

/// Cuts what is written into members of [`MEMBER`] bytes, compresses each, and writes them to `out`.
pub(super) struct Members<W, P> {
    encoder: MemberEncoder,
    /// [`MEMBER`] bytes, of which the first `used` are filled.
    plain: Vec<u8>,
    used: usize,
    header: Vec<u8>,
    out: Hasher<W>,
    members: Vec<Member>,
    plain_before: u64,
    tap: P,
}

/// Sees the plain bytes of every member, whether it is compressed here or copied.
pub(super) trait Tap {
    /// Takes the next plain bytes.
    fn see(&mut self, plain: &[u8]);
}

impl Tap for () {
    fn see(&mut self, _: &[u8]) {}
}

impl Tap for Hasher {
    fn see(&mut self, plain: &[u8]) {
        self.update(plain);
    }
}

/// What was written.
pub(super) struct Written<W, P> {
    pub(super) members: Vec<Member>,
    pub(super) digest: Digest,
    pub(super) size: u64,
    pub(super) plain_size: u64,
    pub(super) out: W,
    pub(super) tap: P,
}

impl<W: Write, P: Tap> Members<W, P> {
    pub(super) fn new(compression: Compression, out: W, tap: P) -> Result<Self, LayerError> {
        Ok(Self {
            encoder: MemberEncoder::new(compression)?,
            plain: vec![0; MEMBER],
            used: 0,
            header: Vec::new(),
            out: Hasher::around(out),
            members: Vec::new(),
            plain_before: 0,
            tap,
        })
    }

    /// How many plain bytes came before what is written next.
    pub(super) fn position(&self) -> u64 {
        self.plain_before + self.used as u64
    }

    /// Adds plain bytes.
    pub(super) fn write(&mut self, mut bytes: &[u8]) -> Result<(), LayerError> {
        while !bytes.is_empty() {
            let n = bytes.len().min(MEMBER - self.used);
            let (now, later) = bytes.split_at(n);
            self.plain[self.used..self.used + n].copy_from_slice(now);
            self.used += n;
            bytes = later;
            if self.used == MEMBER {
                self.cut()?;
            }
        }
        Ok(())
    }

    /// Adds a header, the entry's content, and padding. Returns where the content starts.
    pub(super) fn entry(&mut self, entry: &Entry, content: &mut dyn Read) -> Result<u64, LayerError> {
        let mut header = std::mem::take(&mut self.header);
        header.clear();
        writer::header(entry, &mut header)?;
        self.write(&header)?;
        self.header = header;
        let start = self.position();
        let size = entry.size();
        let mut left = size;
        while left > 0 {
            // Straight from the decoder into the member.
            let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(MEMBER - self.used);
            let space = &mut self.plain[self.used..self.used + wanted];
            let got = match content.read(space) {
                Ok(0) => {
                    return Err(LayerError::Short { path: entry.shown(), expected: size, got: size - left });
                }
                Ok(got) => got,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(source) => return Err(LayerError::Content { path: entry.shown(), source }),
            };
            self.used += got;
            left -= got as u64;
            if self.used == MEMBER {
                self.cut()?;
            }
        }
        self.write(&[0; 512][..writer::padding(size)])?;
        Ok(start)
    }

    /// Ends the current member, if it holds anything.
    pub(super) fn cut(&mut self) -> Result<(), LayerError> {
        if self.used == 0 {
            return Ok(());
        }
        let plain = &self.plain[..self.used];
        let compressed = self.encoder.encode(plain)?;
        self.out.write_all(compressed).map_err(LayerError::Write)?;
        self.members.push(Member { compressed: compressed.len() as u64, plain: plain.len() as u64 });
        self.tap.see(plain);
        self.plain_before += plain.len() as u64;
        self.used = 0;
        Ok(())
    }

    /// Ends the current member and adds one that is compressed already; `plain` is what it decompresses to, shown
    /// to the tap.
    pub(super) fn copy(&mut self, member: Member, compressed: &[u8], plain: &[u8]) -> Result<(), LayerError> {
        self.cut()?;
        self.out.write_all(compressed).map_err(LayerError::Write)?;
        self.tap.see(plain);
        self.plain_before += member.plain;
        self.members.push(member);
        Ok(())
    }

    /// Ends the last member.
    pub(super) fn finish(mut self) -> Result<Written<W, P>, LayerError> {
        self.cut()?;
        let (digest, size, mut out) = self.out.finish();
        out.flush().map_err(LayerError::Write)?;
        Ok(Written { members: self.members, digest, size, plain_size: self.plain_before, out, tap: self.tap })
    }
}

/// Reads exactly one compressed member into `buffer`.
pub(super) fn read_member(input: &mut impl Read, member: Member, buffer: &mut Vec<u8>) -> io::Result<()> {
    buffer.clear();
    input.take(member.compressed).read_to_end(buffer)?;
    if buffer.len() as u64 == member.compressed { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}
