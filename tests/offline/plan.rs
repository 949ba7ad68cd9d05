//! Layers, from packages to tar bytes and back: applied one after the other, they are the tree again.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, Cursor, Read};

use mokapot::base::{Digest, Epoch};
use mokapot::domain::install::{
    Accounts, Facts, RecipeFile, Shipment, State, User, database, deb, files, unpack, unpack_order,
};
use mokapot::domain::layer::{
    Artefact, ArtefactKind, FragmentReader, FragmentWriter, Index, LayerPlan, LayerWriter, filtered, plan,
};
use mokapot::domain::rootfs::{Content, Diversions, Kind, Meta, Owner, Tree};
use mokapot::formats::compress::{Checksums, Codec, Compression, Decoder};
use mokapot::formats::deb::{Architecture, DebReader, Package};
use mokapot::formats::tar::{self, Entry, Limits};
use proptest::prelude::*;

use crate::support::deb::{Deb, MTIME};
use crate::support::packages::LIMITS;
use crate::support::treediff::{self, Snapshot};

/// A package as a build has it: facts, fragment and index.
struct Built {
    package: Package,
    facts: Facts,
    index: Index,
    bytes: Vec<u8>,
    level: usize,
}

fn epoch() -> Epoch {
    Epoch::try_from(MTIME + 1).unwrap()
}

fn build(deb: &Deb, level: usize) -> Built {
    let deb = deb.build();
    let package = DebReader::open(&*deb, LIMITS, Checksums::Verify).unwrap().control().package.clone();
    let mut writer = FragmentWriter::new(Compression::Zstd, epoch(), Vec::new()).unwrap();
    let options = deb::Options { limits: LIMITS, checksums: Checksums::Verify };
    let facts = deb::read(&*deb, &package, options, |entry, content| {
        writer.push(entry, content).map_err(Box::<dyn Error>::from)
    });
    let facts = facts.unwrap();
    let (index, bytes) = writer.finish().unwrap();
    Built { package, facts, index, bytes, level }
}

/// Unpacks into a tree that may have something already.
fn unpacked(mut tree: Tree, built: &[Built]) -> Tree {
    let shipments: Vec<Shipment<'_>> = built
        .iter()
        .map(|built| Shipment {
            package: &built.package,
            facts: &built.facts,
            directories: &built.index.directories,
            entries: built.index.entries.iter().map(|placed| &placed.entry).collect(),
        })
        .collect();
    let order = unpack_order(&built.iter().map(|built| &built.package).collect::<Vec<_>>());
    unpack(&mut tree, &shipments, &order, &Diversions::default()).unwrap();
    let pairs: Vec<_> = order.iter().map(|i| (&built[*i].package, &built[*i].facts)).collect();
    database::install(&mut tree, &pairs, &Diversions::default(), State::Installed, MTIME).unwrap();
    tree
}

fn planned(tree: &Tree, built: &[Built]) -> Vec<LayerPlan> {
    let artefacts: Vec<Artefact<'_>> = built
        .iter()
        .map(|built| Artefact {
            name: built.package.name.as_str(),
            level: built.level,
            kind: if built.package.architecture == Architecture::All {
                ArtefactKind::All
            } else {
                ArtefactKind::Platform
            },
            index: &built.index,
        })
        .collect();
    plan(tree, &artefacts, &["base", "top"])
}

/// The tar of a layer.
fn tar_of(layer: &LayerPlan, built: &[Built]) -> Vec<u8> {
    let mut writer = LayerWriter::new(Compression::Zstd, epoch(), Vec::new()).unwrap();
    writer.push_all(&layer.directories).unwrap();
    for part in &layer.parts {
        let Built { index, bytes, .. } = &built[part.artefact as usize];
        if part.dropped.is_empty() {
            writer.fragment(index, &mut &bytes[..]).unwrap();
        } else {
            let (index, bytes) = filtered(index, Cursor::new(bytes), &part.dropped, Vec::new()).unwrap();
            writer.fragment(&index, &mut &bytes[..]).unwrap();
        }
    }
    for generated in &layer.generated {
        match &generated.content {
            None => writer.push(&generated.entry, &mut io::empty()).unwrap(),
            Some(Content::Bytes(bytes)) => writer.push(&generated.entry, &mut &bytes[..]).unwrap(),
            Some(Content::Entry { at, .. }) => {
                let Built { index, bytes, .. } = &built[at.artefact as usize];
                let mut reader = FragmentReader::new(index, Cursor::new(bytes)).unwrap();
                let mut content = reader.open(&index.entries[at.entry as usize]);
                writer.push(&generated.entry, &mut content).unwrap();
            }
        }
    }
    let (_, bytes) = writer.finish().unwrap();
    let mut plain = Vec::new();
    Decoder::new(Codec::Zstd, &*bytes, Checksums::Verify).unwrap().read_to_end(&mut plain).unwrap();
    plain
}

/// Applies layers as a runtime does: what comes later counts.
fn applied(tars: &[Vec<u8>]) -> Tree {
    let mut tree = Tree::new();
    for tar in tars {
        let mut reader = tar::Reader::new(&**tar, Limits::default());
        while let Some(entry) = reader.next_entry().unwrap() {
            let mut bytes = Vec::new();
            reader.content().read_to_end(&mut bytes).unwrap();
            let shown = entry.shown();
            let Entry { path, mode, uid, gid, mtime, xattrs, .. } = entry.clone();
            let meta = Meta { mode, uid, gid, mtime, xattrs };
            assert!(
                path.is_empty() || tree.real_path(&path).unwrap().is_none_or(|real| real == path),
                "{}: written through a symbolic link",
                shown
            );
            let owner = Owner::Generated;
            let kind = match entry.kind {
                tar::Kind::File { .. } => Kind::File(Content::bytes(bytes)),
                tar::Kind::Directory => Kind::Directory,
                tar::Kind::Symlink(target) => Kind::Symlink(target.into()),
                tar::Kind::Hardlink(target) => {
                    tree.hardlink(&path, &target, owner, None).unwrap();
                    continue;
                }
                tar::Kind::CharDevice { major, minor } => Kind::CharDevice(major, minor),
                tar::Kind::BlockDevice { major, minor } => Kind::BlockDevice(major, minor),
                tar::Kind::Fifo => Kind::Fifo,
            };
            assert!(kind == Kind::Directory || tree.lookup(&path).unwrap().is_none(), "{}: in two layers", shown);
            tree.insert(&path, kind, meta.clone(), owner, None).unwrap();
            tree.change(&path, |there| *there = meta).unwrap();
        }
    }
    tree
}

fn snapshot(tree: &Tree, built: &[Built]) -> Snapshot {
    treediff::of_tree(tree, |at| {
        let Built { index, bytes, .. } = &built[at.artefact as usize];
        let mut content = Vec::new();
        let mut reader = FragmentReader::new(index, Cursor::new(bytes)).unwrap();
        reader.open(&index.entries[at.entry as usize]).read_to_end(&mut content).unwrap();
        Digest::of(&content)
    })
}

/// The layers' tars, having checked that they are the tree again.
fn round_trip(tree: &Tree, built: &[Built]) -> Vec<(String, Vec<u8>)> {
    let layers = planned(tree, built);
    let tars: Vec<Vec<u8>> = layers.iter().map(|layer| tar_of(layer, built)).collect();
    let differences =
        treediff::differences(&snapshot(tree, built), &treediff::of_tree(&applied(&tars), |_| Digest::of(b"")));
    assert!(differences.is_empty(), "the tree (first) is not what its layers make:\n{}", differences.join("\n"));
    layers.into_iter().map(|layer| layer.title).zip(tars).collect()
}

fn package(name: &str, arch: &str) -> Deb {
    let doc = format!("usr/share/doc/{name}");
    let deb = Deb::new(name, "1.0").field("Architecture", arch).directory("").directory("usr").directory("usr/share");
    deb.directory("usr/share/doc").directory(&doc).file(&format!("{doc}/copyright"), name.as_bytes())
}

#[test]
fn what_changed_since_unpacking_is_in_the_layers() {
    let aa = package("aa", "amd64").directory("bin").file("bin/x", b"xx").hardlink("bin/y", "bin/x");
    let bb = package("bb", "all").file("usr/share/a", b"a").hardlink("usr/share/b", "usr/share/a");
    let bb = bb.hardlink("usr/share/c", "usr/share/a").symlink("usr/share/s", "a").directory("usr/share/empty");
    let cc = package("cc", "all").field("Replaces", "bb").file("usr/share/a", b"other");
    let built = [build(&aa, 0), build(&bb, 0), build(&cc, 1)];
    let mut tree = Tree::new();
    tree.insert(b"usr/bin", Kind::Directory, Meta::root(0o755, 0), Owner::Generated, None).unwrap();
    tree.insert(b"bin", Kind::Symlink(b"usr/bin".as_slice().into()), Meta::root(0o777, 0), Owner::Generated, None)
        .unwrap();
    let mut tree = unpacked(tree, &built);
    round_trip(&tree, &built);

    tree.change(b"usr/share/b", |meta| meta.mode = 0o4755).unwrap();
    tree.change(b"usr/share", |meta| (meta.mode, meta.gid) = (0o2775, 8)).unwrap();
    tree.rename(b"usr/share/s", b"usr/share/empty/s").unwrap();
    tree.rename(b"usr/share/doc", b"doc").unwrap();
    tree.write(b"doc/cc/copyright", Content::bytes("changed")).unwrap();
    tree.remove(b"bin/x").unwrap();
    tree.hardlink(b"usr/share/d", b"usr/bin/y", Owner::Generated, None).unwrap();
    let mut accounts = Accounts::of(&tree, epoch(), |_| Err("there are none".into())).unwrap();
    let user =
        User { name: "app".into(), uid: 9, gid: 9, home: "/".into(), shell: "/bin/sh".into(), groups: [].into() };
    accounts.add_user(&user).unwrap();
    accounts.install(&mut tree, MTIME).unwrap();
    let kind = Kind::File(Content::bytes("#!/bin/sh\n"));
    let recipe = [
        RecipeFile { path: b"bin/run".to_vec(), kind, meta: Meta::root(0o755, MTIME), origin: None },
        RecipeFile { path: b"work".to_vec(), kind: Kind::Directory, meta: Meta::root(0o1777, MTIME), origin: None },
    ];
    files::apply(&mut tree, &recipe).unwrap();
    let titles: Vec<String> = round_trip(&tree, &built).into_iter().map(|(title, _)| title).collect();
    let expected = [
        "base: packages for all architectures",
        "base: packages",
        "top: packages for all architectures",
        "files of the recipe",
        "package database",
    ];
    assert_eq!(titles, expected);
}

#[test]
fn platforms_and_images_share_what_is_the_same() {
    let image = |arch: &str, top: bool| {
        let own = package("own", arch).file("usr/share/own", arch.as_bytes()).directory("usr/share/private");
        let all = package("all", "all").file("usr/share/all", b"all").directory("usr/share/private");
        let mut built = vec![build(&own, 0), build(&all, 0)];
        if top {
            built.push(build(&package("zz", "all").file("usr/share/zz", b""), 1));
        }
        let mut tree = unpacked(Tree::new(), &built);
        // Something that differs between the platforms in a directory that a shared layer has, too.
        let mode = if arch == "amd64" { 0o700 } else { 0o711 };
        tree.change(b"usr/share/private", |meta| meta.mode = mode).unwrap();
        round_trip(&tree, &built).into_iter().map(|(title, tar)| (title, Digest::of(&tar))).collect::<BTreeMap<_, _>>()
    };
    let [amd64, arm64, base] = [image("amd64", true), image("arm64", true), image("amd64", false)];
    for shared in ["base: packages for all architectures", "top: packages for all architectures"] {
        assert_eq!(amd64[shared], arm64[shared], "{shared}");
    }
    assert_ne!(amd64["base: packages"], arm64["base: packages"]);
    for below in ["base: packages for all architectures", "base: packages"] {
        assert_eq!(amd64[below], base[below], "{below}");
    }
}

#[test]
fn big_artefacts_and_bins() {
    let built = build(&package("aa", "amd64"), 0);
    let sizes = |sizes: &[(&'static str, u64, bool)]| {
        let indexes: Vec<Index> =
            sizes.iter().map(|(_, size, _)| Index { size: size << 20, ..built.index.clone() }).collect();
        let artefacts: Vec<Artefact<'_>> = sizes
            .iter()
            .zip(&indexes)
            .map(|((name, _, shared), index)| {
                let kind = if *shared { ArtefactKind::All } else { ArtefactKind::Platform };
                Artefact { name, level: 0, kind, index }
            })
            .collect();
        let layers = plan(&Tree::new(), &artefacts, &["base"]);
        let mut shown = Vec::new();
        for layer in layers {
            let names: Vec<&str> = layer.parts.iter().map(|part| artefacts[part.artefact as usize].name).collect();
            shown.push(format!("{} = {}", layer.title, names.join(" ")));
        }
        shown
    };
    assert_eq!(
        sizes(&[("zz", 1, false), ("jdk", 60, false), ("aa", 1, true), ("bb", 2, false)]),
        ["base: packages for all architectures = aa", "base: packages = bb zz", "base: jdk = jdk"]
    );
    // Forty packages of 2 MiB: no layer may have more than 32 of the 80 MiB.
    let names: Vec<String> = (0..40).map(|i| format!("package-{i}")).collect();
    let many: Vec<(&'static str, u64, bool)> =
        names.iter().map(|name| (&*String::leak(name.clone()), 2, false)).collect();
    let layers = sizes(&many);
    assert_eq!(layers.len(), 4, "{layers:#?}");
    assert!(layers.iter().all(|layer| layer.matches("package-").count() <= 16), "{layers:#?}");
    // One more or one less package does not move the others.
    let fewer = sizes(&many[1..]);
    for (before, after) in layers.iter().zip(&fewer) {
        assert!(
            before == after || before.replace("package-0 ", "") == *after || *after == before.replace(" package-0", "")
        );
    }
}

/// A change that a script could make.
#[derive(Clone, Debug)]
enum Edit {
    Remove(String),
    Rename(String, String),
    Chmod(String, u32),
    Write(String, u8),
    Hardlink(String, String),
    Symlink(String, String),
}

fn place() -> impl Strategy<Value = String> {
    let folder = prop::sample::select(vec!["usr/share/d", "usr/share/e", "usr/share/d/e"]);
    (folder, 0..4).prop_map(|(folder, name)| format!("{folder}/f{name}"))
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        place().prop_map(Edit::Remove),
        (place(), place()).prop_map(|(from, to)| Edit::Rename(from, to)),
        (place(), 0o400u32..0o777).prop_map(|(path, mode)| Edit::Chmod(path, mode)),
        (place(), any::<u8>()).prop_map(|(path, byte)| Edit::Write(path, byte)),
        (place(), place()).prop_map(|(path, target)| Edit::Hardlink(path, target)),
        (place(), place()).prop_map(|(path, target)| Edit::Symlink(path, target)),
    ]
}

/// Entries of one package: files, hardlinks to them and symbolic links, each path once.
fn entries() -> impl Strategy<Value = Vec<(String, u8)>> {
    prop::collection::btree_map(place(), any::<u8>(), 0..8).prop_map(|map| map.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn layers_are_the_tree(
        packages in prop::collection::vec((entries(), any::<bool>(), 0usize..2), 1..4),
        edits in prop::collection::vec(edit(), 0..12),
    ) {
        let mut built = Vec::new();
        for (number, (entries, shared, level)) in packages.iter().enumerate() {
            let others = "p0, p1, p2, p3";
            let mut deb = package(&format!("p{number}"), if *shared { "all" } else { "arm64" }).field("Replaces", others);
            for folder in ["usr/share/d", "usr/share/d/e", "usr/share/e"] {
                deb = deb.directory(folder);
            }
            let mut files: Vec<&str> = Vec::new();
            for (path, byte) in entries {
                deb = match (byte % 3, files.last()) {
                    (0, Some(target)) => deb.hardlink(path, target),
                    (1, _) => deb.symlink(path, "/usr"),
                    _ => {
                        files.push(path);
                        deb.file(path, &[*byte])
                    }
                };
            }
            built.push(build(&deb, *level));
        }
        let mut tree = unpacked(Tree::new(), &built);
        round_trip(&tree, &built);
        for edit in &edits {
            // What cannot be done is not done; the layers must be right either way.
            let _ = match edit {
                Edit::Remove(path) => tree.remove(path.as_bytes()),
                Edit::Rename(from, to) => tree.rename(from.as_bytes(), to.as_bytes()),
                Edit::Chmod(path, mode) => tree.change(path.as_bytes(), |meta| meta.mode = *mode),
                Edit::Write(path, byte) => tree.write(path.as_bytes(), Content::bytes(vec![*byte])),
                Edit::Hardlink(path, target) => {
                    tree.hardlink(path.as_bytes(), target.as_bytes(), Owner::Generated, None)
                }
                Edit::Symlink(path, target) => {
                    let kind = Kind::Symlink(target.as_bytes().into());
                    tree.insert(path.as_bytes(), kind, Meta::root(0o777, 0), Owner::Generated, None)
                }
            };
        }
        round_trip(&tree, &built);
    }
}
