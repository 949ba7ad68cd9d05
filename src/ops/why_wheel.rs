//! Whose a path is that no Debian package ships: the wheels of an image, as their `RECORD` files tell.

use std::collections::BTreeSet;

use pep508_rs::PackageName;
use serde::Serialize;

use super::contents::Contents;
use crate::base::{Arch, Digest};
use crate::domain::lock::{Lockfile, wheel_chain};
use crate::formats::wheel::parse_record;

/// A wheel.
#[derive(Clone, Debug, Serialize)]
pub struct WheelAnswer {
    /// The Python package.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its file in the lock, if the lock has this version.
    pub locked: Option<WheelLocked>,
    /// The version that the lock has now, if it is another.
    pub locked_version: Option<String>,
    /// The shortest way from what the recipe names: each needs the next.
    pub chain: Vec<String>,
}

/// A wheel's file in the lock.
#[derive(Clone, Debug, Serialize)]
pub struct WheelLocked {
    /// Its name.
    pub file: String,
    /// Its bytes.
    pub size: u64,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
}

/// The wheels of an image.
pub(super) struct Wheels(Vec<Installed>);

/// A wheel that is in an image.
pub(super) struct Installed {
    name: PackageName,
    version: String,
    /// The path of its `RECORD`.
    pub(super) record: Vec<u8>,
    /// What it put there.
    files: BTreeSet<Vec<u8>>,
}

/// How the path of a wheel's list of files ends.
pub(super) const RECORD: &[u8] = b".dist-info/RECORD";

impl Wheels {
    /// All wheels whose `RECORD` can be read.
    pub(super) fn of(contents: &Contents) -> Self {
        let paths = contents.tree.walk().map(|(path, _)| path).filter(|path| path.ends_with(RECORD));
        Self(paths.filter_map(|path| Installed::read(contents, path)).collect())
    }

    /// The wheels that have a file.
    pub(super) fn owners(&self, path: &[u8]) -> Vec<&Installed> {
        self.0.iter().filter(|wheel| wheel.files.contains(path)).collect()
    }

    /// The wheel of a package.
    pub(super) fn named(&self, name: &str) -> Option<&Installed> {
        let name: PackageName = name.parse().ok()?;
        self.0.iter().find(|wheel| wheel.name == name)
    }
}

impl Installed {
    fn read(contents: &Contents, record: Vec<u8>) -> Option<Self> {
        let text = record.strip_suffix(RECORD)?;
        let (lib, stem) = match text.iter().rposition(|c| *c == b'/') {
            Some(at) => (text.get(..at)?, text.get(at + 1..)?),
            None => (&[][..], text),
        };
        let (name, version) = std::str::from_utf8(stem).ok()?.split_once('-')?;
        let rows = parse_record(contents.bytes(&record)?).ok()?;
        let files = rows.iter().map(|row| {
            let path = normal(&[lib, row.path.as_bytes()].join(&b'/'));
            // In a target folder pip counts from where it installed first.
            let moved = row.path.strip_prefix("../../").map(|rest| [lib, rest.as_bytes()].join(&b'/'));
            moved.filter(|_| !matches!(contents.tree.lookup(&path), Ok(Some(_)))).unwrap_or(path)
        });
        let files = files.collect();
        Some(Self { name: name.parse().ok()?, version: version.to_owned(), record, files })
    }

    /// What is to be told of it.
    pub(super) fn answer(&self, lock: Option<(&Lockfile, Arch)>) -> WheelAnswer {
        let (name, version) = (self.name.to_string(), self.version.clone());
        let mut answer = WheelAnswer { name, version, locked: None, locked_version: None, chain: Vec::new() };
        let Some((lock, arch)) = lock else { return answer };
        if let Some(wheel) = lock.wheels().iter().find(|wheel| wheel.name == self.name) {
            let same = self.version.parse().is_ok_and(|version: pep440_rs::Version| version == wheel.version);
            match wheel.files.get(&arch).filter(|_| same) {
                Some(file) => {
                    let (name, size, sha256) = (file.file.to_string(), file.size, file.sha256);
                    answer.locked = Some(WheelLocked { file: name, size, sha256 });
                }
                None => answer.locked_version = Some(wheel.version.to_string()),
            }
        }
        let chain = wheel_chain(lock.wheels(), &self.name).unwrap_or_default();
        answer.chain = chain.iter().map(ToString::to_string).collect();
        answer
    }
}

/// A path without `..`.
fn normal(path: &[u8]) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|c| *c == b'/') {
        match part {
            b"" | b"." => {}
            b".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join(&b'/')
}
