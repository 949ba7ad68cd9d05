//! The filesystem in memory: names, kinds, modes, owners, links. File bytes stay in their artefacts.
//!
//! A [`Tree`] behaves as a Linux filesystem does for root, with three differences: symbolic links never lead out of it
//! (an absolute target starts at the tree's root, `..` at the root stays there), every name knows who put it there
//! ([`Owner`]) and from which entry of which artefact ([`Position`]), and nothing in it depends on a clock.
//!
//! Paths are bytes without a leading `/`, as in [`crate::formats::tar::Entry::path`]; the root is the empty path.

mod diversion;
mod edit;
mod error;
mod node;
mod resolve;
mod tree;
mod walk;

pub use diversion::{Diversion, Diversions};
pub use error::TreeError;
pub use node::{Content, Kind, Meta, Node, Owner, Position, ReadContent};
pub use tree::Tree;
pub use walk::Walk;
