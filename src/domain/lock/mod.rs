//! Lockfiles: every input of an image, exact, per platform. Written by the tool, read by people in review.
//!
//! ```text
//! releases + packages + jars + LockMeaning ──Lockfile::new──▶ Lockfile ──render──▶ recipe.lock
//! recipe.lock ──parse──▶ Lockfile ──check(recipe)──▶ Locked, the only thing that can be built
//! ```
//!
//! A [`Lockfile`] is consistent by construction: sorted, no package twice on a platform, every dependency edge leads to a locked
//! package, every package is reached from what the recipe asks for. So a lock that a merge or a hand has broken is found offline.
//!
//! Formats: [`VERSION`] is the one written; a newer one is refused and never rewritten. The format is described beside its writer,
//! in `render.rs`.

mod check;
mod compare;
mod error;
mod graph;
mod model;
mod parse;
mod render;
mod wheel;
mod wire;

pub use check::{Changed, Locked, Stale, check};
pub use compare::{Change, JarChange, Kind, compare, compare_jars, jar_table, table};
pub use error::{LockError, Reason};
pub use graph::Chain;
pub use model::{Fingerprint, JarLock, Lockfile, Origin, PackageLock, ParseFingerprintError, ReleaseLock, Root};
pub use parse::{MAX_BYTES, VERSION};
pub use wheel::{WheelFileLock, WheelLock, chain as wheel_chain};
