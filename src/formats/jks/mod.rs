//! `JKS`, Java's own key store: the bytes that `sun.security.provider.JavaKeyStore` reads and writes.
//!
//! All numbers are big endian; a text is its length in two bytes and Java's modified UTF-8.
//!
//! | bytes | what |
//! |---|---|
//! | 4 | `FEEDFEED` |
//! | 4 | version, 2 |
//! | 4 | number of entries |
//! | … | the entries, in the order in which `java.util.Hashtable` walks its keys (see `table`) |
//! | 20 | SHA-1 over the password in UTF-16, the words `Mighty Aphrodite`, and all bytes before |
//!
//! An entry is a tag (1: a private key, 2: a trusted certificate), its alias, its time in milliseconds since 1970, and for a
//! certificate: the kind (`X.509`), a length, the DER. A key is kept as it was read; none is ever made.

mod table;
mod text;

use sha1::{Digest as _, Sha1};

use table::Table;

const MAGIC: u32 = 0xfeed_feed;
const VERSION: u32 = 2;
const KEY: u32 = 1;
const CERTIFICATE: u32 = 2;
const DIGEST: usize = 20;
const X509: &str = "X.509";

/// A key store: aliases, small letters, each with what it names.
#[derive(Clone, Debug, Default)]
pub struct KeyStore {
    entries: Table<Entry>,
}

/// What an alias names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A certificate that is trusted.
    Certificate {
        /// When it was put there, in milliseconds since 1970.
        time: i64,
        /// Its bytes.
        der: Vec<u8>,
    },
    /// A private key with its certificates: all of its bytes after the alias.
    Key(Vec<u8>),
}

/// Why bytes are no key store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JksError {
    /// It starts otherwise.
    #[error("no key store of the kind JKS")]
    Magic,
    /// Another version than 2.
    #[error("a key store of the version {0}")]
    Version(u32),
    /// It ends too soon.
    #[error("the key store is cut short")]
    Short,
    /// Something in it has no meaning.
    #[error("the key store has {0}")]
    Content(&'static str),
    /// The digest is another one: the password is wrong, or a byte is.
    #[error("the key store was tampered with, or the password is wrong")]
    Digest,
}

impl KeyStore {
    /// Reads a key store and checks its digest.
    ///
    /// # Errors
    /// When the bytes are none, or the password is another one.
    pub fn parse(bytes: &[u8], password: &str) -> Result<Self, JksError> {
        let (body, digest) =
            bytes.len().checked_sub(DIGEST).and_then(|end| bytes.split_at_checked(end)).ok_or(JksError::Short)?;
        let mut reader = Reader(body);
        if reader.number()? != MAGIC {
            return Err(JksError::Magic);
        }
        let version = reader.number()?;
        if version != VERSION {
            return Err(JksError::Version(version));
        }
        let mut this = Self::default();
        for _ in 0..reader.number()? {
            let tag = reader.number()?;
            let alias = reader.text()?;
            let entry = match tag {
                CERTIFICATE => Entry::Certificate { time: reader.time()?, der: reader.certificate()?.to_vec() },
                KEY => Entry::Key(reader.key()?.to_vec()),
                _ => return Err(JksError::Content("an entry of an unknown kind")),
            };
            this.entries.insert(alias, entry);
        }
        if !reader.0.is_empty() {
            return Err(JksError::Digest);
        }
        if sum(body, password) == digest { Ok(this) } else { Err(JksError::Digest) }
    }

    /// The key store's bytes.
    ///
    /// # Errors
    /// When an alias or a certificate is longer than the format can say.
    pub fn to_bytes(&self, password: &str) -> Result<Vec<u8>, JksError> {
        let length = |length: usize| u32::try_from(length).map_err(|_| JksError::Content("more bytes than it can say"));
        let mut out = Vec::new();
        for number in [MAGIC, VERSION, length(self.entries.len())?] {
            out.extend(number.to_be_bytes());
        }
        for (alias, entry) in self.entries.in_order() {
            let tag = if matches!(entry, Entry::Key(_)) { KEY } else { CERTIFICATE };
            out.extend(tag.to_be_bytes());
            out.extend(text::encode(alias)?);
            match entry {
                Entry::Key(bytes) => out.extend(bytes),
                Entry::Certificate { time, der } => {
                    out.extend(time.to_be_bytes());
                    out.extend(text::encode(X509)?);
                    out.extend(length(der.len())?.to_be_bytes());
                    out.extend(der);
                }
            }
        }
        let digest = sum(&out, password);
        out.extend(digest);
        Ok(out)
    }

    /// Whether there is an entry of this alias, in letters of any size.
    #[must_use]
    pub fn contains(&self, alias: &str) -> bool {
        self.entries.contains(&alias.to_lowercase())
    }

    /// Puts an entry in; one that has the alias gives way.
    pub fn insert(&mut self, alias: &str, entry: Entry) {
        self.entries.insert(alias.to_lowercase(), entry);
    }

    /// Takes an entry away.
    pub fn remove(&mut self, alias: &str) {
        self.entries.remove(&alias.to_lowercase());
    }

    /// All entries in the order of the file.
    #[must_use]
    pub fn entries(&self) -> Vec<(&str, &Entry)> {
        self.entries.in_order()
    }
}

/// The digest that ends a key store.
fn sum(body: &[u8], password: &str) -> [u8; DIGEST] {
    let mut hash = Sha1::new();
    for unit in password.encode_utf16() {
        hash.update(unit.to_be_bytes());
    }
    hash.update(b"Mighty Aphrodite");
    hash.update(body);
    hash.finalize().into()
}

/// What is still to be read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], JksError> {
        let (taken, rest) = self.0.split_at_checked(n).ok_or(JksError::Short)?;
        self.0 = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u32, JksError> {
        Ok(self.take(4)?.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }

    fn time(&mut self) -> Result<i64, JksError> {
        let high = u64::from(self.number()?);
        let low = u64::from(self.number()?);
        Ok((high << 32 | low).cast_signed())
    }

    fn text(&mut self) -> Result<String, JksError> {
        let length = self.take(2)?.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
        text::decode(self.take(length)?)
    }

    fn block(&mut self) -> Result<&'a [u8], JksError> {
        let length = usize::try_from(self.number()?).map_err(|_| JksError::Short)?;
        self.take(length)
    }

    fn certificate(&mut self) -> Result<&'a [u8], JksError> {
        if self.text()? != X509 {
            return Err(JksError::Content("a certificate of another kind than X.509"));
        }
        self.block()
    }

    /// A key's bytes after its alias: its time, itself, the number of its certificates, and these.
    fn key(&mut self) -> Result<&'a [u8], JksError> {
        let start = self.0;
        self.time()?;
        self.block()?;
        for _ in 0..self.number()? {
            self.certificate()?;
        }
        start.get(..start.len() - self.0.len()).ok_or(JksError::Short)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(names: &[&str]) -> KeyStore {
        let mut store = KeyStore::default();
        for name in names {
            store.insert(name, Entry::Certificate { time: 1_700_000_000_000, der: name.as_bytes().to_vec() });
        }
        store
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut store = store(&["debian:One.pem", "debian:Grün.pem", "debian:\u{1f512}.pem"]);
        let mut key = vec![0; 8];
        key.extend([0, 0, 0, 1, 9, 0, 0, 0, 1, 0, 5]);
        key.extend(b"X.509\0\0\0\x02de");
        store.insert("mine", Entry::Key(key));
        let bytes = store.to_bytes("changeit").unwrap();
        let again = KeyStore::parse(&bytes, "changeit").unwrap();
        assert_eq!(again.entries(), store.entries());
        assert_eq!(again.to_bytes("changeit").unwrap(), bytes);
        assert!(again.contains("Debian:ONE.pem") && !again.contains("one.pem"));
        assert_eq!(KeyStore::parse(&bytes, "other").err(), Some(JksError::Digest));
    }

    #[test]
    fn whatever_is_cut_or_changed_is_an_error() {
        let bytes = store(&["a", "b"]).to_bytes("changeit").unwrap();
        for at in 0..bytes.len() {
            assert!(KeyStore::parse(&bytes[..at], "changeit").is_err(), "{at}");
            let mut other = bytes.clone();
            other[at] ^= 0x40;
            assert!(KeyStore::parse(&other, "changeit").is_err(), "{at}");
        }
        let mut longer = bytes.clone();
        longer.insert(bytes.len() - DIGEST, 0);
        assert!(KeyStore::parse(&longer, "changeit").is_err());
    }

    #[test]
    fn an_alias_may_be_no_longer_than_its_length_can_say() {
        assert!(store(&[&"x".repeat(65_535)]).to_bytes("p").is_ok());
        assert!(store(&[&"x".repeat(65_536)]).to_bytes("p").is_err());
    }
}
