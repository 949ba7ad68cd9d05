//! A binary package's file, read forwards in one pass: deb(5).
//!
//! Three members stand in this order: `debian-binary`, `control.tar`, `data.tar`. Members whose names start with `_` may
//! stand between them, and any other after them, for later formats; they are skipped. Each of the three occurs once: a
//! reader that takes the first and a checker that takes the last must not see two packages.

use std::io::{BufReader, Read};

use super::ar::{Archive, Member};
use super::control::Control;
use super::error::DebError;
use crate::formats::compress::{Checksums, Codec, Decoder};
use crate::formats::tar::{self, Entry, Limits};

/// Reads the file through this much at a time.
const BUFFER: usize = 128 << 10;

/// The most bytes of `debian-binary`: a version and room for later lines.
const MAX_VERSION: u64 = 4096;

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
