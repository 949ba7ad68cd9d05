//! The tree of each set is, entry by entry, the one that apt leaves behind: scripts, files, databases, on both architectures.
//!
//! The reference is mmdebstrap's (see `support/oracle.rs`), once made and kept here as what differs from the mere unpacked
//! packages (see `support/effects.rs`); those are the same recipe with `scripts = "list"`, which `extract.rs` and
//! `database.rs` compare with mmdebstrap and dpkg by themselves. A reference counts for the very packages and the very
//! unpacked tree that it was made for; where the lock holds others, it is made again, and that is said. Only for a foreign
//! architecture that takes too long for every run: then the set is said not to be compared. `MOKAPOT_REFERENCES=make` makes
//! all of them again, for the repository; `MOKAPOT_REFERENCES=native` those of this machine's architecture.
//!
//! What may differ is in `ignore.txt`, each line with its reason.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use mokapot::base::Digest;
use serde_json::Value;

use crate::image::{Built, build, build_as};
use crate::layers::tars;
use crate::locked::debs;
use crate::support::effects::{self, Reference};
use crate::support::ignore::Rules;
use crate::support::keystore::counted;
use crate::support::oracle::{self, Request};
use crate::support::run::{repository, succeed};
use crate::support::treediff::{self, Snapshot};

/// The moment of all these trees.
pub(crate) const EPOCH: i64 = 1_700_000_000;

/// Whether to make references again, and keep them: `make` or `native`.
const MAKE: &str = "MOKAPOT_REFERENCES";

/// Recipes of `tests/recipes`, with the least number of packages that each must have.
const SETS: [(&str, usize); 4] = [("jre", 90), ("r1", 170), ("r2-bookworm", 350), ("r2-trixie", 350)];

#[test]
fn the_jre_is_what_apt_leaves() {
    same("jre");
}

#[test]
fn r1_is_what_apt_leaves() {
    same("r1");
}

#[test]
fn the_wide_set_of_bookworm_is_what_apt_leaves() {
    same("r2-bookworm");
}

#[test]
fn the_wide_set_of_trixie_is_what_apt_leaves() {
    same("r2-trixie");
}

#[test]
fn rules_are_needed_and_differences_are_seen() {
    let rules = rules();
    let item = |mode| treediff::Item {
        kind: "directory".to_owned(),
        mode,
        uid: 0,
        gid: 0,
        content: None,
        linked: None,
        xattrs: Default::default(),
    };
    let tree = |mode| Snapshot::from([(b"etc".to_vec(), item(mode)), (b"var/lib/dpkg/lock".to_vec(), item(0o640))]);
    assert!(rules.compare(&tree(0o755), &tree(0o755)).differences.is_empty());
    assert_eq!(rules.compare(&tree(0o755), &tree(0o700)).differences, ["! /etc: mode 0755, not 0700"]);
    let found = rules.compare(&Snapshot::new(), &tree(0o755));
    assert_eq!(found.differences, ["+ /etc: missing, directory 0755 0:0"]);
    assert_eq!(found.ignored.values().sum::<usize>(), 1);
}

/// Compares both architectures of a set.
fn same(name: &str) {
    let rules = rules();
    let least = SETS.iter().find(|(set, _)| *set == name).unwrap().1;
    let (built, lockfile) = build_as(name, name, &|recipe| recipe.to_owned(), Some(EPOCH));
    let listed = listed(name);
    let mut failed = Vec::new();
    for arch in ["amd64", "arm64"] {
        let start = Instant::now();
        let packages = packages(&lockfile, arch);
        assert!(packages.len() >= least, "{name} {arch}: only {} packages", packages.len());
        let unpacked = tree(listed, arch);
        let Some(reference) = reference(name, arch, &packages, &unpacked, &rules) else { continue };
        let (ours, theirs) = (tree(built, arch), reference.tree(&unpacked));
        let found = rules.compare(&ours, &theirs);
        println!(
            "{name} {arch}: {} packages, {} entries compared with apt's, {} of them made or changed by scripts and programs: {} differences, {} ignored ({:.0} s)",
            packages.len(),
            theirs.len(),
            reference.len(),
            found.differences.len(),
            found.ignored.values().sum::<usize>(),
            start.elapsed().as_secs_f32()
        );
        for (rule, count) in &found.ignored {
            println!("    {count} ignored by {rule}");
        }
        coverage(name, &lockfile.with_extension("toml"), built, arch);
        failed.extend(found.differences.into_iter().map(|line| format!("{arch} {line}")));
    }
    let shown = failed.len().min(200);
    assert!(
        failed.is_empty(),
        "{name} is not what apt leaves; {} differences (ours first):\n{}",
        failed.len(),
        failed[..shown].join("\n")
    );
}

/// Says what became of the scripts that a fresh install runs; those that are left out need the recipe's reason, and are at most
/// one in twenty.
fn coverage(name: &str, recipe: &Path, built: &Built, arch: &str) {
    let mut command = build(&recipe.display().to_string(), &built.layout);
    command.args(["--format", "json"]).env("SOURCE_DATE_EPOCH", EPOCH.to_string());
    let report: Value = serde_json::from_str(&succeed(&mut command)).unwrap();
    let platforms = report["images"][0]["report"]["platforms"].as_array().unwrap();
    let platform = platforms.iter().find(|platform| platform["arch"] == arch).unwrap();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in platform["scripts"].as_array().unwrap() {
        let (kind, status) = (row["kind"].as_str().unwrap(), row["status"].as_str().unwrap());
        if ["preinst", "postinst", "config"].contains(&kind) && status != "not run" {
            *counts.entry(status).or_default() += 1;
        }
        if status == "waived" {
            println!("    waived: {}/{kind}: {}", row["package"].as_str().unwrap(), row["reason"].as_str().unwrap());
        }
    }
    let all: usize = counts.values().sum();
    let of = |statuses: &[&str]| statuses.iter().filter_map(|status| counts.get(status)).sum::<usize>();
    let (interpreted, waived) = (of(&["interpreted", "no-op"]), of(&["waived"]));
    let percent = interpreted * 1000 / all;
    println!(
        "{name} {arch}: coverage {}.{} %: of {all} scripts {interpreted} interpreted without a waiver, {waived} waived ({counts:?})",
        percent / 10,
        percent % 10
    );
    assert!(all > 40 && waived * 20 <= all, "{name} {arch}: {waived} of {all} scripts are waived");
}

/// The set with its scripts listed only.
fn listed(name: &str) -> &'static Built {
    let change = |recipe: &str| format!("scripts = \"list\"\n{recipe}");
    build_as(name, &format!("{name}-unpacked"), &change, Some(EPOCH)).0
}

/// An image's tree.
fn tree(built: &Built, arch: &str) -> Snapshot {
    let mut tree = treediff::of_tars_as(tars(built, arch), &counted);
    tree.remove(&b""[..]);
    tree
}

fn rules() -> Rules {
    Rules::parse(include_str!("ignore.txt"))
}

/// Each package of the lock: `NAME VERSION ARCHITECTURE SHA256`.
fn packages(lockfile: &Path, arch: &str) -> BTreeSet<String> {
    let line = |deb: crate::locked::LockedDeb| {
        let arch = if deb.for_all { "all" } else { arch };
        format!("{} {} {arch} {}", deb.name, deb.version, deb.sha256)
    };
    debs(lockfile, arch).into_iter().map(line).collect()
}

fn kept(name: &str, arch: &str) -> PathBuf {
    repository().join("tests/real/apt").join(format!("{name}-{arch}.zst"))
}

/// The kept reference, or one made now where that is of other packages.
#[expect(clippy::disallowed_methods, reason = "whoever runs the tests asks for new references")]
fn reference(
    name: &str,
    arch: &str,
    packages: &BTreeSet<String>,
    unpacked: &Snapshot,
    rules: &Rules,
) -> Option<Reference> {
    let key = key(packages);
    let make = std::env::var(MAKE).ok();
    if make.is_none() {
        match Reference::read(&kept(name, arch)) {
            None => println!("{name} {arch}: no reference is kept"),
            Some(reference) if reference.packages != key => {
                println!("{name} {arch}: the kept reference is of other packages");
            }
            Some(reference) if reference.unpacked != effects::of_tree(unpacked) || reference.epoch != EPOCH => {
                println!("{name} {arch}: the kept reference stands on another unpacked tree");
            }
            Some(reference) => return Some(reference),
        }
    }
    let native = cfg!(target_arch = "x86_64") == (arch == "amd64");
    if make.as_deref() != Some("make") && !native {
        println!("{name} {arch}: NOT COMPARED: emulation takes an hour to make a reference; run with {MAKE}=make");
        return None;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("references");
    fs::create_dir_all(&folder).unwrap();
    let tar = folder.join(format!("{name}-{arch}-{}.tar", &key.hex()[..16]));
    if !tar.exists() {
        if arch == "arm64" {
            crate::runtime::enable_arm64_programs();
        }
        Request::of_recipe(&repository().join(format!("tests/recipes/{name}.toml"))).make(arch, EPOCH, &tar);
    }
    let (tree, theirs) = oracle::read(&tar);
    let ours: BTreeSet<String> = packages.iter().map(|line| line.rsplit_once(' ').unwrap().0.to_owned()).collect();
    let differ: Vec<_> = ours.symmetric_difference(&theirs).collect();
    assert!(differ.is_empty(), "{name} {arch}: apt installs other packages than are locked: {differ:?}");
    let reference = Reference::new(key, EPOCH, unpacked, &tree, rules);
    if make.is_some() {
        reference.write(&kept(name, arch));
    }
    Some(reference)
}

fn key(packages: &BTreeSet<String>) -> Digest {
    let lines: String = packages.iter().map(|line| format!("{line}\n")).collect();
    Digest::of(lines.as_bytes())
}
