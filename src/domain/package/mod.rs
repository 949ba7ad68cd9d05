//! Package recipes: the Debian packages that we build.
//!
//! ```text
//! package.toml + files ──parse──▶ PackageRecipe ─┐
//! PackageRecipe + package.lock ──lock::check──▶ LockedPackage
//! what the sources hold (Contents) ──plan──▶ Entries ──control──▶ the parts of control.tar
//! ```
//!
//! Entries and parts become bytes in [`crate::formats::deb::writer`]. A recipe that is wrong, by itself or beside what its sources
//! hold, is shown with file, line and remedy, as image recipes are.

mod changelog;
mod control;
pub mod jar;
pub mod lock;
mod model;
mod plan;
mod resolve;
mod source;
mod wire;

pub use control::{file_name, parts};
pub use lock::{LockedPackage, LockedSource, PackageLockfile};
pub use model::{PackageRecipe, Tree};
pub use plan::{Blob, Contents, Entries, Placed, PlacedKind, Unpacked, UnpackedKind, plan};
pub use source::{ParseSourceError, Sdist, Source};
