//! The key store in the tree.

use super::super::super::errno::Errno;
use super::super::super::stop::Stop;
use super::super::super::system::System;
use crate::formats::jks::{JksError, KeyStore};

/// Reads a key store; `None` where there is no file, an error in Java's words where it is none of this password.
///
/// # Errors
/// When it is a key store that is not modelled.
pub(super) fn load(
    system: &mut System<'_>,
    path: &[u8],
    password: &str,
) -> Result<Option<Result<KeyStore, String>>, Stop> {
    let bytes = match system.read(path) {
        Ok(bytes) => bytes,
        Err(Errno::Missing) => return Ok(None),
        Err(error) => return Ok(Some(Err(error.to_string()))),
    };
    system.budget.step(bytes.len() as u64 / 256)?;
    match KeyStore::parse(&bytes, password) {
        Ok(store) => Ok(Some(Ok(store))),
        Err(JksError::Digest) => Ok(Some(Err("Keystore was tampered with, or password was incorrect".into()))),
        Err(JksError::Short) => Ok(Some(Err("null".into()))),
        Err(JksError::Magic) if bytes.first() != Some(&0x30) => Ok(Some(Err("Invalid keystore format".into()))),
        // PKCS#12 starts with a sequence.
        Err(error) => Err(Stop::unsupported("java", error.to_string())),
    }
}
