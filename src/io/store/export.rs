//! Entries as files outside the store.

use std::fs;
use std::io;
use std::path::Path;

use super::error::StoreError;
use super::layout::Store;
use crate::base::Digest;
use crate::io::unfinished;

impl Store {
    /// Gives an entry's bytes the name `path` too, by rename: as another name of the same file where the disks allow that, else as a
    /// copy. They are hashed before, or while they are copied.
    ///
    /// # Errors
    /// When the entry is absent or damaged, or the file cannot be made.
    pub fn export(&self, digest: &Digest, size: u64, path: &Path) -> Result<(), StoreError> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let failed = |source| StoreError::io("write", path)(source);
        fs::create_dir_all(folder).map_err(failed)?;
        // The folder comes first: a name in it is free.
        let place = unfinished::folder(tempfile::Builder::new().prefix(".mokapot-export-"), folder).map_err(failed)?;
        let unfinished = place.path().join("file");
        let mut checked = self.file(digest, size)?;
        let linked = self.find(digest).is_some_and(|entry| fs::hard_link(entry, &unfinished).is_ok());
        if !linked {
            let copied = fs::File::create(&unfinished).and_then(|mut file| io::copy(&mut checked, &mut file));
            copied.map_err(failed)?;
        }
        fs::rename(&unfinished, path).map_err(failed)?;
        unfinished::forget(place.path());
        Ok(())
    }
}
