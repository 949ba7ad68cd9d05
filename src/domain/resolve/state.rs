//! What is installed, what would be, and whether relations hold: the part of apt that its sources call the dependency cache.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::universe::{Atom, Build, Field, Name, Universe};

/// What is to happen to a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// It goes.
    Delete,
    /// It stays as it is, installed or not.
    Keep,
    /// It is installed.
    Install,
}

/// Which version of each package a relation is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// What is installed already.
    Current,
    /// What will be.
    Install,
    /// What could be.
    Candidate,
}

/// One package.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// The version that stands already.
    pub(super) current: Option<Build>,
    /// The version that will be there.
    pub(super) install: Option<Build>,
    /// The version that may be installed.
    pub(super) candidate: Option<Build>,
    pub(super) mode: Mode,
    /// Nobody asked for it by name.
    pub(super) auto: bool,
    /// Only the user may change its mode.
    pub(super) protected: bool,
    /// The user wants to keep it out.
    pub(super) held: bool,
    /// Nothing that was asked for leads to it.
    pub(super) garbage: bool,
    /// When the relations to this name were last looked at.
    seen: u32,
}

impl Entry {
    /// A package that nobody has asked for yet.
    const fn untouched(current: Option<Build>, candidate: Option<Build>) -> Self {
        Self {
            current,
            install: current,
            candidate,
            mode: Mode::Keep,
            auto: false,
            protected: false,
            held: false,
            garbage: false,
            seen: 0,
        }
    }
}

/// A candidate that was given up before its time.
#[derive(Clone, Copy, Debug)]
struct GivenUp {
    build: Build,
    at: u32,
}

/// All packages.
///
/// apt keeps what it knows of each relation and looks again only when the state of a package it leads to changes. To give up a
/// candidate is no such change, so that relations still count on it until something else makes apt look. Decisions depend on
/// that, so it is kept here, too: `given_up`, and in each entry `seen`.
pub(super) struct State<'u> {
    pub(super) universe: &'u Universe,
    /// Whether recommended packages count as needed.
    pub(super) recommends: bool,
    entries: Vec<Entry>,
    /// Everything that will be there.
    planned: BTreeSet<Name>,
    given_up: BTreeMap<Name, GivenUp>,
    clock: u32,
}

impl<'u> State<'u> {
    /// Nothing is installed yet.
    pub(super) fn new(universe: &'u Universe, candidate: impl Fn(Name) -> Option<Build>) -> Self {
        let entries = universe.names().map(|name| Entry::untouched(None, candidate(name))).collect();
        Self { universe, recommends: false, entries, planned: BTreeSet::new(), given_up: BTreeMap::new(), clock: 1 }
    }

    /// What was to be installed now is.
    pub(super) fn settle(&mut self, candidate: impl Fn(Name) -> Option<Build>) {
        for (name, entry) in self.universe.names().zip(&mut self.entries) {
            *entry = Entry::untouched(entry.install, candidate(name));
        }
        self.given_up.clear();
    }

    pub(super) fn entry(&self, name: Name) -> &Entry {
        &self.entries[name.0 as usize]
    }

    /// For what no relation depends on: flags, and the mode where the versions stay.
    pub(super) fn entry_mut(&mut self, name: Name) -> &mut Entry {
        &mut self.entries[name.0 as usize]
    }

    pub(super) fn name_of(&self, build: Build) -> Name {
        self.universe.facts(build).name
    }

    /// Sets what will be there, and looks again at the relations to it.
    pub(super) fn set(&mut self, name: Name, mode: Mode, install: Option<Build>) {
        let entry = self.entry_mut(name);
        entry.mode = mode;
        entry.install = install;
        if install.is_some() {
            self.planned.insert(name);
        } else {
            self.planned.remove(&name);
        }
        self.look_again(name);
    }

    /// Chooses another candidate, and looks again at the relations to it.
    pub(super) fn set_candidate(&mut self, name: Name, build: Build) {
        let entry = self.entry_mut(name);
        if entry.candidate == Some(build) {
            return;
        }
        if entry.candidate == entry.install && entry.mode == Mode::Install {
            entry.install = Some(build);
        }
        entry.candidate = Some(build);
        self.look_again(name);
    }

    /// Gives up the candidate for another one, or none. Nobody looks again.
    pub(super) fn give_up_candidate(&mut self, name: Name, new: Option<Build>) {
        let at = self.clock;
        self.clock += 1;
        let entry = self.entry_mut(name);
        let old = entry.candidate;
        entry.candidate = new;
        if let (Some(build), true) = (old, old != new) {
            self.given_up.entry(name).and_modify(|before| before.at = at).or_insert(GivenUp { build, at });
        }
    }

    fn look_again(&mut self, name: Name) {
        let now = self.clock;
        self.clock += 1;
        self.entry_mut(name).seen = now;
        let Entry { current, candidate, .. } = *self.entry(name);
        for build in [current, candidate].into_iter().flatten() {
            for target in self.universe.provided_by(build) {
                self.entry_mut(*target).seen = now;
            }
        }
    }

    fn version(&self, name: Name, view: View, target: Name) -> Option<Build> {
        let entry = self.entry(name);
        match view {
            View::Current => entry.current,
            View::Install => entry.install,
            View::Candidate => match self.given_up.get(&name) {
                Some(given_up) if self.entry(target).seen < given_up.at => Some(given_up.build),
                _ => entry.candidate,
            },
        }
    }

    /// Whether the relation's package, or a provider, is there in a version that is meant.
    pub(super) fn hits(&self, owner: Name, atom: &Atom, view: View) -> bool {
        let own = self.version(atom.target, view, atom.target);
        if own.is_some_and(|build| !is_own(owner, atom, atom.target) && self.universe.admits(atom, build)) {
            return true;
        }
        self.universe.providers_of(atom.target).iter().any(|provider| {
            let name = self.name_of(provider.build);
            !is_own(owner, atom, name)
                && self.version(name, view, atom.target) == Some(provider.build)
                && self.universe.admits_provider(atom, provider)
        })
    }

    /// Whether a group holds: one of its relations, or for `Conflicts` and `Breaks`, nothing that it is against.
    pub(super) fn holds(&self, owner: Name, group: Range<usize>, view: View) -> bool {
        group.into_iter().any(|at| {
            let atom = self.universe.atom(at);
            self.hits(owner, &atom, view) != atom.is_negative()
        })
    }

    /// Whether the package would be broken: installed, with a dependency missing or a conflict.
    pub(super) fn is_broken(&self, name: Name) -> bool {
        self.first_broken(name, self.entry(name).install, View::Install).is_some()
    }

    /// Whether it would be broken, or lack what it recommends where that counts.
    pub(super) fn is_lacking(&self, name: Name) -> bool {
        let Some(build) = self.entry(name).install else { return false };
        self.universe
            .groups_of(build)
            .any(|group| self.is_important(&self.universe.atom(group.start)) && !self.holds(name, group, View::Install))
    }

    /// The first group of `build` that does not hold and must.
    pub(super) fn first_broken(&self, name: Name, build: Option<Build>, view: View) -> Option<Range<usize>> {
        self.universe
            .groups_of(build?)
            .find(|group| self.universe.atom(group.start).is_critical() && !self.holds(name, group.clone(), view))
    }

    /// Everything that will be there, by name, with its version.
    pub(super) fn planned(&self) -> impl Iterator<Item = (Name, Build)> {
        self.planned.iter().filter_map(|name| Some((*name, self.entry(*name).install?)))
    }

    /// The packages that would be broken.
    pub(super) fn broken(&self) -> Vec<Name> {
        self.planned().map(|(name, _)| name).filter(|name| self.is_broken(*name)).collect()
    }

    /// Whether packages are installed for this relation.
    pub(super) fn is_important(&self, atom: &Atom) -> bool {
        atom.is_critical() || self.recommends && atom.field == Field::Recommends
    }

    /// The versions that serve a relation (or, for a negative one, that it is against): the package's own, then the providers'.
    pub(super) fn solutions(&self, owner: Name, atom: &Atom, view: View) -> Vec<Build> {
        let mut found = Vec::new();
        let now = |name: Name| match view {
            View::Current => self.entry(name).current,
            View::Install => self.entry(name).install,
            View::Candidate => self.entry(name).candidate,
        };
        if let Some(build) = now(atom.target)
            && !is_own(owner, atom, atom.target)
            && self.universe.admits(atom, build)
        {
            found.push(build);
        }
        for provider in self.universe.providers_of(atom.target) {
            let name = self.name_of(provider.build);
            if !is_own(owner, atom, name)
                && now(name) == Some(provider.build)
                && self.universe.admits_provider(atom, provider)
            {
                found.push(provider.build);
            }
        }
        found
    }

    /// Every version of any package that serves the relation, candidate or not.
    pub(super) fn all_targets(&self, owner: Name, atom: &Atom) -> Vec<Build> {
        let mut found = Vec::new();
        if !is_own(owner, atom, atom.target) {
            found.extend(self.universe.builds_of(atom.target).filter(|build| self.universe.admits(atom, *build)));
        }
        for provider in self.universe.providers_of(atom.target) {
            if !is_own(owner, atom, self.name_of(provider.build)) && self.universe.admits_provider(atom, provider) {
                found.push(provider.build);
            }
        }
        found
    }
}

/// A package is never against itself, nor against what it provides itself.
fn is_own(owner: Name, atom: &Atom, other: Name) -> bool {
    atom.is_negative() && owner == other
}
