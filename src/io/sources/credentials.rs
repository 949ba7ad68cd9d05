//! Credentials from the files where package clients keep them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::io::http::Credentials;
use crate::io::http::credentials::Dialect;

/// More than any such file.
const MAX_FILE: u64 = 1 << 20;

/// Reads apt's `auth.conf` and `auth.conf.d/*.conf` below `apt` (usually `/etc/apt`), and a `netrc` file. What is not
/// there or not readable is skipped: a build without it may not need it, and a server that asks for it says so.
#[must_use]
pub fn read(apt: Option<&Path>, netrc: Option<&Path>) -> Credentials {
    let mut known = Credentials::default();
    let mut files: Vec<PathBuf> = Vec::new();
    if let Some(apt) = apt {
        let parts = fs::read_dir(apt.join("auth.conf.d")).into_iter().flatten().flatten().map(|entry| entry.path());
        files.extend(parts.filter(|path| path.extension().is_some_and(|e| e == "conf")));
        files.sort();
        files.push(apt.join("auth.conf"));
    }
    let files = files.into_iter().map(|path| (path, Dialect::Apt));
    for (path, dialect) in files.chain(netrc.map(|path| (path.to_owned(), Dialect::Netrc))) {
        let small = fs::metadata(&path).is_ok_and(|metadata| metadata.is_file() && metadata.len() <= MAX_FILE);
        if let Some(text) = small.then(|| fs::read_to_string(&path).ok()).flatten() {
            known.read(&text, dialect);
        }
    }
    known
}
