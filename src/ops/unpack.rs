//! Packages into fragments: each `.deb` is decompressed once, and its files compressed once, for as long as the store
//! keeps the result.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Read};
use std::sync::Arc;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Error;
use crate::base::{Digest, Epoch, Event, Hasher, Phase, Progress};
use crate::domain::install::{self, Facts, InstallError};
use crate::domain::layer::{FragmentWriter, Index, LayerError, fragment};
use crate::domain::lock::PackageLock;
use crate::domain::rootfs::Position;
use crate::domain::script::System;
use crate::formats::compress::{Checksums, Compression};
use crate::formats::deb::{Package, Stanza};
use crate::formats::tar::Limits;
use crate::io::store::Store;

/// The kind of memos that lead from a `.deb` to its fragment.
const MEMO: &str = "fragment";

/// The kind of memos that say that a `.deb` is what its own checksums say.
const SUMS: &str = "checksums";

/// The version of [`Facts`] and of how a `.deb` becomes entries: raise it, and every package is unpacked anew.
const FORMAT: u32 = 3;

/// What one package may unpack to; far beyond any real one.
pub(super) const LIMITS: Limits = Limits { entries: 1_000_000, bytes: 32 << 30 };

/// A package, unpacked.
#[derive(Clone, Debug)]
pub struct Artefact {
    /// What its control file says.
    pub package: Package,
    /// What else must be known of it.
    pub facts: Facts,
    /// Its fragment.
    pub index: Arc<Index>,
}

impl Artefact {
    /// Says of its libraries and programs what they are, as the artefact of this number.
    pub(super) fn introduce(&self, number: u32, system: &mut System<'_>) {
        let entries = self.index.entries.iter().zip(0..);
        let places: BTreeMap<&[u8], u32> = entries.map(|(placed, at)| (placed.entry.path.as_slice(), at)).collect();
        let at = |path: &str| Some(Position { artefact: number, entry: *places.get(path.as_bytes())? });
        for library in &self.facts.libraries {
            if let Some(at) = at(&library.path) {
                system.know_library(at, library.object.clone());
            }
        }
        self.facts.programs.iter().filter_map(|path| at(path)).for_each(|at| system.know_program(at));
    }
}

/// What the store remembers of an unpacked `.deb`.
#[derive(Serialize, Deserialize)]
struct Record {
    fragment: (Digest, u64),
    index: (Digest, u64),
    facts: (Digest, u64),
}

/// How packages become fragments.
#[derive(Clone, Copy)]
pub struct Unpacking<'a> {
    /// Where `.deb` files come from and fragments go to.
    pub store: &'a Store,
    /// Where progress goes.
    pub progress: &'a dyn Progress,
    /// How fragments are compressed.
    pub compression: Compression,
    /// Times after this moment become this moment.
    pub epoch: Epoch,
}

impl Unpacking<'_> {
    /// Whether the store has the fragment, so that the `.deb` itself is not needed.
    #[must_use]
    pub fn is_known(&self, package: &PackageLock) -> bool {
        self.record(package).is_some()
    }

    /// The artefacts of `packages`, by the digests of their `.deb` files, which must be in the store unless
    /// [`Unpacking::is_known`]. What must be unpacked is: on all cores, the largest first.
    ///
    /// # Errors
    /// When a `.deb` is malformed or another package than the lock says, or the store fails.
    pub fn artefacts(&self, packages: &[&PackageLock]) -> Result<BTreeMap<Digest, Arc<Artefact>>, Error> {
        let mut todo: Vec<&PackageLock> = packages.to_vec();
        todo.sort_by(|a, b| (b.size, a.sha256).cmp(&(a.size, b.sha256)));
        todo.dedup_by_key(|package| package.sha256);
        let total = todo.iter().filter(|package| !self.is_known(package)).map(|package| package.size).sum();
        let phase = Phase::Unpack;
        if total > 0 {
            self.progress.emit(Event::Begin { phase, total: Some(total) });
        }
        let made = todo.par_iter().with_max_len(1).map(|package| {
            let artefact = match self.record(package) {
                Some(record) => self.load(&record),
                None => self.make(package),
            };
            Ok((package.sha256, Arc::new(artefact?)))
        });
        let made = made.collect();
        if total > 0 {
            self.progress.emit(Event::End { phase });
        }
        made
    }

    /// Where the store remembers the `.deb`'s fragment: for any epoch that no time of the package is after, else for
    /// this one only.
    fn key(&self, package: &PackageLock, any_epoch: bool) -> Digest {
        let mut key = Hasher::new();
        let epoch = if any_epoch { "any".to_owned() } else { self.epoch.to_string() };
        key.update(format!("{FORMAT} {:?} {:?} {epoch} ", fragment::FORMAT, self.compression).as_bytes());
        key.update(package.sha256.as_bytes());
        key.finish().0
    }

    fn sums_key(&self, package: &PackageLock) -> Digest {
        let mut key = Hasher::new();
        key.update(format!("{FORMAT} ").as_bytes());
        key.update(package.sha256.as_bytes());
        key.finish().0
    }

    fn record(&self, package: &PackageLock) -> Option<Record> {
        let find = |any_epoch| {
            let value = self.store.memo_get(MEMO, &self.key(package, any_epoch))?;
            let (latest, record): (i64, Record) = serde_json::from_slice(&value).ok()?;
            let blobs = [record.fragment, record.index, record.facts];
            let whole = blobs.iter().all(|(digest, size)| self.store.contains(digest, Some(*size)));
            (whole && latest <= self.epoch.seconds()).then_some(record)
        };
        find(true).or_else(|| find(false))
    }

    fn load(&self, record: &Record) -> Result<Artefact, Error> {
        let read = |(digest, size): (Digest, u64)| -> Result<Vec<u8>, Error> {
            let mut bytes = Vec::new();
            let mut reader = self.store.reader(&digest, size)?;
            reader
                .read_to_end(&mut bytes)
                .map_err(|error| crate::io::store::StoreError::inside(error, self.store.root()))?;
            Ok(bytes)
        };
        let index = Arc::new(Index::decode(&read(record.index)?)?);
        let facts: Facts = serde_json::from_slice(&read(record.facts)?)
            .map_err(|error| Error::Memo { what: "facts of a package", reason: error.to_string() })?;
        Ok(Artefact { package: package_of(&facts)?, facts, index })
    }

    fn make(&self, locked: &PackageLock) -> Result<Artefact, Error> {
        let deb = self.store.reader(&locked.sha256, locked.size)?;
        let mut deb = Counted { inner: deb, progress: self.progress };
        let out = BufWriter::with_capacity(1 << 20, self.store.spool()?);
        let mut writer = FragmentWriter::new(self.compression, self.epoch, out)?;
        // A package's own checksums are held against its bytes when they are first seen, and never again.
        let sums = self.sums_key(locked);
        let seen = self.store.memo_get(SUMS, &sums).is_some();
        let checksums = if seen { Checksums::Known } else { Checksums::Verify };
        let options = install::deb::Options { limits: LIMITS, checksums };
        let facts = install::deb::read(&mut deb, &expected(locked)?, options, |entry, content| {
            writer.push(entry, content).map_err(|source| Unpack::Layer(Box::new(source)))
        });
        // Whatever was found wrong: the archive's fault it is only if the store gave the bytes that it lists.
        deb.inner.check()?;
        let facts = facts.map_err(|error| match error {
            Unpack::Install(error) => Error::from(*error),
            Unpack::Layer(source) => Error::Unpack { package: label(locked), source },
        })?;
        let (index, out) = writer.finish()?;
        let out = out
            .into_inner()
            .map_err(|error| crate::io::store::StoreError::inside(error.into_error(), self.store.root()))?;
        out.name(index.digest)?;
        let record = Record {
            fragment: (index.digest, index.size),
            index: self.store.add(&index.encode())?,
            facts: self.store.add(
                &serde_json::to_vec(&facts)
                    .map_err(|error| Error::Memo { what: "facts of a package", reason: error.to_string() })?,
            )?,
        };
        if !seen {
            self.store.memo_put(SUMS, &sums, b"sound");
        }
        let latest = index.max_mtime().unwrap_or(0);
        // A time equal to the epoch may have been a later one.
        let key = self.key(locked, latest < self.epoch.seconds());
        self.store.memo_put(MEMO, &key, &serde_json::to_vec(&(latest, &record)).unwrap_or_default());
        Ok(Artefact { package: package_of(&facts)?, facts, index: Arc::new(index) })
    }
}

/// `bash 5.2.15-2+b7 (amd64)`, for messages.
fn label(package: &PackageLock) -> String {
    format!("{} {} ({})", package.name, package.version, package.architecture)
}

/// The package that the lock says the `.deb` is.
pub(super) fn expected(locked: &PackageLock) -> Result<Package, Error> {
    let text =
        format!("Package: {}\nVersion: {}\nArchitecture: {}\n", locked.name, locked.version, locked.architecture);
    package_of_text(&text, &label(locked))
}

/// The package that a control file describes.
fn package_of(facts: &Facts) -> Result<Package, Error> {
    let text: String = facts.fields.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    package_of_text(&text, facts.fields.first().map_or("", |(_, value)| value))
}

fn package_of_text(text: &str, label: &str) -> Result<Package, Error> {
    let wrong = |reason: String| InstallError::Package { package: label.to_owned(), reason };
    let stanza = Stanza::parse_one(text.as_bytes()).map_err(|error| wrong(error.to_string()))?;
    Package::from_stanza(&stanza).map_err(|error| wrong(error.to_string()).into())
}

/// What can go wrong between a `.deb` and its fragment.
enum Unpack {
    Install(Box<InstallError>),
    Layer(Box<LayerError>),
}

impl From<InstallError> for Unpack {
    fn from(error: InstallError) -> Self {
        Self::Install(Box::new(error))
    }
}

/// Reports what is read as progress.
struct Counted<'a, R> {
    inner: R,
    progress: &'a dyn Progress,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.progress.emit(Event::Advance { phase: Phase::Unpack, amount: n as u64 });
        Ok(n)
    }
}
