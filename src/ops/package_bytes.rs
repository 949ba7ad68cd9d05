//! The bytes of what packages shipped, read out of their fragments one file at a time, in bounded memory.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use super::Error;
use super::unpack::Artefact;
use crate::domain::layer::{FragmentReader, Index, LayerError};
use crate::domain::rootfs::Content;
use crate::io::store::Store;

/// How many fragments are kept open.
const MOST_OPEN: usize = 8;

/// The bytes of what packages shipped.
pub(super) struct PackageBytes<'a> {
    artefacts: &'a [Arc<Artefact>],
    /// What is numbered from somewhere on.
    others: (usize, Vec<&'a Index>),
    store: &'a Store,
    /// The fragments read last, by artefact, the latest at the end: each holds a few MiB of plain bytes.
    open: RefCell<Vec<(u32, FragmentReader<'a, File>)>>,
    /// The artefacts whose fragments were found to be what their digests say.
    sound: RefCell<BTreeSet<u32>>,
    /// What went wrong first.
    failed: RefCell<Option<Error>>,
}

impl<'a> PackageBytes<'a> {
    pub(super) fn new(artefacts: &'a [Arc<Artefact>], store: &'a Store) -> Self {
        Self {
            artefacts,
            others: (0, Vec::new()),
            store,
            open: RefCell::default(),
            sound: RefCell::default(),
            failed: RefCell::default(),
        }
    }

    /// Also the bytes of what has other fragments, numbered from `first` on.
    pub(super) fn with_others(mut self, first: usize, indexes: Vec<&'a Index>) -> Self {
        self.others = (first, indexes);
        self
    }

    /// The fragment of an artefact.
    fn index(&self, number: usize) -> Option<&'a Index> {
        let (first, others) = &self.others;
        let other = || others.get(number.checked_sub(*first)?).copied();
        self.artefacts.get(number).map(|artefact| &*artefact.index).or_else(other)
    }

    /// The bytes of a file, or in words why not; [`PackageBytes::failed`] then has the error.
    pub(super) fn read(&self, content: &Content) -> Result<Arc<[u8]>, String> {
        self.try_read(content).map_err(|error| {
            let reason = error.to_string();
            self.failed.borrow_mut().get_or_insert(error);
            reason
        })
    }

    /// What went wrong first, if anything did.
    pub(super) fn failed(&self) -> Option<Error> {
        self.failed.take()
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// When the store has not what it should.
    pub(super) fn try_read(&self, content: &Content) -> Result<Arc<[u8]>, Error> {
        let at = match content {
            Content::Bytes(bytes) => return Ok(Arc::clone(bytes)),
            Content::Entry { at, .. } => *at,
        };
        let missing = || LayerError::Index("an entry that is not there");
        let index = self.index(at.artefact as usize).ok_or_else(missing)?;
        let placed = index.entries.get(at.entry as usize).ok_or_else(missing)?;
        let artefact = self.artefacts.get(at.artefact as usize);
        if let Some(bytes) = artefact.and_then(|artefact| artefact.facts.info(&artefact.package, &placed.entry.path)) {
            return Ok(bytes.into());
        }
        let mut open = self.open.borrow_mut();
        let reader = match open.iter().position(|(artefact, _)| *artefact == at.artefact) {
            Some(place) => open.remove(place).1,
            None => {
                let known = !self.sound.borrow_mut().insert(at.artefact);
                let (digest, size) = (&index.digest, index.size);
                let file = if known { self.store.unchecked(digest, size)? } else { self.store.file(digest, size)? };
                FragmentReader::new(index, file)?
            }
        };
        if open.len() >= MOST_OPEN {
            open.remove(0);
        }
        open.push((at.artefact, reader));
        let Some((_, reader)) = open.last_mut() else { return Err(missing().into()) };
        let mut bytes = Vec::new();
        let read = reader.open(placed).read_to_end(&mut bytes);
        read.map_err(|source| LayerError::Fragment { digest: index.digest, source })?;
        Ok(bytes.into())
    }
}
