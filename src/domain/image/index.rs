//! The index over the platforms' manifests (image-spec, `image-index.md`).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::manifest::descriptor;
use super::{Error, Made};
use crate::base::Platform;
use crate::formats::oci::{Descriptor, media_type};

/// Makes the index; its manifests are in the order of their platforms' names.
///
/// # Errors
/// When there is no manifest at all.
pub fn index(
    manifests: &BTreeMap<Platform, Descriptor>,
    annotations: &BTreeMap<String, String>,
) -> Result<Made, Error> {
    if manifests.is_empty() {
        return Err(Error::NoPlatform);
    }
    let entries: Vec<Value> = manifests
        .iter()
        .map(|(platform, manifest)| {
            let mut entry = descriptor(manifest);
            entry["platform"] = json!({"os": "linux", "architecture": platform.0.name()});
            entry
        })
        .collect();
    let mut value = json!({"schemaVersion": 2, "mediaType": media_type::INDEX, "manifests": entries});
    if !annotations.is_empty() {
        value["annotations"] = json!(annotations);
    }
    Ok(Made::new(media_type::INDEX, &value))
}
