//! The edges between locked packages: all of them lead somewhere, and every package is reached.

use std::collections::BTreeMap;

use super::error::Reason;
use super::model::{Fault, PackageLock, Root};
use crate::base::Arch;
use crate::domain::recipe::{LockMeaning, Variant};
use crate::formats::deb::package::PackageName;

/// The shortest way from what the recipe says to a package. For one that is there by itself all its reasons: `(variant)`, `(recipe)`,
/// `(recipe: VIRTUAL)`. For another one the first reason, and then the names of the packages that lead to it.
pub(super) type Via = Vec<String>;

/// The first edge, request or package that is wrong.
pub(super) fn fault(meaning: &LockMeaning, packages: &[PackageLock]) -> Option<Fault> {
    meaning.platforms.iter().find_map(|platform| {
        let arch = platform.0;
        let blame = |reason, name: &PackageName| Some(Fault { reason, package: Some((name.clone(), arch)) });
        let mut here: BTreeMap<&PackageName, &PackageLock> = BTreeMap::new();
        for package in packages.iter().filter(|package| package.arch == arch) {
            if here.insert(&package.name, package).is_some() {
                let what = format!("{} for {arch}", package.name);
                return blame(Reason::Twice { what }, &package.name);
            }
        }
        for package in here.values() {
            if let Some(to) = edges(package).find(|to| !here.contains_key(to)) {
                let reason = Reason::Missing { from: package.name.clone(), to: to.clone(), arch };
                return blame(reason, &package.name);
            }
        }
        if let Some(request) = meaning.install.iter().find(|request| !answered(request, &here)) {
            return Some(Fault { reason: Reason::Unanswered { request: request.clone(), arch }, package: None });
        }
        let reach = Reach::of(meaning, packages, arch);
        let unreached = here.keys().find(|name| !reach.contains(name))?;
        blame(Reason::Unreached { name: (*unreached).clone(), arch }, unreached)
    })
}

fn edges(package: &PackageLock) -> impl Iterator<Item = &PackageName> {
    package.depends.iter().chain(&package.recommends)
}

/// Whether the locked packages do what a line of `install` asks for.
fn answered(request: &str, here: &BTreeMap<&PackageName, &PackageLock>) -> bool {
    let find = |text: &str| here.values().find(|package| package.name.as_str() == text);
    if let Some((name, version)) = request.split_once('=') {
        return find(name).is_some_and(|package| package.version.as_str() == version);
    }
    if let Some(name) = request.strip_suffix('-') {
        return find(name).is_none();
    }
    let request = request.split('/').next().unwrap_or(request);
    let asked = |root: &Root| matches!(root, Root::Asked(name) if name.as_str() == request);
    find(request).is_some() || here.values().any(|package| package.roots.iter().any(asked))
}

/// What a platform's packages are there for: the packages that are there by themselves, and for each other one that is reached
/// the package that needs it, nearest to the request.
pub(super) struct Reach<'a> {
    parents: BTreeMap<&'a PackageName, Parent<'a>>,
}

enum Parent<'a> {
    /// It is there by itself, for these reasons.
    Roots(Vec<&'a Root>),
    Package(&'a PackageName),
}

impl<'a> Reach<'a> {
    /// Walks the edges breadth first, from the variant's packages before the recipe's, then by name.
    pub(super) fn of(meaning: &LockMeaning, packages: &'a [PackageLock], arch: Arch) -> Self {
        let here: BTreeMap<&PackageName, &PackageLock> =
            packages.iter().filter(|package| package.arch == arch).map(|package| (&package.name, package)).collect();
        let mut parents = BTreeMap::new();
        let mut level: Vec<&PackageLock> = Vec::new();
        for package in here.values() {
            let roots: Vec<&Root> = package.roots.iter().filter(|root| is_meant(root, meaning)).collect();
            if !roots.is_empty() {
                parents.insert(&package.name, Parent::Roots(roots));
                level.push(package);
            }
        }
        level.sort_by_key(|package| (package.roots.first(), &package.name));
        while !level.is_empty() {
            let mut next: BTreeMap<&PackageName, &PackageLock> = BTreeMap::new();
            for package in level {
                for to in edges(package) {
                    if let Some((name, found)) = here.get_key_value(to)
                        && !parents.contains_key(name)
                    {
                        parents.insert(name, Parent::Package(&package.name));
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

    /// The way to a package; empty when it is not reached. A long one is cut in the middle.
    pub(super) fn via(&self, name: &PackageName) -> Via {
        let mut via = Via::new();
        let mut at = name;
        loop {
            match self.parents.get(at) {
                None => break,
                Some(Parent::Package(parent)) => {
                    at = parent;
                    if via.len() < LONGEST_VIA {
                        via.push(at.to_string());
                    } else if via.len() == LONGEST_VIA {
                        via.push("…".to_owned());
                    }
                }
                Some(Parent::Roots(roots)) => {
                    let words = roots.iter().map(|root| match root {
                        Root::Variant => "(variant)".to_owned(),
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

/// How many packages of a way are told.
const LONGEST_VIA: usize = 8;

/// Whether the request says what the root says.
fn is_meant(root: &Root, meaning: &LockMeaning) -> bool {
    match root {
        Root::Variant => meaning.variant != Variant::None,
        Root::Asked(name) => meaning
            .install
            .iter()
            .any(|request| request.split(['=', '/']).next().is_some_and(|asked| asked == name.as_str())),
    }
}
