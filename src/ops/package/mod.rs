//! Package recipes into `.deb` files: lock, fetch, unpack, lay out, look, write.
//!
//! The package goes into the store, and from there to the output. What it was made of leads to it in the store's memos, so a package
//! whose recipe, files and lock are as before costs nothing.

mod contents;
mod error;
mod lock;
mod look;
mod write;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use error::PackageError;

use super::project::LoadedPackage;
use super::{Error, Inputs};
use crate::base::{Arch, Class, Digest, Event, Fault, Hasher};
use crate::domain::package::{LockedPackage, file_name};
use crate::formats::deb::writer;
use crate::io::store::{Store, StoreError};

/// The kind of memos that lead from what a package is made of to its file.
const MEMO: &str = "package";

/// How often damaged inputs are fetched or made again before giving up.
const REPAIRS: u32 = 3;

/// What to package.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Of a recipe with a package for each platform, only these; all when empty.
    pub architectures: Vec<Arch>,
    /// Whether the lockfile must stay as it is.
    pub locked: bool,
}

/// A package that is in the store now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packaged {
    /// The package's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its platform; none for one that fits all.
    pub arch: Option<Arch>,
    /// The name of its file, such as `hadoop_2.10.2-1_all.deb`.
    pub file: String,
    /// Its digest.
    pub sha256: Digest,
    /// Its bytes.
    pub size: u64,
    /// Whether there was nothing to do.
    pub unchanged: bool,
}

#[derive(Serialize, Deserialize)]
struct Record {
    sha256: Digest,
    size: u64,
}

/// Makes the packages of a loaded recipe, and leaves them in the store: what image recipes take from there.
///
/// # Errors
/// When the lock cannot be made or used, sources cannot be had, the recipe is wrong beside what they hold, or a disk refuses.
pub async fn package(loaded: &LoadedPackage, options: &Options, inputs: &Inputs<'_>) -> Result<Vec<Packaged>, Error> {
    let platforms = platforms(loaded, options)?;
    let locked = lock::ensure_lock(loaded, options.locked, inputs).await?;
    let store = &inputs.fetcher.store;
    let mut repairs = 0;
    loop {
        if let Some(known) = platforms.iter().map(|arch| known(&locked, *arch, store)).collect() {
            return Ok(known);
        }
        let outcome = match lock::fetch_locked(&locked, inputs).await {
            Ok(()) => make(&locked, &platforms, loaded, inputs),
            Err(error) => Err(error),
        };
        match outcome {
            // The store put the damaged entry aside, so what is missing is fetched or made again.
            Err(error) if repairs < REPAIRS && inputs.fetcher.client.is_some() && is_damage(&error) => {
                repairs += 1;
                inputs.fetcher.progress.emit(Event::Warning(error.to_string()));
            }
            other => return other,
        }
    }
}

/// Writes a package of the store to `folder`, by rename. One that is there and has its size is left as it is, if there was nothing to
/// do. Returns its path.
///
/// # Errors
/// When a disk refuses, or the store's entry is damaged.
pub fn export(packaged: &Packaged, folder: &Path, store: &Store) -> Result<PathBuf, Error> {
    let path = folder.join(&packaged.file);
    let there = std::fs::symlink_metadata(&path).is_ok_and(|found| found.is_file() && found.len() == packaged.size);
    if !(there && packaged.unchanged) {
        store.export(&packaged.sha256, packaged.size, &path)?;
    }
    Ok(path)
}

fn platforms(loaded: &LoadedPackage, options: &Options) -> Result<Vec<Option<Arch>>, Error> {
    let own = &loaded.recipe.platforms;
    if own.is_empty() {
        return if options.architectures.is_empty() {
            Ok(vec![None])
        } else {
            Err(PackageError::NoPlatform { package: loaded.recipe.name.to_string() }.into())
        };
    }
    let wanted = |arch: &&Arch| options.architectures.is_empty() || options.architectures.contains(arch);
    Ok(own.iter().filter(wanted).map(|arch| Some(*arch)).collect())
}

/// What a package is made of: all that its bytes depend on.
fn key(locked: &LockedPackage, arch: Option<Arch>) -> Digest {
    let mut key = Hasher::new();
    key.update(format!("{} {:?} {arch:?} ", env!("MOKAPOT_SOURCES"), writer::FORMAT).as_bytes());
    key.update(locked.recipe().meaning().as_bytes());
    key.update(locked.lock().render().as_bytes());
    key.finish().0
}

fn packaged(locked: &LockedPackage, arch: Option<Arch>, record: &Record, unchanged: bool) -> Packaged {
    let recipe = locked.recipe();
    Packaged {
        name: recipe.name.to_string(),
        version: recipe.version.to_string(),
        arch,
        file: file_name(recipe, arch),
        sha256: record.sha256,
        size: record.size,
        unchanged,
    }
}

fn known(locked: &LockedPackage, arch: Option<Arch>, store: &Store) -> Option<Packaged> {
    let record: Record = contents::recall(store, MEMO, &key(locked, arch))?;
    if !store.contains(&record.sha256, Some(record.size)) {
        return None;
    }
    store.touch(&record.sha256);
    Some(packaged(locked, arch, &record, true))
}

fn make(
    locked: &LockedPackage,
    platforms: &[Option<Arch>],
    loaded: &LoadedPackage,
    inputs: &Inputs<'_>,
) -> Result<Vec<Packaged>, Error> {
    let store = &inputs.fetcher.store;
    loaded.recipe.local().try_for_each(|file| write::local(file, store))?;
    let contents = contents::contents(locked, store)?;
    let one = |arch: &Option<Arch>| {
        if let Some(known) = known(locked, *arch, store) {
            return Ok(known);
        }
        let (sha256, size) = write::write(locked.recipe(), *arch, &contents, store, &*inputs.fetcher.progress)?;
        let record = Record { sha256, size };
        contents::remember(store, MEMO, &key(locked, *arch), &record);
        Ok(packaged(locked, *arch, &record, false))
    };
    platforms.iter().map(one).collect()
}

/// Whether a failure comes from an entry of the store that was damaged, and is put aside now.
fn is_damage(error: &Error) -> bool {
    match error {
        Error::Store(StoreError::Absent { .. }) => true,
        Error::Store(error) => error.class() == Class::Integrity,
        _ => false,
    }
}
