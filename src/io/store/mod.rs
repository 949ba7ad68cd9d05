//! The store: a content-addressed cache in one folder, shared by all builds of a machine.
//!
//! ```text
//! version                       `mokapot store 1`
//! lock                          shared by whoever uses the store, exclusive for garbage collection
//! blobs/sha256/HEX              inputs, fragments, indexes; each is named by the SHA-256 of its bytes
//! memo/KIND/HEX                 small records: what the key with this digest was found to lead to
//! claims/HEX                    locked by whoever fetches or makes the thing of that digest
//! tmp/NAME                      files being written, each locked by its writer
//! quarantine/HEX.N              entries that were not what their name says
//! ```
//!
//! A name is never trusted: bytes are hashed again when they are used, and what does not fit is put aside and reported
//! as [`StoreError::Damaged`], so that it can be fetched again. That is also why nothing is flushed to the disk before
//! it gets its name: what a power cut tears is found and fetched again. All locks are the kernel's (`flock`), so a
//! killed process leaves none behind; its temporary files are removed by the next who opens the store.

pub mod blob;
pub mod error;
mod export;
pub mod gc;
pub mod layout;
pub mod memo;
mod temporary;
pub mod verify;
pub mod writer;

pub use blob::BlobReader;
pub use error::StoreError;
pub use gc::{Limits, Swept};
pub use layout::{Claim, Settings, Store};
pub use verify::{Stats, Verified};
pub use writer::BlobWriter;
