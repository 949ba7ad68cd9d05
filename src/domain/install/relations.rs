//! Who satisfies a relation, among the packages of one image.

use std::collections::BTreeMap;

use crate::formats::deb::{Package, Relation};

/// The packages of an image by what they are called and what they provide. Packages are known by their places in the
/// slice that it was made of.
pub(super) struct Satisfiers<'a> {
    packages: &'a [&'a Package],
    named: BTreeMap<&'a str, usize>,
    /// By the name provided; the package whose name is last comes first, as apt and dpkg, which put the one that they
    /// read last in front, and read them in order of their names.
    provided: BTreeMap<&'a str, Vec<(usize, &'a Relation)>>,
}

impl<'a> Satisfiers<'a> {
    pub(super) fn new(packages: &'a [&'a Package]) -> Self {
        let mut this = Self { packages, named: BTreeMap::new(), provided: BTreeMap::new() };
        let mut sorted: Vec<(usize, &Package)> = packages.iter().copied().enumerate().collect();
        sorted.sort_by(|(_, a), (_, b)| b.name.cmp(&a.name));
        for (i, package) in sorted {
            this.named.insert(package.name.as_str(), i);
            for relation in package.provides.iter().flatten().rev() {
                this.provided.entry(relation.name.as_str()).or_default().push((i, relation));
            }
        }
        this
    }

    /// The package of that name, whatever its version.
    pub(super) fn named(&self, relation: &Relation) -> Option<usize> {
        self.named.get(relation.name.as_str()).copied()
    }

    /// The packages that provide the name, whatever the version.
    pub(super) fn providers(&self, relation: &Relation) -> impl Iterator<Item = usize> {
        self.provided.get(relation.name.as_str()).into_iter().flatten().map(|(i, _)| *i)
    }

    /// Whether the package of the relation's name has a version that is meant.
    pub(super) fn admits(&self, relation: &Relation, package: usize) -> bool {
        self.packages.get(package).is_some_and(|package| relation.admits(&package.version))
    }

    /// All that satisfy the relation: the package of that name, then those that provide it.
    pub(super) fn targets(&self, relation: &Relation) -> Vec<usize> {
        let named = self.named(relation).filter(|i| self.admits(relation, *i));
        let providers = self.provided.get(relation.name.as_str()).into_iter().flatten();
        let serves = |provided: &Relation| match (&relation.version, &provided.version) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(_), Some((_, version))) => relation.admits(version),
        };
        named.into_iter().chain(providers.filter(|(_, provided)| serves(provided)).map(|(i, _)| *i)).collect()
    }
}
