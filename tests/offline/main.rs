//! Tests that need no network beyond loopback: whole rooms and whole flows over fixtures built in code.

mod data;
mod layout;
mod lock;
mod project;
mod recipe;
mod push;
mod registry;

#[path = "../support/mod.rs"]
mod support;

mod data;
mod rootfs;
