//! What can go wrong between us and a registry, a layout or an archive of one.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::base::{Class, Digest, Fault};
use crate::formats::oci;
use crate::io::http::Cause;
use crate::io::http::retry::is_transient;

/// Result of everything in this room.
pub type Result<T> = std::result::Result<T, Error>;

/// Why an image could not be read or written. URLs are without credentials and query.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A disk refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Disk {
        /// What was tried: `write`, `rename` …
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A folder that we will not write into.
    #[error("{} is {what}", path.display())]
    NotALayout {
        /// The folder.
        path: PathBuf,
        /// What it is instead of a layout.
        what: &'static str,
    },
    /// A folder that is not there.
    #[error("there is no OCI layout at {}", .0.display())]
    NoLayout(PathBuf),
    /// A layout without the tag or digest that was asked for.
    #[error("{place} has no image `{name}`{}", list(found))]
    NoImage {
        /// The layout or repository.
        place: String,
        /// What was asked for.
        name: String,
        /// The tags that are there.
        found: Vec<String>,
    },
    /// No name, and more than one image to choose from.
    #[error("{place} has several images: {}", found.join(", "))]
    Ambiguous {
        /// The layout.
        place: String,
        /// Their tags.
        found: Vec<String>,
    },
    /// A blob that a manifest names is not there.
    #[error("{place} has no blob {digest}")]
    NoBlob {
        /// The layout or repository.
        place: String,
        /// Which one.
        digest: Digest,
    },
    /// Another length than the descriptor says. Checked before the digest.
    #[error("{object}: expected {expected} bytes, got {got}")]
    Size {
        /// The blob and where it is.
        object: String,
        /// As announced.
        expected: u64,
        /// As it is, or `more`.
        got: Got,
    },
    /// Other bytes than the digest says.
    #[error("{object}: expected {expected}, got {got}")]
    Digest {
        /// The blob or manifest and where it is.
        object: String,
        /// As asked for.
        expected: Digest,
        /// As it is.
        got: Digest,
    },
    /// A manifest, index or config that cannot be read.
    #[error("{object}: {source}")]
    Document {
        /// The document and where it is.
        object: String,
        /// Why.
        source: oci::Error,
    },
    /// An `oci-archive` that is none.
    #[error("{} is no OCI archive: {reason}", path.display())]
    Archive {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The server answered, and the answer is no.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// No answer: connection, TLS, protocol.
    #[error("{verb} {url}: {reason}{}", after(*tries))]
    Unreachable {
        /// The HTTP method.
        verb: String,
        /// Where.
        url: String,
        /// What the network said.
        reason: String,
        /// How often it was tried.
        tries: u32,
    },
    /// Bytes came or went too slowly.
    #[error("{verb} {url}: stalled: next to nothing moved in {}s{}", window.as_secs_f32(), after(*tries))]
    Stalled {
        /// The HTTP method.
        verb: String,
        /// Where.
        url: String,
        /// How long was waited.
        window: Duration,
        /// How often it was tried.
        tries: u32,
    },
    /// A redirect, `Location`, `Link` or token realm that we do not follow.
    #[error("{from}: will not follow {to}: {reason}")]
    Forbidden {
        /// Who sent us.
        from: String,
        /// Where to.
        to: String,
        /// Which rule.
        reason: String,
    },
    /// The answer breaks the protocol.
    #[error("{verb} {url}: {what}")]
    Protocol {
        /// The HTTP method.
        verb: String,
        /// Where.
        url: String,
        /// What is wrong, escaped.
        what: String,
    },
    /// No token, or one that is not enough.
    #[error("{registry}: {what}")]
    Unauthorized {
        /// The registry.
        registry: String,
        /// Why, escaped.
        what: String,
    },
    /// Docker's configuration or a credential helper failed.
    #[error("cannot read credentials for {registry}: {what}")]
    Credentials {
        /// The registry.
        registry: String,
        /// Why; never the helper's output.
        what: String,
    },
    /// The tag could not be moved because it already means something else.
    #[error("{name} is {found}, and the registry does not let it become {wanted}: {reason}")]
    Conflict {
        /// The reference.
        name: String,
        /// What it is.
        found: Digest,
        /// What it should be.
        wanted: Digest,
        /// The registry's words.
        reason: String,
    },
    /// The registry said yes, and then did not have it.
    #[error("the registry did not take the tag: {name} is {} after {}s, expected {wanted}", found.map_or("absent".to_owned(), |digest| digest.to_string()), waited.as_secs_f32())]
    NotTaken {
        /// The reference.
        name: String,
        /// What it is.
        found: Option<Digest>,
        /// What it should be.
        wanted: Digest,
        /// For how long it was asked.
        waited: Duration,
    },
    /// More pages than any real list has, or the same one twice.
    #[error("{url}: {what}")]
    Pages {
        /// The list.
        url: String,
        /// What is wrong with it.
        what: &'static str,
    },
}

/// How many bytes came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Got {
    /// So many.
    Exactly(u64),
    /// More than were announced; nobody counted them.
    More,
}

/// An answer with an error status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP method.
    pub verb: String,
    /// Where.
    pub url: String,
    /// The HTTP status.
    pub status: u16,
    /// The registry's codes and messages (distribution-spec, "Error Codes"), or the start of its text; escaped.
    pub said: String,
    /// The codes alone.
    pub codes: Vec<String>,
    /// How long the server asked us to wait, at the last try.
    pub asked: Option<Duration>,
    /// How often it was tried.
    pub tries: u32,
}

impl Refusal {
    /// Whether the registry gave this error code.
    #[must_use]
    pub fn has(&self, code: &str) -> bool {
        self.codes.iter().any(|c| c == code)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.verb, self.url, self.status)?;
        if !self.said.is_empty() {
            write!(f, " {}", self.said)?;
        }
        f.write_str(&after(self.tries))?;
        if let Some(asked) = self.asked {
            write!(f, "; the server asked to wait {} s", asked.as_secs())?;
        }
        Ok(())
    }
}

impl fmt::Display for Got {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(bytes) => bytes.fmt(f),
            Self::More => f.write_str("more"),
        }
    }
}

fn after(tries: u32) -> String {
    if tries > 1 { format!(" (after {tries} tries)") } else { String::new() }
}

fn list(found: &[String]) -> String {
    if found.is_empty() { String::new() } else { format!("; it has {}", found.join(", ")) }
}

impl Error {
    /// For `map_err` on what a disk refused.
    pub(super) fn disk(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Disk { action, path, source }
    }

    /// What it means that there is no answer to a request.
    pub(super) fn unanswered(verb: String, url: String, cause: Cause) -> Self {
        match cause {
            Cause::Stalled { window, .. } => Self::Stalled { verb, url, window, tries: 1 },
            Cause::Redirect { mut hops, reason } => {
                let to = if hops.len() > 1 { hops.pop() } else { None };
                Self::Forbidden { from: hops.join(" -> "), to: to.unwrap_or_default(), reason }
            }
            Cause::Address(reason) => Self::Forbidden { from: verb, to: url, reason },
            other => Self::Unreachable { verb, url, reason: other.to_string(), tries: 1 },
        }
    }

    /// Whether another try may fare better.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Stalled { .. } => true,
            Self::Refused(refusal) => is_transient(refusal.status),
            _ => false,
        }
    }

    /// Notes how often it was tried, at least.
    pub(super) fn count(&mut self, count: u32) {
        match self {
            Self::Refused(refusal) => refusal.tries = refusal.tries.max(count),
            Self::Unreachable { tries, .. } | Self::Stalled { tries, .. } => *tries = (*tries).max(count),
            _ => {}
        }
    }

    /// The refusal, if the server refused with this status.
    #[must_use]
    pub fn refused(&self, status: u16) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) if refusal.status == status => Some(refusal),
            _ => None,
        }
    }
}

impl Fault for Error {
    fn class(&self) -> Class {
        match self {
            Self::Disk { .. } | Self::NotALayout { .. } | Self::Archive { .. } => Class::Storage,
            Self::NoLayout(_) | Self::NoImage { .. } | Self::Ambiguous { .. } => Class::Usage,
            Self::NoBlob { .. } | Self::Size { .. } | Self::Digest { .. } | Self::Document { .. } => Class::Integrity,
            Self::Refused(refusal) => match refusal.status {
                401 | 403 => Class::Policy,
                _ => Class::Network,
            },
            Self::Unreachable { .. } | Self::Stalled { .. } | Self::Protocol { .. } | Self::Pages { .. } => {
                Class::Network
            }
            Self::Forbidden { .. } | Self::Unauthorized { .. } | Self::Credentials { .. } => Class::Policy,
            Self::Conflict { .. } => Class::Conflict,
            Self::NotTaken { .. } => Class::Network,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NotALayout { .. } => {
                Some("name a folder that does not exist yet, is empty, or is an OCI layout".into())
            }
            Self::NoLayout(_) => Some("build an image first, with `mokapot build`".into()),
            Self::NoImage { .. } => Some("name one that is there, or build it first, with `mokapot build`".into()),
            Self::Ambiguous { place, found } => Some(format!("name one: `{place}:{}`", found.first()?)),
            Self::Unauthorized { registry, .. } => {
                Some(format!("log in with `docker login {registry}` or `skopeo login {registry}`"))
            }
            Self::Refused(refusal) if matches!(refusal.status, 401 | 403) => {
                Some("the account may not do this in that repository: ask its owner, or log in as another".into())
            }
            Self::Conflict { .. } => Some("the tag is immutable: push under another one".into()),
            Self::Unreachable { reason, .. } if reason.contains("certificate") => {
                Some("check the system clock and the certificates the system trusts".into())
            }
            Self::Unreachable { reason, .. }
                if ["InvalidContentType", "tls handshake eof"].iter().any(|r| reason.contains(r)) =>
            {
                Some("the server does not speak TLS; a registry without TLS must be allowed by name".into())
            }
            Self::Document { source, .. } => source.hint(),
            _ => None,
        }
    }
}
