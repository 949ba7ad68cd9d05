//! Interpreting maintainer scripts: one platform's packages are installed step by step, as dpkg does it, and what every
//! script did is kept for the ledger, for `why` and for the trace.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use super::Error;
use super::scripts::{Origin, row};
use super::unpack::Artefact;
use crate::base::{Arch, Epoch, redact};
use crate::domain::install::{self, Dance, RecipeFile, Shipment, maintscript};
use crate::domain::layer::{FragmentReader, LayerError};
use crate::domain::rootfs::{Content, Tree};
use crate::domain::script::{Change, Effect, Ledger, Limits, Maintainer, Row, Run, Status, System, Watched};
use crate::formats::deb::Package;
use crate::io::store::Store;

/// The stack of the thread that interprets: room for as many functions and programs inside each other as [`Limits`] allow.
const STACK: usize = 512 << 20;

/// How many fragments are kept open.
const MOST_OPEN: usize = 8;

/// How many lines of what a failed script said are shown.
const MOST_LINES: usize = 12;

/// What is installed, and by what rules.
pub struct Installation<'a> {
    /// The platform.
    pub arch: Arch,
    /// The moment of the image.
    pub epoch: Epoch,
    /// The packages.
    pub artefacts: &'a [Arc<Artefact>],
    /// Their priorities in their archives' indexes, in the same order.
    pub priorities: &'a [&'a str],
    /// Where their bytes are.
    pub store: &'a Store,
    /// The recipe's files.
    pub files: &'a [RecipeFile],
    /// Why scripts are left out, by their names.
    pub waivers: &'a BTreeMap<String, String>,
    /// The package whose scripts are watched.
    pub watched: Option<&'a str>,
}

/// What interpreting left.
pub struct Interpreted {
    /// The tree, its package database complete.
    pub tree: Tree,
    /// Every script, and what became of it.
    pub ledger: Ledger,
    /// For every path that scripts made, changed or removed, who did it last; sorted by path.
    pub origins: Vec<Origin>,
    /// What the watched package's scripts did.
    pub runs: Vec<Watched>,
}

impl Installation<'_> {
    /// Installs the packages into an empty tree.
    ///
    /// # Errors
    /// When packages do not go together, a script fails or cannot be interpreted, or the store's bytes are not right.
    pub fn perform(&self) -> Result<Interpreted, Error> {
        std::thread::scope(|scope| {
            let worker = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || self.interpret());
            let worker = worker.map_err(|source| Error::Runtime { source })?;
            // A panic of the worker is a bug, and goes on as one.
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    fn interpret(&self) -> Result<Interpreted, Error> {
        let packages: Vec<Package> = self
            .artefacts
            .iter()
            .zip(self.priorities)
            .map(|(artefact, priority)| Package { priority: (*priority).into(), ..artefact.package.clone() })
            .collect();
        let packages: Vec<&Package> = packages.iter().collect();
        let shipments: Vec<Shipment<'_>> = self.artefacts.iter().map(|artefact| shipment(artefact)).collect();
        let base = install::plan::base(&packages);
        let environment = maintscript::environment(self.epoch.seconds());
        let bytes = Bytes {
            artefacts: self.artefacts,
            store: self.store,
            open: RefCell::default(),
            sound: RefCell::default(),
            failed: RefCell::default(),
        };
        let read = |content: &Content| bytes.read(content);
        let mut tree = Tree::new();
        let mut system = System::new(&mut tree, self.arch, self.epoch, Limits::default(), &read);
        let mut maintainer = Maintainer::new(self.waivers, Limits::default(), self.watched);
        let dance = Dance::new(&shipments, &packages, &base, &environment).with_files(self.files);
        let done = dance
            .perform(&mut system, &mut |system, process, label, script| maintainer.run(system, process, label, script));
        // What the store gave wrong is no fault of a script, and may be had again.
        if let Some(error) = bytes.failed.take() {
            return Err(error);
        }
        if let Err(source) = done {
            let said = last_lines(&maintainer.said);
            return Err(Error::Script { arch: self.arch, source: Box::new(source), said });
        }
        let ledger = Ledger::new(self.rows(&system, &maintainer));
        let origins = origins(&system.effects);
        let runs = std::mem::take(&mut maintainer.runs);
        drop(system);
        Ok(Interpreted { tree, ledger, origins, runs })
    }

    fn rows(&self, system: &System<'_>, maintainer: &Maintainer<'_>) -> Vec<Row> {
        let mut rows = Vec::new();
        for artefact in self.artefacts {
            let package = &artefact.package;
            for script in &artefact.facts.scripts {
                let mut row = row(&package.name, package.version.as_str(), script);
                let label = row.label();
                if maintainer.waived.contains(&label) {
                    row.status = Status::Waived;
                    row.reason = self.waivers.get(&label).cloned();
                } else if let Some(account) = system.accounts.get(&label) {
                    row.status = if account.changed.is_empty() { Status::NoOp } else { Status::Interpreted };
                    row.run = Some(Run::from(account));
                } else {
                    row.status = Status::idle(&row.kind);
                }
                rows.push(row);
            }
        }
        rows
    }
}

/// A package as it is installed.
pub(super) fn shipment(artefact: &Artefact) -> Shipment<'_> {
    Shipment {
        package: &artefact.package,
        facts: &artefact.facts,
        directories: &artefact.index.directories,
        entries: artefact.index.entries.iter().map(|placed| &placed.entry).collect(),
    }
}

/// The last lines of what a script said, safe to print.
fn last_lines(said: &[u8]) -> Vec<String> {
    let lines: Vec<&[u8]> = said.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    lines.iter().skip(lines.len().saturating_sub(MOST_LINES)).map(|line| redact::printable_bytes(line)).collect()
}

/// The last change of every path.
fn origins(effects: &[Effect]) -> Vec<Origin> {
    let mut last: BTreeMap<&[u8], &Effect> = BTreeMap::new();
    for effect in effects {
        // What was made stays made, whatever numbers it gets afterwards.
        match last.get_mut(effect.path.as_slice()) {
            Some(_) if effect.change == Change::Changed => {}
            _ => drop(last.insert(&effect.path, effect)),
        }
    }
    last.into_values().map(Origin::of).collect()
}

/// The bytes of what packages shipped, for scripts.
struct Bytes<'a> {
    artefacts: &'a [Arc<Artefact>],
    store: &'a Store,
    /// The fragments read last, by artefact, the latest at the end: each holds a few MiB of plain bytes.
    open: RefCell<Vec<(u32, FragmentReader<'a, File>)>>,
    /// The artefacts whose fragments were found to be what their digests say.
    sound: RefCell<BTreeSet<u32>>,
    /// What went wrong first.
    failed: RefCell<Option<Error>>,
}

impl Bytes<'_> {
    fn read(&self, content: &Content) -> Result<Arc<[u8]>, String> {
        self.try_read(content).map_err(|error| {
            let reason = error.to_string();
            self.failed.borrow_mut().get_or_insert(error);
            reason
        })
    }

    fn try_read(&self, content: &Content) -> Result<Arc<[u8]>, Error> {
        let at = match content {
            Content::Bytes(bytes) => return Ok(Arc::clone(bytes)),
            Content::Entry { at, .. } => *at,
        };
        let missing = || LayerError::Index("an entry that is not there");
        let index = &self.artefacts.get(at.artefact as usize).ok_or_else(missing)?.index;
        let placed = index.entries.get(at.entry as usize).ok_or_else(missing)?;
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
