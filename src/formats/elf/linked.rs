//! What the dynamic linker is told by a program or a shared object: ld.so(8), the gABI's chapter on dynamic linking.

use super::{DYNAMIC, ElfError, File, LOAD, MAGIC, Segment};

/// A program or a shared object, and what it is linked with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Linked {
    /// The processor, as in [`super::SharedObject`].
    pub machine: u16,
    /// The names of the libraries that it needs (`DT_NEEDED`), in their order; none where it is linked statically.
    pub needed: Vec<Vec<u8>>,
    /// Where libraries are looked for, with colons between; `DT_RPATH`, which counts where there is no `DT_RUNPATH`.
    pub rpath: Option<Vec<u8>>,
    /// The same; `DT_RUNPATH`.
    pub runpath: Option<Vec<u8>>,
    /// The path of the dynamic linker (`PT_INTERP`), of programs.
    pub interpreter: Option<Vec<u8>>,
}

const INTERPRETER: u32 = 3;

const NEEDED: u64 = 1;
const STRINGS: u64 = 5;
const RPATH: u64 = 15;
const RUNPATH: u64 = 29;

/// Reads a program or a shared object.
///
/// # Errors
/// When it is neither, or is damaged where it is looked at.
pub fn linked(bytes: &[u8]) -> Result<Linked, ElfError> {
    if !bytes.starts_with(&MAGIC) {
        return Err(ElfError::Magic);
    }
    let wide = match (bytes.get(4), bytes.get(5)) {
        (Some(1), Some(1)) => false,
        (Some(2), Some(1)) => true,
        _ => return Err(ElfError::Class),
    };
    let file = File { bytes, wide };
    if !matches!(file.half(16)?, 2 | 3) {
        return Err(ElfError::Type);
    }
    let segments = file.segments()?;
    let mut linked = Linked { machine: file.half(18)?, ..Linked::default() };
    if let Some(segment) = segments.iter().find(|segment| segment.kind == INTERPRETER) {
        linked.interpreter = Some(text(file.content(segment)?)?);
    }
    let Some(dynamic) = segments.iter().find(|segment| segment.kind == DYNAMIC) else { return Ok(linked) };
    let (size, table) = (if wide { 16 } else { 8 }, File { bytes: file.content(dynamic)?, wide });
    let mut words = Vec::new();
    for at in (0..dynamic.size / size).map(|n| n * size) {
        match (table.long(at)?, table.long(at + size / 2)?) {
            (0, _) => break,
            word => words.push(word),
        }
    }
    let strings = words.iter().find(|(tag, _)| *tag == STRINGS).map(|(_, address)| *address);
    for (tag, value) in words.iter().filter(|(tag, _)| matches!(*tag, NEEDED | RPATH | RUNPATH)) {
        let name = string(&file, &segments, strings.ok_or(ElfError::Truncated)?, *value)?;
        match *tag {
            NEEDED => linked.needed.push(name),
            RPATH => linked.rpath = Some(name),
            _ => linked.runpath = Some(name),
        }
    }
    Ok(linked)
}

/// A string of the table at the address `strings`.
fn string(file: &File<'_>, segments: &[Segment], strings: u64, name: u64) -> Result<Vec<u8>, ElfError> {
    let holds = |load: &&Segment| strings.checked_sub(load.address).is_some_and(|inside| inside < load.size as u64);
    let load = segments.iter().filter(|segment| segment.kind == LOAD).find(holds).ok_or(ElfError::Truncated)?;
    let at = (strings - load.address).checked_add(name).and_then(|at| usize::try_from(at).ok());
    text(file.content(load)?.get(at.ok_or(ElfError::Truncated)?..).ok_or(ElfError::Truncated)?)
}

/// The bytes up to a NUL.
fn text(bytes: &[u8]) -> Result<Vec<u8>, ElfError> {
    let end = bytes.iter().position(|byte| *byte == 0).ok_or(ElfError::Truncated)?;
    Ok(bytes.get(..end).unwrap_or_default().to_vec())
}
