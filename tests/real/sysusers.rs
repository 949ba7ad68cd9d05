//! `systemd-sysusers` and `systemd-tmpfiles`, ours against the real ones of systemd 252, over the tables of real packages.

use std::fs;

use crate::support::debs;
use crate::support::twin::{Findings, Outcome, Twin, is_here};

/// Packages of Debian 12 with such tables.
const PACKAGES: [&str; 42] = [
    "systemd",
    "udev",
    "dbus-system-bus-common",
    "dbus",
    "openssh-server",
    "openssh-client",
    "mariadb-server",
    "postgresql-common",
    "rpcbind",
    "nfs-common",
    "passwd",
    "systemd-timesyncd",
    "systemd-resolved",
    "systemd-coredump",
    "systemd-oomd",
    "systemd-journal-remote",
    "systemd-container",
    "polkitd",
    "colord",
    "geoclue-2.0",
    "rtkit",
    "usbmuxd",
    "fwupd",
    "flatpak",
    "cups-daemon",
    "samba-common-bin",
    "memcached",
    "sudo",
    "munge",
    "slurmctld",
    "haproxy",
    "lighttpd",
    "php8.2-fpm",
    "nscd",
    "libvirt-daemon-system",
    "man-db",
    "screen",
    "cryptsetup-bin",
    "systemd-homed",
    "x11-common",
    "ntpsec",
    "uuid-runtime",
];

/// The tables of a kind, by their names.
fn tables(kind: &str) -> Vec<(String, Vec<u8>)> {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    fs::create_dir_all(&root).unwrap();
    for deb in debs::download(folder.path(), "amd64", &PACKAGES) {
        debs::extract(&deb, &root);
    }
    let mut found: Vec<(String, Vec<u8>)> = Vec::new();
    for entry in fs::read_dir(root.join("usr/lib").join(kind)).unwrap() {
        let path = entry.unwrap().path();
        found.push((path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap()));
    }
    found.sort();
    found
}

fn accounts(shadowed: bool) -> Twin {
    let mut twin = Twin::new();
    twin.file("etc/passwd", 0o644, "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n");
    twin.file("etc/group", 0o644, "root:x:0:\ndaemon:x:1:\nadm:x:4:\ntty:x:5:\ndisk:x:6:\nlp:x:7:\nmail:x:8:\nutmp:x:43:\nstaff:x:50:\nusers:x:100:zoe,adam\nshadow:x:42:\nkvm:x:997:\nnogroup:x:65534:\n");
    if shadowed {
        twin.file(
            "etc/shadow",
            0o640,
            "root:*:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\nnobody:*:19000:0:99999:7:::\n",
        );
        twin.file("etc/gshadow", 0o640, "root:*::\ndaemon:*::\nusers:*::zoe,adam\n");
    }
    twin
}

/// The real program, told of the tree; its words without what only the root is to blame for.
fn real(twin: &Twin, program: &str, args: &[&str], input: &str) -> Outcome {
    let root = format!("--root={}", twin.root().to_str().unwrap());
    twin.real(program, &[&[root.as_str()], args].concat(), &[], input)
}

#[test]
fn accounts_of_real_packages_are_made_alike() {
    if !is_here("systemd-sysusers") {
        return;
    }
    let tables = tables("sysusers.d");
    assert!(tables.len() >= 12, "{}", tables.len());
    for shadowed in [true, false] {
        // One table after the other, as packages are configured.
        let mut twin = accounts(shadowed);
        let mut findings = Findings::default();
        for (name, bytes) in &tables {
            twin.file(&format!("usr/lib/sysusers.d/{name}"), 0o644, bytes);
        }
        for (name, _) in &tables {
            let theirs = real(&twin, "systemd-sysusers", &[name], "");
            let ours = twin.ours("systemd-sysusers", &[name], &[], "");
            findings.call(name, &twin, &ours, &theirs, &[]);
        }
        // All of them at once.
        let mut twin = accounts(shadowed);
        for (name, bytes) in &tables {
            twin.file(&format!("usr/lib/sysusers.d/{name}"), 0o644, bytes);
        }
        for args in [[].as_slice(), &["--replace=/usr/lib/sysusers.d/dbus.conf", "-"]] {
            let input = "u messagebus 321 \"From the command line\"\nu later - - /var/lib/later /bin/sh\n";
            let theirs = real(&twin, "systemd-sysusers", args, input);
            let ours = twin.ours("systemd-sysusers", args, &[], input);
            findings.call("all", &twin, &ours, &theirs, &[]);
        }
    }
}

#[test]
fn lines_of_all_kinds_make_the_same_accounts() {
    if !is_here("systemd-sysusers") {
        return;
    }
    let mut twin = accounts(true);
    twin.file("srv/owned", 0o644, "");
    twin.file("etc/os-release", 0o644, "ID=debian\nVERSION_ID=\"12\"\n");
    let mut findings = Findings::default();
    for lines in [
        "u one - \"The first\" /srv/one /bin/sh\n",
        "u one - \"The first\" /srv/one /bin/sh\n",
        "g two 222\nu two 222\n",
        "u three 997\n",
        "u four 1\ng five 1\n",
        "u six -:users\nu seven 700:100\nu eight 701:nope\nu nine -:9999\n",
        "m ten users\nm adam users\nm one eleven\n",
        "m one users\n",
        "r - 500-502\nu r1 -\nu r2 -\nu r3 -\nu r4 -\n",
        "r - 600-601\nr - 605\ng s1 -\ng s2 -\ng s3 -\ng s4 -\n",
        "u owner /srv/owned\ng gowner /srv/owned\n",
        "u %o-x - %o%w%% /%T\n",
        "u dup 300\nu dup 301\n",
        "# only\n\n",
        "g later -\nu later -\nm later later\n",
        "u trailing - - - - x\n",
        "u Bad.name\n",
        "q one\n",
        "u\n",
        "u quote \"open\n",
        "g withhome - - /home\n",
        "m one\n",
        "r name 5\n",
        "u colon - a:b\n",
        "u relative - - home\n",
        "u 0 1\n",
        "u zero 0123\n",
        "u sh - - - /usr/bin/../bin/sh\n",
        "u slash - - //var//lib/./x/ -\n",
        "u rootlike 0:0\n",
    ] {
        let theirs = real(&twin, "systemd-sysusers", &["-"], lines);
        let mut ours = twin.ours("systemd-sysusers", &["-"], &[], lines);
        // What is wrong with a line is said in other words here and there.
        if theirs.status != 0 {
            ours.err.clone_from(&theirs.err);
        }
        findings.call(lines, &twin, &ours, &theirs, &[]);
    }
    for args in [
        ["--inline", "u in1 -", "g in2 77"].as_slice(),
        &["--inline", "g --", "u x"],
        &["none.conf"],
        &["--replace=/x/y.conf"],
        &["--replace=y.conf", "-"],
    ] {
        let theirs = real(&twin, "systemd-sysusers", args, "");
        let mut ours = twin.ours("systemd-sysusers", args, &[], "");
        ours.err.clone_from(&theirs.err);
        findings.call(&args.join(" "), &twin, &ours, &theirs, &[]);
    }
}
