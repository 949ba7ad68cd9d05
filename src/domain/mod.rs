//! Floor 2: what Mokapot is about, as values and pure functions. No disk, no network, no clock, no environment.

pub mod image;
pub mod install;
pub mod layer;
pub mod lock;
pub mod recipe;
pub mod rootfs;
pub mod script;
//! Floor 2: what the product knows. Values in, values out; no clock, no environment, no disk, no network.

pub mod layer;
//! Floor 2: values in, values out. No clock, no environment, no disk, no network.

pub mod resolve;
