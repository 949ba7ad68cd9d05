//! The keys that a user pinned.

use std::io::Cursor;

use pgp::composed::{Deserializable, SignedPublicKey};
use pgp::types::KeyDetails;

use super::error::OpenPgpError;

/// Public keys, in the order of their files.
#[derive(Clone, Debug, Default)]
pub struct Keyring {
    pub(super) keys: Vec<SignedPublicKey>,
}

/// More than any keyring: Debian's whole one has less than 100 kB.
const MAX_BYTES: usize = 4 << 20;

const BEGIN: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";

impl Keyring {
    /// Reads keys as `gpg --export` writes them: binary, or armoured, one block or several.
    ///
    /// # Errors
    /// When there is no key, or one is malformed.
    pub fn parse(bytes: &[u8]) -> Result<Self, OpenPgpError> {
        let malformed = |error: pgp::errors::Error| OpenPgpError::Keyring(error.to_string());
        if bytes.len() > MAX_BYTES {
            return Err(OpenPgpError::Keyring(format!("more than {MAX_BYTES} bytes")));
        }
        let mut keys = Vec::new();
        match std::str::from_utf8(bytes).ok().filter(|text| text.contains(BEGIN)) {
            Some(text) => {
                for block in text.split(BEGIN).skip(1) {
                    let armoured = format!("{BEGIN}{block}");
                    let (found, _) = SignedPublicKey::from_armor_many(Cursor::new(armoured)).map_err(malformed)?;
                    for key in found {
                        keys.push(key.map_err(malformed)?);
                    }
                }
            }
            None => {
                for key in SignedPublicKey::from_bytes_many(Cursor::new(bytes)).map_err(malformed)? {
                    keys.push(key.map_err(malformed)?);
                }
            }
        }
        if keys.is_empty() {
            return Err(OpenPgpError::Keyring("it holds no key".into()));
        }
        Ok(Self { keys })
    }

    /// Adds the keys of another keyring. Files cannot be joined before they are parsed: some are armoured, some are not.
    pub fn add(&mut self, other: Self) {
        self.keys.extend(other.keys);
    }

    /// The fingerprints of the primary keys, in upper-case hexadecimal digits.
    #[must_use]
    pub fn fingerprints(&self) -> Vec<String> {
        self.keys.iter().map(|key| format!("{:X}", key.fingerprint())).collect()
    }
}
