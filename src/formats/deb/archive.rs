//! A binary package's file, read forwards in one pass: deb(5).
//!
//! Three members stand in this order: `debian-binary`, `control.tar`, `data.tar`. Members whose names start with `_` may
//! stand between them, and any other after them, for later formats; they are skipped. Each of the three occurs once: a
//! reader that takes the first and a checker that takes the last must not see two packages.

use std::io::{self, BufReader, Read};

use super::ar::{Archive, Member};
use super::control::Control;
use crate::base::{Class, Fault, redact};
use crate::formats::compress::{Checksums, Codec, Decoder};
use crate::formats::tar::{self, Entry, Limits, TarError};

/// Reads the file through this much at a time.
const BUFFER: usize = 128 << 10;

/// The most bytes of `debian-binary`: a version and room for later lines.
const MAX_VERSION: u64 = 4096;

/// Why a file is no package.
#[derive(Debug, thiserror::Error)]
pub enum DebError {
    /// The magic number is missing: the file is empty, short, or something else.
    #[error("not a Debian archive")]
    NotAnArchive,
    /// `0.939000` and `0.93xxxx`, used until 1995.
    #[error("unsupported version of the Debian archive format: 0.93")]
    OldFormat,
    /// The `debian-binary` member says so.
    #[error("unsupported version of the Debian archive format: `{}`", redact::printable(.0))]
    Version(String),
    /// A header of the outer archive.
    #[error("invalid archive member header at byte {offset}: {reason}")]
    MemberHeader {
        /// Where it starts.
        offset: u64,
        /// What is wrong.
        reason: String,
    },
    /// A member is not there.
    #[error("member `{0}` is missing")]
    Missing(&'static str),
    /// A member stands where another belongs.
    #[error("member `{}` stands where `{expected}` was expected", redact::printable(found))]
    Order {
        /// What should be there.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// A member occurs again.
    #[error("member `{0}` occurs a second time")]
    Repeated(String),
    /// The name's ending stands for no compression that a package may use there.
    #[error("uses unknown compression for member `{}`", redact::printable(.0))]
    UnknownCompression(String),
    /// Bytes after the end of the compressed data.
    #[error("{left} bytes follow the compressed data of member `{member}`")]
    Trailing {
        /// The member.
        member: String,
        /// How many bytes.
        left: u64,
    },
    /// Reading failed, or a member is cut short.
    #[error("{member}: {source}")]
    Read {
        /// The member.
        member: String,
        /// Why.
        source: io::Error,
    },
    /// A member's archive is refused.
    #[error("{member}: {source}")]
    Tar {
        /// The member.
        member: String,
        /// Why.
        source: TarError,
    },
    /// An entry of `control.tar` that may not be.
    #[error("control entry `{}`: {reason}", redact::printable(name))]
    ControlEntry {
        /// Its name.
        name: String,
        /// Why not.
        reason: &'static str,
    },
    /// `control.tar`, or a file in it, is too large. The words are apt's.
    #[error("control file too large: {size} bytes, more than the {limit} allowed")]
    ControlTooLarge {
        /// Its size.
        size: u64,
        /// The most that is allowed.
        limit: u64,
    },
    /// A control file says what it may not.
    #[error("control file `{file}`: {reason}")]
    Control {
        /// Which file.
        file: &'static str,
        /// What is wrong, with the line.
        reason: String,
    },
}

impl DebError {
    pub(super) fn read(member: &str, source: io::Error) -> Self {
        Self::Read { member: member.to_owned(), source }
    }
}

impl Fault for DebError {
    fn class(&self) -> Class {
        match self {
            Self::NotAnArchive
            | Self::OldFormat
            | Self::Version(_)
            | Self::MemberHeader { .. }
            | Self::Missing(_)
            | Self::Order { .. }
            | Self::Repeated(_)
            | Self::UnknownCompression(_)
            | Self::Trailing { .. }
            | Self::Read { .. }
            | Self::Tar { .. }
            | Self::ControlEntry { .. }
            | Self::ControlTooLarge { .. }
            | Self::Control { .. } => Class::Integrity,
        }
    }
}

type DataMember<R> = Member<BufReader<R>>;

/// A package, open at its files: [`control`](Self::control) has been read, [`next_entry`](Self::next_entry) goes through
/// `data.tar`, and [`finish`](Self::finish) checks what follows.
pub struct DebReader<R: Read> {
    control: Control,
    data: tar::Reader<Decoder<DataMember<R>>>,
    member: String,
}

impl<R: Read> DebReader<R> {
    /// Reads up to the start of `data.tar`. `limits` bound what `data.tar` may unpack to; `checksums` says what is to be
    /// done with those of its compression.
    ///
    /// # Errors
    /// When the file is no package in format 2, or its control data is malformed.
    pub fn open(input: R, limits: Limits, checksums: Checksums) -> Result<Self, DebError> {
        let archive = Archive::open(BufReader::with_capacity(BUFFER, input))?;
        let member = expect(archive, "debian-binary")?;
        let archive = version(member)?;
        let member = expect(archive, "control.tar")?;
        let codec = codec_of(member.name(), "control.tar")
            .filter(|codec| matches!(codec, Codec::None | Codec::Gzip | Codec::Xz | Codec::Zstd))
            .ok_or_else(|| DebError::UnknownCompression(member.name().to_owned()))?;
        let (control, archive) = Control::read(member, codec)?;
        let member = expect(archive, "data.tar")?;
        let name = member.name().to_owned();
        let codec = codec_of(&name, "data.tar").ok_or_else(|| DebError::UnknownCompression(name.clone()))?;
        let decoder = Decoder::new(codec, member, checksums).map_err(|error| DebError::read(&name, error))?;
        Ok(Self { control, data: tar::Reader::new(decoder, limits), member: name })
    }

    /// What `control.tar` holds.
    #[must_use]
    pub const fn control(&self) -> &Control {
        &self.control
    }

    /// The next entry of `data.tar`; `None` after the last.
    ///
    /// # Errors
    /// When the archive is broken, refused (see [`tar::reader`]) or beyond the limits.
    pub fn next_entry(&mut self) -> Result<Option<Entry>, DebError> {
        self.data.next_entry().map_err(|source| DebError::Tar { member: self.member.clone(), source })
    }

    /// The content of the entry returned last.
    pub fn content(&mut self) -> impl Read {
        self.data.content()
    }

    /// Reads whatever is left to the end of the file, and checks that no member of a package follows. Gives back the
    /// control data and the input, at its end.
    ///
    /// # Errors
    /// As [`next_entry`](Self::next_entry), and when a member occurs twice or bytes follow the compressed ones.
    pub fn finish(mut self) -> Result<(Control, R), DebError> {
        while self.next_entry()?.is_some() {}
        let mut archive = close(self.data.into_inner())?;
        loop {
            match archive.next_member()? {
                Err(input) => return Ok((self.control, input.into_inner())),
                Ok(member) => {
                    let stem = member.name().split('.').next().unwrap_or_default();
                    if matches!(stem, "debian-binary" | "control" | "data") {
                        return Err(DebError::Repeated(member.name().to_owned()));
                    }
                    archive = member.close()?;
                }
            }
        }
    }
}

/// The next member that counts, which must be the one named; `control.tar` and `data.tar` may have an ending.
fn expect<R: Read>(
    mut archive: Archive<BufReader<R>>,
    expected: &'static str,
) -> Result<Member<BufReader<R>>, DebError> {
    loop {
        let Ok(member) = archive.next_member()? else { return Err(DebError::Missing(expected)) };
        let ending = member.name().strip_prefix(expected);
        if ending.is_some_and(|ending| ending.is_empty() || (ending.starts_with('.') && expected != "debian-binary")) {
            return Ok(member);
        }
        if !member.name().starts_with('_') || expected == "debian-binary" {
            return Err(DebError::Order { expected, found: member.name().to_owned() });
        }
        archive = member.close()?;
    }
}

/// Checks the `debian-binary` member: a first line `2.MINOR`. Lines after it are for later formats.
fn version<R: Read>(mut member: Member<BufReader<R>>) -> Result<Archive<BufReader<R>>, DebError> {
    let mut text = Vec::new();
    (&mut member).take(MAX_VERSION).read_to_end(&mut text).map_err(|error| DebError::read("debian-binary", error))?;
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let minor = line.strip_prefix(b"2.").unwrap_or_default();
    let understood = !minor.is_empty() && minor.iter().all(u8::is_ascii_digit) && line.len() < text.len();
    if !understood || member.left() > 0 {
        return Err(DebError::Version(String::from_utf8_lossy(line).chars().take(40).collect()));
    }
    member.close()
}

/// The codec that `name`'s ending after `stem` stands for.
fn codec_of(name: &str, stem: &str) -> Option<Codec> {
    match name.strip_prefix(stem)? {
        "" => Some(Codec::None),
        ending => Codec::from_extension(ending.strip_prefix('.')?),
    }
}

/// Closes a member that was decoded to its end.
pub(super) fn close<R: Read>(decoder: Decoder<Member<BufReader<R>>>) -> Result<Archive<BufReader<R>>, DebError> {
    let member = decoder.into_inner();
    match member.left() {
        0 => member.close(),
        left => Err(DebError::Trailing { member: member.name().to_owned(), left }),
    }
}
