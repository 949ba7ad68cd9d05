//! What is wrong with a wheel.

use crate::base::{Class, Fault, redact};

/// A wheel that is not used, and why.
#[derive(Debug, thiserror::Error)]
#[error("wheel {}: {problem}", redact::printable(wheel))]
pub struct WheelError {
    /// Its file name.
    pub wheel: String,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a wheel.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The file name is none of a wheel.
    #[error("its file name {0}")]
    Name(&'static str),
    /// The zip archive is malformed, or contradicts itself.
    #[error("its archive: {0}")]
    Archive(String),
    /// An entry that no wheel should have.
    #[error("its entry `{}` {reason}", redact::printable(entry))]
    Entry {
        /// Its name.
        entry: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// It would unpack to more than it may.
    #[error("it would unpack to {size} bytes, and {limit} is the limit for its {compressed} bytes")]
    Bomb {
        /// What its directory announces.
        size: u64,
        /// The limit.
        limit: u64,
        /// Its own size.
        compressed: u64,
    },
    /// A file that every wheel has is missing, or there are several.
    #[error("it has {0}")]
    Lacks(String),
    /// A file of `.dist-info` cannot be read.
    #[error("its {file}: {reason}")]
    Malformed {
        /// The file.
        file: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// What is inside is not what the file name says.
    #[error("its file name says {named}, and its {file} says {inside}")]
    Differs {
        /// The file inside.
        file: &'static str,
        /// What the file name says.
        named: String,
        /// What is inside.
        inside: String,
    },
    /// `RECORD` is not true.
    #[error("its RECORD lies: `{}` {reason}", redact::printable(entry))]
    Record {
        /// The file.
        entry: String,
        /// What is not true.
        reason: String,
    },
    /// An entry point that pip would not install.
    #[error("its entry point `{}` {reason}", redact::printable(point))]
    EntryPoint {
        /// As the wheel has it.
        point: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// It is for something else.
    #[error("it is not for {0}")]
    Elsewhere(String),
}

impl Problem {
    /// This problem of that wheel.
    pub(super) fn of(self, wheel: &str) -> WheelError {
        WheelError { wheel: wheel.to_owned(), problem: self }
    }
}

impl Fault for WheelError {
    fn class(&self) -> Class {
        Class::Integrity
    }

    fn hint(&self) -> Option<String> {
        Some("nothing of it was used; ask for another version, and tell its maintainers".into())
    }
}
