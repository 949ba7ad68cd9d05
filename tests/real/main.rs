//! Tests on real inputs (the machine's own package mirrors) and against independent tools.

mod layout;
mod registry;

#[expect(dead_code, reason = "what only the offline tests need")]
#[path = "../support/mod.rs"]
mod support;
