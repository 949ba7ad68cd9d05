//! Why an archive is refused, and where.

use std::io;

use crate::base::{Class, Fault, redact};

/// Why reading an archive stopped.
#[derive(Debug, thiserror::Error)]
pub enum TarError {
    /// The input failed, or its compression is broken.
    #[error("tar archive at byte {offset}: {source}")]
    Read {
        /// Bytes of the archive read before.
        offset: u64,
        /// Why.
        source: io::Error,
    },
    /// The archive itself is at fault.
    #[error("tar archive at byte {offset}: {problem}")]
    Refused {
        /// Where the entry's header starts.
        offset: u64,
        /// What is wrong.
        problem: Problem,
    },
}

/// What is wrong with an archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The input ends inside an entry.
    #[error("cut short")]
    Cut,
    /// The input ends without a block of zeros.
    #[error("cut short: no end-of-archive block")]
    NoEnd,
    /// The sum over the header is another.
    #[error("the header's checksum is wrong")]
    Checksum,
    /// A number field holds something else.
    #[error("the {field} field `{}` is no number in range", redact::printable_bytes(value))]
    Number {
        /// Which field.
        field: &'static str,
        /// What it holds.
        value: Vec<u8>,
    },
    /// A pax header is malformed.
    #[error("malformed pax header: {0}")]
    Pax(String),
    /// Tools would read it in two ways.
    #[error("ambiguous: {0}")]
    Ambiguous(&'static str),
    /// An extension without an entry after it.
    #[error("the archive ends after an extension header")]
    Dangling,
    /// An extension of many bytes.
    #[error("an extension header of {size} bytes, more than the {limit} allowed")]
    LongExtension {
        /// Its size.
        size: u64,
        /// The most that is allowed.
        limit: u64,
    },
    /// A sparse file.
    #[error("sparse files are not supported")]
    Sparse,
    /// A type that nobody knows.
    #[error("unknown entry type `{}`", redact::printable_bytes(&[*.0]))]
    UnknownType(u8),
    /// A path that may not be.
    #[error("path `{}`: {reason}", redact::printable_bytes(path))]
    Path {
        /// The path.
        path: Vec<u8>,
        /// Why not.
        reason: &'static str,
    },
    /// An attribute that may not be.
    #[error("extended attribute `{}` has a meaning to overlay filesystems and cannot be shipped", redact::printable(.0))]
    Attribute(String),
    /// More entries than allowed.
    #[error("more than {0} entries")]
    TooMany(u64),
    /// More bytes than allowed.
    #[error("more than {0} bytes")]
    TooLarge(u64),
}

impl TarError {
    pub(super) const fn at(offset: u64, problem: Problem) -> Self {
        Self::Refused { offset, problem }
    }
}

impl Fault for TarError {
    fn class(&self) -> Class {
        match self {
            Self::Read { .. } | Self::Refused { .. } => Class::Integrity,
        }
    }
}
