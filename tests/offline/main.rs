//! Tests that need no network beyond loopback: whole rooms and whole flows over fixtures built in code.

mod data;
mod layout;
mod lock;
mod project;
mod push;
mod recipe;
mod registry;
mod rootfs;

#[path = "../support/mod.rs"]
mod support;
