//! The manifest of one platform's image (image-spec, `manifest.md`).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{LayerDescriptor, Made};
use crate::formats::oci::{Descriptor, media_type};

/// The annotation that carries a layer's title.
pub const TITLE: &str = "org.opencontainers.image.title";

/// Makes the manifest over `config` and `layers`, the lowest layer first.
#[must_use]
pub fn manifest(config: &Descriptor, layers: &[LayerDescriptor], annotations: &BTreeMap<String, String>) -> Made {
    let layers: Vec<Value> = layers.iter().map(|layer| descriptor(&layer_descriptor(layer))).collect();
    let mut value = json!({
        "schemaVersion": 2,
        "mediaType": media_type::MANIFEST,
        "config": descriptor(config),
        "layers": layers,
    });
    if !annotations.is_empty() {
        value["annotations"] = json!(annotations);
    }
    Made::new(media_type::MANIFEST, &value)
}

/// The layer as the manifest lists it: the title is an annotation.
fn layer_descriptor(layer: &LayerDescriptor) -> Descriptor {
    let mut annotations = layer.annotations.clone();
    annotations.insert(TITLE.to_owned(), layer.title.clone());
    Descriptor {
        media_type: layer.format.media_type().to_owned(),
        digest: layer.digest,
        size: layer.size,
        platform: None,
        artifact_type: None,
        annotations,
    }
}

/// A descriptor as JSON, without a platform.
pub(super) fn descriptor(descriptor: &Descriptor) -> Value {
    let mut value = json!({
        "mediaType": descriptor.media_type,
        "digest": descriptor.digest,
        "size": descriptor.size,
    });
    if !descriptor.annotations.is_empty() {
        value["annotations"] = json!(descriptor.annotations);
    }
    value
}
