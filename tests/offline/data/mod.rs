//! The way of the data: a `.deb` becomes a fragment, fragments become layers; and what must be refused on the way.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod deb;
mod fragment;
mod fuzz;
mod layer;
mod tar;
