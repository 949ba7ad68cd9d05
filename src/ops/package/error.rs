//! What packaging can fail with, besides the errors of the rooms below.

use crate::base::{Arch, Class, Digest, Fault, redact};
use crate::domain::audit::native::Missing;
use crate::domain::package::lock::{PackageLockError, StalePackage};
use crate::domain::package::{Source, jar};
use crate::formats::deb::writer::WriteError;
use crate::formats::tar::TarError;

/// A failure of packaging.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// The lockfile is wrong.
    #[error(transparent)]
    Lock(#[from] PackageLockError),
    /// `--locked`, and the lock is another recipe's.
    #[error("{path}: {stale}")]
    Stale {
        /// The lockfile.
        path: String,
        /// What changed.
        stale: StalePackage,
    },
    /// `--locked`, and no lock.
    #[error("there is no lock at {path}, and --locked forbids to make one")]
    NoLock {
        /// Where it would be.
        path: String,
        /// The package.
        package: String,
    },
    /// `--offline`, and something must be locked.
    #[error("{count} sources are not locked, the first {first}, and --offline forbids to fetch them")]
    OfflineLock {
        /// How many.
        count: usize,
        /// One of them.
        first: Source,
    },
    /// The index has no such release, or no source distribution of it.
    #[error("the index `pypi` lists no source distribution of {0}")]
    NoSdist(Source),
    /// What was fetched is not what the repository or the index states.
    #[error("{source_name}: {stated_by} states {stated}, what came has {got}")]
    Sidecar {
        /// The source.
        source_name: Source,
        /// Who states it.
        stated_by: &'static str,
        /// The digest stated.
        stated: String,
        /// The digest of the bytes.
        got: String,
    },
    /// What was fetched is not what the recipe pins.
    #[error("{source_name}: the recipe says {pinned}, what came has {got}")]
    Pinned {
        /// The source.
        source_name: Source,
        /// The recipe's digest.
        pinned: Digest,
        /// That of the bytes.
        got: Digest,
    },
    /// An archive cannot be unpacked.
    #[error("{source_name}: {source}")]
    Unpack {
        /// The archive.
        source_name: Source,
        /// Why.
        source: TarError,
    },
    /// An entry of an archive cannot be shipped.
    #[error("{source_name}: {}: {rule}", redact::printable(entry))]
    Entry {
        /// The archive.
        source_name: Source,
        /// The entry.
        entry: String,
        /// Why not.
        rule: &'static str,
    },
    /// A jar cannot lose its entries.
    #[error("[[strip]] {jar}: {source}")]
    Strip {
        /// The jar.
        jar: String,
        /// Why.
        source: jar::StripError,
    },
    /// A jar cannot be looked into.
    #[error("{path}: {reason}")]
    Look {
        /// Its path in the package.
        path: String,
        /// Why.
        reason: String,
    },
    /// Native code is missing for a platform.
    #[error("{}", natives(missing))]
    Natives {
        /// Path in the package and what is missing; never empty.
        missing: Vec<(String, Missing)>,
    },
    /// A file is machine code of a platform that the package is not for.
    #[error("{path} is machine code for {arch}, and the package is for {wanted}")]
    Machine {
        /// Its path in the package.
        path: String,
        /// Its platform.
        arch: Arch,
        /// What the package is for.
        wanted: String,
    },
    /// The package cannot be written.
    #[error("{file}: {source}")]
    Write {
        /// The package's file.
        file: String,
        /// Why.
        source: WriteError,
    },
    /// A package that is not for the platform asked for.
    #[error("package `{package}` is one for all platforms")]
    NoPlatform {
        /// The package.
        package: String,
    },
}

fn natives(missing: &[(String, Missing)]) -> String {
    let line = |(path, missing): &(String, Missing)| {
        let entry = redact::printable(&missing.entry);
        format!("{path} has {entry} for {}, and nothing like it for {}", missing.has, missing.lacks)
    };
    missing.iter().map(line).collect::<Vec<_>>().join("\n")
}

impl Fault for PackageError {
    fn class(&self) -> Class {
        match self {
            Self::Lock(error) => error.class(),
            Self::Stale { .. } | Self::NoLock { .. } | Self::OfflineLock { .. } => Class::Lock,
            Self::NoSdist(_) | Self::Strip { .. } | Self::Entry { .. } => Class::Recipe,
            Self::Sidecar { .. } | Self::Pinned { .. } | Self::Unpack { .. } | Self::Look { .. } => Class::Integrity,
            Self::Natives { .. } | Self::Machine { .. } => Class::Policy,
            Self::Write { source, .. } => source.class(),
            Self::NoPlatform { .. } => Class::Usage,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Lock(error) => return error.hint(),
            Self::Stale { stale, .. } => return stale.hint(),
            Self::NoLock { package, .. } => format!("run `mokapot package {package}` and commit the lockfile"),
            Self::OfflineLock { .. } => "run it once with a network".into(),
            Self::NoSdist(_) => "look at the project's files: some releases have wheels only".into(),
            Self::Sidecar { .. } => "the mirror may be damaged or in the middle of an update: try another one".into(),
            Self::Pinned { .. } => "the file was replaced: find out why before you change the digest".into(),
            Self::Entry { .. } => "take another part of the archive, or `exclude` it".into(),
            Self::Strip { .. } => "look into the jar: another version has other entries".into(),
            Self::Natives { .. } => {
                "take a build of the jar that has both, take the library out of it with `[[strip]]`, or say in \
                 `[[accept-native]]` why the package works without it"
                    .into()
            }
            Self::Machine { .. } => "set `architecture = \"any\"`, and say with `arch` what a file is for".into(),
            Self::NoPlatform { .. } => "run it without --arch".into(),
            Self::Unpack { .. } | Self::Look { .. } | Self::Write { .. } => return None,
        })
    }
}
