//! What must be known of every file that is shipped, found out once: its MD5, and the machine code in it.

use std::io::{self, BufReader, Read, Seek};

use md5::{Digest as _, Md5};
use serde::{Deserialize, Serialize};

use super::super::Error;
use super::PackageError;
use super::contents::{recall, remember};
use crate::base::{Arch, Digest, Hasher};
use crate::domain::audit::native::Missing;
use crate::domain::audit::native::{self, Native};
use crate::domain::package::Blob;
use crate::io::store::{Store, StoreError};

/// The kind of memos that keep what was found.
const LOOK: &str = "package-look";

/// The version of what is looked for.
const FORMAT: u32 = 1;

/// A file, looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Look {
    /// MD5 of its bytes, as `md5sums` has it.
    pub(super) md5: [u8; 16],
    /// Machine code: entries of a jar, or the file itself with an empty name.
    pub(super) natives: Vec<Native>,
}

/// Looks at a file of the store. `path` is what errors call it.
///
/// # Errors
/// When it is a jar that cannot be read, or the store fails.
pub(super) fn look(path: &str, blob: Blob, store: &Store) -> Result<Look, Error> {
    let mut key = Hasher::new();
    key.update(format!("{FORMAT} {}", blob.sha256).as_bytes());
    let key: Digest = key.finish().0;
    if let Some(known) = recall(store, LOOK, &key) {
        return Ok(known);
    }
    let wrong = |error: io::Error| StoreError::inside(error, store.root());
    let mut file = store.file(&blob.sha256, blob.size)?;
    let mut md5 = Md5::new();
    let mut head = Vec::new();
    let mut buffer = vec![0; 128 << 10];
    loop {
        let n = file.read(&mut buffer).map_err(wrong)?;
        if n == 0 {
            break;
        }
        md5.update(&buffer[..n]);
        if head.len() < 64 {
            head.extend_from_slice(&buffer[..n.min(64)]);
        }
    }
    let natives = if path.ends_with(".jar") {
        file.rewind().map_err(wrong)?;
        let found = native::natives(BufReader::new(file));
        found.map_err(|error| PackageError::Look { path: path.to_owned(), reason: error.to_string() })?
    } else {
        native::machine(&head).map(|arch| Native { entry: String::new(), arch }).into_iter().collect()
    };
    let look = Look { md5: md5.finalize().into(), natives };
    remember(store, LOOK, &key, &look);
    Ok(look)
}

/// MD5 of bytes at hand.
#[must_use]
pub(super) fn md5(bytes: &[u8]) -> [u8; 16] {
    Md5::digest(bytes).into()
}

/// What a file of a package for `arch`, or for all platforms, lacks.
///
/// # Errors
/// When it is machine code that the package is not for.
pub(super) fn missing(path: &str, look: &Look, arch: Option<Arch>) -> Result<Vec<Missing>, Error> {
    if let Some(own) = look.natives.iter().find(|native| native.entry.is_empty() && arch != Some(native.arch)) {
        let wanted = arch.map_or("all platforms".to_owned(), |arch| arch.to_string());
        return Err(PackageError::Machine { path: path.to_owned(), arch: own.arch, wanted }.into());
    }
    let jar: Vec<Native> = look.natives.iter().filter(|native| !native.entry.is_empty()).cloned().collect();
    Ok(native::missing(&jar).into_iter().filter(|missing| arch.is_none_or(|arch| arch == missing.lacks)).collect())
}
