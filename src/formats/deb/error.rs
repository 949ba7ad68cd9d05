//! Why a file is no package.

use std::io;

use crate::base::{Class, Fault, redact};
use crate::formats::tar::TarError;

/// Why a file is no package.
#[derive(Debug, thiserror::Error)]
pub enum DebError {
    /// The magic number is missing: the file is empty, short, or something else.
    #[error("not a Debian archive")]
    NotAnArchive,
    /// `0.939000` and `0.93xxxx`, used until 1995.
    #[error("unsupported version of the Debian archive format: 0.93")]
    OldFormat,
    /// The `debian-binary` member says so.
    #[error("unsupported version of the Debian archive format: `{}`", redact::printable(.0))]
    Version(String),
    /// A header of the outer archive.
    #[error("invalid archive member header at byte {offset}: {reason}")]
    MemberHeader {
        /// Where it starts.
        offset: u64,
        /// What is wrong.
        reason: String,
    },
    /// A member is not there.
    #[error("member `{0}` is missing")]
    Missing(&'static str),
    /// A member stands where another belongs.
    #[error("member `{}` stands where `{expected}` was expected", redact::printable(found))]
    Order {
        /// What should be there.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// A member occurs again.
    #[error("member `{0}` occurs a second time")]
    Repeated(String),
    /// The name's ending stands for no compression that a package may use there.
    #[error("uses unknown compression for member `{}`", redact::printable(.0))]
    UnknownCompression(String),
    /// Bytes after the end of the compressed data.
    #[error("{left} bytes follow the compressed data of member `{member}`")]
    Trailing {
        /// The member.
        member: String,
        /// How many bytes.
        left: u64,
    },
    /// Reading failed, or a member is cut short.
    #[error("{member}: {source}")]
    Read {
        /// The member.
        member: String,
        /// Why.
        source: io::Error,
    },
    /// A member's archive is refused.
    #[error("{member}: {source}")]
    Tar {
        /// The member.
        member: String,
        /// Why.
        source: TarError,
    },
    /// An entry of `control.tar` that may not be.
    #[error("control entry `{}`: {reason}", redact::printable(name))]
    ControlEntry {
        /// Its name.
        name: String,
        /// Why not.
        reason: &'static str,
    },
    /// `control.tar`, or a file in it, is too large. The words are apt's.
    #[error("control file too large: {size} bytes, more than the {limit} allowed")]
    ControlTooLarge {
        /// Its size.
        size: u64,
        /// The most that is allowed.
        limit: u64,
    },
    /// A control file says what it may not.
    #[error("control file `{file}`: {reason}")]
    Control {
        /// Which file.
        file: &'static str,
        /// What is wrong, with the line.
        reason: String,
    },
}

impl DebError {
    pub(super) fn read(member: &str, source: io::Error) -> Self {
        Self::Read { member: member.to_owned(), source }
    }
}

impl Fault for DebError {
    fn class(&self) -> Class {
        match self {
            Self::NotAnArchive
            | Self::OldFormat
            | Self::Version(_)
            | Self::MemberHeader { .. }
            | Self::Missing(_)
            | Self::Order { .. }
            | Self::Repeated(_)
            | Self::UnknownCompression(_)
            | Self::Trailing { .. }
            | Self::Read { .. }
            | Self::Tar { .. }
            | Self::ControlEntry { .. }
            | Self::ControlTooLarge { .. }
            | Self::Control { .. } => Class::Integrity,
        }
    }
}
