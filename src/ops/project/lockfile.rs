//! Lockfiles on disk: read whole, written by rename.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::read::{Unreadable, read};
use super::{Loaded, ProjectError};
use crate::domain::lock::{self, Lockfile};
use crate::io::unfinished;

impl Loaded {
    /// The lockfile on disk; `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be read, or is wrong.
    pub fn read_lock(&self) -> Result<Option<Lockfile>, ProjectError> {
        let Some(text) = lock_text(&self.lock_path, lock::MAX_BYTES)? else { return Ok(None) };
        Ok(Some(Lockfile::parse(&text, &self.lock_path.to_string_lossy())?))
    }

    /// Writes the lockfile by rename; returns whether it changed.
    ///
    /// # Errors
    /// When there is something at its place that is not replaced (a link, a folder, a read-only file, a newer version's lockfile), or
    /// the disk refuses.
    pub fn write_lock(&self, lock: &Lockfile) -> Result<bool, ProjectError> {
        let newer = |old: &str| match Lockfile::parse(old, &self.lock_path.to_string_lossy()) {
            Err(error) if matches!(error.reason, lock::Reason::Newer { .. }) => Some(ProjectError::from(error)),
            _ => None,
        };
        replace_lock(&self.path, &self.lock_path, &lock.render(), lock::MAX_BYTES, newer)
    }
}

/// A lockfile's text; `None` when there is none.
pub(super) fn lock_text(path: &Path, limit: u64) -> Result<Option<String>, ProjectError> {
    match read(path, limit) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(Unreadable::Io(error)) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(reason) => Err(ProjectError::Read { path: path.to_owned(), reason }),
    }
}

/// Writes a lockfile's text by rename; returns whether it changed. `newer` tells of a text that a newer version wrote.
pub(super) fn replace_lock(
    recipe: &Path,
    path: &Path,
    text: &str,
    limit: u64,
    newer: impl FnOnce(&str) -> Option<ProjectError>,
) -> Result<bool, ProjectError> {
    let failed = |source| ProjectError::Write { path: path.to_owned(), source };
    let occupied = |what| Err(ProjectError::Occupied { path: path.to_owned(), what });
    // Writers of one lockfile wait for each other, so that what a killed one left behind can be swept.
    let guard = File::open(recipe).map_err(failed)?;
    guard.lock().map_err(failed)?;
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
        Ok(found) if found.is_symlink() => return occupied("a symbolic link"),
        Ok(found) if found.is_dir() => return occupied("a folder"),
        Ok(found) if !found.is_file() => return occupied("no regular file"),
        Ok(found) if found.permissions().readonly() => return occupied("read-only"),
        Ok(_) => {
            let old = read(path, limit).unwrap_or_default();
            if old == text.as_bytes() {
                return Ok(false);
            }
            if let Some(error) = newer(&String::from_utf8_lossy(&old)) {
                return Err(error);
            }
        }
    }
    replace(path, text.as_bytes()).map_err(failed)?;
    Ok(true)
}

/// Writes `bytes` beside `path`, syncs, and renames over it. Temporary files that a killed run left are removed.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let prefix = format!(".{}.", path.file_name().unwrap_or_default().to_string_lossy());
    for entry in fs::read_dir(folder)?.filter_map(Result::ok) {
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(&prefix) && name.ends_with(".tmp")) {
            fs::remove_file(entry.path())?;
        }
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(".tmp").permissions(fs::Permissions::from_mode(0o666));
    let mut file = unfinished::file(&builder, folder)?;
    io::Write::write_all(&mut file, bytes)?;
    file.as_file().sync_all()?;
    let unfinished = file.path().to_owned();
    file.persist(path).map_err(|error| error.error)?;
    unfinished::forget(&unfinished);
    File::open(folder)?.sync_all()
}
