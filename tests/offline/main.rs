//! Tests that need no network beyond loopback: whole rooms and whole flows over fixtures built in code.

mod data;
mod layout;
mod lock;
mod project;
mod push;
mod recipe;
mod login;
mod oci;
mod push;
mod push_faults;
mod registry;
mod rootfs;
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod archive;
mod deb;
mod fetch;
mod http;
mod mirrors;
mod openpgp;
mod store;
