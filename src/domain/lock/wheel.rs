//! Locked wheels: their model, what must hold between them, and their blocks in the file.
//!
//! ```toml
//! [[wheel]]                            # sorted by name; after all packages
//! name = "numpy"
//! version = "1.26.4"
//! via = ["(recipe)"]                   # or the shortest way from what the recipe names: ["pandas"]
//! extras = ["…"]                       # those asked for, where there are any
//! depends = ["…"]                      # locked wheels that it needs on any platform, where there are any
//! file = "six-1.16.0-py2.py3-none-any.whl"   # with size and sha256, where all platforms have the same
//!
//! [wheel.amd64]                        # else, for every platform that needs it
//! file = "numpy-1.26.4-cp39-cp39-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
//! size = 18245005
//! sha256 = "sha256:…"
//! ```
//!
//! A file is found again by its name on the page of its project in the index, and known by its digest.

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::Version;
use pep508_rs::{ExtraName, PackageName};
use serde::Deserialize;

use super::error::Reason;
use super::render::{Text, quoted};
use crate::base::{Arch, Digest};
use crate::domain::recipe::LockMeaning;
use crate::formats::wheel::{Requirement, WheelName};

/// No wheel is larger: 16 GiB.
const MAX_WHEEL: u64 = 16 << 30;

/// A Python package in one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WheelLock {
    /// Its name, in the one spelling of the index.
    pub name: PackageName,
    /// Its version.
    pub version: Version,
    /// Whether the recipe names it.
    pub requested: bool,
    /// Its extras that are asked for.
    pub extras: BTreeSet<ExtraName>,
    /// Locked wheels that it needs, on any platform.
    pub depends: BTreeSet<PackageName>,
    /// Its file for every platform that needs it; never empty.
    pub files: BTreeMap<Arch, WheelFileLock>,
}

/// A wheel's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WheelFileLock {
    /// Its name.
    pub file: WheelName,
    /// Its bytes.
    pub size: u64,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
}

impl WheelLock {
    /// Whether the package has the same file wherever it is.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        let mut files = self.files.values();
        let first = files.next();
        files.all(|file| Some(file) == first)
    }
}

/// What is wrong with a wheel of the lock, and which.
type Fault = (Reason, Option<PackageName>);

/// The first thing that is wrong. `wheels` are sorted by name.
pub(super) fn fault(meaning: &LockMeaning, wheels: &[WheelLock]) -> Option<Fault> {
    let wrong = |wheel: &WheelLock, key, rule: String| {
        Some((Reason::Value { key, rule: format!("{}: {rule}", wheel.name) }, Some(wheel.name.clone())))
    };
    let names: BTreeSet<&PackageName> = wheels.iter().map(|wheel| &wheel.name).collect();
    let asked = requested(meaning);
    for (wheel, before) in wheels.iter().zip([None].into_iter().chain(wheels.iter().map(Some))) {
        if before.is_some_and(|before| before.name == wheel.name) {
            return Some((Reason::Twice { what: format!("wheel {}", wheel.name) }, Some(wheel.name.clone())));
        }
        if wheel.files.is_empty() {
            return wrong(wheel, "file", "there is none".into());
        }
        for (arch, WheelFileLock { file, size, .. }) in &wheel.files {
            if !meaning.platforms.iter().any(|platform| platform.0 == *arch) {
                return wrong(wheel, "file", format!("{arch} is no platform of the request"));
            }
            if (&file.name, &file.version) != (&wheel.name, &wheel.version) {
                return wrong(
                    wheel,
                    "file",
                    format!("`{file}` is another package's, or of another version than {}", wheel.version),
                );
            }
            if *size == 0 || *size > MAX_WHEEL {
                return wrong(wheel, "size", format!("{size} bytes cannot be the size of a wheel"));
            }
        }
        if let Some(to) = wheel.depends.iter().find(|to| !names.contains(to)) {
            return wrong(wheel, "depends", format!("it needs {to}, which is not locked"));
        }
        if wheel.requested != asked.contains_key(&wheel.name) {
            return wrong(wheel, "via", "it is not as the request says".into());
        }
    }
    for (name, requirement) in &asked {
        let locked = wheels.iter().find(|wheel| wheel.name == *name);
        let admits = |version: &Version| match &requirement.version_or_url {
            Some(pep508_rs::VersionOrUrl::VersionSpecifier(specifiers)) => specifiers.contains(version),
            _ => true,
        };
        // A marker may leave it out on every platform.
        if locked.is_none_or(|locked| !admits(&locked.version)) && requirement.marker.is_true() {
            let request = requirement.to_string();
            let arch = meaning.platforms.first().map_or(Arch::Amd64, |platform| platform.0);
            return Some((Reason::Unanswered { request, arch }, None));
        }
    }
    let ways = ways(wheels);
    let unreached = wheels.iter().find(|wheel| !ways.contains_key(&wheel.name))?;
    wrong(unreached, "via", "nothing asks for it".into())
}

/// What the request names.
fn requested(meaning: &LockMeaning) -> BTreeMap<PackageName, Requirement> {
    let lines = meaning.python.iter().flat_map(|python| &python.requirements);
    let parsed = lines.filter_map(|line| line.parse::<Requirement>().ok());
    parsed.map(|requirement| (requirement.name.clone(), requirement)).collect()
}

/// For every wheel that is reached who needs it; nobody where the recipe names it. Breadth first, by name.
fn ways(wheels: &[WheelLock]) -> BTreeMap<&PackageName, Option<&PackageName>> {
    let by_name: BTreeMap<&PackageName, &WheelLock> = wheels.iter().map(|wheel| (&wheel.name, wheel)).collect();
    let mut level: Vec<&WheelLock> = wheels.iter().filter(|wheel| wheel.requested).collect();
    let mut found: BTreeMap<&PackageName, Option<&PackageName>> =
        level.iter().map(|wheel| (&wheel.name, None)).collect();
    while !level.is_empty() {
        let mut next = Vec::new();
        for wheel in level {
            for to in wheel.depends.iter().filter_map(|to| by_name.get(to)) {
                if !found.contains_key(&to.name) {
                    found.insert(&to.name, Some(&wheel.name));
                    next.push(*to);
                }
            }
        }
        level = next;
    }
    found
}

/// The shortest way to a wheel from what the recipe names, that first; the last is the wheel. None where it is not locked.
#[must_use]
pub fn chain(wheels: &[WheelLock], name: &PackageName) -> Option<Vec<PackageName>> {
    let ways = ways(wheels);
    let mut chain = vec![name.clone()];
    let mut at = *ways.get(name)?;
    while let Some(next) = at {
        chain.push(next.clone());
        at = *ways.get(next)?;
    }
    chain.reverse();
    Some(chain)
}

/// The way to a wheel in one or a few words.
fn via(wheels: &BTreeMap<&PackageName, Option<&PackageName>>, name: &PackageName) -> Vec<String> {
    match wheels.get(name) {
        Some(Some(needs_it)) => vec![needs_it.to_string()],
        Some(None) => vec!["(recipe)".to_owned()],
        None => Vec::new(),
    }
}

/// Writes the blocks.
pub(super) fn render(wheels: &[WheelLock], meaning: &LockMeaning, out: &mut Text) {
    let ways = ways(wheels);
    for wheel in wheels {
        out.section("[[wheel]]");
        out.string("name", &wheel.name);
        out.string("version", &wheel.version);
        out.list("via", &via(&ways, &wheel.name));
        out.some_list("extras", &wheel.extras);
        out.some_list("depends", &wheel.depends);
        let whole = wheel.files.len() == meaning.platforms.len() && wheel.is_shared();
        let file = |out: &mut Text, file: &WheelFileLock| {
            out.line("file", quoted(&file.file));
            out.line("size", file.size);
            out.string("sha256", &file.sha256);
        };
        if let Some(first) = wheel.files.values().next().filter(|_| whole) {
            file(out, first);
            continue;
        }
        for (arch, own) in &wheel.files {
            out.section(&format!("[wheel.{arch}]"));
            file(out, own);
        }
    }
}

/// A block as it is in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Block {
    name: PackageName,
    version: Version,
    via: Vec<String>,
    #[serde(default)]
    extras: BTreeSet<ExtraName>,
    #[serde(default)]
    depends: BTreeSet<PackageName>,
    file: Option<String>,
    size: Option<u64>,
    sha256: Option<Digest>,
    amd64: Option<File>,
    arm64: Option<File>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    file: String,
    size: u64,
    sha256: Digest,
}

impl Block {
    /// The wheel.
    ///
    /// # Errors
    /// When a file is missing, or stands twice.
    pub(super) fn read(self, meaning: &LockMeaning) -> Result<WheelLock, Reason> {
        let wrong = |key, rule: String| Reason::Value { key, rule: format!("{}: {rule}", self.name) };
        let named = |file: File| -> Result<WheelFileLock, Reason> {
            let name = file.file.parse().map_err(|error| wrong("file", format!("{error}")))?;
            Ok(WheelFileLock { file: name, size: file.size, sha256: file.sha256 })
        };
        let mut files = BTreeMap::new();
        for (arch, file) in [(Arch::Amd64, self.amd64), (Arch::Arm64, self.arm64)] {
            if let Some(file) = file {
                files.insert(arch, named(file)?);
            }
        }
        match (self.file, self.size, self.sha256) {
            (None, None, None) => {}
            (Some(file), Some(size), Some(sha256)) if files.is_empty() => {
                let file = named(File { file, size, sha256 })?;
                files.extend(meaning.platforms.iter().map(|platform| (platform.0, file.clone())));
            }
            _ => {
                return Err(wrong(
                    "file",
                    "stands with size and sha256, in the block or in the platforms' tables".into(),
                ));
            }
        }
        Ok(WheelLock {
            requested: self.via == ["(recipe)"],
            name: self.name,
            version: self.version,
            extras: self.extras,
            depends: self.depends,
            files,
        })
    }
}

/// A `via` is for readers, so it must be true: the first that is not.
pub(super) fn first_untrue<'t>(
    wheels: &[WheelLock],
    mut told: impl Iterator<Item = (&'t PackageName, &'t Vec<String>)>,
) -> Option<&'t PackageName> {
    let ways = ways(wheels);
    told.find(|(name, written)| via(&ways, name) != **written).map(|(name, _)| name)
}

impl Block {
    /// What it says of the way.
    pub(super) fn told(&self) -> (PackageName, Vec<String>) {
        (self.name.clone(), self.via.clone())
    }
}
