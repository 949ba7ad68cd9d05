//! Floor 4: one use case a file; the order of effects.

pub mod cache;
pub mod fetch;
pub mod indexes;
