//! Tar: one entry type, a strict reader for foreign archives, and the canonical writer.

pub mod entry;

pub use entry::{Entry, Kind};
