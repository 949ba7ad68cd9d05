//! What publishing can fail with, besides the errors of the rooms below.

use std::path::PathBuf;

use crate::base::{Class, Digest, Fault};
use crate::domain::repository::{RepositoryError, StateError};
use crate::formats::deb::DebError;
use crate::formats::deb::release::ReleaseError;
use crate::formats::openpgp::{OpenPgpError, SignError};
use crate::io::objects::PlaceError;

/// A failure of publishing.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The folder or bucket.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// A full or failing place, after the publish was decided.
    #[error("the publish is decided, and readers still have the state before it: {0}")]
    Unfinished(PlaceError),
    /// The state of the repository.
    #[error("{file}: {source}")]
    State {
        /// The document.
        file: String,
        /// What is wrong.
        source: StateError,
    },
    /// A package is refused, or an index cannot be used.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// A file to publish is no package.
    #[error("{}: {source}", path.display())]
    Deb {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: DebError,
    },
    /// The key.
    #[error("key {}: {source}", path.display())]
    Key {
        /// Its file.
        path: PathBuf,
        /// What is wrong.
        source: SignError,
    },
    /// A signature cannot be made.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// A signature of ours does not hold.
    #[error("{file} as it was just signed: {source}")]
    OwnSignature {
        /// What was signed.
        file: &'static str,
        /// What is wrong.
        source: OpenPgpError,
    },
    /// What is there is not signed by whoever publishes.
    #[error("{file}: {source}")]
    Trust {
        /// The file.
        file: String,
        /// What is wrong.
        source: OpenPgpError,
    },
    /// What is there is signed, and what would replace it is not.
    #[error("suite {0} is signed, and --unsigned would end that")]
    Signed(String),
    /// What is there is not signed, and a signature would vouch for it.
    #[error("suite {0} was published without a signature: what it has now cannot be vouched for")]
    NotSigned(String),
    /// A Release of the repository.
    #[error("{file}: {source}")]
    Release {
        /// The file.
        file: String,
        /// What is wrong.
        source: ReleaseError,
    },
    /// The state holds another suite's texts, or texts that do not belong together.
    #[error("{file}: the texts of suite {suite} do not belong together")]
    Torn {
        /// The document.
        file: String,
        /// The suite.
        suite: String,
    },
    /// A file of the repository is gone.
    #[error("{0} is not there any more")]
    Gone(String),
    /// A file of the repository has other bytes than its Release says.
    #[error("{file} is not what its Release says: expected {expected}, it has {got}")]
    Damaged {
        /// The file.
        file: String,
        /// The digest that it should have.
        expected: Digest,
        /// The digest that it has.
        got: Digest,
    },
    /// Another program, or a person, writes to the repository.
    #[error("{0} is not what `mokapot publish` has put there")]
    Foreign(String),
    /// Others were faster, again and again.
    #[error("others published at the same time, {0} times in a row")]
    Contended(u32),
}

impl PublishError {
    /// Whether it can come of a state that another publisher has replaced meanwhile.
    pub(super) const fn may_be_stale(&self) -> bool {
        matches!(self, Self::Gone(_) | Self::Foreign(_))
    }

    fn inner(&self) -> Option<&dyn Fault> {
        Some(match self {
            Self::Place(error) | Self::Unfinished(error) => error,
            Self::State { source, .. } => source,
            Self::Repository(error) => error,
            Self::Deb { source, .. } => source,
            Self::Key { source, .. } | Self::Sign(source) => source,
            Self::Trust { source, .. } | Self::OwnSignature { source, .. } => source,
            Self::Release { source, .. } => source,
            Self::Signed(_)
            | Self::NotSigned(_)
            | Self::Torn { .. }
            | Self::Gone(_)
            | Self::Damaged { .. }
            | Self::Foreign(_)
            | Self::Contended(_) => return None,
        })
    }
}

impl Fault for PublishError {
    fn class(&self) -> Class {
        match self {
            Self::Signed(_) => Class::Usage,
            Self::NotSigned(_) => Class::Trust,
            Self::Torn { .. } | Self::Gone(_) | Self::Damaged { .. } => Class::Integrity,
            Self::Foreign(_) | Self::Contended(_) => Class::Conflict,
            other => other.inner().map_or(Class::Usage, Fault::class),
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unfinished(_) => "run it again: that finishes it, and so does anybody's next publish".into(),
            Self::Signed(_) => "say with --key who signs".into(),
            Self::NotSigned(_) => "publish the packages to another suite, with the key".into(),
            Self::Trust { .. } => {
                "publish with the key that signed it; after a change of keys, name a file with the former public key by --signed-by".into()
            }
            Self::Foreign(_) => "find out who else writes there: publish to a suite or place of its own".into(),
            Self::Gone(_) | Self::Damaged { .. } | Self::Torn { .. } => {
                "something else changed the repository: put the file back, or publish to a new suite".into()
            }
            Self::Contended(_) => "run it again".into(),
            other => return other.inner().and_then(Fault::hint),
        })
    }
}
