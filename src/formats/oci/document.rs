//! Manifests and indexes as they are read: the exact bytes, their digest, and what they mean.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::descriptor::{Descriptor, read_annotations};
use super::error::Error;
use super::json::{self, Node};
use super::media_type;
use crate::base::Digest;

/// The most manifests in one index, and the most layers in one manifest, that we read.
pub const MAX_ENTRIES: usize = 1_000;

/// How deep indexes may lie inside indexes.
pub const MAX_NESTING: usize = 4;

/// A manifest or an index: its bytes and its meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    bytes: Bytes,
    digest: Digest,
    media_type: String,
    content: Content,
}

/// What a document is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// It lists manifests (or further indexes).
    Index(Index),
    /// It lists layers.
    Manifest(Manifest),
}

/// A list of manifests, one a platform (image-spec, `image-index.md`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// In the order of the document.
    pub manifests: Vec<Descriptor>,
    /// Sorted by key.
    pub annotations: BTreeMap<String, String>,
    /// What the document is about, when it is a referrer.
    pub subject: Option<Descriptor>,
}

/// A config and layers (image-spec, `manifest.md`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The image's config, or an artifact's.
    pub config: Descriptor,
    /// The lowest first.
    pub layers: Vec<Descriptor>,
    /// Sorted by key.
    pub annotations: BTreeMap<String, String>,
    /// What the document is about, when it is a referrer.
    pub subject: Option<Descriptor>,
    /// What kind of artifact it is, when it is no image.
    pub artifact_type: Option<String>,
}

impl Document {
    /// Reads a manifest or index strictly. `announced` is the media type of the descriptor or header that led here.
    ///
    /// # Errors
    /// As [`json::parse`]; when a member is missing or wrong (the error has its JSON pointer); when the media type is
    /// unknown, or another than announced.
    pub fn parse(bytes: impl Into<Bytes>, announced: Option<&str>) -> Result<Self, Error> {
        let bytes = bytes.into();
        let value = json::parse(&bytes)?;
        let root = Node::root(&value);
        let media_type = media_type_of(&root, announced)?;
        let version = root.require("schemaVersion", "2")?;
        if version.size().ok() != Some(2) {
            return Err(version.wrong("2"));
        }
        let content = if media_type::is_index(&media_type) {
            Content::Index(Index {
                manifests: descriptors(&root, "manifests")?,
                annotations: read_annotations(&root)?,
                subject: root.get("subject")?.map(|node| Descriptor::read(&node)).transpose()?,
            })
        } else {
            Content::Manifest(Manifest {
                config: Descriptor::read(&root.require("config", "a descriptor")?)?,
                layers: descriptors(&root, "layers")?,
                annotations: read_annotations(&root)?,
                subject: root.get("subject")?.map(|node| Descriptor::read(&node)).transpose()?,
                artifact_type: root.get("artifactType")?.map(|kind| kind.text().map(str::to_owned)).transpose()?,
            })
        };
        Ok(Self { digest: Digest::of(&bytes), bytes, media_type, content })
    }

    /// The exact bytes.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The SHA-256 of the bytes.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// One of the four media types of manifests and indexes.
    #[must_use]
    pub fn media_type(&self) -> &str {
        &self.media_type
    }

    /// The meaning.
    #[must_use]
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// What a parent or an `index.json` says about this document, without platform and annotations.
    #[must_use]
    pub fn descriptor(&self) -> Descriptor {
        Descriptor::of(&self.media_type, &self.bytes)
    }
}

/// The document's own media type, the announced one, or the one its members give away, in this order.
fn media_type_of(root: &Node<'_>, announced: Option<&str>) -> Result<String, Error> {
    let stated = root.get("mediaType")?.map(|node| node.text()).transpose()?;
    let announced = announced.map(|text| text.split(';').next().unwrap_or_default().trim());
    let found = match (stated, announced) {
        (Some(stated), Some(announced)) if stated != announced => {
            return Err(Error::MediaTypeMismatch { announced: short(announced), stated: short(stated) });
        }
        (Some(kind), _) | (None, Some(kind)) => kind,
        (None, None) if root.get("manifests")?.is_some() => media_type::INDEX,
        (None, None) => media_type::MANIFEST,
    };
    if !media_type::is_index(found) && !media_type::is_manifest(found) {
        return Err(Error::MediaType(short(found)));
    }
    Ok(found.to_owned())
}

fn short(text: &str) -> String {
    crate::base::redact::printable(&text.chars().take(120).collect::<String>())
}

fn descriptors(root: &Node<'_>, name: &str) -> Result<Vec<Descriptor>, Error> {
    root.require(name, "a list of descriptors")?.items(MAX_ENTRIES)?.iter().map(Descriptor::read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn manifest(size: &str, more: &str) -> Result<Document, Error> {
        let text = format!(
            r#"{{"schemaVersion":2,"mediaType":"{}","config":{{"mediaType":"{}","digest":"{DIGEST}","size":{size}{more}}},"layers":[]}}"#,
            media_type::MANIFEST,
            media_type::CONFIG,
        );
        Document::parse(text, None)
    }

    #[test]
    fn sizes_that_are_none_are_named_by_pointer() {
        manifest("0", "").unwrap();
        for bad in ["-1", "9223372036854775808", "\"0\"", "1.5", "null"] {
            let error = manifest(bad, "").unwrap_err().to_string();
            assert!(error.starts_with("`/config/size`: expected"), "{bad}: {error}");
        }
    }

    #[test]
    fn embedded_data_must_be_the_blob() {
        manifest("0", r#","data":"""#).unwrap();
        for bad in ["YQ==", "YQ", "*", "YQ"] {
            let error = manifest("0", &format!(r#","data":"{bad}""#)).unwrap_err().to_string();
            assert!(error.contains("/config"), "{bad}: {error}");
        }
    }

    #[test]
    fn foreign_media_types_are_refused() {
        for kind in
            ["application/vnd.docker.distribution.manifest.v1+prettyjws", "application/octet-stream", "text/html"]
        {
            let error = Document::parse("{\"schemaVersion\":2}", Some(kind)).unwrap_err();
            assert_eq!(error, Error::MediaType(kind.into()));
        }
        let other = Document::parse(format!(r#"{{"mediaType":"{}"}}"#, media_type::INDEX), Some(media_type::MANIFEST));
        assert!(matches!(other, Err(Error::MediaTypeMismatch { .. })));
    }

    #[test]
    fn ten_thousand_children_are_refused() {
        let child = format!(r#"{{"mediaType":"{}","digest":"{DIGEST}","size":0}}"#, media_type::MANIFEST);
        let text = format!(r#"{{"schemaVersion":2,"manifests":[{}]}}"#, vec![child; 10_000].join(","));
        assert!(matches!(Document::parse(text, None), Err(Error::TooMany { count: 10_000, .. })));
    }
}
