//! Images: the config and the manifest of each platform, and the index over them, as canonical JSON.
//!
//! Pure: the same values give the same bytes, everywhere. The bytes are those of [`json::canonical`] over the
//! image-spec's types; nothing of the host, the time or the order of a hash map can reach them.
//!
//! [`json::canonical`]: crate::formats::oci::json::canonical

pub mod config;
pub mod index;
pub mod manifest;

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{Class, DiffId, Digest, Fault};
use crate::formats::oci::{Descriptor, json, media_type};

pub use config::config;
pub use index::index;
pub use manifest::manifest;

/// Why no image can be made of the values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Every entry must be `NAME=value` (image-spec, `schema/validator.go`: `unexpected env`).
    #[error("unexpected env: the name `{0}` is empty or has a `=` or NUL in it, or its value has a NUL")]
    Variable(String),
    /// Not `port`, `port/tcp`, `port/udp` or `port/sctp`.
    #[error("`{0}` is no port: 1 to 65535, then nothing, `/tcp`, `/udp` or `/sctp`")]
    Port(String),
    /// An index over nothing.
    #[error("an image needs at least one platform")]
    NoPlatform,
}

impl Fault for Error {
    fn class(&self) -> Class {
        Class::Recipe
    }
}

/// How a layer's tar is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerFormat {
    /// As it is.
    Tar,
    /// As gzip members.
    Gzip,
    /// As zstd frames.
    Zstd,
}

/// A finished layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerDescriptor {
    /// SHA-256 of the stored blob.
    pub digest: Digest,
    /// SHA-256 of the uncompressed tar.
    pub diff_id: DiffId,
    /// Length of the stored blob in bytes.
    pub size: u64,
    /// How it is stored.
    pub format: LayerFormat,
    /// What is in it, in a few words: `base packages`. Goes to history and annotations.
    pub title: String,
    /// Further annotations of the layer in the manifest.
    pub annotations: BTreeMap<String, String>,
}

/// What a container starts with (image-spec, `config.md`): the recipe's `[image]`, for one platform.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// `user[:group]`, by name or number.
    pub user: Option<String>,
    /// Environment, written as `NAME=value` in this order.
    pub env: Vec<(String, String)>,
    /// The program and its first arguments.
    pub entrypoint: Vec<String>,
    /// The arguments that a caller may replace.
    pub cmd: Vec<String>,
    /// Where the program starts.
    pub working_dir: Option<String>,
    /// `port`, `port/tcp` or `port/udp`.
    pub exposed_ports: BTreeSet<String>,
    /// Paths whose content belongs to the container, not to the image.
    pub volumes: BTreeSet<String>,
    /// The signal that asks the program to end: `SIGTERM`, `15`.
    pub stop_signal: Option<String>,
    /// Labels of the config.
    pub labels: BTreeMap<String, String>,
}

/// A document we made: its bytes and what a parent says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Canonical JSON.
    pub bytes: Vec<u8>,
    /// Media type, digest and size.
    pub descriptor: Descriptor,
}

impl LayerFormat {
    /// The media type of a layer stored so.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Tar => media_type::LAYER,
            Self::Gzip => media_type::LAYER_GZIP,
            Self::Zstd => media_type::LAYER_ZSTD,
        }
    }
}

impl Made {
    fn new(media_type: &str, value: &serde_json::Value) -> Self {
        let bytes = json::canonical(value);
        Self { descriptor: Descriptor::of(media_type, &bytes), bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Arch, Epoch, Platform};
    use crate::formats::oci::{Content, Document, ImageConfig};

    fn layers(arch: Arch) -> Vec<LayerDescriptor> {
        let layer = |name: &str, format| LayerDescriptor {
            digest: Digest::of(name.as_bytes()),
            diff_id: DiffId(Digest::of(&name.as_bytes()[1..])),
            size: 1234,
            format,
            title: name.split('/').next().unwrap().to_owned(),
            annotations: BTreeMap::from([("dev.mokapot.packages".into(), "3".into())]),
        };
        vec![layer(&format!("base packages/{arch}"), LayerFormat::Gzip), layer("jars/", LayerFormat::Zstd)]
    }

    fn image() -> (Vec<Made>, Made) {
        let settings = Settings {
            user: Some("185:0".into()),
            env: vec![("PATH".into(), "/usr/bin".into()), ("A".into(), "x=y".into())],
            entrypoint: vec!["/opt/entrypoint.sh".into()],
            exposed_ports: ["4040/tcp".to_owned()].into(),
            volumes: ["/var/lib/x".to_owned()].into(),
            labels: BTreeMap::from([("b".into(), "2".into()), ("a".into(), "1".into())]),
            working_dir: Some("/opt".into()),
            ..Settings::default()
        };
        let epoch: Epoch = "1700000000".parse().unwrap();
        let annotations = BTreeMap::from([("org.opencontainers.image.version".to_owned(), "1".to_owned())]);
        let mut made = Vec::new();
        let mut manifests = BTreeMap::new();
        for arch in [Arch::Arm64, Arch::Amd64] {
            let config = config(Platform(arch), epoch, &settings, &layers(arch)).unwrap();
            let manifest = manifest(&config.descriptor, &layers(arch), &annotations);
            manifests.insert(Platform(arch), manifest.descriptor.clone());
            made.extend([config, manifest]);
        }
        (made, index(&manifests, &annotations).unwrap())
    }

    #[test]
    fn the_index_digest_is_pinned() {
        let (_, index) = image();
        assert_eq!(
            index.descriptor.digest.to_string(),
            "sha256:f2fc83cebd083fa242de98686cccee9a97cc2e38982da87c75a405c76741364b",
            "the bytes of configs, manifests or indexes changed: every image gets another digest. If that is meant, \
             raise the format version, say so in the changelog, and pin the new digest here"
        );
    }

    #[test]
    fn what_is_written_can_be_read() {
        let (made, index) = image();
        let Content::Index(read) = Document::parse(index.bytes, None).unwrap().content().clone() else { panic!() };
        let platforms: Vec<_> = read.manifests.iter().filter_map(|child| child.platform.clone()).collect();
        assert_eq!(platforms, ["linux/amd64", "linux/arm64"]);
        let config = ImageConfig::parse(&made[0].bytes).unwrap();
        assert_eq!((config.platform.as_str(), config.diff_ids.len()), ("linux/arm64", 2));
        assert_eq!(config.history, ["mokapot: base packages", "mokapot: jars"]);
        let Content::Manifest(manifest) = Document::parse(made[1].bytes.clone(), None).unwrap().content().clone()
        else {
            panic!()
        };
        assert_eq!(manifest.config, made[0].descriptor);
        // an independent reader: the types of the `oci-spec` crate
        serde_json::from_slice::<oci_spec::image::ImageConfiguration>(&made[0].bytes).unwrap();
        serde_json::from_slice::<oci_spec::image::ImageManifest>(&made[1].bytes).unwrap();
    }

    #[test]
    fn settings_that_no_runtime_takes_are_refused() {
        let with = |settings: Settings| config(Platform(Arch::Amd64), Epoch::ZERO, &settings, &[]).unwrap_err();
        for name in ["", "A=B", "A\0"] {
            let error = with(Settings { env: vec![(name.into(), "x".into())], ..Settings::default() });
            assert!(matches!(error, Error::Variable(_)), "{name}");
        }
        for port in ["0", "65536", "+80", "80/http", ""] {
            let error = with(Settings { exposed_ports: [port.to_owned()].into(), ..Settings::default() });
            assert_eq!(error, Error::Port(port.into()));
        }
    }
}
