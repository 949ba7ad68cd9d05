//! What can go wrong between us and a server.

use std::fmt;
use std::io;
use std::time::Duration;

use super::retry::is_transient;
use crate::base::{Checksum, Class, Fault};

/// A request that failed for good: which, after how many attempts, and why.
#[derive(Debug, thiserror::Error)]
#[error("{verb} {url}: {cause}{}", Attempts(*attempts))]
pub struct HttpError {
    /// `GET`, `PUT`, …
    pub verb: String,
    /// The URL first asked for, without its secrets.
    pub url: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it failed in the end.
    pub cause: Cause,
}

/// Why a request failed. Texts of servers are escaped and cut.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The address is none, or of another scheme than http and https.
    #[error("{0}")]
    Address(String),
    /// The client could not be set up.
    #[error("cannot set up the HTTP client: {0}")]
    Setup(String),
    /// No connection, or one that broke.
    #[error("{0}")]
    Transport(String),
    /// Next to nothing came for a while.
    #[error("stalled: {received} bytes in {} s", window.as_secs_f32())]
    Stalled {
        /// How long.
        window: Duration,
        /// How much came in that time.
        received: u64,
    },
    /// The server answered with an error.
    #[error("status {status}{}", Quoted(text))]
    Status {
        /// The status code.
        status: u16,
        /// The head of its text.
        text: String,
        /// How long the server asks to wait.
        retry_after: Option<Duration>,
    },
    /// A redirect that is not followed.
    #[error("redirect refused: {reason} (by way of {})", hops.join(" -> "))]
    Redirect {
        /// All addresses so far, the refused one last, without their secrets.
        hops: Vec<String>,
        /// Why.
        reason: String,
    },
    /// The body is longer or shorter than the file we want.
    #[error("size mismatch: expected {expected} bytes, the server has {got}{}", Quoted(head))]
    Size {
        /// What it should be.
        expected: u64,
        /// What the server says, or sent: `more` where it did not stop.
        got: String,
        /// The head of the body, where it is text.
        head: String,
    },
    /// A body without known size exceeds the limit set for it.
    #[error("the answer is larger than {limit} bytes, the most that is sane here")]
    Limit {
        /// The limit.
        limit: u64,
    },
    /// All bytes came, and they are not the ones.
    #[error("checksum mismatch: expected {}, got {}{}", checksums.0, checksums.1, Quoted(head))]
    Mismatch {
        /// What it should be, and what it is.
        checksums: Box<(Checksum, Checksum)>,
        /// The head of the body, where it is text.
        head: String,
    },
    /// Writing down what came failed.
    #[error("cannot write what was received: {0}")]
    Sink(io::Error),
}

impl Cause {
    /// Whether another attempt may fare better.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Transport(_) | Self::Stalled { .. } => true,
            Self::Status { status, .. } => is_transient(*status),
            Self::Address(_)
            | Self::Setup(_)
            | Self::Redirect { .. }
            | Self::Size { .. }
            | Self::Limit { .. }
            | Self::Mismatch { .. }
            | Self::Sink(_) => false,
        }
    }
}

impl HttpError {
    /// The status the server answered with, if that is the reason.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match self.cause {
            Cause::Status { status, .. } => Some(status),
            _ => None,
        }
    }

    /// Whether the server says there is no such thing: 404 or 410, and not 403, which says nothing.
    #[must_use]
    pub const fn is_absent(&self) -> bool {
        matches!(self.status(), Some(404 | 410))
    }
}

impl Fault for HttpError {
    fn class(&self) -> Class {
        match self.cause {
            Cause::Size { .. } | Cause::Mismatch { .. } => Class::Integrity,
            Cause::Redirect { .. } => Class::Policy,
            Cause::Sink(_) => Class::Storage,
            Cause::Address(_)
            | Cause::Setup(_)
            | Cause::Transport(_)
            | Cause::Stalled { .. }
            | Cause::Status { .. }
            | Cause::Limit { .. } => Class::Network,
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match &self.cause {
            Cause::Size { head, .. } | Cause::Mismatch { head, .. } if head.starts_with('<') => {
                "the server sent a web page instead of the file: a login, a proxy or a paywall is in between"
            }
            Cause::Size { .. } | Cause::Mismatch { .. } => {
                "the mirror may be in the middle of an update, or the file was replaced: try again later or another mirror"
            }
            Cause::Status { status: 401 | 403, .. } => {
                "credentials for this host are read from netrc and apt's auth.conf"
            }
            Cause::Status { status: 407, .. } => {
                "the proxy asks for credentials: http://USER:PASSWORD@HOST in its setting"
            }
            Cause::Transport(text) if text.contains("NotValidYet") || text.contains("not valid yet") => {
                "the server's certificate is from the future: check the system clock"
            }
            Cause::Transport(text) if text.contains("UnknownIssuer") => {
                "no authority that this machine knows vouches for the server: the usual ones are in the Debian package \
                 ca-certificates, and SSL_CERT_FILE can name others"
            }
            Cause::Setup(text) if text.contains("os error 24") => "allow more open files: `ulimit -n 256`",
            Cause::Transport(_) | Cause::Stalled { .. } => "check the network and the proxy settings",
            _ => return None,
        };
        Some(text.into())
    }
}

/// ` (5 attempts)`, and nothing for a single one.
struct Attempts(u32);

impl fmt::Display for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 > 1 { write!(f, " ({} attempts)", self.0) } else { Ok(()) }
    }
}

/// `: "text"`, and nothing for none.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, ": \"{}\"", self.0) }
    }
}
