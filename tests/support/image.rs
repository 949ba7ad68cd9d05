//! Small two-platform images, made in code.

use std::collections::BTreeMap;
use std::io::Write as _;

use mokapot::base::{Arch, DiffId, Digest, Epoch, Platform};
use mokapot::domain::image::{self, LayerDescriptor, LayerFormat, Settings};
use mokapot::formats::oci::Descriptor;
use mokapot::io::registry::Layout;

/// Writes an image of three blobs a platform, one of them shared, whose bytes depend on `seed`; returns its index.
pub fn write(layout: &Layout, seed: &str) -> Descriptor {
    sized(layout, seed, 100)
}

/// [`write`] with layers of so many bytes.
pub fn sized(layout: &Layout, seed: &str, size: usize) -> Descriptor {
    let mut manifests = BTreeMap::new();
    for arch in Arch::ALL {
        let layers = [format!("{seed} {arch}"), format!("{seed} both")].map(|title| layer(layout, &title, size));
        let settings = Settings { cmd: vec![seed.to_owned()], ..Settings::default() };
        let config = image::config(Platform(arch), Epoch::ZERO, &settings, &layers).unwrap();
        let manifest = image::manifest(&config.descriptor, &layers, &BTreeMap::new());
        layout.put_blob(&config.bytes).unwrap();
        layout.put_blob(&manifest.bytes).unwrap();
        manifests.insert(Platform(arch), manifest.descriptor);
    }
    let index = image::index(&manifests, &BTreeMap::new()).unwrap();
    layout.put_blob(&index.bytes).unwrap();
    index.descriptor
}

/// A layer of an empty tar: zeros, with the title in the padding so that each is another blob.
fn layer(layout: &Layout, title: &str, size: usize) -> LayerDescriptor {
    let mut bytes = title.as_bytes().to_vec();
    bytes.extend((bytes.len()..size).map(|i| (i * 31 % 251) as u8));
    let mut writer = layout.blob_writer().unwrap();
    writer.write_all(&bytes).unwrap();
    let (digest, size) = writer.commit().unwrap();
    LayerDescriptor {
        digest,
        diff_id: DiffId(Digest::of(&bytes)),
        size,
        format: LayerFormat::Tar,
        title: title.to_owned(),
        annotations: BTreeMap::new(),
    }
}
