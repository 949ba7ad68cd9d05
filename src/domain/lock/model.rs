//! What a lockfile holds.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use super::error::{LockError, Reason};
use super::graph;
use super::wheel::WheelLock;
use crate::base::{Arch, Digest, Epoch};
use crate::domain::recipe::{JarSource, LockMeaning, Place};
use crate::formats::deb::package::{Architecture, PackageName, check_pool_path};
use crate::formats::deb::priority::Priority;
use crate::formats::deb::version::Version;

/// All inputs of one image. Sorted and consistent: see [`super`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lockfile {
    meaning: LockMeaning,
    releases: Vec<ReleaseLock>,
    packages: Vec<PackageLock>,
    jars: Vec<JarLock>,
    wheels: Vec<WheelLock>,
}

/// A Release file that packages were chosen from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReleaseLock {
    /// Alias of the mirror.
    pub mirror: String,
    /// The suite, as the recipe writes it.
    pub suite: String,
    /// Its `Date`.
    pub date: Epoch,
    /// Its `Valid-Until`, where it has one.
    pub valid_until: Option<Epoch>,
    /// SHA-256 of the InRelease file.
    pub sha256: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// Who signed it: all good signatures by pinned keys, sorted. Never empty.
    pub signers: Vec<Fingerprint>,
}

/// A package on one platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageLock {
    /// Its name.
    pub name: PackageName,
    /// The platform it is for.
    pub arch: Arch,
    /// What it was built for: the platform's architecture, or `all`.
    pub architecture: Architecture,
    /// Its version.
    pub version: Version,
    /// How much a system needs it, as the archive's index says it: `apt` configures in this order, and a `.deb` may say otherwise.
    pub priority: Priority,
    /// Where it comes from.
    pub origin: Origin,
    /// What `origin` has it as: the path of the `.deb` below the archive's root, without `./`; its name; or its address.
    pub filename: String,
    /// Bytes of the `.deb`.
    pub size: u64,
    /// SHA-256 of the `.deb`.
    pub sha256: Digest,
    /// Why it is there without another one needing it; empty for one that is only a dependency.
    pub roots: BTreeSet<Root>,
    /// Locked packages that answer its `Pre-Depends` and `Depends`.
    pub depends: BTreeSet<PackageName>,
    /// Locked packages that answer its `Recommends`, where these are followed.
    pub recommends: BTreeSet<PackageName>,
}

/// Where a package comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A suite of an archive.
    Archive {
        /// Alias of the mirror.
        mirror: String,
        /// The suite, as the recipe writes it.
        suite: String,
    },
    /// A package recipe of the project.
    Local,
    /// An address that the recipe names.
    Address,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Archive { mirror, suite } => write!(f, "{mirror} {suite}"),
            Self::Local => f.write_str("local"),
            Self::Address => f.write_str("address"),
        }
    }
}

/// A jar, the same on all platforms.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct JarLock {
    /// Who has its bytes, as the request says it; never empty.
    pub places: Vec<Place>,
    /// Its bytes.
    pub size: u64,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
}

impl JarLock {
    /// What a person calls it: its first place.
    #[must_use]
    pub fn label(&self) -> String {
        label(&self.places)
    }
}

/// What a person calls something that these places have.
pub(super) fn label(places: &[Place]) -> String {
    places.first().map(ToString::to_string).unwrap_or_default()
}

/// Why a package is there without another one needing it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Root {
    /// It belongs to the recipe's variant.
    Variant,
    /// The recipe's `install` or `local` names this: the package itself, or a virtual one that it provides.
    Asked(PackageName),
    /// The recipe names its address.
    Address,
}

impl Root {
    /// What the recipe asked for, where it is the recipe that did.
    #[must_use]
    pub fn asked(&self) -> Option<&str> {
        match self {
            Self::Variant | Self::Address => None,
            Self::Asked(name) => Some(name.as_str()),
        }
    }
}

/// Fingerprint of an OpenPGP key: 40 (version 4) or 64 (version 6) upper-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(String);

/// A text that is no fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no fingerprint: 40 or 64 upper-case hexadecimal digits")]
pub struct ParseFingerprintError(String);

impl FromStr for Fingerprint {
    type Err = ParseFingerprintError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.bytes().all(|c| c.is_ascii_digit() || (b'A'..=b'F').contains(&c));
        if digits && matches!(text.len(), 40 | 64) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ParseFingerprintError(text.chars().take(80).collect()))
        }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Lockfile {
    /// Sorts and checks what was resolved.
    ///
    /// # Errors
    /// When a value breaks its rule, something is there twice, a dependency's edge leads nowhere, a request is not answered, or
    /// nothing asks for a package or a jar. [`LockError::file`] is empty.
    pub fn new(
        meaning: LockMeaning,
        releases: Vec<ReleaseLock>,
        packages: Vec<PackageLock>,
        jars: Vec<JarLock>,
    ) -> Result<Self, LockError> {
        Self::with_wheels(meaning, releases, packages, jars, Vec::new())
    }

    /// [`Lockfile::new`] for a request that asks for Python packages.
    ///
    /// # Errors
    /// As [`Lockfile::new`], for wheels too.
    pub fn with_wheels(
        meaning: LockMeaning,
        releases: Vec<ReleaseLock>,
        packages: Vec<PackageLock>,
        jars: Vec<JarLock>,
        wheels: Vec<WheelLock>,
    ) -> Result<Self, LockError> {
        Self::checked(meaning, releases, packages, jars, wheels).map_err(|fault| LockError {
            file: String::new(),
            line: None,
            reason: fault.reason,
        })
    }

    /// [`Lockfile::new`], with the package to blame.
    pub(super) fn checked(
        meaning: LockMeaning,
        mut releases: Vec<ReleaseLock>,
        mut packages: Vec<PackageLock>,
        mut jars: Vec<JarLock>,
        mut wheels: Vec<WheelLock>,
    ) -> Result<Self, Fault> {
        releases.sort();
        for release in &mut releases {
            release.signers.sort();
            release.signers.dedup();
        }
        packages.sort_by(|a, b| (&a.name, a.arch).cmp(&(&b.name, b.arch)));
        jars.sort();
        wheels.sort_by(|a, b| a.name.cmp(&b.name));
        let lock = Self { meaning, releases, packages, jars, wheels };
        match lock.fault() {
            None => Ok(lock),
            Some(fault) => Err(fault),
        }
    }

    /// The first thing that is wrong, if there is one.
    fn fault(&self) -> Option<Fault> {
        self.release_fault().or_else(|| {
            let releases: BTreeSet<(&str, &str)> =
                self.releases.iter().map(|release| (release.mirror.as_str(), release.suite.as_str())).collect();
            let mut faults = self.packages.iter().filter_map(|package| {
                let reason = package.fault(&self.meaning, &releases)?;
                Some(Fault { reason, package: Some((package.name.clone(), package.arch)), wheel: None })
            });
            let wheels = || {
                let (reason, wheel) = super::wheel::fault(&self.meaning, &self.wheels)?;
                Some(Fault { reason, package: None, wheel })
            };
            let packages = faults.next().or_else(|| graph::fault(&self.meaning, &self.packages));
            packages.or_else(|| self.jar_fault()).or_else(wheels)
        })
    }

    fn jar_fault(&self) -> Option<Fault> {
        let fault = |places: &[Place], what| {
            Some(Fault { reason: Reason::Jar { jar: label(places), what }, package: None, wheel: None })
        };
        let mut locked: BTreeMap<&[Place], &JarLock> = BTreeMap::new();
        for jar in &self.jars {
            if locked.insert(&jar.places, jar).is_some() {
                return fault(&jar.places, "is locked twice");
            }
            if jar.size == 0 || jar.size > MAX_JAR {
                return fault(&jar.places, "has a size that no jar has");
            }
            if !self.meaning.jars.iter().any(|asked| asked.places == jar.places) {
                return fault(&jar.places, "is locked, and nothing asks for it");
            }
        }
        for asked in &self.meaning.jars {
            match locked.get(asked.places.as_slice()) {
                None => return fault(&asked.places, "is asked for, and not locked"),
                Some(jar) if asked.sha256.is_some_and(|sha256| sha256 != jar.sha256) => {
                    return fault(&asked.places, "has another digest than the one that is asked for");
                }
                Some(_) => {}
            }
        }
        None
    }

    fn release_fault(&self) -> Option<Fault> {
        let fault = |release: &ReleaseLock, what| Fault {
            reason: Reason::Release { mirror: release.mirror.clone(), suite: release.suite.clone(), what },
            package: None,
            wheel: None,
        };
        let wanted: BTreeSet<(&str, &str)> = self
            .meaning
            .archives
            .iter()
            .flat_map(|archive| archive.suites.iter().map(|suite| (archive.mirror.as_str(), suite.as_str())))
            .collect();
        let mut seen = BTreeSet::new();
        for release in &self.releases {
            let place = (release.mirror.as_str(), release.suite.as_str());
            if !seen.insert(place) {
                return Some(fault(release, "is locked twice"));
            }
            if !wanted.contains(&place) {
                return Some(fault(release, "is no archive of the request"));
            }
            if release.signers.is_empty() {
                return Some(fault(release, "has no signer"));
            }
            if release.size == 0 || release.size > MAX_RELEASE {
                return Some(fault(release, "has a size that no Release file has"));
            }
        }
        wanted.difference(&seen).next().map(|(mirror, suite)| Fault {
            reason: Reason::Release { mirror: (*mirror).into(), suite: (*suite).into(), what: "is not locked" },
            package: None,
            wheel: None,
        })
    }

    /// What the lock was made for.
    #[must_use]
    pub fn meaning(&self) -> &LockMeaning {
        &self.meaning
    }

    /// The Release files, sorted by mirror and suite.
    #[must_use]
    pub fn releases(&self) -> &[ReleaseLock] {
        &self.releases
    }

    /// The packages, sorted by name and platform.
    #[must_use]
    pub fn packages(&self) -> &[PackageLock] {
        &self.packages
    }

    /// The wheels, sorted by name.
    #[must_use]
    pub fn wheels(&self) -> &[WheelLock] {
        &self.wheels
    }

    /// The jars, sorted by their places.
    #[must_use]
    pub fn jars(&self) -> &[JarLock] {
        &self.jars
    }

    /// The jar of a source.
    #[must_use]
    pub fn jar(&self, source: &JarSource) -> Option<&JarLock> {
        self.jars.iter().find(|jar| jar.places == source.places)
    }

    /// A platform's packages, sorted by name.
    pub fn packages_of(&self, arch: Arch) -> impl Iterator<Item = &PackageLock> {
        self.packages.iter().filter(move |package| package.arch == arch)
    }
}

/// A Release file is some hundred kilobytes long.
const MAX_RELEASE: u64 = 64 << 20;

/// No package is larger: 1 TiB.
const MAX_PACKAGE: u64 = 1 << 40;

/// No jar is larger: 64 GiB.
const MAX_JAR: u64 = 64 << 30;

/// What is wrong, and the package to blame.
pub(super) struct Fault {
    pub(super) reason: Reason,
    pub(super) package: Option<(PackageName, Arch)>,
    pub(super) wheel: Option<pep508_rs::PackageName>,
}

impl PackageLock {
    fn fault(&self, meaning: &LockMeaning, releases: &BTreeSet<(&str, &str)>) -> Option<Reason> {
        let wrong = |key, rule: String| Some(Reason::Value { key, rule });
        if !meaning.platforms.iter().any(|platform| platform.0 == self.arch) {
            return Some(Reason::Platform { name: self.name.clone(), arch: self.arch });
        }
        if let Architecture::Only(arch) = self.architecture
            && arch != self.arch
        {
            return wrong("architecture", format!("{} for {arch} cannot be used on {}", self.name, self.arch));
        }
        let of_request = match &self.origin {
            Origin::Archive { mirror, suite } => {
                if let Err(rule) = check_pool_path(&self.filename) {
                    return wrong("file", rule);
                }
                if !releases.contains(&(mirror.as_str(), suite.as_str())) {
                    return wrong("suite", format!("`{suite}` of `{mirror}` is no locked release"));
                }
                true
            }
            Origin::Local => meaning.local.iter().any(|name| *name == self.name.as_str()),
            Origin::Address => meaning.debs.iter().any(|deb| {
                (deb.platform.0, deb.url.as_str(), deb.sha256) == (self.arch, self.filename.as_str(), self.sha256)
            }),
        };
        if !of_request {
            return wrong("from", format!("{} is nothing that the request has from there", self.name));
        }
        if self.size == 0 || self.size > MAX_PACKAGE {
            return wrong("size", format!("{} bytes cannot be the size of a package", self.size));
        }
        None
    }
}
