//! Floor 4: use cases, one a file: the order of effects.

pub mod audit;
pub mod build;
pub mod cache;
pub mod contents;
pub mod diff;
pub mod document;
pub mod error;
pub mod fetch;
pub mod indexes;
pub mod input;
pub mod inspect;
pub mod interpret;
mod jar_lock;
pub mod jars;
pub mod jars_push;
pub mod layers;
pub mod lock;
pub mod not_there;
mod own_files;
pub mod package;
mod package_bytes;
pub mod project;
pub mod publish;
pub mod push;
pub mod python;
pub mod report;
pub mod rootfs;
pub mod scripts;
mod stand_ins;
mod trees;
mod unlisted;
pub mod unpack;
pub mod why;
mod why_wheel;

pub use error::Error;

use crate::base::Epoch;
use crate::io::sources::mirrors::Mirrors;
use fetch::Fetcher;

/// Where inputs come from.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// The store, and who fills it.
    pub fetcher: &'a Fetcher,
    /// Where aliases lead.
    pub mirrors: &'a Mirrors,
    /// The present, for the freshness of archives. It reaches no output.
    pub now: Epoch,
}
