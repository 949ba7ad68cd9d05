//! The way from files to a recipe: the `extends` chain, read one file after the other by the caller, then merged and checked.

use super::credential;
use super::de::from_node;
use super::error::{Problem, RecipeError};
use super::model::Recipe;
use super::named::NamedFiles;
use super::node::Node;
use super::source::{Source, Span};
use super::{resolve, wire::RecipeFile};

/// How long a chain may be.
const MAX_CHAIN: usize = 16;

/// Recipes of which each extends the next; the first is the one to build.
#[derive(Clone, Debug, Default)]
pub struct Chain {
    sources: Vec<Source>,
    trees: Vec<Node>,
}

impl Chain {
    /// A chain of no file yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file: first the recipe to build, then what it extends, and so on. `name` is how errors show it; a name that is in the
    /// chain already closes a circle. Returns what the file extends, as it says it.
    ///
    /// # Errors
    /// When the file is too large, no UTF-8, no TOML, nested too deeply, or holds what looks like a credential; when the chain is
    /// a circle or too long.
    pub fn push(&mut self, name: &str, bytes: &[u8]) -> Result<Option<&str>, RecipeError> {
        let file = self.sources.len();
        if self.sources.iter().any(|source| source.name == name) {
            let names: Vec<&str> = self.sources.iter().map(|s| s.name.as_str()).chain([name]).collect();
            let message = format!("`extends` goes in a circle: {}", names.join(" → "));
            return Err(self.refuse_extends(&message, "take one `extends` of the circle out"));
        }
        if file == MAX_CHAIN {
            let message = format!("more than {MAX_CHAIN} recipes extend each other");
            return Err(self.refuse_extends(&message, "put some of them together"));
        }
        let source = match Source::decode(name, bytes) {
            Ok(source) => source,
            Err((mut source, span, message, hint)) => {
                let mut problems = credential::find(&mut source, 0);
                problems.push(Problem::new(span, message, hint));
                return Err(RecipeError::new(&[source], problems));
            }
        };
        self.sources.push(source);
        let Some(source) = self.sources.last_mut() else { return Ok(None) };
        let secrets = credential::find(source, file);
        if !secrets.is_empty() {
            return Err(RecipeError::new(&self.sources, secrets));
        }
        match Node::parse(source, file) {
            Ok(tree) => self.trees.push(tree),
            Err(problems) => return Err(RecipeError::new(&self.sources, problems)),
        }
        Ok(self.trees.last().and_then(|tree| tree.string("extends")).map(|(name, _)| name))
    }

    /// The error that the last file's `extends` cannot be followed.
    #[must_use]
    pub fn refuse_extends(&self, message: &str, hint: &str) -> RecipeError {
        let span = self.trees.last().and_then(|tree| tree.string("extends")).map(|(_, span)| span);
        RecipeError::new(&self.sources, vec![Problem::new(span.unwrap_or_default(), message, hint)])
    }

    /// Merges the chain and checks all of it; the files that it names are read through `files`.
    ///
    /// # Errors
    /// With everything that is wrong: first what keeps a section from being read, else all broken rules at once.
    pub fn resolve(&self, files: &mut impl NamedFiles) -> Result<Recipe, RecipeError> {
        let fail = |problems| RecipeError::new(&self.sources, problems);
        let mut trees = self.trees.iter().rev().cloned();
        let nothing = || fail(vec![Problem::new(Span::default(), "there is no recipe", "name a recipe")]);
        let mut merged = trees.next().ok_or_else(nothing)?;
        for nearer in trees {
            merged.merge(nearer);
        }
        let sections: RecipeFile = from_node(&merged).map_err(|problem| fail(vec![problem]))?;
        let names: Vec<&str> = self.sources.iter().map(|source| source.name.as_str()).collect();
        let mut recipe = resolve::resolve(sections, merged.span, &names, files).map_err(fail)?;
        let platforms = recipe.targets.keys().copied().collect();
        for tree in self.trees.iter().rev() {
            let sections: RecipeFile = from_node(tree).map_err(|problem| fail(vec![problem]))?;
            recipe.levels.push(resolve::level(&sections, &platforms));
        }
        Ok(recipe)
    }
}
