//! The tree against `tar`, and the package database against `dpkg`, for real packages of both architectures.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use mokapot::domain::install::{Facts, State, database, unpack};
use mokapot::domain::rootfs::{Content, Diversions, Kind, Tree};
use mokapot::formats::deb::Package;

use crate::database::dpkg;
use crate::support::debs;
use crate::support::packages::{self, Opened};
use crate::support::treediff;

/// Essential ones, conffiles, hardlinks, set-id bits, `Multi-Arch: same`, triggers, awkward control files.
const PACKAGES: [&str; 42] = [
    "adduser",
    "apt",
    "base-files",
    "base-passwd",
    "binutils-common",
    "bash",
    "ca-certificates",
    "coreutils",
    "dash",
    "dbus",
    "debconf",
    "debianutils",
    "diffutils",
    "dpkg",
    "e2fsprogs",
    "fontconfig-config",
    "git",
    "init-system-helpers",
    "iputils-ping",
    "libc-bin",
    "libc6",
    "libgcc-s1",
    "libgdbm-compat4",
    "libgdk-pixbuf-2.0-0",
    "libpam-modules",
    "libpam-runtime",
    "login",
    "man-db",
    "mawk",
    "mount",
    "openssh-client",
    "openssl",
    "passwd",
    "perl-base",
    "procps",
    "python3-minimal",
    "shared-mime-info",
    "sudo",
    "systemd",
    "tini",
    "tzdata",
    "util-linux",
];

fn open(path: &Path) -> Opened {
    packages::open(&fs::read(path).unwrap()).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_tree_is_what_tar_extracts() {
    for arch in ["amd64", "arm64"] {
        let folder = tempfile::tempdir().unwrap();
        let paths = debs::download(folder.path(), arch, &PACKAGES);
        let opened: Vec<Opened> = paths.iter().map(|path| open(path)).collect();
        let order = packages::order(&opened);
        let mut tree = Tree::new();
        unpack(&mut tree, &packages::shipments(&opened), &order, &Diversions::default()).unwrap();
        let mut ours = treediff::of_tree(&tree, packages::content(&opened));
        ours.retain(|path, item| !(path.starts_with(b"var/lib/dpkg/info/") && item.kind == "file"));

        let root = folder.path().join("root");
        fs::create_dir(&root).unwrap();
        for number in order {
            debs::extract(&paths[number], &root);
        }
        let theirs = treediff::of_folder(&root);
        assert!(theirs.len() > 5000, "only {} entries were extracted", theirs.len());
        let differences = treediff::differences(&ours, &theirs);
        assert!(
            differences.is_empty(),
            "{arch}: the tree (first) is not what tar extracts:\n{}",
            differences.join("\n")
        );
    }
}

#[test]
fn the_database_is_what_dpkg_writes() {
    for arch in ["amd64", "arm64"] {
        let folder = tempfile::tempdir().unwrap();
        let bare = folder.path().join("bare");
        fs::create_dir(&bare).unwrap();
        for path in debs::download(folder.path(), arch, &PACKAGES) {
            let scripts = folder.path().join("scripts");
            debs::without_scripts(&path, &bare.join(path.file_name().unwrap()), &scripts);
        }
        let paths = debs::files(&bare);
        let opened: Vec<Opened> = paths.iter().map(|path| open(path)).collect();
        let order = packages::order(&opened);
        let in_order: Vec<(&Package, &Facts)> =
            order.iter().map(|i| (&opened[*i].package, &opened[*i].facts)).collect();

        let root = folder.path().join("root");
        let admin = root.join("var/lib/dpkg");
        fs::create_dir_all(&admin).unwrap();
        debs::run(dpkg(&root).arg("--unpack").args(order.iter().map(|i| &paths[*i])));
        same_text(arch, "status", &database::status(&in_order, State::Unpacked).unwrap(), &admin.join("status"));
        for (name, text) in database::triggers(&in_order) {
            same_text(arch, &name, &text, &admin.join("triggers").join(&name));
        }

        let mut tree = Tree::new();
        unpack(&mut tree, &packages::shipments(&opened), &order, &Diversions::default()).unwrap();
        let mut theirs = BTreeMap::new();
        for path in debs::files(&admin.join("info")) {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            theirs.insert(name, fs::read(&path).unwrap());
        }
        assert_eq!(theirs.remove("format").as_deref(), Some(&b"1\n"[..]));
        let ours: BTreeMap<String, Vec<u8>> = opened
            .iter()
            .flat_map(|opened| &opened.database)
            .map(|(path, bytes)| {
                let rewritten = tree.lookup(path).unwrap().and_then(|node| match node.kind {
                    Kind::File(Content::Bytes(bytes)) => Some(bytes.to_vec()),
                    _ => None,
                });
                let name = std::str::from_utf8(path).unwrap().rsplit('/').next().unwrap();
                (name.to_owned(), rewritten.unwrap_or_else(|| bytes.clone()))
            })
            .collect();
        assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>(), "{arch}: files of info");
        for (name, bytes) in &theirs {
            let (left, right) = (String::from_utf8_lossy(&ours[name]), String::from_utf8_lossy(bytes));
            assert!(left == right, "{arch}: info/{name}: {}", first_difference(&left, &right));
        }

        debs::run(dpkg(&root).args(["--configure", "-a"]));
        same_text(arch, "status", &database::status(&in_order, State::Installed).unwrap(), &admin.join("status"));
    }
}

fn same_text(arch: &str, name: &str, ours: &str, theirs: &Path) {
    let theirs = fs::read_to_string(theirs).unwrap();
    assert!(*ours == theirs, "{arch}: {name}: {}", first_difference(ours, &theirs));
}

/// The first lines that differ, with what stands before them.
fn first_difference(ours: &str, theirs: &str) -> String {
    let (mut ours, mut theirs) = (ours.lines(), theirs.lines());
    let mut before = String::new();
    loop {
        match (ours.next(), theirs.next()) {
            (Some(a), Some(b)) if a == b => before = a.to_owned(),
            (a, b) => return format!("after `{before}`:\n    ours:   {a:?}\n    theirs: {b:?}"),
        }
    }
}
