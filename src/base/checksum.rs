//! Checksums that others publish for their files: SHA-256 mostly, SHA-512 where that is all there is. What we store is
//! named by SHA-256 alone; see [`Digest`].

use std::fmt;

use sha2::{Digest as _, Sha256, Sha512};

use super::digest::Digest;

/// What a file must hash to, as somebody trusted says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Checksum {
    /// SHA-256.
    Sha256(Digest),
    /// SHA-512.
    Sha512([u8; 64]),
}

/// A text that is no SHA-512 in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed SHA-512 `{0}`: expected 128 lower-case hexadecimal digits")]
pub struct ParseSha512Error(String);

/// Computes a [`Checksum`] of a kind while bytes pass.
#[derive(Clone)]
pub struct Checker(State);

#[derive(Clone)]
enum State {
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Checksum {
    /// A SHA-512 from its 128 lower-case hexadecimal digits.
    ///
    /// # Errors
    /// When `hex` is anything else.
    pub fn sha512_from_hex(hex: &str) -> Result<Self, ParseSha512Error> {
        let malformed = || ParseSha512Error(hex.chars().take(140).collect());
        if hex.len() != 128 || hex.bytes().any(|b| !b.is_ascii_hexdigit() || b.is_ascii_uppercase()) {
            return Err(malformed());
        }
        let mut bytes = [0; 64];
        hex::decode_to_slice(hex, &mut bytes).map_err(|_| malformed())?;
        Ok(Self::Sha512(bytes))
    }

    /// A hasher of the same kind, that has seen nothing yet.
    #[must_use]
    pub fn checker(&self) -> Checker {
        Checker(match self {
            Self::Sha256(_) => State::Sha256(Sha256::new()),
            Self::Sha512(_) => State::Sha512(Sha512::new()),
        })
    }

    /// The name of the algorithm, as Debian's by-hash folders write it: `SHA256`, `SHA512`.
    #[must_use]
    pub const fn algorithm(&self) -> &'static str {
        match self {
            Self::Sha256(_) => "SHA256",
            Self::Sha512(_) => "SHA512",
        }
    }

    /// The hexadecimal digits.
    #[must_use]
    pub fn hex(&self) -> String {
        match self {
            Self::Sha256(digest) => digest.hex(),
            Self::Sha512(bytes) => hex::encode(bytes),
        }
    }

    /// The SHA-256, where it is one.
    #[must_use]
    pub const fn sha256(&self) -> Option<Digest> {
        match self {
            Self::Sha256(digest) => Some(*digest),
            Self::Sha512(_) => None,
        }
    }
}

impl From<Digest> for Checksum {
    fn from(digest: Digest) -> Self {
        Self::Sha256(digest)
    }
}

impl Checker {
    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Sha256(state) => state.update(bytes),
            State::Sha512(state) => state.update(bytes),
        }
    }

    /// The checksum of all bytes seen.
    #[must_use]
    pub fn finish(self) -> Checksum {
        match self.0 {
            State::Sha256(state) => Checksum::Sha256(Digest::from_bytes(state.finalize().into())),
            State::Sha512(state) => Checksum::Sha512(state.finalize().into()),
        }
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sha256(digest) => digest.fmt(f),
            Self::Sha512(bytes) => write!(f, "sha512:{}", hex::encode(bytes)),
        }
    }
}

impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_are_computed_and_read() {
        let sha512 = Checksum::sha512_from_hex(
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        )
        .unwrap();
        for wanted in [Checksum::from(Digest::of(b"abc")), sha512] {
            let mut checker = wanted.checker();
            checker.update(b"a");
            checker.update(b"bc");
            assert_eq!(checker.finish(), wanted);
        }
        assert!(Checksum::sha512_from_hex("DDAF").is_err());
    }
}
