//! Wheels: Python packages as zip archives (PEP 427 and its successors on packaging.python.org, "Binary distribution format").
//!
//! ```text
//! file name ──WheelName──▶ name, version, tags ──Supported──▶ how well it fits an interpreter on a platform
//! bytes ──Wheel::open──▶ checked list of files, METADATA, WHEEL, RECORD, entry points ──Wheel::read──▶ bytes held against RECORD
//! ```
//!
//! Nothing of a wheel is taken on trust: the archive is read once by its directory, which must agree with the headers beside the files;
//! every file but `RECORD` and its signatures must be in `RECORD` with size and hash, and the other way round.

mod archive;
mod entry_points;
mod error;
mod metadata;
mod name;
mod record;
mod tags;

pub use archive::{File, Limits, Wheel, metadata};
pub use entry_points::{EntryPoint, EntryPoints};
pub use error::{Problem, WheelError};
pub use metadata::{Metadata, Requirement, WheelFile};
pub use name::{Tag, WheelName};
pub use record::{Row, hash as record_hash, parse as parse_record, render as render_record};
pub use tags::Supported;
