//! Floor 3: every byte that enters or leaves.

pub mod registry;
