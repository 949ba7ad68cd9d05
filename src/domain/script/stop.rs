//! Why an interpretation cannot go on, and where it stood.

use crate::base::redact;
use crate::base::{Class, Fault};

/// A place in a script.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Site {
    /// The script: `bash/postinst`, or a path in the tree from `/` where it was called or sourced.
    pub script: String,
    /// Line, from 1; 0 when none is known.
    pub line: u32,
    /// Column in characters, from 1; 0 when none is known.
    pub column: u32,
    /// The line itself, made safe to print.
    pub text: String,
}

/// How many of the places around the innermost one are shown.
const MOST_CALLERS: usize = 5;

/// The end of an interpretation: not a script that failed (that is a status), but one that cannot be interpreted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Why.
    pub kind: StopKind,
    /// Where, the innermost place first. The shell fills it while it unwinds.
    pub sites: Vec<Site>,
}

/// Why an interpretation ends.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StopKind {
    /// A program of the tree that nothing stands for.
    #[error("`{}` is a program that is not modelled ({})", redact::printable(command), redact::printable(path))]
    Unmodelled {
        /// As it was called.
        command: String,
        /// Where it is in the tree.
        path: String,
    },
    /// A program that is modelled, called in a way that is not.
    #[error("`{}`: {}", redact::printable(command), redact::printable(what))]
    Unsupported {
        /// Its name.
        command: String,
        /// What is not modelled: an option, a construct.
        what: String,
    },
    /// The text is no shell script.
    #[error("cannot be parsed: {}", redact::printable(.0))]
    Syntax(String),
    /// Too many steps.
    #[error("more than {0} steps: an endless loop?")]
    Steps(u64),
    /// Too many bytes.
    #[error("more than {0} bytes written or held")]
    Bytes(u64),
    /// Too deep.
    #[error("more than {0} functions and programs inside each other")]
    Depth(u32),
    /// A file's bytes could not be had.
    #[error("cannot read {}: {reason}", redact::printable(path))]
    Read {
        /// The file, from `/`.
        path: String,
        /// Why, in the store's words.
        reason: String,
    },
}

impl From<StopKind> for Stop {
    fn from(kind: StopKind) -> Self {
        Self { kind, sites: Vec::new() }
    }
}

impl Stop {
    /// A command that is called in a way that is not modelled.
    #[must_use]
    pub fn unsupported(command: &str, what: impl Into<String>) -> Self {
        StopKind::Unsupported { command: command.into(), what: what.into() }.into()
    }
}

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Some((first, callers)) = self.sites.split_first() else { return self.kind.fmt(f) };
        write!(f, "{first}: {}", self.kind)?;
        if !first.text.is_empty() {
            write!(f, "\n  {}", first.text)?;
        }
        for site in callers.iter().take(MOST_CALLERS) {
            write!(f, "\n  called from {site}: {}", site.text)?;
        }
        Ok(())
    }
}

impl std::fmt::Display for Site {
    /// `bash/postinst:12:3`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", redact::printable(&self.script), self.line, self.column)
    }
}

impl std::error::Error for Stop {}

impl Fault for Stop {
    fn class(&self) -> Class {
        match self.kind {
            StopKind::Unmodelled { .. }
            | StopKind::Unsupported { .. }
            | StopKind::Syntax(_)
            | StopKind::Steps(_)
            | StopKind::Bytes(_)
            | StopKind::Depth(_) => Class::Policy,
            StopKind::Read { .. } => Class::Storage,
        }
    }
}
