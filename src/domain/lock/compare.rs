//! What differs between two locks, as data and as a table for people.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::model::{Lockfile, PackageLock, label};
use super::wheel::WheelLock;
use crate::base::{Arch, Digest};
use crate::domain::recipe::Place;
use crate::formats::deb::package::PackageName;

/// A package or a wheel that differs between two locks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The package.
    pub name: String,
    /// The platforms on which it differs in this way, sorted.
    pub platforms: Vec<Arch>,
    /// How it differs.
    pub kind: Kind,
}

/// How a package differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It is new, in this version.
    Added(String),
    /// It is gone; it had this version.
    Removed(String),
    /// It has a later version.
    Upgraded {
        /// The version before.
        old: String,
        /// The version now.
        new: String,
    },
    /// It has an earlier version.
    Downgraded {
        /// The version before.
        old: String,
        /// The version now.
        new: String,
    },
    /// The same version, but other bytes, or the same bytes from another suite.
    Replaced(String),
}

/// All packages that differ, sorted by name, then all wheels.
#[must_use]
pub fn compare(old: &Lockfile, new: &Lockfile) -> Vec<Change> {
    let index = |lock: &Lockfile| -> BTreeMap<(PackageName, Arch), PackageLock> {
        lock.packages().iter().map(|package| ((package.name.clone(), package.arch), package.clone())).collect()
    };
    let place = |package: &PackageLock| (package.sha256, package.origin.clone());
    let mut changes = differences(&index(old), &index(new), |old, new| {
        (old.version.cmp(&new.version), place(old) == place(new), old.version.to_string(), new.version.to_string())
    });
    let wheels = |lock: &Lockfile| -> BTreeMap<(String, Arch), WheelLock> {
        let files = lock.wheels().iter().flat_map(|wheel| wheel.files.keys().map(move |arch| (wheel, *arch)));
        files.map(|(wheel, arch)| ((wheel.name.to_string(), arch), wheel.clone())).collect()
    };
    let (old, new) = (wheels(old), wheels(new));
    let file = |wheel: &WheelLock| wheel.files.clone();
    changes.extend(differences(&old, &new, |old, new| {
        (old.version.cmp(&new.version), file(old) == file(new), old.version.to_string(), new.version.to_string())
    }));
    changes
}

/// How two differ: by order of versions, whether they are the same otherwise, and both versions.
type Difference = (Ordering, bool, String, String);

/// The differences of two tables.
fn differences<N: Ord + Clone + ToString, T>(
    old: &BTreeMap<(N, Arch), T>,
    new: &BTreeMap<(N, Arch), T>,
    differ: impl Fn(&T, &T) -> Difference,
) -> Vec<Change> {
    let places: BTreeSet<&(N, Arch)> = old.keys().chain(new.keys()).collect();
    let mut changes: Vec<Change> = Vec::new();
    for place in places {
        let version = |one: &T| differ(one, one).2;
        let kind = match (old.get(place), new.get(place)) {
            (None, None) => continue,
            (None, Some(new)) => Kind::Added(version(new)),
            (Some(old), None) => Kind::Removed(version(old)),
            (Some(old), Some(new)) => match differ(old, new) {
                (Ordering::Less, _, old, new) => Kind::Upgraded { old, new },
                (Ordering::Greater, _, old, new) => Kind::Downgraded { old, new },
                (Ordering::Equal, false, _, new) => Kind::Replaced(new),
                (Ordering::Equal, true, ..) => continue,
            },
        };
        let name = place.0.to_string();
        match changes.last_mut().filter(|last| last.name == name && last.kind == kind) {
            Some(last) => last.platforms.push(place.1),
            None => changes.push(Change { name, platforms: vec![place.1], kind }),
        }
    }
    changes
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
                Kind::Added(version) => ("added", version.clone()),
                Kind::Removed(version) => ("removed", version.clone()),
                Kind::Upgraded { old, new } => ("upgraded", format!("{old} → {new}")),
                Kind::Downgraded { old, new } => ("downgraded", format!("{old} → {new}")),
                Kind::Replaced(version) => ("replaced", version.clone()),
            };
            let platforms = change.platforms.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
            [word.to_owned(), change.name.clone(), platforms, versions]
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
