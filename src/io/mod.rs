//! Floor 3: every byte that enters or leaves.

pub mod archive;
pub mod http;
pub mod objects;
pub mod registry;
pub mod sources;
pub mod store;
pub mod unfinished;
