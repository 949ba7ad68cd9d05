//! Taking packages in, in any order, and bringing them into the one that answers depend on.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::{Archive, Atom, Build, Facts, Field, NO_VERSION, Name, Provider, Universe, range};
use crate::base::{Arch, Class, Fault};
use crate::domain::resolve::intern::Interner;
use crate::formats::deb::{Architecture, MultiArch, Operator, Package, PackageName, PoolFile, Relation, Version};

/// Takes packages in, in any order.
pub struct UniverseBuilder {
    universe: Universe,
    names: Interner,
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
            names: Interner::default(),
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
            priority: package.priority,
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
}

/// Takes in one more number, the next after those that are in.
fn extend(range: &mut Range<u32>, index: u32) {
    if range.start == range.end {
        range.start = index;
    }
    range.end = index + 1;
}
