//! `mokapot schema`: the JSON Schema of recipes.

use std::process::ExitCode;

use super::Outcome;
use super::session::Session;
use crate::domain::recipe;

/// Print the JSON Schema of recipes, for editors that complete and check them.
///
/// An editor with TOML support (Even Better TOML, taplo) takes it from a file named in the recipe's first line:
/// `#:schema ./recipe.schema.json`.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  mokapot schema > recipes/recipe.schema.json")]
pub(super) struct Schema {}

impl Schema {
    pub(super) fn run(self, session: &Session<'_>) -> Outcome {
        let schema = recipe::schema();
        let text = serde_json::to_string_pretty(&schema).unwrap_or_default();
        session.print(text, &serde_json::json!({ "schema": schema }))?;
        Ok(ExitCode::SUCCESS)
    }
}
