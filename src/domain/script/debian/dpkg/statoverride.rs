//! `dpkg-statoverride`(1): modes and owners that packages' files get instead of theirs.
//!
//! `/var/lib/dpkg/statoverride` has a line each: owner, group, mode (octal), path.

use super::super::super::process::Process;
use super::super::super::stop::Stop;
use super::super::super::system::System;
use super::super::accounts::names;
use super::super::failure::{Failure, conclude, text};
use super::{Command, file_order, pattern, usage};

const OPTIONS: [&str; 9] = ["add", "remove", "list", "update", "force", "force-*", "no-force-*", "refuse-*", "quiet"];

/// `dpkg-statoverride`.
pub(in super::super) fn dpkg_statoverride(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let result = Command::parse(process, &OPTIONS, &[]).and_then(|command| run(system, process, &command));
    conclude(system, process, result)
}

/// Lines by their paths.
type Overrides = Vec<(Vec<u8>, String)>;

fn run(system: &mut System<'_>, process: &mut Process, command: &Command) -> Result<u8, Failure> {
    if command.has("force") {
        process.complain(system, "warning: deprecated --force option; use --force-all instead")?;
    }
    let actions: Vec<&str> = ["add", "remove", "list"].into_iter().filter(|action| command.has(action)).collect();
    match actions.as_slice() {
        [] => Err(usage(process, "need an action option")),
        ["add"] => add(system, process, command),
        ["remove"] => remove(system, process, command),
        [_] => {
            let globs = &command.operands;
            let mut found = false;
            for (path, line) in load(system)? {
                if globs.is_empty() || globs.iter().any(|glob| pattern::matches(glob, &path)) {
                    process.out(system, format!("{line}\n").as_bytes())?;
                    found = true;
                }
            }
            Ok(u8::from(!found))
        }
        [one, two, ..] => Err(usage(process, &format!("conflicting actions --{two} and --{one}"))),
    }
}

fn add(system: &mut System<'_>, process: &mut Process, command: &Command) -> Result<u8, Failure> {
    let [user, group, mode, path] = command.operands.as_slice() else {
        return Err(usage(process, "--add needs four arguments"));
    };
    let path = cleaned(system, process, path)?;
    if path.contains(&b'\n') {
        return Err(usage(process, "path may not contain newlines"));
    }
    let mut all = load(system)?;
    if all.iter().any(|(other, _)| *other == path) {
        let shown = text(&path);
        if !forces(command) {
            return Err(Failure::dpkg(format!("an override for '{shown}' already exists; aborting")));
        }
        let text =
            format!("warning: an override for '{shown}' already exists, but --force specified so will be ignored");
        process.complain(system, &text)?;
        all.retain(|(other, _)| *other != path);
    }
    let uid = names::number(system, "etc/passwd", user)
        .ok_or_else(|| Failure::dpkg(format!("user '{}' does not exist", text(user))))?;
    let gid = names::number(system, "etc/group", group)
        .ok_or_else(|| Failure::dpkg(format!("group '{}' does not exist", text(group))))?;
    let bits = std::str::from_utf8(mode).ok().and_then(|mode| u32::from_str_radix(mode, 8).ok());
    let bits = bits
        .filter(|bits| *bits <= 0o7777)
        .ok_or_else(|| Failure::dpkg(format!("invalid statoverride mode {}", text(mode))))?;
    let owner = names::name(system, "etc/passwd", uid).unwrap_or_else(|| format!("#{uid}"));
    let owners = names::name(system, "etc/group", gid).unwrap_or_else(|| format!("#{gid}"));
    all.push((path.clone(), format!("{owner} {owners} {bits:o} {}", text(&path))));
    if command.has("update") {
        let real = process.path(&path);
        let done = system.change(&real, |meta| (meta.uid, meta.gid, meta.mode) = (uid, gid, bits));
        if done.is_err() && !command.has("quiet") {
            process.complain(system, &format!("warning: --update given but {} does not exist", text(&path)))?;
        }
    }
    save(system, all)?;
    Ok(0)
}

fn remove(system: &mut System<'_>, process: &mut Process, command: &Command) -> Result<u8, Failure> {
    let [path] = command.operands.as_slice() else {
        return Err(usage(process, "--remove needs a single argument"));
    };
    let path = cleaned(system, process, path)?;
    let mut all = load(system)?;
    let before = all.len();
    all.retain(|(other, _)| *other != path);
    if all.len() == before {
        if !command.has("quiet") {
            process.complain(system, "warning: no override present")?;
        }
        return Ok(if forces(command) { 0 } else { 2 });
    }
    if command.has("update") && system.exists(&process.path(&path)) && !command.has("quiet") {
        process.complain(system, "warning: --update is useless for --remove")?;
    }
    save(system, all)?;
    Ok(0)
}

fn forces(command: &Command) -> bool {
    command.has("force") || command.options.iter().any(|(name, _)| name.starts_with("force-"))
}

/// A path with one leading `/` and none at its end.
fn cleaned(system: &mut System<'_>, process: &mut Process, path: &[u8]) -> Result<Vec<u8>, Stop> {
    let mut path = path;
    if path.ends_with(b"/") {
        process.complain(system, "warning: stripping trailing /")?;
    }
    while let Some(rest) = path.strip_suffix(b"/") {
        path = rest;
    }
    while let Some(rest) = path.strip_prefix(b"/").or_else(|| path.strip_prefix(b"./")) {
        path = rest;
    }
    Ok([b"/", path].concat())
}

fn load(system: &mut System<'_>) -> Result<Overrides, Failure> {
    let bytes = super::read(system, "statoverride")?;
    let mut all = Overrides::new();
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let path = line.splitn(4, |byte| *byte == b' ').nth(3);
        let path = path.ok_or_else(|| Failure::dpkg("syntax error in statoverride file"))?;
        all.push((path.to_vec(), text(line)));
    }
    all.sort_by_key(|(path, _)| file_order::slot(path));
    Ok(all)
}

fn save(system: &mut System<'_>, mut all: Overrides) -> Result<(), Failure> {
    all.sort_by_key(|(path, _)| file_order::slot(path));
    let lines: String = all.iter().map(|(_, line)| format!("{line}\n")).collect();
    super::write(system, "statoverride", lines.into_bytes(), true)
}
