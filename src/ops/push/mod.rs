//! Push: make an image of one place available in another, unchanged.
//!
//! A plan is made by reading; it is data, and what `--dry-run` prints. Then it is carried out: blobs first, in parallel; then
//! manifests, children before parents; the tag last, read back. Whatever fails before the tag leaves no tag; what was uploaded
//! is found again by the next push.
//!
//! # Requests
//!
//! An image that a registry has already costs three: `HEAD` of the image by its digest, `PUT` of the tag, `HEAD` of the tag.
//! By the order in which images are pushed, all below the image is there with it; a registry that lost some of it refuses
//! the tag, and gets all again. Logging in costs one more by password (the 401 that asks for it) and two by token.

mod execute;
mod plan;

use std::collections::BTreeMap;
use std::fmt;

use super::document::WrongDocument;
use crate::base::{Class, Digest, Fault};
use crate::formats::oci::{Content, Descriptor, Document, Selector, Tag, media_type};
use crate::io::registry::{self, Images};

pub use plan::plan;

/// Why an image was not pushed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// One of the two ends failed.
    #[error(transparent)]
    Registry(#[from] registry::Error),
    /// An image that no registry should get.
    #[error(transparent)]
    Document(#[from] WrongDocument),
    /// The name had a digest, and the image is another.
    #[error("the destination names {wanted}, but the image is {got}")]
    OtherDigest {
        /// In the destination's name.
        wanted: Digest,
        /// The image's.
        got: Digest,
    },
    /// A layout's images are found by tag.
    #[error("{0} needs a tag: `{0}:TAG`")]
    NoTag(String),
    /// The registry has all children and says it has not.
    #[error("the registry refuses {document} although its {count} children were pushed: {reason}")]
    ChildUnknown {
        /// Manifest or index.
        document: Digest,
        /// How many children it has.
        count: usize,
        /// The registry's words; they name the child.
        reason: String,
    },
    /// Somebody stopped it.
    #[error("stopped; no tag was changed")]
    Stopped,
}

impl Fault for Error {
    fn class(&self) -> Class {
        match self {
            Self::Registry(error) => error.class(),
            Self::Document(error) => error.class(),
            Self::OtherDigest { .. } => Class::Integrity,
            Self::NoTag(_) => Class::Usage,
            Self::ChildUnknown { .. } | Self::Stopped => Class::Network,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Registry(error) => error.hint(),
            Self::Document(error) => error.hint(),
            Self::Stopped => Some("the next push goes on with what has arrived".into()),
            _ => None,
        }
    }
}

/// What to push, and where to.
#[derive(Clone)]
pub struct Request {
    /// Where the image is.
    pub source: Images,
    /// Which image of the source; without it, the only one of a layout.
    pub image: Option<Selector>,
    /// Where it goes.
    pub destination: Images,
    /// The tag it gets there; without one, a registry keeps it under its digest alone.
    pub tag: Option<Tag>,
    /// The digest that the destination's name has, if it has one.
    pub digest: Option<Digest>,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send a blob, or have it mounted.
    Blob {
        /// Which.
        blob: Descriptor,
        /// The repository to mount it from, if the registry can.
        mount_from: Option<String>,
    },
    /// Store a manifest or index under its digest.
    Document(Descriptor),
    /// Store the image under the tag.
    Tag {
        /// Which.
        tag: Tag,
        /// What it will name.
        digest: Digest,
    },
}

/// Everything that a push will do, in order.
#[derive(Clone)]
pub struct PushPlan {
    /// The image.
    pub digest: Digest,
    /// What to do; empty when a layout's tag names this very image already, or a registry has it and there is no tag.
    pub steps: Vec<Step>,
    request: Request,
    documents: BTreeMap<Digest, Document>,
}

/// What a push did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pushed {
    /// Blobs sent.
    pub sent: usize,
    /// Bytes of the blobs sent.
    pub bytes: u64,
    /// Blobs that the registry had elsewhere.
    pub mounted: usize,
    /// Manifests and indexes stored.
    pub documents: usize,
}

impl PushPlan {
    /// The bytes of all blobs that may have to be sent.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.steps
            .iter()
            .map(|step| match step {
                Step::Blob { blob, .. } => blob.size,
                _ => 0,
            })
            .sum()
    }
}

/// The blobs of a manifest that may be uploaded: not those whose licence forbids it. An index has none.
fn children(document: &Document) -> impl Iterator<Item = &Descriptor> {
    let manifest = match document.content() {
        Content::Manifest(manifest) => Some(manifest),
        Content::Index(_) => None,
    };
    manifest
        .into_iter()
        .flat_map(|manifest| std::iter::once(&manifest.config).chain(&manifest.layers))
        .filter(|blob| !media_type::is_nondistributable(&blob.media_type))
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blob { blob, mount_from: None } => write!(f, "upload {} ({} bytes)", blob.digest, blob.size),
            Self::Blob { blob, mount_from: Some(from) } => {
                write!(f, "mount {} from {from}, or upload it ({} bytes)", blob.digest, blob.size)
            }
            Self::Document(document) => write!(f, "put {} ({})", document.digest, document.media_type),
            Self::Tag { tag, digest } => write!(f, "tag {digest} as {tag}"),
        }
    }
}
