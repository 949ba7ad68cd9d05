//! The tree against a real filesystem, and what only the tree does.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;

use mokapot::domain::rootfs::{Content, Kind, Meta, Owner, Tree, TreeError};
use proptest::prelude::*;

use crate::support::treediff::{self, Snapshot};

const OWNER: Owner = Owner::Artefact(0);

fn put(tree: &mut Tree, path: &str, kind: Kind) -> Result<(), TreeError> {
    tree.insert(path.as_bytes(), kind, Meta::root(0o755, 0), OWNER, None)
}

fn file(text: &str) -> Kind {
    Kind::File(Content::bytes(text))
}

fn link(target: &str) -> Kind {
    Kind::Symlink(target.as_bytes().into())
}

#[test]
fn entries_land_behind_symlinked_parents() {
    let mut tree = Tree::new();
    put(&mut tree, "usr/bin", Kind::Directory).unwrap();
    put(&mut tree, "bin", link("usr/bin")).unwrap();
    put(&mut tree, "sbin", link("/../../bin")).unwrap();
    put(&mut tree, "bin/ls", file("1")).unwrap();
    put(&mut tree, "sbin/init", file("2")).unwrap();
    // A directory entry over a symbolic link to a directory keeps the link.
    put(&mut tree, "bin", Kind::Directory).unwrap();
    let paths: Vec<String> = tree.walk().map(|(path, _)| String::from_utf8(path).unwrap()).collect();
    assert_eq!(paths, ["", "bin", "sbin", "usr", "usr/bin", "usr/bin/init", "usr/bin/ls"]);
    assert_eq!(tree.real_path(b"sbin/ls").unwrap().unwrap(), b"usr/bin/ls");
    assert_eq!(tree.place_of(b"bin/new/x").unwrap(), b"usr/bin/new/x");
}

#[test]
fn nothing_leads_out_of_the_root() {
    let mut tree = Tree::new();
    for (name, target) in [("a", "/etc"), ("b", "../../../etc"), ("c", "/../../../etc"), ("d", "a/../../../etc")] {
        put(&mut tree, "etc", Kind::Directory).unwrap();
        put(&mut tree, name, link(target)).unwrap();
        put(&mut tree, &format!("{name}/{name}"), file("x")).unwrap();
        assert!(tree.lookup(format!("etc/{name}").as_bytes()).unwrap().is_some(), "{name} -> {target}");
    }
    put(&mut tree, "nowhere", link("/missing")).unwrap();
    let error = put(&mut tree, "nowhere/x", file("")).unwrap_err();
    assert_eq!(error.to_string(), "/nowhere/x: /nowhere is a symbolic link to nothing");
}

#[test]
fn a_loop_ends_after_forty_links() {
    let mut tree = Tree::new();
    put(&mut tree, "a", link("b")).unwrap();
    put(&mut tree, "b", link("a")).unwrap();
    assert_eq!(put(&mut tree, "a/x", file("")), Err(TreeError::Loop { path: b"a/x".to_vec() }));
    put(&mut tree, "l0", Kind::Directory).unwrap();
    for i in 1..=41 {
        put(&mut tree, &format!("l{i}"), link(&format!("l{}", i - 1))).unwrap();
    }
    assert!(tree.follow(b"l40").unwrap().unwrap().is_directory());
    assert!(matches!(tree.follow(b"l41"), Err(TreeError::Loop { .. })));
}

#[test]
fn paths_that_no_filesystem_holds_are_refused() {
    let mut tree = Tree::new();
    let deep = vec!["d"; 2000].join("/");
    put(&mut tree, &deep, Kind::Directory).unwrap();
    assert_eq!(tree.len(), 2001);
    tree.remove_all(b"d").unwrap();
    assert!(tree.is_empty());
    assert!(put(&mut tree, &"x".repeat(255), file("")).is_ok());
    for bad in ["x".repeat(256), vec!["d"; 2100].join("/"), "a\0b".into()] {
        assert!(matches!(put(&mut tree, &bad, file("")), Err(TreeError::Name { .. })));
    }
    put(&mut tree, "f", file("")).unwrap();
    assert_eq!(put(&mut tree, "f/g/h", file("")).unwrap_err().to_string(), "/f/g/h: /f is no directory");
}

#[test]
fn hardlinks_lead_to_something_else_that_is_no_directory() {
    let mut tree = Tree::new();
    put(&mut tree, "d", Kind::Directory).unwrap();
    put(&mut tree, "f", file("x")).unwrap();
    for (path, target, reason) in [
        ("l", "missing", "nothing is there"),
        ("l", "d", "it is a directory"),
        ("f", "f", "it is the new name itself"),
        ("l", "../victim", "nothing is there"),
    ] {
        let error = tree.hardlink(path.as_bytes(), target.as_bytes(), OWNER, None).unwrap_err().to_string();
        assert_eq!(error, format!("cannot create the hardlink /{path} to /{target}: {reason}"));
    }
    tree.hardlink(b"l", b"f", OWNER, None).unwrap();
    tree.change(b"l", |meta| meta.mode = 0o4711).unwrap();
    let node = tree.lookup(b"f").unwrap().unwrap();
    assert_eq!((node.meta.mode, node.links), (0o4711, 2));
    tree.remove(b"f").unwrap();
    assert_eq!(tree.lookup(b"l").unwrap().unwrap().links, 1);
}

/// One thing to do, both to a tree and to a folder.
#[derive(Clone, Debug)]
enum Step {
    Directory(String),
    File(String, u8),
    Symlink(String, String),
    Hardlink(String, String),
    Rename(String, String),
    Remove(String),
}

fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!["a", "b", "c"]), 1..4).prop_map(|parts| parts.join("/"))
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        path().prop_map(Step::Directory),
        (path(), any::<u8>()).prop_map(|(path, byte)| Step::File(path, byte)),
        (path(), path()).prop_map(|(path, target)| Step::Symlink(path, target)),
        (path(), path()).prop_map(|(path, target)| Step::Hardlink(path, target)),
        (path(), path()).prop_map(|(from, to)| Step::Rename(from, to)),
        path().prop_map(Step::Remove),
    ]
}

fn in_tree(tree: &mut Tree, step: &Step) -> Result<(), TreeError> {
    match step {
        Step::Directory(path) => put(tree, path, Kind::Directory),
        Step::File(path, byte) => put(tree, path, Kind::File(Content::bytes(vec![*byte]))),
        Step::Symlink(path, target) => put(tree, path, link(target)),
        Step::Hardlink(path, target) => tree.hardlink(path.as_bytes(), target.as_bytes(), OWNER, None),
        Step::Rename(from, to) => tree.rename(from.as_bytes(), to.as_bytes()),
        Step::Remove(path) => tree.remove(path.as_bytes()),
    }
}

/// The same with the machine's own filesystem. What the tree does in one, "make parents, take what is there away, make it
/// anew", are several steps here.
fn on_disk(root: &Path, step: &Step) -> io::Result<()> {
    let clear = |path: &Path| -> io::Result<()> {
        fs::create_dir_all(path.parent().unwrap_or(root))?;
        match fs::symlink_metadata(path) {
            Ok(there) if there.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            Ok(_) => fs::remove_file(path),
            Err(_) => Ok(()),
        }
    };
    match step {
        Step::Directory(path) => {
            let path = root.join(path);
            if path.is_dir() {
                return Ok(());
            }
            clear(&path)?;
            fs::create_dir(path)
        }
        Step::File(path, byte) => {
            clear(&root.join(path))?;
            fs::write(root.join(path), [*byte])
        }
        Step::Symlink(path, target) => {
            clear(&root.join(path))?;
            symlink(target, root.join(path))
        }
        Step::Hardlink(path, target) => {
            let (path, target) = (root.join(path), root.join(target));
            if fs::symlink_metadata(&target)?.is_dir() {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            let place = |path: &Path| Some((path.parent()?.canonicalize().ok()?, path.file_name()?.to_owned()));
            if place(&path) == place(&target) {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            // The target is what it is now: the name that goes may be on the way to it.
            let target = target.parent().unwrap_or(root).canonicalize()?.join(target.file_name().unwrap_or_default());
            clear(&path)?;
            fs::hard_link(target, path)
        }
        Step::Rename(from, to) => fs::rename(root.join(from), root.join(to)),
        Step::Remove(path) => {
            let path = root.join(path);
            if fs::symlink_metadata(&path)?.is_dir() { fs::remove_dir(path) } else { fs::remove_file(path) }
        }
    }
}

/// Without the numbers, which depend on who runs the test.
fn bare(mut snapshot: Snapshot) -> Snapshot {
    for item in snapshot.values_mut() {
        (item.mode, item.uid, item.gid) = (0, 0, 0);
    }
    snapshot
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Symbolic links here have relative targets without `..`: those mean the same to a tree and to a folder.
    #[test]
    fn a_tree_is_what_a_filesystem_is(steps in prop::collection::vec(step(), 1..40)) {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = Tree::new();
        for step in &steps {
            let (ours, theirs) = (in_tree(&mut tree, step), on_disk(folder.path(), step));
            prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{:?}: {:?}, {:?}", step, ours, theirs);
        }
        let ours = treediff::of_tree(&tree, |_| panic!("no content is elsewhere"));
        let differences = treediff::differences(&bare(ours), &bare(treediff::of_folder(folder.path())));
        prop_assert!(differences.is_empty(), "{}", differences.join("\n"));
    }
}
