//! One `.dat` file: read when a program starts, locked while it runs, written at its end when something changed.
//!
//! What was read stays in memory until somebody else writes the file, so that a megabyte of templates is not read again for
//! each package. Source: `Debconf::DbDriver::{File, Cache}`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use regex_automata::meta::Regex;

use super::super::failure::{Failure, text};
use super::record::Item;
use super::stanzas;
use crate::domain::rootfs::{Content, Kind};
use crate::domain::script::process::Process;
use crate::domain::script::system::System;

/// Entries by their names.
type Entries = BTreeMap<Vec<u8>, Entry>;

/// What stays between runs: each file's items as of some bytes, and which files are locked.
#[derive(Default)]
pub(in crate::domain::script) struct Kept {
    files: BTreeMap<Vec<u8>, (Arc<[u8]>, Entries)>,
    locked: BTreeSet<Vec<u8>>,
}

/// An item, and its record once that was made.
struct Entry {
    item: Item,
    record: Option<Vec<u8>>,
}

/// Which items a file takes.
pub(super) struct Filter {
    /// Whether it is told by the item's type, else by its name.
    pub(super) by_type: bool,
    /// Whether it takes what matches, else what does not.
    pub(super) accepts: bool,
    pub(super) pattern: Regex,
}

/// A stanza of `debconf.conf` whose driver is `File`.
pub(super) struct Place {
    /// The name it is called by.
    pub(super) name: String,
    /// The file, as a path in the tree.
    pub(super) path: Vec<u8>,
    pub(super) mode: u32,
    /// Whether the file before the last change stays as `PATH-old`.
    pub(super) backup: bool,
    pub(super) filters: Vec<Filter>,
}

/// An open file.
pub(super) struct File {
    place: Place,
    items: BTreeMap<Vec<u8>, Entry>,
    bytes: Arc<[u8]>,
    readonly: bool,
    dirty: bool,
}

impl File {
    /// Opens the file, and makes it where it is not there.
    ///
    /// # Errors
    /// In debconf's words, where it cannot be used.
    pub(super) fn open(
        system: &mut System<'_>,
        process: &Process,
        mut place: Place,
        readonly: bool,
    ) -> Result<Self, Failure> {
        let error =
            |place: &Place, text: String| Failure::Exit(1, format!("debconf: DbDriver \"{}\": {text}", place.name));
        let shown = text(&place.path);
        let folder = folder(&place.path);
        if !folder.is_empty() && !system.exists(folder) {
            let made = system.mkdir(folder, 0o777 & !process.umask);
            made.map_err(|errno| error(&place, format!("mkdir /{}:{errno}", text(folder))))?;
        }
        if !system.exists(&place.path) {
            place.backup = false;
            let made = system.create(&place.path, Vec::new(), place.mode & !process.umask);
            made.map_err(|_| error(&place, format!("could not open /{shown}")))?;
        }
        if let Ok(Some(real)) = system.tree.real_path(&place.path) {
            place.path = real;
        }
        if !readonly && system.debconf.locked.contains(&place.path) {
            let what = format!("/{shown} is locked by another process: Resource temporarily unavailable");
            return Err(error(&place, what));
        }
        let bytes = system.read(&place.path);
        let bytes = bytes.map_err(|errno| error(&place, format!("could not open /{shown}: {errno}")))?;
        let items = match system.debconf.files.remove(&place.path) {
            Some((of, items)) if Arc::ptr_eq(&of, &bytes) => items,
            _ => {
                system.budget.bytes(bytes.len())?;
                parse(&bytes)
            }
        };
        if !readonly {
            system.debconf.locked.insert(place.path.clone());
        }
        Ok(Self { place, items, bytes, readonly, dirty: false })
    }

    /// Closes the file without a change to it.
    pub(super) fn close(self, system: &mut System<'_>) {
        if !self.readonly {
            system.debconf.locked.remove(&self.place.path);
        }
        if !self.dirty {
            system.debconf.files.insert(self.place.path, (self.bytes, self.items));
        }
    }

    /// Writes what changed and closes the file.
    ///
    /// # Errors
    /// In debconf's words.
    pub(super) fn save(mut self, system: &mut System<'_>, process: &Process) -> Result<(), Failure> {
        if self.readonly || !self.dirty {
            self.close(system);
            return Ok(());
        }
        let mut file = Vec::with_capacity(self.bytes.len() + 4096);
        let mut changed = Vec::new();
        for (name, entry) in &mut self.items {
            let record = entry.record.get_or_insert_with(|| {
                changed.push(name.clone());
                entry.item.render(name)
            });
            file.extend_from_slice(record);
        }
        // What was written may read differently: the file is what counts.
        for name in changed {
            let Some(entry) = self.items.remove(&name) else { continue };
            let record = entry.record.unwrap_or_default();
            let (mut items, plain) = (parse(&record), record);
            if let [(_, read)] = items.iter_mut().collect::<Vec<_>>().as_mut_slice() {
                read.record = Some(plain);
            }
            self.items.append(&mut items);
        }
        system.budget.bytes(file.len())?;
        let path = &self.place.path;
        let shown = text(path);
        let error = |what: String| Failure::Exit(1, format!("debconf: DbDriver \"{}\": {what}", self.place.name));
        if self.place.backup {
            let old = [path.as_slice(), b"-old"].concat();
            system.rename(path, &old).map_err(|errno| error(format!("rename failed: {errno}")))?;
        }
        self.bytes = file.into();
        let kind = Kind::File(Content::Bytes(Arc::clone(&self.bytes)));
        let written = system.replace(path, kind, self.place.mode & !process.umask);
        written.map_err(|errno| error(format!("could not write /{shown}-new: {errno}")))?;
        self.dirty = false;
        self.close(system);
        Ok(())
    }

    /// Whether the file takes an item of this name and type; an unknown type (empty) is no reason against it.
    pub(super) fn accepts(&self, name: &[u8], kind: &[u8]) -> bool {
        self.place.filters.iter().all(|filter| {
            let subject = if filter.by_type { kind } else { name };
            (filter.by_type && kind.is_empty()) || filter.pattern.is_match(subject) == filter.accepts
        })
    }

    /// Whether it has the item.
    pub(super) fn has(&self, name: &[u8]) -> bool {
        self.items.contains_key(name)
    }

    /// An item.
    pub(super) fn get(&self, name: &[u8]) -> Option<&Item> {
        self.items.get(name).map(|entry| &entry.item)
    }

    /// An item that is about to be changed.
    pub(super) fn change(&mut self, name: &[u8]) -> Option<&mut Item> {
        let entry = self.items.get_mut(name)?;
        self.dirty = true;
        entry.record = None;
        Some(&mut entry.item)
    }

    /// Adds an owner, and the item where it is not there. An owner that is one already changes nothing.
    pub(super) fn add_owner(&mut self, name: &[u8], owner: &[u8]) {
        let entry = self.items.entry(name.to_vec()).or_insert_with(|| Entry { item: Item::default(), record: None });
        if entry.item.owners.insert(owner.to_vec()) {
            entry.record = None;
            self.dirty = true;
        }
    }

    /// Takes an owner away, and the item with its last one.
    pub(super) fn remove_owner(&mut self, name: &[u8], owner: &[u8]) {
        let Some(entry) = self.items.get_mut(name) else { return };
        if entry.item.owners.remove(owner) {
            entry.record = None;
            self.dirty = true;
        }
        if entry.item.owners.is_empty() {
            self.items.remove(name);
            self.dirty = true;
        }
    }

    /// The names of all items, sorted.
    pub(super) fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.items.keys().map(Vec::as_slice)
    }
}

/// The items of a file's bytes.
fn parse(bytes: &[u8]) -> BTreeMap<Vec<u8>, Entry> {
    let records = stanzas(bytes).filter_map(Item::parse);
    records.map(|(name, item)| (name, Entry { item, record: None })).collect()
}

/// The folder of a path.
fn folder(path: &[u8]) -> &[u8] {
    path.iter().rposition(|byte| *byte == b'/').and_then(|at| path.get(..at)).unwrap_or_default()
}
