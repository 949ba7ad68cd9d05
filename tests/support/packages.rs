//! Packages read into memory the way a build reads them, for tests of what happens between them.

use std::collections::BTreeMap;

use mokapot::base::Digest;
use mokapot::domain::install::{Facts, InstallError, Shipment, deb, unpack_order};
use mokapot::domain::rootfs::Position;
use mokapot::formats::compress::Checksums;
use mokapot::formats::deb::{DebReader, Package};
use mokapot::formats::tar::{self, Entry, Limits};

/// Bounds that no package of a test comes near.
pub const LIMITS: Limits = Limits { entries: 1 << 20, bytes: 4 << 30 };

/// A package as it came out of its `.deb`.
pub struct Opened {
    pub package: Package,
    pub facts: Facts,
    pub directories: Vec<Entry>,
    pub entries: Vec<Entry>,
    /// SHA-256 of each entry's content.
    pub contents: Vec<Digest>,
    /// The bytes of its database files, by path.
    pub database: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// Reads a `.deb` that is what it says it is.
pub fn open(deb: &[u8]) -> Result<Opened, InstallError> {
    let package = DebReader::open(deb, LIMITS, Checksums::Verify).unwrap().control().package.clone();
    open_as(deb, package)
}

/// Reads a `.deb` that should be this package.
pub fn open_as(deb: &[u8], package: Package) -> Result<Opened, InstallError> {
    let (mut directories, mut entries, mut contents) = (Vec::new(), Vec::new(), Vec::new());
    let mut database = BTreeMap::new();
    let options = deb::Options { limits: LIMITS, checksums: Checksums::Verify };
    let facts = deb::read(deb, &package, options, |entry, content| {
        if entry.kind == tar::Kind::Directory {
            directories.push(entry.clone());
            return Ok::<(), InstallError>(());
        }
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes).unwrap();
        contents.push(Digest::of(&bytes));
        entries.push(entry.clone());
        if entry.path.starts_with(b"var/lib/dpkg/info/") {
            database.insert(entry.path.clone(), bytes);
        }
        Ok(())
    })?;
    Ok(Opened { package, facts, directories, entries, contents, database })
}

/// As [`mokapot::domain::install::unpack()`] wants them.
pub fn shipments(opened: &[Opened]) -> Vec<Shipment<'_>> {
    let mut all = Vec::new();
    for Opened { package, facts, directories, entries, .. } in opened {
        let entries = entries.iter().collect();
        all.push(Shipment { package, facts, directories, entries });
    }
    all
}

/// The order in which they are unpacked.
pub fn order(opened: &[Opened]) -> Vec<usize> {
    unpack_order(&opened.iter().map(|opened| &opened.package).collect::<Vec<_>>())
}

/// The digest of an entry's content.
pub fn content(opened: &[Opened]) -> impl Fn(Position) -> Digest {
    |at| opened[at.artefact as usize].contents[at.entry as usize]
}
