//! The JSON Schema of a recipe file.

use super::wire::RecipeFile;

/// The schema (draft 2020-12) of one recipe file, generated from the very types that read it. What a chain must say as a whole,
/// such as `scripts`, is not required of one file.
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(RecipeFile).to_value()
}
