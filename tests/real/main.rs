//! Tests on real inputs (the machine's own package mirrors) and against independent tools.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod archive;
mod clients;
mod cpu;
mod data;
mod disorder;
mod dpkg;
mod extract;
mod golden;
mod image;
mod layout;
mod locked;
mod mirrors;
mod registry;
mod resolve;
mod runtime;
mod store;
mod tree;
mod version;

#[path = "../support/mod.rs"]
mod support;
