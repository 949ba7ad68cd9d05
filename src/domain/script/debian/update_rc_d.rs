//! `update-rc.d`(8): links in `/etc/rc?.d` to init scripts, by the levels that their headers name.
//!
//! As Debian's Perl program does it where neither `insserv` nor OpenRC is installed: links are `S01NAME` and `K01NAME`,
//! and a script that has any link keeps those it has.

use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::failure::{Failure, conclude, text};
use super::systemd::{Scope, disable, enable};

const USAGE: &str = "\
usage: update-rc.d [-f] <basename> remove
       update-rc.d [-f] <basename> defaults
       update-rc.d [-f] <basename> defaults-disabled
       update-rc.d <basename> disable|enable [S|2|3|4|5]
\t\t-f: force

The disable|enable API is not stable and might change in the future.
";

/// `update-rc.d`.
pub(super) fn update_rc_d(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let result = run(system, process);
    conclude(system, process, result)
}

fn usage(system: &mut System<'_>, process: &mut Process, error: &str) -> Result<u8, Failure> {
    if !error.is_empty() {
        process.complain(system, &format!("error: {error}"))?;
    }
    process.write(system, 2, USAGE.as_bytes()).map(drop)?;
    Ok(1)
}

fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Failure> {
    let args: Vec<String> = process.arguments().iter().map(|arg| text(arg)).collect();
    let options = args.iter().take_while(|arg| arg.starts_with('-')).count();
    let (options, words) = args.split_at(options);
    if let Some(option) = options.iter().find(|option| *option != "-f") {
        return usage(system, process, if matches!(option.as_str(), "-h" | "--help") { "" } else { "unknown option" });
    }
    let [script, action, levels @ ..] = words else { return usage(system, process, "not enough arguments") };
    for other in ["sbin/insserv", "usr/lib/insserv/insserv", "sbin/openrc"] {
        if system.exists(other.as_bytes()) {
            return Err(Stop::unsupported("update-rc.d", format!("with {other}")).into());
        }
    }
    match action.as_str() {
        "remove" => {
            for (path, _) in links(system, script) {
                unlink(system, &path)?;
            }
        }
        "defaults" | "start" | "stop" => defaults(system, process, script, 'S')?,
        "defaults-disabled" => defaults(system, process, script, 'K')?,
        "disable" | "enable" => {
            toggle(system, process, script, action == "enable", levels)?;
            if process.env.get(&b"_SKIP_SYSTEMD_NATIVE"[..]).is_none_or(|value| value != b"1") {
                let unit = format!("{script}.service");
                if action == "enable" {
                    enable(system, Scope::System, &unit)?;
                } else {
                    disable(system, Scope::System, &unit)?;
                }
            }
        }
        _ => return usage(system, process, ""),
    }
    Ok(0)
}

/// A script's links with their levels.
fn links(system: &System<'_>, script: &str) -> Vec<(String, char)> {
    let mut found = Vec::new();
    for folder in system.names(b"etc").unwrap_or_default() {
        let folder = text(&folder);
        let level = folder.strip_prefix("rc").and_then(|rest| rest.strip_suffix(".d"));
        let mut letters = level.unwrap_or_default().chars();
        let (Some(level), None) = (letters.next(), letters.next()) else { continue };
        for name in system.names(format!("etc/{folder}").as_bytes()).unwrap_or_default() {
            let name = text(&name);
            let start = name.get(..3).unwrap_or_default().as_bytes();
            let numbered = matches!(start, [b'S' | b'K', b'0'..=b'9', b'0'..=b'9']);
            if numbered && name.get(3..) == Some(script) {
                found.push((format!("etc/{folder}/{name}"), level));
            }
        }
    }
    found
}

fn defaults(system: &mut System<'_>, process: &mut Process, script: &str, start: char) -> Result<(), Failure> {
    if !links(system, script).is_empty() {
        return Ok(());
    }
    let path = format!("etc/init.d/{script}");
    let Some((starts, stops)) = levels(system, &path) else {
        process.complain(system, &format!("error: unable to read /{path}"))?;
        return Err(Failure::Exit(1, format!("error: unable to read /{path}")));
    };
    for (letter, level) in starts.iter().map(|level| (start, level)).chain(stops.iter().map(|level| ('K', level))) {
        let folder = format!("etc/rc{level}.d");
        if !system.exists(folder.as_bytes()) {
            system.mkdir(folder.as_bytes(), 0o755).map_err(|error| Failure::call("mkdir", folder.as_bytes(), error))?;
        }
        let link = format!("{folder}/{letter}01{script}");
        // A link that is there stays.
        let _ = system.symlink(format!("../init.d/{script}").as_bytes(), link.as_bytes());
    }
    Ok(())
}

/// `Default-Start` and `Default-Stop` of a script's header.
fn levels(system: &mut System<'_>, path: &str) -> Option<(Vec<String>, Vec<String>)> {
    let bytes = system.read(path.as_bytes()).ok()?;
    let (mut starts, mut stops, mut inside) = (Vec::new(), Vec::new(), false);
    for line in text(&bytes).lines() {
        match line.trim_end() {
            "### BEGIN INIT INFO" => inside = true,
            "### END INIT INFO" => break,
            line if inside => {
                let words = |rest: &str| rest.split_whitespace().map(str::to_owned).collect();
                if let Some(rest) = line.strip_prefix("# Default-Start:") {
                    starts = words(rest);
                } else if let Some(rest) = line.strip_prefix("# Default-Stop:") {
                    stops = words(rest);
                }
            }
            _ => {}
        }
    }
    Some((starts, stops))
}

fn toggle(
    system: &mut System<'_>,
    process: &mut Process,
    script: &str,
    enabled: bool,
    wanted: &[String],
) -> Result<(), Failure> {
    let mut wanted = wanted.to_vec();
    if wanted.is_empty() {
        wanted = levels(system, &format!("etc/init.d/{script}"))
            .ok_or_else(|| Failure::Exit(1, format!("error: cannot find a LSB script for {script}")))?
            .0;
        if wanted.is_empty() {
            return Err(Failure::Exit(1, format!("error: {script} Default-Start contains no runlevels, aborting.")));
        }
    }
    let action = if enabled { "enable" } else { "disable" };
    for level in wanted.iter().filter(|level| !matches!(level.as_str(), "S" | "2" | "3" | "4" | "5")) {
        process.complain(system, &format!("warning: {action} action will have no effect on runlevel {level}"))?;
    }
    let toggled: Vec<String> = links(system, script)
        .into_iter()
        .filter(|(_, level)| matches!(level, 'S' | '2'..='5') && wanted.iter().any(|other| *other == level.to_string()))
        .map(|(path, _)| path)
        .collect();
    if toggled.is_empty() {
        return Err(Failure::Exit(1, "error: no runlevel symlinks to modify, aborting!".into()));
    }
    let (from, to) = if enabled { ("/K", "/S") } else { ("/S", "/K") };
    for path in toggled {
        if let Some(at) = path.rfind(from) {
            let new = format!("{}{to}{}", path.get(..at).unwrap_or_default(), path.get(at + 2..).unwrap_or_default());
            system
                .rename(path.as_bytes(), new.as_bytes())
                .map_err(|error| Failure::Exit(1, format!("error: {error}")))?;
        }
    }
    Ok(())
}

fn unlink(system: &mut System<'_>, path: &str) -> Result<(), Failure> {
    system.unlink(path.as_bytes()).map_err(|error| Failure::call("unlink", path.as_bytes(), error))
}
