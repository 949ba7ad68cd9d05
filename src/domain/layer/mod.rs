//! Layers: what goes together into one, and the bytes of it.

pub mod plan;
