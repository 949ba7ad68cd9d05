//! `systemd-tmpfiles --create`, ours against the real one of systemd 252.

use std::fs;
use std::os::unix::fs::{MetadataExt, lchown};

use mokapot::domain::rootfs::Meta;

use crate::support::debs;
use crate::support::twin::{Findings, Twin, is_here};

/// Packages of Debian 12 with such tables.
const PACKAGES: [&str; 43] = [
    "systemd",
    "udev",
    "dbus-daemon",
    "dbus",
    "openssh-server",
    "openssh-client",
    "mariadb-server",
    "postgresql-common",
    "rpcbind",
    "nfs-common",
    "passwd",
    "systemd-resolved",
    "systemd-journal-remote",
    "systemd-container",
    "cron",
    "exim4-base",
    "libselinux1",
    "screen",
    "sudo",
    "man-db",
    "x11-common",
    "lighttpd",
    "php8.2-fpm",
    "samba-common-bin",
    "cups-daemon",
    "lvm2",
    "cryptsetup-bin",
    "munge",
    "slurmctld",
    "memcached",
    "redis-server",
    "tor",
    "bind9",
    "apache2",
    "nginx-common",
    "proftpd-core",
    "chrony",
    "quota",
    "mdadm",
    "sssd-common",
    "uwsgi-core",
    "tmux",
    "nscd",
];

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0)
}

fn twin() -> Twin {
    let mut twin = Twin::new();
    for folder in ["var/lib", "var/log", "var/cache", "var/spool", "run", "tmp", "root", "home", "srv", "etc"] {
        twin.dir(folder);
    }
    twin.file("etc/passwd", 0o644, "root:x:0:0::/root:/bin/sh\ndaemon:x:1:1::/:/bin/sh\nwww-data:x:33:33::/:/bin/sh\nsystemd-network:x:998:998::/:/bin/sh\n");
    twin.file("etc/group", 0o644, "root:x:0:\ndaemon:x:1:\nadm:x:4:\nwww-data:x:33:\nutmp:x:43:\nsystemd-journal:x:999:\nsystemd-network:x:998:\n");
    twin.dir("var/log/journal");
    twin
}

/// Extended attributes in both trees, where this machine shows them.
fn attributes(twin: &Twin, path: &str) -> [String; 2] {
    let shown = twin.real(
        "getfattr",
        &["--absolute-names", "-d", "-m", "-", "-e", "hex", twin.on_disk(path).to_str().unwrap()],
        &[],
        "",
    );
    let theirs: Vec<&str> = shown.out.lines().filter(|line| line.contains('=')).collect();
    let meta: Meta = twin.tree.lookup(path.as_bytes()).unwrap().unwrap().meta.clone();
    let ours: Vec<String> =
        meta.xattrs.iter().map(|(name, value)| format!("{name}=0x{}", hex::encode(value))).collect();
    [theirs.join("\n"), ours.join("\n")]
}

#[test]
fn tables_of_real_packages_make_the_same() {
    if !is_here("systemd-tmpfiles") || !is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    fs::create_dir_all(&root).unwrap();
    for deb in debs::download(folder.path(), "amd64", &PACKAGES) {
        debs::extract(&deb, &root);
    }
    let mut names = Vec::new();
    let mut twin = twin();
    for entry in fs::read_dir(root.join("usr/lib/tmpfiles.d")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        twin.file(&format!("usr/lib/tmpfiles.d/{name}"), 0o644, fs::read(&path).unwrap());
        names.push(name);
    }
    names.sort();
    assert!(names.len() > 25, "{}", names.len());
    let rooted = format!("--root={}", twin.root().to_str().unwrap());
    let mut findings = Findings::default();
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    for args in names.iter().map(|name| vec![name.as_str()]).chain([all, Vec::new()]) {
        let real = twin.real("systemd-tmpfiles", &[["--create", &rooted].as_slice(), &args].concat(), &[], "");
        let mut ours = twin.ours("systemd-tmpfiles", &[["--create"].as_slice(), &args].concat(), &[], "");
        // Messages are for people, and scripts throw them away.
        ours.err.clone_from(&real.err);
        findings.call(&args.join(" "), &twin, &ours, &real, &[]);
    }
    if is_here("getfattr") {
        let [theirs, ours] = attributes(&twin, "var/log/journal");
        assert!(ours.contains("posix_acl_default"), "{ours}");
        assert_eq!(ours, theirs);
    }
}

#[test]
fn lines_of_all_kinds_make_the_same() {
    if !is_here("systemd-tmpfiles") || !is_root() {
        return;
    }
    let mut twin = twin();
    twin.file("usr/share/factory/etc/pam.d/x", 0o640, "x\n");
    twin.file("usr/share/factory/etc/pam.d/sub/y", 0o600, "y\n");
    twin.link("usr/share/factory/etc/pam.d/l", "x");
    twin.file("etc/os-release", 0o644, "ID=debian\nVERSION_ID=\"12\"\n");
    twin.file("srv/a1", 0o644, "abcdef");
    twin.file("srv/.hidden", 0o644, "");
    twin.link("srv/dangling", "nowhere");
    twin.dir("srv/deep/er");
    twin.file("srv/deep/er/file", 0o755, "");
    twin.dir("var/theirs");
    lchown(twin.on_disk("var/theirs"), Some(33), Some(33)).unwrap();
    twin.tree.change(b"var/theirs", |meta| (meta.uid, meta.gid) = (33, 33)).unwrap();
    let rooted = format!("--root={}", twin.root().to_str().unwrap());
    let mut findings = Findings::default();
    for lines in [
        "d /srv/new/folder 0750 www-data adm\n",
        "d /srv/new/folder 0700\nd /srv/new\nd /srv/new/:x :0700 :www-data :adm\n",
        "d /srv/new/folder :0711 :root -\n",
        "D /srv/dd - - - 10d\nv /srv/v\nq /srv/q 0700\nQ /srv/Q - adm\nd /srv/adm 2755 - adm\n",
        "d /srv/a1\n",
        "e /srv/new* 0711\ne /srv/a1 0600\ne /srv/none\n",
        "f /srv/f1\nf /srv/f2 0600 www-data - - text\\n\\x41\\101%%\nf /srv/f3 - - - -   two  words\n",
        "f /srv/f2 0640 - adm - other\n",
        "f+ /srv/f2 0640 - - - other\nF /srv/f3\nF /srv/f4 - - - - new\n",
        "w /srv/a? - - - - XY\nw+ /srv/a1 - - - - +Z\nw /srv/none - - - - q\n",
        "w+ /srv/a1 - - - - 1\nw+ /srv/a1 - - - - 2\n",
        "L /srv/l1 - - - - ../target\nL /srv/l1 - - - - other\nL /srv/l2\n",
        "L+ /srv/l1 - - - - replaced\nL+ /srv/new - - - - gone\nL /srv/a1 - - - - kept\n",
        "C /etc/pam.d\nC /srv/copied 0700 www-data adm - /usr/share/factory/etc/pam.d\nC /srv/none - - - - /nowhere\n",
        "C /srv/copied - - - - /usr/share/factory/etc\nC /srv/cx 0611 - - - /usr/share/factory/etc/pam.d/x\n",
        "p /srv/fifo 0600 www-data\np /srv/a1\np+ /srv/f1\n",
        "z /srv/a1 0604 www-data adm\nz /srv/* :0777\nz /srv/dangling 0600 daemon\nm /srv/a1 0600\n",
        "Z /srv/deep ~2770 daemon daemon\n",
        "Z /srv/de* 0640\nz /srv/{a1,f2,none} - adm -\n",
        "d /var/run/legacy\n",
        "d /srv/%o%w/%a\nd /srv/%u%U%T\n",
        "f /var/theirs/x\n",
        "f- /var/theirs/root/x\nd /var/theirs/mine - www-data\nf /var/theirs/mine/deeper/x - www-data\n",
        "d! /srv/boot\nf^ /srv/cred - - - - name\nx /srv/*\nX /srv/x\nr /srv/a1\nR /srv/deep\n",
        "d /srv/nouser - nobody-there\nd /srv/fine\n",
        "d relative\n",
        "y /srv/unknown\n",
        "d++ /srv/plus\n",
        "d /srv/mode 9999\n",
        "f /srv/bad - - - - \\q\n",
        "d\n",
        "d \"/srv/with space\" 0700\nd '/srv/quo\"te'\n",
        "d /srv/x1/y/z\nd /srv/x1 0700 daemon\nd /srv/x1/y 0711\n",
        "d /srv/twice 0700\nd /srv/twice 0711\n",
        "d /srv/a1/below\n",
        "f /srv/deep\n",
        "d /srv/../etc/up\n",
        "d //srv//double///slash/.\n",
        "a+ /srv/a1 - - - - u:www-data:rw,g:adm:r--\na+ /srv/deep - - - - d:group:adm:r-x\n",
        "a /srv/f2 - - - - u::rw-,g::r--,o::---,m::r--,u:daemon:rwx\nA+ /srv/copied - - - - g:adm:r\n",
    ] {
        twin.file("etc/tmpfiles.d/test.conf", 0o644, lines);
        let real = twin.real("systemd-tmpfiles", &["--create", &rooted, "test.conf"], &[], "");
        let mut ours = twin.ours("systemd-tmpfiles", &["--create", "test.conf"], &[], "");
        ours.err.clone_from(&real.err);
        findings.call(lines, &twin, &ours, &real, &[]);
    }
    if is_here("getfattr") {
        for path in ["srv/a1", "srv/deep", "srv/f2", "srv/copied"] {
            let [theirs, ours] = attributes(&twin, path);
            assert_eq!(ours, theirs, "{path}");
        }
    }
    for args in [
        ["--create", "--prefix=/srv/p", "-"].as_slice(),
        &["--create", "--exclude-prefix=/srv/p", "-"],
        &["--create", "none.conf"],
    ] {
        let lines = "d /srv/p/one\nd /srv/pp\nd /srv/q/two\n";
        let real = twin.real("systemd-tmpfiles", &[&[rooted.as_str()], args].concat(), &[], lines);
        let mut ours = twin.ours("systemd-tmpfiles", args, &[], lines);
        ours.err.clone_from(&real.err);
        findings.call(&args.join(" "), &twin, &ours, &real, &[]);
    }
}
