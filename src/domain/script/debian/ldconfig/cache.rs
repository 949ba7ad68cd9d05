//! The file `/etc/ld.so.cache` in glibc's new format, little endian:
//!
//! ```text
//! 0   "glibc-ld.so.cache1.1"
//! 20  u32 number of entries; u32 length of the strings
//! 28  u8 2 (little endian), 3 zeros; u32 offset of the extension (0 before 2.33); 12 zeros
//! 48  entries, 24 bytes each, the greatest name first:
//!       u32 flags; u32 offset of the name; u32 offset of the path; u32 kernel (0 since 2.36); u64 0
//!     strings, each with a NUL
//!     since 2.33, at a multiple of 4: u32 0xeaa42174, u32 1; u32 0, u32 0, u32 offset, u32 length; who made it
//! ```
//!
//! Before 2.33 each entry's name and path follow each other. Since then strings are sorted from their ends, the greatest
//! first, and what is the end of another shares its bytes.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::compare;

/// A library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// What it is looked for by.
    pub(super) name: Vec<u8>,
    /// Where it is, from `/`.
    pub(super) path: Vec<u8>,
    /// `FLAG_ELF_LIBC6` and the processor.
    pub(super) flags: u32,
    /// The kernel it asks for.
    pub(super) kernel: u32,
}

const HEADER: usize = 48;
const ENTRY: usize = 24;
const EXTENSION: u32 = 0xeaa4_2174;

/// The cache's bytes.
pub(super) fn render(mut entries: Vec<Entry>, generator: Option<&[u8]>) -> Vec<u8> {
    if generator.is_some() {
        for entry in &mut entries {
            entry.kernel = 0;
        }
    }
    // A stable sort: of equal entries the folder that came first wins.
    entries.sort_by(order);
    let start = HEADER + ENTRY * entries.len();
    let (strings, places) = if generator.is_some() { shared(&entries) } else { in_turn(&entries) };
    let mut out = b"glibc-ld.so.cache1.1".to_vec();
    for number in [entries.len(), strings.len()] {
        out.extend(word(number));
    }
    out.extend([2, 0, 0, 0]);
    let extension = (start + strings.len()).next_multiple_of(4);
    out.extend(word(if generator.is_some() { extension } else { 0 }));
    out.extend([0; 12]);
    for (entry, (name, path)) in entries.iter().zip(places) {
        out.extend(entry.flags.to_le_bytes());
        out.extend(word(start + name));
        out.extend(word(start + path));
        out.extend(entry.kernel.to_le_bytes());
        out.extend([0; 8]);
    }
    out.extend(strings);
    if let Some(generator) = generator {
        out.resize(extension, 0);
        out.extend(EXTENSION.to_le_bytes());
        for number in [1, 0, 0, extension + 24, generator.len()] {
            out.extend(word(number));
        }
        out.extend_from_slice(generator);
    }
    out
}

/// A number of four bytes; no tree has libraries for more.
fn word(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes()
}

/// The greatest name first, of one name the greatest flags, then the newest kernel.
fn order(a: &Entry, b: &Entry) -> Ordering {
    compare::names(&b.name, &a.name).then(b.flags.cmp(&a.flags)).then(b.kernel.cmp(&a.kernel))
}

type Places = Vec<(usize, usize)>;

/// Strings that share their ends, and where each entry's are.
fn shared(entries: &[Entry]) -> (Vec<u8>, Places) {
    let mut all: Vec<&[u8]> = entries.iter().flat_map(|entry| [entry.name.as_slice(), &entry.path]).collect();
    all.sort_by(|a, b| b.iter().rev().cmp(a.iter().rev()));
    all.dedup();
    let mut bytes: Vec<u8> = Vec::new();
    let mut places = BTreeMap::new();
    let mut last: &[u8] = b"";
    for text in all {
        if !last.ends_with(text) {
            bytes.extend_from_slice(text);
            bytes.push(0);
            last = text;
        }
        places.insert(text, bytes.len().saturating_sub(1 + text.len()));
    }
    let place = |text: &Vec<u8>| places.get(text.as_slice()).copied().unwrap_or(0);
    let found = entries.iter().map(|entry| (place(&entry.name), place(&entry.path))).collect();
    (bytes, found)
}

/// Each entry's name and path in turn.
fn in_turn(entries: &[Entry]) -> (Vec<u8>, Places) {
    let mut bytes = Vec::new();
    let mut put = |text: &[u8]| {
        let at = bytes.len();
        bytes.extend_from_slice(text);
        bytes.push(0);
        at
    };
    let places = entries.iter().map(|entry| (put(&entry.name), put(&entry.path))).collect();
    (bytes, places)
}
