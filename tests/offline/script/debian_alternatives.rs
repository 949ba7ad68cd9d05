//! `update-alternatives`, ours against the real one: calls of real packages' scripts, and what goes wrong.

use crate::support::twin::{Findings, Twin, is_here};

fn twin() -> Twin {
    let mut twin = Twin::new();
    for folder in ["etc/alternatives", "var/lib/dpkg/alternatives", "usr/bin", "usr/share/man/man1"] {
        twin.dir(folder);
    }
    for name in ["a", "b", "c", "mawk", "gawk"] {
        twin.file(&format!("usr/bin/{name}"), 0o755, name);
        twin.file(&format!("usr/share/man/man1/{name}.1.gz"), 0o644, name);
    }
    twin.file("usr/bin/taken", 0o755, "a file");
    twin
}

/// Runs calls in turn, and compares after each what was said and what is there.
fn compare(calls: &[&str]) {
    if !is_here("update-alternatives") {
        return;
    }
    let mut twin = twin();
    let root = twin.root().to_str().unwrap().to_owned();
    let mut findings = Findings::default();
    for call in calls {
        let (call, input) = call.split_once(" < ").unwrap_or((call, ""));
        let args: Vec<&str> = call.split(' ').filter(|word| !word.is_empty()).collect();
        let rooted = [&["--root", &root, "--log", "/dev/null"], args.as_slice()].concat();
        let input = input.replace(';', "\n");
        let real = twin.real("update-alternatives", &rooted, &[], &input);
        let ours = twin.ours("update-alternatives", &args, &[], &input);
        findings.call(call, &twin, &ours, &real, &["var/log", "dev"]);
    }
}

const MAWK: &str = "--install /usr/bin/awk awk /usr/bin/mawk 5 --slave /usr/share/man/man1/awk.1.gz awk.1.gz \
                    /usr/share/man/man1/mawk.1.gz --slave /usr/bin/nawk nawk /usr/bin/mawk --slave \
                    /usr/share/man/man1/nawk.1.gz nawk.1.gz /usr/share/man/man1/mawk.1.gz";
const GAWK: &str = "--quiet --install /usr/bin/awk awk /usr/bin/gawk 10 --slave /usr/share/man/man1/awk.1.gz awk.1.gz \
                    /usr/share/man/man1/gawk.1.gz --slave /usr/bin/nawk nawk /usr/bin/gawk";

#[test]
fn packages_come_and_go() {
    compare(&[
        MAWK,
        MAWK,
        GAWK,
        "--query awk",
        "--display awk",
        "--list awk",
        "--get-selections",
        "--set awk /usr/bin/mawk",
        "--query awk",
        "--remove awk /usr/bin/gawk",
        GAWK,
        "--verbose --install /usr/bin/awk awk /usr/bin/a 30",
        "--auto awk",
        "--auto awk",
        "--display awk",
        "--remove awk /usr/bin/a",
        "--set awk /usr/bin/mawk",
        "--remove awk /usr/bin/mawk",
        "--verbose --remove awk /usr/bin/none",
        "--remove-all awk",
        "--get-selections",
    ]);
}

#[test]
fn links_move_and_secondary_files_are_missing() {
    compare(&[
        "--install /usr/bin/p p /usr/bin/a 5 --slave /usr/share/man/man1/p.1.gz p.1.gz /usr/share/man/man1/none.gz",
        "--display p",
        "--install /usr/bin/p p /usr/bin/b 5 --slave /usr/share/man/man1/p.1.gz p.1.gz /usr/share/man/man1/b.1.gz",
        "--set p /usr/bin/b",
        "--install /usr/bin/p p /usr/bin/b 5",
        "--query p",
        "--install /usr/bin/taken t /usr/bin/a 5",
        "--force --install /usr/bin/taken t /usr/bin/b 50",
        "--remove t /usr/bin/a",
        "--remove t /usr/bin/b",
    ]);
}

#[test]
fn selections_are_read() {
    compare(&[
        "--install /usr/bin/p p /usr/bin/a 5",
        "--install /usr/bin/p p /usr/bin/b 7",
        "--set-selections < p manual /usr/bin/a;",
        "--get-selections",
        "--set-selections < p auto /usr/bin/a;",
        "--set-selections < p manual /usr/bin/none;q auto /x;short;",
        "--get-selections",
    ]);
}

#[test]
fn wrong_calls_fail_alike() {
    compare(&[
        "--install /usr/bin/p p /usr/bin/a 5 --slave /usr/bin/s s /usr/bin/b",
        "--install /usr/bin/q q /usr/bin/none 5",
        "--install /usr/bin/p q /usr/bin/a 5",
        "--install /usr/bin/s q /usr/bin/a 5",
        "--install /usr/bin/x s /usr/bin/a 5",
        "--install /usr/bin/q q /usr/bin/a 5 --slave /usr/bin/r p /usr/bin/b",
        "--install /usr/bin/q q /usr/bin/a 5 --slave /usr/bin/r s /usr/bin/b",
        "--install /usr/bin/q q /usr/bin/a",
        "--install /usr/bin/q q /usr/bin/a x",
        "--install usr/bin/q q /usr/bin/a 5",
        "--install /usr/bin/q q usr/bin/a 5",
        "--install /usr/bin/q q/r /usr/bin/a 5",
        "--display nothing",
        "--query nothing",
        "--list nothing",
        "--auto nothing",
        "--set p /usr/bin/none",
        "--remove nothing /usr/bin/a",
        "--remove-all nothing",
        "--bogus",
        "bogus",
        "",
        "--slave /usr/bin/r r /usr/bin/b",
        "--set p",
    ]);
}
