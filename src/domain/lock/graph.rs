//! The edges between locked packages: all of them lead somewhere, and every package is reached.

use std::collections::{BTreeMap, BTreeSet};

use super::error::Reason;
use super::model::{Fault, Lockfile, PackageLock, Root};
use crate::base::Arch;
use crate::domain::recipe::LockMeaning;
use crate::formats::deb::{PackageName, Variant, Version};

/// The shortest way from what the recipe says to a package. For one that is there by itself all its reasons: `(variant)`, `(recipe)`,
/// `(recipe: VIRTUAL)`, `(address)`. For another one the first reason, and then the names of the packages that lead to it.
pub(super) type Via = Vec<String>;

/// The first edge, request or package that is wrong. `packages` are sorted by name and platform.
pub(super) fn fault(meaning: &LockMeaning, packages: &[PackageLock]) -> Option<Fault> {
    meaning.platforms.iter().find_map(|platform| platform_fault(meaning, platform.0, packages))
}

fn platform_fault(meaning: &LockMeaning, arch: Arch, all: &[PackageLock]) -> Option<Fault> {
    let blame = |reason, name: &PackageName| Some(Fault { reason, package: Some((name.clone(), arch)), wheel: None });
    let packages = || all.iter().filter(|package| package.arch == arch);
    let mut here: BTreeMap<&str, &PackageLock> = BTreeMap::new();
    for package in packages() {
        if here.insert(package.name.as_str(), package).is_some() {
            let what = format!("{} for {arch}", package.name);
            return blame(Reason::Twice { what }, &package.name);
        }
    }
    for package in packages() {
        if let Some(to) = edges(package).find(|to| !here.contains_key(to.as_str())) {
            let reason = Reason::Missing { from: package.name.clone(), to: to.clone(), arch };
            return blame(reason, &package.name);
        }
    }
    let asked: BTreeSet<&str> = packages().flat_map(|package| &package.roots).filter_map(Root::asked).collect();
    let answered = |request: &str| match Request::of(request) {
        Request::Absent(name) => !here.contains_key(name),
        Request::Exactly(name, version) => here.get(name).is_some_and(|package| same(&package.version, version)),
        Request::Any(name) => here.contains_key(name) || asked.contains(name),
    };
    if let Some(request) = meaning.install.iter().chain(&meaning.local).find(|request| !answered(request)) {
        return Some(Fault {
            reason: Reason::Unanswered { request: request.clone(), arch },
            package: None,
            wheel: None,
        });
    }
    let of_variant = |package: &PackageLock| package.roots.contains(&Root::Variant);
    if all.iter().any(of_variant) && !packages().any(of_variant) {
        return Some(Fault { reason: Reason::NoVariant { arch }, package: None, wheel: None });
    }
    let reach = Reach::of(meaning, packages());
    let unreached = packages().find(|package| !reach.contains(&package.name))?;
    blame(Reason::Unreached { name: unreached.name.clone(), arch }, &unreached.name)
}

fn same(locked: &Version, written: &str) -> bool {
    written.parse::<Version>().is_ok_and(|written| written == *locked)
}

fn edges(package: &PackageLock) -> impl Iterator<Item = &PackageName> {
    package.depends.iter().chain(&package.recommends)
}

/// A line of the request's `install`.
enum Request<'a> {
    Any(&'a str),
    Exactly(&'a str, &'a str),
    Absent(&'a str),
}

impl<'a> Request<'a> {
    fn of(text: &'a str) -> Self {
        if let Some((name, version)) = text.split_once('=') {
            Self::Exactly(name, version)
        } else if let Some((name, _suite)) = text.split_once('/') {
            Self::Any(name)
        } else if let Some(name) = text.strip_suffix('-') {
            Self::Absent(name)
        } else {
            Self::Any(text)
        }
    }

    /// The name, where something is to be installed.
    fn name(&self) -> Option<&'a str> {
        match self {
            Self::Any(name) | Self::Exactly(name, _) => Some(name),
            Self::Absent(_) => None,
        }
    }
}

/// What a platform's packages are there for: the packages that are there by themselves, and for each other one that is reached
/// the package that needs it, nearest to the request.
pub(super) struct Reach<'a> {
    parents: BTreeMap<&'a PackageName, Parent<'a>>,
}

enum Parent<'a> {
    /// It is there by itself, for these reasons.
    Roots(Vec<&'a Root>),
    /// Another package needs it; the way starts at `origin`, which is there by itself.
    Package { needs_it: &'a PackageName, origin: &'a PackageName },
}

impl<'a> Reach<'a> {
    /// Walks the edges between a platform's packages breadth first, from the variant's before the recipe's, then by name.
    pub(super) fn of(meaning: &LockMeaning, packages: impl Iterator<Item = &'a PackageLock>) -> Self {
        let here: BTreeMap<&PackageName, &PackageLock> = packages.map(|package| (&package.name, package)).collect();
        let requested: BTreeSet<&str> =
            meaning.install.iter().chain(&meaning.local).filter_map(|request| Request::of(request).name()).collect();
        let is_meant = |root: &&Root| match root {
            Root::Address => !meaning.debs.is_empty(),
            Root::Variant => meaning.variant != Variant::None,
            Root::Asked(name) => requested.contains(name.as_str()),
        };
        let mut parents: BTreeMap<&PackageName, Parent<'_>> = BTreeMap::new();
        let mut level: Vec<&PackageLock> = Vec::new();
        for package in here.values() {
            let roots: Vec<&Root> = package.roots.iter().filter(is_meant).collect();
            if !roots.is_empty() {
                parents.insert(&package.name, Parent::Roots(roots));
                level.push(package);
            }
        }
        level.sort_by_key(|package| (package.roots.first(), &package.name));
        while !level.is_empty() {
            let mut next: BTreeMap<&PackageName, &PackageLock> = BTreeMap::new();
            for package in level {
                let origin = match parents.get(&package.name) {
                    Some(Parent::Package { origin, .. }) => origin,
                    _ => &package.name,
                };
                for to in edges(package) {
                    if let Some((name, found)) = here.get_key_value(to)
                        && !parents.contains_key(name)
                    {
                        parents.insert(name, Parent::Package { needs_it: &package.name, origin });
                        next.insert(name, found);
                    }
                }
            }
            level = next.into_values().collect();
        }
        Self { parents }
    }

    fn contains(&self, name: &PackageName) -> bool {
        self.parents.contains_key(name)
    }

    /// The way to a package as data; `None` when it is not reached.
    fn chain(&self, name: &PackageName) -> Option<Chain> {
        let mut packages = Vec::new();
        let mut at = name;
        loop {
            packages.push(at.clone());
            match self.parents.get(at)? {
                Parent::Package { needs_it, .. } => at = needs_it,
                Parent::Roots(roots) => {
                    packages.reverse();
                    return Some(Chain { roots: roots.iter().map(|root| (*root).clone()).collect(), packages });
                }
            }
        }
    }

    /// The way to a package; empty when it is not reached. A long one is cut in the middle.
    pub(super) fn via(&self, name: &PackageName) -> Via {
        let mut via = Via::new();
        let mut at = name;
        loop {
            match self.parents.get(at) {
                None => break,
                Some(Parent::Package { needs_it, origin }) if via.len() < LONGEST_VIA || needs_it == origin => {
                    at = needs_it;
                    via.push(at.to_string());
                }
                Some(Parent::Package { origin, .. }) => {
                    at = origin;
                    via.extend(["…".to_owned(), at.to_string()]);
                }
                Some(Parent::Roots(roots)) => {
                    let words = roots.iter().map(|root| match root {
                        Root::Variant => "(variant)".to_owned(),
                        Root::Address => "(address)".to_owned(),
                        Root::Asked(asked) if asked == at => "(recipe)".to_owned(),
                        Root::Asked(asked) => format!("(recipe: {asked})"),
                    });
                    let told = if at == name { roots.len() } else { 1 };
                    via.extend(words.take(told).collect::<Vec<_>>().into_iter().rev());
                    break;
                }
            }
        }
        via.reverse();
        via
    }
}

/// Why a package is there: the shortest way to it from what the recipe asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Why the first package is there by itself; never empty.
    pub roots: Vec<Root>,
    /// Each needs the next; the last is the package that was asked about. Never empty.
    pub packages: Vec<PackageName>,
}

impl Lockfile {
    /// Why a package is there for `arch`; `None` when it is not.
    #[must_use]
    pub fn chain(&self, arch: Arch, package: &PackageName) -> Option<Chain> {
        Reach::of(self.meaning(), self.packages_of(arch)).chain(package)
    }
}

/// How many packages of a way are told.
const LONGEST_VIA: usize = 8;
