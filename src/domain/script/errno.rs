//! Error numbers of system calls, with the words of `strerror(3)` in the C locale.

use crate::domain::rootfs::TreeError;

/// Why a system call would have failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Errno {
    /// `EPERM`.
    #[error("Operation not permitted")]
    NotPermitted,
    /// `ENOENT`.
    #[error("No such file or directory")]
    Missing,
    /// `EIO`: the store lost a file's bytes; the run ends after this.
    #[error("Input/output error")]
    Io,
    /// `ENXIO`.
    #[error("No such device or address")]
    NoDevice,
    /// `EBADF`.
    #[error("Bad file descriptor")]
    BadDescriptor,
    /// `EACCES`.
    #[error("Permission denied")]
    Access,
    /// `EEXIST`.
    #[error("File exists")]
    Exists,
    /// `ENOTDIR`.
    #[error("Not a directory")]
    NotADirectory,
    /// `EISDIR`.
    #[error("Is a directory")]
    IsADirectory,
    /// `EINVAL`.
    #[error("Invalid argument")]
    Invalid,
    /// `EFBIG`.
    #[error("File too large")]
    TooLarge,
    /// `ENAMETOOLONG`.
    #[error("File name too long")]
    NameTooLong,
    /// `ENOTEMPTY`.
    #[error("Directory not empty")]
    NotEmpty,
    /// `ELOOP`.
    #[error("Too many levels of symbolic links")]
    Loop,
}

impl From<TreeError> for Errno {
    fn from(error: TreeError) -> Self {
        match error {
            TreeError::NotADirectory { .. } => Self::NotADirectory,
            TreeError::Missing { .. } | TreeError::Dangling { .. } => Self::Missing,
            TreeError::Loop { .. } => Self::Loop,
            TreeError::Name { reason, .. } if reason.contains("long") => Self::NameTooLong,
            TreeError::Name { .. } | TreeError::Hardlink { .. } => Self::Invalid,
            TreeError::IsADirectory { .. } => Self::IsADirectory,
            TreeError::Exists { .. } => Self::Exists,
            TreeError::NotEmpty { .. } => Self::NotEmpty,
        }
    }
}
