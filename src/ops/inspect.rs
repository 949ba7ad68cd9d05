//! Inspect: an image as a person asks about it: platforms, layers with what is in them, and what platforms share.

use std::collections::BTreeMap;

use serde::Serialize;

use super::document::{self, WrongDocument};
use crate::base::{Class, DiffId, Digest, Fault};
use crate::formats::oci::document::MAX_NESTING;
use crate::formats::oci::{self, Content, Descriptor, ImageConfig, Selector};
use crate::io::registry::{self, Images};

/// Why an image cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It could not be read.
    #[error(transparent)]
    Registry(#[from] registry::Error),
    /// It is there and makes no sense.
    #[error(transparent)]
    Document(#[from] WrongDocument),
}

impl Fault for Error {
    fn class(&self) -> Class {
        match self {
            Self::Registry(error) => error.class(),
            Self::Document(error) => error.class(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Registry(error) => error.hint(),
            Self::Document(error) => error.hint(),
        }
    }
}

/// An image.
#[derive(Clone, Debug, Serialize)]
pub struct Inspected {
    /// Digest of the index, or of the manifest where there is none.
    pub digest: Digest,
    /// Of the document with that digest.
    pub media_type: String,
    /// Of the index or manifest.
    pub annotations: BTreeMap<String, String>,
    /// In the order of the index.
    pub platforms: Vec<PlatformImage>,
    /// Bytes of all blobs, each counted once, however many platforms use it.
    pub size: u64,
    /// What refers to the image: signatures, SBOMs.
    pub referrers: Vec<Referrer>,
}

/// What one platform gets.
#[derive(Clone, Debug, Serialize)]
pub struct PlatformImage {
    /// `os/architecture[/variant]`.
    pub platform: String,
    /// Digest of the manifest.
    pub digest: Digest,
    /// Of the manifest.
    pub annotations: BTreeMap<String, String>,
    /// The config, read.
    pub config: ImageConfig,
    /// The lowest first.
    pub layers: Vec<Layer>,
    /// Bytes of all its layers as stored.
    pub size: u64,
}

/// One layer.
#[derive(Clone, Debug, Serialize)]
pub struct Layer {
    /// Of the stored blob.
    pub digest: Digest,
    /// Of the uncompressed tar.
    pub diff_id: DiffId,
    /// Bytes of the stored blob.
    pub size: u64,
    /// How it is stored.
    pub media_type: String,
    /// What is in it, as its annotation or, without one, its history says.
    pub title: Option<String>,
    /// Of the layer in the manifest.
    pub annotations: BTreeMap<String, String>,
    /// All platforms of this image that use this very blob, this one included.
    pub shared_by: Vec<String>,
}

/// What refers to the image.
#[derive(Clone, Debug, Serialize)]
pub struct Referrer {
    /// Of its manifest.
    pub digest: Digest,
    /// What it is.
    pub artifact_type: Option<String>,
}

/// Reads an image: its documents and configs, no layers.
///
/// # Errors
/// When it is not there, cannot be read, or is not what its digests say.
pub async fn inspect(images: &Images, selector: Option<&Selector>) -> Result<Inspected, Error> {
    let root = images.image(selector).await?;
    let mut platforms = Vec::new();
    let mut open = vec![(root.clone(), None::<Descriptor>, 0)];
    while let Some((current, entry, depth)) = open.pop() {
        match current.content() {
            Content::Index(index) => {
                if depth >= MAX_NESTING {
                    let source = oci::Error::Depth { pointer: "/manifests".into(), limit: MAX_NESTING };
                    return Err(WrongDocument::new(images, current.digest(), source).into());
                }
                // the last is taken first
                for child in index.manifests.iter().rev() {
                    let document = images.document(child.digest, Some(&child.media_type)).await?;
                    open.push((document, Some(child.clone()), depth + 1));
                }
            }
            Content::Manifest(manifest) => {
                let config = document::config::<Error>(images, manifest).await?;
                platforms.push(PlatformImage {
                    platform: entry.and_then(|entry| entry.platform).unwrap_or_else(|| config.platform.clone()),
                    digest: current.digest(),
                    annotations: manifest.annotations.clone(),
                    layers: layers(&manifest.layers, &config),
                    size: manifest.layers.iter().map(|layer| layer.size).sum(),
                    config,
                });
            }
        }
    }
    share(&mut platforms);
    let annotations = match root.content() {
        Content::Index(index) => index.annotations.clone(),
        Content::Manifest(manifest) => manifest.annotations.clone(),
    };
    let blobs: BTreeMap<Digest, u64> =
        platforms.iter().flat_map(|platform| &platform.layers).map(|layer| (layer.digest, layer.size)).collect();
    let referrers = images.referrers(root.digest()).await?;
    Ok(Inspected {
        digest: root.digest(),
        media_type: root.media_type().to_owned(),
        annotations,
        platforms,
        size: blobs.values().sum(),
        referrers: referrers
            .into_iter()
            .map(|entry| Referrer { digest: entry.digest, artifact_type: entry.artifact_type })
            .collect(),
    })
}

fn layers(layers: &[Descriptor], config: &ImageConfig) -> Vec<Layer> {
    let mut history = config.history.iter();
    let title = |layer: &Descriptor, history: Option<&String>| {
        let named = layer.annotations.get("org.opencontainers.image.title").cloned();
        named.or_else(|| history.filter(|text| !text.is_empty()).cloned())
    };
    layers
        .iter()
        .zip(&config.diff_ids)
        .map(|(layer, diff_id)| Layer {
            digest: layer.digest,
            diff_id: *diff_id,
            size: layer.size,
            media_type: layer.media_type.clone(),
            title: title(layer, history.next()),
            annotations: layer.annotations.clone(),
            shared_by: Vec::new(),
        })
        .collect()
}

/// Notes for each layer which platforms use it.
fn share(platforms: &mut [PlatformImage]) {
    let mut users: BTreeMap<Digest, Vec<String>> = BTreeMap::new();
    for platform in &*platforms {
        for layer in &platform.layers {
            let users = users.entry(layer.digest).or_default();
            if !users.contains(&platform.platform) {
                users.push(platform.platform.clone());
            }
        }
    }
    for layer in platforms.iter_mut().flat_map(|platform| &mut platform.layers) {
        layer.shared_by = users.get(&layer.digest).cloned().unwrap_or_default();
    }
}
