//! `mokapot build` as a person meets it: a recipe, a signed archive, an image; twice, for one platform, locked, offline.

use std::fs;
use std::process::Command;

use mokapot::base::Digest;
use serde_json::Value;

use crate::support::project::{Project, RECIPE, Ran, layout_is_sound};
use crate::support::run::succeed;

/// The digest of the fixture's image.
const GOLDEN: &str = "sha256:b71bdd662a4242b9a04d9c9adbc29e386cfac28d6c49d04a623111baf309183f";

#[test]
fn a_recipe_becomes_an_image_and_stays_it() {
    let project = Project::new();
    let first = project.build(&[]).ok();
    assert!(first.stderr.contains("locked 10 packages"), "{}", first.stderr);
    let digest = first.digest("app");
    project.assert_tidy();
    assert_eq!(layout_is_sound(&project.layout()), [("app".to_owned(), digest.clone())]);

    project.server.clear();
    let second = project.build(&[]).ok();
    assert!(second.stderr.contains("app is up to date"), "{}", second.stderr);
    assert_eq!(second.digest("app"), digest);
    assert!(project.server.requests().is_empty());

    assert_eq!(
        digest, GOLDEN,
        "the image of the fixture changed: every image of every user gets another digest with this change. If that is meant, \
         raise the FORMAT of what changed, say so in the change log, and put the new digest here; the entries of its layers are \
         in the snapshot beside this test"
    );
}

#[test]
fn the_layers_hold_what_the_packages_ship() {
    let project = Project::new();
    let index = project.built();
    let mut text = String::new();
    for arch in ["amd64", "arm64"] {
        let manifest = project.json(&project.manifest(&index, arch));
        let config = project.json(manifest["config"]["digest"].as_str().unwrap());
        text += &format!("{arch}: {}\n", serde_json::to_string_pretty(&config["config"]).unwrap());
        for layer in manifest["layers"].as_array().unwrap() {
            text += &format!(
                "{arch}: {}\n",
                layer["annotations"]["org.opencontainers.image.title"].as_str().unwrap_or("-")
            );
            let hex = layer["digest"].as_str().unwrap().trim_start_matches("sha256:");
            let bytes = fs::read(project.layout().join("blobs/sha256").join(hex)).unwrap();
            text += &listing(&bytes);
        }
    }
    insta::assert_snapshot!("image", text);
}

/// What `tar -tv` says of a layer, for people.
fn listing(layer: &[u8]) -> String {
    let plain = zstd::decode_all(layer).unwrap();
    let mut text = String::new();
    for entry in tar::Archive::new(&*plain).entries().unwrap() {
        let entry = entry.unwrap();
        let header = entry.header();
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let link = entry.link_name_bytes().map(|link| format!(" -> {}", String::from_utf8_lossy(&link)));
        text += &format!(
            "  {:?} {:04o} {}:{} {:>6} {} {path}{}\n",
            header.entry_type(),
            header.mode().unwrap(),
            header.uid().unwrap(),
            header.gid().unwrap(),
            header.size().unwrap(),
            header.mtime().unwrap(),
            link.unwrap_or_default()
        );
    }
    text
}

#[test]
fn one_platform_alone_is_the_one_in_the_index() {
    let project = Project::new();
    let both = project.built();
    let in_both = project.manifest(&both, "arm64");
    let fresh = Project::new();
    fs::copy(project.lock_path(), fresh.lock_path()).unwrap();
    let alone = fresh.build(&["--arch", "arm64", "--tag", "just-arm"]).digest("app");
    assert_ne!(alone, both);
    assert_eq!(fresh.manifest(&alone, "arm64"), in_both);
    assert_eq!(fresh.json(&alone)["manifests"].as_array().unwrap().len(), 1);
    assert_eq!(layout_is_sound(&fresh.layout()), [("just-arm".to_owned(), alone)]);
    // Nothing of the other platform was fetched.
    assert!(!fresh.server.requests().iter().any(|request| request.path().ends_with("_amd64.deb")));
}

#[test]
fn what_is_for_all_architectures_is_one_blob() {
    let project = Project::new();
    let index = project.built();
    let layers = |arch: &str| -> Vec<(String, String)> {
        let manifest = project.json(&project.manifest(&index, arch));
        let text = |layer: &Value, key: &str| layer[key].as_str().unwrap_or_default().to_owned();
        let layers = manifest["layers"].as_array().unwrap().iter();
        layers.map(|layer| (text(&layer["annotations"], "org.mokapot.packages"), text(layer, "digest"))).collect()
    };
    let (amd64, arm64) = (layers("amd64"), layers("arm64"));
    let shared: Vec<_> = amd64.iter().filter(|layer| arm64.contains(layer)).collect();
    assert!(shared.iter().any(|(packages, _)| packages.contains("docs=1.0-1")), "{amd64:#?} {arm64:#?}");
    assert!(amd64.iter().any(|layer| !arm64.contains(layer)));
}

#[test]
fn a_locked_build_neither_makes_nor_changes_a_lock() {
    let project = Project::new();
    let lock = project.lock_path().display().to_string();
    project.build(&["--locked"]).failed(4, &[&lock, "--locked", "mokapot lock"]);
    assert!(!project.lock_path().exists());
    assert!(project.server.requests().is_empty());

    project.lock(&[]).ok();
    let before = fs::read(project.lock_path()).unwrap();
    project.server.clear();
    project.write("project/recipes/app.toml", &RECIPE.replace("[\"app\"]", "[\"app\", \"docs\"]"));
    project.build(&["--locked"]).failed(4, &[&lock, "packages.install", "+docs"]);
    assert!(project.server.requests().is_empty(), "nothing is resolved again");
    assert_eq!(fs::read(project.lock_path()).unwrap(), before);
    assert!(layout_is_sound(&project.layout()).is_empty());

    // What does not change the packages needs no new lock.
    project.write("project/recipes/app.toml", &RECIPE.replace("maintainer", "vendor"));
    project.build(&["--locked"]).ok();
    assert_eq!(fs::read(project.lock_path()).unwrap(), before);
    // Without the option the lock follows.
    project.write("project/recipes/app.toml", &RECIPE.replace("[\"app\"]", "[\"app\", \"docs\"]"));
    let ran = project.build(&[]).ok();
    assert!(ran.stderr.contains("locking again"), "{}", ran.stderr);
    assert_ne!(fs::read(project.lock_path()).unwrap(), before);
    project.assert_tidy();
}

#[test]
fn an_offline_build_asks_nobody() {
    let project = Project::new();
    project.build(&["--offline"]).failed(4, &["--offline"]);
    let digest = project.built();
    project.server.clear();
    fs::remove_dir_all(project.layout()).unwrap();
    assert_eq!(project.build(&["--offline", "--locked"]).digest("app"), digest);
    fs::remove_dir_all(project.store()).unwrap();
    fs::remove_dir_all(project.layout()).unwrap();
    project.build(&["--offline"]).failed(9, &["offline", "docs 1.0-1 (all)", "libc6 2.36-9 (arm64)"]);
    assert!(project.server.requests().is_empty());
}

#[test]
fn an_archive_holds_the_same_image() {
    let project = Project::new();
    let digest = project.built();
    let file = project.path("image.tar");
    let output = format!("oci-archive:{}", file.display());
    assert_eq!(project.build(&["--output", &output, "--tag", "v1"]).digest("app"), digest);
    project.assert_tidy();
    let unpacked = project.path("unpacked");
    fs::create_dir(&unpacked).unwrap();
    succeed(Command::new("tar").arg("-C").arg(&unpacked).arg("-xf").arg(&file));
    assert_eq!(layout_is_sound(&unpacked), [("v1".to_owned(), digest)]);
    let before = fs::read(&file).unwrap();
    project.build(&["--output", &output, "--tag", "v1"]).ok();
    assert_eq!(Digest::of(&fs::read(&file).unwrap()), Digest::of(&before), "the same archive, byte for byte");
}

#[test]
fn stdout_is_for_programs() {
    let project = Project::new();
    let text = project.build(&["--quiet"]).ok();
    assert_eq!(text.stderr, "");
    let digest = text.digest("app");
    let json = project.build(&["--format", "json"]).ok();
    let value: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(value["schema_version"], 1);
    assert_eq!(value["images"][0]["unchanged"], true);
    assert!(value.to_string().contains(&digest));
    let json = project.build(&["--format", "json", "--arch", "riscv64"]);
    assert_eq!(json.code, 2);
    project.write("project/recipes/app.toml", &RECIPE.replace("\"fake\"", "\"none\""));
    let json = project.build(&["--format", "json"]);
    let value: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(value["error"]["code"], json.code);
    assert_eq!(value["error"]["class"], "network");
}

#[test]
fn the_recipe_decides_users_files_and_settings() {
    let project = Project::new();
    let index = project.built();
    for (arch, triplet) in [("amd64", "x86_64-linux-gnu"), ("arm64", "aarch64-linux-gnu")] {
        let manifest = project.json(&project.manifest(&index, arch));
        let config = project.json(manifest["config"]["digest"].as_str().unwrap());
        assert_eq!(config["config"]["User"], "app");
        assert_eq!(config["architecture"], arch);
        let env = config["config"]["Env"].to_string();
        assert!(
            env.contains(&format!("APP_ARCH={arch}")) && env.contains(&format!("APP_LIB=/usr/lib/{triplet}")),
            "{env}"
        );
        assert_eq!(config["created"], "2026-01-01T00:00:00Z");
    }
    let epoch = Ran::of(project.build_command(&[], &[]).env("SOURCE_DATE_EPOCH", "1600000000")).digest("app");
    assert_ne!(epoch, index);
    project.write("project/recipes/app.toml", &RECIPE.replace("user = \"app\"", "user = \"nobody-here\""));
    project.build(&["--tag", "bad"]).failed(3, &["nobody-here"]);
    assert!(layout_is_sound(&project.layout()).iter().all(|(tag, _)| tag != "bad"));
    project.assert_tidy();
}
