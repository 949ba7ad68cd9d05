//! What can be wrong with the JSON of an image.

use crate::base::{Class, Digest, Fault};

/// Why bytes are no manifest, index or config that we read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// More bytes than such a document may have.
    #[error("{size} bytes are too many for a manifest or config: at most {limit}")]
    TooLarge {
        /// How many bytes there are, or at least are.
        size: u64,
        /// How many may be.
        limit: u64,
    },
    /// No JSON, or something after it.
    #[error("no valid JSON at line {line}, column {column}: {reason}")]
    Syntax {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// What the parser says.
        reason: String,
    },
    /// An object names one member twice, so two readers could see two different images (RFC 7493, section 2.3).
    #[error("duplicate member `{pointer}`")]
    Duplicate {
        /// JSON pointer of the second one.
        pointer: String,
    },
    /// Too many brackets inside each other.
    #[error("nested deeper than {limit} levels at `{pointer}`")]
    Depth {
        /// JSON pointer of where the limit was passed.
        pointer: String,
        /// How many levels may be.
        limit: usize,
    },
    /// A member is missing or of another kind.
    #[error("`{pointer}`: expected {expected}, found {found}")]
    Field {
        /// JSON pointer.
        pointer: String,
        /// What the specification wants there.
        expected: &'static str,
        /// What is there, shortened.
        found: String,
    },
    /// The embedded copy of a blob (`data`) is not what the descriptor says.
    #[error("`{pointer}/data` does not hold the {size} bytes of {digest}")]
    Data {
        /// JSON pointer of the descriptor.
        pointer: String,
        /// Of the descriptor.
        digest: Digest,
        /// Of the descriptor.
        size: u64,
    },
    /// Neither an OCI nor a Docker version 2 manifest or index.
    #[error("unsupported media type `{0}`")]
    MediaType(String),
    /// The server or parent calls it one thing, the document itself another.
    #[error("announced as `{announced}`, but the document says `{stated}`")]
    MediaTypeMismatch {
        /// In the header or descriptor.
        announced: String,
        /// In the document.
        stated: String,
    },
    /// A list is longer than any real image's.
    #[error("`{pointer}` has {count} entries: at most {limit}")]
    TooMany {
        /// JSON pointer of the list.
        pointer: String,
        /// How many there are.
        count: usize,
        /// How many may be.
        limit: usize,
    },
    /// Each layer needs its DiffID (image-spec, `config.md`).
    #[error("the config has {diff_ids} diff_ids for {layers} layers")]
    DiffIdCount {
        /// In the config.
        diff_ids: usize,
        /// In the manifest.
        layers: usize,
    },
}

impl Fault for Error {
    fn class(&self) -> Class {
        Class::Integrity
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::MediaType(kind) if kind.contains("manifest.v1") => {
                Some("Docker schema 1 images have no digests of their layers' bytes; push the image again with a current client".into())
            }
            _ => None,
        }
    }
}
