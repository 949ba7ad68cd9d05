//! Every package version that may be chosen, compact: a suite has 60,000, and two suites of them must fit in 100 MiB.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use crate::base::{Arch, Digest};
use crate::formats::deb::{Architecture, MultiArch, Operator, PackageName, PoolFile, Priority, Relation, Version};

mod builder;

pub use builder::{UniverseBuilder, UniverseError};

/// One suite (and component) of an archive, in the order of the recipe: the first is the one that variants are taken from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    /// The Release file's `Suite`: `oldstable`.
    pub suite: Box<str>,
    /// The Release file's `Codename`: `bookworm`.
    pub codename: Box<str>,
    /// The pin, as in apt_preferences(5): the highest wins, then the latest version. 500 is usual; below 0 is never taken.
    pub priority: i16,
    /// Where given, the archive supplies these packages and nothing else.
    pub only: Option<BTreeSet<PackageName>>,
}

/// What a package's name is known by: its place in the order in which names are first mentioned.
///
/// That order is the last word between equal providers, as in apt: of two, the one mentioned later is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Name(pub(super) u32);

/// One version of one package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Build(pub(super) u32);

/// The field a relation stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Field {
    PreDepends,
    Depends,
    Conflicts,
    Breaks,
    Recommends,
    Suggests,
    Replaces,
}

/// One relation. Those with `or` form a group with the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Atom {
    pub(super) target: Name,
    version: u32,
    operator: Operator,
    pub(super) field: Field,
    pub(super) or: bool,
}

/// A build that provides a name; as a version where it says so.
#[derive(Clone, Copy, Debug)]
pub(super) struct Provider {
    pub(super) build: Build,
    version: u32,
}

/// Stands for "no version" where a number of a version is kept.
const NO_VERSION: u32 = u32::MAX;

/// What is kept of one version of a package.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) name: Name,
    version: u32,
    source: u32,
    /// Its place among all stanzas in their final order.
    place: u32,
    /// Which archives have it, one bit each.
    archives: u64,
    atoms: Range<u32>,
    provides: Range<u32>,
    path: Range<u32>,
    size: u64,
    sha256: Digest,
    pub(super) priority: Priority,
    pub(super) multi_arch: MultiArch,
    pub(super) essential: bool,
    pub(super) protected: bool,
    all: bool,
}

/// Every package version that one architecture may choose from.
pub struct Universe {
    arch: Arch,
    archives: Vec<Archive>,
    names: Vec<Arc<str>>,
    by_text: HashMap<Arc<str>, Name>,
    versions: Vec<Version>,
    builds: Vec<Facts>,
    of_name: Vec<Range<u32>>,
    atoms: Vec<Atom>,
    provided: Vec<Name>,
    providers: Vec<Provider>,
    of_provided: Vec<Range<u32>>,
    paths: String,
}

impl Universe {
    /// The architecture resolved for.
    #[must_use]
    pub const fn arch(&self) -> Arch {
        self.arch
    }

    /// The archives, in the order of the recipe.
    #[must_use]
    pub fn archives(&self) -> &[Archive] {
        &self.archives
    }

    /// The names that an archive is limited to, and that it does not have: archive and name.
    #[must_use]
    pub fn missing_limits(&self) -> Vec<(usize, PackageName)> {
        let limits = self.archives.iter().enumerate().filter_map(|(at, archive)| Some((at, archive.only.as_ref()?)));
        limits
            .flat_map(|(at, only)| only.iter().map(move |name| (at, name)))
            .filter(|(at, name)| {
                let found = self.find(name.as_str());
                !found.is_some_and(|name| self.builds_of(name).any(|build| self.is_in(build, *at)))
            })
            .map(|(at, name)| (at, name.clone()))
            .collect()
    }

    pub(super) fn find(&self, text: &str) -> Option<Name> {
        self.by_text.get(text).copied()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = Name> + use<> {
        (0..self.names.len() as u32).map(Name)
    }

    pub(super) fn text(&self, name: Name) -> &str {
        &self.names[name.0 as usize]
    }

    /// A name that some package bears.
    pub(super) fn package_name(&self, name: Name) -> PackageName {
        let text = self.text(name);
        let bare = text.split_once(':').map_or(text, |(bare, _)| bare);
        #[expect(clippy::expect_used, reason = "only package names, and those with a qualifier, are ever taken in")]
        bare.parse().expect("a package's name")
    }

    /// All versions of a package, the latest first.
    pub(super) fn builds_of(&self, name: Name) -> impl Iterator<Item = Build> + use<> {
        self.of_name[name.0 as usize].clone().map(Build)
    }

    pub(super) fn facts(&self, build: Build) -> &Facts {
        &self.builds[build.0 as usize]
    }

    pub(super) fn version(&self, build: Build) -> &Version {
        &self.versions[self.facts(build).version as usize]
    }

    pub(super) fn architecture(&self, build: Build) -> Architecture {
        if self.facts(build).all { Architecture::All } else { Architecture::Only(self.arch) }
    }

    pub(super) fn is_in(&self, build: Build, archive: usize) -> bool {
        self.facts(build).archives & (1 << archive) != 0
    }

    /// The first archive that has it.
    pub(super) fn archive_of(&self, build: Build) -> usize {
        self.facts(build).archives.trailing_zeros() as usize
    }

    /// The pin of a version: the highest of the archives that have it.
    pub(super) fn pin(&self, build: Build) -> i16 {
        let archives = self.archives.iter().enumerate().filter(|(at, _)| self.is_in(build, *at));
        archives.map(|(_, archive)| archive.priority).max().unwrap_or_default()
    }

    pub(super) fn file_of(&self, build: Build) -> PoolFile {
        self.file(self.facts(build))
    }

    fn file(&self, facts: &Facts) -> PoolFile {
        PoolFile { filename: self.paths[range(&facts.path)].into(), size: facts.size, sha256: facts.sha256 }
    }

    /// Whether any version of the package says that it is essential, or protected: then apt guards them all.
    pub(super) fn is_essential(&self, name: Name) -> bool {
        self.builds_of(name).any(|build| self.facts(build).essential)
    }

    pub(super) fn is_protected(&self, name: Name) -> bool {
        self.builds_of(name).any(|build| self.facts(build).protected)
    }

    /// The relations of a build, without `Replaces`, in apt's order of fields. Where in `atom` each is, too.
    pub(super) fn atoms_of(&self, build: Build) -> Range<usize> {
        let all = range(&self.facts(build).atoms);
        let replaces = self.atoms[all.clone()].iter().rev().take_while(|atom| atom.field == Field::Replaces).count();
        all.start..all.end - replaces
    }

    /// The relations of a build, in groups of alternatives.
    pub(super) fn groups_of(&self, build: Build) -> impl Iterator<Item = Range<usize>> + use<'_> {
        let all = self.atoms_of(build);
        let mut next = all.start;
        std::iter::from_fn(move || {
            let start = next;
            if start == all.end {
                return None;
            }
            while self.atoms[next].or {
                next += 1;
            }
            next += 1;
            Some(start..next)
        })
    }

    pub(super) fn atom(&self, at: usize) -> Atom {
        self.atoms[at]
    }

    pub(super) fn providers_of(&self, name: Name) -> &[Provider] {
        &self.providers[range(&self.of_provided[name.0 as usize])]
    }

    /// The names that a build provides.
    pub(super) fn provided_by(&self, build: Build) -> &[Name] {
        &self.provided[range(&self.facts(build).provides)]
    }

    /// Whether a version of the relation's own package is among those meant.
    pub(super) fn admits(&self, atom: &Atom, build: Build) -> bool {
        self.admits_version(atom, self.facts(build).version)
    }

    /// Whether what is provided is among what is meant: an unversioned `Provides` serves unversioned relations only.
    pub(super) fn admits_provider(&self, atom: &Atom, provider: &Provider) -> bool {
        self.admits_version(atom, provider.version)
    }

    fn admits_version(&self, atom: &Atom, version: u32) -> bool {
        let at = |number: u32| &self.versions[number as usize];
        atom.version == NO_VERSION || version != NO_VERSION && atom.operator.holds(at(version), at(atom.version))
    }

    /// The version a provider provides the name as.
    pub(super) fn provided_version(&self, provider: &Provider) -> Option<&Version> {
        self.versions.get(provider.version as usize)
    }

    /// The relation as it was written, up to the architecture's own name as qualifier.
    pub(super) fn relation(&self, atom: &Atom) -> Relation {
        let qualifier = self.text(atom.target).split_once(':').map(|(_, qualifier)| qualifier.into());
        let version = self.versions.get(atom.version as usize).map(|version| (atom.operator, version.clone()));
        Relation { name: self.package_name(atom.target), qualifier, version }
    }
}

impl Atom {
    /// Whether it is about what must not be there.
    pub(super) const fn is_negative(&self) -> bool {
        matches!(self.field, Field::Conflicts | Field::Breaks)
    }

    /// Whether only some versions are meant.
    pub(super) const fn is_versioned(&self) -> bool {
        self.version != NO_VERSION
    }

    /// Whether a package is broken without it.
    pub(super) const fn is_critical(&self) -> bool {
        matches!(self.field, Field::PreDepends | Field::Depends | Field::Conflicts | Field::Breaks)
    }
}

fn range(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}
