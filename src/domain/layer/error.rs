//! Why a fragment or a layer cannot be made or read.

use std::io;

use crate::base::{Class, Digest, Fault, redact};
use crate::formats::compress::CompressError;
use crate::formats::tar::writer::Unwritable;

/// Why a fragment or a layer cannot be made or read.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// Writing to the destination failed.
    #[error("writing a layer: {0}")]
    Write(#[source] io::Error),
    /// Reading a file's content failed.
    #[error("reading {path}: {source}")]
    Content {
        /// The file, safe to print.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A file has fewer bytes than its entry says.
    #[error("{path}: {expected} bytes expected, {got} there")]
    Short {
        /// The file, safe to print.
        path: String,
        /// Its size by its entry.
        expected: u64,
        /// How many bytes there are.
        got: u64,
    },
    /// A path occurs twice.
    #[error("{} occurs twice in one package", shown(.0))]
    Duplicate(Vec<u8>),
    /// A path lies below something that is no directory.
    #[error("{} lies below {}, which is no directory", shown(path), shown(parent))]
    BelowFile {
        /// The path.
        path: Vec<u8>,
        /// What it lies below.
        parent: Vec<u8>,
    },
    /// A hard link's target is no file that came before.
    #[error("cannot create hard link {} to {}: no content at the target before it", shown(path), shown(target))]
    HardLink {
        /// The link.
        path: Vec<u8>,
        /// Its target.
        target: Vec<u8>,
    },
    /// An entry that a tar header cannot hold.
    #[error(transparent)]
    Unwritable(#[from] Unwritable),
    /// A codec failed.
    #[error(transparent)]
    Compress(#[from] CompressError),
    /// A stored fragment's index is damaged.
    #[error("broken fragment index: {0}")]
    Index(&'static str),
    /// A stored fragment's index is of a version this program does not know.
    #[error("fragment index of version {found}, this program knows {known}")]
    IndexVersion {
        /// The version found.
        found: u64,
        /// The version this program writes.
        known: u64,
    },
    /// A stored fragment's bytes are not those its index describes.
    #[error("stored fragment {expected} has other bytes: {actual}")]
    Changed {
        /// The digest by the index.
        expected: Digest,
        /// The digest of the bytes, or of as many as could be read.
        actual: Digest,
    },
    /// Reading a stored fragment failed.
    #[error("reading stored fragment {digest}: {source}")]
    Fragment {
        /// The digest by the index.
        digest: Digest,
        /// Why.
        source: io::Error,
    },
    /// A fragment's compression is not the layer's.
    #[error("fragment {0} is compressed in another way than its layer")]
    MixedCompression(Digest),
    /// The path asked for is not in the fragment.
    #[error("{} is not in fragment {digest}", shown(path))]
    NoSuchFile {
        /// The path.
        path: Vec<u8>,
        /// The fragment.
        digest: Digest,
    },
}

/// A path from `/`, safe to print.
fn shown(path: &[u8]) -> String {
    format!("/{}", redact::printable_bytes(path))
}

impl Fault for LayerError {
    fn class(&self) -> Class {
        match self {
            Self::Write(_) | Self::Fragment { .. } => Class::Storage,
            Self::Content { .. }
            | Self::Short { .. }
            | Self::Duplicate(_)
            | Self::BelowFile { .. }
            | Self::HardLink { .. }
            | Self::Unwritable(_)
            | Self::Compress(_)
            | Self::Index(_)
            | Self::IndexVersion { .. }
            | Self::Changed { .. }
            | Self::MixedCompression(_)
            | Self::NoSuchFile { .. } => Class::Integrity,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Changed { .. } => Some("`mokapot cache verify` puts damaged entries aside; then run again".into()),
            Self::Index(_) | Self::IndexVersion { .. } => {
                Some("remove the folder `memo` of the store, and run again: what it remembers is made anew".into())
            }
            _ => None,
        }
    }
}
