//! The tree of each image is, entry by entry, what `mmdebstrap --variant=extract` leaves for the same packages.
//!
//! mmdebstrap is given the very `.deb` files that the build used, as an archive of their own. `/var/lib/dpkg` is not
//! compared here: `extract` writes none; see `database.rs`.

use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::Path;
use std::time::Instant;

use crate::image::{build_of, jre, jre_gzip};
use crate::layers::tree_of;
use crate::locked::{archive, debs};
use crate::support::run::{repository, scratch, succeed, tool};
use crate::support::treediff::{self, Snapshot};

/// What mmdebstrap itself puts into the tree, where no package does.
const MMDEBSTRAP: [&str; 8] = [
    "",                                // the root, which layers need not name
    "etc/apt/apt.conf.d/99mmdebstrap", // the options it was given
    "etc/apt/preferences.d",           // empty
    "etc/apt/sources.list",            // the archive it was given
    "etc/apt/sources.list.d",          // empty
    "etc/fstab",                       // a comment
    "etc/hostname",                    // that of the machine
    "etc/resolv.conf",                 // that of the machine
];

/// Folders of apt's and dpkg's state, which mmdebstrap makes before anything is extracted; and `dev`, whose entries it
/// writes into an archive on its own.
const STATE: [&str; 5] = ["dev", "var/cache/apt", "var/lib/apt", "var/lib/dpkg", "var/log/apt"];

#[test]
fn the_tree_of_the_jre_is_what_mmdebstrap_extracts() {
    let lockfile = repository().join("tests/recipes/frozen-jre.lock");
    for arch in ["amd64", "arm64"] {
        let theirs = extract("jre", &lockfile, arch);
        for (built, name) in [(jre(), "zstd"), (jre_gzip(), "gzip")] {
            same(&format!("jre {arch} {name}"), &compared((*tree_of(built, arch)).clone()), &theirs, 5_000);
        }
    }
}

#[test]
fn the_tree_of_wide_sets_is_what_mmdebstrap_extracts() {
    for suite in ["bookworm", "trixie"] {
        let name = format!("wide-{suite}");
        let (built, lockfile) = build_of(&name);
        for arch in ["amd64", "arm64"] {
            let theirs = extract(&name, &lockfile, arch);
            let count = debs(&lockfile, arch).len();
            assert!(count >= 250, "{name} {arch}: only {count} packages");
            let ours = compared((*tree_of(built, arch)).clone());
            same(&format!("{name} {arch}, {count} packages"), &ours, &theirs, 20_000);
        }
    }
}

fn same(what: &str, ours: &Snapshot, theirs: &Snapshot, least: usize) {
    let mut theirs = theirs.clone();
    theirs.retain(|path, _| ours.contains_key(path) || !MMDEBSTRAP.iter().any(|own| path == own.as_bytes()));
    assert!(theirs.len() > least, "{what}: only {} entries were extracted", theirs.len());
    let differences = treediff::differences(ours, &theirs);
    println!("{what}: {} entries, {} differences", theirs.len(), differences.len());
    assert!(
        differences.is_empty(),
        "{what}: the image (first) is not what mmdebstrap extracts:\n{}",
        differences.join("\n")
    );
}

/// mmdebstrap's tree of what the lockfile holds for `arch`.
fn extract(name: &str, lockfile: &Path, arch: &str) -> Snapshot {
    let start = Instant::now();
    let folder = scratch(&format!("extract-{name}-{arch}"));
    let locked = debs(lockfile, arch);
    archive(&locked, &folder);
    let tar = folder.join("root.tar");
    let include: Vec<&str> = locked.iter().map(|deb| deb.name.as_str()).collect();
    let mut command = tool("mmdebstrap", ["--mode=root", "--variant=extract", "--quiet", "--skip=check/qemu"]);
    command.arg("--aptopt=APT::Sandbox::User \"root\"");
    command.arg(format!("--architectures={arch}")).arg(format!("--include={}", include.join(",")));
    command.arg("").arg(&tar).arg(format!("deb [trusted=yes] copy:{} ./", folder.display()));
    succeed(command.env("LC_ALL", "C.UTF-8"));
    let tree = treediff::of_tars([Box::new(BufReader::new(File::open(&tar).unwrap())) as Box<dyn Read>]);
    let _: Result<(), _> = fs::remove_dir_all(&folder);
    println!("mmdebstrap extracted {name} {arch} in {:.0} s", start.elapsed().as_secs_f32());
    compared(tree)
}

/// Without what is not compared.
fn compared(mut tree: Snapshot) -> Snapshot {
    let state = |path: &[u8], folder: &str| {
        path.strip_prefix(folder.as_bytes()).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
    };
    tree.retain(|path, _| !STATE.iter().any(|folder| state(path, folder)));
    tree
}
