//! Floor 4: use cases, one a file: the order of effects.

pub mod fetch;
