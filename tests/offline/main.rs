//! Tests that need no network beyond loopback: whole rooms and whole flows over fixtures built in code.

mod layout;
mod login;
mod oci;
mod push;
mod push_faults;
mod registry;

#[path = "../support/mod.rs"]
mod support;
