//! Every command as a person and a script meet it: its whole output over a fixture, in text and in JSON.
//!
//! Snapshots are read in review; what changes from run to run is replaced by a word in brackets.

use std::fmt::Write as _;

use insta::Settings;

use crate::support::project::{Project, Ran};
use crate::support::registry::{Behaviour, Registry};

/// The commands, as `--help` lists them.
const COMMANDS: [&str; 16] = [
    "build",
    "lock",
    "package",
    "publish",
    "push",
    "inspect",
    "files",
    "why",
    "scripts",
    "audit",
    "diff",
    "mirrors",
    "jars",
    "cache",
    "schema",
    "completions",
];

/// Compares under the redactions that every snapshot of this file shares.
fn redacted(project: &Project, compare: impl FnOnce()) {
    let mut settings = Settings::clone_current();
    settings.add_filter(&regex_of(&project.path("").display().to_string()), "[ROOT]/");
    settings.add_filter(&regex_of(project.server.address()), "[MIRROR]");
    settings.add_filter(r"in \d+\.\d s \([^)]+/s\)", "in [TIME]");
    settings.add_filter(r"in \d+\.\d s", "in [TIME]");
    settings.set_prepend_module_to_snapshot(true);
    settings.bind(compare);
}

/// The text as a pattern for itself.
fn regex_of(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_alphanumeric() || c == '/' { vec![c] } else { vec!['\\', c] }).collect()
}

/// All that a run printed, and how it ended.
fn shown(arguments: &[&str], ran: &Ran) -> String {
    let mut text = format!("$ mokapot {}\n{}", arguments.join(" "), ran.stdout);
    if !ran.stderr.is_empty() {
        write!(text, "--- stderr\n{}", ran.stderr).unwrap();
    }
    if ran.code != 0 {
        writeln!(text, "--- exit code {}", ran.code).unwrap();
    }
    text
}

/// A session: these commands, one after the other.
fn session(project: &Project, commands: &[&[&str]]) -> String {
    commands.iter().map(|command| shown(command, &project.mokapot(command))).collect::<Vec<_>>().join("\n")
}

/// The only JSON object that a run prints, of the version that this program writes.
fn json(project: &Project, arguments: &[&str]) -> serde_json::Value {
    let ran = project.mokapot(&[arguments, &["--format", "json"]].concat());
    assert_eq!(ran.stdout.lines().count(), 1, "{}", ran.stdout);
    let value: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(value["schema_version"], 1, "{value}");
    value
}

#[test]
fn help() {
    let project = Project::new();
    redacted(&project, || {
        insta::assert_snapshot!("help", project.mokapot(&["--help"]).ok().stdout);
        for command in COMMANDS {
            let help = project.mokapot(&[command, "--help"]).ok().stdout;
            assert!(help.contains("Example"), "{command} has no examples");
            insta::assert_snapshot!(format!("help-{command}"), help);
        }
    });
    for command in COMMANDS {
        assert!(project.mokapot(&["--help"]).stdout.contains(&format!("\n  {command} ")), "{command}");
    }
}

#[test]
fn locking() {
    let mut project = Project::new();
    let mut text = session(&project, &[&["lock", "app"], &["lock", "app"], &["lock", "app", "--check"]]);
    project.release_newer();
    text += "\n# the archive publishes app 2.0\n\n";
    text += &session(
        &project,
        &[
            &["lock", "app"],
            &["lock", "app", "--check"],
            &["lock", "app", "--update", "nothing-like-it"],
            &["lock", "app", "--update", "app"],
            &["lock", "no-such-recipe"],
            &["lock", "ap"],
        ],
    );
    redacted(&project, || insta::assert_snapshot!("lock", text));
}

#[test]
fn building() {
    let project = Project::new();
    let text = session(
        &project,
        &[
            &["build", "app"],
            &["build", "app", "--locked", "--offline"],
            &["build", "app", "--arch", "arm64", "--tag", "arm"],
            &["build", "app", "other", "--tag", "x"],
            &["build", "app", "--arch", "riscv64"],
            &["build"],
        ],
    );
    redacted(&project, || insta::assert_snapshot!("build", text));
}

#[test]
fn looking() {
    let project = Project::new();
    project.mokapot(&["build", "app"]).ok();
    redacted(&project, || {
        let texts: [(&str, &[&[&str]]); 4] = [
            ("inspect", &[&["inspect", "app"], &["inspect", "typo"], &["inspect", "oci:nowhere"]]),
            (
                "files",
                &[
                    &["files", "app"],
                    &["files", "app", "/etc", "--arch", "arm64"],
                    &["files", "app", "*.so.?"],
                    &["files", "app", "/nothing/there"],
                ],
            ),
            (
                "why",
                &[
                    &["why", "app", "/usr/bin/app"],
                    &["why", "app", "/lib/x86_64-linux-gnu/libc.so.6"],
                    &["why", "app", "libc6", "--arch", "arm64"],
                    &["why", "app", "/opt/native"],
                    &["why", "app", "/opt/run.sh"],
                    &["why", "app", "/etc/passwd"],
                    &["why", "app", "/usr/bin"],
                    &["why", "app", "libc"],
                ],
            ),
            ("scripts", &[&["scripts", "app"], &["scripts", "app", "docs"], &["scripts", "app", "doc"]]),
        ];
        for (name, commands) in texts {
            insta::assert_snapshot!(name, session(&project, commands));
        }
    });
}

#[test]
fn pushing() {
    let project = Project::new();
    project.mokapot(&["build", "app", "other"]).ok();
    let registry = Registry::start(Behaviour::default());
    let place = |tag: &str| format!("{}/team/app:{tag}", registry.host());
    let (one, two, copy) = (place("1"), place("2"), format!("oci:{}:app", project.path("copy").display()));
    let text = session(
        &project,
        &[
            &["push", "app", &one, "--dry-run"],
            &["push", "app", &one],
            &["push", "app", &one],
            &["push", "app", &two, "--dry-run"],
            &["push", "other", &one, "--dry-run"],
            &["push", &one, &copy],
            &["push", &one, &copy],
            &["push", "app", &copy, "--dry-run"],
            &["inspect", &place("none")],
            &["push", "app", "1:2:3"],
        ],
    );
    let text = text.replace(registry.host(), "[REGISTRY]");
    redacted(&project, || insta::assert_snapshot!("push", text));
}

#[test]
fn comparing() {
    let mut project = Project::new();
    project.mokapot(&["build", "app"]).ok();
    project.release_newer();
    project.mokapot(&["lock", "app", "--update"]).ok();
    project.mokapot(&["build", "app", "--tag", "newer"]).ok();
    project.mokapot(&["build", "app", "--tag", "arm", "--arch", "arm64"]).ok();
    let newer = format!("oci:{}:newer", project.path("project/dist/oci").display());
    let arm = format!("oci:{}:arm", project.path("project/dist/oci").display());
    let text = session(
        &project,
        &[
            &["diff", "app", "app"],
            &["diff", "app", &newer],
            &["diff", &newer, &arm],
            &["diff", &newer, &arm, "--arch", "arm64"],
        ],
    );
    redacted(&project, || insta::assert_snapshot!("diff", text));
}

#[test]
fn the_machine() {
    let project = Project::new();
    let aliases = ["debian-security", "pypi", "maven", "go"];
    let mirrors: Vec<String> = aliases.iter().map(|alias| format!("{alias}=https://mirror.example/{alias}")).collect();
    let mut arguments = vec!["mirrors"];
    arguments.extend(mirrors.iter().flat_map(|mirror| ["--mirror", mirror.as_str()]));
    // This machine's own clients may know more aliases; those are its own business.
    let ran = project.mokapot(&arguments).ok();
    let own: Vec<String> = ran
        .stdout
        .lines()
        .filter(|line| line.starts_with("ALIAS") || line.contains("--mirror"))
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    redacted(&project, || insta::assert_snapshot!("mirrors", own.join("\n")));

    let mut text = session(&project, &[&["cache", "info"]]);
    project.mokapot(&["build", "app"]).ok();
    text += "\n# after a build\n\n";
    text += &session(
        &project,
        &[
            &["cache", "info"],
            &["cache", "verify"],
            &["cache", "gc", "--max-size", "0"],
            &["cache", "info"],
            &["cache", "gc", "--max-age", "3y"],
        ],
    );
    redacted(&project, || insta::assert_snapshot!("cache", text));
}

#[test]
fn objects_for_scripts() {
    let mut project = Project::new();
    let locked = json(&project, &["lock", "app"]);
    let built = json(&project, &["build", "app"]);
    project.release_newer();
    redacted(&project, || {
        insta::assert_json_snapshot!("json-lock", locked);
        insta::assert_json_snapshot!("json-lock-check", json(&project, &["lock", "app", "--check"]));
        insta::assert_json_snapshot!("json-build", built);
        insta::assert_json_snapshot!("json-inspect", json(&project, &["inspect", "app"]));
        insta::assert_json_snapshot!("json-files", json(&project, &["files", "app", "/usr/bin"]));
        insta::assert_json_snapshot!("json-why", json(&project, &["why", "app", "/usr/bin/app"]));
        insta::assert_json_snapshot!("json-scripts", json(&project, &["scripts", "app"]));
        insta::assert_json_snapshot!("json-cache", json(&project, &["cache", "verify"]));
        insta::assert_json_snapshot!("json-error", json(&project, &["why", "app", "libc"]));
    });
    project.mokapot(&["lock", "app", "--update"]).ok();
    project.mokapot(&["build", "app", "--tag", "newer"]).ok();
    let newer = format!("oci:{}:newer", project.path("project/dist/oci").display());
    let differ = json(&project, &["diff", "app", &newer, "--arch", "arm64"]);
    redacted(&project, || insta::assert_json_snapshot!("json-diff", differ));
}
