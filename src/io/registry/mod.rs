//! Registries and layouts: where images are, and how they get there.
//!
//! [`Images`] is the one interface over both; [`Layout`] is a folder, [`Repository`] the distribution API.

mod answer;
pub mod archive;
mod auth;
mod credentials;
mod disk;
pub mod error;
mod feed;
pub mod images;
pub mod layout;
mod pages;
pub mod repository;
mod stream;
mod transport;
mod upload;

pub use error::{Error, Refusal, Result};
pub use images::Images;
pub use layout::{BlobWriter, Layout};
pub use repository::{Access, Options, Repository};
pub use stream::ByteStream;
pub use upload::Uploaded;
