//! Layers that delete what lower ones hold, any builder's: the tree that `mokapot files` shows is the one that umoci and
//! containerd unpack (BAS-16).
//!
//! umoci is right in all cases by the words of image-spec: a deletion hides what lower layers hold, and never what its own
//! layer does. containerd makes an overlay of the layers and does not do so in those of [`CONTAINERD`].

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use mokapot::base::{Arch, DiffId, Digest, Epoch, Platform};
use mokapot::domain::image::{self, LayerDescriptor, LayerFormat, Settings};
use mokapot::io::registry::Layout;
use serde_json::Value;

use crate::servers::Containerd;
use crate::support::run::{mokapot, run, scratch, tool};
use crate::support::treediff;

/// `path kind size names` of each entry; the size of a file tells which layer put it there, names how many it has.
type Listing = BTreeSet<String>;

/// An image: its name and its layers. An entry is `x/` a directory, `x>y` a symbolic link, `x=y` a hard link, any other a file.
type Case = (&'static str, &'static [&'static [&'static str]]);

/// What lies below in most cases.
const LOWER: &[&str] = &["d/", "d/a", "d/b", "d/s/", "d/s/x", "e/", "e/y"];

/// A system whose `/bin` is a link.
const MERGED: &[&str] = &["usr/", "usr/bin/", "usr/bin/sh", "bin>usr/bin"];

const CASES: [Case; 36] = [
    ("opaque-first", &[LOWER, &["d/", "d/.wh..wh..opq", "d/n"]]),
    ("opaque-after-its-siblings", &[LOWER, &["d/", "d/n", "d/.wh..wh..opq"]]),
    ("opaque-between", &[LOWER, &["d/", "d/m", "d/.wh..wh..opq", "d/n"]]),
    ("opaque-after-a-sibling-made-anew", &[LOWER, &["d/", "d/a", "d/.wh..wh..opq"]]),
    ("opaque-after-what-is-deeper", &[LOWER, &["d/", "d/s/", "d/s/new", "d/.wh..wh..opq"]]),
    ("opaque-in-two-layers", &[LOWER, &["d/", "d/.wh..wh..opq", "d/n"], &["d/", "d/m", "d/.wh..wh..opq"]]),
    ("opaque-where-nothing-is", &[LOWER, &["new/", "new/.wh..wh..opq", "new/x"]]),
    ("deleted-and-made-again", &[LOWER, &["d/.wh.a", "d/a"]]),
    ("made-again-and-deleted", &[LOWER, &["d/a", "d/.wh.a"]]),
    ("a-directory-deleted-and-made-again", &[LOWER, &[".wh.d", "d/", "d/n"]]),
    ("a-directory-made-again-and-deleted", &[LOWER, &["d/", "d/n", ".wh.d"]]),
    ("a-directory-becomes-a-file", &[LOWER, &[".wh.d", "d"]]),
    ("a-file-becomes-a-directory", &[LOWER, &["d/.wh.a", "d/a/", "d/a/x"]]),
    ("deleted-and-made-again-later", &[LOWER, &[".wh.d"], &["d/", "d/c"]]),
    ("nothing-to-delete", &[LOWER, &["d/.wh.nothing", "z"]]),
    ("everything-deleted", &[LOWER, &[".wh.d", ".wh.e"]]),
    ("a-link-to-what-goes-next", &[LOWER, &["k=d/a", "d/.wh.a"]]),
    ("a-link-to-what-went", &[LOWER, &["d/.wh.a", "k=d/a"]]),
    ("a-link-to-what-went-in-the-layer-before", &[LOWER, &["d/.wh.a"], &["k=d/a"]]),
    ("one-of-two-names-goes", &[&["a", "b=a", "l>a"], &[".wh.a"]]),
    ("the-root-opaque", &[LOWER, &[".wh..wh..opq", "z"]]),
    ("opaque-and-deleted", &[LOWER, &["d/", "d/.wh..wh..opq", "d/.wh.a", "d/n"]]),
    ("deleted-twice", &[LOWER, &["d/.wh.a"], &["d/.wh.a"]]),
    ("opaque-without-its-directory", &[LOWER, &["d/.wh..wh..opq"]]),
    ("a-file-over-a-directory", &[LOWER, &["d"]]),
    ("a-directory-over-a-file", &[LOWER, &["d/a/", "d/a/x"]]),
    ("a-link-over-a-directory", &[LOWER, &["d>e"]]),
    ("a-hard-link-over-a-directory", &[LOWER, &["f", "d=f"]]),
    ("a-hard-link-over-a-file", &[LOWER, &["f", "d/a=f"]]),
    ("parents-that-no-entry-names", &[LOWER, &["x/y/z"]]),
    ("a-file-through-a-link", &[MERGED, &["bin/new"]]),
    ("deleted-through-a-link", &[MERGED, &["bin/.wh.sh"]]),
    ("a-directory-over-a-link", &[MERGED, &["bin/", "bin/new"]]),
    ("a-link-deleted", &[MERGED, &[".wh.bin"]]),
    ("a-link-from-the-root", &[&["usr/", "usr/bin/", "usr/bin/sh", "bin>/usr/bin"], &["bin/new", "bin/.wh.sh"]]),
    ("a-link-out-of-the-tree", &[&["out>../../../out", "out/x"]]),
];

/// Where containerd 1.6 with its overlayfs gives another tree than umoci, and what it does; each is checked to be so.
const CONTAINERD: [(&str, &str); 9] = [
    ("made-again-and-deleted", "refuses: the name is there"),
    ("a-directory-made-again-and-deleted", "refuses: the name is there"),
    ("a-directory-deleted-and-made-again", "shows what was deleted"),
    ("the-root-opaque", "shows what was deleted"),
    ("a-link-to-what-goes-next", "refuses: the target is in another layer's folder"),
    ("a-link-to-what-went", "links the mark of deletion, so nothing is seen"),
    ("a-file-through-a-link", "makes a directory in place of the link"),
    ("deleted-through-a-link", "makes a directory in place of the link"),
    ("a-link-from-the-root", "makes a directory in place of the link"),
];

#[test]
fn bas_16_deletions_are_those_of_umoci_and_containerd() {
    let folder = scratch("whiteouts");
    let layout = folder.join("layout");
    let made = Layout::create(&layout).unwrap();
    for (name, layers) in CASES {
        write(&made, name, layers);
    }
    let containerd = Containerd::start(&scratch("whiteouts-containerd"));
    containerd.import(&layout, "localhost/case");
    let (mut trees, mut refused) = (0, 0);
    for (name, _) in CASES {
        let ours = ours(&layout, name);
        let umoci = umoci(&layout, name, &folder.join(name));
        // Each in its own words, where it refuses.
        assert_eq!(ours.as_ref().ok(), umoci.as_ref().ok(), "{name}: ours {ours:?}, umoci's {umoci:?}");
        *if ours.is_ok() { &mut trees } else { &mut refused } += 1;
        let containerd = containerd.mounted(&format!("localhost/case:{name}"), "linux/amd64", of_folder);
        let known = CONTAINERD.iter().find(|(case, _)| *case == name);
        assert_eq!(
            ours.as_ref().ok() != containerd.as_ref().ok(),
            known.is_some(),
            "{name}: ours {ours:?}, containerd's {containerd:?}, known: {known:?}"
        );
    }
    println!("umoci agrees on {trees} trees and {refused} refusals, containerd on all but {}", CONTAINERD.len());
    assert_eq!(refused, 3);
}

/// Writes an image of uncompressed layers.
fn write(layout: &Layout, name: &str, layers: &[&[&str]]) {
    let layer = |(number, entries): (usize, &&[&str])| {
        let bytes = tar_of(number, entries);
        let digest = layout.put_blob(&bytes).unwrap();
        LayerDescriptor {
            digest,
            diff_id: DiffId(Digest::of(&bytes)),
            size: bytes.len() as u64,
            format: LayerFormat::Tar,
            title: String::new(),
            annotations: BTreeMap::new(),
        }
    };
    let layers: Vec<LayerDescriptor> = layers.iter().enumerate().map(layer).collect();
    let config = image::config(Platform(Arch::Amd64), Epoch::ZERO, &Settings::default(), &layers).unwrap();
    let manifest = image::manifest(&config.descriptor, &layers, &BTreeMap::new());
    layout.put_blob(&config.bytes).unwrap();
    layout.put_blob(&manifest.bytes).unwrap();
    layout.tag(&name.parse().unwrap(), &manifest.descriptor).unwrap();
}

/// A layer's tar. Files are as long as the layer's number and their place in it say.
fn tar_of(layer: usize, entries: &[&str]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (number, text) in entries.iter().enumerate() {
        let mut header = tar::Header::new_ustar();
        header.set_mode(0o755);
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        header.set_size(0);
        if let Some((path, target)) = text.split_once(['>', '=']) {
            let symlink = text.contains('>');
            header.set_entry_type(if symlink { tar::EntryType::Symlink } else { tar::EntryType::Link });
            tar.append_link(&mut header, path, target).unwrap();
            continue;
        }
        let is_file = !text.ends_with('/');
        let whiteout = text.rsplit('/').next().unwrap().starts_with(".wh.");
        let content = vec![b'x'; if is_file && !whiteout { 100 * (layer + 1) + number } else { 0 }];
        header.set_entry_type(if is_file { tar::EntryType::Regular } else { tar::EntryType::Directory });
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, text, &*content).unwrap();
    }
    tar.into_inner().unwrap()
}

fn ours(layout: &Path, name: &str) -> Result<Listing, String> {
    let mut command = mokapot();
    command.args(["files", &format!("oci:{}:{name}", layout.display()), "--format", "json"]);
    let output = run(&mut command);
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    let line = |file: &Value| {
        let path = file["path"].as_str().unwrap();
        let kind = file["type"].as_str().unwrap();
        let target = file["target"].as_str().map(|target| format!(" {target}")).unwrap_or_default();
        let (size, names) = if kind == "file" { (&file["size"], &file["links"]) } else { (&Value::Null, &Value::Null) };
        format!("{path} {kind}{target} {size} {names}")
    };
    Ok(shown["files"].as_array().unwrap().iter().filter(|file| file["path"] != "/").map(line).collect())
}

fn umoci(layout: &Path, name: &str, bundle: &Path) -> Result<Listing, String> {
    let output = run(tool("umoci", ["unpack", "--image", &format!("{}:{name}", layout.display())]).arg(bundle));
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(of_folder(&bundle.join("rootfs")))
}

/// The tree on disk, in the words of [`ours`].
fn of_folder(root: &Path) -> Listing {
    let items = treediff::of_folder(root);
    let names = |linked: &Vec<u8>| items.values().filter(|item| item.linked.as_ref() == Some(linked)).count();
    let line = |(path, item): (&Vec<u8>, &treediff::Item)| {
        let path = String::from_utf8_lossy(path);
        let (size, names) = if item.kind == "file" {
            let size = std::fs::metadata(root.join(&*path)).unwrap().len();
            (Value::from(size), Value::from(item.linked.as_ref().map_or(1, names)))
        } else {
            (Value::Null, Value::Null)
        };
        format!("/{path} {} {size} {names}", item.kind)
    };
    items.iter().filter(|(path, _)| !path.is_empty()).map(line).collect()
}
