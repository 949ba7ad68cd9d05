//! Runs that are killed, interrupted, or refused by the disk at any moment: what was there stays whole, and the next run is right.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use crate::support::http::{Reply, Server};
use crate::support::project::{Project, Ran, blobs_are_sound, layout_is_sound};
use crate::support::run::tool;

/// System calls that change something outside of the process, with how often to let them pass before the kill.
const CALLS: [&str; 10] =
    ["openat", "write", "fsync", "rename", "mkdir", "unlink", "fchmod", "utimensat", "connect", "sendto"];

/// Dense at the start, sparse later.
const MOMENTS: [usize; 12] = [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233];

/// `strace` that does something at the `when`-th such call of a thread.
fn at(call: &str, what: &str, when: &str) -> Vec<String> {
    let inject = format!("inject={call}:{what}:when={when}");
    ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &inject].map(str::to_owned).to_vec()
}

/// A project with an image of the old lock in its layout, and a lock of newer packages; the digests of old and new.
fn between_two_images() -> (Project, String, String) {
    let mut project = Project::new();
    let old = project.built();
    project.release_newer();
    project.lock(&["--update"]).ok();
    fs::rename(project.layout(), project.path("old")).unwrap();
    fs::rename(project.store(), project.path("warm")).unwrap();
    let new = project.built();
    (project, old, new)
}

fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    Ran::of(tool("cp", ["-a"]).arg(from).arg(to)).ok();
}

/// Puts the layout back to the old image, and empties the store.
fn reset(project: &Project) {
    copy(&project.path("old"), &project.layout());
    let _ = fs::remove_dir_all(project.store());
}

/// What must be true after a run that did not come to its end, and after the next one.
fn recovers(project: &Project, old: &str, new: &str, context: &str) {
    let tags = layout_is_sound(&project.layout());
    assert!(tags == [("app".into(), old.into())] || tags == [("app".into(), new.into())], "{context}: {tags:?}");
    blobs_are_sound(&project.store().join("blobs/sha256"));
    assert_eq!(project.build(&["--locked"]).digest("app"), new, "{context}");
    project.assert_tidy();
}

#[test]
fn a_build_killed_at_any_system_call_leaves_the_old_image_or_the_new() {
    let (project, old, new) = between_two_images();
    let mut kills = 0;
    for call in CALLS {
        for when in MOMENTS {
            reset(&project);
            let wrapper = at(call, "signal=SIGKILL", &when.to_string());
            let wrapper: Vec<&str> = wrapper.iter().map(String::as_str).collect();
            let ran = Ran::of(project.build_command(&wrapper, &["--locked"]).env("RAYON_NUM_THREADS", "1"));
            let context = format!("{call} {when}");
            if ran.code == 0 {
                assert_eq!(ran.digest("app"), new, "{context}");
                break;
            }
            assert!(matches!(ran.code, -9 | 137), "{context}: {ran:?}");
            kills += 1;
            recovers(&project, &old, &new, &context);
        }
    }
    assert!(kills > 30, "the calls are not what the program makes any more: {kills}");
}

#[test]
fn a_lock_killed_at_any_system_call_is_the_old_or_the_new() {
    let mut project = Project::new();
    project.lock(&[]).ok();
    let old = fs::read(project.lock_path()).unwrap();
    project.release_newer();
    project.lock(&["--update"]).ok();
    let new = fs::read(project.lock_path()).unwrap();
    assert_ne!(old, new);
    for call in ["openat", "write", "fsync", "rename", "unlink"] {
        for when in MOMENTS {
            fs::write(project.lock_path(), &old).unwrap();
            let wrapper = at(call, "signal=SIGKILL", &when.to_string());
            let wrapper: Vec<&str> = wrapper.iter().map(String::as_str).collect();
            let ran = Ran::of(&mut project.command(&wrapper, &["lock", "app", "--update"]));
            let found = fs::read(project.lock_path()).unwrap();
            assert!(found == old || found == new, "{call} {when}");
            project.lock(&["--update"]).ok();
            assert_eq!(fs::read(project.lock_path()).unwrap(), new, "{call} {when}");
            project.assert_tidy();
            if ran.code == 0 {
                break;
            }
        }
    }
}

#[test]
fn a_call_that_fails_is_told_and_nothing_is_half_written() {
    let (project, old, new) = between_two_images();
    for (call, error) in
        [("fsync", "EIO"), ("rename", "ENOSPC"), ("mkdir", "EACCES"), ("rename", "EIO"), ("fsync", "EDQUOT")]
    {
        for when in ["1", "2", "5", "1+", "8+"] {
            reset(&project);
            let wrapper = at(call, &format!("error={error}"), when);
            let wrapper: Vec<&str> = wrapper.iter().map(String::as_str).collect();
            let ran = Ran::of(project.build_command(&wrapper, &["--locked"]).env("RAYON_NUM_THREADS", "1"));
            let context = format!("{call} {error} {when}");
            if ran.code == 0 {
                assert_eq!(ran.digest("app"), new, "{context}");
                continue;
            }
            assert_eq!(ran.code, 10, "{context}: {ran:?}");
            let named = ran.stderr.contains(&*project.path("").to_string_lossy());
            assert!(named, "{context}: {}", ran.stderr);
            recovers(&project, &old, &new, &context);
        }
    }
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
    reset(&project);
    let few = Ran::of(&mut project.build_command(&["prlimit", "--nofile=20"], &["--locked"]));
    assert!(matches!(few.code, 0 | 9 | 10), "{few:?}");
    assert!(few.code == 0 || few.stderr.contains("error: "), "{few:?}");
    recovers(&project, &old, &new, "few files");
    reset(&project);
    let small = Ran::of(
        &mut project.build_command(&["env", "--ignore-signal=XFSZ", "prlimit", "--fsize=20000"], &["--locked"]),
    );
    small.failed(10, &["File too large"]);
    recovers(&project, &old, &new, "small files");
}

#[test]
fn a_signal_ends_a_run_with_its_number() {
    let (project, old, new) = between_two_images();
    for (name, number) in [("INT", 2), ("TERM", 15), ("HUP", 1)] {
        reset(&project);
        let stuck = Server::start(|_| {
            thread::sleep(Duration::from_secs(600));
            Reply::new(503)
        });
        let mirror = format!("debian={}", stuck.url());
        let output = format!("oci:{}", project.layout().display());
        let mut command = project.command(&[], &["build", "app", "--locked", "--output", &output]);
        // The address that comes last counts.
        command.args(["--mirror", &mirror]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        while stuck.requests().is_empty() {
            thread::sleep(Duration::from_millis(5));
        }
        Ran::of(&mut tool("kill", [format!("-{name}"), child.id().to_string()])).ok();
        let ran = Ran::from(child.wait_with_output().unwrap());
        assert_eq!(ran.stdout, "");
        ran.failed(128 + number, &[&format!("signal {number}")]);
        recovers(&project, &old, &new, name);
    }
}
