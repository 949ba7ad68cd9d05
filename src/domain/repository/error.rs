//! Why a package is not published, and why a repository's state cannot be used.

use crate::base::{Arch, Class, Digest, Fault, redact};
use crate::formats::compress::CompressError;

/// A package that is not published, or an index that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// The same version with other bytes.
    #[error("{package} {version} for {arch} is published already with other bytes: {published} there, {offered} here")]
    Differs {
        /// The package.
        package: String,
        /// The version, as it is offered.
        version: String,
        /// What it is for.
        arch: Arch,
        /// The digest of what is there.
        published: Digest,
        /// The digest of what is offered.
        offered: Digest,
    },
    /// A version that nobody would get.
    #[error("{package} {version} does not sort after {newest}, the newest that is published for {arch}")]
    Older {
        /// The package.
        package: String,
        /// The version that is offered.
        version: String,
        /// The newest that is there.
        newest: String,
        /// What it is for.
        arch: Arch,
    },
    /// The name of the source would lead elsewhere.
    #[error("{package}: `Source` names no package: {}", redact::printable(found))]
    Source {
        /// The package.
        package: String,
        /// What it says.
        found: String,
    },
    /// An index of the repository is not what we write.
    #[error("{file}: {reason}")]
    Index {
        /// Its path.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// An index cannot be compressed.
    #[error(transparent)]
    Compress(#[from] CompressError),
}

/// A state that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// A newer version of the program wrote it.
    #[error("the repository's state has format {found}, and this version knows {known}")]
    Newer {
        /// Its format.
        found: u64,
        /// The newest that we know.
        known: u32,
    },
    /// It is not what we write.
    #[error("the repository's state is malformed: {0}")]
    Malformed(String),
}

impl Fault for RepositoryError {
    fn class(&self) -> Class {
        match self {
            Self::Differs { .. } | Self::Older { .. } => Class::Conflict,
            Self::Source { .. } | Self::Index { .. } => Class::Integrity,
            Self::Compress(error) => error.class(),
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Differs { .. } => "whoever has that version keeps it: give the new bytes a new version".into(),
            Self::Older { .. } => {
                "apt would not install it: give it a later version, or add --allow-older to keep it beside the newer one".into()
            }
            Self::Source { .. } | Self::Index { .. } | Self::Compress(_) => return None,
        })
    }
}

impl Fault for StateError {
    fn class(&self) -> Class {
        match self {
            Self::Newer { .. } => Class::Usage,
            Self::Malformed(_) => Class::Integrity,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Newer { .. } => Some("publish with the version of mokapot that the others use".into()),
            Self::Malformed(_) => None,
        }
    }
}
