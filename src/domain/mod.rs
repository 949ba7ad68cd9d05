//! Floor 2: what Mokapot is about, as values and pure functions. No disk, no network, no clock, no environment.

pub mod audit;
pub mod image;
pub mod install;
pub mod layer;
pub mod lock;
pub mod package;
pub mod python;
pub mod recipe;
pub mod repository;
pub mod resolve;
pub mod rootfs;
pub mod script;
