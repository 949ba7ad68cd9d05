//! Answers to debconf's questions: there before the first script runs, in the file that the question's type asks for.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::sync::Arc;

use mokapot::base::{Arch, Epoch};
use mokapot::domain::install::{Dance, maintscript, plan};
use mokapot::domain::rootfs::{Content, Kind, Meta, Owner, Tree};
use mokapot::domain::script::{Answer, Limits, System, type_of};
use mokapot::formats::deb::Package;

use crate::support::deb::Deb;
use crate::support::packages::{self, Opened};

/// As Debian's own.
const CONF: &str = "\
# where things are

Config: configdb
Templates: templatedb

Name: config
Driver: File
Mode: 644
Reject-Type: password
Filename: /var/cache/debconf/config.dat

Name: passwords
Driver: File
Mode: 600
Backup: false
Required: false
Accept-Type: password
Filename: /var/cache/debconf/passwords.dat

Name: configdb
Driver: Stack
Stack: config, passwords

Name: templatedb
Driver: File
Mode: 644
Filename: /var/cache/debconf/templates.dat
";

const TEMPLATES: &str = "\
Template: asks/name
Type: string
Default: nobody
Description: A name

Template: asks/secret
Type: password
Description: A secret
";

/// Installs a package that asks; returns the tree, and what its `preinst` found: `tmp.ci/control` and debconf's questions.
fn install(answers: &[(&str, &str)]) -> (Tree, Vec<String>) {
    let deb = Deb::new("asks", "1.0").directory("").directory("etc").control("templates", TEMPLATES);
    let opened: Vec<Opened> = vec![packages::open(&deb.control("preinst", "x").build()).unwrap()];
    let shipments = packages::shipments(&opened);
    let all: Vec<&Package> = opened.iter().map(|opened| &opened.package).collect();
    let base: BTreeSet<usize> = plan::base(&all);
    let environment = maintscript::environment(7);
    let read = |content: &Content| match content {
        Content::Bytes(bytes) => Ok(Arc::clone(bytes)),
        Content::Entry { at, .. } => {
            let path = &opened[0].entries[at.entry as usize].path;
            opened[0].database.get(path).map(|bytes| Arc::from(bytes.as_slice())).ok_or_else(|| "not kept".to_owned())
        }
    };
    let given: Vec<Answer> = answers
        .iter()
        .map(|(question, value)| Answer {
            package: "asks".into(),
            question: (*question).into(),
            type_: type_of(TEMPLATES.as_bytes(), question).unwrap(),
            value: (*value).into(),
        })
        .collect();
    let mut tree = Tree::new();
    for (path, kind) in [
        ("usr/share/debconf/debconf.conf", Kind::File(Content::bytes(CONF))),
        ("var/cache/debconf", Kind::Directory),
        ("var/lib/dpkg", Kind::Directory),
    ] {
        tree.insert(path.as_bytes(), kind, Meta::root(0o755, 7), Owner::Generated, None).unwrap();
    }
    let epoch: Epoch = "7".parse().unwrap();
    let mut found = Vec::new();
    let mut system = System::new(&mut tree, Arch::Amd64, epoch, Limits::default(), &read);
    let dance = Dance::new(&shipments, &all, &base, &environment).with_answers(&given);
    let done = dance.perform(&mut system, &mut |system, _, _, _| {
        for path in ["var/lib/dpkg/tmp.ci/control", "var/cache/debconf/config.dat"] {
            found.push(String::from_utf8_lossy(&system.read(path.as_bytes()).unwrap_or_default()).into_owned());
        }
        Ok(0)
    });
    done.unwrap();
    drop(system);
    (tree, found)
}

fn file(tree: &Tree, path: &str) -> (u32, String) {
    let node = tree.lookup(path.as_bytes()).unwrap().unwrap();
    let Kind::File(Content::Bytes(bytes)) = node.kind else { panic!("{path}") };
    (node.meta.mode, String::from_utf8_lossy(bytes).into_owned())
}

#[test]
fn answers_are_there_before_the_first_script() {
    let (tree, found) = install(&[("asks/name", "Somebody"), ("asks/secret", "hush")]);
    let name = "Name: asks/name\nTemplate: asks/name\nValue: Somebody\nOwners: asks\nFlags: seen\n\n";
    assert!(found[0].starts_with("Package: asks\nVersion: 1.0\n"), "{}", found[0]);
    assert_eq!(found[1], name);
    assert_eq!(file(&tree, "var/cache/debconf/config.dat"), (0o644, name.to_owned()));
    let secret = "Name: asks/secret\nTemplate: asks/secret\nValue: hush\nOwners: asks\nFlags: seen\n\n";
    assert_eq!(file(&tree, "var/cache/debconf/passwords.dat"), (0o600, secret.to_owned()));
    assert!(file(&tree, "var/cache/debconf/templates.dat").1.contains("Description: Dummy template\n"));
}

#[test]
fn without_answers_there_is_no_database() {
    let (tree, _) = install(&[]);
    assert!(tree.lookup(b"var/cache/debconf/config.dat").unwrap().is_none());
}
