//! What can go wrong with the store.

use std::io;
use std::path::{Path, PathBuf};

use crate::base::redact::printable_bytes;
use crate::base::{Class, Digest, Fault};

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system refused.
    #[error("store: cannot {action} {}: {source}", shown(path))]
    Io {
        /// What was tried: `read`, `write`, …
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The store was written by a newer version of this program.
    #[error("store {} has format {found}, and this version knows only {known}", shown(path))]
    Newer {
        /// The store's folder.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest we know.
        known: u32,
    },
    /// The folder is something else.
    #[error("{} is no store: its `version` file does not say so", shown(path))]
    Foreign {
        /// The folder.
        path: PathBuf,
    },
    /// The store has no such entry.
    #[error("the store has no {digest}")]
    Absent {
        /// What was asked for.
        digest: Digest,
    },
    /// An entry is not what its name says. It was put aside.
    #[error("store entry {digest} is damaged: {reason}")]
    Damaged {
        /// The entry.
        digest: Digest,
        /// What is wrong with it.
        reason: String,
    },
    /// What was written is not what was announced.
    #[error("wrong bytes for {expected}: {reason}")]
    Unexpected {
        /// What was announced.
        expected: Digest,
        /// What came.
        reason: String,
    },
    /// Somebody uses the store while it was to be cleaned.
    #[error("store {} is in use by a running build", shown(path))]
    Busy {
        /// The store's folder.
        path: PathBuf,
    },
}

impl StoreError {
    /// Turns an I/O error into one that names what was tried on what.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// The store's own error inside an I/O error of a [`BlobReader`](super::BlobReader) or a
    /// [`BlobWriter`](super::BlobWriter), or else the I/O error, as met while reading `path`.
    #[must_use]
    pub fn inside(error: io::Error, path: &Path) -> Self {
        match error.downcast::<Self>() {
            Ok(inner) => inner,
            Err(error) => Self::io("read", path)(error),
        }
    }
}

impl Fault for StoreError {
    fn class(&self) -> Class {
        match self {
            Self::Io { .. } | Self::Newer { .. } | Self::Foreign { .. } | Self::Absent { .. } => Class::Storage,
            Self::Damaged { .. } | Self::Unexpected { .. } => Class::Integrity,
            Self::Busy { .. } => Class::Conflict,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                "free some space, or run `mokapot cache gc`".into()
            }
            Self::Io { .. } => return None,
            Self::Newer { .. } => "use a newer mokapot, or another cache folder".into(),
            Self::Foreign { .. } => "choose an empty folder for the cache, or remove this one".into(),
            Self::Absent { .. } => "run again without --offline to fetch it".into(),
            Self::Damaged { .. } => "it was put aside; run again without --offline to fetch it anew".into(),
            Self::Unexpected { .. } => return None,
            Self::Busy { .. } => "wait until it is done, and try again".into(),
        })
    }
}

fn shown(path: &Path) -> String {
    printable_bytes(path.as_os_str().as_encoded_bytes())
}
