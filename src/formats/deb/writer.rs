//! A binary package's file, written: deb(5). The same content gives the same bytes on every machine.
//!
//! | Question | Choice | Reason |
//! |---|---|---|
//! | members | `debian-binary`, `control.tar.xz`, `data.tar.gz` or `data.tar.xz` | what every `dpkg` since 1.15.6 and `lintian` read; see [`DataCompression`] |
//! | headers of members | time of the package, owner 0, mode 100644, names without a slash | as `dpkg-deb` |
//! | tar | the canonical one ([`crate::formats::tar::writer`]), which is plain ustar wherever `dpkg` can read it | `dpkg` refuses pax headers, so what would need one is refused here |
//! | order | as handed over; `control` is the first of its archive | |
//! | padding | a newline after a member of odd length | as `ar` |
//!
//! The header of `data.tar` tells its size before its bytes: [`head`] is written twice, at last with the size, over itself.

use std::io::{self, Read, Write};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::base::{Class, Fault};
use crate::formats::compress::whole::{self, XzWriter};
use crate::formats::compress::{CompressError, Compression, MemberEncoder};
use crate::formats::tar::writer::{END, Unwritable, header, padding};
use crate::formats::tar::{Entry, Kind};

/// The version of the bytes described above, with those of the encoders.
pub const FORMAT: [u32; 4] = [1, crate::formats::compress::FORMAT, whole::FORMAT, crate::formats::tar::writer::FORMAT];

/// How `data.tar` is compressed. Not zstd: `dpkg` 1.21 of Debian 12 reads the first frame alone, and its `lintian` calls such a
/// package malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DataCompression {
    /// For what is compressed already, such as jars: members of a megabyte, each by itself.
    #[default]
    Gzip,
    /// Smaller, and many times slower.
    Xz,
}

/// A file of `control.tar`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name, such as `postinst`.
    pub name: String,
    /// Whether it is a program.
    pub executable: bool,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Why a package cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Tar cannot hold it.
    #[error(transparent)]
    Unwritable(#[from] Unwritable),
    /// Only a pax header could hold it, which `dpkg` does not read.
    #[error("{0}: dpkg reads no such name: ASCII, 255 bytes with the last 100 after a slash, and links of 100 bytes")]
    Name(String),
    /// An encoder failed.
    #[error(transparent)]
    Compress(#[from] CompressError),
    /// Content could not be read, or the package not be written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A member has more than ten digits of bytes.
    #[error("{0} bytes are more than a member of a package can have")]
    TooLarge(u64),
}

impl Fault for WriteError {
    fn class(&self) -> Class {
        match self {
            Self::Unwritable(error) => error.class(),
            Self::Name(_) | Self::TooLarge(_) => Class::Recipe,
            Self::Compress(error) => error.class(),
            Self::Io(_) => Class::Storage,
        }
    }
}

/// Plain bytes of one gzip member.
const MEMBER: usize = 1 << 20;

/// How many members are compressed at a time.
const BATCH: usize = 16;

/// What stands before the bytes of `data.tar`, which will be `data_size` many. Its own length does not depend on that number.
///
/// # Errors
/// When a part cannot be held, or the size has more digits than a header.
pub fn head(parts: &[Part], mtime: i64, compression: DataCompression, data_size: u64) -> Result<Vec<u8>, WriteError> {
    let mut tar = Vec::new();
    header(&Entry::new(*b"", Kind::Directory, 0o755, mtime), &mut tar)?;
    for part in parts {
        let size = part.bytes.len() as u64;
        let mode = if part.executable { 0o755 } else { 0o644 };
        header(&Entry::new(part.name.as_bytes(), Kind::File { size }, mode, mtime), &mut tar)?;
        tar.extend_from_slice(&part.bytes);
        tar.resize(tar.len() + padding(size), 0);
    }
    tar.extend_from_slice(&END);
    let control = whole::xz(&tar)?;
    let mut out = b"!<arch>\n".to_vec();
    member(&mut out, "debian-binary", mtime, 4)?;
    out.extend_from_slice(b"2.0\n");
    member(&mut out, "control.tar.xz", mtime, control.len() as u64)?;
    out.extend_from_slice(&control);
    if out.len() % 2 == 1 {
        out.push(b'\n');
    }
    let name = match compression {
        DataCompression::Gzip => "data.tar.gz",
        DataCompression::Xz => "data.tar.xz",
    };
    member(&mut out, name, mtime, data_size)?;
    Ok(out)
}

fn member(out: &mut Vec<u8>, name: &str, mtime: i64, size: u64) -> Result<(), WriteError> {
    if size > 9_999_999_999 {
        return Err(WriteError::TooLarge(size));
    }
    write!(out, "{name:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`\n", mtime.max(0), 0, 0, "100644")?;
    Ok(())
}

/// Writes `data.tar`, compressed, entry by entry.
pub struct DataWriter<W: Write> {
    inner: Inner<W>,
    header: Vec<u8>,
    buffer: Vec<u8>,
}

enum Inner<W: Write> {
    Gzip { out: Counted<W>, plain: Vec<u8> },
    Xz(XzWriter<Counted<W>>),
}

/// Counts what is written.
struct Counted<W> {
    out: W,
    written: u64,
}

impl<W: Write> DataWriter<W> {
    /// An archive to `out`.
    ///
    /// # Errors
    /// When memory is short.
    pub fn new(out: W, compression: DataCompression) -> Result<Self, WriteError> {
        let out = Counted { out, written: 0 };
        let inner = match compression {
            DataCompression::Gzip => Inner::Gzip { out, plain: Vec::with_capacity(MEMBER * BATCH) },
            DataCompression::Xz => Inner::Xz(XzWriter::new(out, rayon::current_num_threads())?),
        };
        Ok(Self { inner, header: Vec::new(), buffer: vec![0; 128 << 10] })
    }

    /// Adds an entry; of a file, `content` gives exactly [`Entry::size`] bytes.
    ///
    /// # Errors
    /// When `dpkg` could not read the entry, `content` has another length, or `out` fails.
    pub fn push(&mut self, entry: &Entry, content: &mut dyn Read) -> Result<(), WriteError> {
        let mut head = std::mem::take(&mut self.header);
        head.clear();
        header(entry, &mut head)?;
        if head.len() != 512 {
            return Err(WriteError::Name(entry.shown()));
        }
        self.write(&head)?;
        self.header = head;
        let size = entry.size();
        let mut left = size;
        let mut buffer = std::mem::take(&mut self.buffer);
        loop {
            let n = content.read(&mut buffer)?;
            if n as u64 > left || (n == 0 && left > 0) {
                let text = format!("{}: not the {size} bytes that were announced", entry.shown());
                return Err(io::Error::new(io::ErrorKind::InvalidData, text).into());
            }
            if n == 0 {
                break;
            }
            self.write(&buffer[..n])?;
            left -= n as u64;
        }
        self.buffer = buffer;
        self.write(&[0; 512][..padding(size)])
    }

    /// Ends the archive and pads the member. Gives back `out` and the member's size.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn finish(mut self) -> Result<(W, u64), WriteError> {
        self.write(&END)?;
        let Counted { mut out, written } = match self.inner {
            Inner::Gzip { mut out, mut plain } => {
                flush(&mut out, &mut plain)?;
                out
            }
            Inner::Xz(writer) => writer.finish()?,
        };
        if written % 2 == 1 {
            out.write_all(b"\n")?;
        }
        out.flush()?;
        Ok((out, written))
    }

    fn write(&mut self, mut bytes: &[u8]) -> Result<(), WriteError> {
        match &mut self.inner {
            Inner::Xz(writer) => writer.write_all(bytes)?,
            Inner::Gzip { out, plain } => {
                while !bytes.is_empty() {
                    let (now, later) = bytes.split_at(bytes.len().min(MEMBER * BATCH - plain.len()));
                    plain.extend_from_slice(now);
                    bytes = later;
                    if plain.len() == MEMBER * BATCH {
                        flush(out, plain)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Compresses what is there, on all cores, and writes it in order.
fn flush<W: Write>(out: &mut Counted<W>, plain: &mut Vec<u8>) -> Result<(), WriteError> {
    let members: Vec<Vec<u8>> = plain
        .par_chunks(MEMBER)
        .map(|chunk| Ok(MemberEncoder::new(Compression::Gzip)?.encode(chunk)?.to_vec()))
        .collect::<Result<_, CompressError>>()?;
    plain.clear();
    for member in members {
        out.write_all(&member)?;
    }
    Ok(())
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.out.write(bytes)?;
        self.written += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
