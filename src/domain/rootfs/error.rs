//! Why the tree refuses a change.

use crate::base::redact;
use crate::base::{Class, Fault};

/// What a filesystem would answer with an error number, with the paths that a reader needs to find the cause.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// A parent of the path is no directory (`ENOTDIR`).
    #[error("{}: {} is no directory", show(path), show(parent))]
    NotADirectory {
        /// What was asked for.
        path: Vec<u8>,
        /// The parent that is a file, device, pipe or socket.
        parent: Vec<u8>,
    },
    /// Nothing is there (`ENOENT`).
    #[error("{}: does not exist", show(path))]
    Missing {
        /// What was asked for.
        path: Vec<u8>,
    },
    /// A parent of the path is a symbolic link to nothing (`ENOENT`).
    #[error("{}: {} is a symbolic link to nothing", show(path), show(link))]
    Dangling {
        /// What was asked for.
        path: Vec<u8>,
        /// The link.
        link: Vec<u8>,
    },
    /// More than 40 symbolic links on the way (`ELOOP`).
    #[error("{}: too many levels of symbolic links", show(path))]
    Loop {
        /// What was asked for.
        path: Vec<u8>,
    },
    /// The path is not one that a filesystem can hold (`ENAMETOOLONG`, `EINVAL`).
    #[error("{}: {reason}", show(path))]
    Name {
        /// The path.
        path: Vec<u8>,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A directory stands where something else should go, or the reverse (`EISDIR`).
    #[error("{}: is a directory", show(path))]
    IsADirectory {
        /// The path.
        path: Vec<u8>,
    },
    /// Something stands there already (`EEXIST`).
    #[error("{}: exists already", show(path))]
    Exists {
        /// The path.
        path: Vec<u8>,
    },
    /// A directory that still has entries cannot go (`ENOTEMPTY`).
    #[error("{}: the directory is not empty", show(path))]
    NotEmpty {
        /// The path.
        path: Vec<u8>,
    },
    /// A hardlink that leads to nothing that can be linked.
    #[error("cannot create the hardlink {} to {}: {reason}", show(path), show(target))]
    Hardlink {
        /// The new name.
        path: Vec<u8>,
        /// What it should be another name of.
        target: Vec<u8>,
        /// What is wrong with the target.
        reason: &'static str,
    },
}

/// A path from `/`, safe to print and of bounded length.
fn show(path: &[u8]) -> String {
    const LIMIT: usize = 300;
    let (head, dots) = if path.len() > LIMIT { (&path[..LIMIT], "…") } else { (path, "") };
    format!("/{}{dots}", redact::printable_bytes(head))
}

impl Fault for TreeError {
    fn class(&self) -> Class {
        match self {
            Self::NotADirectory { .. }
            | Self::Missing { .. }
            | Self::Dangling { .. }
            | Self::Loop { .. }
            | Self::Name { .. }
            | Self::IsADirectory { .. }
            | Self::Exists { .. }
            | Self::NotEmpty { .. }
            | Self::Hardlink { .. } => Class::Integrity,
        }
    }
}
