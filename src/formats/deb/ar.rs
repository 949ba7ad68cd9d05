//! The outer container of a `.deb`: a common `ar` archive, deb(5), read forwards only.

use std::io::{self, BufRead, Read};

use super::error::DebError;

const MAGIC: &[u8; 8] = b"!<arch>\n";
const HEADER: usize = 60;

/// Reads members one after the other. Used by value: a member owns the archive while it is read, and gives it back.
pub struct Archive<R> {
    input: R,
    offset: u64,
}

/// One member: its name, and its bytes through [`BufRead`].
pub struct Member<R> {
    archive: Archive<R>,
    name: String,
    size: u64,
    left: u64,
}

/// The input ended inside a member. Found inside an [`io::Error`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("member `{member}` is cut short: {expected} bytes expected, {got} there")]
pub struct Cut {
    /// The member.
    pub member: String,
    /// Its size by its header.
    pub expected: u64,
    /// How many bytes there are.
    pub got: u64,
}

impl<R: BufRead> Archive<R> {
    /// Checks the magic number.
    ///
    /// # Errors
    /// When the input is no `ar` archive, or one of Debian's formats before 1995.
    pub fn open(mut input: R) -> Result<Self, DebError> {
        let mut magic = [0; 8];
        let got = fill(&mut input, &mut magic)?;
        if magic[..got].starts_with(b"0.93") {
            return Err(DebError::OldFormat);
        }
        if magic != *MAGIC {
            return Err(DebError::NotAnArchive);
        }
        Ok(Self { input, offset: 8 })
    }

    /// The next member, or the input back at its end.
    ///
    /// # Errors
    /// When the header is malformed or cut short.
    pub fn next_member(mut self) -> Result<Result<Member<R>, R>, DebError> {
        let mut header = [0; HEADER];
        let offset = self.offset;
        match fill(&mut self.input, &mut header)? {
            0 => return Ok(Err(self.input)),
            HEADER => {}
            got => return Err(DebError::MemberHeader { offset, reason: format!("{got} of 60 bytes") }),
        }
        self.offset += HEADER as u64;
        let fail = |reason: &str| DebError::MemberHeader { offset, reason: reason.into() };
        if header[58..] != *b"`\n" {
            return Err(fail("it does not end in a backquote and a newline"));
        }
        let name = std::str::from_utf8(&header[..16]).ok().map(str::trim_end);
        let name = name.ok_or_else(|| fail("its name is not UTF-8"))?;
        // System V ends names with a slash; `/`, `//` and `#1/` are its and BSD's ways to long names, which deb(5) has not.
        let name = name.strip_suffix('/').unwrap_or(name);
        if name.is_empty() || name.contains('/') || name.bytes().any(|byte| !(b'!'..=b'~').contains(&byte)) {
            return Err(fail("its name is not allowed"));
        }
        let size = std::str::from_utf8(&header[48..58]).ok().map(str::trim_end).unwrap_or_default();
        if size.is_empty() || !size.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(fail("its size is no number"));
        }
        let size = size.parse().map_err(|_| fail("its size is no number"))?;
        Ok(Ok(Member { name: name.to_owned(), archive: self, size, left: size }))
    }
}

impl<R: BufRead> Member<R> {
    /// The name, without blanks or a slash at its end.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Bytes by the header.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// How many of them are left.
    #[must_use]
    pub const fn left(&self) -> u64 {
        self.left
    }

    /// Skips what is left, and the padding to an even offset.
    ///
    /// # Errors
    /// When the input ends before, or fails.
    pub fn close(mut self) -> Result<Archive<R>, DebError> {
        io::copy(&mut self, &mut io::sink()).map_err(|error| DebError::read("ar", error))?;
        let mut archive = self.archive;
        archive.offset += self.size;
        if archive.offset % 2 == 1 {
            // The last member's padding may be missing: some writers leave it out.
            archive.offset += fill(&mut archive.input, &mut [0])? as u64;
        }
        Ok(archive)
    }
}

impl<R: BufRead> Read for Member<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(buffer)?;
        self.consume(n);
        Ok(n)
    }
}

impl<R: BufRead> BufRead for Member<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Ok(&[]);
        }
        let bytes = self.archive.input.fill_buf()?;
        if bytes.is_empty() {
            let cut = Cut { member: self.name.clone(), expected: self.size, got: self.size - self.left };
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, cut));
        }
        let n = bytes.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        Ok(&bytes[..n])
    }

    fn consume(&mut self, amount: usize) {
        self.left -= amount as u64;
        self.archive.input.consume(amount);
    }
}

/// Reads until the buffer is full or the input ends; how many bytes it got.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> Result<usize, DebError> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(DebError::read("ar", error)),
        }
    }
    Ok(filled)
}
