//! The JSON Schema of a recipe file.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use serde_json::Value;

use super::wire::RecipeFile;

/// The schema (draft 2020-12) of one recipe file, generated from the very types that read it. What a chain must say as a whole,
/// such as an `[[archive]]`, is not required of one file.
#[must_use]
pub fn schema() -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<RecipeFile>();
    RecursiveTransform(without_null).transform(&mut schema);
    schema.to_value()
}

/// TOML has no null: a key that may be left out is left out. Widths of integers (`format`) say nothing beside their ranges.
fn without_null(schema: &mut Schema) {
    schema.remove("format");
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [single] = types.as_slice() {
            let single = single.clone();
            schema.insert("type".to_owned(), single);
        }
    }
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    if let Some(Value::Array(kinds)) = schema.get_mut("anyOf") {
        kinds.retain(|kind| kind.get("type").is_none_or(|kind| kind != "null"));
        if let [Value::Object(single)] = kinds.as_slice() {
            let single = single.clone();
            schema.remove("anyOf");
            single.into_iter().for_each(|(key, value)| {
                schema.insert(key, value);
            });
        }
    }
}
