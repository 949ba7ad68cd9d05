//! Floor 1: formats, each a small pure library that could stand alone. No format knows another's meaning.

pub mod compress;
pub mod deb;
pub mod elf;
pub mod jks;
pub mod maven;
pub mod oci;
pub mod openpgp;
pub mod s3;
pub mod simple_index;
pub mod tar;
pub mod wheel;
pub mod x509;
