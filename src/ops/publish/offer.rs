//! What is to be published: packages on disk, and packages that were just made.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;
use std::sync::Arc;

use super::super::Error;
use super::super::package::Packaged;
use super::super::unpack::LIMITS;
use super::PublishError;
use crate::base::{Digest, Hasher};
use crate::domain::repository::Addition;
use crate::formats::compress::Checksums;
use crate::formats::deb::DebReader;
use crate::formats::tar::Kind;
use crate::io::objects::Content;
use crate::io::store::Store;

/// How much is read at a time.
const CHUNK: usize = 1 << 18;

/// A package, and where its bytes are.
pub struct Offer {
    /// What it is.
    pub addition: Addition,
    /// Its bytes.
    pub content: Content,
}

impl Offer {
    /// A package's file, which is read to its end.
    ///
    /// # Errors
    /// When it cannot be read, or is no sound package.
    pub fn file(path: &Path) -> Result<Self, Error> {
        let failed = |source| Error::Read { path: path.to_owned(), source };
        let mut file = File::open(path).map_err(failed)?;
        let (sha256, size) = hash(&mut file).map_err(failed)?;
        file.rewind().map_err(failed)?;
        let addition = read(file, (sha256, size), path)?;
        Ok(Self { addition, content: Content::file(path.to_owned()) })
    }

    /// A package of the store.
    ///
    /// # Errors
    /// When the store fails.
    pub fn packaged(packaged: &Packaged, store: &Arc<Store>) -> Result<Self, Error> {
        let (sha256, size) = (packaged.sha256, packaged.size);
        // Hashed before it is read.
        let file = store.file(&sha256, size)?;
        let addition = read(file, (sha256, size), Path::new(&packaged.file))?;
        let store = Arc::clone(store);
        let open = move || store.file(&sha256, size).map_err(|error| io::Error::other(error.to_string()));
        Ok(Self { addition, content: Content::File(Arc::new(open)) })
    }
}

fn hash(file: &mut File) -> io::Result<(Digest, u64)> {
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; CHUNK];
    loop {
        match file.read(&mut buffer)? {
            0 => {
                let (digest, size, _) = hasher.finish();
                return Ok((digest, size));
            }
            n => hasher.update(&buffer[..n]),
        }
    }
}

fn read(input: impl Read, (sha256, size): (Digest, u64), path: &Path) -> Result<Addition, PublishError> {
    let wrong = |source| PublishError::Deb { path: path.to_owned(), source };
    let mut deb = DebReader::open(input, LIMITS, Checksums::Verify).map_err(wrong)?;
    let mut paths = Vec::new();
    while let Some(entry) = deb.next_entry().map_err(wrong)? {
        if !matches!(entry.kind, Kind::Directory) {
            paths.push(entry.path);
        }
    }
    let (control, _) = deb.finish().map_err(wrong)?;
    Ok(Addition { control: control.stanza, package: control.package, size, sha256, paths })
}
