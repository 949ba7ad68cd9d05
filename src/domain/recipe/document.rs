//! A file of TOML that stands alone, read with the places of all its keys and values: what package recipes are read through.

use serde::Deserialize;

use super::credential;
use super::de::from_node;
use super::error::{Problem, RecipeError};
use super::node::Node;
use super::source::Source;

/// One file, whole.
#[derive(Clone, Debug)]
pub(in crate::domain) struct Document {
    source: Source,
    tree: Node,
}

impl Document {
    /// Reads `bytes`; `name` is how errors show the file.
    ///
    /// # Errors
    /// When they are too many, no UTF-8, no TOML, nested too deeply, or hold what looks like a credential.
    pub(in crate::domain) fn parse(name: &str, bytes: &[u8]) -> Result<Self, RecipeError> {
        let mut source = match Source::decode(name, bytes) {
            Ok(source) => source,
            Err((mut source, span, message, hint)) => {
                let mut problems = credential::find(&mut source, 0);
                problems.push(Problem::new(span, message, hint));
                return Err(RecipeError::new(&[source], problems));
            }
        };
        let secrets = credential::find(&mut source, 0);
        if !secrets.is_empty() {
            return Err(RecipeError::new(&[source], secrets));
        }
        match Node::parse(&source, 0) {
            Ok(tree) => Ok(Self { source, tree }),
            Err(problems) => Err(RecipeError::new(&[source], problems)),
        }
    }

    /// The file as sections.
    ///
    /// # Errors
    /// When keys are unknown or missing, or values of another type.
    pub(in crate::domain) fn read<T: for<'de> Deserialize<'de>>(&self) -> Result<T, RecipeError> {
        from_node(&self.tree).map_err(|problem| self.refuse(vec![problem]))
    }

    /// Its text, with line ends as LF.
    pub(in crate::domain) fn text(&self) -> &str {
        &self.source.text
    }

    /// What is wrong, shown in this file.
    pub(in crate::domain) fn refuse(&self, problems: Vec<Problem>) -> RecipeError {
        RecipeError::new(std::slice::from_ref(&self.source), problems)
    }
}
