//! Manifests, indexes and configs from a registry: read or refused, never a panic; and what is read is the JSON that others read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mokapot::formats::oci::{Document, ImageConfig, json};

fuzz_target!(|data: &[u8]| {
    if let Ok(value) = json::parse(data) {
        let canonical = json::canonical(&value);
        assert_eq!(json::canonical(&json::parse(&canonical).unwrap()), canonical);
    }
    let _ = Document::parse(data.to_vec(), None);
    let _ = ImageConfig::parse(data);
});
