//! The files that a recipe names, as whoever reads recipes hands them in.

use super::model::SourceFile;

/// A refusal of something that a recipe names: what is wrong, and the remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong with it, and with which path.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// Reads the files that a recipe names. `from` is the name under which the naming recipe was pushed; `path` is what it says.
pub trait NamedFiles {
    /// The bytes of a key file.
    ///
    /// # Errors
    /// When it cannot be read.
    fn key(&mut self, from: &str, path: &str) -> Result<Vec<u8>, Refusal>;

    /// Size and digest of a content file.
    ///
    /// # Errors
    /// When it cannot be read.
    fn source(&mut self, from: &str, path: &str) -> Result<SourceFile, Refusal>;

    /// Whether the project has a package recipe of this name.
    ///
    /// # Errors
    /// When it has none.
    fn package(&mut self, from: &str, name: &str) -> Result<(), Refusal>;
}
