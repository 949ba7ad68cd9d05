//! Scripts, files, conffiles, triggers and the database, in dpkg's order. The scripts are lines of words that a runner of
//! these tests understands; what is tested is when they run, with what, and what they find.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::sync::Arc;

use mokapot::base::{Arch, Epoch};
use mokapot::domain::install::{Dance, DanceError, State, database, maintscript, plan};
use mokapot::domain::rootfs::{Content, Tree};
use mokapot::domain::script::{Limits, Process, Stop, System};
use mokapot::formats::deb::Package;

use crate::support::deb::Deb;
use crate::support::packages::{self, Opened};

fn deb(name: &str) -> Deb {
    Deb::new(name, "1.0").field("Priority", "optional").directory("").directory("usr").directory("etc")
}

/// Installs packages into an empty tree. Returns what the scripts saw, a line each.
fn dance(debs: &[Deb]) -> (Tree, Result<(), DanceError>, Vec<String>) {
    let opened: Vec<Opened> = debs.iter().map(|deb| packages::open(&deb.build()).unwrap()).collect();
    let shipments = packages::shipments(&opened);
    let packages: Vec<&Package> = opened.iter().map(|opened| &opened.package).collect();
    let base: BTreeSet<usize> = plan::base(&packages);
    let environment = maintscript::environment(7);
    let read = |content: &Content| match content {
        Content::Bytes(bytes) => Ok(Arc::clone(bytes)),
        Content::Entry { at, .. } => {
            let opened = &opened[at.artefact as usize];
            let path = &opened.entries[at.entry as usize].path;
            opened.database.get(path).map(|bytes| Arc::from(bytes.as_slice())).ok_or_else(|| "not kept".to_owned())
        }
    };
    let (mut tree, mut seen) = (Tree::new(), Vec::new());
    let epoch: Epoch = "7".parse().unwrap();
    let mut system = System::new(&mut tree, Arch::Amd64, epoch, Limits::default(), &read);
    let done = Dance::new(&shipments, &packages, &base, &environment)
        .perform(&mut system, &mut |system, process, label, bytes| run(system, &process, label, &bytes, &mut seen));
    if done.is_ok() {
        let pairs: Vec<_> = opened.iter().map(|opened| (&opened.package, &opened.facts)).collect();
        assert_eq!(file(&tree, "var/lib/dpkg/status"), database::status(&pairs, State::Installed).unwrap());
        assert!(tree.lookup(b"var/lib/dpkg/tmp.ci").unwrap().is_none());
    }
    (tree, done.map(drop), seen)
}

/// Understands `see PATH`, `status PACKAGE`, `put PATH LINE…`, `override USER GROUP MODE PATH`, `trigger NAME AWAITER`, `exit STATUS`, `env NAME`.
fn run(
    system: &mut System<'_>,
    process: &Process,
    label: &str,
    bytes: &[u8],
    seen: &mut Vec<String>,
) -> Result<u8, Stop> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let arguments: Vec<String> = process.args.iter().map(|argument| text(argument)).collect();
    assert!(label.ends_with(arguments[0].rsplit(['/', '.']).next().unwrap()));
    let mut line = format!("{label} {:?}", &arguments[1..]);
    for command in String::from_utf8_lossy(bytes).lines().filter(|line| !line.is_empty()) {
        let words: Vec<&str> = command.split(' ').collect();
        match words.as_slice() {
            ["see", path] => line += if system.lstat(path.as_bytes()).is_ok() { " yes" } else { " no" },
            ["status", package] => {
                let status = text(&system.read(b"var/lib/dpkg/status").unwrap());
                let stanza = status.split("\n\n").find(|stanza| stanza.starts_with(&format!("Package: {package}\n")));
                let field = |name: &str| stanza?.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                line += &format!(" <{}>", field("Status: ").unwrap_or_default());
                line += &field("Triggers-Pending: ").map(|names| format!(" pending {names}")).unwrap_or_default();
                line += &field("Triggers-Awaited: ").map(|names| format!(" awaited {names}")).unwrap_or_default();
            }
            ["override", line @ ..] => {
                let line = (line.join(" ") + "\n").into_bytes();
                system.write_file(b"var/lib/dpkg/statoverride", line, 0o022).unwrap();
            }
            ["put", path, rest @ ..] => {
                let _ = system.mkdir(b"etc", 0o755);
                system.write_file(path.as_bytes(), (rest.join("\n") + "\n").into_bytes(), 0o022).unwrap();
            }
            ["trigger", name, awaiter] => {
                let path = b"var/lib/dpkg/triggers/Unincorp";
                let old = text(&system.read(path).unwrap());
                system.write_file(path, format!("{old}{name} {awaiter}\n").into_bytes(), 0o022).unwrap();
            }
            ["exit", status] => {
                seen.push(line);
                return Ok(status.parse().unwrap());
            }
            ["env", name] => line += &format!(" {}", text(&process.env[name.as_bytes()])),
            other => panic!("{other:?}"),
        }
    }
    seen.push(line);
    Ok(0)
}

fn file(tree: &Tree, path: &str) -> String {
    match tree.follow(path.as_bytes()).unwrap().unwrap_or_else(|| panic!("no {path}")).kind {
        mokapot::domain::rootfs::Kind::File(Content::Bytes(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
        other => panic!("{path} is {other:?}"),
    }
}

#[test]
fn scripts_run_when_dpkg_runs_them_and_find_what_they_find() {
    let base = deb("base").field("Essential", "yes").file("usr/base", b"").control(
        "preinst",
        "see usr/base\nsee usr/early\nsee var/lib/dpkg/info/base.list\nstatus base\nenv DPKG_MAINTSCRIPT_NAME\n",
    );
    let early = deb("early")
        .field("Essential", "yes")
        .file("usr/early", b"")
        .control("postinst", "status early\nstatus base\n");
    let late = deb("late")
        .field("Depends", "lib")
        .file("etc/late", b"shipped")
        .control("conffiles", "/etc/late\n")
        .control("preinst", "see etc/late\nsee var/lib/dpkg/tmp.ci/conffiles\nstatus late\nenv DPKG_MAINTSCRIPT_ARCH\n")
        .control("postinst", "see etc/late\nsee etc/late.dpkg-new\nsee var/lib/dpkg/tmp.ci\nstatus late\nstatus lib\n");
    let lib = deb("lib").control("postinst", "see etc/late\nsee etc/late.dpkg-new\nstatus late\nenv DEBIAN_FRONTEND\n");
    let (tree, done, seen) = dance(&[late, early, lib, base]);
    done.unwrap();
    assert_eq!(
        seen,
        [
            "base/preinst [\"install\"] yes yes no <install reinstreq half-installed> preinst",
            "early/postinst [\"configure\", \"\"] <install ok half-configured> <install ok installed>",
            "late/preinst [\"install\"] no yes <install reinstreq half-installed> all",
            "lib/postinst [\"configure\", \"\"] no yes <install ok unpacked> noninteractive",
            "late/postinst [\"configure\", \"\"] yes no no <install ok half-configured> <install ok installed>",
        ]
    );
    assert!(tree.lookup(b"var/lib/dpkg/info/late.list").unwrap().is_some());
}

#[test]
fn triggers_are_processed_at_the_end_and_awaited() {
    let watcher = deb("watcher")
        .control("triggers", "interest /usr/share/doc\ninterest named\n")
        .control("postinst", "status watcher\nstatus user\n");
    let user = deb("user")
        .field("Pre-Depends", "watcher")
        .directory("usr/share")
        .directory("usr/share/doc")
        .file("usr/share/doc/x", b"")
        .control("postinst", "trigger named user\n");
    let quiet = deb("quiet").control("triggers", "activate-noawait named\n").control("postinst", "status quiet\n");
    let (tree, done, seen) = dance(&[user, quiet, watcher]);
    done.unwrap();
    assert_eq!(
        seen,
        [
            "watcher/postinst [\"configure\", \"\"] <install ok half-configured> <>",
            "user/postinst [\"configure\", \"\"]",
            "quiet/postinst [\"configure\", \"\"] <install ok half-configured>",
            "watcher/postinst [\"triggered\", \"/usr/share/doc named\"] <install ok half-configured> <install ok installed>",
        ]
    );
    assert_eq!(file(&tree, "var/lib/dpkg/triggers/File"), "/usr/share/doc watcher\n");
    assert_eq!(file(&tree, "var/lib/dpkg/triggers/named"), "watcher\n");
    assert_eq!(file(&tree, "var/lib/dpkg/triggers/Unincorp"), "");
}

#[test]
fn what_awaits_a_trigger_holds_up_those_that_depend_on_it() {
    let store = deb("store").control("triggers", "interest update\n").control("postinst", "status java\n");
    let java = deb("java").field("Depends", "store").control("triggers", "activate update\n");
    let app = deb("app").field("Depends", "java").control("postinst", "status java\nstatus store\n");
    let (_, done, seen) = dance(&[app, java, store]);
    done.unwrap();
    assert_eq!(
        seen,
        [
            "store/postinst [\"configure\", \"\"] <install ok unpacked>",
            "store/postinst [\"triggered\", \"update\"] <install ok installed>",
            "app/postinst [\"configure\", \"\"] <install ok installed> <install ok installed>",
        ]
    );
}

#[test]
fn a_diversion_of_a_preinst_moves_the_files_that_come_after_it() {
    let one = deb("one")
        .file("usr/tool", b"one")
        .control("preinst", "put var/lib/dpkg/diversions /usr/tool /usr/tool.real one\n");
    let two = deb("two").field("Pre-Depends", "one").file("usr/tool", b"two");
    let (tree, done, _) = dance(&[two, one]);
    done.unwrap();
    assert!(tree.lookup(b"usr/tool").unwrap().is_some());
    assert!(tree.lookup(b"usr/tool.real").unwrap().is_some());
}

#[test]
fn an_override_of_a_preinst_sets_owner_and_mode() {
    let one = deb("one").file("usr/tool", b"one").control("preinst", "override #3 #4 4755 /usr/tool\n");
    let (tree, done, _) = dance(&[one]);
    done.unwrap();
    let meta = tree.lookup(b"usr/tool").unwrap().unwrap().meta.clone();
    assert_eq!((meta.uid, meta.gid, meta.mode), (3, 4, 0o4755));
}

#[test]
fn a_conffile_that_a_script_made_stays_if_it_is_the_same() {
    let with = |text: &str| {
        deb("one")
            .file("etc/x", b"same\n")
            .control("conffiles", "/etc/x\n")
            .control("preinst", &format!("put etc/x {text}\n"))
    };
    let (tree, done, _) = dance(&[with("same")]);
    done.unwrap();
    assert_eq!(file(&tree, "etc/x"), "same\n");
    assert!(tree.lookup(b"etc/x.dpkg-new").unwrap().is_none());
    let (_, done, _) = dance(&[with("other")]);
    let words = done.err().unwrap().to_string();
    assert_eq!(words, "one: a script made /etc/x before the package's own could be put there");
}

#[test]
fn what_fails_is_named() {
    let failed = |deb: Deb| dance(&[deb]).1.err().unwrap().to_string();
    assert_eq!(failed(deb("one").control("postinst", "exit 3\n")), "one/postinst configure ended with status 3");
    assert_eq!(failed(deb("one").field("Depends", "nothing")), "one: its dependencies cannot be configured before it");
    let bad = deb("one").control("preinst", "put var/lib/dpkg/diversions /a\n");
    assert_eq!(failed(bad), "/var/lib/dpkg/diversions is malformed");
}

#[test]
fn a_cycle_is_broken_at_the_package_without_a_script() {
    let one = deb("one").field("Depends", "two").control("postinst", "status two\n");
    let two = deb("two").field("Depends", "three").control("postinst", "status one\n");
    let three = deb("three").field("Depends", "one");
    let (_, done, seen) = dance(&[one, two, three]);
    done.unwrap();
    assert_eq!(
        seen,
        [
            "two/postinst [\"configure\", \"\"] <install ok unpacked>",
            "one/postinst [\"configure\", \"\"] <install ok installed>",
        ]
    );
}
