//! A project on disk: where recipes are, the files that they name, and their lockfiles.
//!
//! A recipe is `recipes/NAME.toml` below the project's root; its lockfile `NAME.lock` stands beside it. Files that a recipe names must
//! lie in its context: the project's root, or the recipe's own folder for a recipe outside of it. A package recipe is
//! `packages/NAME/package.toml`, with its lockfile and all of its files beside it.

mod error;
mod lockfile;
mod named;
mod package;
mod read;

use std::path::{Path, PathBuf};
use std::{fs, io};

pub use error::ProjectError;
use named::Disk;
pub use package::LoadedPackage;
pub use read::Unreadable;
use read::read;

use crate::base::redact;
use crate::domain::recipe::{self, Chain, Recipe};

/// A folder with recipes.
#[derive(Clone, Debug)]
pub struct Project {
    root: PathBuf,
}

/// A recipe that was found, read and checked.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The recipe.
    pub recipe: Recipe,
    /// Its file.
    pub path: PathBuf,
    /// Its lockfile, which need not exist.
    pub lock_path: PathBuf,
    /// The package recipes of its `local`, in that order.
    pub local: Vec<LoadedPackage>,
}

impl Project {
    /// The project with this root.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The file of `recipe`: a path when there is a `/` in it or `.toml` at its end, else a name.
    #[must_use]
    pub fn recipe_path(&self, recipe: &str) -> PathBuf {
        if recipe.contains('/') || recipe.ends_with(".toml") {
            PathBuf::from(recipe)
        } else {
            self.root.join("recipes").join(format!("{recipe}.toml"))
        }
    }

    /// Finds, reads and checks a recipe with all that it extends and names.
    ///
    /// # Errors
    /// When there is no such recipe, a file cannot be read, or the recipe is wrong.
    pub fn load(&self, recipe: &str) -> Result<Loaded, ProjectError> {
        let path = self.recipe_path(recipe);
        let bytes = match read(&path, recipe::MAX_BYTES) {
            Err(Unreadable::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
                let nearest = nearest(recipe, self.recipes());
                return Err(ProjectError::Unknown { name: redact::printable(recipe), path, nearest });
            }
            other => other.map_err(|reason| ProjectError::Read { path: path.clone(), reason })?,
        };
        let mut disk = Disk::new(&self.root);
        let mut chain = Chain::new();
        let (mut current, mut bytes) = (path.clone(), bytes);
        loop {
            let name = disk.add(&current);
            let Some(extends) = chain.push(&name, &bytes)?.map(str::to_owned) else { break };
            let folder = current.parent().unwrap_or(Path::new(""));
            let next = if extends.contains('/') || extends.ends_with(".toml") {
                folder.join(&extends)
            } else {
                folder.join(format!("{extends}.toml"))
            };
            current = plain(&next);
            bytes = read(&current, recipe::MAX_BYTES).map_err(|reason| {
                let message = format!("cannot read `{}`: {reason}", current.display());
                let hint = "`extends` names a recipe beside this one, or a path from this file's folder";
                chain.refuse_extends(&message, hint)
            })?;
        }
        let recipe = chain.resolve(&mut disk)?;
        let local =
            recipe.packages.local.iter().map(|name| self.load_package(name.as_str())).collect::<Result<_, _>>()?;
        Ok(Loaded { recipe, lock_path: path.with_extension("lock"), path, local })
    }

    /// The names of all recipes, sorted.
    #[must_use]
    pub fn recipes(&self) -> Vec<String> {
        let entries = fs::read_dir(self.root.join("recipes")).into_iter().flatten().filter_map(Result::ok);
        let mut names: Vec<String> =
            entries.filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".toml").map(str::to_owned)).collect();
        names.sort();
        names
    }
}

/// The name that is most like `wanted`, if one is like it at all.
fn nearest(wanted: &str, names: Vec<String>) -> Option<String> {
    let near = |name: String| (strsim::jaro_winkler(wanted, &name), name);
    let best = names.into_iter().map(near).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > 0.75).then_some(best.1)
}

/// The path without `.` and `x/..`, so that a file has one name in a chain.
fn plain(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}
