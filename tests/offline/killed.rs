//! Runs that are killed, or run out of memory, at any moment: what was there stays whole, and the next run is right.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::support::project::{Project, Ran, blobs_are_sound, layout_is_sound, walk};
use crate::support::run::tool;

/// System calls that change something outside of the process, or that wait for somebody else.
const CALLS: [&str; 30] = [
    "openat",
    "write",
    "pwrite64",
    "writev",
    "fsync",
    "fdatasync",
    "ftruncate",
    "fallocate",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "symlink",
    "unlink",
    "unlinkat",
    "rmdir",
    "mkdir",
    "mkdirat",
    "chmod",
    "fchmod",
    "fchmodat",
    "utimensat",
    "copy_file_range",
    "sendfile",
    "flock",
    "connect",
    "sendto",
    "sendmsg",
    "clone3",
];

/// How many moments of one call are tried at most: all of them where there are no more, else the first, the last, and others
/// evenly between.
const MOMENTS: usize = 9;

/// Which threads' calls are counted. `strace` counts each thread's for itself: an `n`-th call is that of the thread which first
/// comes so far, so the main thread, which writes all documents and the tag, gets its own turn.
#[derive(Clone, Copy, Debug)]
pub(super) enum Threads {
    All,
    Main,
}

/// The write-class calls that a run makes, and the most of each that any thread makes.
fn calls(command: impl Fn(&[&str]) -> Ran, threads: Threads, log: &Path) -> BTreeMap<&'static str, usize> {
    let (trace, log_path) =
        (format!("trace={}", CALLS.map(|call| format!("?{call}")).join(",")), log.display().to_string());
    let mut wrapper = vec!["strace", "-qq", "-o", &log_path, "-e", &trace, "-e", "signal=none"];
    if matches!(threads, Threads::All) {
        wrapper.insert(1, "-f");
    }
    command(&wrapper).ok();
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let text = fs::read_to_string(log).unwrap();
    for line in text.lines().filter(|line| !line.contains(" resumed>")) {
        let (head, _) = line.split_once('(').unwrap_or((line, ""));
        let (thread, call) = head.trim().rsplit_once(' ').unwrap_or(("", head));
        if let Some(call) = CALLS.into_iter().find(|known| *known == call.trim()) {
            *counts.entry((call, thread)).or_default() += 1;
        }
    }
    let mut most = BTreeMap::new();
    for ((call, _), count) in counts {
        let known: &mut usize = most.entry(call_name(call)).or_default();
        *known = count.max(*known);
    }
    fs::remove_file(log).unwrap();
    most
}

fn call_name(call: &str) -> &'static str {
    CALLS.into_iter().find(|known| *known == call).unwrap()
}

/// At most [`MOMENTS`] of the numbers from 1 to `last`, both of them among these.
fn moments(last: usize) -> Vec<usize> {
    let mut found: Vec<usize> = if last <= MOMENTS {
        (1..=last).collect()
    } else {
        (0..MOMENTS).map(|n| 1 + n * (last - 1) / (MOMENTS - 1)).collect()
    };
    found.dedup();
    found
}

/// `strace` that does something at the `when`-th such call of a thread.
pub(super) fn at(call: &str, what: &str, when: &str, threads: Threads) -> Vec<String> {
    let (trace, inject) = (format!("trace={call}"), format!("inject={call}:{what}:when={when}"));
    let mut words = vec!["strace", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject];
    if matches!(threads, Threads::All) {
        words.insert(1, "-f");
    }
    words.into_iter().map(str::to_owned).collect()
}

/// Kills runs of `command` at the moments of all write-class calls that it makes. `reset` is what comes before each run, and
/// `check` what must be true after it; it is told whether the run came to its end. Returns how many did not.
pub(super) fn kill_everywhere(
    project: &Project,
    threads: Threads,
    reset: impl Fn(),
    command: impl Fn(&[&str]) -> Ran,
    check: impl Fn(&Ran, &str),
) -> usize {
    reset();
    let mut kills = 0;
    for (call, last) in calls(&command, threads, &project.path("calls")) {
        for when in moments(last) {
            reset();
            let wrapper = at(call, "signal=SIGKILL", &when.to_string(), threads);
            let ran = command(&wrapper.iter().map(String::as_str).collect::<Vec<_>>());
            let context = format!("{call} {when} of {last}, {threads:?}");
            kills += usize::from(ran.code != 0);
            assert!(matches!(ran.code, 0 | -9 | 137), "{context}: {ran:?}");
            check(&ran, &context);
        }
    }
    kills
}

/// A project with an image of the old lock in its layout, and a lock of newer packages; the digests of old and new.
pub(super) fn between_two_images() -> (Project, String, String) {
    let mut project = Project::new();
    let old = project.built();
    project.release_newer();
    project.lock(&["--update"]).ok();
    fs::rename(project.layout(), project.path("old")).unwrap();
    fs::rename(project.store(), project.path("warm")).unwrap();
    let new = project.built();
    (project, old, new)
}

pub(super) fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    Ran::of(tool("cp", ["-a"]).arg(from).arg(to)).ok();
}

/// Puts the layout back to the old image, and empties the store.
pub(super) fn reset(project: &Project) {
    copy(&project.path("old"), &project.layout());
    let _ = fs::remove_dir_all(project.store());
}

/// What must be true after a run that did not come to its end, and after the next one.
pub(super) fn recovers(project: &Project, old: &str, new: &str, context: &str) {
    let tags = layout_is_sound(&project.layout());
    assert!(tags == [("app".into(), old.into())] || tags == [("app".into(), new.into())], "{context}: {tags:?}");
    blobs_are_sound(&project.store().join("blobs/sha256"));
    assert_eq!(project.build(&["--locked"]).digest("app"), new, "{context}");
    project.assert_tidy();
}

/// KIL-01, from nothing: inputs are fetched, unpacked, put together and tagged.
fn killed_builds(threads: Threads, least: usize) {
    let (project, old, new) = between_two_images();
    let kills = kill_everywhere(
        &project,
        threads,
        || reset(&project),
        |wrapper| Ran::of(project.build_command(wrapper, &["--locked"]).env("RAYON_NUM_THREADS", "1")),
        |ran, context| {
            if ran.code == 0 {
                assert_eq!(layout_is_sound(&project.layout()), [("app".to_owned(), new.clone())], "{context}");
            }
            recovers(&project, &old, &new, context);
        },
    );
    assert!(kills >= least, "the calls are not what the program makes any more: {kills}");
}

#[test]
fn a_build_killed_at_any_system_call_leaves_the_old_image_or_the_new() {
    killed_builds(Threads::All, 40);
}

#[test]
fn a_build_killed_at_any_system_call_of_its_main_thread_leaves_the_old_image_or_the_new() {
    killed_builds(Threads::Main, 40);
}

/// KIL-01 for an archive, which is one file: it is the old one or the new one, and nothing stays beside it.
#[test]
fn an_archive_of_a_killed_build_is_the_old_one_or_the_new() {
    let (project, ..) = between_two_images();
    fs::rename(project.path("warm"), project.path("unused")).unwrap();
    let (file, output) =
        (project.path("out/image.tar"), format!("oci-archive:{}", project.path("out/image.tar").display()));
    let build = |wrapper: &[&str]| {
        let arguments = ["--locked", "--output", &output];
        Ran::of(project.build_command(wrapper, &arguments).env("RAYON_NUM_THREADS", "1"))
    };
    fs::create_dir(project.path("out")).unwrap();
    build(&[]).ok();
    let new = fs::read(&file).unwrap();
    let kills = kill_everywhere(
        &project,
        Threads::Main,
        || fs::write(&file, "old").unwrap(),
        build,
        |_, context| {
            let found = fs::read(&file).unwrap();
            assert!(found == b"old" || found == new, "{context}");
            build(&[]).ok();
            assert_eq!(fs::read(&file).unwrap(), new, "{context}");
            assert_eq!(walk(&project.path("out")), std::slice::from_ref(&file), "{context}");
        },
    );
    assert!(kills > 20, "{kills}");
}

/// KIL-02.
#[test]
fn a_lock_killed_at_any_system_call_is_the_old_or_the_new() {
    let mut project = Project::new();
    project.lock(&[]).ok();
    let old = fs::read(project.lock_path()).unwrap();
    project.release_newer();
    project.lock(&["--update"]).ok();
    let new = fs::read(project.lock_path()).unwrap();
    assert_ne!(old, new);
    for threads in [Threads::All, Threads::Main] {
        let kills = kill_everywhere(
            &project,
            threads,
            || {
                fs::write(project.lock_path(), &old).unwrap();
                let _ = fs::remove_dir_all(project.store());
            },
            |wrapper| Ran::of(&mut project.command(wrapper, &["lock", "app", "--update"])),
            |ran, context| {
                let found = fs::read(project.lock_path()).unwrap();
                assert!(found == new || (found == old && ran.code != 0), "{context}");
                project.lock(&["--update"]).ok();
                assert_eq!(fs::read(project.lock_path()).unwrap(), new, "{context}");
                project.assert_tidy();
            },
        );
        assert!(kills > 20, "{kills}");
    }
}

/// KIL-08: memory runs out at one moment after another.
#[test]
fn a_build_without_memory_leaves_the_old_image_or_the_new() {
    let (project, old, new) = between_two_images();
    let mut failures = 0;
    for mebibytes in
        [16, 24, 32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 1024, 2048]
    {
        reset(&project);
        let limit = format!("--as={}", mebibytes << 20);
        let ran = Ran::of(&mut project.build_command(&["prlimit", &limit], &["--locked"]));
        let context = format!("{mebibytes} MiB");
        if ran.code == 0 {
            assert_eq!(layout_is_sound(&project.layout()), [("app".to_owned(), new.clone())], "{context}");
        } else {
            failures += 1;
            eprintln!("{context}: {} {}", ran.code, ran.stderr.lines().next().unwrap_or_default());
        }
        recovers(&project, &old, &new, &context);
    }
    assert!(failures > 3, "{failures}");
}
