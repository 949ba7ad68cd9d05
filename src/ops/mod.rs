//! Floor 4: one use case a file; the order of effects.

pub mod fetch;
//! Floor 4: use cases, one a file: the order of effects.

pub mod inspect;
pub mod push;
