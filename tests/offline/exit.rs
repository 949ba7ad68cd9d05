//! The exit codes that `src/cli/exit.rs` lists: a case for each row, by the program itself.
//!
//! Row 101 is a defect, which no test can order; 128 + n has its test in `killed`.

use std::fs;

use crate::support::http::{Reply, Server};
use crate::support::keys::Key;
use crate::support::project::{Project, RECIPE};
use crate::support::registry::{Behaviour, Login, Registry};

#[test]
fn done() {
    let project = Project::new();
    project.mokapot(&["build", "app"]).ok();
    project.mokapot(&["--help"]).ok();
    project.mokapot(&["--version"]).ok();
}

#[test]
fn different() {
    let mut project = Project::new();
    project.mokapot(&["build", "app"]).ok();
    project.release_newer();
    assert_eq!(project.mokapot(&["lock", "app", "--check"]).code, 1);
    project.mokapot(&["lock", "app", "--update"]).ok();
    project.mokapot(&["build", "app", "--tag", "newer"]).ok();
    let newer = format!("oci:{}:newer", project.path("project/dist/oci").display());
    assert_eq!(project.mokapot(&["diff", "app", &newer]).code, 1);
    let blob = fs::read_dir(project.store().join("blobs/sha256")).unwrap().next().unwrap().unwrap();
    let blob = if blob.path().is_dir() { fs::read_dir(blob.path()).unwrap().next().unwrap().unwrap() } else { blob };
    fs::remove_file(blob.path()).unwrap();
    fs::write(blob.path(), "x").unwrap();
    assert_eq!(project.mokapot(&["cache", "verify"]).code, 1);
}

#[test]
fn usage() {
    let project = Project::new();
    for arguments in [
        &["no-such-command"][..],
        &["build"],
        &["build", "app", "--no-such-option"],
        &["build", "app", "--arch", "riscv64"],
        &["build", "app", "other", "--tag", "x"],
        &["cache", "gc", "--max-age", "soon"],
        &["build", "no-such-recipe"],
        &["inspect", "app"],
    ] {
        assert_eq!(project.mokapot(arguments).code, 2, "{arguments:?}");
    }
}

#[test]
fn recipe() {
    let project = Project::new();
    project.write("project/recipes/app.toml", &RECIPE.replace("scripts", "scirpts"));
    project.mokapot(&["build", "app"]).failed(3, &["scirpts"]);
}

#[test]
fn lock() {
    let project = Project::new();
    project.build(&["--locked"]).failed(4, &["there is no lock"]);
    project.build(&["--offline"]).failed(4, &["--offline"]);
}

#[test]
fn unsatisfiable() {
    let project = Project::new();
    project.write("project/recipes/app.toml", &RECIPE.replace("[\"app\"]", "[\"app=9.9\"]"));
    project.build(&[]).failed(5, &["app", "9.9"]);
}

#[test]
fn integrity() {
    let project = Project::new();
    project.serve(|files| {
        let deb = files.iter_mut().find(|(path, _)| path.ends_with("app_1.0_amd64.deb")).unwrap();
        let last = deb.1.len() - 1;
        deb.1[last] ^= 1;
    });
    project.build(&[]).failed(6, &["app 1.0 (amd64)"]);
}

#[test]
fn trust() {
    let project = Project::new();
    project.write("project/recipes/keys/fake.asc", &Key::new(8).armoured());
    project.build(&[]).failed(7, &["InRelease"]);
}

#[test]
fn freshness() {
    let mut project = Project::new();
    project.archive.suite("fake").set("Valid-Until", "Fri, 02 Jan 2026 00:00:00 UTC");
    project.publish();
    project.build(&[]).failed(8, &["expired"]);
}

#[test]
fn network() {
    let project = Project::new();
    project.serve(|files| files.clear());
    project.build(&[]).failed(9, &["404"]);
}

#[test]
fn storage() {
    let project = Project::new();
    project.write("store", "a file where a folder should be");
    project.build(&[]).failed(10, &["store"]);
}

#[test]
fn policy() {
    let project = Project::new();
    project.mokapot(&["build", "app"]).ok();
    let registry = Registry::start(Behaviour { login: Login::Basic("u:p".into()), ..Behaviour::default() });
    let place = format!("{}/app:1", registry.host());
    project.mokapot(&["push", "app", &place]).failed(11, &["wants a login", "docker login"]);
}

#[test]
fn conflict() {
    let project = Project::new();
    project.mokapot(&["build", "app", "other"]).ok();
    let registry = Registry::start(Behaviour { immutable: true, ..Behaviour::default() });
    let place = format!("{}/app:1", registry.host());
    project.mokapot(&["push", "app", &place]).ok();
    project.mokapot(&["push", "other", &place]).failed(12, &["immutable"]);
}

/// A server that answers nothing useful is the network's failure, whatever it says.
#[test]
fn a_web_server_is_no_registry() {
    let project = Project::new();
    project.mokapot(&["build", "app"]).ok();
    let server = Server::start(|_| Reply::new(404).body("<html>"));
    project.mokapot(&["push", "app", &format!("{}/app:1", server.address())]).failed(9, &["no registry answers"]);
}
