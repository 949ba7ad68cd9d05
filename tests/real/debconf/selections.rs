//! `debconf-set-selections`, `debconf-escape`, `debconf-show`.

use super::dialogue::{Chance, question, value};
use super::{Lab, with_versions};

const BY_HAND: &[&str] = &[
    "tzdata tzdata/Areas select Europe\ntzdata tzdata/Zones/Europe select Berlin\n",
    "# a comment\n\n  \npkg pkg/yes boolean true\r\npkg pkg/secret password pass word\n",
    "pkg pkg/string string one\\\ntwo\\\r\nthree\npkg pkg/note note\n",
    "pkg pkg/string\npkg\npkg pkg/error error x\npkg pkg/string strange x\n pkg\tpkg/string \t string \t x \n",
    "pkg pkg/string seen false\npkg pkg/none seen true\npkg pkg/string seen\n",
    "pkg pkg/string string  two spaces \npkg pkg/string string\npkg other/x text a\\nb",
    "pkg pkg/string string last\\",
    "pkg pkg/title title T\nother pkg/string select x\n",
];

#[test]
fn selections_are_taken_alike() {
    with_versions(|version| {
        for options in [[].as_slice(), &["-v"], &["--checkonly"], &["--unseen"]] {
            let mut lab = Lab::new(version);
            for input in BY_HAND {
                lab.compare("debconf-set-selections", options, &[], input, true);
            }
            let load = "X_LOADTEMPLATEFILE @/t/pkg.templates\nGET pkg/string\nFGET pkg/string seen\n";
            lab.compare("debconf-communicate", &["pkg"], &[], load, false);
            for input in BY_HAND {
                lab.compare("debconf-set-selections", options, &[], input, true);
            }
        }
    });
}

#[test]
fn selections_by_chance_are_taken_alike() {
    with_versions(|version| {
        let mut chance = Chance(7);
        for _ in 0..6 {
            let mut lab = Lab::new(version);
            for round in 0..6 {
                if round == 3 {
                    let load = "X_LOADTEMPLATEFILE @/t/pkg.templates\n";
                    lab.compare("debconf-communicate", &["pkg"], &[], load, false);
                }
                let mut input = String::new();
                for _ in 0..chance.below(20) {
                    let kind =
                        chance.of(&["string", "select", "boolean", "password", "seen", "multiselect", "note", "what"]);
                    let (owner, question, value) =
                        (chance.of(&["pkg", "other"]), question(&mut chance), value(&mut chance));
                    input += &format!("{owner} {question} {kind} {value}\n");
                }
                lab.compare("debconf-set-selections", &[], &[], &input, true);
            }
        }
    });
}

#[test]
fn text_is_escaped_alike() {
    with_versions(|version| {
        let mut lab = Lab::new(version);
        for option in ["-e", "-u"] {
            for input in ["", "a", "a\n", "a\\b\n\\\\n\n\\n\\x", "tail\\", "line\\\nnext\\\\\n", "\\ \\\t\\\"\n"] {
                lab.compare("debconf-escape", &[option], &[], input, true);
            }
        }
    });
}

/// debconf shows questions in no order.
#[test]
fn questions_are_shown_alike() {
    with_versions(|version| {
        let mut lab = Lab::new(version);
        let fill =
            "X_LOADTEMPLATEFILE @/t/pkg.templates\nSET pkg/string a b\nFSET pkg/yes seen true\nSET pkg/secret x\n";
        lab.compare("debconf-communicate", &["pkg"], &[], fill, false);
        for args in [["pkg"].as_slice(), &["none"], &["--listowners"], &[]] {
            let program = lab.version.join("usr/bin/debconf-show");
            let mut real = lab.real(&program, args, &[], "");
            let ours = lab.twin.ours("debconf-show", args, &super::ALWAYS, "");
            let mut lines: Vec<&str> = real.out.lines().collect();
            lines.sort_by_key(|line| line.trim_start_matches(['*', ' ']));
            real.out = lines.iter().map(|line| format!("{line}\n")).collect();
            // Usage texts differ in a space.
            real.err = real.err.replace("Usage: \n", "Usage:\n");
            let ours = super::Outcome { err: ours.err.replace("Usage: \n", "Usage:\n"), ..ours };
            lab.findings.call(&format!("debconf-show {args:?}"), &lab.twin, &ours, &real, &[]);
        }
    });
}
