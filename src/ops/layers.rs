//! Layer plans into blobs: fragments are concatenated straight into the layout. A layer that is there already, made of
//! the same things, is not even read.

use std::collections::BTreeMap;
use std::io::{self, BufReader, BufWriter, Read};
use std::sync::Arc;

use rayon::prelude::*;

use super::Error;
use crate::base::{Digest, Epoch, Event, Hasher, Phase, Progress};
use crate::domain::layer::plan::{Generated, LayerPlan, Part};
use crate::domain::layer::{Assembled, FragmentReader, Index, LayerError, LayerWriter, filtered, fragment};
use crate::domain::rootfs::Content;
use crate::formats::compress::Compression;
use crate::formats::tar::{Entry, writer};
use crate::io::registry::layout::Layout;
use crate::io::store::{Store, StoreError};

/// The kind of memos that lead from what a layer is made of to its digests.
const MEMO: &str = "layer";

/// The kind of memos that lead from a fragment and what is left out of it to the fragment that remains.
const FILTERED: &str = "filtered";

/// How much is written to the disk at a time.
const BUFFER: usize = 1 << 20;

/// The version of how a plan becomes bytes.
const FORMAT: u32 = 1;

/// Works on layers.
#[derive(Clone, Copy)]
pub struct Layering<'a> {
    /// Where fragments come from, and what was made is remembered.
    pub store: &'a Store,
    /// Where layers go to.
    pub layout: &'a Layout,
    /// Where progress goes.
    pub progress: &'a dyn Progress,
    /// How layers are compressed.
    pub compression: Compression,
    /// Times after this moment become this moment.
    pub epoch: Epoch,
}

/// A plan, and what its numbers of artefacts mean.
#[derive(Clone, Copy)]
pub struct Planned<'a> {
    /// The plan.
    pub plan: &'a LayerPlan,
    /// The fragments of the artefacts that it was made from.
    pub artefacts: &'a [Arc<Index>],
}

impl Layering<'_> {
    /// Brings all layers into the layout, and returns what they are, in order. Plans that come to the same layer (on two
    /// platforms) are made once.
    ///
    /// # Errors
    /// When a fragment is not what its index says, or store or layout fail.
    pub fn layers(&self, plans: &[Planned<'_>]) -> Result<Vec<Assembled>, Error> {
        let keys: Vec<Digest> = plans.iter().map(|planned| self.key(planned)).collect();
        let mut unique: BTreeMap<Digest, &Planned<'_>> = BTreeMap::new();
        for (key, planned) in keys.iter().zip(plans) {
            unique.insert(*key, planned);
        }
        let mut known = BTreeMap::new();
        let mut todo = Vec::new();
        for (key, planned) in unique {
            match self.remembered(&key) {
                Some(assembled) => drop(known.insert(key, assembled)),
                None => todo.push((size(planned), key, planned)),
            }
        }
        if !todo.is_empty() {
            let phase = Phase::Layers;
            self.progress.emit(Event::Begin { phase, total: Some(todo.iter().map(|(size, ..)| size).sum()) });
            todo.sort_by(|a, b| (b.0, a.1).cmp(&(a.0, b.1)));
            let made: Result<Vec<_>, Error> = todo
                .par_iter()
                .with_max_len(1)
                .map(|(_, key, planned)| {
                    let assembled = self.assemble(planned)?;
                    self.store.memo_put(MEMO, key, &encode(&assembled));
                    Ok((*key, assembled))
                })
                .collect();
            self.progress.emit(Event::End { phase });
            known.extend(made?);
        }
        Ok(keys.iter().filter_map(|key| known.get(key).copied()).collect())
    }

    /// A layer that was made before and is in the layout.
    fn remembered(&self, key: &Digest) -> Option<Assembled> {
        let assembled = decode(&self.store.memo_get(MEMO, key)?)?;
        self.layout.has_blob(assembled.digest, assembled.size).then_some(assembled)
    }

    /// What the layer's bytes depend on, and nothing else.
    fn key(&self, planned: &Planned<'_>) -> Digest {
        let LayerPlan { title: _, directories, parts, generated } = planned.plan;
        let mut key = Hasher::new();
        key.update(format!("{FORMAT} {:?} {:?} {} ", fragment::FORMAT, self.compression, self.epoch).as_bytes());
        directories.iter().for_each(|entry| add_entry(&mut key, entry));
        for part in parts {
            let Some(artefact) = planned.artefacts.get(part.artefact as usize) else { continue };
            key.update(b"part");
            key.update(artefact.digest.as_bytes());
            add_dropped(&mut key, part);
        }
        for Generated { entry, content } in generated {
            add_entry(&mut key, entry);
            match content {
                None => {}
                Some(Content::Bytes(bytes)) => key.update(bytes),
                Some(Content::Entry { at, .. }) => {
                    let artefact = planned.artefacts.get(at.artefact as usize);
                    key.update(artefact.map_or(&[][..], |artefact| artefact.digest.as_bytes()));
                    key.update(&at.entry.to_be_bytes());
                }
            }
        }
        key.finish().0
    }

    fn assemble(&self, planned: &Planned<'_>) -> Result<Assembled, Error> {
        let LayerPlan { directories, parts, generated, .. } = planned.plan;
        let disk = |error: io::Error| Error::Write { path: self.layout.dir().to_owned(), source: error };
        let out = BufWriter::with_capacity(BUFFER, self.layout.spool()?);
        let mut layer = LayerWriter::new(self.compression, self.epoch, out)?;
        layer.push_all(directories)?;
        for part in parts {
            let artefact = artefact(planned, part.artefact)?;
            if part.dropped.is_empty() {
                self.copy(&mut layer, artefact)?;
            } else {
                let index = self.part(artefact, part)?;
                self.copy(&mut layer, &index)?;
            }
        }
        for Generated { entry, content } in generated {
            match content {
                None => layer.push(entry, &mut io::empty())?,
                Some(Content::Bytes(bytes)) => layer.push(entry, &mut &**bytes)?,
                Some(Content::Entry { at, .. }) => {
                    let index = artefact(planned, at.artefact)?;
                    let placed = index.entries.get(at.entry as usize);
                    let placed = placed.ok_or(LayerError::Index("an entry that is not there"))?;
                    let mut reader = FragmentReader::new(index, self.store.file(&index.digest, index.size)?)?;
                    layer.push(entry, &mut reader.open(placed))?;
                }
            }
        }
        let (assembled, out) = layer.finish()?;
        out.into_inner().map_err(|error| disk(error.into_error()))?.name(assembled.digest)?;
        Ok(assembled)
    }

    /// Copies a whole fragment of the store into the layer.
    fn copy<W: io::Write>(&self, layer: &mut LayerWriter<W>, index: &Index) -> Result<(), Error> {
        if index.size == 0 {
            return Ok(());
        }
        // The layer hashes what it copies, and says so when it is not what the index describes.
        let file = self.store.unchecked(&index.digest, index.size)?;
        let mut reader = BufReader::with_capacity(1 << 18, Counted { inner: file, progress: self.progress });
        layer.fragment(index, &mut reader).map_err(|error| match error {
            LayerError::Changed { .. } | LayerError::Fragment { .. } => {
                match self.store.file(&index.digest, index.size) {
                    Err(damaged) => damaged.into(),
                    Ok(_) => error.into(),
                }
            }
            other => other.into(),
        })
    }

    /// The fragment of what remains of an artefact, made if the store does not have it.
    fn part(&self, whole: &Index, part: &Part) -> Result<Index, Error> {
        let mut key = Hasher::new();
        key.update(format!("{FORMAT} {:?} ", fragment::FORMAT).as_bytes());
        key.update(whole.digest.as_bytes());
        add_dropped(&mut key, part);
        let key = key.finish().0;
        if let Some(index) = self.store.memo_get(FILTERED, &key).and_then(|bytes| Index::decode(&bytes).ok())
            && (index.size == 0 || self.store.contains(&index.digest, Some(index.size)))
        {
            return Ok(index);
        }
        let source = self.store.file(&whole.digest, whole.size)?;
        let out = BufWriter::with_capacity(BUFFER, self.store.spool()?);
        let (index, out) = filtered(whole, source, &part.dropped, out)?;
        let out = out.into_inner().map_err(|error| StoreError::inside(error.into_error(), self.store.root()))?;
        out.name(index.digest)?;
        self.store.memo_put(FILTERED, &key, &index.encode());
        Ok(index)
    }
}

fn artefact<'a>(planned: &Planned<'a>, number: u32) -> Result<&'a Index, Error> {
    let found = planned.artefacts.get(number as usize);
    Ok(found.ok_or(LayerError::Index("an artefact that is not there"))?)
}

/// Compressed bytes that go into a layer, about.
fn size(planned: &Planned<'_>) -> u64 {
    let artefacts = planned.plan.parts.iter().filter_map(|part| planned.artefacts.get(part.artefact as usize));
    artefacts.map(|artefact| artefact.size).sum()
}

fn add_entry(key: &mut Hasher, entry: &Entry) {
    // An entry that cannot be written fails when it is written.
    let mut header = Vec::new();
    let _ = writer::header(entry, &mut header);
    key.update(&header);
}

fn add_dropped(key: &mut Hasher, part: &Part) {
    for path in &part.dropped {
        key.update(b"drop");
        key.update(&(path.len() as u64).to_be_bytes());
        key.update(path);
    }
}

fn encode(assembled: &Assembled) -> Vec<u8> {
    let Assembled { digest, diff_id, size, plain_size } = assembled;
    format!("{digest} {diff_id} {size} {plain_size}").into_bytes()
}

fn decode(bytes: &[u8]) -> Option<Assembled> {
    let mut words = std::str::from_utf8(bytes).ok()?.split(' ');
    let mut next = || words.next();
    Some(Assembled {
        digest: next()?.parse().ok()?,
        diff_id: crate::base::DiffId(next()?.parse().ok()?),
        size: next()?.parse().ok()?,
        plain_size: next()?.parse().ok()?,
    })
}

/// Reports what is read as progress.
struct Counted<'a, R> {
    inner: R,
    progress: &'a dyn Progress,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.progress.emit(Event::Advance { phase: Phase::Layers, amount: n as u64 });
        Ok(n)
    }
}
