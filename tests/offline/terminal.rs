//! Where output goes: a terminal, a log, a pipe that closes, a disk that is full; and names that are none of these's friends.

use std::fs::File;
use std::process::{Command, Stdio};

use mokapot::formats::tar::{Entry, Kind};

use crate::support::archive::Archive;
use crate::support::deb::{Deb, MTIME};
use crate::support::project::{Project, RECIPE, Ran, tree};
use crate::support::run::tool;

/// Runs the program on a terminal that is `script`'s; its stdout and stderr come as one text.
fn on_a_terminal(project: &Project, arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let plain = project.command(&[], arguments);
    let words = std::iter::once(plain.get_program()).chain(plain.get_args());
    let line: Vec<String> = words.map(|word| format!("'{}'", word.to_str().unwrap())).collect();
    let mut command: Command = tool("script", ["--quiet", "--command", &line.join(" "), "/dev/null"]);
    command.env_clear().envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env_remove("NO_COLOR").envs(environment.iter().copied()).current_dir(project.path(""));
    Ran::of(&mut command).stdout
}

#[test]
fn a_terminal_gets_bars_and_colours_unless_it_wants_none() {
    let project = Project::new();
    let fancy = on_a_terminal(&project, &["build", "app"], &[("TERM", "xterm")]);
    assert!(fancy.contains("unpack [") && fancy.contains("\x1b["), "{fancy:?}");
    let fancy = on_a_terminal(&project, &["build", "nothing"], &[("TERM", "xterm")]);
    assert!(fancy.contains("\x1b[31;1merror\x1b[0m"), "{fancy:?}");
    for environment in [&[("TERM", "dumb")][..], &[("TERM", "xterm"), ("NO_COLOR", "1")], &[]] {
        let fresh = Project::new();
        for arguments in [["build", "app"], ["build", "nothing"]] {
            let plain = on_a_terminal(&fresh, &arguments, environment);
            assert!(!plain.contains('\x1b') && !plain.contains('['), "{environment:?}: {plain:?}");
        }
    }
}

#[test]
fn a_log_gets_a_line_a_phase_and_quiet_is_quiet() {
    let project = Project::new();
    let log = project.mokapot(&["build", "app"]).ok().stderr;
    assert!(log.contains("    fetch ") && log.contains("   layers ") && !log.contains(['\x1b', '\r']), "{log:?}");
    assert_eq!(project.mokapot(&["build", "app", "--quiet"]).ok().stderr, "");
}

#[test]
fn whoever_reads_may_stop() {
    let project = Project::new();
    project.mokapot(&["build", "app"]).ok();
    let newer = ["build", "app", "--tag", "arm", "--arch", "arm64"];
    project.mokapot(&newer).ok();
    let arm = format!("oci:{}:arm", project.path("project/dist/oci").display());
    let cases: [(&[&str], i32); 4] =
        [(&["files", "app"], 0), (&["inspect", "app"], 0), (&["diff", "app", &arm], 1), (&["completions", "bash"], 0)];
    for (arguments, code) in cases {
        let mut child = project.command(&[], arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let ran = Ran::from(child.wait_with_output().unwrap());
        assert_eq!((ran.code, ran.stderr.as_str()), (code, ""), "{arguments:?}");
    }
    // A result that is lost is a failure.
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = project.command(&[], &["files", "app"]).stdout(full).output().unwrap();
    Ran::from(output).failed(10, &["stdout", "No space left"]);
}

/// Names may be any bytes; a terminal gets text.
#[test]
fn names_cannot_play_tricks() {
    let mut archive = Archive::new(7);
    let name = b"etc/caf\xe9 \x1b[31m\n\xe2\x80\xaeend".to_vec();
    let odd =
        tree(Deb::new("app", "1.0"), &["etc"]).entry(Entry::new(name, Kind::File { size: 1 }, 0o644, MTIME), b"x");
    archive.add("fake", &odd.stanza(), &odd.build());
    let project = Project::over(archive);
    let (head, _) = RECIPE.split_once("[[file]]").unwrap();
    project.write("project/recipes/app.toml", &head.replace("[packages]", "[packages]\nvariant = \"none\""));
    project.mokapot(&["build", "app"]).ok();
    let escaped = "/etc/caf\\xe9 \\u{1b}[31m\\n\\u{202e}end";
    for arguments in [&["files", "app"][..], &["files", "app", "--format", "json"]] {
        let text = project.mokapot(arguments).ok().stdout;
        let expected = if arguments.len() > 2 { escaped.replace('\\', "\\\\") } else { escaped.to_owned() };
        assert!(text.contains(&expected), "{text:?}");
        assert!(!text.contains(['\x1b', '\u{202e}']), "{text:?}");
    }
    let refused = project.mokapot(&["why", "app", "/x\x1b[31m"]);
    assert!(refused.code == 2 && !refused.stderr.contains('\x1b'), "{refused:?}");
}
