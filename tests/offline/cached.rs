//! A store that somebody or something damaged: it is noticed before it is used, put aside, and had again.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use mokapot::base::Digest;
use mokapot::domain::lock::Lockfile;
use serde_json::Value;

use crate::support::project::{Project, Ran, walk};
use crate::support::run::tool;

/// The entries of a store by what they are: `deb`, `fragment`, `index`, `facts`, `Packages`.
fn entries(project: &Project) -> BTreeMap<Digest, &'static str> {
    let lock = Lockfile::parse(&fs::read_to_string(project.lock_path()).unwrap(), "app.lock").unwrap();
    let mut kinds: BTreeMap<Digest, &str> = lock.packages().iter().map(|package| (package.sha256, "deb")).collect();
    for path in walk(&project.store().join("memo/fragment")) {
        let record = fs::read(path).unwrap();
        let start = record.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        let value: Value = serde_json::from_slice(&record[start..]).unwrap();
        for kind in ["fragment", "index", "facts"] {
            kinds.insert(value[1][kind][0].as_str().unwrap().parse().unwrap(), kind);
        }
    }
    for path in walk(&project.store().join("blobs/sha256")) {
        kinds.entry(Digest::from_hex(path.file_name().unwrap().to_str().unwrap()).unwrap()).or_insert("Packages");
    }
    kinds
}

fn path(project: &Project, digest: Digest) -> PathBuf {
    project.store().join("blobs/sha256").join(digest.hex())
}

/// Forgets what would spare a build the use of entries of a kind.
fn make_needed(project: &Project, kind: &str) {
    let _ = fs::remove_dir_all(project.layout());
    let memo = project.store().join("memo");
    let forgotten: &[&str] = if kind == "deb" { &["image", "layer", "fragment"] } else { &["image", "layer"] };
    forgotten.iter().for_each(|kind| drop(fs::remove_dir_all(memo.join(kind))));
}

/// Replaces a file, which is read-only and may be linked, by other bytes.
fn replace(path: &Path, bytes: &[u8]) {
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

fn quarantined(project: &Project) -> usize {
    fs::read_dir(project.store().join("quarantine")).unwrap().count()
}

#[test]
fn a_flipped_byte_anywhere_is_noticed_before_it_is_used() {
    let project = Project::new();
    let digest = project.built();
    let mut flips = 0;
    for (entry, kind) in entries(&project).into_iter().filter(|(_, kind)| *kind != "Packages") {
        let path = path(&project, entry);
        let sound = fs::read(&path).unwrap();
        let last = sound.len() - 1;
        for at in [0, last / 2, last - last / 8, last] {
            let mut bytes = sound.clone();
            bytes[at] ^= 0x10;
            replace(&path, &bytes);
            make_needed(&project, kind);
            let before = quarantined(&project);
            let ran = project.build(&["--locked"]).ok();
            let context = format!("{kind} {entry}, byte {at} of {}", sound.len());
            assert!(ran.stderr.contains(&entry.to_string()), "{context}: {}", ran.stderr);
            assert_eq!(ran.digest("app"), digest, "{context}");
            assert!(quarantined(&project) > before, "{context}");
            assert_eq!(fs::read(&path).unwrap(), sound, "{context}");
            flips += 1;
        }
    }
    assert!(flips >= 100, "{flips}");
    project.assert_tidy();
}

#[test]
fn a_damaged_index_of_an_archive_is_had_again() {
    let project = Project::new();
    project.lock(&[]).ok();
    let lock = fs::read(project.lock_path()).unwrap();
    for (entry, _) in entries(&project).into_iter().filter(|(_, kind)| *kind == "Packages") {
        let path = path(&project, entry);
        let sound = fs::read(&path).unwrap();
        for at in [0, sound.len() / 2, sound.len() - 1] {
            let mut bytes = sound.clone();
            bytes[at] ^= 1;
            replace(&path, &bytes);
            project.lock(&["--update"]).ok();
            assert_eq!(fs::read(project.lock_path()).unwrap(), lock);
            assert_eq!(fs::read(&path).unwrap(), sound, "byte {at} of {}", sound.len());
        }
    }
}

#[test]
fn an_entry_that_is_something_else_is_had_again() {
    let project = Project::new();
    let digest = project.built();
    for (kind, entry) in entries(&project).into_iter().map(|(entry, kind)| (kind, entry)).collect::<BTreeMap<_, _>>() {
        if kind == "Packages" {
            continue;
        }
        let path = path(&project, entry);
        let sound = fs::read(&path).unwrap();
        let damages: [(&str, &dyn Fn()); 7] = [
            ("gone", &|| fs::remove_file(&path).unwrap()),
            ("empty", &|| replace(&path, b"")),
            ("truncated", &|| replace(&path, &sound[..sound.len() - 1])),
            ("extended", &|| replace(&path, &[&sound[..], b"\0"].concat())),
            ("a link", &|| {
                let aside = project.path("aside");
                fs::write(&aside, &sound).unwrap();
                fs::remove_file(&path).unwrap();
                symlink(&aside, &path).unwrap();
            }),
            ("a folder", &|| {
                fs::remove_file(&path).unwrap();
                fs::create_dir(&path).unwrap();
            }),
            ("a pipe", &|| {
                fs::remove_file(&path).unwrap();
                Ran::of(tool("mkfifo", [""; 0]).arg(&path)).ok();
            }),
        ];
        for (name, damage) in damages {
            damage();
            make_needed(&project, kind);
            assert_eq!(project.build(&["--locked"]).digest("app"), digest, "{kind}: {name}");
            assert!(fs::symlink_metadata(&path).unwrap().is_file(), "{kind}: {name}");
        }
    }
    project.assert_tidy();
}

#[test]
fn offline_names_the_damaged_entry() {
    let project = Project::new();
    project.built();
    for (entry, kind) in entries(&project) {
        if kind != "fragment" && kind != "deb" {
            continue;
        }
        let path = path(&project, entry);
        let sound = fs::read(&path).unwrap();
        let mut bytes = sound.clone();
        bytes[0] ^= 1;
        replace(&path, &bytes);
        make_needed(&project, kind);
        project.build(&["--locked", "--offline"]).failed(6, &[&entry.to_string(), "damaged", "--offline"]);
        fs::write(&path, &sound).unwrap();
        project.build(&["--locked", "--offline"]).ok();
    }
}

#[test]
fn verification_finds_what_a_build_did_not_need() {
    let project = Project::new();
    project.built();
    let (entry, _) = entries(&project).into_iter().find(|(_, kind)| *kind == "deb").unwrap();
    assert!(project.mokapot(&["cache", "verify"]).ok().stdout.contains("all sound"));
    replace(&path(&project, entry), b"other");
    let ran = project.mokapot(&["cache", "verify"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains(&entry.hex()), "{}", ran.stdout);
    project.mokapot(&["cache", "verify"]).ok();
}

#[test]
fn a_memo_that_was_tampered_with_is_not_believed() {
    let project = Project::new();
    let digest = project.built();
    let memos: Vec<PathBuf> = walk(&project.store().join("memo")).into_iter().filter(|path| path.is_file()).collect();
    assert!(memos.len() > 10);
    for memo in memos {
        let Ok(mut record) = fs::read(&memo) else { continue };
        let last = record.len() - 1;
        record[last] ^= 1;
        replace(&memo, &record);
        let _ = fs::remove_dir_all(project.layout());
        assert_eq!(project.build(&["--locked"]).digest("app"), digest, "{}", memo.display());
    }
}

/// CAC-05: a memo that is whole, and another one's: of the same kind, and of each other kind.
#[test]
fn a_memo_of_something_else_is_not_believed() {
    let project = Project::new();
    let digest = project.built();
    project.mokapot(&["build", "other", "--output", &format!("oci:{}", project.layout().display())]).ok();
    let memos: Vec<PathBuf> = walk(&project.store().join("memo")).into_iter().filter(|path| path.is_file()).collect();
    let sound: Vec<Vec<u8>> = memos.iter().map(|memo| fs::read(memo).unwrap()).collect();
    let kind = |memo: &Path| memo.parent().unwrap().file_name().unwrap().to_owned();
    let mut swaps = 0;
    for (at, memo) in memos.iter().enumerate() {
        // The next of each kind, this one among them.
        let mut seen = Vec::new();
        for step in 1..memos.len() {
            let other = (at + step) % memos.len();
            if seen.contains(&kind(&memos[other])) || sound[other] == sound[at] {
                continue;
            }
            seen.push(kind(&memos[other]));
            memos.iter().zip(&sound).for_each(|(memo, record)| fs::write(memo, record).unwrap());
            // Nothing is forgotten but what would spare the look at this memo.
            if kind(memo) != "image" {
                fs::remove_dir_all(project.store().join("memo/image")).unwrap();
            }
            if kind(memo) == "fragment" {
                fs::remove_dir_all(project.store().join("memo/layer")).unwrap();
            }
            replace(memo, &sound[other]);
            let context = format!("{} as {}", memos[other].display(), memo.display());
            assert_eq!(project.build(&["--locked"]).digest("app"), digest, "{context}");
            fs::create_dir_all(project.store().join("memo/image")).unwrap();
            fs::create_dir_all(project.store().join("memo/layer")).unwrap();
            swaps += 1;
        }
    }
    assert!(swaps > 20, "{swaps}");
    project.assert_tidy();
}

#[test]
fn a_store_of_a_newer_version_is_left_alone() {
    let project = Project::new();
    project.built();
    let version = project.store().join("version");
    replace(&version, b"mokapot store 99\n");
    let _ = fs::remove_dir_all(project.layout());
    project.build(&[]).failed(10, &[&*project.store().to_string_lossy(), "99", "newer mokapot"]);
    assert_eq!(fs::read(version).unwrap(), b"mokapot store 99\n");
}

#[test]
fn a_store_that_cannot_be_written_to_is_used_as_it_is() {
    let project = Project::new();
    let digest = project.built();
    let _ = fs::remove_dir_all(project.layout());
    let store = project.store().display().to_string();
    let script = format!("mount --bind {store} {store} && mount -o remount,bind,ro {store} || exit 99; exec \"$@\"");
    let wrapper = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", &script, "sh"];
    let ran = Ran::of(&mut project.build_command(&wrapper, &["--locked"])).ok();
    assert!(ran.stderr.contains("cannot be written to"), "{}", ran.stderr);
    assert_eq!(ran.digest("app"), digest);
    // Without the fragments, everything is made beside it.
    make_needed(&project, "deb");
    let ran = Ran::of(&mut project.build_command(&wrapper, &["--locked"]));
    assert_eq!(ran.digest("app"), digest);
    project.assert_tidy();
    fs::set_permissions(project.store(), fs::Permissions::from_mode(0o755)).unwrap();
}
