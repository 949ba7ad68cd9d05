//! Interpreting maintainer scripts: one platform's packages are installed step by step, as dpkg does it, and what every
//! script did is kept for the ledger, for `why` and for the trace.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Error;
use super::package_bytes::PackageBytes;
use super::scripts::{Origin, row};
use super::stand_ins::StandIns;
use super::unpack::Artefact;
use crate::base::{Arch, Epoch, redact};
use crate::domain::install::{self, Dance, RecipeFile, Shipment, maintscript};
use crate::domain::recipe;
use crate::domain::rootfs::{Content, Position, Tree};
use crate::domain::script::{
    Answer, Change, Effect, Ledger, Limits, Maintainer, Row, Run, Status, System, Watched, type_of,
};
use crate::formats::deb::{Package, PackageName, Priority};
use crate::io::store::Store;

/// The stack of the thread that interprets: room for as many functions and programs inside each other as [`Limits`] allow.
const STACK: usize = 512 << 20;

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
    pub priorities: &'a [Priority],
    /// Which of them only others asked for.
    pub along: &'a [bool],
    /// Where their bytes are.
    pub store: &'a Store,
    /// The recipe's files.
    pub files: &'a [RecipeFile],
    /// Why scripts are left out, by their names.
    pub waivers: &'a BTreeMap<String, String>,
    /// What stands for scripts, by their names.
    pub effects: &'a BTreeMap<String, recipe::Effect>,
    /// Answers to debconf's questions, by package and question.
    pub answers: &'a BTreeMap<PackageName, BTreeMap<String, String>>,
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
            .map(|(artefact, priority)| Package { priority: *priority, ..artefact.package.clone() })
            .collect();
        let packages: Vec<&Package> = packages.iter().collect();
        let shipments: Vec<Shipment<'_>> = self.artefacts.iter().map(|artefact| shipment(artefact)).collect();
        let base = install::plan::base(&packages);
        let environment = maintscript::environment(self.epoch.seconds());
        let bytes = PackageBytes::new(self.artefacts, self.store);
        let read = |content: &Content| bytes.read(content);
        let mut tree = Tree::new();
        let mut system = System::new(&mut tree, self.arch, self.epoch, Limits::default(), &read);
        (0..).zip(self.artefacts).for_each(|(number, artefact)| artefact.introduce(number, &mut system));
        system.skipped = self.waivers.keys().chain(self.effects.keys()).cloned().collect();
        let answers = self.answers(&bytes)?;
        let mut maintainer = Maintainer::new(Limits::default(), self.watched);
        let mut stand_ins = StandIns::new(self.effects, self.epoch, &read);
        let dance =
            Dance::new(&shipments, &packages, &base, &environment).with_files(self.files).with_answers(&answers);
        let done = dance.perform(&mut system, &mut |system, process, label, script| {
            stand_ins.before(system, label, &script)?;
            maintainer.run(system, process, label, script)
        });
        // What the store gave wrong is no fault of a script, and may be had again.
        if let Some(error) = bytes.failed() {
            return Err(error);
        }
        if let Some(error) = stand_ins.failed {
            return Err(error);
        }
        if let Err(source) = done {
            let said = last_lines(&maintainer.said);
            return Err(Error::Script { arch: self.arch, source: Box::new(source), said });
        }
        let ledger = Ledger::new(self.rows(&system));
        let origins = origins(&system.effects);
        let runs = std::mem::take(&mut maintainer.runs);
        drop(system);
        let along = packages.iter().enumerate().zip(self.along).filter(|((i, _), along)| **along && !base.contains(i));
        install::finish(&mut tree, self.arch, along.map(|((_, package), _)| *package), self.epoch.seconds())?;
        Ok(Interpreted { tree, ledger, origins, runs })
    }

    /// The recipe's answers, with the types that their packages' templates have.
    fn answers(&self, bytes: &PackageBytes<'_>) -> Result<Vec<Answer>, Error> {
        let mut answers = Vec::new();
        for (package, questions) in self.answers {
            let found = (0..).zip(self.artefacts).find(|(_, artefact)| artefact.package.name == *package);
            let unknown = |question: &str, why| Error::Question {
                package: package.to_string(),
                question: question.to_owned(),
                arch: self.arch,
                why,
            };
            for (question, value) in questions {
                let (number, artefact) = found.ok_or_else(|| unknown(question, "the image has no such package"))?;
                let path = install::info::path(&artefact.package, "templates");
                let entries = &artefact.index.entries;
                let place = (0..).zip(entries).find(|(_, placed)| placed.entry.path == path);
                let (entry, placed) = place.ok_or_else(|| unknown(question, "the package asks nothing"))?;
                let at = Position { artefact: number, entry };
                let templates = bytes.try_read(&Content::Entry { at, size: placed.entry.size() })?;
                let type_ = type_of(&templates, question)
                    .ok_or_else(|| unknown(question, "the package has no such question"))?;
                let (package, question, value) = (package.to_string(), question.clone(), value.clone());
                answers.push(Answer { package, question, type_, value });
            }
        }
        Ok(answers)
    }

    fn rows(&self, system: &System<'_>) -> Vec<Row> {
        let mut rows = Vec::new();
        for artefact in self.artefacts {
            let package = &artefact.package;
            for script in &artefact.facts.scripts {
                let mut row = row(&package.name, package.version.as_str(), script);
                let label = row.label();
                if let Some(reason) = self.waivers.get(&label) {
                    (row.status, row.reason) = (Status::Waived, Some(reason.clone()));
                } else if let Some(effect) = self.effects.get(&label) {
                    (row.status, row.reason) = (Status::StoodFor, Some(effect.reason.clone()));
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
        match last.get(effect.path.as_slice()) {
            Some(_) if effect.change == Change::Changed => {}
            // A redirection makes a file, and its command writes it.
            Some(before)
                if before.change == Change::Made && before.site == effect.site && effect.change == Change::Written => {}
            _ => drop(last.insert(&effect.path, effect)),
        }
    }
    last.into_values().map(Origin::of).collect()
}
