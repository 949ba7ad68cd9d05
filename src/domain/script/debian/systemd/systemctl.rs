//! `systemctl`(1) in a tree without a running manager, and `deb-systemd-invoke`(1p), which would call it.

use super::super::super::process::Process;
use super::super::super::stop::Stop;
use super::super::super::system::System;
use super::super::dpkg::pattern;
use super::super::failure::{Failure, conclude, text};
use super::unit::{Scope, disable, enable, find, links, make_link, tree, unlink};

/// What only a running manager does; `systemctl` ignores it in a chroot.
const ONLINE: [&str; 26] = [
    "start",
    "stop",
    "restart",
    "reload",
    "try-restart",
    "condrestart",
    "reload-or-restart",
    "try-reload-or-restart",
    "force-reload",
    "isolate",
    "kill",
    "is-active",
    "is-failed",
    "is-system-running",
    "status",
    "show",
    "list-units",
    "list-sockets",
    "list-timers",
    "list-jobs",
    "daemon-reload",
    "daemon-reexec",
    "reset-failed",
    "set-property",
    "show-environment",
    "try-reload",
];

/// `systemctl`.
pub(in super::super) fn systemctl(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let result = run(system, process);
    conclude(system, process, result)
}

fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Failure> {
    let (mut quiet, mut scope, mut enable_only, mut now) = (false, Scope::System, false, false);
    let mut words = Vec::new();
    for arg in process.arguments() {
        match text(arg).as_str() {
            "--quiet" | "-q" => quiet = true,
            "--user" | "--global" => scope = Scope::User,
            "--preset-mode=enable-only" => enable_only = true,
            "--now" => now = true,
            "--system" | "--root=/" | "--no-reload" | "--no-block" | "--no-pager" | "--no-ask-password" | "--force"
            | "-f" | "--" => {}
            option if option.starts_with('-') => {
                return Err(Stop::unsupported("systemctl", format!("option {option}")).into());
            }
            word => words.push(word.to_owned()),
        }
    }
    let Some((verb, units)) = words.split_first() else {
        return Err(Stop::unsupported("systemctl", "without a command").into());
    };
    if ONLINE.contains(&verb.as_str()) {
        if !quiet {
            let text = format!("Running in chroot, ignoring command '{verb}'\n");
            process.write(system, 2, text.as_bytes()).map(drop)?;
        }
        system.leave_out("systemctl: no service manager runs, so no service was started, stopped or asked");
        return Ok(0);
    }
    let _ = now; // What is not running cannot start now.
    let mut status = u8::from(verb == "is-enabled");
    for unit in units {
        let unit = if unit.contains('.') { unit.clone() } else { format!("{unit}.service") };
        let known = find(system, scope, &unit) != unit;
        let native = known || unit.contains('@');
        match verb.as_str() {
            "enable" | "disable" | "preset" if !native => {
                let script = unit.trim_end_matches(".service");
                if system.exists(format!("etc/init.d/{script}").as_bytes()) {
                    let skipped = process.env.contains_key(&b"SYSTEMCTL_SKIP_SYSV"[..]);
                    if skipped {
                        continue;
                    }
                    return Err(Stop::unsupported("systemctl", format!("{verb} of the init script {script}")).into());
                }
                let text = format!("Failed to {verb} unit: Unit file {unit} does not exist.\n");
                process.write(system, 2, text.as_bytes()).map(drop)?;
                status = 1;
            }
            "enable" => {
                for (path, target) in enable(system, scope, &unit)? {
                    report(system, process, quiet, &format!("Created symlink {path} → {target}."))?;
                }
            }
            "disable" => {
                for path in disable(system, scope, &unit)? {
                    report(system, process, quiet, &format!("Removed \"{path}\"."))?;
                }
            }
            "preset" => preset(system, process, scope, &unit, enable_only, quiet)?,
            "mask" => {
                let path = format!("{}/{unit}", scope.folder());
                if system.lstat(tree(&path)).is_err() {
                    make_link(system, "/dev/null", &path)?;
                    report(system, process, quiet, &format!("Created symlink {path} → /dev/null."))?;
                }
            }
            "unmask" => {
                let path = format!("{}/{unit}", scope.folder());
                if system.lstat(tree(&path)).is_ok_and(|node| node.target() == Some(b"/dev/null")) {
                    unlink(system, &path)?;
                    report(system, process, quiet, &format!("Removed \"{path}\"."))?;
                }
            }
            "is-enabled" => {
                let path = format!("{}/{unit}", scope.folder());
                let masked = system.lstat(tree(&path)).is_ok_and(|node| node.target() == Some(b"/dev/null"));
                let all = links(system, scope, &unit)?;
                let word = match (masked, known) {
                    (true, _) => "masked",
                    (false, false) => {
                        let text = format!("Failed to get unit file state for {unit}: No such file or directory\n");
                        process.write(system, 2, text.as_bytes()).map(drop)?;
                        continue;
                    }
                    _ if all.iter().any(|link| system.lstat(tree(&link.path)).is_ok()) => "enabled",
                    _ if all.is_empty() => "static",
                    _ => "disabled",
                };
                if matches!(word, "enabled" | "static") {
                    status = 0;
                }
                if !quiet {
                    process.out(system, format!("{word}\n").as_bytes())?;
                }
            }
            _ => return Err(Stop::unsupported("systemctl", format!("command {verb}")).into()),
        }
    }
    Ok(status)
}

fn report(system: &mut System<'_>, process: &mut Process, quiet: bool, text: &str) -> Result<(), Stop> {
    if quiet { Ok(()) } else { process.write(system, 2, format!("{text}\n").as_bytes()).map(drop) }
}

/// Enables or disables a unit as `systemd.preset`(5) says: the first line that matches counts, and `enable` without one.
pub(super) fn preset(
    system: &mut System<'_>,
    process: &mut Process,
    scope: Scope,
    unit: &str,
    enable_only: bool,
    quiet: bool,
) -> Result<(), Failure> {
    if presets(system, scope, unit)? {
        for (path, target) in enable(system, scope, unit)? {
            report(system, process, quiet, &format!("Created symlink {path} → {target}."))?;
        }
    } else if !enable_only {
        for path in disable(system, scope, unit)? {
            report(system, process, quiet, &format!("Removed \"{path}\"."))?;
        }
    }
    Ok(())
}

fn presets(system: &mut System<'_>, scope: Scope, unit: &str) -> Result<bool, Failure> {
    let folder = format!("systemd/{}-preset", scope.name());
    // A file of an earlier folder hides those of its name in later ones; all are read in order of their names.
    let mut files = std::collections::BTreeMap::new();
    for parent in ["etc", "run", "usr/local/lib", "usr/lib", "lib"] {
        let folder = format!("{parent}/{folder}");
        for name in system.names(folder.as_bytes()).unwrap_or_default() {
            if name.ends_with(b".preset") {
                let path = format!("{folder}/{}", text(&name));
                files.entry(name).or_insert(path);
            }
        }
    }
    for path in files.into_values() {
        let bytes = system.read(path.as_bytes()).map(|bytes| bytes.to_vec()).unwrap_or_default();
        for line in text(&bytes).lines() {
            system.budget.step(1)?;
            let mut words = line.split_whitespace();
            let verdict = match words.next() {
                Some("enable") => true,
                Some("disable") => false,
                _ => continue,
            };
            if words.next().is_some_and(|glob| pattern::matches(glob.as_bytes(), unit.as_bytes())) {
                return Ok(verdict);
            }
        }
    }
    Ok(true)
}

/// `deb-systemd-invoke`: nothing runs, so there is nothing to start.
pub(in super::super) fn deb_systemd_invoke(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    if process.arguments().len() < 2 {
        let name = process.args.first().map(|name| text(name)).unwrap_or_default();
        let text = format!("Syntax: {name} <action> <unit file> [<unit file> ...]\n");
        process.write(system, 2, text.as_bytes()).map(drop)?;
        return Ok(1);
    }
    system.leave_out("deb-systemd-invoke: no service manager runs, so no service was started, stopped or asked");
    Ok(0)
}
