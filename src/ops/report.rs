//! What a build did: the image's parts, the packages in them, and every maintainer script.

use serde::{Deserialize, Serialize};

use super::rootfs::Rootfs;
use crate::base::{Arch, DiffId, Digest, Epoch};
use crate::domain::image::LayerDescriptor;
use crate::domain::lock::Locked;
use crate::domain::script::Ledger;
use crate::formats::oci::{Descriptor, media_type};

/// A build's report. It is a pure function of what the image is made of, so it is kept with the image's memo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The recipe.
    pub recipe: String,
    /// The moment of the image, in seconds since 1970.
    pub epoch: Epoch,
    /// Digest of the index.
    pub digest: Digest,
    /// Bytes of the index.
    pub size: u64,
    /// One image a platform, in the order of the index.
    pub platforms: Vec<ImageReport>,
}

/// One platform's image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageReport {
    /// The platform.
    pub arch: Arch,
    /// Digest of the manifest.
    pub manifest: Digest,
    /// Bytes of the manifest.
    pub manifest_size: u64,
    /// Digest of the config.
    pub config: Digest,
    /// Bytes of the config.
    pub config_size: u64,
    /// The lowest first.
    pub layers: Vec<LayerReport>,
    /// How many packages.
    pub packages: usize,
    /// How many entries the tree has.
    pub entries: usize,
    /// Every maintainer script, and what became of it.
    pub scripts: Ledger,
}

/// One layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerReport {
    /// What is in it.
    pub title: String,
    /// Digest of the blob.
    pub digest: Digest,
    /// Digest of the tar.
    pub diff_id: DiffId,
    /// Bytes of the blob.
    pub size: u64,
}

impl Report {
    pub(super) fn new(locked: &Locked, index: &Descriptor, epoch: Epoch, platforms: Vec<ImageReport>) -> Self {
        Self { recipe: locked.recipe().name.clone(), epoch, digest: index.digest, size: index.size, platforms }
    }

    /// The index, as a parent would describe it.
    #[must_use]
    pub fn descriptor(&self) -> Descriptor {
        Descriptor {
            media_type: media_type::INDEX.to_owned(),
            digest: self.digest,
            size: self.size,
            platform: None,
            artifact_type: None,
            annotations: std::collections::BTreeMap::new(),
        }
    }

    /// Every blob of the image: digest and size.
    pub fn blobs(&self) -> impl Iterator<Item = (Digest, u64)> {
        let own = self.platforms.iter().flat_map(|platform| {
            let documents = [(platform.manifest, platform.manifest_size), (platform.config, platform.config_size)];
            documents.into_iter().chain(platform.layers.iter().map(|layer| (layer.digest, layer.size)))
        });
        own.chain([(self.digest, self.size)])
    }
}

impl ImageReport {
    pub(super) fn new(rootfs: &Rootfs, config: &Descriptor, manifest: &Descriptor, layers: &[LayerDescriptor]) -> Self {
        Self {
            arch: rootfs.arch,
            manifest: manifest.digest,
            manifest_size: manifest.size,
            config: config.digest,
            config_size: config.size,
            layers: layers
                .iter()
                .map(|layer| LayerReport {
                    title: layer.title.clone(),
                    digest: layer.digest,
                    diff_id: layer.diff_id,
                    size: layer.size,
                })
                .collect(),
            packages: rootfs.artefacts.len(),
            entries: rootfs.entries,
            scripts: rootfs.scripts.clone(),
        }
    }
}
