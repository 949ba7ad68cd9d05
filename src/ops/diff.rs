//! Diff: how two images differ, down to the first path. Equal digests are the answer; otherwise platforms, configs and
//! layers are compared, and files only where the layers' tars differ.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;

use super::Error;
use super::contents::{self, Contents, Remember};
use super::inspect::{Inspected, Layer, PlatformImage, inspect};
use crate::base::{Arch, DiffId, Digest, Epoch, redact};
use crate::domain::rootfs::{Kind, Node};
use crate::formats::oci::{Content, Selector, json};
use crate::io::registry::Images;

/// One of the two images.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// Where it is.
    pub images: &'a Images,
    /// Which image of that place.
    pub selector: Option<&'a Selector>,
}

/// How two images differ; nothing but the digests when they do not.
#[derive(Clone, Debug, Serialize)]
pub struct Difference {
    /// The digest of the first.
    pub a: Digest,
    /// The digest of the second.
    pub b: Digest,
    /// Annotations of the indexes.
    pub annotations: Vec<Change>,
    /// The platforms that differ, in the order of their names.
    pub platforms: Vec<PlatformDifference>,
}

/// How one platform's images differ.
#[derive(Clone, Debug, Serialize)]
pub struct PlatformDifference {
    /// `os/architecture[/variant]`.
    pub platform: String,
    /// The image that has it, where the other has not.
    pub only_in: Option<&'static str>,
    /// Members of the config, by name; layers and history aside.
    pub config: Vec<Change>,
    /// Annotations of the manifest.
    pub annotations: Vec<Change>,
    /// Layers that differ, by number.
    pub layers: Vec<LayerDifference>,
    /// Paths that differ, in order.
    pub paths: Vec<PathDifference>,
}

/// How layers of one number differ.
#[derive(Clone, Debug, Serialize)]
pub struct LayerDifference {
    /// From 1, the lowest first.
    pub number: usize,
    /// The first image's.
    pub a: Option<LayerName>,
    /// The second image's.
    pub b: Option<LayerName>,
}

/// What a layer is called by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LayerName {
    /// Of the blob.
    pub digest: Digest,
    /// Of the tar; equal for layers that differ in compression only.
    pub diff_id: DiffId,
    /// What is in it.
    pub title: Option<String>,
}

/// How what stands at a path differs.
#[derive(Clone, Debug, Serialize)]
pub struct PathDifference {
    /// From `/`, safe to print.
    pub path: String,
    /// The image that has it, where the other has not.
    pub only_in: Option<&'static str>,
    /// What differs, where both have it.
    pub changes: Vec<Change>,
}

/// A value that is another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What it is of.
    pub what: String,
    /// The first image's; none where it has none.
    pub a: Option<String>,
    /// The second image's.
    pub b: Option<String>,
}

impl Difference {
    /// Whether nothing that was compared differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.annotations.is_empty() && self.platforms.is_empty()
    }

    /// The first platform and path that differ.
    #[must_use]
    pub fn first_path(&self) -> Option<(&str, &PathDifference)> {
        self.platforms.iter().find_map(|platform| Some((platform.platform.as_str(), platform.paths.first()?)))
    }
}

/// Compares two images; with `arch` only what that platform gets.
///
/// # Errors
/// When one cannot be read, or neither is for `arch`.
pub async fn diff(a: Side<'_>, b: Side<'_>, arch: Option<Arch>) -> Result<Difference, Error> {
    let roots = (a.images.image(a.selector).await?.digest(), b.images.image(b.selector).await?.digest());
    let mut difference = Difference { a: roots.0, b: roots.1, annotations: Vec::new(), platforms: Vec::new() };
    if roots.0 == roots.1 {
        return Ok(difference);
    }
    let (left, right) = (inspect(a.images, a.selector).await?, inspect(b.images, b.selector).await?);
    if arch.is_some() {
        contents::platform(&left, arch).or_else(|_| contents::platform(&right, arch))?;
    } else {
        difference.annotations = changes(&left.annotations, &right.annotations);
    }
    let names = |image: &Inspected| image.platforms.iter().map(|each| each.platform.clone()).collect::<BTreeSet<_>>();
    for platform in names(&left).union(&names(&right)) {
        if arch.is_some_and(|arch| !contents::is_for(platform, arch)) {
            continue;
        }
        let of = |image| find(image, platform);
        let (only_in, compared) = match (of(&left), of(&right)) {
            (Some(left), Some(right)) if left.digest == right.digest => continue,
            (Some(left), Some(right)) => (None, Some((left, right))),
            (Some(_), None) => (Some("A"), None),
            (None, _) => (Some("B"), None),
        };
        let mut found = PlatformDifference {
            platform: platform.clone(),
            only_in,
            config: Vec::new(),
            annotations: Vec::new(),
            layers: Vec::new(),
            paths: Vec::new(),
        };
        if let Some((left, right)) = compared {
            let configs = (config(a.images, left).await?, config(b.images, right).await?);
            found.config = changes(&configs.0, &configs.1);
            found.annotations = changes(&left.annotations, &right.annotations);
            found.layers = layers(&left.layers, &right.layers);
            if !left.layers.iter().map(|l| l.diff_id).eq(right.layers.iter().map(|l| l.diff_id)) {
                let remember = Remember { database: false, digests: true, looks: false };
                let left = contents::read(a.images, left, remember).await?;
                found.paths = paths(&left, &contents::read(b.images, right, remember).await?);
            }
        }
        difference.platforms.push(found);
    }
    Ok(difference)
}

fn find<'a>(image: &'a Inspected, platform: &str) -> Option<&'a PlatformImage> {
    image.platforms.iter().find(|each| each.platform == platform)
}

/// The members of a platform's config as text, those of `config` by themselves; layers and history aside.
async fn config(images: &Images, image: &PlatformImage) -> Result<BTreeMap<String, String>, Error> {
    let mut members = BTreeMap::new();
    let document = images.document(image.digest, None).await?;
    let Content::Manifest(manifest) = document.content() else { return Ok(members) };
    let value = json::parse(&images.small_blob(&manifest.config).await?)?;
    let mut add = |name: String, value: &Value| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        members.insert(name, redact::printable(&text));
    };
    for (name, value) in value.as_object().into_iter().flatten() {
        match (name.as_str(), value) {
            ("rootfs" | "history", _) => {}
            ("config", Value::Object(config)) => {
                config.iter().for_each(|(name, value)| add(format!("config.{name}"), value));
            }
            _ => add(name.clone(), value),
        }
    }
    Ok(members)
}

fn changes(a: &BTreeMap<String, String>, b: &BTreeMap<String, String>) -> Vec<Change> {
    let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let change =
        |what: &&String| Change { what: redact::printable(what), a: a.get(*what).cloned(), b: b.get(*what).cloned() };
    names.iter().map(change).filter(|change| change.a != change.b).collect()
}

fn layers(a: &[Layer], b: &[Layer]) -> Vec<LayerDifference> {
    let name = |layer: &Layer| LayerName { digest: layer.digest, diff_id: layer.diff_id, title: layer.title.clone() };
    (0..a.len().max(b.len()))
        .map(|at| LayerDifference { number: at + 1, a: a.get(at).map(name), b: b.get(at).map(name) })
        .filter(|layer| layer.a != layer.b)
        .collect()
}

fn paths(a: &Contents, b: &Contents) -> Vec<PathDifference> {
    let left: BTreeMap<Vec<u8>, Node<'_>> = a.tree.walk().collect();
    let right: BTreeMap<Vec<u8>, Node<'_>> = b.tree.walk().collect();
    let paths: BTreeSet<&Vec<u8>> = left.keys().chain(right.keys()).collect();
    let mut differences = Vec::new();
    for path in paths {
        let (only_in, changes) = match (left.get(path), right.get(path)) {
            (Some(left), Some(right)) => (None, changes(&aspects(a, left), &aspects(b, right))),
            (Some(_), None) => (Some("A"), Vec::new()),
            (None, _) => (Some("B"), Vec::new()),
        };
        if only_in.is_some() || !changes.is_empty() {
            let path = format!("/{}", redact::printable_bytes(path));
            differences.push(PathDifference { path, only_in, changes });
        }
    }
    differences
}

/// What can be said of an entry, by what it is called.
fn aspects(contents: &Contents, node: &Node<'_>) -> BTreeMap<String, String> {
    let meta = node.meta;
    let mut aspects = BTreeMap::from([
        ("mode".to_owned(), format!("{:04o}", meta.mode)),
        ("mtime".to_owned(), moment(meta.mtime)),
        ("owner".to_owned(), format!("{}:{}", meta.uid, meta.gid)),
    ]);
    for (name, value) in &meta.xattrs {
        let hex = value.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        aspects.insert(format!("xattr {name}"), hex);
    }
    let mut add = |name: &str, value: String| aspects.insert(name.to_owned(), value);
    match node.kind {
        Kind::File(content) => {
            add("type", "file".into());
            add("size", content.len().to_string());
            add("links", node.links.to_string());
            contents.digest(node).into_iter().for_each(|digest| drop(add("content", digest.to_string())));
        }
        Kind::Directory => drop(add("type", "directory".into())),
        Kind::Symlink(target) => {
            add("type", "symlink".into());
            add("target", redact::printable_bytes(target));
        }
        Kind::CharDevice(major, minor) => drop(add("type", format!("character device {major}:{minor}"))),
        Kind::BlockDevice(major, minor) => drop(add("type", format!("block device {major}:{minor}"))),
        Kind::Fifo => drop(add("type", "named pipe".into())),
    }
    aspects
}

/// A time of a file as people read it, if RFC 3339 can write it.
fn moment(mtime: i64) -> String {
    Epoch::try_from(mtime).map_or_else(|_| mtime.to_string(), Epoch::rfc3339)
}
