//! What tests are built from: servers on loopback that can misbehave, and fixtures made in code.
#![expect(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each test binary uses its own part of this module"
)]

pub mod apt;
pub mod archive;
pub mod client;
pub mod deb;
pub mod debs;
pub mod effects;
pub mod http;
pub mod ignore;
pub mod image;
pub mod inside;
pub mod jar;
pub mod keys;
pub mod keystore;
pub mod oracle;
pub mod packages;
pub mod project;
pub mod registry;
pub mod run;
pub mod s3;
pub mod treediff;
pub mod twin;
pub mod universe;
pub mod wheel;
