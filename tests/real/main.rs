//! Tests on real inputs (the machine's own package mirrors) and against independent tools.

mod data;
mod resolve;
mod tree;
mod layout;
mod registry;

#[expect(dead_code, reason = "what only the offline tests need")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod archive;
mod mirrors;
mod store;
mod version;
