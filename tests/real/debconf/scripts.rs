//! Scripts that become debconf's frontend, with the `config` and the templates of their package.

use std::fmt::Write;
use std::fs;

use super::dialogue::{Chance, question, value};
use super::{ALWAYS, Lab, TEMPLATES, with_versions};

/// What a script does and its package has.
#[derive(Clone, Default)]
struct Case {
    name: &'static str,
    arguments: Vec<&'static str>,
    config: Option<String>,
    script: String,
    templates: bool,
}

/// Says on both sides what came of a command.
const HEAD: &str = "#!/bin/sh\n. \"$CONFMODULE\"\n\
                    say() { printf '%s [%s] %s\\n' \"$1\" \"$RET\" \"$2\" >>\"$ROOT/log\"; }\n";

fn compare(lab: &mut Lab, case: &Case) {
    let path = format!("var/lib/dpkg/info/{}", case.name);
    let package = case.name.rsplit_once('.').map_or(case.name, |(package, _)| package);
    lab.twin.file("log", 0o644, format!("{}\n", case.name));
    for file in ["config", "templates"] {
        let file = format!("var/lib/dpkg/info/{package}.{file}");
        if lab.twin.on_disk(&file).exists() {
            fs::remove_file(lab.twin.on_disk(&file)).unwrap();
            lab.twin.tree.remove(file.as_bytes()).unwrap();
        }
    }
    if let Some(config) = &case.config {
        lab.twin.file(&format!("var/lib/dpkg/info/{package}.config"), 0o755, format!("{HEAD}{config}"));
    }
    if case.templates {
        lab.twin.file(&format!("var/lib/dpkg/info/{package}.templates"), 0o644, TEMPLATES);
    }
    lab.twin.file(&path, 0o755, format!("{HEAD}{}", case.script));
    // Ours has what the package has; theirs is told where its frontend is.
    let confmodule = fs::read_to_string(lab.version.join("usr/share/debconf/confmodule")).unwrap();
    let frontend = lab.version.join("usr/share/debconf/frontend");
    let escape = fs::read(lab.version.join("usr/bin/debconf-escape")).unwrap();
    lab.twin.file("usr/share/debconf/confmodule", 0o644, &confmodule);
    lab.twin.file("usr/share/debconf/frontend", 0o755, fs::read(&frontend).unwrap());
    lab.twin.file("usr/bin/debconf-escape", 0o755, &escape);
    let led = tempfile::NamedTempFile::new().unwrap();
    fs::write(&led, confmodule.replace("/usr/share/debconf/frontend", frontend.to_str().unwrap())).unwrap();

    let root = lab.twin.root().to_str().unwrap().to_owned();
    let variables = [("DEBCONF_NONINTERACTIVE_SEEN", "true")];
    let real = {
        let script = format!("{root}/{path}");
        let args = [&[script.as_str()], case.arguments.as_slice()].concat();
        let variables = [&variables[..], &[("ROOT", &root), ("CONFMODULE", led.path().to_str().unwrap())]].concat();
        lab.real("sh".as_ref(), &args, &variables, "")
    };
    let script = format!("/{path}");
    let args = [&[script.as_str()], case.arguments.as_slice()].concat();
    let more = [("ROOT", ""), ("CONFMODULE", "/usr/share/debconf/confmodule"), ("PATH", "/usr/bin:/bin")];
    let variables = [&ALWAYS[..], &variables, &more].concat();
    let mut ours = lab.twin.ours("sh", &args, &variables, "");
    ours.err.clone_from(&real.err);
    let call =
        format!("{}: {:?}\n{}{}", lab.version.display(), case.name, case.config.as_deref().unwrap_or(""), case.script);
    lab.findings.call(&call, &lab.twin, &ours, &real, &[]);
}

#[test]
fn scripts_by_hand_end_alike() {
    let ask = "db_input high pkg/string || true\ndb_go\ndb_get pkg/string\nsay get $?\n";
    let cases = [
        Case { name: "pkg.postinst", arguments: vec!["configure", ""], config: Some(ask.into()), templates: true, script: "db_get pkg/string\nsay post \"$*\"\ndb_stop\n".into() },
        Case { name: "pkg.postinst", arguments: vec!["configure", "1.0"], config: Some("say config \"$*\"\nexit 3\n".into()), templates: true, script: "say never\n".into() },
        Case { name: "pkg:amd64.postinst", arguments: vec!["configure", ""], config: Some(ask.into()), templates: true, script: "db_metaget pkg/string owners\nsay owners\n".into() },
        Case { name: "pkg.postinst", arguments: vec!["triggered", "a b"], config: Some("say config \"$*\"\n".into()), templates: true, script: "echo to stdout\nsay done $?\n".into() },
        Case { name: "pkg.postinst", arguments: vec!["configure"], templates: true, script: "db_set pkg/string changed\nexit 7\n".into(), ..Case::default() },
        Case { name: "pkg.prerm", arguments: vec!["remove"], templates: true, config: Some("say never\n".into()), script: "db_set pkg/string prerm\n".into() },
        Case { name: "pkg.postrm", arguments: vec!["purge"], script: "db_purge\nsay purge $?\ndb_get pkg/string\nsay gone $?\n".into(), ..Case::default() },
        Case { name: "pkg.postinst", arguments: vec!["configure"], templates: true, script: "db_version 2.0 || say bad $?\ndb_capb backup escape\nsay capb\ndb_set pkg/string 'a\\nb\\\\c'\ndb_get pkg/string\nsay escaped\n".into(), ..Case::default() },
        Case { name: "pkg.postinst", arguments: vec!["configure"], templates: true, script: "db_stop\nexec 3>&-\necho free\nsay stopped\n".into(), ..Case::default() },
        Case { name: "pkg.postinst", arguments: vec!["configure"], templates: true, script: "db_input high pkg/error || true\ndb_go\ndb_title Mine\ndb_input high pkg/error || true\ndb_go\n".into(), ..Case::default() },
        Case { name: "alone", arguments: vec!["x"], script: "db_register debconf/none x/y || say none $?\n".into(), ..Case::default() },
        Case { name: "pkg.postinst", arguments: vec!["configure"], templates: true, script: "set -e\ndb_get pkg/none\nsay never\n".into(), ..Case::default() },
        Case { name: "pkg.postinst", arguments: vec!["configure"], templates: true, script: "(db_get pkg/string; say sub $?)\nx=$(db_get pkg/yes; echo \"$RET\")\nRET=$x say sub\ndb_fset pkg/yes seen false\n".into(), ..Case::default() },
        Case { name: "pkg.postinst", arguments: vec!["configure"], templates: true, config: Some("db_input low pkg/yes || say low $?\ndb_input high pkg/select || true\ndb_go\n".into()), script: "DEBCONF_PACKAGE=x db_register pkg/select sh/ared\ndb_subst sh/ared more 'and more'\ndb_metaget sh/ared choices\nsay choices\n".into() },
    ];
    with_versions(|version| {
        let mut lab = Lab::new(version);
        for case in &cases {
            compare(&mut lab, case);
        }
    });
}

#[test]
fn scripts_by_chance_end_alike() {
    with_versions(|version| {
        let mut chance = Chance(3);
        for _ in 0..8 {
            let mut lab = Lab::new(version);
            for _ in 0..4 {
                let config = (chance.below(3) > 0).then(|| script(&mut chance));
                let name = chance.of(&["pkg.postinst", "pkg.postinst", "other.postinst", "pkg.prerm"]);
                let case = Case {
                    name,
                    arguments: vec!["configure", ""],
                    config,
                    templates: true,
                    script: script(&mut chance),
                };
                compare(&mut lab, &case);
            }
        }
    });
}

fn script(chance: &mut Chance) -> String {
    let mut text = String::new();
    for _ in 0..chance.below(14) {
        let (question, value) = (question(chance), value(chance).replace('\'', ""));
        let call = match chance.below(9) {
            0 | 1 => format!("db_input {} {question}", chance.of(&["low", "high"])),
            2 => "db_go".to_owned(),
            3 | 4 => format!("db_get {question}"),
            5 => format!("db_set {question} '{value}'"),
            6 => format!("db_fset {question} seen {}", chance.of(&["true", "false"])),
            7 => format!("db_subst {question} list '{value}'"),
            _ => format!("db_capb {}", chance.of(&["backup", "escape", ""])),
        };
        writeln!(text, "{call}; say '{}' $?", call.replace('\'', "")).unwrap();
    }
    let end = chance.below(6);
    text + ["", "db_stop\n", "exit 4\n", "echo out\n", "", ""][end]
}
