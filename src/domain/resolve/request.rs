//! What is asked for: the variant, and the packages of a recipe.

use crate::formats::deb::{Selection, Variant};

/// What to resolve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What stands under the packages. What is essential or required, the first archive says; of `apt`, see
    /// [`resolve`](super::resolve).
    pub variant: Variant,
    /// The packages, in the order of the recipe; where two could serve a dependency, the order can decide.
    pub install: Vec<Selection>,
    /// Whether `Recommends` of the recipe's packages are followed. Those of the variant never are, as in mmdebstrap.
    pub recommends: bool,
}
