//! What a dynamic linker's cache asks of an ELF file: elf(5), the gABI's chapters on program headers and dynamic linking.
//!
//! Little endian only: both platforms are. Every offset is checked; a file that lies is an error, never a panic.

mod linked;

use serde::{Deserialize, Serialize};

pub use linked::{Linked, linked};

/// A shared object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedObject {
    /// Whether it is 64-bit.
    pub wide: bool,
    /// The processor: 62 is x86-64, 183 is AArch64, 3 is i386.
    pub machine: u16,
    /// Its own name (`DT_SONAME`).
    pub soname: Option<Vec<u8>>,
    /// The kernel it asks for (the note `GNU` 1): system, major, minor and patch version, a byte each, the first highest.
    pub kernel: Option<u32>,
}

/// How an ELF file begins.
pub const MAGIC: [u8; 4] = *b"\x7fELF";

/// x86-64.
pub const X86_64: u16 = 62;
/// AArch64.
pub const AARCH64: u16 = 183;
/// i386.
pub const I386: u16 = 3;

/// Why bytes are no shared object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ElfError {
    /// The magic number is missing.
    #[error("no ELF file")]
    Magic,
    /// A class or byte order that is not read.
    #[error("an ELF file of another class or byte order")]
    Class,
    /// An executable, an object file, a core dump.
    #[error("no shared object")]
    Type,
    /// No dynamic section.
    #[error("no dynamic section")]
    Static,
    /// An offset leads out of the file.
    #[error("cut short, or an offset leads out of it")]
    Truncated,
}

/// A segment of the program header table.
struct Segment {
    kind: u32,
    offset: usize,
    address: u64,
    size: usize,
}

const LOAD: u32 = 1;
const DYNAMIC: u32 = 2;
const NOTE: u32 = 4;

/// Whether a file's name looks like a shared object's or the dynamic linker's, as ldconfig(8) looks at it.
#[must_use]
pub fn is_library(name: &[u8]) -> bool {
    let starts = [&b"lib"[..], b"ld-", b"ld.so.", b"ld64.so."].iter().any(|start| name.starts_with(start));
    let temporary = [&b".dpkg-new"[..], b".dpkg-tmp"].iter().any(|end| name.ends_with(end));
    starts && !temporary && name.windows(3).any(|part| part == b".so")
}

/// Reads a shared object.
///
/// # Errors
/// When it is none, or is damaged where it is looked at.
pub fn shared_object(bytes: &[u8]) -> Result<SharedObject, ElfError> {
    let file = File::open(bytes)?;
    let wide = file.wide;
    if file.half(16)? != 3 {
        return Err(ElfError::Type);
    }
    let machine = file.half(18)?;
    let segments = file.segments()?;
    let dynamic = segments.iter().find(|segment| segment.kind == DYNAMIC).ok_or(ElfError::Static)?;
    Ok(SharedObject { wide, machine, soname: file.soname(dynamic, &segments)?, kernel: file.kernel(&segments)? })
}

struct File<'a> {
    bytes: &'a [u8],
    wide: bool,
}

impl<'a> File<'a> {
    /// A file of a class and byte order that are read.
    fn open(bytes: &'a [u8]) -> Result<Self, ElfError> {
        if !bytes.starts_with(&MAGIC) {
            return Err(ElfError::Magic);
        }
        match (bytes.get(4), bytes.get(5)) {
            (Some(1), Some(1)) => Ok(Self { bytes, wide: false }),
            (Some(2), Some(1)) => Ok(Self { bytes, wide: true }),
            _ => Err(ElfError::Class),
        }
    }

    fn array<const N: usize>(&self, at: usize) -> Result<[u8; N], ElfError> {
        let end = at.checked_add(N).ok_or(ElfError::Truncated)?;
        self.bytes.get(at..end).and_then(|bytes| bytes.try_into().ok()).ok_or(ElfError::Truncated)
    }

    fn half(&self, at: usize) -> Result<u16, ElfError> {
        Ok(u16::from_le_bytes(self.array(at)?))
    }

    fn word(&self, at: usize) -> Result<u32, ElfError> {
        Ok(u32::from_le_bytes(self.array(at)?))
    }

    /// An address or offset: four bytes or eight.
    fn long(&self, at: usize) -> Result<u64, ElfError> {
        if self.wide { Ok(u64::from_le_bytes(self.array(at)?)) } else { self.word(at).map(u64::from) }
    }

    fn segments(&self) -> Result<Vec<Segment>, ElfError> {
        let (table, size, count, offset, address, length) = if self.wide {
            (self.long(32)?, self.half(54)?, self.half(56)?, 8, 16, 32)
        } else {
            (self.long(28)?, self.half(42)?, self.half(44)?, 4, 8, 16)
        };
        let table = usize::try_from(table).map_err(|_| ElfError::Truncated)?;
        (0..usize::from(count))
            .map(|n| {
                let at = n.checked_mul(size.into()).and_then(|at| at.checked_add(table)).ok_or(ElfError::Truncated)?;
                let place = |field: usize| at.checked_add(field).ok_or(ElfError::Truncated);
                let number = |field| usize::try_from(self.long(place(field)?)?).map_err(|_| ElfError::Truncated);
                Ok(Segment {
                    kind: self.word(at)?,
                    offset: number(offset)?,
                    address: self.long(place(address)?)?,
                    size: number(length)?,
                })
            })
            .collect()
    }

    /// The bytes of a segment.
    fn content(&self, segment: &Segment) -> Result<&[u8], ElfError> {
        let end = segment.offset.checked_add(segment.size).ok_or(ElfError::Truncated)?;
        self.bytes.get(segment.offset..end).ok_or(ElfError::Truncated)
    }

    fn soname(&self, dynamic: &Segment, segments: &[Segment]) -> Result<Option<Vec<u8>>, ElfError> {
        let size = if self.wide { 16 } else { 8 };
        let table = File { bytes: self.content(dynamic)?, wide: self.wide };
        let (mut name, mut strings) = (None, None);
        for at in (0..dynamic.size / size).map(|n| n * size) {
            let value = table.long(at + size / 2)?;
            match table.long(at)? {
                0 => break,
                5 => strings = Some(value),
                14 => name = Some(value),
                _ => {}
            }
        }
        let (Some(name), Some(strings)) = (name, strings) else { return Ok(None) };
        self.string(segments, strings, name).map(Some)
    }

    /// The string at `name` in the table at the address `strings`.
    fn string(&self, segments: &[Segment], strings: u64, name: u64) -> Result<Vec<u8>, ElfError> {
        let holds = |load: &&Segment| strings.checked_sub(load.address).is_some_and(|inside| inside < load.size as u64);
        let load = segments.iter().filter(|segment| segment.kind == LOAD).find(holds).ok_or(ElfError::Truncated)?;
        let at = (strings - load.address).checked_add(name).and_then(|at| usize::try_from(at).ok());
        text(self.content(load)?.get(at.ok_or(ElfError::Truncated)?..).ok_or(ElfError::Truncated)?)
    }

    /// The note `GNU` of type 1: four words.
    fn kernel(&self, segments: &[Segment]) -> Result<Option<u32>, ElfError> {
        for segment in segments.iter().filter(|segment| segment.kind == NOTE) {
            let mut notes = self.content(segment)?;
            while let Some((head, rest)) = notes.split_at_checked(12) {
                let head = File { bytes: head, wide: false };
                let (name, size, kind) = (head.word(0)? as usize, head.word(4)? as usize, head.word(8)?);
                let padded = |n: usize| n.checked_next_multiple_of(4).unwrap_or(usize::MAX);
                if kind == 1 && name == 4 && size >= 16 && rest.starts_with(b"GNU\0") {
                    let words = File { bytes: rest, wide: false };
                    let byte = |at| words.word(at).map(|word| word & 0xff);
                    return Ok(Some(byte(4)? << 24 | byte(8)? << 16 | byte(12)? << 8 | byte(16)?));
                }
                match rest.get(padded(name)..).and_then(|rest| rest.get(padded(size)..)) {
                    Some(rest) => notes = rest,
                    None => break,
                }
            }
        }
        Ok(None)
    }
}

/// The bytes up to a NUL.
fn text(bytes: &[u8]) -> Result<Vec<u8>, ElfError> {
    let end = bytes.iter().position(|byte| *byte == 0).ok_or(ElfError::Truncated)?;
    Ok(bytes.get(..end).unwrap_or_default().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A 64-bit shared object: headers, one loaded segment with strings, the dynamic section.
    fn sample() -> Vec<u8> {
        let mut bytes = vec![0; 64];
        bytes.splice(0..6, *b"\x7fELF\x02\x01");
        bytes.splice(16..20, [3, 0, 62, 0]);
        bytes.splice(32..40, 64_u64.to_le_bytes());
        bytes.splice(54..58, [56, 0, 2, 0]);
        let segment = |kind: u32, offset: u64, address: u64, size: u64| -> Vec<u8> {
            let words = [offset, address, 0, size, size, 8];
            let head = [kind.to_le_bytes(), [0; 4]].concat();
            head.into_iter().chain(words.iter().flat_map(|word| word.to_le_bytes())).collect()
        };
        bytes.extend(segment(LOAD, 0, 0x1000, 300));
        bytes.extend(segment(DYNAMIC, 176, 0x1000 + 176, 48));
        for word in [5_u64, 0x1000 + 224, 14, 1, 0, 0] {
            bytes.extend(word.to_le_bytes());
        }
        bytes.extend(b"\0libx.so.1\0");
        bytes.resize(300, 0);
        bytes
    }

    #[test]
    fn a_shared_object_tells_its_name() {
        let object = shared_object(&sample()).unwrap();
        assert_eq!(object.soname.as_deref(), Some(&b"libx.so.1"[..]));
        assert_eq!((object.wide, object.machine, object.kernel), (true, X86_64, None));
    }

    #[test]
    fn whatever_is_cut_or_changed_is_an_error_or_another_object() {
        let sample = sample();
        for end in 0..sample.len() {
            let _ = shared_object(&sample[..end]);
        }
        for at in 0..sample.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut bytes = sample.clone();
                bytes[at] = value;
                let _ = shared_object(&bytes);
            }
        }
        assert_eq!(shared_object(b"/* GNU ld script"), Err(ElfError::Magic));
    }
}
