//! Floor 4: use cases, one a file: the order of effects.

pub mod cache;
pub mod fetch;
pub mod indexes;
pub mod inspect;
pub mod project;
pub mod push;
