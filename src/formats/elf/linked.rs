//! What the dynamic linker is told by a program or a shared object: ld.so(8), the gABI's chapter on dynamic linking.

use super::{DYNAMIC, ElfError, File, text};

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
    let file = File::open(bytes)?;
    let wide = file.wide;
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
        let name = file.string(&segments, strings.ok_or(ElfError::Truncated)?, *value)?;
        match *tag {
            NEEDED => linked.needed.push(name),
            RPATH => linked.rpath = Some(name),
            _ => linked.runpath = Some(name),
        }
    }
    Ok(linked)
}
