//! What a file is, as far as an audit asks.

use std::io::{self, Read, Seek};

use super::native::{self, Native};
use crate::formats::elf::{self, ElfError, Linked};

/// A file that is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// A program or a shared object.
    Elf(Linked),
    /// A jar.
    Jar(Jar),
    /// What begins like one of these and cannot be read, and why.
    Unread(String),
}

/// What a jar holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Jar {
    /// Its native code, in its own order.
    pub natives: Vec<Native>,
    /// Its classes by their paths, each with the CRC-32 of its bytes.
    pub classes: Vec<(Box<str>, u32)>,
}

/// What the first bytes of a file promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peek {
    /// Machine code: [`Look::elf`] takes all of its bytes.
    Elf,
    /// A jar: [`Look::jar`] reads it from both ends.
    Jar,
}

impl Peek {
    /// How many bytes it takes to tell.
    pub const HEAD: usize = 20;

    /// What a file of this path that begins so is; nothing where an audit does not ask for it.
    #[must_use]
    pub fn at(path: &[u8], head: &[u8]) -> Option<Self> {
        if head.starts_with(&elf::MAGIC) {
            return Some(Self::Elf);
        }
        (path.ends_with(b".jar") && head.starts_with(b"PK")).then_some(Self::Jar)
    }
}

impl Look {
    /// Looks at machine code; nothing for what no linker reads, such as object files.
    #[must_use]
    pub fn elf(bytes: &[u8]) -> Option<Self> {
        match elf::linked(bytes) {
            Ok(linked) => Some(Self::Elf(linked)),
            Err(ElfError::Type) => None,
            Err(error) => Some(Self::Unread(error.to_string())),
        }
    }

    /// Looks at a jar.
    pub fn jar(jar: impl Read + Seek) -> Self {
        match contents(jar) {
            Ok(jar) => Self::Jar(jar),
            Err(error) => Self::Unread(error.to_string()),
        }
    }
}

fn contents(mut jar: impl Read + Seek) -> io::Result<Jar> {
    let natives = native::natives(&mut jar)?;
    jar.rewind()?;
    let mut archive = zip::ZipArchive::new(jar).map_err(io::Error::other)?;
    let mut classes = Vec::new();
    for at in 0..archive.len() {
        let entry = archive.by_index_raw(at).map_err(io::Error::other)?;
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        if name.ends_with(".class") {
            classes.push((name.into(), entry.crc32()));
        }
    }
    Ok(Jar { natives, classes })
}
