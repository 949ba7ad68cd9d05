//! Every package version that may be chosen, compact: a suite has 60,000, and two suites of them must fit in 100 MiB.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use crate::base::{Arch, Class, Digest, Fault};
use crate::formats::deb::{Architecture, MultiArch, Operator, Package, PackageName, PoolFile, Relation, Version};

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

/// The `Priority` field; a word that Debian Policy does not know counts as `extra`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Priority {
    Required,
    Important,
    Standard,
    Optional,
    Extra,
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

/// Takes packages in, in any order.
pub struct UniverseBuilder {
    universe: Universe,
    names: super::intern::Interner,
    version_numbers: HashMap<Box<str>, u32>,
    provided_as: Vec<u32>,
}

/// Why packages make no universe.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UniverseError {
    /// An index of one architecture holds a package of another.
    #[error("{package} {version} is built for {found}, in an index for {arch}")]
    ForeignArchitecture {
        /// The package.
        package: PackageName,
        /// Its version.
        version: Version,
        /// What it was built for.
        found: Architecture,
        /// What was expected.
        arch: Arch,
    },
    /// Two files claim to be the same version of a package.
    #[error(
        "{package} {version} for {arch} is two different files: {} ({}) and {} ({})",
        .files[0].filename, .files[0].sha256, .files[1].filename, .files[1].sha256
    )]
    Ambiguous {
        /// The package.
        package: PackageName,
        /// Its version.
        version: Version,
        /// The architecture resolved for.
        arch: Arch,
        /// The two, that of the first archive first.
        files: Box<[PoolFile; 2]>,
    },
    /// More archives, or text, than the numbers in use can count.
    #[error("too much to resolve: {0}")]
    TooMuch(&'static str),
}

impl Fault for UniverseError {
    fn class(&self) -> Class {
        match self {
            Self::ForeignArchitecture { .. } | Self::Ambiguous { .. } => Class::Integrity,
            Self::TooMuch(_) => Class::Recipe,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::ForeignArchitecture { .. } => None,
            Self::Ambiguous { package, .. } => {
                Some(format!("limit the archives with `only` so that `{package}` comes from one of them"))
            }
            Self::TooMuch(_) => Some("use fewer archives, suites or components".into()),
        }
    }
}

impl UniverseBuilder {
    /// Starts with nothing.
    #[must_use]
    pub fn new(arch: Arch) -> Self {
        Self {
            universe: Universe {
                arch,
                archives: Vec::new(),
                names: Vec::new(),
                by_text: HashMap::new(),
                versions: Vec::new(),
                builds: Vec::new(),
                of_name: Vec::new(),
                atoms: Vec::new(),
                provided: Vec::new(),
                providers: Vec::new(),
                of_provided: Vec::new(),
                paths: String::new(),
            },
            names: super::intern::Interner::default(),
            version_numbers: HashMap::new(),
            provided_as: Vec::new(),
        }
    }

    /// Adds an archive and returns its number, for `push`.
    ///
    /// # Errors
    /// When there are more than 64.
    pub fn archive(&mut self, archive: Archive) -> Result<usize, UniverseError> {
        if self.universe.archives.len() == 64 {
            return Err(UniverseError::TooMuch("more than 64 suites"));
        }
        self.universe.archives.push(archive);
        Ok(self.universe.archives.len() - 1)
    }

    /// Adds a package that `archive` has. One that the archive is not limited to is passed over.
    ///
    /// # Errors
    /// When it was built for another architecture, or memory for 4 GiB of pool paths would be needed.
    pub fn push(&mut self, archive: usize, package: &Package, file: &PoolFile) -> Result<(), UniverseError> {
        let here = &mut self.universe;
        let all = match package.architecture {
            Architecture::All => true,
            Architecture::Only(arch) if arch == here.arch => false,
            found @ Architecture::Only(_) => {
                return Err(UniverseError::ForeignArchitecture {
                    package: package.name.clone(),
                    version: package.version.clone(),
                    found,
                    arch: here.arch,
                });
            }
        };
        let Some(from) = here.archives.get(archive) else {
            return Err(UniverseError::TooMuch("a package of an archive that was never added"));
        };
        if from.only.as_ref().is_some_and(|only| !only.contains(&package.name)) {
            return Ok(());
        }
        if here.paths.len() + file.filename.len() > u32::MAX as usize || here.atoms.len() > (u32::MAX >> 1) as usize {
            return Err(UniverseError::TooMuch("an index of several GiB"));
        }
        let name = self.names.intern(package.name.as_str());
        let source = if *package.source == *package.name.as_str() { name } else { self.names.intern(&package.source) };
        let path = here.paths.len() as u32;
        here.paths.push_str(&file.filename);
        let atoms = here.atoms.len() as u32;
        let fields = [
            (Field::PreDepends, &package.pre_depends),
            (Field::Depends, &package.depends),
            (Field::Conflicts, &package.conflicts),
            (Field::Breaks, &package.breaks),
            (Field::Recommends, &package.recommends),
            (Field::Suggests, &package.suggests),
            (Field::Replaces, &package.replaces),
        ];
        for (field, groups) in fields {
            for group in groups {
                for (index, relation) in group.iter().enumerate() {
                    let atom = self.atom(field, index + 1 < group.len(), relation);
                    self.universe.atoms.push(atom);
                }
            }
        }
        let provides = self.universe.provided.len() as u32;
        for relation in package.provides.iter().flatten() {
            self.provide(package, relation);
        }
        if package.multi_arch == MultiArch::Allowed {
            let any = self.names.intern(&format!("{}:any", package.name));
            let version = self.version(&package.version);
            self.provided(any, version);
        }
        let version = self.version(&package.version);
        let here = &mut self.universe;
        here.builds.push(Facts {
            name: Name(name),
            version,
            source,
            place: 0,
            archives: 1 << archive,
            atoms: atoms..here.atoms.len() as u32,
            provides: provides..here.provided.len() as u32,
            path: path..here.paths.len() as u32,
            size: file.size,
            sha256: file.sha256,
            priority: Priority::of(&package.priority),
            // A package for every architecture cannot be installed for several (deb-control(5)).
            multi_arch: if all && package.multi_arch == MultiArch::Same { MultiArch::No } else { package.multi_arch },
            essential: package.essential,
            protected: package.protected,
            all,
        });
        Ok(())
    }

    fn version(&mut self, version: &Version) -> u32 {
        if let Some(number) = self.version_numbers.get(version.as_str()) {
            return *number;
        }
        let number = self.universe.versions.len() as u32;
        self.universe.versions.push(version.clone());
        self.version_numbers.insert(version.as_str().into(), number);
        number
    }

    /// Whether a qualifier says no more than the architecture resolved for.
    fn is_native(&self, qualifier: &str) -> bool {
        qualifier == "native" || qualifier == self.universe.arch.name()
    }

    /// `name:any` and `name:otherarch` are names of their own: the first is provided by packages that allow it, the second by none.
    fn target(&mut self, relation: &Relation) -> u32 {
        match &relation.qualifier {
            Some(qualifier) if !self.is_native(qualifier) => {
                self.names.intern(&format!("{}:{qualifier}", relation.name))
            }
            _ => self.names.intern(relation.name.as_str()),
        }
    }

    fn atom(&mut self, field: Field, or: bool, relation: &Relation) -> Atom {
        let (operator, version) = match &relation.version {
            Some((operator, version)) => (*operator, self.version(version)),
            None => (Operator::Equal, NO_VERSION),
        };
        Atom { target: Name(self.target(relation)), version, operator, field, or }
    }

    fn provide(&mut self, package: &Package, relation: &Relation) {
        let version = match &relation.version {
            None => NO_VERSION,
            Some((Operator::Equal, version)) => self.version(version),
            Some(_) => return, // "at least" says nothing of what is provided: apt passes it over, too
        };
        // To provide oneself says nothing, unless it is as another version.
        if relation.qualifier.is_none()
            && relation.name == package.name
            && relation.version.as_ref().is_none_or(|(_, version)| version.as_str() == package.version.as_str())
        {
            return;
        }
        if relation.qualifier.is_none() && package.multi_arch == MultiArch::Allowed {
            let any = self.names.intern(&format!("{}:any", relation.name));
            self.provided(any, version);
        }
        let target = self.target(relation);
        self.provided(target, version);
    }

    fn provided(&mut self, name: u32, version: u32) {
        self.universe.provided.push(Name(name));
        self.provided_as.push(version);
    }

    /// Puts everything into its final order, which does not depend on the order of `push`.
    ///
    /// # Errors
    /// When two different files claim to be the same version of a package.
    pub fn finish(self) -> Result<Universe, UniverseError> {
        let Self { mut universe, names, version_numbers, provided_as } = self;
        drop(version_numbers);
        let texts = names.into_texts();
        let text = |number: u32| &*texts[number as usize];

        // As Debian's indexes are sorted: by source, then by name.
        let mut order: Vec<u32> = (0..universe.builds.len() as u32).collect();
        order.sort_by(|a, b| {
            let (a, b) = (&universe.builds[*a as usize], &universe.builds[*b as usize]);
            let version = |facts: &Facts| &universe.versions[facts.version as usize];
            (a.archives, text(a.source), text(a.name.0))
                .cmp(&(b.archives, text(b.source), text(b.name.0)))
                .then_with(|| version(a).cmp(version(b)))
                .then_with(|| version(a).as_str().cmp(version(b).as_str()))
                .then_with(|| a.sha256.cmp(&b.sha256))
        });

        // Names, in the order in which those stanzas mention them.
        let mut renamed = vec![u32::MAX; texts.len()];
        let mut mentioned: Vec<Arc<str>> = Vec::with_capacity(texts.len());
        let mut mention = |old: Name| {
            let slot = &mut renamed[old.0 as usize];
            if *slot == u32::MAX {
                *slot = mentioned.len() as u32;
                mentioned.push(Arc::clone(&texts[old.0 as usize]));
            }
        };
        for index in &order {
            let facts = &universe.builds[*index as usize];
            mention(facts.name);
            universe.atoms[range(&facts.atoms)].iter().for_each(|atom| mention(atom.target));
            universe.provided[range(&facts.provides)].iter().for_each(|name| mention(*name));
        }
        let rename = |name: &mut Name| name.0 = renamed[name.0 as usize];
        universe.atoms.iter_mut().for_each(|atom| rename(&mut atom.target));
        universe.provided.iter_mut().for_each(rename);
        universe.builds.iter_mut().for_each(|facts| rename(&mut facts.name));
        universe.by_text = mentioned.iter().zip(0..).map(|(text, number)| (Arc::clone(text), Name(number))).collect();
        universe.names = mentioned;

        for (place, index) in (0..).zip(&order) {
            universe.builds[*index as usize].place = place;
        }
        universe.sort_builds(&order)?;
        universe.index_providers(&provided_as);
        universe.atoms.shrink_to_fit();
        universe.paths.shrink_to_fit();
        Ok(universe)
    }
}

impl Universe {
    /// Brings the builds of each name together, the latest first, and merges what several archives have.
    fn sort_builds(&mut self, order: &[u32]) -> Result<(), UniverseError> {
        let mut slots: Vec<Option<Facts>> = std::mem::take(&mut self.builds).into_iter().map(Some).collect();
        let mut builds: Vec<Facts> =
            order.iter().filter_map(|index| slots.get_mut(*index as usize).and_then(Option::take)).collect();
        builds.sort_by(|a, b| {
            let version = |facts: &Facts| &self.versions[facts.version as usize];
            a.name.cmp(&b.name).then_with(|| version(b).cmp(version(a))).then_with(|| a.version.cmp(&b.version))
        });
        let mut merged: Vec<Facts> = Vec::with_capacity(builds.len());
        for facts in builds {
            match merged.last_mut() {
                Some(last) if last.name == facts.name && last.version == facts.version => {
                    if last.sha256 != facts.sha256 || last.all != facts.all {
                        let version = self.versions[facts.version as usize].clone();
                        let files = Box::new([self.file(last), self.file(&facts)]);
                        let package = self.package_name(facts.name);
                        return Err(UniverseError::Ambiguous { package, version, arch: self.arch, files });
                    }
                    last.archives |= facts.archives;
                }
                _ => merged.push(facts),
            }
        }
        self.of_name = vec![0..0; self.names.len()];
        for (index, facts) in (0..).zip(&merged) {
            extend(&mut self.of_name[facts.name.0 as usize], index);
        }
        self.builds = merged;
        Ok(())
    }

    /// Lists who provides each name: of equal providers, apt looks at the one that was read last first.
    fn index_providers(&mut self, provided_as: &[u32]) {
        let mut all: Vec<(Name, Provider)> = Vec::with_capacity(self.provided.len());
        for (index, facts) in (0..).zip(&self.builds) {
            for at in range(&facts.provides) {
                all.push((self.provided[at], Provider { build: Build(index), version: provided_as[at] }));
            }
        }
        all.sort_by_key(|(name, provider)| (*name, std::cmp::Reverse(self.facts(provider.build).place)));
        self.of_provided = vec![0..0; self.names.len()];
        for (index, (name, _)) in (0..).zip(&all) {
            extend(&mut self.of_provided[name.0 as usize], index);
        }
        self.providers = all.into_iter().map(|(_, provider)| provider).collect();
    }

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

impl Priority {
    fn of(word: &str) -> Self {
        match word {
            "required" => Self::Required,
            "important" => Self::Important,
            "standard" => Self::Standard,
            "optional" => Self::Optional,
            _ => Self::Extra,
        }
    }
}

/// Takes in one more number, the next after those that are in.
fn extend(range: &mut Range<u32>, index: u32) {
    if range.start == range.end {
        range.start = index;
    }
    range.end = index + 1;
}

fn range(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}
