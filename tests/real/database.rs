//! Each image is what dpkg leaves that unpacked the same `.deb` files in the same order: `/var/lib/dpkg` byte for byte, and
//! with it the whole tree, entry by entry.
//!
//! All that is set aside:
//!
//! * Maintainer scripts run while dpkg unpacks and configures; nothing runs in a build, and arm64's could not run here. They
//!   are taken out of the `.deb` files before, and put into dpkg's database after, as `dpkg-deb --control` extracts them.
//! * dpkg says `unpacked`, an image says `installed`. So dpkg configures what it unpacked; [`configured`] checks that this
//!   changes states and MD5 sums of conffiles in `status`, empties `triggers/Unincorp`, and touches nothing else.
//! * [`TRACES`] of a program that ran.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use mokapot::domain::install::unpack_order;
use mokapot::formats::compress::Checksums;
use mokapot::formats::deb::{DebReader, Package};

use crate::image::{Built, build_of, jre};
use crate::layers::tree_of;
use crate::locked::{LockedDeb, debs};
use crate::support::debs::without_scripts;
use crate::support::packages::LIMITS;
use crate::support::run::{repository, scratch, succeed, tool};
use crate::support::treediff::{self, Snapshot};

/// Where the database is in a tree.
const DATABASE: &str = "var/lib/dpkg";

/// What dpkg leaves beside its database: locks, and the state before the last.
const TRACES: [&str; 4] = ["lock", "lock-frontend", "status-old", "triggers/Lock"];

#[test]
fn the_jre_is_what_dpkg_unpacks() {
    let lockfile = repository().join("tests/recipes/frozen-jre.lock");
    for arch in ["amd64", "arm64"] {
        same("frozen-jre", jre(), &lockfile, arch, 100);
    }
}

#[test]
fn wide_sets_are_what_dpkg_unpacks() {
    // One platform each: what dpkg does does not depend on it, and `dpkg --unpack` of 350 packages takes minutes.
    for (name, arch) in [("wide-bookworm", "arm64"), ("wide-trixie", "amd64")] {
        let (built, lockfile) = build_of(name);
        same(name, built, &lockfile, arch, 350);
    }
}

fn same(name: &str, built: &Built, lockfile: &Path, arch: &str, least: usize) {
    let start = Instant::now();
    let folder = scratch(&format!("dpkg-{name}-{arch}"));
    let packages = in_unpack_order(debs(lockfile, arch));
    assert!(packages.len() >= least, "{name} {arch}: only {} packages", packages.len());
    let scripts = folder.join("scripts");
    let bare: Vec<PathBuf> = packages
        .iter()
        .map(|package| {
            let copy = folder.join(format!("{}.deb", package.name));
            without_scripts(&package.path, &copy, &scripts.join(&package.name));
            copy
        })
        .collect();
    let root = folder.join("root");
    fs::create_dir_all(root.join(DATABASE)).unwrap();
    succeed(dpkg(&root).arg("--unpack").args(&bare));
    configured(&root);
    for package in &packages {
        put_back(&scripts.join(&package.name), &root.join(DATABASE).join("info"), &package.name, arch);
    }

    let mut theirs = treediff::of_folder(&root);
    theirs.remove(&b""[..]);
    let traces: BTreeSet<Vec<u8>> = TRACES.iter().map(|name| format!("{DATABASE}/{name}").into_bytes()).collect();
    theirs.retain(|path, _| !traces.contains(path));
    let mut ours = (*tree_of(built, arch)).clone();
    ours.remove(&b""[..]);
    let files = |tree: &Snapshot| tree.keys().filter(|path| path.starts_with(DATABASE.as_bytes())).count();
    let differences = treediff::differences(&ours, &theirs);
    println!(
        "{name} {arch}: {} packages by dpkg in {:.0} s: {} entries, {} of them of the database, {} differences",
        packages.len(),
        start.elapsed().as_secs_f32(),
        theirs.len(),
        files(&theirs),
        differences.len()
    );
    assert!(
        differences.is_empty(),
        "{name} {arch}: the image (first) is not what dpkg left in {}:\n{}",
        root.display(),
        differences.join("\n")
    );
    fs::remove_dir_all(&folder).unwrap();
}

/// The packages in the order in which a build unpacks them: it shows in `triggers/File`.
fn in_unpack_order(mut debs: Vec<LockedDeb>) -> Vec<LockedDeb> {
    let control = |deb: &LockedDeb| {
        let file = BufReader::new(File::open(&deb.path).unwrap());
        DebReader::open(file, LIMITS, Checksums::Verify).unwrap().control().package.clone()
    };
    let packages: Vec<Package> = debs.iter().map(control).collect();
    let order = unpack_order(&packages.iter().collect::<Vec<_>>());
    let mut ordered: Vec<(usize, LockedDeb)> =
        debs.drain(..).enumerate().map(|(i, deb)| (order.iter().position(|at| *at == i).unwrap(), deb)).collect();
    ordered.sort_by_key(|(at, _)| *at);
    ordered.into_iter().map(|(_, deb)| deb).collect()
}

/// dpkg over a root of its own, for packages of any architecture, without what it would need to run something. It waits for
/// the disk after each package, for minutes in all; here strace answers in the disk's place.
pub(crate) fn dpkg(root: &Path) -> Command {
    let mut command = tool("strace", ["--follow-forks", "--seccomp-bpf", "--quiet=all", "--output=/dev/null"]);
    command.args(["--trace=fsync,fdatasync,sync_file_range,sync,syncfs"]);
    command.args(["--inject=fsync,fdatasync,sync_file_range,sync,syncfs:retval=0", "dpkg", "--root"]).arg(root);
    command.args(["--force-depends", "--force-architecture", "--force-unsafe-io", "--log=/dev/null"]);
    command.env("LC_ALL", "C.UTF-8");
    command
}

/// Lets dpkg configure all that it unpacked, and checks that its database changes in nothing but the packages' state.
fn configured(root: &Path) {
    let database = root.join(DATABASE);
    let status = || fs::read_to_string(database.join("status")).unwrap();
    let (unpacked, before) = (status(), treediff::of_folder(&database));
    succeed(dpkg(root).args(["--configure", "-a"]));
    let (installed, after) = (status(), treediff::of_folder(&database));
    let paths: BTreeSet<&Vec<u8>> = before.keys().chain(after.keys()).collect();
    let changed = paths.into_iter().filter(|path| before.get(*path) != after.get(*path));
    let changed: BTreeSet<String> = changed.map(|path| String::from_utf8_lossy(path).into_owned()).collect();
    let expected = BTreeSet::from(["status", "status-old", "triggers/Unincorp"].map(str::to_owned));
    assert!(changed.is_subset(&expected), "configuring changed {changed:?}");
    assert!(fs::read(database.join("triggers/Unincorp")).unwrap().is_empty());

    let mut conffiles = false;
    let as_unpacked = |line: &str| {
        conffiles = line == "Conffiles:" || conffiles && line.starts_with(' ');
        match (line.rsplit_once(' '), line) {
            (_, "Status: install ok installed") => "Status: install ok unpacked".to_owned(),
            (Some((path, md5)), _) if conffiles && md5.len() == 32 => format!("{path} newconffile"),
            _ => line.to_owned(),
        }
    };
    let expected: Vec<String> = installed.lines().map(as_unpacked).collect();
    let different = expected.iter().zip(unpacked.lines()).find(|(expected, line)| expected != line);
    assert_eq!(different, None, "status as configured, then as unpacked");
    assert_eq!(expected.len(), unpacked.lines().count());
}

/// Puts a package's scripts into the database, under the name that dpkg gave its other files there.
fn put_back(scripts: &Path, info: &Path, name: &str, arch: &str) {
    let Ok(found) = fs::read_dir(scripts) else { return };
    let qualified = format!("{name}:{arch}");
    let stem = if info.join(format!("{qualified}.list")).exists() { &qualified } else { name };
    for script in found {
        let script = script.unwrap();
        let kind = script.file_name().into_string().unwrap();
        fs::copy(script.path(), info.join(format!("{stem}.{kind}"))).unwrap();
    }
}
