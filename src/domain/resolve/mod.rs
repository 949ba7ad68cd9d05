//! Request and package indexes in, the packages that `apt` would install out; or a tree of reasons.
//!
//! `apt` is the yardstick, so its algorithm is the one used here, step by step, and its sources' names for the steps are not:
//!
//! ```text
//! Package, PoolFile ──universe──▶ Universe (compact, in apt's order of names)
//! Universe ──policy──▶ the candidate of each name
//! Request ──solve──▶ mark (what is asked for, and all it needs) ──▶ repair (what is broken still) ──▶ sweep (leftovers)
//! State ──resolution──▶ Resolution, each package with its reason      State ──explain──▶ Refusal
//! Resolutions of several platforms ──pair──▶ the same versions, or a Skew
//! ```
//!
//! It is done twice, as mmdebstrap asks twice: for the variant's own packages on an empty system, then for the request.

mod alternatives;
mod explain;
mod intern;
mod mark;
mod pair;
mod policy;
mod refusal;
mod repair;
mod request;
mod resolution;
mod score;
mod solve;
mod state;
mod suites;
mod sweep;
mod universe;

pub use pair::{Skew, Skewed, pair};
pub use refusal::{Cause, Problem, Refusal};
pub use request::Request;
pub use resolution::{Chosen, RelationKind, Resolution, Why};
pub use solve::resolve;
pub use universe::{Archive, Universe, UniverseBuilder, UniverseError};
