//! What is wrong with a lockfile.

use std::fmt;

use crate::base::{Arch, Class, Fault};
use crate::formats::deb::package::PackageName;

/// A lockfile that cannot be used, with the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockError {
    /// The lockfile's name; empty when the lock was never in a file.
    pub file: String,
    /// The line, from 1, where one is to blame.
    pub line: Option<usize>,
    /// What is wrong.
    pub reason: Reason,
}

/// What is wrong with a lockfile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Larger than we read.
    #[error("the lockfile is larger than the limit of {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// A merge was left unfinished.
    #[error("a conflict marker of git")]
    Conflict,
    /// No TOML, or not the keys of this version.
    #[error("{0}")]
    Malformed(String),
    /// Written by a version that we do not know.
    #[error("the lockfile has version {found}; this program knows versions up to {known}")]
    Newer {
        /// The version in the file.
        found: i64,
        /// The newest that is known.
        known: i64,
    },
    /// The head's digest is not that of the request below it.
    #[error("the digest in the head is not that of the request below it")]
    Head,
    /// A value breaks a rule.
    #[error("`{key}`: {rule}")]
    Value {
        /// The key.
        key: &'static str,
        /// What is wrong.
        rule: String,
    },
    /// The same thing is locked twice.
    #[error("{what} is locked twice")]
    Twice {
        /// The package or release.
        what: String,
    },
    /// A release is not of the request, or one of the request has none.
    #[error("`{suite}` of `{mirror}` {what}")]
    Release {
        /// Alias of the mirror.
        mirror: String,
        /// The suite.
        suite: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A platform is not of the request.
    #[error("{name} is locked for {arch}, which is no platform of the request")]
    Platform {
        /// The package.
        name: PackageName,
        /// The platform.
        arch: Arch,
    },
    /// A needed package is gone.
    #[error("{from} on {arch} needs {to}, which is not locked")]
    Missing {
        /// What needs it.
        from: PackageName,
        /// What is needed.
        to: PackageName,
        /// The platform.
        arch: Arch,
    },
    /// A requested package is gone.
    #[error("the request names {request}, and nothing locked for {arch} answers it")]
    Unanswered {
        /// As the recipe writes it.
        request: String,
        /// The platform.
        arch: Arch,
    },
    /// A platform has nothing of the variant, which another has.
    #[error("the packages of the variant are not locked for {arch}")]
    NoVariant {
        /// The platform.
        arch: Arch,
    },
    /// A package that nothing asks for.
    #[error("{name} is locked for {arch}, and nothing asks for it")]
    Unreached {
        /// The package.
        name: PackageName,
        /// The platform.
        arch: Arch,
    },
    /// A jar.
    #[error("the jar {jar} {what}")]
    Jar {
        /// Its first place.
        jar: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// `via` tells another story than the edges.
    #[error("{name}: `via` is not what the dependencies say on {arch}")]
    Via {
        /// The package.
        name: PackageName,
        /// The platform.
        arch: Arch,
    },
}

impl fmt::Display for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.file.as_str(), self.line) {
            ("", _) => {}
            (file, Some(line)) => write!(f, "{file}:{line}: ")?,
            (file, None) => write!(f, "{file}: ")?,
        }
        self.reason.fmt(f)
    }
}

impl std::error::Error for LockError {}

impl Fault for LockError {
    fn class(&self) -> Class {
        Class::Lock
    }

    fn hint(&self) -> Option<String> {
        Some(match self.reason {
            Reason::Conflict => "finish the merge, or take one side and run `mokapot lock`".into(),
            Reason::Newer { .. } => "use the newer mokapot that wrote it; it is not rewritten".into(),
            _ => "take the lockfile from version control again, or delete it and run `mokapot lock`".into(),
        })
    }
}
