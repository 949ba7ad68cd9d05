//! SHA-256 digests of bytes, as OCI writes them: `sha256:` and 64 lower-case hexadecimal digits.
//!
//! [`Digest`] names bytes as they are stored; [`DiffId`] names the uncompressed tar of a layer. They are different
//! types because mixing them up is the classic mistake of image builders (image-spec, `config.md`).

use std::fmt;
use std::io::{self, Read, Write};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// The SHA-256 of stored bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

/// The SHA-256 of a layer's uncompressed tar.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DiffId(pub Digest);

/// Why a text is no digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseDigestError {
    /// The algorithm is another one, or there is none.
    #[error("weak or unsupported digest `{0}`: only sha256 is accepted")]
    Algorithm(String),
    /// Not 64 lower-case hexadecimal digits.
    #[error("malformed digest `{0}`: expected 64 lower-case hexadecimal digits after `sha256:`")]
    Malformed(String),
}

impl Digest {
    /// The digest of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// A digest whose 32 raw bytes are known.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Parses the 64 hexadecimal digits without the `sha256:` in front, as Debian's indexes write them.
    ///
    /// # Errors
    /// When `hex` is anything but 64 lower-case hexadecimal digits.
    pub fn from_hex(hex: &str) -> Result<Self, ParseDigestError> {
        let malformed = || ParseDigestError::Malformed(hex.chars().take(80).collect());
        if hex.len() != 64 || hex.bytes().any(|b| !b.is_ascii_hexdigit() || b.is_ascii_uppercase()) {
            return Err(malformed());
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(hex, &mut bytes).map_err(|_| malformed())?;
        Ok(Self(bytes))
    }

    /// The 64 hexadecimal digits, without the algorithm.
    #[must_use]
    pub fn hex(&self) -> String {
        hex::encode(self.0)
    }

    /// The 32 raw bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = ParseDigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some(("sha256", hex)) => {
                Self::from_hex(hex).map_err(|_| ParseDigestError::Malformed(text.chars().take(80).collect()))
            }
            _ => Err(ParseDigestError::Algorithm(text.chars().take(80).collect())),
        }
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for DiffId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for DiffId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Computes a [`Digest`] and a length while bytes pass: as a sink of its own, or around a reader or a writer.
#[derive(Clone)]
pub struct Hasher<T = ()> {
    inner: T,
    state: Sha256,
    length: u64,
}

impl Hasher {
    /// A hasher that has seen nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::around(())
    }
}

impl Default for Hasher {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Hasher<T> {
    /// Hashes what is read through, or written through, `inner`.
    pub fn around(inner: T) -> Self {
        Self { inner, state: Sha256::new(), length: 0 }
    }

    /// Adds bytes to the hash.
    pub fn update(&mut self, bytes: &[u8]) {
        self.state.update(bytes);
        self.length += bytes.len() as u64;
    }

    /// How many bytes were hashed so far.
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// What is wrapped.
    pub const fn get_ref(&self) -> &T {
        &self.inner
    }

    /// The digest and length of all bytes seen, and what was wrapped.
    pub fn finish(self) -> (Digest, u64, T) {
        (Digest(self.state.finalize().into()), self.length, self.inner)
    }
}

impl<R: Read> Read for Hasher<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.update(&buffer[..n]);
        Ok(n)
    }
}

impl<W: Write> Write for Hasher<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(bytes)?;
        self.update(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn text_round_trip() {
        assert_eq!(Digest::of(b"").to_string(), EMPTY);
        assert_eq!(EMPTY.parse::<Digest>(), Ok(Digest::of(b"")));
    }

    #[test]
    fn weak_short_and_upper_case_digests_are_refused() {
        for bad in
            ["", "md5:d41d8cd98f00b204e9800998ecf8427e", "sha256:", "sha256:e3b0", &EMPTY.to_uppercase(), &EMPTY[7..]]
        {
            assert!(bad.parse::<Digest>().is_err(), "{bad} was accepted");
        }
        let upper = format!("sha256:{}", EMPTY[7..].to_uppercase());
        assert!(upper.parse::<Digest>().is_err());
    }

    #[test]
    fn hashing_while_reading() {
        let mut hasher = Hasher::around(&b"abc"[..]);
        io::copy(&mut hasher, &mut io::sink()).unwrap();
        let (digest, length, _) = hasher.finish();
        assert_eq!((digest, length), (Digest::of(b"abc"), 3));
    }
}
