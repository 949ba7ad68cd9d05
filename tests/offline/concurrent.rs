//! Many builds at once over one store and one layout: all come to the same image, whatever happens to the others.

use std::fs;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use crate::support::project::{Project, Ran, layout_is_sound};

/// Starts `mokapot build RECIPE` into the common layout.
fn start(project: &Project, recipe: &str, more: &[&str]) -> Child {
    let output = format!("oci:{}", project.layout().display());
    let mut command = project.command(&[], &[&["build", recipe, "--output", &output], more].concat());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn end(child: Child) -> Ran {
    Ran::from(child.wait_with_output().unwrap())
}

#[test]
fn eight_builders_of_one_recipe_agree_and_fetch_each_file_once() {
    let project = Project::new();
    project.lock(&[]).ok();
    project.server.clear();
    let builders: Vec<Child> = (0..8).map(|_| start(&project, "app", &["--locked"])).collect();
    let mut digests: Vec<String> = builders.into_iter().map(|builder| end(builder).digest("app")).collect();
    digests.dedup();
    assert_eq!(digests.len(), 1, "{digests:?}");
    project.assert_tidy();
    assert_eq!(layout_is_sound(&project.layout()), [("app".to_owned(), digests.remove(0))]);
    let mut asked: Vec<String> = project.server.requests().into_iter().map(|request| request.target).collect();
    let all = asked.len();
    asked.sort();
    asked.dedup();
    assert_eq!(asked.len(), all, "a file was fetched twice: {asked:?}");
}

#[test]
fn eight_builders_without_a_lock_agree_on_one() {
    let project = Project::new();
    let builders: Vec<Child> = (0..8).map(|_| start(&project, "app", &[])).collect();
    let mut digests: Vec<String> = builders.into_iter().map(|builder| end(builder).digest("app")).collect();
    digests.dedup();
    assert_eq!(digests.len(), 1, "{digests:?}");
    project.assert_tidy();
    assert_eq!(project.build(&["--locked"]).digest("app"), digests.remove(0));
}

#[test]
fn a_killed_builder_does_not_stand_in_the_way_of_others() {
    let project = Project::new();
    let app = project.built();
    let other = project.mokapot(&["build", "other", "--output", "oci:elsewhere"]).digest("other");
    for round in 0..6_u64 {
        let _ = fs::remove_dir_all(project.store());
        let _ = fs::remove_dir_all(project.layout());
        let mut victims: Vec<Child> = ["app", "other"].map(|recipe| start(&project, recipe, &["--locked"])).into();
        let survivors: Vec<(&str, Child)> =
            ["app", "other", "app", "other"].map(|recipe| (recipe, start(&project, recipe, &["--locked"]))).into();
        // Not a wait for something: the moment of death differs from round to round.
        thread::sleep(Duration::from_millis(15 * round + 10));
        for victim in &mut victims {
            let _ = victim.kill();
            victim.wait().unwrap();
        }
        for (recipe, survivor) in survivors {
            let expected = if recipe == "app" { &app } else { &other };
            assert_eq!(end(survivor).digest(recipe), *expected, "round {round}");
        }
        assert_eq!(project.build(&["--locked"]).digest("app"), app);
        project.assert_tidy();
    }
}

#[test]
fn garbage_collection_takes_nothing_from_a_running_build() {
    let project = Project::new();
    let app = project.built();
    for _ in 0..4 {
        fs::remove_dir_all(project.layout()).unwrap();
        let builders: Vec<Child> = (0..3).map(|_| start(&project, "app", &["--locked"])).collect();
        for _ in 0..3 {
            let gc = project.mokapot(&["cache", "gc", "--max-age", "0s"]);
            if gc.code != 0 {
                gc.failed(12, &["in use by a running build"]);
            }
        }
        for builder in builders {
            assert_eq!(end(builder).digest("app"), app);
        }
        project.assert_tidy();
    }
    project.mokapot(&["cache", "gc", "--max-age", "0s"]).ok();
    let info: serde_json::Value =
        serde_json::from_str(&project.mokapot(&["cache", "info", "--format", "json"]).ok().stdout).unwrap();
    assert_eq!(info["blobs"]["entries"], 0, "{info}");
}

#[test]
fn two_tags_of_one_layout_are_both_there() {
    let project = Project::new();
    project.lock(&[]).ok();
    let tags = ["a", "b", "c", "d", "e", "f"];
    let builders: Vec<Child> = tags.iter().map(|tag| start(&project, "app", &["--locked", "--tag", tag])).collect();
    builders.into_iter().for_each(|builder| drop(end(builder).ok()));
    let found: Vec<String> = layout_is_sound(&project.layout()).into_iter().map(|(tag, _)| tag).collect();
    assert_eq!(found, tags);
}
