//! Packages laid out together: order, diversions, and what is refused.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use mokapot::base::{Class, Fault};
use mokapot::domain::install::{Facts, InstallError, State, database, unpack, unpack_order};
use mokapot::domain::rootfs::{Content, Diversion, Diversions, Kind, Meta, Owner, Tree};
use mokapot::formats::deb::{Package, Stanza};

use crate::support::deb::Deb;
use crate::support::packages::{self, Opened};

fn deb(name: &str) -> Deb {
    Deb::new(name, "1.0").directory("").directory("usr")
}

fn open(deb: &Deb) -> Opened {
    packages::open(&deb.build()).unwrap()
}

fn refused(deb: &Deb) -> InstallError {
    packages::open(&deb.build()).err().unwrap()
}

fn unpacked(tree: &mut Tree, opened: &[Opened], diversions: &Diversions) -> Result<(), InstallError> {
    let order: Vec<usize> = (0..opened.len()).collect();
    unpack(tree, &packages::shipments(opened), &order, diversions).map(drop)
}

fn parsed(stanza: &str) -> Package {
    Package::from_stanza(&Stanza::parse_one(stanza.as_bytes()).unwrap()).unwrap()
}

#[test]
fn a_deb_is_the_package_that_the_index_promised() {
    let bytes = deb("aa").build();
    let other = parsed("Package: ab\nVersion: 1.1\nArchitecture: arm64\n");
    let error = packages::open_as(&bytes, other).err().unwrap();
    assert_eq!(
        error.to_string(),
        "ab 1.1: the .deb is another package: Package is `aa`, the index says `ab`; \
         Version is `1.0`, the index says `1.1`; Architecture is `all`, the index says `arm64`"
    );
    assert_eq!(error.class(), Class::Integrity);
}

#[test]
fn what_a_package_says_of_its_files_is_so() {
    let x = "9dd4e461268c8034f5c8564e155c67a6";
    let with = |md5sums: &str| deb("aa").file("usr/x", b"x").hardlink("usr/y", "usr/x").control("md5sums", md5sums);
    open(&with(&format!("{x}  usr/x\n{x}  usr/y\n")));
    for (md5sums, expected) in [
        (format!("{x}  usr/z\n"), "aa 1.0: its md5sums lists /usr/z, which it does not ship"),
        (
            "00000000000000000000000000000000  usr/x\n".into(),
            "aa 1.0: /usr/x has MD5 9dd4e461268c8034f5c8564e155c67a6, its md5sums says 00000000000000000000000000000000",
        ),
        (
            "00000000000000000000000000000000  usr/y\n".into(),
            "aa 1.0: /usr/y has MD5 9dd4e461268c8034f5c8564e155c67a6, its md5sums says 00000000000000000000000000000000",
        ),
    ] {
        assert_eq!(refused(&with(&md5sums)).to_string(), expected);
    }
    let error = refused(&deb("aa").control("conffiles", "/usr/c\n"));
    assert_eq!(error.to_string(), "aa 1.0: its conffiles lists /usr/c, which it does not ship");
    open(&deb("aa").control("conffiles", "remove-on-upgrade /etc/gone\n"));
}

#[test]
fn names_that_mean_something_to_others_are_refused() {
    for path in ["usr/.wh.passwd", "usr/.wh..wh..opq", ".wh.", "usr/.wh.d/x"] {
        // Our own writer refuses such names, so the header is made by hand.
        let error = packages_error(&deb("aa").build_with_data(&archive_of(path)));
        assert!(error.starts_with("aa 1.0: ") && error.contains(".wh."), "{error}");
    }
    for path in ["status", "info/bash.list", "diversions", "triggers/File", "updates/0001"] {
        let error = refused(&deb("aa").file(&format!("var/lib/dpkg/{path}"), b"")).to_string();
        assert_eq!(error, format!("aa 1.0: /var/lib/dpkg/{path} belongs to the package database, not to a package"));
    }
    open(&deb("aa").directory("var/lib/dpkg/info").file("var/lib/dpkg/alternatives-x", b""));
    for name in ["a b", "../x", "x;y"] {
        let error = packages_error(&deb("aa").build_with_control(&[control_only(), archive_of(name)].concat()));
        assert!(error.contains("name") || error.contains("control"), "{error}");
    }
}

/// A tar archive of one empty file.
fn archive_of(path: &str) -> Vec<u8> {
    let mut archive = crate::support::deb::raw_header(path.as_bytes(), b'0', b"00000000000\0", b"");
    archive.resize(archive.len() + 1024, 0);
    archive
}

/// A `control.tar` with nothing but `control`, without its end.
fn control_only() -> Vec<u8> {
    let mut plain = Deb::new("aa", "1.0").control_tar();
    plain.truncate(plain.len() - 1024);
    plain
}

fn packages_error(deb: &[u8]) -> String {
    let package = parsed("Package: aa\nVersion: 1.0\nArchitecture: all\n");
    packages::open_as(deb, package).err().unwrap().to_string()
}

#[test]
fn a_status_has_one_paragraph_a_package() {
    let evil = deb("aa").field("Status", "install ok installed\n\u{20}x").field("Conffiles", "\n /etc/shadow 0");
    let evil = evil.field("Description", "x\n .\n Package: evil\n .\n Status: install ok installed");
    let opened = [open(&deb("bb")), open(&evil)];
    let pairs: Vec<(&Package, &Facts)> = opened.iter().map(|opened| (&opened.package, &opened.facts)).collect();
    let text = database::status(&pairs, State::Installed).unwrap();
    let paragraphs: Vec<&str> = text.split_terminator("\n\n").collect();
    assert_eq!(paragraphs.len(), 2, "{text}");
    for (paragraph, name) in paragraphs.iter().zip(["aa", "bb"]) {
        let fields = |field: &str| paragraph.lines().filter(|line| line.starts_with(field)).count();
        assert!(paragraph.starts_with(&format!("Package: {name}\n")));
        assert_eq!((fields("Package:"), fields("Status:"), fields("Conffiles:")), (1, 1, 0), "{paragraph}");
    }
    // Facts come from a store: whatever is in them, they make one paragraph.
    let mut facts = opened[0].facts.clone();
    facts.fields.push(("X-Odd".into(), "a\n\nPackage: evil\n\n".into()));
    let text = database::status(&[(&opened[0].package, &facts)], State::Installed).unwrap();
    assert_eq!(text.matches("\n\n").count(), 1, "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("Package:")).count(), 1, "{text}");
    let error = database::status(&[pairs[0], pairs[0]], State::Installed).unwrap_err();
    assert_eq!(error.to_string(), "bb 1.0: the package is there twice");
}

#[test]
fn two_packages_with_one_path_are_both_named() {
    let opened = [open(&deb("aa").file("usr/x", b"1")), open(&deb("bb").file("usr/x", b"2"))];
    let error = unpacked(&mut Tree::new(), &opened, &Diversions::default()).unwrap_err();
    assert_eq!(error.to_string(), "bb 1.0 would overwrite /usr/x, which is also in aa 1.0");
    assert_eq!(error.class(), Class::Unsatisfiable);
    assert!(error.hint().unwrap().contains("Replaces"));
}

#[test]
fn two_names_of_one_file_meet_too() {
    let opened = [open(&deb("aa").file("usr/x", b"1")), open(&deb("bb").directory("alias").file("alias/x", b"2"))];
    let mut tree = Tree::new();
    tree.insert(b"usr", Kind::Directory, Meta::root(0o755, 0), Owner::Generated, None).unwrap();
    tree.insert(b"alias", Kind::Symlink(b"usr".as_slice().into()), Meta::root(0o777, 0), Owner::Generated, None)
        .unwrap();
    let error = unpacked(&mut tree, &opened, &Diversions::default()).unwrap_err();
    assert_eq!(error.to_string(), "bb 1.0 would overwrite /alias/x, which is also in aa 1.0");
}

#[test]
fn diverted_entries_go_elsewhere() {
    let opened =
        [open(&deb("aa").file("usr/x", b"1").hardlink("usr/y", "usr/x")), open(&deb("bb").file("usr/x", b"2"))];
    let mut diversions = Diversions::default();
    diversions.insert("usr/x", Diversion { to: b"usr/x.distrib".to_vec(), by: Some("bb".into()) });
    diversions.insert("etc/motd", Diversion { to: b"etc/motd.old".to_vec(), by: None });
    let mut tree = Tree::new();
    unpacked(&mut tree, &opened, &diversions).unwrap();
    let owner = |path: &str| tree.lookup(path.as_bytes()).unwrap().unwrap().owners.to_vec();
    assert_eq!(owner("usr/x"), [Owner::Artefact(1)]);
    assert_eq!(owner("usr/x.distrib"), [Owner::Artefact(0)]);
    assert_eq!(tree.lookup(b"usr/y").unwrap().unwrap().links, 2);
    database::install(&mut tree, &[], &diversions, State::Installed, 0).unwrap();
    match tree.lookup(b"var/lib/dpkg/diversions").unwrap().unwrap().kind {
        Kind::File(Content::Bytes(bytes)) => {
            assert_eq!(&**bytes, b"/etc/motd\n/etc/motd.old\n:\n/usr/x\n/usr/x.distrib\nbb\n");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn hardlinks_stay_in_their_package() {
    let opened =
        [open(&deb("aa").file("usr/victim", b"1")), open(&deb("bb").file("usr/own", b"").hardlink("usr/x", "usr/own"))];
    unpacked(&mut Tree::new(), &opened, &Diversions::default()).unwrap();
    for target in ["usr/victim", "usr/missing", "usr", "usr/later"] {
        let bytes = deb("bb").hardlink("usr/x", target).file("usr/later", b"");
        // Whoever sees it first refuses it: the reader of the package, or the tree.
        let error = match packages::open(&bytes.build()) {
            Err(error) => error.to_string(),
            Ok(bb) => {
                unpacked(&mut Tree::new(), &[open(&deb("aa").file("usr/victim", b"1")), bb], &Diversions::default())
                    .unwrap_err()
                    .to_string()
            }
        };
        assert!(error.contains("bb 1.0") && error.contains("/usr/x"), "{error}");
    }
}

#[test]
fn a_file_is_no_directory_later() {
    let opened = [open(&deb("aa").file("usr/x", b"1")), open(&deb("bb").file("usr/x/y", b"2"))];
    let error = unpacked(&mut Tree::new(), &opened, &Diversions::default()).unwrap_err();
    assert_eq!(error.to_string(), "bb 1.0: /usr/x/y: /usr/x is no directory");
}

#[test]
fn packages_come_after_what_they_need() {
    let stanza = |name: &str, more: &str| parsed(&format!("Package: {name}\nVersion: 1\nArchitecture: all\n{more}"));
    let packages = [
        stanza("zz", ""),
        stanza("yy", "Depends: virtual, zz | xx\n"),
        stanza("xx", "Provides: virtual\nDepends: yy\n"),
        stanza("bash", "Essential: yes\nPre-Depends: libc6 (>= 1)\nDepends: base-files\n"),
        stanza("libc6", "Depends: libgcc-s1\n"),
        stanza("libgcc-s1", "Depends: libc6 (>= 1)\n"),
        stanza("base-passwd", "Essential: yes\nDepends: libc6\n"),
        stanza("base-files", "Essential: yes\nPre-Depends: awk\n"),
        stanza("aa", "Depends: missing | zz, zz (>= 2)\n"),
    ];
    let names = |packages: &[&Package]| -> Vec<String> {
        unpack_order(packages).into_iter().map(|i| packages[i].name.to_string()).collect()
    };
    let mut all: Vec<&Package> = packages.iter().collect();
    let expected = ["base-files", "base-passwd", "libgcc-s1", "libc6", "bash", "zz", "aa", "yy", "xx"];
    assert_eq!(names(&all), expected);
    all.reverse();
    assert_eq!(names(&all), expected, "the order given does not matter");
}

#[test]
fn an_endless_chain_of_dependencies_is_just_long() {
    let packages: Vec<Package> = (0..20_000)
        .map(|i| parsed(&format!("Package: p{i}\nVersion: 1\nArchitecture: all\nDepends: p{}\n", (i + 1) % 20_000)))
        .collect();
    let order = unpack_order(&packages.iter().collect::<Vec<_>>());
    assert_eq!(order.len(), 20_000);
    assert_eq!((order[0], order[19_999]), (19_999, 0));
}
