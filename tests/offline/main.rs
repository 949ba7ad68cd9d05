//! Tests that need no network beyond loopback: whole rooms and whole flows over fixtures built in code.

mod layout;
mod oci;
mod push;
mod registry;

#[path = "../support/mod.rs"]
mod support;
