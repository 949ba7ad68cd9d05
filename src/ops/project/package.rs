//! Package recipes of a project: `packages/NAME/package.toml`, the files beside it, and `package.lock`.

use std::io;
use std::path::PathBuf;

use super::lockfile::{lock_text, replace_lock};
use super::named::Disk;
use super::read::{Unreadable, read};
use super::{Project, ProjectError};
use crate::base::redact;
use crate::domain::package::PackageRecipe;
use crate::domain::package::lock::{self, PackageLockfile};
use crate::domain::recipe;

/// A package recipe that was found, read and checked.
#[derive(Clone, Debug)]
pub struct LoadedPackage {
    /// The recipe.
    pub recipe: PackageRecipe,
    /// Its file.
    pub path: PathBuf,
    /// Its lockfile, which need not exist.
    pub lock_path: PathBuf,
}

impl Project {
    /// The file of a package recipe: a path when there is a `/` in it or `.toml` at its end, else a name.
    #[must_use]
    pub fn package_path(&self, package: &str) -> PathBuf {
        if package.contains('/') || package.ends_with(".toml") {
            PathBuf::from(package)
        } else {
            self.root.join("packages").join(package).join("package.toml")
        }
    }

    /// Finds, reads and checks a package recipe with all the files that it names.
    ///
    /// # Errors
    /// When there is no such recipe, a file cannot be read, or the recipe is wrong.
    pub fn load_package(&self, package: &str) -> Result<LoadedPackage, ProjectError> {
        let path = self.package_path(package);
        let bytes = match read(&path, recipe::MAX_BYTES) {
            Err(Unreadable::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
                let nearest = super::nearest(package, self.packages());
                return Err(ProjectError::UnknownPackage { name: redact::printable(package), path, nearest });
            }
            other => other.map_err(|reason| ProjectError::Read { path: path.clone(), reason })?,
        };
        let mut disk = Disk::new(&self.root);
        let name = disk.add(&path);
        let recipe = PackageRecipe::parse(&name, &bytes, &mut disk)?;
        Ok(LoadedPackage { recipe, lock_path: path.with_extension("lock"), path })
    }

    /// The names of all package recipes, sorted.
    #[must_use]
    pub fn packages(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.root.join("packages")).into_iter().flatten().filter_map(Result::ok);
        let recipes = entries.filter(|entry| entry.path().join("package.toml").is_file());
        let mut names: Vec<String> = recipes.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    }
}

impl LoadedPackage {
    /// The lockfile on disk; `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be read, or is wrong.
    pub fn read_lock(&self) -> Result<Option<PackageLockfile>, ProjectError> {
        let Some(text) = lock_text(&self.lock_path, lock::MAX_BYTES)? else { return Ok(None) };
        Ok(Some(PackageLockfile::parse(&text, &self.lock_path.to_string_lossy())?))
    }

    /// Writes the lockfile by rename; returns whether it changed.
    ///
    /// # Errors
    /// As for the lockfile of an image's recipe.
    pub fn write_lock(&self, lock: &PackageLockfile) -> Result<bool, ProjectError> {
        let newer = |old: &str| match PackageLockfile::parse(old, &self.lock_path.to_string_lossy()) {
            Err(error) if error.newer => Some(ProjectError::from(error)),
            _ => None,
        };
        replace_lock(&self.path, &self.lock_path, &lock.render(), lock::MAX_BYTES, newer)
    }
}
