//! What goes wrong between a recipe's name and its value.

use std::io;
use std::path::{Path, PathBuf};

use super::read::Unreadable;
use crate::base::{Class, Fault, redact};
use crate::domain::lock::LockError;
use crate::domain::package::lock::PackageLockError;
use crate::domain::recipe::RecipeError;

/// What goes wrong on the way from a recipe's name to its value, or with its lockfile on disk.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// The recipe, or what it names, is wrong.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// There is no such recipe.
    #[error("there is no recipe `{name}`: {} does not exist", shown(path))]
    Unknown {
        /// As it was asked for.
        name: String,
        /// Where it would be.
        path: PathBuf,
        /// The recipe whose name is most like it.
        nearest: Option<String>,
    },
    /// There is no such package recipe.
    #[error("there is no package recipe `{name}`: {} does not exist", shown(path))]
    UnknownPackage {
        /// As it was asked for.
        name: String,
        /// Where it would be.
        path: PathBuf,
        /// The recipe whose name is most like it.
        nearest: Option<String>,
    },
    /// A recipe or a lockfile cannot be read.
    #[error("cannot read {}: {reason}", shown(path))]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: Unreadable,
    },
    /// The lockfile is wrong.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The lockfile of a package recipe is wrong.
    #[error(transparent)]
    PackageLock(#[from] PackageLockError),
    /// The lockfile is something that is not replaced.
    #[error("will not write {}: it is {what}", shown(path))]
    Occupied {
        /// The lockfile.
        path: PathBuf,
        /// What is there.
        what: &'static str,
    },
    /// The lockfile cannot be written.
    #[error("cannot write {}: {source}", shown(path))]
    Write {
        /// The lockfile.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Fault for ProjectError {
    fn class(&self) -> Class {
        match self {
            Self::Recipe(_) => Class::Recipe,
            Self::Unknown { .. } | Self::UnknownPackage { .. } => Class::Usage,
            Self::Read { .. } | Self::Write { .. } => Class::Storage,
            Self::Lock(_) | Self::PackageLock(_) | Self::Occupied { .. } => Class::Lock,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Recipe(error) => error.hint(),
            Self::Unknown { nearest: Some(nearest), .. } | Self::UnknownPackage { nearest: Some(nearest), .. } => {
                Some(format!("did you mean `{nearest}`?"))
            }
            Self::Unknown { .. } => Some("name a file of `recipes/` without `.toml`, or a path".into()),
            Self::UnknownPackage { .. } => Some("name a folder of `packages/`, or a path to a `package.toml`".into()),
            Self::Lock(error) => error.hint(),
            Self::PackageLock(error) => error.hint(),
            Self::Occupied { .. } => Some("move it away, or make it a plain file that may be written".into()),
            Self::Read { .. } | Self::Write { .. } => None,
        }
    }
}

/// A path that is safe to print.
fn shown(path: &Path) -> String {
    redact::printable(&path.to_string_lossy())
}
