//! What can go wrong between us and an object.

use std::fmt;
use std::io;

use crate::base::{Checksum, Class, Fault};
use crate::formats::s3::ObjectName;
use crate::io::http::Cause;

/// A request for an object that failed for good.
#[derive(Debug, thiserror::Error)]
#[error("{verb} {object}: {cause}")]
pub struct ObjectError {
    /// `GET`, `PUT`, …
    pub verb: &'static str,
    /// The object.
    pub object: ObjectName,
    /// Why it failed in the end.
    pub cause: ObjectCause,
}

/// Why a request failed. Texts of servers are escaped and cut.
#[derive(Debug, thiserror::Error)]
pub enum ObjectCause {
    /// Nothing came back, or the connection broke.
    #[error(transparent)]
    Http(#[from] Cause),
    /// The endpoint, a profile or another setting is wrong.
    #[error("{0}")]
    Setting(String),
    /// Nobody gives us credentials who should.
    #[error("no credentials: {0}")]
    Credentials(String),
    /// The service refuses or fails.
    #[error("status {status}{}", Code(code, message))]
    Answer {
        /// The status code.
        status: u16,
        /// The service's own code, such as `NoSuchKey`; empty where it gives none.
        code: String,
        /// Its own words.
        message: String,
        /// Whether the request was signed.
        signed: bool,
    },
    /// Our clock and the service's are too far apart.
    #[error("the clocks differ too much: here it is {ours}, there {theirs}")]
    Skewed {
        /// Our time.
        ours: String,
        /// The service's time.
        theirs: String,
    },
    /// The object was overwritten while it was read, again and again.
    #[error("the object was overwritten while it was read")]
    Changed,
    /// The object has another size, and is too large to look at.
    #[error("size mismatch: expected {expected} bytes, the object has {got}")]
    Size {
        /// What it should be.
        expected: u64,
        /// What it is.
        got: u64,
    },
    /// All bytes came, and they are not the ones.
    #[error("checksum mismatch: expected {}, got {}", checksums.0, checksums.1)]
    Mismatch {
        /// What it should be, and what it is.
        checksums: Box<(Checksum, Checksum)>,
    },
    /// The object is larger than what is sane.
    #[error("the object has {got} bytes, more than {limit}, the most that is sane here")]
    Limit {
        /// The limit.
        limit: u64,
        /// Its size.
        got: u64,
    },
    /// Writing down what came, or reading what is to be sent, failed.
    #[error("cannot write or read on this machine: {0}")]
    Local(io::Error),
}

impl ObjectError {
    /// Whether the service says that there is no such object: 404, and not 403, which says nothing.
    #[must_use]
    pub const fn is_absent(&self) -> bool {
        matches!(self.cause, ObjectCause::Answer { status: 404, .. })
    }

    /// As [`ObjectError::is_absent`], but for a bucket that is not there either.
    #[must_use]
    pub(super) fn is_no_object(&self) -> bool {
        matches!(&self.cause, ObjectCause::Answer { status: 404, code, .. } if code != "NoSuchBucket")
    }

    /// Whether a condition did not hold.
    #[must_use]
    pub(super) const fn is_lost(&self) -> bool {
        matches!(self.cause, ObjectCause::Answer { status: 412, .. })
    }
}

impl Fault for ObjectError {
    fn class(&self) -> Class {
        match &self.cause {
            ObjectCause::Size { .. } | ObjectCause::Mismatch { .. } | ObjectCause::Changed => Class::Integrity,
            ObjectCause::Local(_) => Class::Storage,
            ObjectCause::Setting(_) => Class::Usage,
            ObjectCause::Answer { status: 507, .. } => Class::Storage,
            ObjectCause::Answer { code, .. } if code == "InsufficientStorage" || code == "QuotaExceeded" => {
                Class::Storage
            }
            ObjectCause::Http(_)
            | ObjectCause::Credentials(_)
            | ObjectCause::Answer { .. }
            | ObjectCause::Skewed { .. }
            | ObjectCause::Limit { .. } => Class::Network,
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match &self.cause {
            ObjectCause::Answer { status: 401 | 403, signed: false, .. } => {
                "no credentials were found: the environment (AWS_ACCESS_KEY_ID …), the profile files, a web identity token and the \
                 instance's metadata were asked"
            }
            ObjectCause::Answer { status: 403, .. } => {
                "S3 also says this of an object that is not there where s3:ListBucket is not allowed"
            }
            ObjectCause::Answer { code, .. } if code == "NoSuchBucket" => "make the bucket, or look at its name again",
            ObjectCause::Answer { code, .. } if code == "NoSuchKey" => {
                "`mokapot jars push` fills a bucket from the jars' other places"
            }
            ObjectCause::Skewed { .. } => "set the system clock",
            ObjectCause::Size { .. } | ObjectCause::Mismatch { .. } => {
                "the object is not what was locked: put the right one there, or lock what is there now"
            }
            ObjectCause::Http(Cause::Transport(_) | Cause::Stalled { .. }) => "check the network and AWS_ENDPOINT_URL",
            _ => return None,
        };
        Some(text.into())
    }
}

/// `: NoSuchKey: "text"`, or less where there is less.
struct Code<'a>(&'a str, &'a str);

impl fmt::Display for Code<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(code, message) = self;
        if !code.is_empty() {
            write!(f, ": {code}")?;
        }
        if message.is_empty() { Ok(()) } else { write!(f, ": \"{message}\"") }
    }
}
