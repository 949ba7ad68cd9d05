//! Floor 4: use cases, one a file: the order of effects.

pub mod cache;
pub mod fetch;
//! Floor 4: one use case a file, and the order of its effects.

pub mod project;
pub mod indexes;
