//! Names of images and the headers of registries: what is read prints and reads back as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mokapot::formats::oci::{Challenge, ImageName, Reference, link};

fuzz_target!(|text: &str| {
    if let Ok(reference) = text.parse::<Reference>() {
        assert_eq!(reference.to_string().parse::<Reference>().unwrap(), reference);
    }
    if let Ok(name) = text.parse::<ImageName>() {
        assert_eq!(name.to_string().parse::<ImageName>().unwrap(), name);
    }
    let _ = Challenge::parse(text);
    let _ = link::next(text);
});
