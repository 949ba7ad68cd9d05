//! Floor 2: what the product knows. Values in, values out; no clock, no environment, no disk, no network.

pub mod image;
pub mod install;
pub mod layer;
pub mod lock;
pub mod recipe;
pub mod resolve;
pub mod rootfs;
pub mod script;
