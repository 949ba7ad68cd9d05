//! Tests on real inputs (the machine's own package mirrors) and against independent tools.

#[path = "../support/mod.rs"]
mod support;

mod dpkg;
mod tree;
