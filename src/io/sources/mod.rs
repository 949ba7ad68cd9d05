//! Where inputs come from that are no apt archive, and where the machine's own package clients say that registries are.

pub mod credentials;
pub mod maven;
pub mod mirrors;
pub mod pypi;
pub mod sdist;
