//! Tar: one entry type, a strict reader for foreign archives, and the canonical writer.

pub mod entry;
pub mod error;
mod number;
mod path;
mod pax;
pub mod reader;
pub mod writer;

pub use entry::{Entry, Kind};
pub use error::{Problem, TarError};
pub use reader::{Limits, Reader, Whiteouts};
