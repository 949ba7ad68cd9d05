//! `dpkg-divert`(1): moves a package's path aside for all others.

use super::super::super::errno::Errno;
use super::super::super::process::Process;
use super::super::super::stop::Stop;
use super::super::super::system::System;
use super::super::failure::{Failure, conclude, text};
use super::diversions::{self, By, Diversion};
use super::{Command, pattern, usage};

const OPTIONS: [&str; 12] = [
    "add",
    "remove",
    "list",
    "listpackage",
    "truename",
    "divert=",
    "package=",
    "local",
    "rename",
    "no-rename",
    "quiet",
    "admindir=",
];

/// `dpkg-divert`.
pub(in super::super) fn dpkg_divert(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let result = Command::parse(process, &OPTIONS, &[]).and_then(|command| run(system, process, &command));
    conclude(system, process, result)
}

fn run(system: &mut System<'_>, process: &mut Process, command: &Command) -> Result<u8, Failure> {
    let actions: Vec<&str> =
        ["add", "remove", "list", "listpackage", "truename"].into_iter().filter(|action| command.has(action)).collect();
    let action = match actions.as_slice() {
        [] => "add",
        [one] => one,
        [one, two, ..] => return Err(usage(process, &format!("conflicting actions --{two} and --{one}"))),
    };
    let renames =
        command.options.iter().rev().find(|(name, _)| name.ends_with("rename")).map(|(name, _)| name == "rename");
    if matches!(action, "add" | "remove") && renames.is_none() {
        let text = "warning: please specify --no-rename explicitly, the default will change to --rename in 1.20.x";
        process.complain(system, text)?;
    }
    if action == "list" {
        let all = diversions::load(system)?;
        for diversion in all {
            let names: [&[u8]; 3] = [&diversion.from, diversion.to.as_deref().unwrap_or_default(), by(&diversion)];
            let listed = command.operands.is_empty()
                || command.operands.iter().any(|glob| names.iter().any(|name| pattern::matches(glob, name)));
            if listed {
                process.out(system, format!("{diversion}\n").as_bytes())?;
            }
        }
        return Ok(0);
    }
    let [path] = command.operands.as_slice() else {
        return Err(usage(process, &format!("--{action} needs a single argument")));
    };
    let absolute = path.first() == Some(&b'/');
    if !absolute && matches!(action, "add" | "remove") {
        return Err(usage(process, &format!("filename \"{}\" is not absolute", text(path))));
    }
    match action {
        "add" => add(system, process, command, path, renames.unwrap_or(false)),
        "remove" => remove(system, process, command, path, renames.unwrap_or(false)),
        _ => {
            let all = diversions::load(system)?;
            let found = all.iter().find(|diversion| diversion.from == *path);
            let line = match (action, found) {
                ("truename", None) => path.clone(),
                ("truename", Some(diversion)) => diversion.to.clone().unwrap_or_default(),
                (_, None) => return Ok(0),
                (_, Some(diversion)) if diversion.by == By::Local => b"LOCAL".to_vec(),
                (_, Some(diversion)) => by(diversion).to_vec(),
            };
            process.out(system, &[line.as_slice(), b"\n"].concat())?;
            Ok(0)
        }
    }
}

fn by(diversion: &Diversion) -> &[u8] {
    match &diversion.by {
        By::Package(package) => package,
        By::Local | By::Any => b":",
    }
}

/// What the command line says of the diversion.
fn wanted(process: &Process, command: &Command, path: &[u8], open: bool) -> Result<Diversion, Failure> {
    let to = command.value("divert").map(<[u8]>::to_vec);
    if let Some(to) = &to {
        if to.first() != Some(&b'/') {
            return Err(usage(process, &format!("filename \"{}\" is not absolute", text(to))));
        }
        if to.contains(&b'\n') {
            return Err(usage(process, "divert-to may not contain newlines"));
        }
        if to == path {
            return Err(usage(process, &format!("cannot divert file '{}' to itself", text(path))));
        }
    }
    if path.contains(&b'\n') {
        return Err(usage(process, "file may not contain newlines"));
    }
    let to = if open { to } else { to.or_else(|| Some([path, b".distrib"].concat())) };
    // The last one counts; without one, a script's package does.
    let last =
        command.options.iter().rev().map(|(name, _)| name.as_str()).find(|name| ["package", "local"].contains(name));
    let script = process.env.get(&b"DPKG_MAINTSCRIPT_PACKAGE"[..]);
    let by = match (last, command.value("package"), script) {
        (Some("local"), ..) => By::Local,
        (_, Some(package), _) => By::Package(package.to_ascii_lowercase()),
        (_, None, Some(package)) => By::Package(package.clone()),
        (_, None, None) if open => By::Any,
        (_, None, None) => By::Local,
    };
    Ok(Diversion { from: path.to_vec(), to, by })
}

fn add(
    system: &mut System<'_>,
    process: &mut Process,
    command: &Command,
    path: &[u8],
    rename: bool,
) -> Result<u8, Failure> {
    let new = wanted(process, command, path, false)?;
    let to = new.to.clone().unwrap_or_default();
    if system.lstat(&process.path(path)).is_ok_and(|node| node.is_directory()) {
        return Err(usage(process, "cannot divert directories"));
    }
    let mut all = diversions::load(system)?;
    for old in &all {
        let touches = old.from == new.from || old.from == to || old.to.as_ref() == Some(&new.from) || old.to == new.to;
        if !touches {
            continue;
        }
        if *old == new {
            if rename
                && !system.exists(&process.path(&to))
                && system.lstat(&process.path(path)).is_ok()
                && !owned(system, &new)?
            {
                move_aside(system, process, path, &to)?;
            }
            say(system, process, command, &format!("Leaving '{old}'"))?;
            return Ok(0);
        }
        return Err(Failure::dpkg(format!("'{new}' clashes with '{old}'")));
    }
    say(system, process, command, &format!("Adding '{new}'"))?;
    let moves = rename && movable(system, process, path, &to, &new)?;
    all.push(new);
    diversions::save(system, &mut all)?;
    if moves {
        move_aside(system, process, path, &to)?;
    }
    Ok(0)
}

fn remove(
    system: &mut System<'_>,
    process: &mut Process,
    command: &Command,
    path: &[u8],
    rename: bool,
) -> Result<u8, Failure> {
    let question = wanted(process, command, path, true)?;
    let mut all = diversions::load(system)?;
    let Some(at) = all.iter().position(|diversion| diversion.from == path) else {
        say(system, process, command, &format!("No diversion '{question}', none removed."))?;
        return Ok(0);
    };
    let found = all.remove(at);
    let mismatch =
        |what: &str| Err(Failure::dpkg(format!("mismatch on {what}\n  when removing '{question}'\n  found '{found}'")));
    if question.to.is_some() && question.to != found.to {
        return mismatch("divert-to");
    }
    if question.by != By::Any && question.by != found.by {
        return mismatch("package");
    }
    let to = found.to.clone().unwrap_or_default();
    say(system, process, command, &format!("Removing '{found}'"))?;
    let moves = rename && movable(system, process, &to, path, &found)?;
    diversions::save(system, &mut all)?;
    if moves {
        move_aside(system, process, &to, path)?;
    }
    Ok(0)
}

/// Whether a file has to move: it is there, and is not the diverting package's own.
fn movable(
    system: &mut System<'_>,
    process: &mut Process,
    from: &[u8],
    to: &[u8],
    diversion: &Diversion,
) -> Result<bool, Failure> {
    let here = system.lstat(&process.path(from)).is_ok();
    let taken = system.lstat(&process.path(to)).is_ok();
    if !here {
        return Ok(false);
    }
    if from == diversion.from && owned(system, diversion)? {
        let package = text(by(diversion));
        let from = text(from);
        let text = format!("Ignoring request to rename file '{from}' owned by diverting package '{package}'\n");
        process.out(system, text.as_bytes())?;
        return Ok(false);
    }
    if taken {
        let same = match (system.lstat(&process.path(from)), system.lstat(&process.path(to))) {
            (Ok(a), Ok(b)) => a.inode == b.inode,
            _ => false,
        };
        if !same {
            let (from, to) = (text(from), text(to));
            let text =
                format!("error: rename involves overwriting '{to}' with\n  different file '{from}', not allowed");
            return Err(Failure::Exit(2, text));
        }
    }
    Ok(true)
}

/// Whether the diverted path is in the list of the package that diverts it.
fn owned(system: &mut System<'_>, diversion: &Diversion) -> Result<bool, Failure> {
    let By::Package(package) = &diversion.by else { return Ok(false) };
    let list = super::list::of(system, package)?;
    Ok(list.is_some_and(|list| list.contains(&diversion.from)))
}

fn move_aside(system: &mut System<'_>, process: &Process, from: &[u8], to: &[u8]) -> Result<(), Failure> {
    let (source, target) = (process.path(from), process.path(to));
    system.rename(&source, &target).map_err(|error: Errno| {
        let (from, to) = (text(from), text(to));
        Failure::dpkg(format!("rename: cannot rename '{from}' to '{to}': {error}"))
    })
}

fn say(system: &mut System<'_>, process: &mut Process, command: &Command, text: &str) -> Result<(), Stop> {
    if command.has("quiet") {
        return Ok(());
    }
    process.out(system, format!("{text}\n").as_bytes())
}
