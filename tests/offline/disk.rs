//! Disks that refuse, are full, or fail, and limits on files: the error says what and why, and what was there stays whole.

use std::fs;
use std::path::Path;

use super::killed::{Threads, at, between_two_images, copy, recovers, reset};
use crate::support::project::{Project, Ran, blobs_are_sound, layout_is_sound, walk};

/// DSK-01, DSK-02, DSK-07: the system refuses a call once, or from some moment on. (A write between threads looks like one to
/// a file, and its failure is nothing that a disk does; disks that take no more bytes are real ones, below.)
#[test]
fn a_call_that_fails_is_told_and_nothing_is_half_written() {
    let (project, old, new) = between_two_images();
    let mut failures = 0;
    for (call, error) in [
        ("fsync", "EIO"),
        ("fsync", "EDQUOT"),
        ("rename", "ENOSPC"),
        ("rename", "EIO"),
        ("rename", "EXDEV"),
        ("mkdir", "EACCES"),
        ("mkdir", "EROFS"),
        ("openat", "EMFILE"),
        ("openat", "EACCES"),
        ("flock", "EIO"),
        ("flock", "ENOLCK"),
    ] {
        for when in ["1", "2", "5", "17", "40", "1+", "8+"] {
            // The first files are the program's own libraries; and where no folder can be opened any more, none can be
            // removed.
            if call == "openat" && (when.ends_with('+') || matches!(when, "1" | "2" | "5" | "9")) {
                continue;
            }
            reset(&project);
            let wrapper = at(call, &format!("error={error}"), when, Threads::All);
            let wrapper: Vec<&str> = wrapper.iter().map(String::as_str).collect();
            let ran = Ran::of(project.build_command(&wrapper, &["--locked"]).env("RAYON_NUM_THREADS", "1"));
            let context = format!("{call} {error} {when}");
            if ran.code == 0 {
                assert_eq!(layout_is_sound(&project.layout()), [("app".to_owned(), new.clone())], "{context}");
            } else if !ran.stderr.is_empty() {
                assert!(matches!(ran.code, 3 | 4 | 9 | 10), "{context}: {ran:?}");
                assert!(ran.stderr.contains("(os error "), "{context}: {}", ran.stderr);
                failures += 1;
            }
            recovers(&project, &old, &new, &context);
        }
    }
    assert!(failures > 20, "{failures}");
}

/// DSK-01 for a lock: each call that writes it fails in turn.
#[test]
fn a_lock_that_the_disk_refuses_is_the_old_one() {
    let mut project = Project::new();
    project.lock(&[]).ok();
    let old = fs::read(project.lock_path()).unwrap();
    project.release_newer();
    project.lock(&["--update"]).ok();
    let new = fs::read(project.lock_path()).unwrap();
    let folder = project.path("project/recipes").display().to_string();
    let mut failures = 0;
    for (call, error, text) in [
        ("fsync", "ENOSPC", "No space left on device"),
        ("rename", "ENOSPC", "No space left on device"),
        ("fsync", "EDQUOT", "Disk quota exceeded"),
        ("rename", "EROFS", "Read-only file system"),
        ("fsync", "EIO", "Input/output error"),
    ] {
        for when in 1..=6 {
            fs::write(project.lock_path(), &old).unwrap();
            let wrapper = at(call, &format!("error={error}"), &when.to_string(), Threads::Main);
            let mut wrapper: Vec<&str> = wrapper.iter().map(String::as_str).collect();
            // Only what touches the project: the store has its own tests.
            let lock = project.lock_path().display().to_string();
            if call == "rename" {
                wrapper.extend(["-P", &lock]);
            }
            let ran = Ran::of(&mut project.command(&wrapper, &["lock", "app", "--update", "--quiet"]));
            let context = format!("{call} {error} {when}");
            let found = fs::read(project.lock_path()).unwrap();
            // The folder is synced when the lock has its name already.
            assert!(found == old || found == new, "{context}");
            assert!(ran.code != 0 || found == new, "{context}");
            if ran.code != 0 {
                failures += 1;
                assert_eq!(ran.code, 10, "{context}: {ran:?}");
                assert!(ran.stderr.contains(text), "{context}: {}", ran.stderr);
                let store = project.store().display().to_string();
                let named = [folder.as_str(), &store, "stdout"].iter().any(|object| ran.stderr.contains(object));
                assert!(named, "{context}: {}", ran.stderr);
            }
            project.lock(&["--update"]).ok();
            assert_eq!(fs::read(project.lock_path()).unwrap(), new, "{context}");
            project.assert_tidy();
        }
    }
    assert!(failures >= 6, "{failures}");
}

/// DSK-01 for a lock, on a disk that is really full.
#[test]
fn a_lock_on_a_full_disk_is_the_old_one() {
    let mut project = Project::new();
    project.lock(&[]).ok();
    let old = fs::read(project.lock_path()).unwrap();
    project.release_newer();
    let recipes = project.path("project/recipes").display().to_string();
    let seed = project.path("seed").display().to_string();
    copy(&project.path("project/recipes"), &project.path("seed"));
    let kept = project.path("kept").display().to_string();
    let script = format!(
        "mount -t tmpfs -o size=64k tmpfs {recipes} && cp -a {seed}/. {recipes} || exit 99; \
         head -c 99999 /dev/zero > {recipes}/ballast; \"$@\"; code=$?; cp -a {recipes} {kept}; exit $code"
    );
    let wrapper = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", &script, "sh"];
    let ran = Ran::of(&mut project.command(&wrapper, &["lock", "app", "--update"]));
    ran.failed(10, &[&recipes, "No space left on device"]);
    assert_eq!(fs::read(project.path("kept/app.lock")).unwrap(), old);
    let left = walk(&project.path("kept"));
    assert!(!left.iter().any(|path| path.extension().is_some_and(|ending| ending == "tmp")), "{left:?}");
    assert_eq!(fs::read(project.lock_path()).unwrap(), old);
}

#[test]
fn a_full_disk_is_told_and_nothing_is_half_written() {
    let (project, old, new) = between_two_images();
    let mounted = project.layout().display().to_string();
    let seed = project.path("old").display().to_string();
    let kept = project.path("kept").display().to_string();
    let mut full = 0;
    for kibibytes in [260, 300, 340, 380, 420, 480, 560, 4096] {
        reset(&project);
        let _ = fs::remove_dir_all(&kept);
        let script = format!(
            "mount -t tmpfs -o size={kibibytes}k tmpfs {mounted} && cp -a {seed}/. {mounted} || exit 99; \"$@\"; code=$?; \
             cp -a {mounted} {kept}; exit $code"
        );
        let wrapper = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", &script, "sh"];
        let ran = Ran::of(&mut project.build_command(&wrapper, &["--locked"]));
        if ran.code == 99 {
            continue;
        }
        let tags = layout_is_sound(Path::new(&kept));
        if ran.code == 0 {
            assert_eq!(tags, [("app".to_owned(), new.clone())]);
            assert_eq!(ran.digest("app"), new);
            continue;
        }
        full += 1;
        assert_eq!(tags, [("app".to_owned(), old.clone())], "{kibibytes}");
        ran.failed(10, &[&mounted, "No space left on device"]);
        blobs_are_sound(&project.store().join("blobs/sha256"));
    }
    assert!(full > 0);
    assert_eq!(project.build(&["--locked"]).digest("app"), new);
    project.assert_tidy();
}

#[test]
fn too_few_files_and_too_small_files_are_told() {
    let (project, old, new) = between_two_images();
    let mut failures = 0;
    for limit in 4..=28 {
        reset(&project);
        let few = Ran::of(&mut project.build_command(&["prlimit", &format!("--nofile={limit}")], &["--locked"]));
        if few.code != 0 && limit > 5 {
            failures += 1;
            // Below that, not even the program's own libraries can be opened.
            assert!(matches!(few.code, 3 | 9 | 10), "{limit} files: {few:?}");
            assert!(few.stderr.contains("Too many open files (os error 24)"), "{limit} files: {few:?}");
        }
        recovers(&project, &old, &new, "few files");
    }
    assert!(failures > 3, "{failures}");
    reset(&project);
    let small = Ran::of(
        &mut project.build_command(&["env", "--ignore-signal=XFSZ", "prlimit", "--fsize=20000"], &["--locked"]),
    );
    small.failed(10, &["File too large"]);
    recovers(&project, &old, &new, "small files");
}
