//! Publishers that are killed and disks that refuse, at every moment: readers have the old state or the new one, whole, and the next publish
//! works.

use std::fs;

use super::super::killed::{Threads, at, copy, kill_everywhere};
use super::scene::{Scene, read};
use crate::support::project::{Ran, no_temporaries};

const OLD: [&str; 2] = ["app 1 all@amd64", "app 1 all@arm64"];
const NEW: [&str; 2] = ["app 2 all@amd64", "app 2 all@arm64"];

/// A repository with the first version, and a copy of it.
fn before() -> (Scene, String) {
    let scene = Scene::new();
    scene.publish(&[&scene.deb("app", "1", "all")]).ok();
    copy(&scene.repo(), &scene.project.path("old"));
    let deb = scene.deb("app", "2", "all");
    (scene, deb)
}

fn reset(scene: &Scene) {
    copy(&scene.project.path("old"), &scene.repo());
}

/// A reader finds the old state or the new one; the next publish comes to the new one.
fn recovers(scene: &Scene, deb: &str, context: &str) {
    let repo = scene.repo();
    let found = read(&|path| fs::read(repo.join(path)).ok(), "test", &scene.key.keyring(), false);
    assert!(found == OLD || found == NEW, "{context}: {found:?}");
    scene.publish(&[deb, "--keep", "1"]).ok();
    assert_eq!(scene.read("test"), NEW, "{context}");
    no_temporaries(&repo);
}

#[test]
fn killed_at_any_system_call() {
    let (scene, deb) = before();
    let kills = kill_everywhere(
        &scene.project,
        Threads::Main,
        || reset(&scene),
        |wrapper| scene.publish_by(wrapper, &[&deb, "--keep", "1"]),
        |ran, context| {
            if ran.code == 0 {
                assert_eq!(scene.read("test"), NEW, "{context}");
            }
            recovers(&scene, &deb, context);
        },
    );
    assert!(kills > 40, "the calls are not what the program makes any more: {kills}");
}

#[test]
fn a_disk_that_refuses() {
    let (scene, deb) = before();
    let mut failures = 0;
    for (call, error) in [("fsync", "ENOSPC"), ("rename", "EDQUOT"), ("mkdir", "EROFS"), ("flock", "ENOLCK")] {
        for when in ["1", "2", "4", "7", "10", "14", "18", "1+", "6+", "12+", "20+"] {
            reset(&scene);
            let wrapper = at(call, &format!("error={error}"), when, Threads::Main);
            let wrapper: Vec<&str> = wrapper.iter().map(String::as_str).collect();
            let ran: Ran = scene.publish_by(&wrapper, &[&deb, "--keep", "1"]);
            let context = format!("{call} {error} {when}: {}", ran.stderr);
            if ran.code != 0 {
                assert_eq!(ran.code, 10, "{context}");
                assert!(ran.stderr.contains("os error"), "{context}");
                failures += 1;
            }
            recovers(&scene, &deb, &context);
        }
    }
    assert!(failures > 12, "{failures}");
}
