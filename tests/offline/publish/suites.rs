//! What a publish makes, changes and keeps.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use mokapot::formats::compress::{Checksums, Codec, Decoder};

use super::scene::{Scene, packages};
use crate::support::project::{Ran, no_temporaries, tree_hash};

fn in_release(scene: &Scene) -> String {
    fs::read_to_string(scene.repo().join("dists/test/InRelease")).unwrap()
}

/// The signed text of an `InRelease`.
fn text(in_release: &str) -> String {
    mokapot::formats::openpgp::cleartext::parse(in_release.as_bytes()).unwrap().text
}

#[test]
fn what_is_published_is_read_and_publishing_it_again_writes_nothing() {
    let scene = Scene::new();
    let debs =
        [scene.deb("app", "1:1.0-1", "all"), scene.deb("tool", "2.0", "amd64"), scene.deb("tool", "2.0", "arm64")];
    let debs: Vec<&str> = debs.iter().map(String::as_str).collect();
    let dry = scene.publish(&[&debs[..], &["--dry-run"]].concat()).ok();
    assert!(dry.stdout.contains("to add") && !scene.repo().exists(), "{dry:?}");
    let ran = scene.publish(&debs).ok();
    assert!(ran.stdout.contains("4 added, 0 removed"), "{}", ran.stdout);
    assert_eq!(
        scene.read("test"),
        ["app 1:1.0-1 all@amd64", "tool 2.0 amd64@amd64", "app 1:1.0-1 all@arm64", "tool 2.0 arm64@arm64"]
    );
    let pool = ["main/a/app/app_1.0-1_all.deb", "main/t/tool/tool_2.0_amd64.deb", "main/t/tool/tool_2.0_arm64.deb"];
    assert_eq!(scene.files("pool"), pool);
    let index = fs::read_to_string(scene.repo().join("dists/test/main/binary-arm64/Packages")).unwrap();
    assert!(
        index.contains("\nDescription: package of a test\n It has more lines.\n .\n And an end.\n")
            && index.contains("\nSection: java\nDepends: libc6"),
        "control fields in their order: {index}"
    );
    let contents = fs::read(scene.repo().join("dists/test/main/Contents-amd64.gz")).unwrap();
    let mut plain = String::new();
    let mut decoder = Decoder::new(Codec::Gzip, &contents[..], Checksums::Verify).unwrap();
    std::io::Read::read_to_string(&mut decoder, &mut plain).unwrap();
    let lines =
        ["usr/bin/app\tjava/app", "usr/bin/tool\tjava/tool", "usr/share/app\tjava/app", "usr/share/tool\tjava/tool"];
    assert_eq!(plain.lines().collect::<Vec<_>>(), lines);
    for file in scene.files("") {
        let mode = fs::metadata(scene.repo().join(&file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o444, 0o444, "{file} cannot be served");
    }
    no_temporaries(&scene.repo());

    let before = tree_hash(&scene.repo());
    let again = scene.publish(&debs).ok();
    assert!(again.stdout.contains("nothing to do"), "{}", again.stdout);
    assert_eq!(tree_hash(&scene.repo()), before);
    let json = scene.publish(&[&debs[..], &["--format", "json"]].concat()).ok();
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((json["unchanged"].as_bool(), json["present"].as_array().unwrap().len()), (Some(true), 4));
    assert_eq!(json["key"], scene.key.fingerprint());
}

#[test]
fn the_same_packages_key_and_time_give_the_same_bytes() {
    let (one, other) = (Scene::new(), Scene::new());
    let publish = |scene: &Scene| {
        let (app, tool) = (scene.deb("app", "1", "all"), scene.deb("tool", "1", "arm64"));
        let words = scene.arguments(&[&app, &tool]);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Ran::of(scene.project.command(&[], &words).env("SOURCE_DATE_EPOCH", "1780000000")).ok();
        tree_hash(&scene.repo())
    };
    assert_eq!(publish(&one), publish(&other));
    assert!(in_release(&one).contains("Date: Thu, 28 May 2026 20:26:40 UTC"), "{}", in_release(&one));
    // The next one is later, whatever the clock says.
    let words = one.arguments(&[&one.deb("app", "2", "all")]);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Ran::of(one.project.command(&[], &words).env("SOURCE_DATE_EPOCH", "1700000000")).ok();
    assert!(in_release(&one).contains("Date: Thu, 28 May 2026 20:26:41 UTC"), "{}", in_release(&one));
}

/// The Release that a reader has begun with leads to all that it names after the next publish too, and its files are gone after the one
/// that follows.
#[test]
fn files_go_one_publish_after_their_successors_came() {
    let scene = Scene::new();
    let files = |path: &str| fs::read(scene.repo().join(path)).ok();
    scene.publish(&[&scene.deb("app", "1", "all"), &scene.deb("app", "2", "all")]).ok();
    scene.publish(&["--suite", "other", &scene.deb("app", "2", "all")]).ok();
    let first = text(&in_release(&scene));
    let ran = scene.publish(&[&scene.deb("app", "10", "all"), "--keep", "1"]).ok();
    assert!(ran.stdout.contains("2 added, 4 removed"), "{}", ran.stdout);
    assert_eq!(scene.read("test"), ["app 10 all@amd64", "app 10 all@arm64"]);
    assert_eq!(packages(&files, "test", &first, false).len(), 4, "the reader of the first Release finishes");
    let second = text(&in_release(&scene));
    scene.publish(&[&scene.deb("app", "11", "all")]).ok();
    assert_eq!(packages(&files, "test", &second, false).len(), 2);
    assert_eq!(
        scene.files("pool"),
        ["main/a/app/app_10_all.deb", "main/a/app/app_11_all.deb", "main/a/app/app_2_all.deb"],
        "the first version is gone, the second is of another suite"
    );
    assert_eq!(scene.read("other"), ["app 2 all@amd64", "app 2 all@arm64"]);
    assert_eq!(scene.read("test").len(), 4);
    // Nothing but what the two last states of each suite name, and each of them.
    let indexes = scene.files("dists").into_iter().filter(|file| file.contains("by-hash"));
    let by_suite: BTreeSet<String> = indexes.clone().map(|file| file.split('/').next().unwrap().to_owned()).collect();
    assert_eq!(by_suite.len(), 2);
    let of_test = indexes.filter(|file| file.starts_with("test/")).count();
    assert!((10..=20).contains(&of_test), "{of_test}");
}

#[test]
fn components_of_a_suite_do_not_touch_each_other() {
    let scene = Scene::new();
    scene.publish(&[&scene.deb("app", "1", "all")]).ok();
    scene.publish(&[&scene.deb("libtool", "1", "amd64"), "--component", "extra"]).ok();
    scene.publish(&[&scene.deb("app", "2", "all"), "--keep", "1"]).ok();
    scene.publish(&[&scene.deb("app", "3", "all"), "--keep", "1"]).ok();
    assert_eq!(scene.read("test"), ["libtool 1 amd64@amd64", "app 3 all@amd64", "app 3 all@arm64"]);
    assert!(scene.files("pool").contains(&"extra/libt/libtool/libtool_1_amd64.deb".to_owned()));
}

#[test]
fn a_package_recipe_is_built_and_published() {
    let scene = Scene::new();
    let recipe = "name = \"own\"\nversion = \"1.0-1\"\nmaintainer = \"Tests <tests@example.org>\"\nsection = \"java\"\n\
                  synopsis = \"program of a test\"\ndescription = \"What it is.\"\nchangelog = \"changelog\"\ncopyright = \"copyright\"\n\n\
                  [[file]]\npath = \"/usr/share/own/file\"\ncontent = \"text\\n\"\n";
    scene.project.write("project/packages/own/package.toml", recipe);
    scene.project.write("project/packages/own/copyright", "Everybody's.\n");
    scene.project.write(
        "project/packages/own/changelog",
        "own (1.0-1) unstable; urgency=medium\n\n  * First.\n\n -- Tests <tests@example.org>  Thu, 01 Jan 2026 00:00:00 +0000\n",
    );
    scene.publish(&["own"]).ok();
    assert_eq!(scene.read("test"), ["own 1.0-1 all@amd64", "own 1.0-1 all@arm64"]);
    let again = scene.publish(&["own", "--locked"]).ok();
    assert!(again.stdout.contains("nothing to do"), "{}", again.stdout);
}

#[test]
fn a_file_that_was_lost_from_the_pool_is_put_back() {
    let scene = Scene::new();
    let deb = scene.deb("app", "1", "all");
    scene.publish(&[&deb]).ok();
    fs::remove_dir_all(scene.repo().join("pool")).unwrap();
    let ran = scene.publish(&[&deb]).ok();
    assert!(ran.stdout.contains("1 files put back"), "{}", ran.stdout);
    assert_eq!(scene.read("test").len(), 2);
}

/// Several at once: none is lost, and each finds what the others left.
#[test]
fn publishers_at_once_all_win_one_after_the_other() {
    let scene = Scene::new();
    let mut running = Vec::new();
    for n in 0..4 {
        let words = scene.arguments(&[&scene.deb(&format!("app{n}"), "1", "amd64")]);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        running.push(scene.project.command(&[], &words).spawn().unwrap());
    }
    for mut child in running {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(
        scene.read("test"),
        ["app0 1 amd64@amd64", "app1 1 amd64@amd64", "app2 1 amd64@amd64", "app3 1 amd64@amd64"]
    );
    no_temporaries(&scene.repo());
}
