//! What differs between two locks, as data and as a table for people.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::model::{Lockfile, PackageLock, label};
use crate::base::{Arch, Digest};
use crate::domain::recipe::Place;
use crate::formats::deb::package::PackageName;
use crate::formats::deb::version::Version;

/// A package that differs between two locks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The package.
    pub name: PackageName,
    /// The platforms on which it differs in this way, sorted.
    pub platforms: Vec<Arch>,
    /// How it differs.
    pub kind: Kind,
}

/// How a package differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It is new, in this version.
    Added(Version),
    /// It is gone; it had this version.
    Removed(Version),
    /// It has a later version.
    Upgraded {
        /// The version before.
        old: Version,
        /// The version now.
        new: Version,
    },
    /// It has an earlier version.
    Downgraded {
        /// The version before.
        old: Version,
        /// The version now.
        new: Version,
    },
    /// The same version, but other bytes, or the same bytes from another suite.
    Replaced(Version),
}

/// All packages that differ, sorted by name.
#[must_use]
pub fn compare(old: &Lockfile, new: &Lockfile) -> Vec<Change> {
    let index = |lock: &Lockfile| -> BTreeMap<(PackageName, Arch), PackageLock> {
        lock.packages().iter().map(|package| ((package.name.clone(), package.arch), package.clone())).collect()
    };
    let (old, new) = (index(old), index(new));
    let places: BTreeSet<&(PackageName, Arch)> = old.keys().chain(new.keys()).collect();
    let mut changes: Vec<Change> = Vec::new();
    for place in places {
        let Some(kind) = kind(old.get(place), new.get(place)) else { continue };
        let (name, arch) = place;
        match changes.last_mut().filter(|last| last.name == *name && last.kind == kind) {
            Some(last) => last.platforms.push(*arch),
            None => changes.push(Change { name: name.clone(), platforms: vec![*arch], kind }),
        }
    }
    changes
}

fn kind(old: Option<&PackageLock>, new: Option<&PackageLock>) -> Option<Kind> {
    match (old, new) {
        (None, None) => None,
        (None, Some(new)) => Some(Kind::Added(new.version.clone())),
        (Some(old), None) => Some(Kind::Removed(old.version.clone())),
        (Some(old), Some(new)) => {
            let (from, to) = (old.version.clone(), new.version.clone());
            let place = |package: &PackageLock| (package.sha256, package.mirror.clone(), package.suite.clone());
            match from.cmp(&to) {
                Ordering::Less => Some(Kind::Upgraded { old: from, new: to }),
                Ordering::Greater => Some(Kind::Downgraded { old: from, new: to }),
                Ordering::Equal => (place(old) != place(new)).then_some(Kind::Replaced(to)),
            }
        }
    }
}

/// A jar that differs between two locks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JarChange {
    /// Its first place.
    pub jar: String,
    /// The digest before; none for a new one.
    pub old: Option<Digest>,
    /// The digest now; none for one that is gone.
    pub new: Option<Digest>,
}

/// All jars that differ, sorted by their places. One whose places alone differ is gone and new.
#[must_use]
pub fn compare_jars(old: &Lockfile, new: &Lockfile) -> Vec<JarChange> {
    let index = |lock: &Lockfile| -> BTreeMap<Vec<Place>, Digest> {
        lock.jars().iter().map(|jar| (jar.places.clone(), jar.sha256)).collect()
    };
    let (old, new) = (index(old), index(new));
    let places: BTreeSet<&Vec<Place>> = old.keys().chain(new.keys()).collect();
    let change = |places: &Vec<Place>| {
        let (old, new) = (old.get(places).copied(), new.get(places).copied());
        (old != new).then(|| JarChange { jar: label(places), old, new })
    };
    places.into_iter().filter_map(change).collect()
}

/// The changes of jars as lines of a table: a word, the jar, its digests. Empty without changes.
#[must_use]
pub fn jar_table(changes: &[JarChange]) -> String {
    let line = |change: &JarChange| match (&change.old, &change.new) {
        (Some(old), Some(new)) => format!("replaced  {}  {old} → {new}\n", change.jar),
        (Some(_), None) => format!("removed   {}\n", change.jar),
        (None, Some(new)) => format!("added     {}  {new}\n", change.jar),
        (None, None) => String::new(),
    };
    changes.iter().map(line).collect()
}

/// The changes as lines of a table: a word, the package, its platforms, its versions. Empty without changes.
#[must_use]
pub fn table(changes: &[Change]) -> String {
    let rows: Vec<[String; 4]> = changes
        .iter()
        .map(|change| {
            let (word, versions) = match &change.kind {
                Kind::Added(version) => ("added", version.to_string()),
                Kind::Removed(version) => ("removed", version.to_string()),
                Kind::Upgraded { old, new } => ("upgraded", format!("{old} → {new}")),
                Kind::Downgraded { old, new } => ("downgraded", format!("{old} → {new}")),
                Kind::Replaced(version) => ("replaced", version.to_string()),
            };
            let platforms = change.platforms.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
            [word.to_owned(), change.name.to_string(), platforms, versions]
        })
        .collect();
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.len()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2)];
    rows.iter()
        .map(|[word, name, platforms, versions]| {
            let [a, b, c] = widths;
            format!("{word:<a$}  {name:<b$}  {platforms:<c$}  {versions}\n")
        })
        .collect()
}
