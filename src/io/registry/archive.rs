//! `oci-archive` files: a layout as one tar, as `skopeo`, `podman load` and `ctr images import` read it.
//!
//! # Bytes
//!
//! Entries in this order: `oci-layout`, `index.json`, `blobs/`, `blobs/sha256/`, then the blobs that the image reaches, sorted
//! by digest. Every header: ustar, owner 0:0 without names, mode 0644 (folders 0755), time 0. So the file depends on
//! the image and its tag only.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufWriter, Read};
use std::path::Path;

use serde_json::json;
use tempfile::NamedTempFile;

use super::disk;
use super::error::{Error, Result};
use super::layout::{Layout, REF_NAME};
use crate::base::{Digest, Hasher};
use crate::formats::oci::document::MAX_NESTING;
use crate::formats::oci::json::{MAX_SIZE, canonical};
use crate::formats::oci::{Content, Descriptor, Document, Tag, media_type};

/// Writes `image` of `layout` as an archive to `file`, by rename; every blob is checked as it passes.
///
/// # Errors
/// When a blob is missing or wrong, or the disk refuses; then `file` is as it was.
pub fn write(layout: &Layout, image: &Descriptor, tag: &Tag, file: &Path) -> Result<()> {
    let mut tar = tar::Builder::new(BufWriter::new(disk::temporary_beside(file)?));
    let failed = |error| Error::disk("write", file)(error);
    let index = json!({
        "schemaVersion": 2,
        "mediaType": media_type::INDEX,
        "manifests": [{
            "mediaType": image.media_type,
            "digest": image.digest,
            "size": image.size,
            "annotations": {REF_NAME: tag.as_str()},
        }],
    });
    let version = &br#"{"imageLayoutVersion":"1.0.0"}"#[..];
    tar.append_data(&mut header(version.len() as u64), "oci-layout", version).map_err(failed)?;
    let index = canonical(&index);
    tar.append_data(&mut header(index.len() as u64), "index.json", &*index).map_err(failed)?;
    for folder in ["blobs/", "blobs/sha256/"] {
        let mut header = header(0);
        header.set_entry_type(tar::EntryType::Directory);
        header.set_mode(0o755);
        tar.append_data(&mut header, folder, io::empty()).map_err(failed)?;
    }
    for (digest, size) in reachable(layout, image)? {
        let mut blob = Hasher::around(layout.open_blob(digest, size)?);
        tar.append_data(&mut header(size), format!("blobs/sha256/{}", digest.hex()), &mut blob).map_err(failed)?;
        let (got, _, _) = blob.finish();
        if got != digest {
            return Err(Error::Digest {
                object: layout.blob_path(digest).display().to_string(),
                expected: digest,
                got,
            });
        }
    }
    let writer: NamedTempFile =
        tar.into_inner().and_then(|w| w.into_inner().map_err(io::Error::from)).map_err(failed)?;
    disk::persist(writer, file)
}

/// Unpacks an archive into the layout `dir`, blobs checked against their names, and returns what its `index.json` lists.
///
/// # Errors
/// When the file is no archive of a layout, a blob is not what its name says, or the disk refuses.
pub fn read(file: &Path, dir: &Path) -> Result<Vec<(Option<Tag>, Descriptor)>> {
    let wrong = |reason: String| Error::Archive { path: file.to_owned(), reason };
    let layout = Layout::create(dir)?;
    let mut tar = tar::Archive::new(File::open(file).map_err(Error::disk("open", file))?);
    let mut index = None;
    for entry in tar.entries().map_err(|error| wrong(error.to_string()))? {
        let mut entry = entry.map_err(|error| wrong(error.to_string()))?;
        let path = entry.path_bytes().into_owned();
        let name = String::from_utf8(path).map_err(|_| wrong("a name that is no text".into()))?;
        let name = name.trim_start_matches("./");
        if !entry.header().entry_type().is_file() {
            continue;
        }
        if name == "index.json" {
            let mut bytes = Vec::new();
            (&mut entry).take(MAX_SIZE + 1).read_to_end(&mut bytes).map_err(|error| wrong(error.to_string()))?;
            index = Some(bytes);
        } else if let Some(hex) = name.strip_prefix("blobs/sha256/") {
            let digest = Digest::from_hex(hex).map_err(|error| wrong(error.to_string()))?;
            let size = entry.size();
            let mut writer = layout.blob_writer()?;
            io::copy(&mut entry, &mut writer).map_err(Error::disk("unpack", file))?;
            writer.commit_as(Some((digest, size)))?;
        }
    }
    let index = index.ok_or_else(|| wrong("it has no index.json".into()))?;
    let index = Document::parse(index, Some(media_type::INDEX))
        .map_err(|source| Error::Document { object: format!("{}: index.json", file.display()), source })?;
    let Content::Index(index) = index.content() else { return Err(wrong("its index.json is no index".into())) };
    let mut images = Vec::new();
    for entry in &index.manifests {
        // a name that is no tag (some tools write whole references) leaves the image without one
        let tag = entry.annotations.get(REF_NAME).and_then(|name| name.parse::<Tag>().ok());
        if let Some(tag) = &tag {
            layout.tag(tag, entry)?;
        }
        images.push((tag, entry.clone()));
    }
    Ok(images)
}

/// All blobs of an image: documents, configs, layers.
fn reachable(layout: &Layout, image: &Descriptor) -> Result<BTreeMap<Digest, u64>> {
    let mut found = BTreeMap::from([(image.digest, image.size)]);
    let mut seen = BTreeSet::new();
    let mut open = vec![(image.clone(), 0)];
    while let Some((descriptor, depth)) = open.pop() {
        if !seen.insert(descriptor.digest) {
            continue;
        }
        let document = layout.document(descriptor.digest, Some(&descriptor.media_type))?;
        let children = match document.content() {
            Content::Index(index) => {
                if depth >= MAX_NESTING {
                    let object = layout.blob_path(descriptor.digest).display().to_string();
                    let source = crate::formats::oci::Error::Depth { pointer: "/manifests".into(), limit: MAX_NESTING };
                    return Err(Error::Document { object, source });
                }
                open.extend(index.manifests.iter().map(|child| (child.clone(), depth + 1)));
                index.manifests.clone()
            }
            Content::Manifest(manifest) => {
                [std::slice::from_ref(&manifest.config), manifest.layers.as_slice()].concat()
            }
        };
        found.extend(children.iter().map(|child| (child.digest, child.size)));
    }
    Ok(found)
}

fn header(size: u64) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    header.set_size(size);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header
}
