//! A fragment without some of its entries: those that another package replaced or diverted, or a script removed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek, Write};

use super::error::LayerError;
use super::index::{Index, Placed};
use super::members::Members;
use super::random::FragmentReader;
use crate::formats::tar::{Entry, Kind};

/// What becomes of one entry.
enum Fate<'a> {
    Keep,
    Drop,
    /// A hard link to something that goes: it becomes that thing, or a link to the first link that did.
    Become {
        entry: Entry,
        content: Option<&'a Placed>,
    },
}

/// Writes the fragment of `index`, whose bytes `source` holds, to `out` without the entries at `dropped` paths. Members that hold
/// nothing of what changes are copied as they are; the others are compressed again. A hard link to a dropped file becomes
/// the file. The directories stay in the index: they are in no fragment's bytes.
///
/// The result depends on the fragment and the paths alone. Returns the new index, and `out`.
///
/// # Errors
/// When the source's bytes are not those that the index describes, or reading or writing fails.
pub fn filtered<S: Read + Seek, W: Write>(
    index: &Index,
    source: S,
    dropped: &BTreeSet<Vec<u8>>,
    out: W,
) -> Result<(Index, W), LayerError> {
    let mut reader = FragmentReader::new(index, source)?;
    reader.verify()?;
    let fates = fates(index, dropped);
    let mut members = Members::new(index.compression, out, ())?;
    let mut entries: Vec<Placed> = Vec::with_capacity(index.entries.len());
    let mut start = 0;
    // Entries and members both cover the plain bytes without gaps, so two fingers walk over them.
    let mut next = 0;
    for (at, member) in index.members.iter().enumerate() {
        let end = start + member.plain;
        let first = next;
        while index.entries.get(next).is_some_and(|placed| placed.end() <= end) {
            next += 1;
        }
        let last = if index.entries.get(next).is_some_and(|placed| placed.position < end) { next + 1 } else { next };
        let here = index.entries.iter().zip(&fates).take(last).skip(first);
        if here.clone().all(|(_, fate)| matches!(fate, Fate::Keep)) {
            members.cut()?;
            let base = members.position();
            for (placed, _) in here.filter(|(placed, _)| placed.position >= start) {
                entries.push(moved(placed, base + (placed.position - start)));
            }
            members.copy(*member, reader.stored(at)?, &[])?;
        } else {
            for (placed, fate) in here {
                let begins = placed.position >= start;
                match fate {
                    Fate::Drop => {}
                    Fate::Keep => {
                        if begins {
                            entries.push(moved(placed, members.position()));
                        }
                        let (from, to) = (placed.position.max(start), placed.end().min(end));
                        reader.copy(from, to - from, |bytes| members.write(bytes))?;
                    }
                    Fate::Become { entry, content } if begins => {
                        let position = members.position();
                        let start = match content {
                            Some(content) => members.entry(entry, &mut reader.open(content))?,
                            None => members.entry(entry, &mut std::io::empty())?,
                        };
                        entries.push(Placed { entry: entry.clone(), position, content: start });
                    }
                    Fate::Become { .. } => {}
                }
            }
        }
        start = end;
    }
    let written = members.finish()?;
    let index = Index {
        compression: index.compression,
        digest: written.digest,
        size: written.size,
        members: written.members,
        directories: index.directories.clone(),
        entries,
    };
    Ok((index, written.out))
}

/// The entry at its new place.
fn moved(placed: &Placed, position: u64) -> Placed {
    Placed { position, content: position + (placed.content - placed.position), ..placed.clone() }
}

/// Decides about every entry, in order.
fn fates<'a>(index: &'a Index, dropped: &BTreeSet<Vec<u8>>) -> Vec<Fate<'a>> {
    // Where the content of a dropped entry lives on.
    let mut heirs: BTreeMap<&[u8], &[u8]> = BTreeMap::new();
    let mut fates = Vec::with_capacity(index.entries.len());
    for placed in &index.entries {
        fates.push(match &placed.entry.kind {
            _ if dropped.contains(&placed.entry.path) => Fate::Drop,
            Kind::Hardlink(target) if dropped.contains(target) => inherit(index, dropped, &mut heirs, placed, target),
            _ => Fate::Keep,
        });
    }
    fates
}

/// What becomes of a link whose target is dropped.
fn inherit<'a>(
    index: &'a Index,
    dropped: &BTreeSet<Vec<u8>>,
    heirs: &mut BTreeMap<&'a [u8], &'a [u8]>,
    link: &'a Placed,
    target: &[u8],
) -> Fate<'a> {
    let relink = |to: &[u8]| Fate::Become {
        entry: Entry { kind: Kind::Hardlink(to.to_vec()), ..link.entry.clone() },
        content: None,
    };
    let mut target = target;
    // Each target stands before its link, so this ends; one that is missing cannot be in a fragment.
    while let Some(found) = index.find(target) {
        if let Some(heir) = heirs.get(target) {
            return relink(heir);
        }
        if !dropped.contains(target) {
            return relink(target);
        }
        match &found.entry.kind {
            Kind::Hardlink(next) => target = next,
            _ => {
                heirs.insert(&found.entry.path, &link.entry.path);
                return Fate::Become {
                    entry: Entry { path: link.entry.path.clone(), ..found.entry.clone() },
                    content: Some(found),
                };
            }
        }
    }
    Fate::Keep
}
