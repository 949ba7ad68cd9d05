//! `deb-systemd-helper` and `update-rc.d`, ours against the real ones (`DPKG_ROOT` leads them into the tree).

use std::fs;

use crate::support::twin::{Findings, Twin, is_here};

fn twin(with_systemctl: bool) -> Twin {
    let mut twin = Twin::new();
    for folder in ["etc/systemd/system", "var/lib/systemd", "etc/init.d"] {
        twin.dir(folder);
    }
    let unit =
        |install: &str| format!("[Unit]\nDescription=x\n\n[Service]\nExecStart=/bin/true\n\n[Install]\n{install}");
    for (name, install) in [
        ("plain.service", "WantedBy=multi-user.target\n"),
        ("two.service", "WantedBy=multi-user.target graphical.target\nRequiredBy=other.target\n"),
        ("alias.service", "WantedBy=multi-user.target\nAlias=dbus-org.example.service\n"),
        ("also.service", "WantedBy=multi-user.target\nAlso=also.timer\n"),
        ("also.timer", "WantedBy=timers.target\nAlso=also.service\n"),
        ("static.service", ""),
        ("getty@.service", "WantedBy=getty.target\nDefaultInstance=tty1\n"),
        ("denied.service", "WantedBy=multi-user.target\n"),
    ] {
        twin.file(&format!("lib/systemd/system/{name}"), 0o644, unit(install));
    }
    twin.file("usr/lib/systemd/system-preset/90-x.preset", 0o644, "# x\nenable plain*\ndisable denied.*\n");
    twin.file("usr/bin/deb-systemd-helper", 0o755, fs::read("/usr/bin/deb-systemd-helper").unwrap());
    if with_systemctl {
        twin.file("bin/systemctl", 0o755, "");
    }
    let script = |levels: &str| format!("#!/bin/sh\n### BEGIN INIT INFO\n# Provides: x\n{levels}### END INIT INFO\n");
    twin.file("etc/init.d/procps", 0o755, script("# Default-Start: S\n# Default-Stop:\n"));
    twin.file("etc/init.d/cron", 0o755, script("# Default-Start:     2 3 4 5\n# Default-Stop: 0 1 6\n"));
    twin.file("etc/init.d/none", 0o755, "#!/bin/sh\n");
    twin.file("etc/rc2.d/S05other", 0o644, "");
    twin
}

fn compare(program: &str, mut twin: Twin, calls: &[&str]) {
    let root = twin.root().to_str().unwrap().to_owned();
    let mut findings = Findings::default();
    for call in calls {
        let args: Vec<&str> = call.split(' ').filter(|word| !word.is_empty()).collect();
        let package = ("DPKG_MAINTSCRIPT_PACKAGE", "x");
        let real = twin.real(program, &args, &[package, ("DPKG_ROOT", &root)], "");
        let mut ours = twin.ours(program, &args, &[package], "");
        // Perl's `$0` has the path, and so have `systemctl`'s messages with `--root`; both are words only.
        ours.err.clone_from(&real.err);
        findings.call(call, &twin, &ours, &real, &[]);
    }
}

const HELPER: [&str; 24] = [
    "unmask plain.service",
    "--quiet was-enabled plain.service",
    "debian-installed plain.service",
    "enable plain.service",
    "--quiet was-enabled plain.service",
    "debian-installed plain.service",
    "enable plain.service",
    "update-state plain.service",
    "enable two.service",
    "enable alias.service",
    "enable also.service",
    "enable also.timer",
    "enable static.service",
    "enable getty@.service",
    "enable denied.service",
    "is-enabled plain.service",
    "is-enabled denied.service",
    "mask plain.service",
    "unmask plain.service",
    "mask gone.service",
    "disable two.service",
    "purge plain.service",
    "purge also.timer alias.service getty@.service denied.service",
    "unmask gone.service",
];

#[test]
fn units_are_enabled_once() {
    if is_here("deb-systemd-helper") {
        compare("deb-systemd-helper", twin(false), &HELPER);
    }
}

#[test]
fn presets_count_where_systemctl_is_there() {
    if is_here("deb-systemd-helper") && is_here("systemctl") {
        compare("deb-systemd-helper", twin(true), &HELPER);
    }
}

/// `systemctl --root`, the real one, writes the paths that it would find in the tree.
#[test]
fn instances_of_templates_are_enabled_under_their_own_names() {
    if !is_here("systemctl") {
        return;
    }
    let mut twin = twin(false);
    let root = format!("--root={}", twin.root().display());
    let mut findings = Findings::default();
    for unit in ["getty@tty5.service", "getty@.service", "two.service", "getty@tty5.service"] {
        let real = twin.real("systemctl", &[&root, "enable", unit], &[], "");
        let mut ours = twin.ours("systemctl", &["enable", unit], &[], "");
        ours.err.clone_from(&real.err);
        findings.call(unit, &twin, &ours, &real, &[]);
    }
}

#[test]
fn a_newer_systemctl_links_to_usr() {
    let mut twin = twin(false);
    twin.dir("usr/lib/x86_64-linux-gnu/systemd");
    twin.file("usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-257.so", 0o644, "");
    assert_eq!(twin.ours("systemctl", &["enable", "plain.service"], &[], "").status, 0);
    let link = twin.tree.lookup(b"etc/systemd/system/multi-user.target.wants/plain.service").unwrap().unwrap();
    assert_eq!(link.target(), Some(&b"/usr/lib/systemd/system/plain.service"[..]));
}

#[test]
fn init_scripts_get_links_by_their_headers() {
    if !is_here("update-rc.d") {
        return;
    }
    compare(
        "update-rc.d",
        twin(false),
        &[
            "procps defaults",
            "cron defaults",
            "cron defaults",
            "other defaults",
            "none defaults",
            "cron remove",
            "cron defaults-disabled",
            "nothing remove",
            "nothing defaults",
            "cron",
            "--bogus cron remove",
            "-f cron remove",
        ],
    );
}

/// The real one looks for the header in this machine's own `/etc` here, so what its text says is the measure.
#[test]
fn init_scripts_are_disabled_and_enabled() {
    let mut twin = twin(false);
    let links = |twin: &Twin| -> Vec<String> {
        let paths = twin.tree.walk().map(|(path, _)| String::from_utf8(path).unwrap());
        paths.filter(|path| path.ends_with("01cron")).map(|path| path["etc/rc".len()..].replace(".d/", "")).collect()
    };
    let (stopped, levels) = (["0K01cron", "1K01cron"], ["2", "3", "4", "5"]);
    let all = |letter: &str| -> Vec<String> {
        let middle = levels.iter().map(|level| format!("{level}{letter}01cron"));
        stopped.iter().map(ToString::to_string).chain(middle).chain(["6K01cron".into()]).collect()
    };
    for (call, expected) in
        [(["cron", "defaults"], all("S")), (["cron", "disable"], all("K")), (["cron", "enable"], all("S"))]
    {
        assert_eq!(twin.ours("update-rc.d", &call, &[], "").status, 0, "{call:?}");
        assert_eq!(links(&twin), expected, "{call:?}");
    }
    let outcome = twin.ours("update-rc.d", &["cron", "disable", "1"], &[], "");
    assert_eq!(outcome.status, 1);
    assert!(outcome.err.contains("disable action will have no effect on runlevel 1"), "{}", outcome.err);
}
