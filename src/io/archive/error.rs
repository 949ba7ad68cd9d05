//! What can go wrong with an archive's metadata.

use std::io;

use crate::base::redact::printable;
use crate::base::{Class, Epoch, Fault};
use crate::formats::deb::deb822::Deb822Error;
use crate::formats::deb::package::PackageError;
use crate::formats::deb::release::ReleaseError;
use crate::formats::openpgp::OpenPgpError;
use crate::io::http::HttpError;

/// A suite, or one of its indexes, that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{at}: {reason}")]
pub struct ArchiveError {
    /// Mirror alias and suite, such as `debian bookworm`, with the index's path where it is about one.
    pub at: String,
    /// Why.
    pub reason: Box<Reason>,
}

/// Why a suite or an index cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Reason {
    /// Fetching failed.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// There is neither an InRelease nor a Release.
    #[error("there is no such suite: {url} answers 404, and there is no Release beside it")]
    Absent {
        /// Where the InRelease should be.
        url: String,
    },
    /// There is a Release, but no signature of it.
    #[error("the suite is not signed: it has a Release, but neither InRelease nor Release.gpg")]
    Unsigned,
    /// The signature does not hold.
    #[error("{file}: {source}")]
    Trust {
        /// `InRelease` or `Release.gpg`.
        file: &'static str,
        /// Why not.
        source: OpenPgpError,
    },
    /// The signed text is no Release we can use.
    #[error("Release: {}", printable(&.0.to_string()))]
    Release(#[from] ReleaseError),
    /// It is the Release of another suite.
    #[error("this is another suite: suite `{}`, codename `{}`", printable(suite), printable(codename))]
    OtherSuite {
        /// Its `Suite`.
        suite: String,
        /// Its `Codename`.
        codename: String,
    },
    /// `Valid-Until` has passed.
    #[error("expired: valid until {}, and now it is {}", until.rfc3339(), now.rfc3339())]
    Expired {
        /// Until when it was valid.
        until: Epoch,
        /// The system's time.
        now: Epoch,
    },
    /// Older than the caller lets any Release be.
    #[error("too old: of {}, which is more than {} days before {}", date.rfc3339(), days, now.rfc3339())]
    Stale {
        /// Its date.
        date: Epoch,
        /// The allowed age.
        days: u32,
        /// The system's time.
        now: Epoch,
    },
    /// `Date` is yet to come.
    #[error("from the future: of {}, and now it is {}", date.rfc3339(), now.rfc3339())]
    Future {
        /// Its date.
        date: Epoch,
        /// The system's time.
        now: Epoch,
    },
    /// Older than what was seen before.
    #[error("older than before: of {}, and the lockfile has seen {}", date.rfc3339(), seen.rfc3339())]
    Older {
        /// Its date.
        date: Epoch,
        /// The date that was seen before.
        seen: Epoch,
    },
    /// The Release lists no such index.
    #[error("no packages of component `{component}` for {arch}; components: {}", printable(&components.join(", ")))]
    NoIndex {
        /// The component.
        component: String,
        /// The architecture.
        arch: String,
        /// The components there are.
        components: Vec<String>,
    },
    /// An index cannot be read or decompressed, or is not what the Release says.
    #[error("{0}")]
    Read(io::Error),
    /// An index is no list of stanzas.
    #[error("{}", printable(&.0.to_string()))]
    Syntax(Deb822Error),
    /// A stanza describes no package.
    #[error("{package}: {}", printable(&source.to_string()))]
    Package {
        /// The package's name, as far as it is known.
        package: String,
        /// What is wrong.
        source: PackageError,
    },
    /// A package of another architecture in this one's index.
    #[error("line {line}: {package} is of architecture {found}")]
    ForeignArchitecture {
        /// Where its stanza starts.
        line: u64,
        /// The package.
        package: String,
        /// Its architecture.
        found: String,
    },
    /// The same package twice, with different bytes.
    #[error("line {line}: {package} is listed twice, with different checksums")]
    Twice {
        /// Where the second stanza starts.
        line: u64,
        /// The package, with version and architecture.
        package: String,
    },
}

impl Reason {
    /// The error of something that is named `at`.
    pub(super) fn at(self, at: &str) -> ArchiveError {
        ArchiveError { at: at.into(), reason: Box::new(self) }
    }
}

impl Fault for ArchiveError {
    fn class(&self) -> Class {
        match &*self.reason {
            Reason::Http(error) => error.class(),
            Reason::Absent { .. } => Class::Network,
            Reason::Unsigned | Reason::OtherSuite { .. } => Class::Trust,
            Reason::Trust { source, .. } => source.class(),
            Reason::Release(error) => error.class(),
            Reason::Expired { .. } | Reason::Stale { .. } | Reason::Future { .. } | Reason::Older { .. } => {
                Class::Freshness
            }
            Reason::NoIndex { .. } => Class::Recipe,
            Reason::Read(_)
            | Reason::Syntax(_)
            | Reason::Package { .. }
            | Reason::ForeignArchitecture { .. }
            | Reason::Twice { .. } => Class::Integrity,
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match &*self.reason {
            Reason::Http(error) => return error.hint(),
            Reason::Trust { source, .. } => return source.hint(),
            Reason::Release(error) => return error.hint(),
            Reason::Absent { .. } => "check the suite's name, and the mirror's address with `mokapot mirrors`",
            Reason::Unsigned => "an unsigned archive cannot be used; if it was signed before, something is in between",
            Reason::OtherSuite { .. } => "name the suite by its codename, and check the mirror's address",
            Reason::Expired { .. } | Reason::Stale { .. } => {
                "the mirror is behind, or the system clock is ahead: check both; for a snapshot, say why in the archive's `accept-expired`"
            }
            Reason::Future { .. } => "the system clock is behind: check it",
            Reason::Older { .. } => "the mirror is behind what was locked: try again later, or another mirror",
            Reason::NoIndex { .. } => "check `components` and `platforms` in the recipe",
            Reason::Read(_) | Reason::Syntax(_) | Reason::Package { .. } | Reason::Twice { .. } => {
                "the archive itself is broken: tell those who run it"
            }
            Reason::ForeignArchitecture { .. } => "the archive itself is broken: tell those who run it",
        };
        Some(text.into())
    }
}
