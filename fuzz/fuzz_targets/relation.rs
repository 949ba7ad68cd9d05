//! No text breaks the reader of relations.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mokapot::formats::deb::relation;

fuzz_target!(|text: &str| {
    if let Ok(groups) = relation::parse_field(text) {
        assert!(groups.iter().all(|group| !group.is_empty()));
    }
});
