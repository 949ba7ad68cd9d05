//! Unpacking packages into a tree, by dpkg's rules for files that meet.
//!
//! The rules, from dpkg's `tarobject` (`src/main/archives.c`), for a fresh system:
//!
//! * A directory that meets a directory, or a symbolic link to one, changes nothing: the first one's mode and owner stay,
//!   and both packages own it. (GNU tar, as `mmdebstrap --variant=extract` uses it, gives the directory the last
//!   one's mode instead; packages that disagree about a directory are rare, and a bug by Policy §10.9.)
//! * A symbolic link that meets a directory, or a link to the directory that it would lead to itself, changes nothing
//!   either. Anything else that meets a directory is refused.
//! * Where two packages have one path, the one that `Replaces` the other keeps it, in whatever order they come, and the
//!   other's `.list` loses it. If neither does, both are named and nothing is built.
//! * A diverted path is not met at all: the entry goes where the diversion says.
//! * Symbolic links are made after everything else of their package.
//! * A hardlink leads to an earlier file of its own package.
//!
//! Two things that dpkg does are left out, as no package set of an archive needs them: a package that lost all its files
//! to others does not disappear, and an `md5sums` that dpkg made itself keeps the lines of files that were given up.
//!
//! Paths meet where they lead to: with `/bin -> usr/bin`, `/bin/x` of one package and `/usr/bin/x` of another meet (dpkg
//! compares names only and would silently lose one of the two).

use std::collections::{BTreeMap, BTreeSet};

use super::error::{InstallError, shown};
use super::facts::Facts;
use super::info;
use crate::domain::rootfs::{Content, Diversions, Kind, Meta, Owner, Position, Tree, TreeError};
use crate::formats::deb::Package;
use crate::formats::tar::{self, Entry};

/// A package as it comes: what it says of itself, and its fragment's entries.
#[derive(Clone, Debug)]
pub struct Shipment<'a> {
    /// The package.
    pub package: &'a Package,
    /// Its facts.
    pub facts: &'a Facts,
    /// Its directories.
    pub directories: &'a [Entry],
    /// Everything else, in the order of its fragment: [`Position::entry`] counts these.
    pub entries: Vec<&'a Entry>,
}

/// What came out, beside the tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unpacked {
    /// The paths that a package, by its number, lost to another or gave up for another's. Their `.list` files are
    /// already rewritten.
    pub lost: BTreeMap<u32, BTreeSet<Vec<u8>>>,
}

/// Unpacks `shipments` into `tree` in the given order of their numbers. Numbers in the tree ([`Owner::Artefact`],
/// [`Position::artefact`]) count `shipments`.
///
/// # Errors
/// When two packages cannot live together, or a package's entries make no sense.
pub fn unpack(
    tree: &mut Tree,
    shipments: &[Shipment<'_>],
    order: &[usize],
    diversions: &Diversions,
) -> Result<Unpacked, InstallError> {
    let mut run = Run { tree, shipments, diversions, unpacked: Unpacked::default() };
    for number in order {
        let Some(shipment) = shipments.get(*number) else { continue };
        run.package(u32::try_from(*number).unwrap_or(u32::MAX), shipment, Part::All)?;
    }
    run.rewrite_lists()?;
    Ok(run.unpacked)
}

/// Which of a package's entries are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of them.
    All,
    /// Without its files of the package database.
    Files,
    /// Only its files of the package database.
    Database,
}

/// Unpacks one of `shipments` into `tree`, or a part of it. `unpacked` has what came of those before, and gets this one's.
///
/// # Errors
/// As [`unpack`].
pub fn unpack_one(
    tree: &mut Tree,
    shipments: &[Shipment<'_>],
    number: usize,
    part: Part,
    diversions: &Diversions,
    unpacked: &mut Unpacked,
) -> Result<(), InstallError> {
    let Some(shipment) = shipments.get(number) else { return Ok(()) };
    let mut run = Run { tree, shipments, diversions, unpacked: std::mem::take(unpacked) };
    let done =
        run.package(u32::try_from(number).unwrap_or(u32::MAX), shipment, part).and_then(|()| run.rewrite_lists());
    *unpacked = run.unpacked;
    done
}

struct Run<'a> {
    tree: &'a mut Tree,
    shipments: &'a [Shipment<'a>],
    diversions: &'a Diversions,
    unpacked: Unpacked,
}

impl Run<'_> {
    fn package(&mut self, number: u32, shipment: &Shipment<'_>, part: Part) -> Result<(), InstallError> {
        let name = shipment.package.name.as_str();
        for entry in shipment.directories.iter().filter(|_| part != Part::Database) {
            let place = self.diversions.place(&entry.path, name);
            if let Some(there) = self.tree.lookup(place).map_err(|e| in_package(shipment, e))?
                && !there.is_directory()
                && !self.tree.follow(place).is_ok_and(|n| n.is_some_and(|n| n.is_directory()))
                && !self.may_take(number, shipment, &entry.path, place)?
            {
                continue;
            }
            self.tree
                .insert(place, Kind::Directory, meta(entry), Owner::Artefact(number), None)
                .map_err(|e| in_package(shipment, e))?;
        }
        let mut shipped: BTreeSet<&[u8]> = BTreeSet::new();
        let numbered = || shipment.entries.iter().copied().enumerate();
        let is_link = |entry: &Entry| matches!(entry.kind, tar::Kind::Symlink(_));
        let links = numbered().filter(|(_, entry)| is_link(entry));
        let taken = |entry: &Entry| match part {
            Part::All => true,
            Part::Files => !info::is_file(&entry.path),
            Part::Database => info::is_file(&entry.path),
        };
        for (i, entry) in numbered().filter(|(_, entry)| !is_link(entry)).chain(links).filter(|(_, e)| taken(e)) {
            let at = Position { artefact: number, entry: u32::try_from(i).unwrap_or(u32::MAX) };
            self.entry(at, shipment, entry, &shipped)?;
            shipped.insert(&entry.path);
        }
        Ok(())
    }

    fn entry(
        &mut self,
        at: Position,
        shipment: &Shipment<'_>,
        entry: &Entry,
        shipped: &BTreeSet<&[u8]>,
    ) -> Result<(), InstallError> {
        let fail = |error| in_package(shipment, error);
        let name = shipment.package.name.as_str();
        let place = self.diversions.place(&entry.path, name);
        let owner = Owner::Artefact(at.artefact);
        if self.tree.lookup(place).map_err(fail)?.is_some_and(|there| there.is_directory()) {
            if matches!(entry.kind, tar::Kind::Symlink(_)) {
                return self.tree.set_owner(place, owner, true).map_err(fail);
            }
            return Err(InstallError::OverwriteDirectory {
                path: entry.path.clone(),
                new: label(shipment.package),
                old: self.owners_of(place),
            });
        }
        if let tar::Kind::Symlink(target) = &entry.kind
            && self.leads_to_same_directory(place, target)
        {
            return self.tree.set_owner(place, owner, true).map_err(fail);
        }
        if !self.may_take(at.artefact, shipment, &entry.path, place)? {
            return Ok(());
        }
        let kind = match &entry.kind {
            tar::Kind::File { size } => Kind::File(Content::Entry { at, size: *size }),
            tar::Kind::Directory => Kind::Directory,
            tar::Kind::Symlink(target) => Kind::Symlink(target.as_slice().into()),
            tar::Kind::CharDevice { major, minor } => Kind::CharDevice(*major, *minor),
            tar::Kind::BlockDevice { major, minor } => Kind::BlockDevice(*major, *minor),
            tar::Kind::Fifo => Kind::Fifo,
            tar::Kind::Hardlink(target) => {
                if !shipped.contains(target.as_slice()) {
                    return Err(fail(TreeError::Hardlink {
                        path: entry.path.clone(),
                        target: target.clone(),
                        reason: "the package ships no such file before it",
                    }));
                }
                let target = self.diversions.place(target, name);
                return self.tree.hardlink(place, target, owner, Some(at)).map_err(fail);
            }
        };
        self.tree.insert(place, kind, meta(entry), owner, Some(at)).map_err(fail)
    }

    /// Whether what is at `place` is a link to a directory, and a link to `target` there would lead to the same one.
    fn leads_to_same_directory(&self, place: &[u8], target: &[u8]) -> bool {
        let directory = |path: &[u8]| {
            let node = self.tree.follow(path).ok().flatten().filter(|node| node.is_directory());
            node.map(|node| node.inode)
        };
        let mut through = Vec::new();
        if !target.starts_with(b"/") {
            through.extend_from_slice(place.rsplitn(2, |c| *c == b'/').nth(1).unwrap_or_default());
            through.push(b'/');
        }
        through.extend_from_slice(target);
        directory(place).is_some_and(|there| directory(&through) == Some(there))
    }

    /// Whether the package may put its entry at `place`; settles with the present owners if so.
    fn may_take(
        &mut self,
        number: u32,
        shipment: &Shipment<'_>,
        path: &[u8],
        place: &[u8],
    ) -> Result<bool, InstallError> {
        let there = self.tree.lookup(place).map_err(|e| in_package(shipment, e))?;
        let (owners, origin) = there.map(|node| (node.owners.to_vec(), node.origin)).unwrap_or_default();
        for owner in owners {
            let Owner::Artefact(other) = owner else { continue };
            if other == number {
                return Err(InstallError::Package {
                    package: label(shipment.package),
                    reason: format!("{} is there twice", shown(path)),
                });
            }
            let Some(present) = self.shipments.get(other as usize) else { continue };
            if replaces(shipment.package, present.package) {
                // The other's list has the path as the other shipped it, which a symbolic link can make a different one.
                let theirs =
                    origin.filter(|at| at.artefact == other).and_then(|at| present.entries.get(at.entry as usize));
                let theirs = theirs.map_or(path, |entry| &entry.path);
                self.unpacked.lost.entry(other).or_default().insert(theirs.to_vec());
            } else if replaces(present.package, shipment.package) {
                self.unpacked.lost.entry(number).or_default().insert(path.to_vec());
                return Ok(false);
            } else {
                return Err(InstallError::Overwrite {
                    path: path.to_vec(),
                    new: label(shipment.package),
                    old: label(present.package),
                });
            }
        }
        Ok(true)
    }

    fn owners_of(&self, place: &[u8]) -> String {
        let owners = self.tree.lookup(place).ok().flatten().map(|node| node.owners.to_vec()).unwrap_or_default();
        let names: Vec<String> = owners
            .iter()
            .filter_map(|owner| match owner {
                Owner::Artefact(number) => self.shipments.get(*number as usize).map(|s| label(s.package)),
                Owner::Recipe => Some("the recipe".into()),
                Owner::Generated => None,
            })
            .collect();
        if names.is_empty() { "the system".into() } else { names.join(", ") }
    }

    fn rewrite_lists(&mut self) -> Result<(), InstallError> {
        for (number, lost) in &self.unpacked.lost {
            let Some(shipment) = self.shipments.get(*number as usize) else { continue };
            let list = info::path(shipment.package, "list");
            if self.tree.lookup(&list).is_ok_and(|node| node.is_some()) {
                let content = Content::bytes(info::list_without(shipment.facts.list(), lost));
                self.tree.write(&list, content).map_err(|e| in_package(shipment, e))?;
            }
        }
        Ok(())
    }
}

/// Whether `new` says that it replaces files of `old` (Policy §7.6.1; a virtual name does not count).
fn replaces(new: &Package, old: &Package) -> bool {
    new.replaces.iter().flatten().any(|relation| relation.name == old.name && relation.admits(&old.version))
}

fn label(package: &Package) -> String {
    format!("{} {}", package.name, package.version)
}

fn in_package(shipment: &Shipment<'_>, source: TreeError) -> InstallError {
    InstallError::Tree { package: label(shipment.package), source }
}

fn meta(entry: &Entry) -> Meta {
    Meta { mode: entry.mode, uid: entry.uid, gid: entry.gid, mtime: entry.mtime, xattrs: entry.xattrs.clone() }
}
