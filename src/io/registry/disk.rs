//! Files that appear by rename, locks of folders, and the sweeping up after killed runs.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::NamedTempFile;

use super::error::{Error, Result};
use crate::formats::oci::json::MAX_SIZE;
use crate::io::unfinished;

/// How the names of our unfinished files begin.
const TEMPORARY: &str = ".mokapot-";

/// A temporary file with the permissions of any other file: `tempfile`'s default is for secrets.
pub(super) fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    unfinished::file(builder.prefix(TEMPORARY).permissions(fs::Permissions::from_mode(0o666)), folder)
}

/// A temporary file beside `file`, for a folder that is not ours. It is locked as long as it is written, so that what killed
/// runs left for the same `file` can be told from what others are writing now, and removed.
pub(super) fn temporary_beside(file: &Path) -> Result<NamedTempFile> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let prefix = format!("{TEMPORARY}{}-", file.file_name().unwrap_or_default().to_string_lossy());
    // nobody is between making a file and locking it
    let _making = lock(folder)?;
    for entry in fs::read_dir(folder).map_err(Error::disk("list", folder))? {
        let entry = entry.map_err(Error::disk("list", folder))?;
        if entry.file_name().to_string_lossy().starts_with(&prefix)
            && File::open(entry.path()).is_ok_and(|left| left.try_lock().is_ok())
        {
            fs::remove_file(entry.path()).map_err(Error::disk("remove", &entry.path()))?;
        }
    }
    let mut builder = tempfile::Builder::new();
    let made = unfinished::file(builder.prefix(&prefix).permissions(fs::Permissions::from_mode(0o666)), folder);
    let made = made.map_err(Error::disk("create a file in", folder))?;
    made.as_file().lock().map_err(Error::disk("lock", made.path()))?;
    Ok(made)
}

/// Flushes to the disk, so that a write error shows here and not at a silent close, and renames.
pub(super) fn persist(file: NamedTempFile, path: &Path) -> Result<()> {
    file.as_file().sync_all().map_err(Error::disk("write", path))?;
    let unfinished = file.path().to_owned();
    file.persist(path).map_err(|error| Error::disk("rename to", path)(error.error))?;
    unfinished::forget(&unfinished);
    Ok(())
}

/// Writes a small file by rename.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = temporary(folder).map_err(Error::disk("create a file in", folder))?;
    file.write_all(bytes).map_err(Error::disk("write", path))?;
    persist(file, path)?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(Error::disk("write", folder))
}

/// Waits for the exclusive lock of a folder; it is held until the file is dropped.
pub(super) fn lock(dir: &Path) -> Result<File> {
    let file = File::open(dir).map_err(Error::disk("open", dir))?;
    file.lock().map_err(Error::disk("lock", dir))?;
    Ok(file)
}

/// Whether nothing but our own unfinished files is in the folder.
pub(super) fn is_blank(dir: &Path) -> Result<bool> {
    for entry in fs::read_dir(dir).map_err(Error::disk("list", dir))? {
        let entry = entry.map_err(Error::disk("list", dir))?;
        if !entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Removes the unfinished files of killed runs.
pub(super) fn sweep(dir: &Path) -> Result<()> {
    for entry in fs::read_dir(dir).map_err(Error::disk("list", dir))? {
        let entry = entry.map_err(Error::disk("list", dir))?;
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
            match fs::remove_file(entry.path()) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Error::disk("remove", &entry.path())(error));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// The whole content of a small file; none when it is not there.
pub(super) fn read_optional(path: &Path) -> Result<Option<Vec<u8>>> {
    match File::open(path) {
        Ok(file) => read_bounded(file, path, MAX_SIZE).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::disk("open", path)(error)),
    }
}

/// Reads at most one byte more than `limit`: enough for whoever looks at the result to notice.
pub(super) fn read_bounded(file: File, path: &Path, limit: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(Error::disk("read", path))?;
    Ok(bytes)
}
