//! Floor 4: one use case a file; the order of effects.

pub mod fetch;
