//! Floor 1: formats, each a small pure library that could stand alone. No format knows another's meaning.

pub mod compress;
pub mod deb;
pub mod elf;
pub mod jks;
pub mod oci;
pub mod openpgp;
pub mod simple_index;
pub mod tar;
pub mod wheel;
pub mod x509;
