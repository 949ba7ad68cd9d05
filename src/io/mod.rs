//! Floor 3: every byte that enters or leaves.

pub mod http;
pub mod store;
pub mod registry;
