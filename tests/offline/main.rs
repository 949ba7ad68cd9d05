//! Tests that need no network beyond loopback: whole rooms and whole flows over fixtures built in code.

mod layout;

#[path = "../support/mod.rs"]
mod support;

mod data;
