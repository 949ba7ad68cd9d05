//! What is not published, and with what words.

use std::fs;

use super::scene::{Scene, package};
use crate::support::keys::{Key, Spec, Subkey};
use crate::support::project::{Ran, tree_hash};

/// A scene with version 2 of `app` in the suite `test`.
fn published() -> Scene {
    let scene = Scene::new();
    scene.publish(&[&scene.deb("app", "2", "all")]).ok();
    scene
}

/// A publish that must fail and change nothing.
#[track_caller]
fn refused(scene: &Scene, more: &[&str], code: i32, named: &[&str]) {
    let before = tree_hash(&scene.repo());
    scene.publish(more).failed(code, named);
    assert_eq!(tree_hash(&scene.repo()), before, "{more:?} changed something");
}

#[test]
fn a_version_that_does_not_sort_after_the_published_one() {
    let scene = published();
    for version in ["1", "2~rc1", "1.9999-5"] {
        let deb = scene.deb("app", version, "all");
        refused(&scene, &[&deb], 12, &["does not sort after 2", "--allow-older"]);
    }
    let older = scene.deb("app", "1", "arm64");
    refused(&scene, &[&older], 12, &["app 1", "for arm64"]);
    scene.publish(&[&older, "--allow-older"]).ok();
    assert_eq!(scene.read("test"), ["app 2 all@amd64", "app 1 arm64@arm64", "app 2 all@arm64"]);
}

#[test]
fn the_same_version_with_other_bytes() {
    let scene = published();
    let bytes = package("app", "2", "all").file("usr/share/more", b"more").build();
    let deb = scene.put("other/app.deb", &bytes);
    let digests = [fs::read(scene.project.path("debs/app_2_all.deb")).unwrap(), bytes];
    let digests = digests.map(|bytes| mokapot::base::Digest::of(&bytes).to_string());
    refused(&scene, &[&deb], 12, &["other bytes", &digests[0], &digests[1]]);
    // In another suite too, since the pool is one; and with another epoch, which names of files do not have.
    refused(&scene, &[&deb, "--suite", "other"], 12, &["app_2_all.deb is there", &digests[0], &digests[1]]);
    let deb = scene.deb("app", "1:2", "all");
    refused(&scene, &[&deb], 12, &["app_2_all.deb is there"]);
    // Twice at once.
    let (one, two) =
        (scene.deb("new", "1", "all"), scene.put("new.deb", &package("new", "1", "all").field("X", "y").build()));
    refused(&scene, &[&one, &two], 12, &["other bytes"]);
}

#[test]
fn files_that_are_no_packages() {
    let scene = published();
    let whole = package("new", "1", "all").build();
    let broken = [
        ("empty.deb", Vec::new(), 6, "not a Debian archive"),
        ("text.deb", b"no package".to_vec(), 6, "not a Debian archive"),
        ("cut.deb", whole[..whole.len() - 100].to_vec(), 6, "cut.deb"),
        ("source.deb", package("new", "1", "all").field("Source", "../../x").build(), 6, "`Source`"),
        ("arch.deb", package("new", "1", "riscv64").build(), 6, "riscv64"),
    ];
    for (name, bytes, code, named) in broken {
        let deb = scene.put(name, &bytes);
        refused(&scene, &[&deb], code, &[named]);
        // What is beside it is not published either.
        refused(&scene, &[&scene.deb("good", "1", "all"), &deb], code, &[named]);
    }
    refused(&scene, &["none.deb"], 10, &["none.deb"]);
    refused(&scene, &["none"], 2, &["none"]);
}

#[test]
fn names_that_lead_elsewhere() {
    let scene = published();
    let deb = scene.deb("new", "1", "all");
    for bad in ["../x", "a/b", "", ".", "/abs", "-x"] {
        for option in ["--suite", "--component"] {
            let ran = scene.publish(&[&deb, option, bad]);
            assert_eq!(ran.code, 2, "{option} {bad}: {ran:?}");
        }
    }
    for bad in ["s3://", "s3://X/y", "s3://bucket/../y", "s3://bucket/a//b"] {
        scene.publish(&[&deb, "--to", bad]).failed(2, &["--to"]);
    }
    scene.publish(&[&deb, "--keep", "0"]).failed(2, &["--keep"]);
    assert_eq!(scene.read("test").len(), 2);
}

#[test]
fn keys_that_do_not_sign() {
    let scene = published();
    let deb = scene.deb("new", "1", "all");
    let file = |name: &str, text: &str| scene.put(name, text.as_bytes());
    let expired = Key::of(3, &Spec { life: Some(10), ..Spec::default() }).secret(None);
    for (name, text, named) in [
        ("public", scene.key.armoured(), "it is a public key"),
        ("garbage", "no key".to_owned(), "no OpenPGP secret key"),
        ("empty", String::new(), "no OpenPGP secret key"),
        ("two", format!("{}{}", scene.key.secret(None), Key::new(4).secret(None)), "secret key"),
        ("expired", expired, "expired"),
        ("locked", scene.key.secret(Some("open sesame")), "MOKAPOT_KEY_PASSPHRASE"),
    ] {
        refused(&scene, &[&deb, "--key", &file(name, &text)], 2, &[named]);
    }
    let unsigned = scene.arguments(&[&deb, "--unsigned"]);
    let neither: Vec<&str> = unsigned.iter().map(String::as_str).filter(|word| *word != "--unsigned").collect();
    scene.project.mokapot(&neither).failed(2, &["nobody is said to sign", "--unsigned"]);
    refused(&scene, &[&deb, "--unsigned"], 2, &["suite test is signed"]);

    let with = |passphrase: &str| {
        let words = scene.arguments(&[&deb, "--key", scene.project.path("locked").to_str().unwrap()]);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Ran::of(scene.project.command(&[], &words).env("MOKAPOT_KEY_PASSPHRASE", passphrase))
    };
    let wrong = with("open barley").failed(2, &["passphrase"]);
    assert!(!wrong.stderr.contains("barley"), "{}", wrong.stderr);
    let right = with("open sesame").ok();
    assert!(!right.stderr.contains("sesame") && !right.stdout.contains("sesame"));
    assert_eq!(scene.read("test").len(), 4);
}

/// What is in a repository is signed again only if it was signed by the key, or by one that is named.
#[test]
fn what_somebody_else_signed_or_nobody() {
    let scene = published();
    let deb = scene.deb("new", "1", "all");
    let other = Key::of(9, &Spec { subkey: Some(Subkey::Good), ..Spec::default() });
    let other_key = scene.put("other.key", other.secret(None).as_bytes());
    refused(&scene, &[&deb, "--key", &other_key], 7, &["no good signature", "--signed-by"]);
    let former = scene.put("former.asc", scene.key.armoured().as_bytes());
    scene.publish(&[&deb, "--key", &other_key, "--signed-by", &former]).ok();
    let repo = scene.repo();
    let found = super::scene::read(&|path| fs::read(repo.join(path)).ok(), "test", &other.keyring(), true);
    assert_eq!(found.len(), 4, "{found:?}");

    let ran = scene.publish(&[&deb, "--unsigned", "--suite", "free"]).ok();
    assert!(ran.stderr.contains("trusted=yes"), "{}", ran.stderr);
    assert!(!repo.join("dists/free/InRelease").exists());
    let release = fs::read_to_string(repo.join("dists/free/Release")).unwrap();
    let found = super::scene::packages(&|path| fs::read(repo.join(path)).ok(), "free", &release, true);
    assert_eq!(found.len(), 2, "{found:?}");
    scene.publish(&[&scene.deb("new", "2", "all"), "--unsigned", "--suite", "free"]).ok();
    refused(&scene, &[&deb, "--suite", "free"], 7, &["without a signature"]);
}

#[test]
fn a_repository_that_somebody_else_changed() {
    let scene = published();
    let deb = scene.deb("new", "1", "all");
    let path = |name: &str| scene.repo().join(name);
    // Another program's suite.
    fs::create_dir_all(path("dists/foreign")).unwrap();
    fs::write(path("dists/foreign/Release"), "Suite: foreign\n").unwrap();
    refused(&scene, &[&deb, "--suite", "foreign"], 12, &["dists/foreign/Release is not what `mokapot publish`"]);
    let restore = |name: &str, bytes: &[u8]| fs::write(path(name), bytes).unwrap();
    let change = |name: &str, with: &dyn Fn(&str) -> String, code: i32, named: &[&str]| {
        let old = fs::read(path(name)).unwrap();
        fs::write(path(name), with(std::str::from_utf8(&old).unwrap())).unwrap();
        refused(&scene, &[&deb], code, named);
        restore(name, &old);
    };
    change("dists/test/InRelease", &|text| text.replace("Mokapot", "Other"), 12, &["InRelease is not what"]);
    let state = "mokapot-repository.json";
    change(state, &|text| text.replace("\"format\": 1", "\"format\": 2"), 2, &["has format 2", "knows 1"]);
    change(state, &|text| text.replace("Origin: Mokapot", "Origin: Mokapit"), 7, &["no good signature"]);
    change(state, &|_| "{}".to_owned(), 6, &["malformed"]);
    change(state, &|text| text.replace("pool/main/a", "../../etc"), 6, &["malformed"]);
    let index = scene.files("dists/test/main/binary-amd64/by-hash/SHA256");
    for file in index {
        let name = format!("dists/test/main/binary-amd64/by-hash/SHA256/{file}");
        let old = fs::read(path(&name)).unwrap();
        if old.starts_with(b"\xfd7zXZ") {
            restore(&name, b"other");
            refused(&scene, &[&deb], 6, &["is not what its Release says"]);
            fs::remove_file(path(&name)).unwrap();
            refused(&scene, &[&deb], 6, &["is not there any more"]);
            restore(&name, &old);
        }
    }
    scene.publish(&[&deb]).ok();
    assert_eq!(scene.read("test").len(), 4);
}
