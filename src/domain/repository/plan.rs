//! What a publish makes of a suite's index: packages are added, earlier versions go, or it is refused.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::ARCHITECTURES;
use super::contents::Contents;
use super::error::RepositoryError;
use super::listing::{Listed, Listing, is_for};
use super::name::ComponentName;
use crate::base::{Arch, Digest};
use crate::formats::deb::{Package, Stanza};

/// What one component of a suite has.
#[derive(Clone, Debug, Default)]
pub struct SuiteIndex {
    /// Packages by architecture.
    pub listings: BTreeMap<Arch, Listing>,
    /// Files by architecture.
    pub contents: BTreeMap<Arch, Contents>,
}

/// A package that is to be published.
#[derive(Clone, Debug)]
pub struct Addition {
    /// Its control file.
    pub control: Stanza,
    /// The same, understood.
    pub package: Package,
    /// Its bytes.
    pub size: u64,
    /// Their digest.
    pub sha256: Digest,
    /// What it ships, folders left out, without the first slash.
    pub paths: Vec<Vec<u8>>,
}

/// How to publish.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where packages go.
    pub component: ComponentName,
    /// How many versions of each package stay, for each architecture; all where nothing is said.
    pub keep: Option<usize>,
    /// Whether a version may be added that does not sort after the latest.
    pub allow_older: bool,
}

/// One package that is listed or not listed any more.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Change {
    /// The package.
    pub package: String,
    /// Its version.
    pub version: String,
    /// Where it is listed.
    pub architecture: Arch,
    /// Its path in the pool.
    pub path: String,
    /// Its digest.
    pub sha256: Digest,
    /// Its bytes.
    pub size: u64,
}

/// What a publish changes; each list sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// New in the suite.
    pub added: Vec<Change>,
    /// There already, with the same bytes.
    pub present: Vec<Change>,
    /// Gone from the suite.
    pub removed: Vec<Change>,
}

impl Changes {
    /// Whether the suite stays as it is.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

impl Change {
    fn of(listed: &Listed, architecture: Arch) -> Self {
        Self {
            package: listed.name.to_string(),
            version: listed.version.as_str().to_owned(),
            architecture,
            path: listed.pool.filename.to_string(),
            sha256: listed.pool.sha256,
            size: listed.pool.size,
        }
    }
}

/// The index with the packages added and earlier versions gone, and what that changes. Versions of one package may come in any order.
///
/// # Errors
/// When a version is there with other bytes, would be sorted before the latest, or its source has no place in the pool.
pub fn plan(
    mut index: SuiteIndex,
    additions: &[Addition],
    options: &Options,
) -> Result<(SuiteIndex, Changes), RepositoryError> {
    let mut additions: Vec<&Addition> = additions.iter().collect();
    additions.sort_by(|a, b| (&a.package.name, &a.package.version).cmp(&(&b.package.name, &b.package.version)));
    let mut changes = Changes::default();
    for arch in ARCHITECTURES {
        let listing = index.listings.entry(arch).or_default();
        let mut added: Vec<(Listed, &Addition)> = Vec::new();
        for addition in additions.iter().filter(|addition| is_for(addition.package.architecture, arch)) {
            let bytes = (addition.size, addition.sha256);
            let listed = Listed::new(&addition.control, &addition.package, &options.component, bytes)?;
            let there = listing.versions(&listed.name).iter();
            // Sorted by name and version, so versions of this package that are added too are the last ones.
            let before = added.iter().rev().map(|(listed, _)| listed).take_while(|other| other.name == listed.name);
            if let Some(same) = there.chain(before).find(|other| other.version == listed.version) {
                if same.pool.sha256 != listed.pool.sha256 {
                    return Err(RepositoryError::Differs {
                        package: listed.name.to_string(),
                        version: listed.version.as_str().to_owned(),
                        arch,
                        published: same.pool.sha256,
                        offered: listed.pool.sha256,
                    });
                }
                changes.present.push(Change::of(same, arch));
                continue;
            }
            let newest = listing.versions(&listed.name).last();
            if let Some(newest) = newest.filter(|newest| newest.version > listed.version && !options.allow_older) {
                return Err(RepositoryError::Older {
                    package: listed.name.to_string(),
                    version: listed.version.as_str().to_owned(),
                    newest: newest.version.as_str().to_owned(),
                    arch,
                });
            }
            added.push((listed, addition));
        }
        let contents = index.contents.entry(arch).or_default();
        add_contents(contents, listing, &added);
        let mut added: Vec<Change> = {
            let changed = added.iter().map(|(listed, _)| Change::of(listed, arch)).collect();
            listing.extend(added.into_iter().map(|(listed, _)| listed));
            changed
        };
        let removed = options.keep.map(|keep| listing.keep(keep)).unwrap_or_default();
        let mut removed: Vec<Change> = removed.iter().map(|listed| Change::of(listed, arch)).collect();
        // What comes and goes at once was never there.
        let gone: BTreeSet<Change> = removed.iter().cloned().collect();
        removed.retain(|change| !added.contains(change));
        added.retain(|change| !gone.contains(change));
        changes.added.extend(added);
        changes.removed.extend(removed);
    }
    for list in [&mut changes.added, &mut changes.present, &mut changes.removed] {
        list.sort();
        list.dedup();
    }
    Ok((index, changes))
}

/// The files of the latest version of each package that was added, in place of those of the latest until now.
fn add_contents(contents: &mut Contents, listing: &Listing, added: &[(Listed, &Addition)]) {
    let mut latest: BTreeMap<&str, &(Listed, &Addition)> = BTreeMap::new();
    for one in added {
        let (listed, _) = one;
        let known = listing.versions(&listed.name).last();
        if known.is_none_or(|known| known.version < listed.version) {
            // In the order of versions, so the last one stays.
            latest.insert(listed.name.as_str(), one);
        }
    }
    contents.forget(&latest.keys().copied().collect());
    for (name, (_, addition)) in latest {
        contents.add(addition.control.get("Section").map(str::trim), name, &addition.paths);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deb(name: &str, version: &str, arch: &str, bytes: &str) -> Addition {
        let text = format!("Package: {name}\nVersion: {version}\nArchitecture: {arch}\nSection: java\n");
        let control = Stanza::parse_one(text.as_bytes()).unwrap();
        let package = Package::from_stanza(&control).unwrap();
        let paths = vec![format!("usr/share/{name}/{version}").into_bytes()];
        Addition { control, package, size: 9, sha256: Digest::of(bytes.as_bytes()), paths }
    }

    fn options(keep: Option<usize>) -> Options {
        Options { component: "main".parse().unwrap(), keep, allow_older: false }
    }

    fn names(changes: &[Change]) -> Vec<String> {
        changes.iter().map(|c| format!("{} {} {}", c.package, c.version, c.architecture)).collect()
    }

    #[test]
    fn packages_are_added_once_to_each_architecture_they_fit() {
        let debs = [deb("app", "1.10", "all", "b"), deb("app", "1.9", "all", "a"), deb("tool", "1", "arm64", "t")];
        let (index, changes) = plan(SuiteIndex::default(), &debs, &options(None)).unwrap();
        let added = ["app 1.10 amd64", "app 1.10 arm64", "app 1.9 amd64", "app 1.9 arm64", "tool 1 arm64"];
        assert_eq!(names(&changes.added), added);
        let contents = index.contents[&Arch::Amd64].text();
        assert_eq!(contents, b"usr/share/app/1.10\tjava/app\n", "the latest version's files");
        let (again, changes) = plan(index.clone(), &debs, &options(None)).unwrap();
        assert!(changes.is_empty() && names(&changes.present) == added);
        assert_eq!(again.listings[&Arch::Arm64].text(), index.listings[&Arch::Arm64].text());
    }

    #[test]
    fn what_apt_would_not_install_is_refused() {
        let (index, _) = plan(SuiteIndex::default(), &[deb("app", "2", "all", "x")], &options(None)).unwrap();
        let refused = |deb| plan(index.clone(), &[deb], &options(None)).unwrap_err();
        assert!(matches!(refused(deb("app", "2", "all", "y")), RepositoryError::Differs { .. }));
        assert!(matches!(refused(deb("app", "2-0", "all", "y")), RepositoryError::Differs { .. }));
        assert!(matches!(refused(deb("app", "2~rc1", "amd64", "y")), RepositoryError::Older { .. }));
        let allowed = Options { allow_older: true, ..options(None) };
        let (older, changes) = plan(index.clone(), &[deb("app", "1", "all", "y")], &allowed).unwrap();
        assert_eq!(names(&changes.added), ["app 1 amd64", "app 1 arm64"]);
        assert_eq!(older.contents[&Arch::Amd64], index.contents[&Arch::Amd64]);
        let twice = [deb("one", "1", "all", "x"), deb("one", "1", "all", "y")];
        assert!(matches!(plan(index, &twice, &options(None)), Err(RepositoryError::Differs { .. })));
    }

    #[test]
    fn only_the_latest_versions_are_kept() {
        let debs: Vec<Addition> = ["1", "2", "3", "10"].map(|version| deb("app", version, "all", version)).to_vec();
        let (index, _) = plan(SuiteIndex::default(), &debs[..3], &options(None)).unwrap();
        let (index, changes) = plan(index, &debs[3..], &options(Some(2))).unwrap();
        assert_eq!(names(&changes.removed), ["app 1 amd64", "app 1 arm64", "app 2 amd64", "app 2 arm64"]);
        let left: Vec<&str> = index.listings[&Arch::Amd64].iter().map(|listed| listed.version.as_str()).collect();
        assert_eq!(left, ["3", "10"]);
        let allowed = Options { allow_older: true, ..options(Some(2)) };
        let (_, changes) = plan(index, &debs[..1], &allowed).unwrap();
        assert!(changes.is_empty(), "what comes and goes at once changes nothing: {changes:?}");
    }
}
