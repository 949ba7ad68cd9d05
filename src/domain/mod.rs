//! Floor 2: what Mokapot is about, as values and pure functions. No disk, no network, no clock, no environment.

pub mod install;
pub mod layer;
pub mod rootfs;
pub mod script;
//! Floor 2: what the product knows. Values in, values out; no clock, no environment, no disk, no network.

pub mod layer;
