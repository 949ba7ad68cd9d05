//! Registries and layouts: where images are, and how they get there.

pub mod archive;
pub mod error;
pub mod layout;

pub use error::{Error, Refusal, Result};
pub use layout::{BlobWriter, Layout};
