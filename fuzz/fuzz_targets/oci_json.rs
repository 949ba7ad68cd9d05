//! Manifests, indexes and configs from a registry: read or refused, never a panic; and what is read is the JSON that others read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mokapot::formats::oci::{Document, ImageConfig, json};
use serde_json::Value;

/// Whether all numbers are integers: those alone have a canonical form here.
fn is_whole(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().all(is_whole),
        Value::Object(members) => members.values().all(is_whole),
        Value::Number(number) => !number.is_f64(),
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    }
}

fuzz_target!(|data: &[u8]| {
    if let Some(value) = json::parse(data).ok().filter(is_whole) {
        let canonical = json::canonical(&value);
        assert_eq!(json::canonical(&json::parse(&canonical).unwrap()), canonical);
    }
    let _ = Document::parse(data.to_vec(), None);
    let _ = ImageConfig::parse(data);
});
