//! Floor 3: every byte that enters or leaves.

pub mod http;
pub mod registry;
pub mod store;
