//! The recipe's own files, laid over what the packages left.

use crate::domain::rootfs::{Kind, Meta, Owner, Position, Tree, TreeError};

/// A file, link or directory of the recipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipeFile {
    /// Where it goes, in the form of [`crate::formats::tar::Entry::path`].
    pub path: Vec<u8>,
    /// What it is. A file's bytes may be small ones made here, or the entry of a fragment that was made of the recipe's files.
    pub kind: Kind,
    /// Its numbers.
    pub meta: Meta,
    /// The fragment's entry that is this file, if there is one.
    pub origin: Option<Position>,
}

/// Lays `files` over the tree, in order. A file takes the place of a package's file or link; a directory joins one that is
/// there and, as the recipe's word is the last, sets its numbers.
///
/// # Errors
/// When a file would take a directory's place, or stand below a file.
pub fn apply(tree: &mut Tree, files: &[RecipeFile]) -> Result<(), TreeError> {
    for file in files {
        tree.insert(&file.path, file.kind.clone(), file.meta.clone(), Owner::Recipe, file.origin)?;
        if matches!(file.kind, Kind::Directory)
            && let Some(real) = tree.real_path(&file.path)?
        {
            tree.change(&real, |meta| *meta = file.meta.clone())?;
        }
    }
    Ok(())
}
