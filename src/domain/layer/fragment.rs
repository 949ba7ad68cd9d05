//! One artefact's files as canonical tar bytes, compressed once.

use std::collections::BTreeSet;
use std::io::{Read, Write};

use super::error::LayerError;
use super::index::{Index, Placed};
use super::members::Members;
use crate::base::Epoch;
use crate::formats::compress::{self, Compression};
use crate::formats::tar::{Entry, Kind, writer};

/// The version of a fragment's bytes and index: raise it, or one of those it is made of, and every cached fragment is
/// made anew.
pub const FORMAT: [u32; 4] = [1, compress::FORMAT, writer::FORMAT, super::index::VERSION as u32];

/// Takes an artefact's entries in their order and writes its fragment to `out`.
///
/// A fragment is the canonical tar ([`writer`]) of all entries that are no directories, without an end, cut into
/// independently compressed members of at most 4 MiB of tar each. It depends on the entries, their content, the
/// compression and the epoch alone.
pub struct FragmentWriter<W> {
    members: Members<W, ()>,
    compression: Compression,
    epoch: Epoch,
    directories: Vec<Entry>,
    entries: Vec<Placed>,
}

impl<W: Write> FragmentWriter<W> {
    /// Starts a fragment. Modification times after `epoch` become `epoch`, those before 1970 become 0.
    ///
    /// # Errors
    /// When memory is short.
    pub fn new(compression: Compression, epoch: Epoch, out: W) -> Result<Self, LayerError> {
        Ok(Self {
            members: Members::new(compression, out, ())?,
            compression,
            epoch,
            directories: Vec::new(),
            entries: Vec::new(),
        })
    }

    /// Adds an entry; of a file, `content` must give [`Entry::size`] bytes. Of a directory that occurs twice, the later counts,
    /// as `dpkg` would have it.
    ///
    /// # Errors
    /// When the content is short or cannot be read, the entry cannot be written as tar, or `out` fails.
    pub fn push(&mut self, entry: &Entry, content: &mut dyn Read) -> Result<(), LayerError> {
        let mut entry = entry.clone();
        entry.mtime = self.epoch.clamp(entry.mtime);
        if entry.kind == Kind::Directory {
            self.directories.push(entry);
            return Ok(());
        }
        let position = self.members.position();
        let content = self.members.entry(&entry, content)?;
        self.entries.push(Placed { entry, position, content });
        Ok(())
    }

    /// Ends the fragment; gives its index and `out` back.
    ///
    /// # Errors
    /// When `out` fails, a path occurs twice or lies below a file, or a hard link names nothing that came before it.
    pub fn finish(mut self) -> Result<(Index, W), LayerError> {
        keep_last(&mut self.directories);
        check(&self.directories, &self.entries)?;
        let written = self.members.finish()?;
        let index = Index {
            compression: self.compression,
            digest: written.digest,
            size: written.size,
            members: written.members,
            directories: self.directories,
            entries: self.entries,
        };
        Ok((index, written.out))
    }
}

/// Drops all but the last of the directories at one path.
fn keep_last(directories: &mut Vec<Entry>) {
    let mut seen = BTreeSet::new();
    let keep: Vec<bool> = directories.iter().rev().map(|entry| seen.insert(entry.path.as_slice())).collect();
    if keep.contains(&false) {
        let mut keep = keep.into_iter().rev();
        directories.retain(|_| keep.next().unwrap_or(true));
    }
}

/// What only the whole list can tell: paths once each, nothing below a file, hard links to what is there already.
fn check(directories: &[Entry], entries: &[Placed]) -> Result<(), LayerError> {
    let path = |at: u32| entries[at as usize].entry.path.as_slice();
    let mut order: Vec<u32> = (0..u32::try_from(entries.len()).unwrap_or(u32::MAX)).collect();
    order.sort_unstable_by(|a, b| path(*a).cmp(path(*b)));
    let find = |wanted: &[u8]| order.binary_search_by(|at| path(*at).cmp(wanted)).ok().map(|found| order[found]);
    if let Some(pair) = order.windows(2).find(|pair| path(pair[0]) == path(pair[1])) {
        return Err(LayerError::Duplicate(path(pair[0]).to_vec()));
    }
    if let Some(twice) = directories.iter().find(|directory| find(&directory.path).is_some()) {
        return Err(LayerError::Duplicate(twice.path.clone()));
    }
    // Looking up each parent once is enough where neighbours share it.
    let mut last: &[u8] = b"";
    let all = order.iter().map(|at| path(*at)).chain(directories.iter().map(|entry| entry.path.as_slice()));
    for path in all {
        let mut parent = path;
        while let Some(slash) = parent.iter().rposition(|byte| *byte == b'/') {
            parent = &parent[..slash];
            if parent == last {
                break;
            }
            let below = find(parent).map(|at| &entries[at as usize].entry.kind);
            // A symbolic link may stand for a directory; the tree decides, which knows what it points to.
            if below.is_some_and(|kind| !matches!(kind, Kind::Symlink(_))) {
                return Err(LayerError::BelowFile { path: path.to_vec(), parent: parent.to_vec() });
            }
        }
        last = path.iter().rposition(|byte| *byte == b'/').map_or(b"", |slash| &path[..slash]);
    }
    for (at, placed) in entries.iter().enumerate() {
        if let Kind::Hardlink(target) = &placed.entry.kind
            && find(target).is_none_or(|found| found as usize >= at)
        {
            return Err(LayerError::HardLink { path: placed.entry.path.clone(), target: target.clone() });
        }
    }
    Ok(())
}
