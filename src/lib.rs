//! Mokapot builds reproducible multi-platform OCI images from Debian packages, without running anything foreign.

pub mod base;
pub mod cli;
pub mod domain;
pub mod formats;
pub mod io;
pub mod ops;
