//! What tests are built from: servers on loopback that can misbehave, and fixtures made in code.
#![expect(unreachable_pub, clippy::unwrap_used, reason = "each test binary has this module inside")]

pub mod apt;
pub mod archive;
pub mod client;
pub mod deb;
pub mod debs;
pub mod http;
pub mod image;
pub mod keys;
pub mod packages;
pub mod registry;
pub mod run;
pub mod treediff;
