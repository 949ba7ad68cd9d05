//! Documents of images that make no sense, whoever reads them.

use crate::base::{Class, Digest, Fault};
use crate::formats::oci::{self, ImageConfig, Manifest};
use crate::io::registry::{self, Images};

/// A part of an image that is there and makes no sense.
#[derive(Debug, thiserror::Error)]
#[error("{image}: {document}: {source}")]
pub struct WrongDocument {
    /// The place of the image.
    pub image: String,
    /// Which part of it.
    pub document: Digest,
    /// What is wrong.
    pub source: Box<oci::Error>,
}

impl WrongDocument {
    pub(super) fn new(images: &Images, document: Digest, source: oci::Error) -> Self {
        Self { image: images.name(), document, source: Box::new(source) }
    }
}

impl Fault for WrongDocument {
    fn class(&self) -> Class {
        Class::Integrity
    }

    fn hint(&self) -> Option<String> {
        self.source.hint()
    }
}

/// Reads the config of a manifest, which must speak of as many layers.
pub(super) async fn config<E>(images: &Images, manifest: &Manifest) -> Result<ImageConfig, E>
where
    E: From<registry::Error> + From<WrongDocument>,
{
    let wrong = |source| WrongDocument::new(images, manifest.config.digest, source);
    let config = ImageConfig::parse(&images.small_blob(&manifest.config).await?).map_err(wrong)?;
    let (diff_ids, layers) = (config.diff_ids.len(), manifest.layers.len());
    if diff_ids != layers {
        return Err(wrong(oci::Error::DiffIdCount { diff_ids, layers }).into());
    }
    Ok(config)
}
