//! Tests that need no network beyond loopback: whole rooms and whole flows over fixtures built in code.

mod lock;
mod project;
mod recipe;

#[path = "../support/mod.rs"]
mod support;
