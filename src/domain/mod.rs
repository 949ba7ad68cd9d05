//! Floor 2: what the product knows. Values in, values out; no clock, no environment, no disk, no network.

pub mod install;
pub mod layer;
pub mod rootfs;
pub mod script;
