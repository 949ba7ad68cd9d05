//! The exit codes. They are stable: a number, once given a meaning, keeps it.
//!
//! | code | meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | a question was answered with no: `lock --check`, `cache verify` or `diff` found a difference |
//! | 2 | usage: the command line asks for something that cannot be |
//! | 3 | recipe: a recipe, or a file it names, is wrong |
//! | 4 | lock: a lockfile is missing, stale or wrong |
//! | 5 | unsatisfiable: no set of packages satisfies the request, or two of them own one file |
//! | 6 | integrity: bytes are not what their digest, size or format says |
//! | 7 | trust: a signature is missing, bad, or of a key that is not pinned |
//! | 8 | freshness: metadata is expired, from the future, or older than what was locked |
//! | 9 | network: a server did not answer, or answered with an error |
//! | 10 | storage: a disk did not do what it was asked |
//! | 11 | policy: a rule of the recipe forbids it |
//! | 12 | conflict: somebody else changed the same thing first |
//! | 101 | a defect of the program itself |
//! | 128 + n | ended by signal n |
//!
//! Whoever reads stdout may stop: that the pipe is closed changes no code.

use std::process::ExitCode;

use crate::base::{Class, Fault};
use crate::ops::Error;

/// The answer to a question was no.
pub(super) const DIFFERENT: u8 = 1;

/// The number of a class of failures.
pub(super) const fn number(class: Class) -> u8 {
    match class {
        Class::Usage => 2,
        Class::Recipe => 3,
        Class::Lock => 4,
        Class::Unsatisfiable => 5,
        Class::Integrity => 6,
        Class::Trust => 7,
        Class::Freshness => 8,
        Class::Network => 9,
        Class::Storage => 10,
        Class::Policy => 11,
        Class::Conflict => 12,
    }
}

/// The word for a class of failures in JSON output.
pub(super) const fn word(class: Class) -> &'static str {
    match class {
        Class::Usage => "usage",
        Class::Recipe => "recipe",
        Class::Lock => "lock",
        Class::Unsatisfiable => "unsatisfiable",
        Class::Integrity => "integrity",
        Class::Trust => "trust",
        Class::Freshness => "freshness",
        Class::Network => "network",
        Class::Storage => "storage",
        Class::Policy => "policy",
        Class::Conflict => "conflict",
    }
}

/// The exit code of a failure.
pub(super) fn of(error: &Error) -> ExitCode {
    ExitCode::from(code(error))
}

/// The number of [`of`].
pub(super) fn code(error: &Error) -> u8 {
    match error {
        Error::Interrupted { signal } => u8::try_from(128 + signal).unwrap_or(u8::MAX),
        other => number(other.class()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table above is what people read; it must name every class with its number.
    #[test]
    fn the_table_in_the_documentation_is_complete() {
        let table = include_str!("exit.rs");
        for class in [
            Class::Usage,
            Class::Recipe,
            Class::Lock,
            Class::Unsatisfiable,
            Class::Integrity,
            Class::Trust,
            Class::Freshness,
            Class::Network,
            Class::Storage,
            Class::Policy,
            Class::Conflict,
        ] {
            let row = format!("//! | {} | {}:", number(class), word(class));
            assert!(table.contains(&row), "no row {row}");
        }
    }
}
