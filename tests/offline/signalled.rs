//! Runs that are told to end: they do so at once, whatever they are doing, and leave nothing half-made.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use mokapot::io::registry::Options;

use super::killed::{between_two_images, recovers, reset};
use crate::support::archive::Archive;
use crate::support::deb::Deb;
use crate::support::http::{Fault, Reply, Server};
use crate::support::project::{Project, RECIPE, Ran, layout_is_sound, noise, tree, tree_hash, walk};
use crate::support::registry::{Behaviour, Endpoint, Registry};
use crate::support::run::tool;

/// KIL-07: a signal while a server is waited for.
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

/// KIL-07: a signal in the middle of work that cannot be dropped: compressing a large package.
#[test]
fn a_signal_ends_a_run_that_computes() {
    let mut archive = Archive::new(7);
    let big =
        tree(Deb::new("app", "1.0"), &["opt"]).field("Essential", "yes").file("opt/noise", &noise("big", 96 << 20));
    archive.add("fake", &big.stanza(), &big.build());
    let project = Project::over(archive);
    let (head, _) = RECIPE.split_once("[[file]]").unwrap();
    project.write("project/recipes/app.toml", head);
    project.lock(&[]).ok();
    for (name, number) in [("INT", 2), ("TERM", 15)] {
        let mut command = project.build_command(&[], &["--locked"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // The package is in the store, and something is made of it.
        let is_large = |path: &PathBuf| fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() > 1 << 20);
        while !walk(&project.store().join("blobs")).iter().any(is_large)
            || !walk(&project.store().join("tmp")).iter().any(is_large)
        {
            thread::sleep(Duration::from_millis(2));
        }
        Ran::of(&mut tool("kill", [format!("-{name}"), child.id().to_string()])).ok();
        let ran = Ran::from(child.wait_with_output().unwrap());
        assert_eq!(ran.stdout, "");
        ran.failed(128 + number, &[&format!("signal {number}")]);
        assert!(layout_is_sound(&project.layout()).is_empty());
        project.assert_tidy();
    }
    project.build(&["--locked"]).ok();
}

/// KIL-07: a signal while another process has what this one waits for.
#[test]
fn a_signal_ends_a_run_that_waits_for_another() {
    let mut project = Project::new();
    project.lock(&[]).ok();
    project.release_newer();
    let output = format!("oci:{}", project.layout().display());
    fs::create_dir_all(project.layout()).unwrap();
    let before = tree_hash(&project.path("project"));
    for (held, arguments) in [
        (project.path("project/recipes/app.toml"), vec!["lock", "app", "--update"]),
        (project.layout(), vec!["build", "app", "--locked", "--output", &output]),
    ] {
        let lock = fs::File::open(&held).unwrap();
        lock.lock().unwrap();
        let mut command = project.command(&[], &arguments);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // The kernel tells who waits: `2: -> FLOCK ADVISORY WRITE PID …`.
        let pid = child.id().to_string();
        let waits = |line: &str| line.contains("-> FLOCK") && line.split_whitespace().any(|word| word == pid);
        while !fs::read_to_string("/proc/locks").unwrap().lines().any(waits) {
            thread::sleep(Duration::from_millis(2));
        }
        Ran::of(&mut tool("kill", ["-TERM", &pid])).ok();
        Ran::from(child.wait_with_output().unwrap()).failed(143, &["signal 15"]);
        drop(lock);
        assert_eq!(tree_hash(&project.path("project")), before);
        project.assert_tidy();
    }
}

/// REG-34 as a person does it: a push that is stopped asks to give up the uploads it knows of, and there is no tag.
#[test]
fn a_signal_ends_a_push_and_gives_up_its_uploads() {
    let project = Project::new();
    project.built();
    let registry = Registry::start(Behaviour::default());
    for endpoint in [Endpoint::Patch, Endpoint::PutBlob] {
        registry.fail(endpoint, usize::MAX, Reply::ok("").fault(Fault::Silence(Duration::from_secs(60))));
    }
    let (from, to) = (format!("oci:{}:app", project.layout().display()), format!("{}/a:v1", registry.host()));
    let mut command = project.command(&[], &["push", &from, &to]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // As many as are sent at a time: none is between its start, which only the registry knows of, and its first part.
    while registry.count(Endpoint::Patch) + registry.count(Endpoint::PutBlob) < Options::default().parallel {
        thread::sleep(Duration::from_millis(2));
    }
    Ran::of(&mut tool("kill", ["-INT", &child.id().to_string()])).ok();
    Ran::from(child.wait_with_output().unwrap()).failed(130, &["signal 2"]);
    registry.assert_clean();
    assert_eq!(registry.tag("a", "v1"), None);
}

/// KIL-07: whoever read stdout has gone away; the image is there all the same.
#[test]
fn a_closed_stdout_does_no_harm() {
    let (project, _, new) = between_two_images();
    for script in ["\"$@\" | true", "\"$@\" >&-", "\"$@\" 2>&-", "\"$@\" 2>&1 | head -c 1 >/dev/null"] {
        reset(&project);
        let ran = Ran::of(&mut project.build_command(&["sh", "-c", script, "sh"], &["--locked"]));
        assert!(matches!(ran.code, 0 | 10), "{script}: {ran:?}");
        assert_eq!(layout_is_sound(&project.layout()), [("app".to_owned(), new.clone())], "{script}");
        project.assert_tidy();
    }
}
