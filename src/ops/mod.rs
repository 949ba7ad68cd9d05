//! Floor 4: one use case a file, and the order of its effects.

pub mod project;
