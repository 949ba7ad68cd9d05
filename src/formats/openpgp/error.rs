//! Why a text is not trusted.

use std::fmt;

use crate::base::redact::printable;
use crate::base::{Class, Fault};

/// A text whose signature does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenPgpError {
    /// The keyring holds no usable key, or is no keyring.
    #[error("the keyring is malformed: {0}")]
    Keyring(String),
    /// There is no signature.
    #[error("it is not signed")]
    Unsigned,
    /// The message's frame is not as it must be; the text could be another than the one that was signed.
    #[error("the signed message is malformed: line {line}: {reason}")]
    Frame {
        /// The line; the first is 1.
        line: usize,
        /// What is wrong.
        reason: &'static str,
    },
    /// What claims to be signatures is something else.
    #[error("the signature is malformed: {0}")]
    Signature(String),
    /// There are signatures, but none that counts.
    #[error("no good signature of a pinned key: {}; pinned: {}", list(refused), pinned.join(", "))]
    Untrusted {
        /// Each signature, and why it does not count.
        refused: Vec<Refusal>,
        /// The fingerprints of the keyring's keys.
        pinned: Vec<String>,
    },
}

/// Why one signature does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Who made it, by its own words.
    pub issuer: Issuer,
    /// Why it does not count.
    pub reason: String,
    /// Whether the keyring has the key.
    pub known: bool,
}

/// Whom a signature names as its maker: a fingerprint, the last 16 digits of one, or nobody.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Issuer(pub String);

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(if self.0.is_empty() { "an unnamed key" } else { &self.0 })
    }
}

fn list(refused: &[Refusal]) -> String {
    let one = |refusal: &Refusal| format!("{}: {}", refusal.issuer, printable(&refusal.reason));
    refused.iter().map(one).collect::<Vec<_>>().join("; ")
}

impl Fault for OpenPgpError {
    fn class(&self) -> Class {
        match self {
            Self::Keyring(_) => Class::Recipe,
            Self::Unsigned | Self::Frame { .. } | Self::Signature(_) | Self::Untrusted { .. } => Class::Trust,
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Keyring(_) => {
                "export it with `gpg --armor --export`, or copy one from the package debian-archive-keyring"
            }
            Self::Untrusted { refused, .. } if refused.iter().all(|refusal| !refusal.known) => {
                "if the archive has new keys, get them from a place you trust and add them to the file that `signed-by` names"
            }
            Self::Unsigned | Self::Frame { .. } | Self::Signature(_) | Self::Untrusted { .. } => {
                "something between the archive and here may have changed it: try again, or another mirror"
            }
        };
        Some(text.into())
    }
}
