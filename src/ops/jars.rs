//! Jars into trees: each is compressed once, as a fragment of one file, for as long as the store keeps the result.
//!
//! A fragment holds the file where it stands in the tree, which a symbolic link (`/opt/spark` to where a package lives) can make
//! another place than the recipe says; so it is made when the packages are in place. Its time is 0, so that it depends on
//! no image's moment.

use std::collections::BTreeMap;
use std::io::{BufWriter, Read};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::Error;
use crate::base::{Arch, Digest, Epoch, Event, Hasher, Phase, Progress};
use crate::domain::layer::{FragmentWriter, Index, fragment};
use crate::domain::lock::JarLock;
use crate::domain::recipe::{Jar, Place};
use crate::domain::rootfs::{Content, Kind, Meta, Owner, Position, Tree};
use crate::formats::compress::Compression;
use crate::formats::tar::{self, Entry};
use crate::io::store::{Store, StoreError};

/// The kind of memos that lead from a jar and its place to its fragment.
const MEMO: &str = "jar";

/// The version of how a jar becomes an entry.
const FORMAT: u32 = 1;

/// A jar of the recipe, with its lock.
#[derive(Clone, Copy, Debug)]
pub struct JarToLay<'a> {
    /// Where it goes.
    pub jar: &'a Jar,
    /// What it is.
    pub lock: &'a JarLock,
    /// The recipe of the chain that names it.
    pub level: usize,
}

/// A jar that is in a tree.
pub struct LaidJar {
    /// What its layer goes by: the same from version to version where a coordinate tells.
    pub name: String,
    /// Its fragment.
    pub index: Arc<Index>,
}

/// A fragment that one thread makes while others wait for it.
type Slot = Arc<Mutex<Option<Arc<Index>>>>;

/// Makes fragments of jars, each once, whoever asks.
pub struct JarFragments<'a> {
    store: &'a Store,
    progress: &'a dyn Progress,
    compression: Compression,
    epoch: Epoch,
    made: Mutex<BTreeMap<Digest, Slot>>,
}

impl<'a> JarFragments<'a> {
    /// Fragments for images of the moment `epoch`, none made yet.
    #[must_use]
    pub fn new(store: &'a Store, progress: &'a dyn Progress, compression: Compression, epoch: Epoch) -> Self {
        Self { store, progress, compression, epoch, made: Mutex::default() }
    }

    /// Lays jars into a tree, over what the packages left; they are numbered from `first` on. Their bytes must be in the store.
    ///
    /// # Errors
    /// When one would take a directory's place or stand below a file, or the store fails.
    pub fn lay(&self, tree: &mut Tree, jars: &[JarToLay<'_>], first: usize, arch: Arch) -> Result<Vec<LaidJar>, Error> {
        let fail = |jar: &JarToLay<'_>| {
            let path = jar.jar.path.to_string();
            move |source| Error::JarPlace { path, arch, source }
        };
        let place = |jar: &JarToLay<'_>| tree.place_of(jar.jar.path.relative().as_bytes()).map_err(fail(jar));
        let places = jars.iter().map(place).collect::<Result<Vec<_>, _>>()?;
        let made = jars.par_iter().zip(&places).with_max_len(1);
        let made = made.map(|(jar, place)| self.fragment(jar, place)).collect::<Result<Vec<_>, Error>>()?;
        let mut laid = Vec::new();
        for ((number, jar), index) in (first..).zip(jars).zip(made) {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            let at = Position { artefact: number, entry: 0 };
            for placed in &index.entries {
                let entry = &placed.entry;
                let kind = Kind::File(Content::Entry { at, size: entry.size() });
                let meta = Meta::root(entry.mode, entry.mtime);
                tree.insert(&entry.path, kind, meta, Owner::Artefact(number), Some(at)).map_err(fail(jar))?;
            }
            laid.push(LaidJar { name: name(jar.lock, jar.jar), index });
        }
        Ok(laid)
    }

    /// The fragment of a jar at a place, made if nobody has made it yet.
    fn fragment(&self, jar: &JarToLay<'_>, place: &[u8]) -> Result<Arc<Index>, Error> {
        let key = self.key(jar, place);
        let slot = Arc::clone(self.made.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default());
        // Nothing below waits for another thread, so whoever holds this will be done.
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = &*slot {
            return Ok(Arc::clone(index));
        }
        let index = match self.remembered(&key) {
            Some(index) => index,
            None => self.make(jar, place, &key)?,
        };
        let index = Arc::new(index);
        *slot = Some(Arc::clone(&index));
        Ok(index)
    }

    /// What the fragment's bytes depend on.
    fn key(&self, jar: &JarToLay<'_>, place: &[u8]) -> Digest {
        let mut key = Hasher::new();
        key.update(format!("{FORMAT} {:?} {:?} {:o} ", fragment::FORMAT, self.compression, jar.jar.mode).as_bytes());
        key.update(jar.lock.sha256.as_bytes());
        key.update(place);
        key.finish().0
    }

    fn remembered(&self, key: &Digest) -> Option<Index> {
        let index = Index::decode(&self.store.memo_get(MEMO, key)?).ok()?;
        self.store.contains(&index.digest, Some(index.size)).then_some(index)
    }

    fn make(&self, jar: &JarToLay<'_>, place: &[u8], key: &Digest) -> Result<Index, Error> {
        let JarLock { size, sha256, .. } = *jar.lock;
        let phase = Phase::Unpack;
        self.progress.emit(Event::Begin { phase, total: Some(size) });
        let inside = |error| StoreError::inside(error, self.store.root());
        let mut content = self.store.reader(&sha256, size)?;
        let out = BufWriter::with_capacity(1 << 20, self.store.spool()?);
        let mut writer = FragmentWriter::new(self.compression, self.epoch, out)?;
        let entry = Entry::new(place, tar::Kind::File { size }, jar.jar.mode, 0);
        let pushed = writer.push(&entry, &mut content as &mut dyn Read);
        // Wrong bytes are the store's fault, and may be had again.
        content.check()?;
        pushed?;
        let (index, out) = writer.finish()?;
        out.into_inner().map_err(|error| inside(error.into_error()))?.name(index.digest)?;
        self.store.memo_put(MEMO, key, &index.encode());
        self.progress.emit(Event::Advance { phase, amount: size });
        self.progress.emit(Event::End { phase });
        Ok(index)
    }
}

/// What a jar goes by when layers are planned: its group and artefact, so that a new version stays in its layer, or else its path.
fn name(lock: &JarLock, jar: &Jar) -> String {
    let coordinate = lock.places.iter().find_map(|place| match place {
        Place::Maven(coordinate) => Some(coordinate),
        _ => None,
    });
    coordinate.map_or_else(
        || jar.path.to_string(),
        |c| format!("{}:{}:{}", c.group(), c.artifact(), c.classifier().unwrap_or_default()),
    )
}
