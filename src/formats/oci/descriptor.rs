//! Descriptors: a name of bytes by digest and size, with what they are (image-spec, `descriptor.md`).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::error::Error;
use super::json::Node;
use crate::base::Digest;

/// What an index or manifest says about one of its children.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// Media type of the bytes.
    pub media_type: String,
    /// SHA-256 of the bytes. Other algorithms are refused.
    pub digest: Digest,
    /// Length in bytes.
    pub size: u64,
    /// `os/architecture[/variant]`, as an index gives it; any platform, not only ours.
    pub platform: Option<String>,
    /// What kind of artifact a referrer is.
    pub artifact_type: Option<String>,
    /// Sorted by key.
    pub annotations: BTreeMap<String, String>,
}

impl Descriptor {
    /// A descriptor of `bytes`, without a platform and annotations.
    #[must_use]
    pub fn of(media_type: &str, bytes: &[u8]) -> Self {
        Self {
            media_type: media_type.to_owned(),
            digest: Digest::of(bytes),
            size: bytes.len() as u64,
            platform: None,
            artifact_type: None,
            annotations: BTreeMap::new(),
        }
    }

    pub(super) fn read(node: &Node<'_>) -> Result<Self, Error> {
        let descriptor = Self {
            media_type: node.require("mediaType", "a media type")?.text()?.to_owned(),
            digest: node.require("digest", "a digest")?.digest()?,
            size: node.require("size", "a size")?.size()?,
            platform: node.get("platform")?.map(|platform| read_platform(&platform)).transpose()?,
            artifact_type: node.get("artifactType")?.map(|kind| kind.text().map(str::to_owned)).transpose()?,
            annotations: read_annotations(node)?,
        };
        if let Some(data) = node.get("data")? {
            let bytes = STANDARD.decode(data.text()?).map_err(|_| data.wrong("padded base64"))?;
            if bytes.len() as u64 != descriptor.size || Digest::of(&bytes) != descriptor.digest {
                let (digest, size) = (descriptor.digest, descriptor.size);
                return Err(Error::Data { pointer: node.pointer(), digest, size });
            }
        }
        Ok(descriptor)
    }
}

fn read_platform(node: &Node<'_>) -> Result<String, Error> {
    let mut text = node.require("os", "an operating system")?.text()?.to_owned();
    text = text + "/" + node.require("architecture", "an architecture")?.text()?;
    if let Some(variant) = node.get("variant")? {
        text = text + "/" + variant.text()?;
    }
    Ok(text)
}

/// The member `annotations` of `node`, empty when absent.
pub(super) fn read_annotations(node: &Node<'_>) -> Result<BTreeMap<String, String>, Error> {
    let Some(annotations) = node.get("annotations")? else { return Ok(BTreeMap::new()) };
    annotations.members()?.into_iter().map(|(name, value)| Ok((name.to_owned(), value.text()?.to_owned()))).collect()
}
