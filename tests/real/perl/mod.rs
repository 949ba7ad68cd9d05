//! The twins of Perl programs against the programs themselves, of three releases, run inside the same tree.

mod apache;
mod catalogs;
mod emacsen;
mod locale;
mod pam;
mod postgresql;
mod realm;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use crate::support::apt::{Apt, Indexes, Suite};
use crate::support::debs::{extract, run};
use crate::support::inside::{BORROWED, can_run_inside};
use crate::support::twin::{Findings, Outcome, Twin};

const RELEASES: [&str; 3] = ["bullseye", "bookworm", "trixie"];

/// One package of one release, unpacked: its files, and its control archive in `DEBIAN`.
fn unpacked(release: &'static str, package: &str) -> PathBuf {
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap();
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("perl");
    let folder = cache.join(release).join(package);
    if !folder.join("done").exists() {
        let indexes = Indexes::fetch(&cache, "amd64");
        let apt = Apt::new(&indexes, release, &[Suite { codename: release, priority: 500, only: None }]);
        let deb = apt.download(&[package]).remove(0);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        extract(&deb, &folder);
        run(Command::new("dpkg-deb").arg("-e").arg(deb).arg(folder.join("DEBIAN")));
        fs::write(folder.join("done"), "").unwrap();
    }
    folder
}

/// Puts what a package has at a path, a file or a folder, into the twin.
fn ship(twin: &mut Twin, package: &Path, path: &str) {
    let from = package.join(path);
    let meta = fs::symlink_metadata(&from).unwrap();
    if meta.is_symlink() {
        twin.link(path, fs::read_link(&from).unwrap().to_str().unwrap());
    } else if meta.is_file() {
        twin.file(path, meta.permissions().mode() & 0o7777, fs::read(&from).unwrap());
    } else {
        twin.dir(path);
        let mut names: Vec<_> = fs::read_dir(&from).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        for name in names {
            ship(twin, package, &format!("{path}/{}", name.to_str().unwrap()));
        }
    }
}

/// Calls a program of the tree inside, and its twin, and keeps what differs: in what they say, and in all files but those
/// that begin with one of `ignored`.
fn compare(twin: &mut Twin, findings: &mut Findings, call: &[&str], variables: &[(&str, &str)], ignored: &[&str]) {
    let (program, args) = call.split_first().unwrap();
    let real = twin.real_inside(program, args, variables, "");
    let ours = twin.started(program, args, variables, "");
    let both = |outcome: Outcome| Outcome { err: without_places(&outcome.err), ..outcome };
    let ignored = [&BORROWED, ignored].concat();
    findings.call(&call.join(" "), twin, &both(ours), &both(real), &ignored);
}

/// What was said, without where in a Perl program it was said, and without what Perl warns its author of.
fn without_places(text: &str) -> String {
    let without = |line: &str, mark: &str| line.find(mark).map_or(line.to_owned(), |at| line[..at].to_owned());
    let lines = text.lines().map(|line| without(&without(line, "Use of uninitialized value"), " at /"));
    lines.filter(|line| !line.is_empty()).map(|line| line + "\n").collect()
}
