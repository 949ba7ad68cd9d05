//! Wheels into fragments: each is decompressed once, and its files compressed once, for as long as the store keeps the result.

use std::collections::BTreeMap;
use std::io::{BufReader, BufWriter, Read};
use std::sync::Arc;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::super::Error;
use crate::base::{Digest, Epoch, Event, Hasher, Phase, Progress};
use crate::domain::layer::{FragmentWriter, Index, LayerError, fragment};
use crate::domain::lock::{WheelFileLock, WheelLock};
use crate::domain::python::{Install, Interpreter, PythonError, Scheme, install};
use crate::formats::compress::Compression;
use crate::formats::wheel::{Limits, Wheel, WheelName};
use crate::io::store::{Store, StoreError};

/// The kind of memos that lead from a wheel to its fragment.
const MEMO: &str = "wheel";
/// The version of how a wheel becomes entries: raise it, and every wheel is unpacked anew.
const FORMAT: u32 = 1;
/// What one wheel may unpack to; far beyond any real one.
const LIMITS: Limits = Limits { entries: 500_000, bytes: 32 << 30 };

/// A wheel, unpacked.
#[derive(Clone, Debug)]
pub struct WheelArtefact {
    /// The package.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Whether it is the same on every platform.
    pub shared: bool,
    /// Its fragment.
    pub index: Arc<Index>,
}

impl WheelArtefact {
    /// What a person calls it.
    #[must_use]
    pub fn label(&self) -> String {
        format!("wheel {} {}", self.name, self.version)
    }
}

/// How wheels become fragments.
#[derive(Clone, Copy)]
pub(in super::super) struct Fragments<'a> {
    pub(in super::super) store: &'a Store,
    pub(in super::super) progress: &'a dyn Progress,
    pub(in super::super) compression: Compression,
    pub(in super::super) epoch: Epoch,
    pub(in super::super) interpreter: Interpreter,
    pub(in super::super) scheme: &'a Scheme,
}

/// What the store remembers of an unpacked wheel.
#[derive(Serialize, Deserialize)]
struct Record {
    /// The latest time of any entry.
    latest: i64,
    fragment: (Digest, u64),
    index: (Digest, u64),
}

/// A wheel of the lock, and its file on some platform.
type Locked<'l> = (&'l WheelLock, &'l WheelFileLock);

impl Fragments<'_> {
    /// Whether the store has the fragment, so that the wheel itself is not needed.
    pub(in super::super) fn is_known(&self, wheel: &WheelLock, file: &WheelFileLock) -> bool {
        self.record(wheel, file).is_some()
    }

    /// The artefacts of wheels, by the digests of their files, which must be in the store unless [`Fragments::is_known`].
    ///
    /// # Errors
    /// When a wheel is not what its name, its `RECORD` or the lock say, or the store fails.
    pub(in super::super) fn artefacts(
        &self,
        wheels: &[Locked<'_>],
    ) -> Result<BTreeMap<Digest, Arc<WheelArtefact>>, Error> {
        let mut todo = wheels.to_vec();
        todo.sort_by(|(_, a), (_, b)| (b.size, a.sha256).cmp(&(a.size, b.sha256)));
        todo.dedup_by_key(|(_, file)| file.sha256);
        let total: u64 =
            todo.iter().filter(|(wheel, file)| !self.is_known(wheel, file)).map(|(_, file)| file.size).sum();
        let phase = Phase::Unpack;
        if total > 0 {
            self.progress.emit(Event::Begin { phase, total: Some(total) });
        }
        let made = todo.par_iter().with_max_len(1).map(|(wheel, file)| {
            let index = match self.record(wheel, file) {
                Some(record) => self.load(&record)?,
                None => self.make(wheel, file)?,
            };
            let artefact = WheelArtefact {
                name: wheel.name.to_string(),
                version: wheel.version.to_string(),
                shared: wheel.is_shared(),
                index: Arc::new(index),
            };
            Ok((file.sha256, Arc::new(artefact)))
        });
        let made = made.collect();
        if total > 0 {
            self.progress.emit(Event::End { phase });
        }
        made
    }

    /// Where the store remembers the fragment: for any epoch that no time of the wheel is after, else for this one only.
    fn key(&self, wheel: &WheelLock, file: &WheelFileLock, any_epoch: bool) -> Digest {
        let mut key = Hasher::new();
        let epoch = if any_epoch { "any".to_owned() } else { self.epoch.to_string() };
        key.update(format!("{FORMAT} {:?} {:?} {epoch} ", fragment::FORMAT, self.compression).as_bytes());
        key.update(format!("{} {:?} {} {}", self.interpreter, self.scheme, wheel.requested, file.file).as_bytes());
        key.update(file.sha256.as_bytes());
        key.finish().0
    }

    fn record(&self, wheel: &WheelLock, file: &WheelFileLock) -> Option<Record> {
        let find = |any_epoch| {
            let value = self.store.memo_get(MEMO, &self.key(wheel, file, any_epoch))?;
            let record: Record = serde_json::from_slice(&value).ok()?;
            let whole =
                [record.fragment, record.index].iter().all(|(digest, size)| self.store.contains(digest, Some(*size)));
            (whole && record.latest <= self.epoch.seconds()).then_some(record)
        };
        find(true).or_else(|| find(false))
    }

    fn load(&self, record: &Record) -> Result<Index, Error> {
        let mut bytes = Vec::new();
        let mut reader = self.store.reader(&record.index.0, record.index.1)?;
        reader.read_to_end(&mut bytes).map_err(|error| StoreError::inside(error, self.store.root()))?;
        Ok(Index::decode(&bytes)?)
    }

    fn make(&self, locked: &WheelLock, file: &WheelFileLock) -> Result<Index, Error> {
        // All of its bytes are hashed before any of them means anything.
        let archive = BufReader::with_capacity(1 << 16, self.store.file(&file.sha256, file.size)?);
        let mut wheel = Wheel::open(archive, file.size, &file.file, LIMITS).map_err(PythonError::from)?;
        let out = BufWriter::with_capacity(1 << 20, self.store.spool()?);
        let mut writer = FragmentWriter::new(self.compression, self.epoch, out)?;
        let how = Install { scheme: self.scheme, interpreter: self.interpreter, requested: locked.requested };
        let done = install(&mut wheel, &how, &mut |entry, content| {
            writer.push(entry, content).map_err(|source| Making::Layer(Box::new(source)))
        });
        done.map_err(|error| error.of(&file.file))?;
        let (index, out) = writer.finish().map_err(|source| Making::Layer(Box::new(source)).of(&file.file))?;
        let out = out.into_inner().map_err(|error| StoreError::inside(error.into_error(), self.store.root()))?;
        out.name(index.digest)?;
        let record = Record {
            latest: index.max_mtime().unwrap_or(0),
            fragment: (index.digest, index.size),
            index: self.store.add(&index.encode())?,
        };
        // A time equal to the epoch may have been a later one.
        let key = self.key(locked, file, record.latest < self.epoch.seconds());
        self.store.memo_put(MEMO, &key, &serde_json::to_vec(&record).unwrap_or_default());
        self.progress.emit(Event::Advance { phase: Phase::Unpack, amount: file.size });
        Ok(index)
    }
}

/// What can go wrong between a wheel and its fragment.
enum Making {
    Python(Box<PythonError>),
    Layer(Box<LayerError>),
}

impl From<PythonError> for Making {
    fn from(error: PythonError) -> Self {
        Self::Python(Box::new(error))
    }
}

impl Making {
    fn of(self, wheel: &WheelName) -> Error {
        match self {
            Self::Python(error) => Error::Python(*error),
            Self::Layer(source) => Error::Unpack { package: wheel.to_string(), source },
        }
    }
}
