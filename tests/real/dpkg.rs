//! Packages that meet: whatever dpkg does with them, refusal included, is what we do.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::process::Command;

use mokapot::domain::install::{Facts, State, database, unpack};
use mokapot::domain::rootfs::{Diversions, Tree};
use mokapot::formats::deb::Package;
use mokapot::formats::tar::{Entry, Kind};

use crate::support::deb::{Deb, MTIME};
use crate::support::packages::{self, Opened};
use crate::support::treediff;

/// Unpacks the packages in order, with dpkg and with ours, and compares: whether it works, the tree, the database.
fn same(what: &str, debs: &[Deb]) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    let admin = root.join("var/lib/dpkg");
    fs::create_dir_all(&admin).unwrap();
    let mut paths = Vec::new();
    for (i, deb) in debs.iter().enumerate() {
        let path = folder.path().join(format!("{i}.deb"));
        fs::write(&path, deb.build()).unwrap();
        paths.push(path);
    }
    let dpkg = |arguments: &[&str], paths: &[std::path::PathBuf]| {
        let mut command = Command::new("dpkg");
        command.arg("--root").arg(&root).args(["--force-depends", "--force-unsafe-io", "--log=/dev/null"]);
        let output = command.args(arguments).args(paths).env("LC_ALL", "C.UTF-8").output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    // One run of dpkg a package: within one run it postpones some of what it does to other packages.
    let (works, said) = paths.iter().fold((true, String::new()), |(works, said), path| {
        let (ok, more) = dpkg(&["--unpack"], std::slice::from_ref(path));
        (works && ok, said + &more)
    });

    let opened: Vec<Opened> = debs.iter().map(|deb| packages::open(&deb.build()).unwrap()).collect();
    let order: Vec<usize> = (0..opened.len()).collect();
    let mut tree = Tree::new();
    let unpacked = unpack(&mut tree, &packages::shipments(&opened), &order, &Diversions::default());
    assert_eq!(unpacked.is_ok(), works, "{what}: ours says {unpacked:?}, dpkg {said}");
    if let Err(error) = unpacked {
        for deb in &opened {
            let name = deb.package.name.as_str();
            assert!(error.to_string().contains(name), "{what}: {error} does not name {name}");
        }
        return;
    }
    let (configured, said) = dpkg(&["--configure", "-a"], &[]);
    assert!(configured, "{what}: {said}");

    let pairs: Vec<(&Package, &Facts)> = opened.iter().map(|opened| (&opened.package, &opened.facts)).collect();
    database::install(&mut tree, &pairs, &Diversions::default(), State::Installed, 0).unwrap();
    let ours = treediff::of_tree(&tree, packages::content(&opened));
    let mut theirs = treediff::of_folder(&root);
    let lock = |path: &[u8]| path.ends_with(b"lock") || path.ends_with(b"Lock") || path.ends_with(b"lock-frontend");
    theirs.retain(|path, _| !(path.starts_with(b"var/lib/dpkg/") && (lock(path) || path.ends_with(b"-old"))));
    let differences = treediff::differences(&ours, &theirs);
    let status =
        (database::status(&pairs, State::Installed).unwrap(), fs::read_to_string(admin.join("status")).unwrap());
    assert!(differences.is_empty(), "{what}: ours first:\n{}\n{status:#?}", differences.join("\n"));
}

fn deb(name: &str) -> Deb {
    // A file of its own, since dpkg lets a package disappear that has lost all its files; an md5sums, since one that dpkg
    // makes tells what was given up.
    let own = format!("usr/share/only-{name}");
    let deb = Deb::new(name, "1.0").directory("").directory("usr").directory("usr/share").file(&own, b"");
    deb.control("md5sums", &format!("d41d8cd98f00b204e9800998ecf8427e  {own}\n"))
}

#[test]
fn files_that_meet() {
    same("the same path", &[deb("aa").file("usr/share/x", b"1"), deb("bb").file("usr/share/x", b"2")]);
    same("the same path and bytes", &[deb("aa").file("usr/share/x", b"1"), deb("bb").file("usr/share/x", b"1")]);
    let aa = || deb("aa").file("usr/share/x", b"1").file("usr/share/y", b"1");
    let bb = || deb("bb").file("usr/share/x", b"2").file("usr/share/z", b"2");
    same("the later replaces", &[aa(), bb().field("Replaces", "aa")]);
    same("the earlier replaces", &[aa().field("Replaces", "bb"), bb()]);
    same("both replace", &[aa().field("Replaces", "bb"), bb().field("Replaces", "aa")]);
    same("it replaces another version", &[aa(), bb().field("Replaces", "aa (<< 1.0)")]);
    same("it replaces this version", &[aa(), bb().field("Replaces", "aa (<= 1.0)")]);
    same("a virtual name is no name", &[aa().field("Provides", "cc"), bb().field("Replaces", "cc")]);
    let dd = deb("dd").file("usr/share/x", b"3").field("Replaces", "aa, bb");
    same("three", &[aa(), bb().field("Replaces", "aa"), dd]);
}

#[test]
fn directories_and_links_that_meet() {
    let real = || deb("aa").directory("usr/share/real").symlink("usr/share/link", "real");
    same(
        "a directory over a link to one",
        &[real(), deb("bb").directory("usr/share/link").file("usr/share/link/x", b"1")],
    );
    same("a link over a directory", &[real(), deb("bb").symlink("usr/share/real", "elsewhere")]);
    same("a link over a link", &[real(), deb("bb").symlink("usr/share/link", "real")]);
    same("a link by another way", &[real(), deb("bb").symlink("usr/share/link", "../share/real")]);
    same("a link to elsewhere", &[real(), deb("bb").symlink("usr/share/link", "..")]);
    same("a link to nowhere", &[real(), deb("bb").symlink("usr/share/link", "nowhere")]);
    same("a file over a directory", &[real(), deb("bb").file("usr/share/real", b"1")]);
    same("a directory over a file", &[deb("aa").file("usr/share/x", b"1"), deb("bb").directory("usr/share/x")]);
    let replaces = deb("bb").field("Replaces", "aa").directory("usr/share/x").file("usr/share/x/y", b"1");
    same(
        "a directory over a file it replaces",
        &[deb("aa").file("usr/share/x", b"1").file("usr/share/z", b""), replaces],
    );
    let mode = |name, mode| {
        let entry = Entry { uid: mode, ..Entry::new("usr/share/d", Kind::Directory, mode, MTIME) };
        deb(name).entry(entry, b"")
    };
    same("directories of different modes", &[mode("aa", 0o750), mode("bb", 0o2775)]);
}

#[test]
fn kinds_of_entries() {
    let entry = |kind, mode| Entry { gid: 42, ..Entry::new("usr/share/x", kind, mode, MTIME) };
    same("set-id", &[deb("aa").entry(entry(Kind::File { size: 1 }, 0o6755), b"x")]);
    same("character device", &[deb("aa").entry(entry(Kind::CharDevice { major: 1, minor: 3 }, 0o666), b"")]);
    same("pipe", &[deb("aa").entry(entry(Kind::Fifo, 0o600), b"")]);
    same(
        "hardlinks",
        &[deb("aa").file("usr/share/x", b"1").hardlink("usr/share/y", "usr/share/x").file("usr/share/z", b"1")],
    );
    let aa = deb("aa").file("usr/share/x", b"1").hardlink("usr/share/y", "usr/share/x");
    same("one of two links is replaced", &[aa, deb("bb").file("usr/share/x", b"2").field("Replaces", "aa")]);
    same(
        "links come last",
        &[deb("aa").symlink("usr/share/a", "b").file("usr/share/b", b"1").symlink("usr/share/c", "b")],
    );
}

#[test]
fn the_database() {
    same(
        "no md5sums",
        &[Deb::new("aa", "1.0")
            .directory("usr")
            .directory("usr/share")
            .directory("etc")
            .file("etc/c", b"1")
            .control("conffiles", "/etc/c\n")
            .file("usr/share/x", b"2")
            .hardlink("usr/share/y", "usr/share/x")],
    );
    same("a conffile to remove", &[deb("aa").control("conffiles", "remove-on-upgrade /etc/gone\n")]);
    same("nothing at all", &[Deb::new("aa", "1.0")]);
    same(
        "triggers",
        &[
            deb("aa").control("triggers", "interest one\ninterest-noawait /usr/share\ninterest /etc\n"),
            deb("bb").control("triggers", "interest one\n"),
        ],
    );
    let odd = deb("aa")
        .field("Multi-Arch", "no")
        .field("Essential", "no")
        .field("Version", "0:1.0")
        .field("Depends", "bb(>=0:1) ,cc:any|dd ( << 2:1.0 ) ")
        .field("X-Unknown", "kept")
        .field("Homepage", "https://example.org")
        .field("Tag", "a::b,\n c::d")
        .field("Protected", "yes")
        .field("Important", "yes")
        .field("Section", "misc")
        .field("Source", "src (1.0-1)")
        .field("Origin", "Somebody")
        .field("Bugs", "mailto:bugs@example.org")
        .field("Description", "short  \n long  \n .\n  indented\n end");
    same("odd fields", &[odd]);
}
