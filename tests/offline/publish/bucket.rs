//! The same in a bucket, where conditional puts are the only lock.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::scene::{Scene, read};
use crate::support::http::{Fault, Reply};
use crate::support::s3::{S3, error};

const STATE: &str = "/jars/deb/mokapot-repository.json";

#[track_caller]
fn found(scene: &Scene, s3: &S3, done: bool) -> Vec<String> {
    read(&|path| s3.get(&format!("jars/deb/{path}")), "test", &scene.key.keyring(), done)
}

#[test]
fn a_bucket_is_published_to_as_a_folder_is() {
    let (scene, s3) = (Scene::new(), S3::start());
    let (app, tool) = (scene.deb("app", "1", "all"), scene.deb("tool", "1~a+b", "arm64"));
    scene.publish_to(&s3, &[&app, &tool]).ok();
    let expected = ["app 1 all@amd64", "app 1 all@arm64", "tool 1~a+b arm64@arm64"];
    assert_eq!(found(&scene, &s3, true), expected);
    let calls = s3.calls();
    let order = ["PUT /jars/deb/pool", "/by-hash/", STATE, "Packages.xz", "Release.gpg", "test/Release", "InRelease"];
    let puts: Vec<&String> = calls.iter().filter(|call| call.starts_with("PUT")).collect();
    let first = |part: &str| {
        puts.iter().position(|call| call.contains(part) && !(part == "Packages.xz" && call.contains("by-hash")))
    };
    let places: Vec<usize> =
        order.iter().map(|part| first(part).unwrap_or_else(|| panic!("no {part} in {puts:?}"))).collect();
    assert!(places.is_sorted() && places.last() == Some(&(puts.len() - 1)), "{puts:?}");

    s3.server.clear();
    let again = scene.publish_to(&s3, &[&app]).ok();
    assert!(again.stdout.contains("nothing to do"), "{}", again.stdout);
    assert!(s3.calls().iter().all(|call| call.starts_with("GET") || call.starts_with("HEAD")), "{:?}", s3.calls());

    for version in ["2", "3", "4"] {
        scene.publish_to(&s3, &[&scene.deb("app", version, "all"), "--keep", "1"]).ok();
    }
    assert_eq!(found(&scene, &s3, true), ["app 4 all@amd64", "app 4 all@arm64", "tool 1~a+b arm64@arm64"]);
    let pool: Vec<String> =
        s3.state.lock().unwrap().objects.keys().filter(|key| key.contains("/app/")).cloned().collect();
    assert_eq!(pool, ["jars/deb/pool/main/a/app/app_3_all.deb", "jars/deb/pool/main/a/app/app_4_all.deb"]);
}

#[test]
fn publishers_at_once_all_win_one_after_the_other() {
    let (scene, s3) = (Scene::new(), S3::start());
    let mut running = Vec::new();
    for n in 0..3 {
        let deb = scene.deb(&format!("app{n}"), "1", "amd64");
        let words = scene.arguments(&[&deb, "--to", "s3://jars/deb"]);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut command = scene.project.command(&[], &words);
        running.push(command.envs(s3.environment()).env("AWS_EC2_METADATA_DISABLED", "true").spawn().unwrap());
    }
    for mut child in running {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(found(&scene, &s3, true), ["app0 1 amd64@amd64", "app1 1 amd64@amd64", "app2 1 amd64@amd64"]);
}

/// Who finds that somebody else has replaced the state begins again, and removes what it had put there for nothing.
#[test]
fn the_slower_publisher_begins_again_with_what_the_faster_one_left() {
    let scene = Scene::new();
    let (one, other) = (scene.deb("one", "1", "amd64"), scene.deb("other", "1", "amd64"));
    // What another publisher makes of the bucket, kept aside.
    let theirs = S3::start();
    scene.publish_to(&theirs, &[&other]).ok();
    let objects = theirs.state.lock().unwrap().objects.clone();
    let puts = AtomicUsize::new(0);
    let s3 = S3::with(move |request, state| {
        if request.method == "PUT" && request.path() == STATE && puts.fetch_add(1, Ordering::SeqCst) == 0 {
            state.objects.extend(objects.clone());
        }
        None
    });
    let ran = scene.publish_to(&s3, &[&one]).ok();
    assert!(ran.stderr.contains("another publisher was faster"), "{}", ran.stderr);
    assert_eq!(found(&scene, &s3, true), ["one 1 amd64@amd64", "other 1 amd64@amd64"]);
    let state = s3.get("jars/deb/mokapot-repository.json").unwrap();
    let state = mokapot::domain::repository::State::parse(&state).unwrap();
    let stray: Vec<String> = s3.state.lock().unwrap().objects.keys().cloned().collect();
    let stray = stray.iter().map(|key| key.trim_start_matches("jars/deb/")).filter(|key| key.contains("by-hash"));
    assert_eq!(stray.filter(|key| !state.names(key)).count(), 0);
}

/// An answer that is lost after the service did what it was asked.
#[test]
fn a_put_whose_answer_is_lost_was_done() {
    let scene = Scene::new();
    let lost = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&lost);
    let s3 = S3::with(move |request, state| {
        let mutable = request.path().ends_with("InRelease") || request.path() == STATE;
        if request.method != "PUT" || !mutable || count.fetch_add(1, Ordering::SeqCst) % 2 == 1 {
            return None;
        }
        state.objects.insert(request.path().trim_start_matches('/').to_owned(), request.body.clone());
        Some(Reply::new(200).fault(Fault::Hangup))
    });
    scene.publish_to(&s3, &[&scene.deb("app", "1", "all")]).ok();
    assert!(lost.load(Ordering::SeqCst) >= 4);
    assert_eq!(found(&scene, &s3, true).len(), 2);
}

/// A bucket that takes no more, from one put on: each of a publish in turn.
#[test]
fn a_full_bucket_leaves_the_old_state_or_the_new_one() {
    let scene = Scene::new();
    let (old, new) = (scene.deb("app", "1", "all"), scene.deb("app", "2", "all"));
    let base = S3::start();
    scene.publish_to(&base, &[&old]).ok();
    let objects = base.state.lock().unwrap().objects.clone();
    let mut failures = 0;
    for full in 0.. {
        let puts = Arc::new(AtomicUsize::new(0));
        let (count, room) = (Arc::clone(&puts), Arc::new(AtomicUsize::new(full)));
        let limit = Arc::clone(&room);
        let s3 = S3::with(move |request, _| {
            let over = request.method == "PUT" && count.fetch_add(1, Ordering::SeqCst) >= limit.load(Ordering::SeqCst);
            over.then(|| error(403, "QuotaExceeded"))
        });
        s3.state.lock().unwrap().objects = objects.clone();
        let ran = scene.publish_to(&s3, &[&new, "--keep", "1"]);
        let reader = found(&scene, &s3, ran.code == 0);
        let (first, second) = (["app 1 all@amd64", "app 1 all@arm64"], ["app 2 all@amd64", "app 2 all@arm64"]);
        if ran.code == 0 {
            assert_eq!(reader, second);
            break;
        }
        let ran = ran.failed(10, &["QuotaExceeded"]);
        assert_eq!(reader, first, "{full}");
        failures += 1;
        let decided =
            s3.get("jars/deb/mokapot-repository.json") != objects.get("jars/deb/mokapot-repository.json").cloned();
        assert_eq!(decided, ran.stderr.contains("the publish is decided"), "{}", ran.stderr);
        // Room again: another publisher finishes it.
        room.store(usize::MAX, Ordering::SeqCst);
        scene.publish_to(&s3, &[&scene.deb("late", "1", "all")]).ok();
        let mut all: Vec<&str> = if decided { second.to_vec() } else { first.to_vec() };
        all.extend(["late 1 all@amd64", "late 1 all@arm64"]);
        all.sort_by_key(|line| line.rsplit('@').next());
        assert_eq!(found(&scene, &s3, true), all, "{full}");
    }
    assert!(failures > 12, "{failures}");
}
