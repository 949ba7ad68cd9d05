//! The order in which packages are unpacked.

use std::collections::{BTreeMap, BTreeSet};

use crate::formats::deb::{Alternatives, Package};

/// Unpacked before everything else, in this order, because the rest of the system's directories and users stand on them
/// (debootstrap and mmdebstrap do the same).
const FIRST: [&str; 2] = ["base-files", "base-passwd"];

/// The order for `packages`, as indexes into the slice, each exactly once. The order of the slice does not matter.
///
/// As apt does it (`pkgOrderList`), simplified to what a fresh system needs:
/// 1. `base-files`, `base-passwd`;
/// 2. the `Essential` packages in order of their names, each after the packages of the set that its `Pre-Depends` and
///    then its `Depends` name;
/// 3. the others in order of their names, each after its own in the same way.
///
/// A cycle is broken where the walk would enter a package that it is still working on: the dependency met last is
/// ignored. A dependency is met by the first alternative that a package of the set satisfies, by its name or by what it
/// provides (the smallest name, if several provide it).
#[must_use]
pub fn unpack_order(packages: &[&Package]) -> Vec<usize> {
    let mut starts: Vec<usize> = (0..packages.len()).collect();
    starts.sort_by_key(|i| packages.get(*i).map(|p| (rank(p), &p.name, p.architecture)));
    let providers = Providers::new(packages, &starts);
    let mut order = Vec::with_capacity(packages.len());
    let mut entered = BTreeSet::new();
    for start in starts {
        let Some(package) = packages.get(start) else { continue };
        if !entered.insert(start) {
            continue;
        }
        if rank(package) < FIRST.len() {
            order.push(start);
            continue;
        }
        // Each package on the way, with those that must come before it; the next one to visit is the last.
        let mut open = vec![(start, providers.before(package))];
        while let Some((current, before)) = open.last_mut() {
            match before.pop() {
                Some(next) if entered.insert(next) => {
                    if let Some(package) = packages.get(next) {
                        open.push((next, providers.before(package)));
                    }
                }
                Some(_) => {}
                None => {
                    order.push(*current);
                    open.pop();
                }
            }
        }
    }
    order
}

/// Where a package starts the walk: the first ones, the essential ones, the others.
fn rank(package: &Package) -> usize {
    match FIRST.iter().position(|name| *name == package.name.as_str()) {
        Some(at) => at,
        None if package.essential => FIRST.len(),
        None => FIRST.len() + 1,
    }
}

/// Who satisfies a name.
struct Providers<'a> {
    packages: &'a [&'a Package],
    by_name: BTreeMap<&'a str, Vec<usize>>,
}

impl<'a> Providers<'a> {
    /// `sorted` has every package, in the order in which providers of one name are tried.
    fn new(packages: &'a [&'a Package], sorted: &[usize]) -> Self {
        let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let known = || sorted.iter().filter_map(|i| packages.get(*i).map(|p| (*i, p)));
        for (i, package) in known() {
            by_name.entry(package.name.as_str()).or_default().push(i);
        }
        for (i, package) in known() {
            for provided in package.provides.iter().flatten() {
                by_name.entry(provided.name.as_str()).or_default().push(i);
            }
        }
        Self { packages, by_name }
    }

    /// The packages that come before `package`, the first one last.
    fn before(&self, package: &Package) -> Vec<usize> {
        let mut found: Vec<usize> =
            package.pre_depends.iter().chain(&package.depends).filter_map(|group| self.choose(group)).collect();
        found.reverse();
        found
    }

    fn choose(&self, group: &Alternatives) -> Option<usize> {
        group.iter().find_map(|relation| {
            self.by_name.get(relation.name.as_str())?.iter().copied().find(|i| {
                self.packages
                    .get(*i)
                    .is_some_and(|package| package.name != relation.name || relation.admits(&package.version))
            })
        })
    }
}
