//! Tests that need no network beyond loopback: whole rooms and whole flows over fixtures built in code.

#[path = "../support/mod.rs"]
mod support;

mod resolve;
