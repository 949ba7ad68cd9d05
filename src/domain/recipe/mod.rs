//! Recipes: the only place that knows their TOML.
//!
//! ```text
//! files ──Chain::push──▶ trees with places ──merge──▶ one tree ──de──▶ sections ──resolve──▶ Recipe
//! ```
//!
//! A [`Recipe`] is right by construction: its values are parsed, its named files digested, its placeholders filled in for each
//! platform. A recipe that is wrong becomes a [`RecipeError`], which shows file, line, column, the line itself, the rule and a hint.
//! The keys are those of the types in `wire`, from which [`schema()`] is generated too.

mod accounts;
mod at;
mod chain;
mod credential;
mod de;
mod debconf;
mod debs;
mod document;
mod effects;
mod error;
mod findings;
mod jars;
mod meaning;
mod model;
mod named;
mod node;
mod path;
mod place;
mod placed;
mod python;
mod resolve;
mod schema;
mod source;
mod target;
mod template;
mod wire;

pub(in crate::domain) use at::{At, OneOrMore};
pub use chain::Chain;
pub(in crate::domain) use document::Document;
pub use error::{Diagnostic, RecipeError};
pub(in crate::domain) use findings::Findings;
pub use meaning::{ArchiveMeaning, LockMeaning, PythonMeaning, meaning_digest};
pub use model::{
    Access, Archive, Content, Deb, DirectoryEntry, Effect, FileEntry, Image, ImageUser, Jar, JarSource, KeyFile, Level,
    Packages, Principal, Recipe, Scripts, SourceFile, Target, User,
};
pub use named::{NamedFiles, Refusal};
pub use path::ImagePath;
pub use place::{ParsePlaceError, Place};
pub use python::{Python, RequirementsFile};
pub use schema::schema;
pub use source::{MAX_BYTES, Span};
