//! The schema that editors check with says what the reader says.

use mokapot::domain::recipe::schema;

use super::mistakes::WRONG;
use super::{FULL, whole};

#[test]
fn the_schema_and_the_reader_agree() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let json =
        |text: &str| -> Option<serde_json::Value> { serde_json::to_value(text.parse::<toml::Table>().ok()?).ok() };
    assert!(validator.is_valid(&json(FULL).unwrap()), "{:?}", validator.validate(&json(FULL).unwrap()));
    // Rules that a schema cannot say: files that must exist, things that go together, placeholders, limits of bytes.
    let beyond = [
        "twice",
        "cannot read",
        "there is no package recipe",
        "of `install` too",
        "query or fragment",
        "lies below",
        "placeholder",
        "brace",
        "no place",
        "of its own",
        "two users",
        "reserved",
        "`..`",
        "NUL",
        "no `:`",
        "user = \"4294967295\"",
        "two ways",
        "x\\ny",
    ];
    for (lines, _, message) in WRONG {
        let Some(value) = json(&whole(lines)) else { continue };
        if !beyond.iter().any(|word| message.contains(word) || lines.contains(word)) {
            assert!(!validator.is_valid(&value), "the schema accepts\n{lines}");
        }
    }
}
