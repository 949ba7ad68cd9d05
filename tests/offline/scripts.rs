//! `mokapot scripts`: of an image, and of a recipe that has only a lock; always the ledger of the build's report.

use std::fs;

use serde_json::Value;

use crate::support::project::Project;

fn ledger(project: &Project, arguments: &[&str]) -> Value {
    let ran = project.mokapot(&[&["scripts"], arguments, &["--format", "json"]].concat()).ok();
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn image_lock_and_report_say_the_same() {
    let project = Project::new();
    project.lock(&[]).ok();
    let locked = |more: &[&str]| {
        ["amd64", "arm64"].map(|arch| ledger(&project, &[&["app", "--arch", arch], more].concat())["scripts"].clone())
    };
    let before = locked(&[]);
    assert!(!project.path("project/dist").exists(), "nothing is built");

    let built: Value =
        serde_json::from_str(&project.mokapot(&["build", "app", "--format", "json"]).ok().stdout).unwrap();
    let platforms = built["images"][0]["report"]["platforms"].as_array().unwrap();
    let reported: Vec<&Value> = platforms.iter().map(|platform| &platform["scripts"]).collect();
    assert_eq!(reported, before.iter().collect::<Vec<_>>());
    assert_eq!(before[0].as_array().unwrap().len(), 2, "{before:?}");

    let image = locked(&[]);
    assert_eq!(image, before);
    assert!(ledger(&project, &["app"])["digest"].is_string(), "an image that is there is read");
    // The same once more of the store alone; and under the recipe's path.
    fs::remove_dir_all(project.path("project/dist")).unwrap();
    project.server.clear();
    assert_eq!(locked(&["--offline"]), before);
    let path = project.path("project/recipes/app.toml");
    assert_eq!(ledger(&project, &[path.to_str().unwrap()])["scripts"], before[0]);
    assert!(project.server.requests().is_empty());
}

#[test]
fn what_is_missing_is_fetched_or_named() {
    let project = Project::new();
    let lock = project.lock_path().display().to_string();
    project.mokapot(&["scripts", "app"]).failed(4, &["there is no lock at", &lock, "mokapot lock"]);
    project.mokapot(&["scripts", "ap"]).failed(2, &["`ap`", "app"]);
    project.lock(&[]).ok();
    project.mokapot(&["scripts", "app", "--offline"]).failed(9, &["offline", "tool 5.36 (amd64)"]);
    project.server.clear();
    project.mokapot(&["scripts", "app", "--arch", "arm64"]).ok();
    assert!(project.server.requests().iter().all(|request| !request.path().ends_with("_amd64.deb")));
    project.mokapot(&["scripts", "app", "tol"]).failed(2, &["`tol`", "`tool`"]);
}
