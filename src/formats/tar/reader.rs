//! A strict, streaming reader for archives that others made: one [`Entry`] after the other, each file's bytes in between.
//!
//! It understands POSIX ustar, POSIX pax headers (per entry and global), GNU long names and base-256 numbers
//! (<https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html>, tar(5)). Where tools read one archive in two
//! ways, it refuses rather than picks:
//!
//! - Absolute paths count from the root of the tree; `..` is refused; `.` and empty components vanish.
//! - An entry has pax records or GNU long names, never both; the same extension twice is refused, and so is one at the end.
//! - A pax `size` wins over the header's. Only files have content; another kind with a size is refused.
//! - Global pax records may set times, owners and attributes; global paths and sizes are refused.
//! - Sparse files and unknown types are refused.
//! - Names that start with `.wh.` mean "deleted" in an OCI layer and are refused, unless a layer is read
//!   ([`Whiteouts::Read`]). The `overlay` attributes are refused.
//! - `security.selinux` labels and other vendors' pax records are dropped; other attributes are kept.
//! - One block of zeros ends the archive. What follows is read, so that a codec can check it, and never becomes an
//!   entry. An archive without such a block is cut short.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Read};

use tar::Header;

use super::entry::{Entry, Kind};
use super::error::{Problem, TarError};
use super::{number, path, pax};

/// Bytes of a block; headers and contents fill whole ones.
pub(super) const BLOCK: u64 = 512;

/// The most bytes of one pax header or GNU long name. Attributes of 64 KiB fit.
const MAX_EXTENSION: u64 = 1 << 20;

/// Reads through this much at a time, so that 512-byte headers cost no call into a decoder.
const BUFFER: usize = 64 << 10;

/// What an archive may at most hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many entries.
    pub entries: u64,
    /// How many bytes of archive, headers and contents together.
    pub bytes: u64,
}

impl Default for Limits {
    /// 300,000 entries, 16 GiB: above every package of Debian, and what a list of entries in memory may cost.
    fn default() -> Self {
        Self { entries: 300_000, bytes: 16 << 30 }
    }
}

/// What becomes of entries whose name starts with `.wh.` (image-spec, `layer.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whiteouts {
    /// They are refused: what is read is no layer.
    Refuse,
    /// They come out as entries; only an entry's own name may be one.
    Read,
}

/// Reads entries from an archive.
pub struct Reader<R> {
    input: BufReader<R>,
    limits: Limits,
    whiteouts: Whiteouts,
    offset: u64,
    entries: u64,
    /// Content of the current entry that was not read yet, and the padding after it.
    content: u64,
    padding: u64,
    global: pax::Records,
    ended: bool,
}

/// Extensions that wait for their entry.
#[derive(Default)]
struct Extensions {
    pax: Option<pax::Records>,
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
}

impl<R: Read> Reader<R> {
    /// Reads from the start of `input`, which is no layer.
    pub fn new(input: R, limits: Limits) -> Self {
        Self::with_whiteouts(input, limits, Whiteouts::Refuse)
    }

    /// Reads from the start of `input`.
    pub fn with_whiteouts(input: R, limits: Limits, whiteouts: Whiteouts) -> Self {
        Self {
            input: BufReader::with_capacity(BUFFER, input),
            limits,
            whiteouts,
            offset: 0,
            entries: 0,
            content: 0,
            padding: 0,
            global: pax::Records::default(),
            ended: false,
        }
    }

    /// The next entry; what was not read of the current one's content is skipped. `None` at the end, when the input has been
    /// read to its end too.
    ///
    /// # Errors
    /// When reading fails, or the archive is malformed, ambiguous, reserved or too large (see the module).
    pub fn next_entry(&mut self) -> Result<Option<Entry>, TarError> {
        if self.ended {
            return Ok(None);
        }
        self.skip()?;
        let mut extensions = Extensions::default();
        loop {
            let at = self.offset;
            let mut header = Header::new_old();
            if !self.block(header.as_mut_bytes())? {
                return Err(TarError::at(at, Problem::NoEnd));
            }
            if header.as_bytes().iter().all(|byte| *byte == 0) {
                if extensions.any() {
                    return Err(TarError::at(at, Problem::Dangling));
                }
                self.ended = true;
                self.drain()?;
                return Ok(None);
            }
            let fail = |problem| TarError::at(at, problem);
            number::verify_checksum(&header).map_err(fail)?;
            let typeflag = header.as_old().linkflag[0];
            match typeflag {
                b'x' | b'g' | b'L' | b'K' => {
                    let size = number::unsigned(&header.as_old().size, "size").map_err(fail)?;
                    let body = self.extension(at, size)?;
                    if typeflag == b'g' {
                        if extensions.any() {
                            return Err(fail(Problem::Ambiguous(
                                "a global pax header between an extension and its entry",
                            )));
                        }
                        self.global.merge_global(&body).map_err(fail)?;
                    } else {
                        extensions.add(typeflag, body).map_err(fail)?;
                    }
                }
                _ => {
                    let entry = self.entry(&header, extensions).map_err(fail)?;
                    self.entries += 1;
                    if self.entries > self.limits.entries {
                        return Err(fail(Problem::TooMany(self.limits.entries)));
                    }
                    self.content = entry.size();
                    self.padding = self.content.next_multiple_of(BLOCK) - self.content;
                    if self.content > self.limits.bytes.saturating_sub(self.offset) {
                        return Err(fail(Problem::TooLarge(self.limits.bytes)));
                    }
                    return Ok(Some(entry));
                }
            }
        }
    }

    /// The content of the entry that was returned last, as far as it was not read yet.
    pub fn content(&mut self) -> Content<'_, R> {
        Content(self)
    }

    /// How many bytes of content are left of the current entry.
    #[must_use]
    pub const fn remaining(&self) -> u64 {
        self.content
    }

    /// Gives the input back. Bytes that were read ahead are lost, so this is for after the end.
    pub fn into_inner(self) -> R {
        self.input.into_inner()
    }

    fn entry(&self, header: &Header, extensions: Extensions) -> Result<Entry, Problem> {
        let old = header.as_old();
        let records = extensions.pax.unwrap_or_default();
        let mut raw = match records.path.or(extensions.path) {
            Some(long) => long,
            None => number::name(header)?,
        };
        // Before there was a type for directories, a name that ends in a slash was one.
        let slash = raw.last() == Some(&b'/');
        let typeflag = match old.linkflag[0] {
            0 | b'0' | b'7' if slash => b'5',
            0 | b'7' => b'0',
            other => other,
        };
        let size = match records.size {
            Some(size) => size,
            None => number::unsigned(&old.size, "size")?,
        };
        if typeflag != b'0' && size != 0 && (b'1'..=b'6').contains(&typeflag) {
            return Err(Problem::Ambiguous("content after an entry that is no file"));
        }
        let link = || -> Result<Vec<u8>, Problem> {
            Ok(match records.linkpath.or(extensions.link) {
                Some(long) => long,
                None => number::text(&old.linkname).to_vec(),
            })
        };
        let device = || -> Result<(u32, u32), Problem> {
            let ustar = header.as_ustar().map(|h| (&h.dev_major, &h.dev_minor));
            let gnu = header.as_gnu().map(|h| (&h.dev_major, &h.dev_minor));
            let (major, minor) =
                ustar.or(gnu).ok_or(Problem::Ambiguous("a device in a header without device numbers"))?;
            Ok((number::small(major, "major device number")?, number::small(minor, "minor device number")?))
        };
        let kind = match typeflag {
            b'0' => Kind::File { size },
            b'1' => Kind::Hardlink(path::normal(link()?)?),
            b'2' => Kind::Symlink(path::target(link()?)?),
            b'3' => device().map(|(major, minor)| Kind::CharDevice { major, minor })?,
            b'4' => device().map(|(major, minor)| Kind::BlockDevice { major, minor })?,
            b'5' => Kind::Directory,
            b'6' => Kind::Fifo,
            b'S' => return Err(Problem::Sparse),
            other => return Err(Problem::UnknownType(other)),
        };
        if slash && kind != Kind::Directory {
            return Err(Problem::Ambiguous("a name that ends in a slash, of an entry that is no directory"));
        }
        raw = path::of_entry(raw, self.whiteouts)?;
        if raw.is_empty() && kind != Kind::Directory {
            return Err(Problem::Path { path: raw, reason: "the root can only be a directory" });
        }
        if matches!(&kind, Kind::Hardlink(target) if *target == raw) {
            return Err(Problem::Path { path: raw, reason: "a hard link to itself" });
        }
        let owner = |pax: Option<u32>, global: Option<u32>, field: &[u8; 8], name| match pax.or(global) {
            Some(id) => Ok(id),
            None => number::small(field, name),
        };
        let mut xattrs: BTreeMap<String, Vec<u8>> = self.global.xattrs.clone();
        xattrs.extend(records.xattrs);
        Ok(Entry {
            path: raw,
            kind,
            mode: number::small(&old.mode, "mode")? & 0o7777,
            uid: owner(records.uid, self.global.uid, &old.uid, "uid")?,
            gid: owner(records.gid, self.global.gid, &old.gid, "gid")?,
            mtime: match records.mtime.or(self.global.mtime) {
                Some(mtime) => mtime,
                None => number::signed(&old.mtime, "mtime")?,
            },
            xattrs,
        })
    }

    /// Reads one block. False where the input ends before it; an error where it ends inside.
    fn block(&mut self, block: &mut [u8; BLOCK as usize]) -> Result<bool, TarError> {
        if self.limits.bytes.saturating_sub(self.offset) < BLOCK {
            return Err(TarError::at(self.offset, Problem::TooLarge(self.limits.bytes)));
        }
        let mut filled = 0;
        while filled < block.len() {
            match self.input.read(&mut block[filled..]) {
                Ok(0) if filled == 0 => return Ok(false),
                Ok(0) => return Err(TarError::at(self.offset, Problem::Cut)),
                Ok(n) => filled += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(TarError::Read { offset: self.offset, source }),
            }
        }
        self.offset += BLOCK;
        Ok(true)
    }

    /// Reads the body of an extension header.
    fn extension(&mut self, at: u64, size: u64) -> Result<Vec<u8>, TarError> {
        if size > MAX_EXTENSION {
            return Err(TarError::at(at, Problem::LongExtension { size, limit: MAX_EXTENSION }));
        }
        let padded = size.next_multiple_of(BLOCK);
        if padded > self.limits.bytes.saturating_sub(self.offset) {
            return Err(TarError::at(at, Problem::TooLarge(self.limits.bytes)));
        }
        let mut body = Vec::new();
        let read = (&mut self.input)
            .take(padded)
            .read_to_end(&mut body)
            .map_err(|source| TarError::Read { offset: self.offset, source })?;
        self.offset += read as u64;
        if read as u64 != padded {
            return Err(TarError::at(self.offset, Problem::Cut));
        }
        body.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        Ok(body)
    }

    /// Skips what is left of the current entry.
    fn skip(&mut self) -> Result<(), TarError> {
        let left = self.content + self.padding;
        (self.content, self.padding) = (0, 0);
        let skipped = io::copy(&mut (&mut self.input).take(left), &mut io::sink())
            .map_err(|source| TarError::Read { offset: self.offset, source })?;
        self.offset += skipped;
        if skipped == left { Ok(()) } else { Err(TarError::at(self.offset, Problem::Cut)) }
    }

    /// Reads to the end of the input, within the limit.
    fn drain(&mut self) -> Result<(), TarError> {
        let left = self.limits.bytes.saturating_sub(self.offset);
        let drained = io::copy(&mut (&mut self.input).take(left + 1), &mut io::sink())
            .map_err(|source| TarError::Read { offset: self.offset, source })?;
        if drained > left { Err(TarError::at(self.offset, Problem::TooLarge(self.limits.bytes))) } else { Ok(()) }
    }
}

impl Extensions {
    const fn any(&self) -> bool {
        self.pax.is_some() || self.path.is_some() || self.link.is_some()
    }

    fn add(&mut self, typeflag: u8, body: Vec<u8>) -> Result<(), Problem> {
        let taken = match typeflag {
            b'x' => self.pax.is_some(),
            b'L' => self.path.is_some(),
            _ => self.link.is_some(),
        };
        if taken {
            return Err(Problem::Ambiguous("the same extension header twice before one entry"));
        }
        if (typeflag == b'x' && self.any()) || (typeflag != b'x' && self.pax.is_some()) {
            return Err(Problem::Ambiguous("a pax header and a GNU long name before one entry"));
        }
        match typeflag {
            b'x' => self.pax = Some(pax::Records::parse(&body)?),
            b'L' => self.path = Some(number::text(&body).to_vec()),
            _ => self.link = Some(number::text(&body).to_vec()),
        }
        Ok(())
    }
}

/// The content of one entry: see [`Reader::content`].
pub struct Content<'a, R>(&'a mut Reader<R>);

impl<R: Read> Read for Content<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let reader = &mut *self.0;
        let wanted = buffer.len().min(usize::try_from(reader.content).unwrap_or(usize::MAX));
        if wanted == 0 {
            return Ok(0);
        }
        let n = reader.input.read(&mut buffer[..wanted])?;
        if n == 0 {
            let error = TarError::at(reader.offset, Problem::Cut);
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, error));
        }
        reader.content -= n as u64;
        reader.offset += n as u64;
        Ok(n)
    }
}
