//! Looking at a store as a whole: how much is in it, and whether all of it is what it says.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use super::error::StoreError;
use super::gc::subfolders;
use super::layout::Store;
use crate::base::{Digest, Event, Phase, Progress};

/// How much is in a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Blobs: how many, and their bytes.
    pub blobs: (u64, u64),
    /// Memos by kind: how many, and their bytes.
    pub memos: BTreeMap<String, (u64, u64)>,
    /// What was put aside as damaged: how many, and their bytes.
    pub quarantine: (u64, u64),
}

/// What a verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// How many blobs were read.
    pub blobs: u64,
    /// How many bytes they have.
    pub bytes: u64,
    /// The entries that were not what their name says, and what was wrong; each was put aside.
    pub damaged: Vec<(String, String)>,
}

impl Store {
    /// Counts what is in the store, without reading any of it.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub fn stats(&self) -> Result<Stats, StoreError> {
        let mut stats = Stats {
            blobs: count(&self.root().join("blobs/sha256"))?,
            quarantine: count(&self.root().join("quarantine"))?,
            memos: BTreeMap::new(),
        };
        for folder in subfolders(&self.root().join("memo"))? {
            let kind = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            stats.memos.insert(kind, count(&folder)?);
        }
        Ok(stats)
    }

    /// Reads and hashes every blob; puts aside what is damaged. Reports bytes as progress.
    ///
    /// # Errors
    /// When the folder cannot be read. Damaged entries are a result, not an error.
    pub fn verify(&self, progress: &dyn Progress) -> Result<Verified, StoreError> {
        let folder = self.root().join("blobs/sha256");
        let mut names = Vec::new();
        for entry in fs::read_dir(&folder).map_err(StoreError::io("read", &folder))? {
            names.push(entry.map_err(StoreError::io("read", &folder))?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        progress.emit(Event::Begin { phase: Phase::Verify, total: Some(self.stats()?.blobs.1) });
        let mut found = Verified::default();
        for name in names {
            let size = fs::symlink_metadata(folder.join(&name)).map_or(0, |metadata| metadata.len());
            let outcome = match Digest::from_hex(&name) {
                Ok(digest) => self.file(&digest, size).map(drop),
                Err(_) => {
                    found.damaged.push((name, "the name is no digest".into()));
                    continue;
                }
            };
            progress.emit(Event::Advance { phase: Phase::Verify, amount: size });
            found.blobs += 1;
            found.bytes += size;
            match outcome {
                Ok(()) => {}
                Err(StoreError::Damaged { reason, .. }) => found.damaged.push((name, reason)),
                // Somebody put it aside, or garbage collection took it, in the meantime.
                Err(StoreError::Absent { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        progress.emit(Event::End { phase: Phase::Verify });
        Ok(found)
    }
}

fn count(folder: &Path) -> Result<(u64, u64), StoreError> {
    let read = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((0, 0)),
        other => other.map_err(StoreError::io("read", folder))?,
    };
    let (mut files, mut bytes) = (0, 0);
    for entry in read {
        let metadata = entry.and_then(|e| e.metadata()).map_err(StoreError::io("read", folder))?;
        files += 1;
        bytes += metadata.len();
    }
    Ok((files, bytes))
}
