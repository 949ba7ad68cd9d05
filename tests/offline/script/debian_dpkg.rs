//! dpkg's programs, ours against the real ones, on one database.

use crate::support::twin::{Findings, Twin, is_here};

const STATUS: &str = "\
Package: a
Status: install ok installed
Maintainer: x
Architecture: amd64
Version: 1-2
Conffiles:
 /etc/a 01230123012301230123012301230123
 /etc/b 01230123012301230123012301230123 obsolete
Description: short
 long

Package: b
Status: deinstall ok config-files
Maintainer: x
Architecture: all
Source: bee (2.9)
Version: 3
Description: short b

Package: libc6
Status: install ok installed
Maintainer: x
Architecture: amd64
Multi-Arch: same
Version: 2.36-9
Description: library

";

fn twin() -> Twin {
    let mut twin = Twin::new();
    twin.file("var/lib/dpkg/status", 0o644, STATUS);
    twin.file("var/lib/dpkg/diversions", 0o644, "");
    // The real program looks into this machine's files.
    twin.file("etc/passwd", 0o644, "root:x:0:0:root:/root:/bin/bash\n");
    twin.file("etc/group", 0o644, "root:x:0:\n");
    twin.dir("var/lib/dpkg/updates");
    twin.file("var/lib/dpkg/info/a.list", 0o644, "/.\n/etc\n/etc/a\n/bin\n/bin/x\n/bin/own\n");
    twin.file("var/lib/dpkg/info/b.list", 0o644, "/.\n/etc\n/etc/b\n");
    twin.file("var/lib/dpkg/info/libc6:amd64.list", 0o644, "/.\n/lib\n/lib/libc.so.6\n");
    twin.file("var/lib/dpkg/info/format", 0o644, "1\n");
    twin.file("var/lib/dpkg/info/a.postinst", 0o755, "#!/bin/sh\nset -e\n");
    twin.file("var/lib/dpkg/triggers/Unincorp", 0o644, "ldconfig -\n");
    for name in ["sh", "x", "y", "own", "w", "w.distrib"] {
        twin.file(&format!("bin/{name}"), 0o755, name);
    }
    twin
}

fn compare(program: &str, variables: &[(&str, &str)], calls: &[&str]) {
    if !is_here(program) {
        return;
    }
    let mut twin = twin();
    let root = twin.root().to_str().unwrap().to_owned();
    let mut findings = Findings::default();
    for call in calls {
        let args: Vec<String> = call.split(' ').map(|word| word.replace('_', " ").replace("\\e", "")).collect();
        let args: Vec<&str> = args.iter().map(String::as_str).filter(|word| *word != "∅").collect();
        let instead = format!("--root={root}");
        let rooted = [&[instead.as_str()], args.as_slice()].concat();
        let admin = format!("--admindir={root}/var/lib/dpkg");
        let asked = [&[admin.as_str()], args.as_slice()].concat();
        let real = match program {
            "dpkg" => twin.real(program, &args, variables, ""),
            "dpkg-query" => twin.real(program, &asked, variables, ""),
            _ => twin.real(program, &rooted, variables, ""),
        };
        let ours = twin.ours(program, &args, variables, "");
        findings.call(call, &twin, &ours, &real, &["var/lib/dpkg/lock", "var/lib/dpkg/triggers/Lock", "var/log"]);
    }
}

#[test]
fn diversions() {
    compare(
        "dpkg-divert",
        &[],
        &[
            "--package dash --no-rename --divert /bin/sh.distrib --add /bin/sh",
            "--package dash --no-rename --divert /bin/sh.distrib --add /bin/sh",
            "--package bash --no-rename --divert /bin/sh.x --add /bin/sh",
            "--add /bin/x",
            "--add --rename /bin/y",
            "--rename --add /bin/w",
            "--rename --package a --divert /bin/own.d --add /bin/own",
            "--list",
            "--list *sh",
            "--list a",
            "--listpackage /bin/sh",
            "--listpackage /bin/x",
            "--listpackage /bin/none",
            "--truename /bin/sh",
            "--truename /bin/none",
            "--package dash --remove /bin/sh",
            "--no-rename --remove /bin/nope",
            "--remove --rename /bin/y",
            "--no-rename --package o --remove /bin/x",
            "--no-rename --divert /bin/z --remove /bin/x",
            "--quiet --package dash --rename --divert /usr/share/man/q.distrib --add /usr/share/man/q",
            "--no-rename --add --divert /bin/x /bin/q",
            "--no-rename --add --divert /bin/q /bin/q",
            "--no-rename --add /bin",
            "--no-rename --add bin/x",
            "--no-rename --add",
            "--bogus",
            "--local --no-rename --package=x --add /bin/u",
            "--list",
        ],
    );
}

#[test]
fn diversions_of_a_script_are_its_packages() {
    compare(
        "dpkg-divert",
        &[("DPKG_MAINTSCRIPT_PACKAGE", "a")],
        &[
            "--no-rename --add /bin/x",
            "--no-rename --local --add /bin/y",
            "--no-rename --local --package b --add /bin/w",
            "--no-rename --package b --local --add /bin/sh",
            "--no-rename --remove /bin/w",
            "--no-rename --remove /bin/x",
            "--list",
        ],
    );
}

#[test]
fn overrides() {
    compare(
        "dpkg-statoverride",
        &[],
        &[
            "--list",
            "--list /x",
            "--add #4012 #4013 2755 /bin/x",
            "--update --add #0 #0 4755 /bin/sh",
            "--add #0 #0 4755 /bin/sh",
            "--list",
            "--list /bin/x*",
            "--remove /bin/none",
            "--quiet --remove /bin/none",
            "--force-all --remove /bin/none",
            "--add #4012 #4013 99 /bin/z",
            "--add nobody-such #0 755 /bin/z",
            "--add #0 nobody-such 755 /bin/z",
            "--add #4012 #4013 755",
            "--add #4012 #4013 755 foo/",
            "--remove /bin/x",
            "--list",
            "--bogus",
            "",
        ]
        .iter()
        .map(|call| if call.is_empty() { "∅" } else { call })
        .collect::<Vec<_>>(),
    );
}

#[test]
fn triggers() {
    compare(
        "dpkg-trigger",
        &[],
        &[
            "--check-supported",
            "--by-package=b foo",
            "--by-package=a --no-await foo",
            "--no-await foo",
            "--by-package=q /usr/lib",
            "--by-package=a foo",
            "--by-package=a ldconfig",
            "foo",
            "--by-package=a ba_d",
            "a b",
            "--bogus",
        ],
    );
    compare("dpkg-trigger", &[("DPKG_MAINTSCRIPT_PACKAGE", "a")], &["ldconfig"]);
    let variables = [("DPKG_MAINTSCRIPT_PACKAGE", "a"), ("DPKG_MAINTSCRIPT_ARCH", "amd64")];
    compare("dpkg-trigger", &variables, &["ldconfig", "ldconfig", "--await zoo"]);
}

#[test]
fn questions() {
    compare(
        "dpkg-query",
        &[],
        &[
            "-W",
            "-W a nope",
            "-W --showformat=${Package}|${binary:Package}|${Version}|${Status}|${db:Status-Status}|${db:Status-Abbrev}|${Description}|${Conffiles}|${Nope}|${Version;6}|${Version;-6}|${source:Package}|${source:Version}|\\n",
            "-f ${Conffiles}\\n -W a",
            "-W -f=${Version}\\n a",
            "-W l* z*",
            "-W libc6:amd64 a:arm64",
            "-L a",
            "-L nope",
            "-L libc6",
            "-S /bin/x",
            "-S /nope",
            "-S bin/x",
            "-S libc.so.6",
            "-S /etc*",
            "-S /etc/ /bin/own",
            "-l",
            "-l b l*",
            "-l b nope",
            "-l n*",
            "-s a b",
            "-s nope",
            "--control-path a postinst",
            "--control-path a none",
            "--control-show a postinst",
            "--control-list a",
            "--bogus",
            "∅",
        ],
    );
}

#[test]
fn versions_and_names() {
    compare(
        "dpkg",
        &[],
        &[
            "--compare-versions 1 lt 2",
            "--compare-versions \\e lt-nl 2",
            "--compare-versions \\e lt 2",
            "--compare-versions \\e gt-nl 2",
            "--compare-versions 1 le-nl \\e",
            "--compare-versions \\e eq \\e",
            "--compare-versions 1 foo 2",
            "--compare-versions 1 lt",
            "--compare-versions a_b lt 2",
            "--compare-versions 1 < 2",
            "--compare-versions abc lt 2",
            "--compare-versions 1:1 gt 2~rc1-1",
            "--compare-versions 2 >> 1",
            "--print-architecture",
            "--assert-multi-arch",
            "--assert-foo",
            "--validate-pkgname abc",
            "--validate-archname a_b",
            "--validate-trigname a_b",
            "∅",
        ],
    );
}
