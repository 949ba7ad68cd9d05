//! Tests that need no network beyond loopback: whole rooms and whole flows over fixtures built in code.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod archive;
mod audit;
mod build;
mod cached;
mod cli;
mod concurrent;
mod contents;
mod dance;
mod data;
mod deb;
mod disk;
mod exit;
mod fetch;
mod http;
mod install;
mod interpreted;
mod jars;
mod json;
mod killed;
mod layout;
mod lock;
mod login;
mod memory;
mod mirrors;
mod objects;
mod oci;
mod openpgp;
mod package;
mod plan;
mod project;
mod publish;
mod push;
mod push_faults;
mod python;
mod recipe;
mod refused;
mod registry;
mod reproducible;
mod resolve;
mod rootfs;
mod script;
mod scripts;
mod signalled;
mod store;
mod terminal;
mod tls;
mod unlisted;

#[path = "../support/mod.rs"]
mod support;
