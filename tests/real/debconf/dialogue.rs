//! Dialogues with `debconf-communicate`, written by hand and by chance.

use super::{Lab, with_versions};

/// Every command, well and badly called.
const BY_HAND: &[&str] = &[
    "VERSION\nVERSION 2.0\nVERSION 2\nVERSION 1.0\nVERSION 3.1\nVERSION x\nVERSION 2 3\nversion 2.9",
    "CAPB\nCAPB backup\nCAPB escape\nGET pkg/string\nCAPB multiselect\nGET pkg/string",
    "TITLE One  two\nSETTITLE pkg/string\nSETTITLE pkg/none\nSETTITLE\nTITLE",
    "INPUT high pkg/string\nINPUT low pkg/yes\nINPUT huge pkg/yes\nINPUT high pkg/none\nINPUT high\nGO\nFGET pkg/string seen",
    "GET pkg/string\nGET pkg/none\nGET\nGET a b\nGET pkg/bare\nGET pkg/secret",
    "SET pkg/string some  more   words\nGET pkg/string\nSET pkg/string\nGET pkg/string\nSET\nSET pkg/none x",
    "CAPB escape\nSET pkg/string one\\ntwo\\\\three\\ four\\x\nGET pkg/string\nCAPB\nGET pkg/string",
    "CAPB escape\nSUBST pkg/string who the\\nworld\nMETAGET pkg/string description\nCAPB\nMETAGET pkg/string description",
    "SUBST pkg/string who you\nMETAGET pkg/string extended_description\nMETAGET pkg/string description-de.utf-8",
    "METAGET pkg/select choices\nMETAGET pkg/select choices-c\nMETAGET pkg/select default\nMETAGET pkg/select type",
    "METAGET pkg/select name\nMETAGET pkg/select template\nMETAGET pkg/select owners\nMETAGET pkg/select priority",
    "INPUT low pkg/select\nMETAGET pkg/select Priority\nMETAGET pkg/select nothing\nMETAGET pkg/select value\nMETAGET x y\nMETAGET x",
    "SET pkg/select nonsense\nINPUT high pkg/select\nGO\nGET pkg/select\nSET pkg/select 3\nINPUT high pkg/select\nGO\nGET pkg/select",
    "INPUT high pkg/other\nGO\nGET pkg/other\nSUBST pkg/other list x, y\nINPUT high pkg/other\nGO\nGET pkg/other",
    "INPUT high pkg/many\nINPUT high pkg/note\nINPUT critical pkg/text\nINPUT medium pkg/secret\nGO\nGET pkg/many\nGO",
    "INPUT low pkg/error\nGO\nFGET pkg/error seen\nTITLE Title\nINPUT low pkg/error\nGO\nFSET pkg/error seen true\nINPUT low pkg/error\nGO",
    "RESET pkg/string\nRESET pkg/bare\nRESET pkg/none\nRESET\nGET pkg/bare",
    "SUBST pkg/string\nSUBST pkg/string x\nSUBST pkg/none x y\nSUBST pkg/string x y z",
    "FSET pkg/string seen true\nFGET pkg/string seen\nFGET pkg/string isdefault\nFSET pkg/string isdefault true\nFGET pkg/string seen",
    "FSET pkg/string\nFSET pkg/string seen\nFSET pkg/none seen true\nFGET pkg/none seen\nFGET pkg/string\nFSET pkg/string mine true\nFGET pkg/string mine\nFSET pkg/string yours maybe so",
    "REGISTER pkg/string new/one\nGET new/one\nSET new/one v\nREGISTER pkg/secret new/secret\nSET new/secret s\nREGISTER pkg/none x\nREGISTER a",
    "REGISTER pkg/string new/one\nREGISTER pkg/yes new/one\nMETAGET new/one template\nMETAGET new/one type\nUNREGISTER new/one\nGET new/one",
    "REGISTER pkg/string pkg/yes\nMETAGET pkg/yes template\nREGISTER pkg/yes x/y\nGET x/y",
    "INPUT high pkg/yes\nUNREGISTER pkg/yes\nCLEAR\nUNREGISTER pkg/yes\nUNREGISTER pkg/yes\nUNREGISTER\nCLEAR x\nGET pkg/yes",
    "PURGE x\nPURGE\nGET pkg/string\nDATA pkg/string type string\nX_LOADTEMPLATEFILE @/t/pkg.templates\nGET pkg/string",
    "INFO\nINFO pkg/string\nINFO pkg/none\nINFO a b",
    "PROGRESS\nPROGRESS START 1 5 pkg/string\nPROGRESS STEP 1\nPROGRESS SET 3\nPROGRESS INFO pkg/yes\nPROGRESS INFO x\nPROGRESS STOP",
    "PROGRESS START 5 1 pkg/string\nPROGRESS START 1 2\nPROGRESS START 1 2 x\nPROGRESS SET\nPROGRESS STOP 1\nPROGRESS dance",
    "DATA n/x description early\nDATA n/x type string\nDATA n/x type string\nDATA n/x description A\\nb\nDATA n/x\nMETAGET n/x type\nGET n/x",
    "VISIBLE high pkg/string\nVISIBLE low pkg/none\nVISIBLE x\nEXIST pkg/string\nEXIST pkg/none\nEXIST",
    "BEGINBLOCK\nENDBLOCK\nBEGINBLOCK x\nPREVIOUS_MODULE\nUNKNOWN a  b\n\n   \n  get   pkg/string  ",
    "CAPB escape\n get pkg/string\nCAPB",
    "STOP\nGET pkg/string",
    "GET pkg/string\nSTOP",
    "X_LOADTEMPLATEFILE /nowhere/at/all\nX_LOADTEMPLATEFILE\nX_LOADTEMPLATEFILE @/t/pkg.templates else\nX_LOADTEMPLATEFILE a b c",
    "INPUT high pkg/yes\nINPUT high pkg/yes\nGO\nFSET pkg/yes seen false\nFGET pkg/yes seen",
    "INPUT high pkg/yes\nGO\nSTOP\nFGET pkg/yes seen",
    "SET pkg/string a\\nb\nGET pkg/string",
    "GET pkg/string",
    "CAPB escape\nSUBST pkg/string who a\\nb\\\\nc\nSUBST pkg/string a=b c\nSUBST pkg/string who2 x=y",
    "SUBST pkg/string a=b c",
    "",
    "nothing",
];

#[test]
fn every_command_is_answered_alike() {
    with_versions(|version| {
        let mut lab = Lab::new(version);
        lab.compare("debconf-communicate", &["pkg"], &[], "X_LOADTEMPLATEFILE @/t/pkg.templates\n", false);
        for seen in ["false", "true"] {
            let variables = [("DEBCONF_NONINTERACTIVE_SEEN", seen)];
            for dialogue in BY_HAND {
                let fresh = format!("X_LOADTEMPLATEFILE @/t/pkg.templates\n{dialogue}\n");
                lab.compare("debconf-communicate", &["pkg"], &variables, &fresh, false);
                // And on what the dialogues before it left.
                if seen == "true" {
                    lab.compare("debconf-communicate", &["pkg"], &variables, dialogue, false);
                }
            }
        }
    });
}

#[test]
fn dialogues_by_chance_are_answered_alike() {
    with_versions(|version| {
        let mut chance = Chance(20);
        for _ in 0..6 {
            let mut lab = Lab::new(version);
            lab.compare("debconf-communicate", &["pkg"], &[], "X_LOADTEMPLATEFILE @/t/pkg.templates\n", false);
            for _ in 0..9 {
                let mut variables = vec![("DEBCONF_NONINTERACTIVE_SEEN", chance.of(&["true", "true", "false"]))];
                if let Some(priority) = chance.of(&[None, None, Some("low"), Some("critical"), Some("bogus")]) {
                    variables.push(("DEBIAN_PRIORITY", priority));
                }
                let owner = chance.of(&["pkg", "pkg", "pkg:amd64", "other"]);
                let dialogue = dialogue(&mut chance);
                lab.compare("debconf-communicate", &[owner], &variables, &dialogue, false);
            }
        }
    });
}

/// A generator of numbers that is the same everywhere.
pub(super) struct Chance(pub(super) u64);

impl Chance {
    pub(super) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % n as u64).unwrap()
    }

    pub(super) fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

/// A question's name; seldom one that is not there.
pub(super) fn question(chance: &mut Chance) -> &'static str {
    chance.of(&[
        "pkg/string",
        "pkg/select",
        "pkg/other",
        "pkg/many",
        "pkg/yes",
        "pkg/secret",
        "pkg/note",
        "pkg/text",
        "pkg/error",
        "pkg/bare",
        "new/one",
        "new/two",
        "data/x",
        "pkg/string",
        "pkg/select",
        "pkg/none",
    ])
}

pub(super) fn value(chance: &mut Chance) -> &'static str {
    chance.of(&[
        "one",
        "two, and a half",
        "3",
        "a, c",
        "true",
        "false",
        "x  y",
        "\u{e4}\u{20ac}",
        "\\n",
        "a\\nb",
        "\\\\",
        "${who}",
        "a: b = c",
        "0",
        "",
        "y\\ z",
        "tail\\",
    ])
}

fn dialogue(chance: &mut Chance) -> String {
    let mut lines = String::new();
    let mut bar = false;
    for _ in 0..chance.below(45) {
        let (question, value) = (question(chance), value(chance));
        let line = match chance.below(30) {
            0..=4 => format!("INPUT {} {question}", chance.of(&["low", "medium", "high", "critical", "high", "none"])),
            5 | 6 => "GO".to_owned(),
            7 | 8 => format!("GET {question}"),
            9..=11 => format!("SET {question} {value}"),
            12 => format!("RESET {question}"),
            13 | 14 => format!("SUBST {question} {} {value}", chance.of(&["who", "more", "list", "a=b"])),
            15 => format!("REGISTER {question} {}", chance.of(&["new/one", "new/two", "pkg/yes"])),
            16 => format!("UNREGISTER {question}"),
            17 | 18 => {
                let field = chance.of(&["description", "extended_description", "choices", "default", "type", "owners"]);
                format!("METAGET {question} {field}")
            }
            19 => format!("FGET {question} {}", chance.of(&["seen", "mine", "isdefault"])),
            20 | 21 => format!("FSET {question} {} {value}", chance.of(&["seen", "mine", "isdefault"])),
            22 => format!("FSET {question} seen {}", chance.of(&["true", "false"])),
            23 => format!("CAPB {}", chance.of(&["", "escape", "escape backup", "multiselect"])),
            24 if chance.below(2) == 0 => format!("DATA data/x type {}", chance.of(&["string", "select", "password"])),
            24 => format!("DATA data/x {} {value}", chance.of(&["description", "Default", "default"])),
            25 if chance.below(3) == 0 => "GO\nPURGE".to_owned(),
            25 => format!("SETTITLE {question}"),
            26 => "X_LOADTEMPLATEFILE @/t/pkg.templates".to_owned(),
            27 if bar => chance.of(&["PROGRESS SET 2", "PROGRESS STEP 1"]).to_owned(),
            27 => {
                bar = true;
                "PROGRESS START 0 9 debconf/none\nX_LOADTEMPLATEFILE @/t/pkg.templates\nPROGRESS START 0 9 pkg/string"
                    .to_owned()
            }
            28 => chance.of(&["STOP", "", "CLEAR", "TITLE a b", "VERSION 2.0", "INFO", "what ever"]).to_owned(),
            _ => format!("EXIST {question}"),
        };
        lines += &line;
        lines += "\n";
    }
    lines
}
