//! OCI: names of images, strict JSON, manifests, indexes and configs, and the headers of the distribution protocol.
//!
//! Sources: the OCI image-spec 1.1 and distribution-spec 1.1. What is read keeps its exact bytes (a digest names bytes,
//! not meaning); what is written is canonical, see [`json::canonical`].

pub mod challenge;
pub mod descriptor;
pub mod document;
pub mod error;
pub mod image_config;
pub mod image_name;
pub mod json;
pub mod link;
pub mod media_type;
pub mod reference;

pub use challenge::Challenge;
pub use descriptor::Descriptor;
pub use document::{Content, Document, Index, Manifest};
pub use error::Error;
pub use image_config::ImageConfig;
pub use image_name::ImageName;
pub use reference::{ParseReferenceError, PinnedReference, Reference, RepositoryName, Selector, Tag};
