//! Layers: each artefact's files become one fragment, compressed once; a layer is a concatenation of fragments, and the
//! [plan](mod@plan) says of which.

pub mod assemble;
pub mod error;
pub mod filter;
pub mod fragment;
pub mod index;
mod members;
pub mod plan;
pub mod random;
pub mod stack;

pub use assemble::{Assembled, LayerWriter};
pub use error::LayerError;
pub use filter::filtered;
pub use fragment::FragmentWriter;
pub use index::{Index, Member, Placed};
pub use plan::{Artefact, ArtefactKind, Generated, LayerPlan, Part, plan};
pub use random::FragmentReader;
pub use stack::Stack;
