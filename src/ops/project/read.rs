//! Reading regular files, bounded, and nothing else.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The system says why.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is no regular file.
    #[error("it is {0}, not a file")]
    Kind(&'static str),
    /// It is larger than what we read.
    #[error("it is larger than the limit of {0} bytes")]
    TooLarge(u64),
}

/// Opens a regular file; anything else is refused before it is opened, since opening a pipe waits for its other end.
pub(super) fn open(path: &Path) -> Result<File, Unreadable> {
    fn kind(found: &fs::Metadata) -> Result<(), Unreadable> {
        use std::os::unix::fs::FileTypeExt;
        let kind = found.file_type();
        Err(Unreadable::Kind(match () {
            () if kind.is_file() => return Ok(()),
            () if kind.is_dir() => "a folder",
            () if kind.is_fifo() => "a named pipe",
            () if kind.is_socket() => "a socket",
            () => "a device",
        }))
    }
    kind(&fs::metadata(path)?)?;
    let file = File::open(path)?;
    kind(&file.metadata()?)?;
    Ok(file)
}

pub(super) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Unreadable> {
    let mut bytes = Vec::new();
    open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(Unreadable::TooLarge(limit)) } else { Ok(bytes) }
}
