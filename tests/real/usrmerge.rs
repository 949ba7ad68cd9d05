//! `convert-usrmerge` and `convert-etc-shells`, ours against the real ones, in a root unpacked from real packages.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

use mokapot::domain::rootfs::{Content, Kind, Meta, Owner};

use crate::support::debs;
use crate::support::twin::{Twin, is_here};

/// What the real program needs to run, and folders beside `/usr` with much in them.
const PACKAGES: [&str; 43] = [
    "bash",
    "coreutils",
    "dash",
    "debianutils",
    "dpkg",
    "e2fsprogs",
    "gcc-12-base",
    "gzip",
    "hostname",
    "libacl1",
    "libattr1",
    "libblkid1",
    "libbz2-1.0",
    "libc-bin",
    "libc6",
    "libcap2",
    "libcrypt1",
    "libdb5.3",
    "libfile-find-rule-perl",
    "libgcc-s1",
    "libgdbm-compat4",
    "libgdbm6",
    "libgmp10",
    "liblzma5",
    "libmd0",
    "libmount1",
    "libnumber-compare-perl",
    "libpcre2-8-0",
    "libperl5.36",
    "libselinux1",
    "libsmartcols1",
    "libtext-glob-perl",
    "libtinfo6",
    "libuuid1",
    "libzstd1",
    "login",
    "mount",
    "perl",
    "perl-base",
    "perl-modules-5.36",
    "tar",
    "usrmerge",
    "util-linux",
];

/// Brings the tree in memory to what is on disk.
fn load(twin: &mut Twin) {
    let mut inodes: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
    let mut open = vec![twin.root().to_owned()];
    while let Some(folder) = open.pop() {
        let mut entries: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            let meta = fs::symlink_metadata(&path).unwrap();
            let name = path.strip_prefix(twin.root()).unwrap().to_str().unwrap().as_bytes().to_vec();
            let kind = if meta.is_dir() {
                open.push(path.clone());
                Kind::Directory
            } else if meta.is_symlink() {
                Kind::Symlink(fs::read_link(&path).unwrap().to_str().unwrap().as_bytes().into())
            } else if let Some(first) = inodes.get(&meta.ino()) {
                twin.tree.hardlink(&name, first, Owner::Artefact(3), None).unwrap();
                continue;
            } else {
                inodes.insert(meta.ino(), name.clone());
                Kind::File(Content::bytes(fs::read(&path).unwrap()))
            };
            let numbers = Meta {
                mode: meta.mode() & 0o7777,
                uid: meta.uid(),
                gid: meta.gid(),
                mtime: meta.mtime(),
                ..Meta::default()
            };
            twin.tree.insert(&name, kind, numbers, Owner::Artefact(3), None).unwrap();
        }
    }
}

#[test]
fn the_tree_is_merged_as_the_package_does_it() {
    let root_here = fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0);
    let perl = Command::new("dpkg").arg("--print-architecture").output();
    if !root_here || !is_here("chroot") || !perl.is_ok_and(|output| output.stdout == b"amd64\n") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut twin = Twin::new();
    for deb in debs::download(folder.path(), "amd64", &PACKAGES) {
        debs::extract(&deb, twin.root());
    }
    let write = |path: &str, text: &str| {
        fs::create_dir_all(twin.on_disk(path).parent().unwrap()).unwrap();
        fs::write(twin.on_disk(path), text).unwrap();
    };
    let link = |path: &str, target: &str| std::os::unix::fs::symlink(target, twin.on_disk(path)).unwrap();
    for (path, text) in [
        ("usr/bin/broken", "there\n"),
        ("sbin/hidden", "file\n"),
        ("lib/only/here/x", "x\n"),
        ("lib/both/one", "1\n"),
        ("usr/lib/both/two", "2\n"),
        ("usr/bin/real", "real\n"),
        ("bin/behind", "behind\n"),
        ("lib32/a", "a\n"),
        ("etc/shells", "# shells\n/bin/sh\n/bin/bash\n/usr/bin/bash\n/usr/bin/other\n/opt/x\n/sbin/y\n"),
    ] {
        write(path, text);
    }
    for (path, target) in [
        ("bin/broken", "nowhere"),
        ("usr/sbin/hidden", "nowhere"),
        ("bin/real", "/usr/bin/real"),
        ("usr/bin/behind", "/bin/behind"),
        ("bin/same", "real"),
        ("usr/bin/same", "real"),
        ("lib/folder", "only"),
    ] {
        link(path, target);
    }
    // Device nodes that its tools ask for are not there; nothing needs them.
    load(&mut twin);
    let root = twin.root().to_str().unwrap().to_owned();
    for program in ["convert-usrmerge", "convert-etc-shells"] {
        let path = format!("/usr/lib/usrmerge/{program}");
        let real = twin.real("chroot", &[&root, &path], &[], "");
        let ours = twin.ours(program, &[], &[], "");
        assert_eq!((ours.status, &ours.out), (real.status, &real.out), "{real:?}\n{ours:?}");
        let differences = twin.differences(&[]);
        assert!(differences.is_empty(), "{program}: {}", differences.join("\n"));
    }
    for (path, node) in twin.tree.walk().filter(|(_, node)| matches!(node.kind, Kind::File(_))) {
        let meta = fs::symlink_metadata(twin.on_disk(std::str::from_utf8(&path).unwrap())).unwrap();
        let shown = String::from_utf8_lossy(&path).into_owned();
        assert_eq!(u64::from(node.links), meta.nlink(), "{shown}");
        if shown.starts_with("usr/") {
            assert_eq!((node.meta.mtime, node.owners), (meta.mtime(), &[Owner::Artefact(3)][..]), "{shown}");
        }
    }
    assert!(twin.tree.lookup(b"bin").unwrap().unwrap().target() == Some(b"usr/bin"));
}
