//! Maintainer scripts through the built program: what they leave is in the image, the ledger and the trace tell of it, `why`
//! names script and line; what cannot be interpreted stops the build with what to paste.

use serde_json::Value;

use crate::support::archive::Archive;
use crate::support::deb::{Deb, MTIME};
use crate::support::project::Project;
use mokapot::formats::tar::{Entry, Kind};

const RECIPE: &str = r#"name = "app"

[[archive]]
mirror = "debian"
suites = ["fake"]
signed-by = "keys/fake.asc"

[packages]
install = ["service", "odd"]

[[file]]
path = "/etc/service/extra.conf"
content = "from the recipe\n"
"#;

const POSTINST: &str = "#!/bin/sh\nset -e\nif [ \"$1\" = configure ]; then\n\
    \tmkdir -p /var/lib/service\n\
    \tcat /etc/service/*.conf > /var/lib/service/all\n\
    \tchmod 0600 /var/lib/service/all\nfi\n";

/// A program of the base. Its bytes do not matter: what stands for it is chosen by its name.
fn program(deb: Deb, name: &str) -> Deb {
    let kind = Kind::File { size: 4 };
    deb.entry(Entry::new(format!("usr/bin/{name}").into_bytes(), kind, 0o755, MTIME), b"\x7fELF")
}

fn project() -> Project {
    let mut archive = Archive::new(7);
    let folders = ["", "etc", "usr", "usr/bin", "var", "var/lib"];
    let base = folders.iter().fold(Deb::new("base", "1").field("Essential", "yes"), |deb, path| deb.directory(path));
    let base = ["cat", "chmod", "frobnicate", "mkdir"].into_iter().fold(base, program);
    let service = Deb::new("service", "2.0")
        .directory("etc/service")
        .file("etc/service/own.conf", b"its own\n")
        .control("postinst", POSTINST)
        .control("prerm", "#!/bin/sh\n");
    let odd = Deb::new("odd", "1.0")
        .file("usr/bin/odd", b"")
        .control("preinst", "#!/bin/sh\n:\n")
        .control("postinst", "#!/bin/sh\nset -e\nsetup() {\n\tfrobnicate --all \"$1\"\n}\nsetup \"$1\"\n");
    for deb in [base, service, odd] {
        archive.add("fake", &deb.stanza(), &deb.build());
    }
    let project = Project::over(archive);
    project.write("project/recipes/app.toml", RECIPE);
    project
}

fn add(project: &Project, section: &str) {
    project.write("project/recipes/app.toml", &format!("{RECIPE}\n{section}"));
}

fn json(project: &Project, arguments: &[&str]) -> Value {
    let ran = project.mokapot(&[arguments, &["--format", "json"]].concat()).ok();
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn a_script_that_is_not_interpretable_stops_the_build_and_its_waiver_can_be_pasted() {
    let project = project();
    let ran = project.build(&[]).failed(
        11,
        &[
            "odd/postinst cannot be interpreted: odd/postinst:4:2: `frobnicate` is a program that is not modelled",
            "frobnicate --all \"$1\"",
            "called from odd/postinst:6:1: setup \"$1\"",
            "[[effect]]",
        ],
    );
    assert!(!project.layout().join("index.json").exists(), "nothing is tagged");
    let lines: Vec<&str> = ran.stderr.lines().map(str::trim).collect();
    let at = lines.iter().position(|line| *line == "[[waive]]").unwrap();
    add(&project, &lines[at..at + 3].join("\n"));
    let ran = project.build(&[]).ok();
    let note = "maintainer scripts: 1 interpreted, 1 no-op, 1 not run, 1 waived";
    assert!(ran.stderr.contains(note), "{}", ran.stderr);
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
    project.assert_tidy();
}

#[test]
fn the_ledger_the_trace_and_why_say_what_a_script_did() {
    let project = project();
    add(&project, "[[waive]]\nscript = \"odd/postinst\"\nreason = \"no frobs\"\n");
    project.mokapot(&["build", "app"]).ok();
    let ledger = json(&project, &["scripts", "app"]);
    let row = |script: &str| {
        let rows = ledger["scripts"].as_array().unwrap();
        let named = |row: &&Value| format!("{}/{}", row["package"], row["kind"]).replace('"', "") == script;
        rows.iter().find(named).unwrap().clone()
    };
    let service = row("service/postinst");
    assert_eq!(service["status"], "interpreted");
    assert_eq!((&service["run"]["runs"], &service["run"]["entries"]), (&1.into(), &2.into()));
    assert_eq!(service["run"]["commands"], serde_json::json!(["cat", "chmod", "mkdir"]));
    assert_eq!(
        (row("odd/postinst")["status"].clone(), row("odd/postinst")["reason"].clone()),
        ("waived".into(), "no frobs".into())
    );
    assert_eq!((&row("odd/preinst")["status"], &row("service/prerm")["status"]), (&"no-op".into(), &"not run".into()));

    let files = project.mokapot(&["files", "app"]).ok().stdout;
    assert!(files.lines().any(|line| line.contains("var/lib/service/all") && line.starts_with("-0600")), "{files}");
    let why = project.mokapot(&["why", "app", "/var/lib/service/all"]).ok().stdout;
    assert!(why.contains("made by service/postinst:5:2: cat /etc/service/*.conf > /var/lib/service/all"), "{why}");
    assert!(project.mokapot(&["why", "app", "/etc/service/extra.conf"]).ok().stdout.contains("[[file]]"));

    let trace = project.mokapot(&["scripts", "app", "service"]).ok().stdout;
    let expected = "   4  mkdir -p /var/lib/service\n          made    /var/lib/service\n";
    assert!(trace.contains(expected) && trace.contains("changed /var/lib/service/all"), "{trace}");
    let runs = &json(&project, &["scripts", "app", "service"])["runs"];
    assert_eq!((&runs[0]["script"], &runs[0]["arguments"]), (&"service/postinst".into(), &"configure".into()));
    // Of an image whose build this store does not know, nothing is made up.
    let image = format!("oci:{}", project.path("project/dist/oci").display());
    let foreign = project.path("other-store").display().to_string();
    let unknown = json(&project, &["scripts", &image, "--store", &foreign]);
    assert!(unknown["scripts"].as_array().unwrap().iter().all(|row| row["status"] == "not interpreted"));
}

#[test]
fn an_effect_stands_for_a_script_as_long_as_it_is_that_script() {
    let project = project();
    let effect = |sha256: &str| {
        format!(
            "[[effect]]\nscript = \"odd/postinst\"\nreason = \"read by hand\"\n{sha256}\n\
             file = [{{ path = \"/var/lib/frobs\", content = \"one\\n\", mode = \"0640\" }}]\n\
             group = [{{ name = \"frobs\", gid = 150 }}]\n"
        )
    };
    let other = "0".repeat(64);
    add(&project, &effect(&format!("sha256 = \"sha256:{other}\"")));
    project.build(&[]).failed(11, &["[[effect]] odd/postinst", "is another one, with SHA-256", "hint:"]);
    add(&project, &effect(""));
    project.mokapot(&["build", "app"]).ok();
    let why = project.mokapot(&["why", "app", "/var/lib/frobs"]).ok().stdout;
    assert!(why.contains("made by odd/postinst") && why.contains("[[effect]] read by hand"), "{why}");
    let ledger = project.mokapot(&["scripts", "app"]).ok().stdout;
    assert!(ledger.contains("odd/postinst stood for: read by hand"), "{ledger}");
}

#[test]
fn what_nobody_has_a_use_for_is_said() {
    let project = project();
    add(
        &project,
        "[[waive]]\nscript = \"odd/postinst\"\nreason = \"x\"\n[[waive]]\nscript = \"gone/postinst\"\nreason = \"y\"\n",
    );
    let ran = project.build(&[]).ok();
    assert!(ran.stderr.contains("[[waive]] gone/postinst: no package has this script"), "{}", ran.stderr);
    add(&project, "[debconf.odd]\n\"odd/question\" = \"yes\"\n");
    project.build(&[]).failed(3, &["[debconf.odd] `odd/question`", "the package asks nothing"]);
}
