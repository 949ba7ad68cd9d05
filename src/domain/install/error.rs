//! Why packages cannot be laid out.

use crate::base::redact;
use crate::base::{Class, Fault};
use crate::domain::rootfs::TreeError;
use crate::formats::deb::DebError;

/// What is wrong with a package, or with two of them together. Packages are shown as `name version`.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// Two packages own a path and neither `Replaces` the other (dpkg: "trying to overwrite").
    #[error("{new} would overwrite {}, which is also in {old}", shown(path))]
    Overwrite {
        /// The path as the later package has it.
        path: Vec<u8>,
        /// The package that comes later.
        new: String,
        /// The package that has it already.
        old: String,
    },
    /// A package has a file where another has a directory.
    #[error("{new} would replace the directory {} of {old} with something else", shown(path))]
    OverwriteDirectory {
        /// The path.
        path: Vec<u8>,
        /// The package that comes later.
        new: String,
        /// The packages that have the directory.
        old: String,
    },
    /// The tree cannot take an entry.
    #[error("{package}: {source}")]
    Tree {
        /// The package.
        package: String,
        /// Why.
        source: TreeError,
    },
    /// The `.deb` is malformed.
    #[error("{package}: {source}")]
    Deb {
        /// The package.
        package: String,
        /// Why.
        source: DebError,
    },
    /// A package says something about itself that is not so, or cannot be.
    #[error("{package}: {reason}")]
    Package {
        /// The package.
        package: String,
        /// What is wrong.
        reason: String,
    },
}

/// A path from `/`, safe to print.
pub(super) fn shown(path: &[u8]) -> String {
    format!("/{}", redact::printable_bytes(path))
}

impl Fault for InstallError {
    fn class(&self) -> Class {
        match self {
            Self::Overwrite { .. } | Self::OverwriteDirectory { .. } => Class::Unsatisfiable,
            Self::Deb { .. } | Self::Tree { .. } | Self::Package { .. } => Class::Integrity,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Overwrite { new, old, .. } | Self::OverwriteDirectory { new, old, .. } => Some(format!(
                "leave {new} or {old} out of the recipe, or take both from the same suite: one of them lacks a `Replaces`"
            )),
            Self::Deb { .. } | Self::Tree { .. } | Self::Package { .. } => None,
        }
    }
}
