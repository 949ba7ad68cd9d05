//! mkdir(1) and rmdir(1), and the making of parents for install(1).

use super::mode::Mode;
use super::operand::{failed, folder, join, path, quoted, trimmed};
use super::options::{self, Known, Order, Takes};
use crate::domain::script::errno::Errno;
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

const MKDIR: &[Known] = &[
    ("p", "parents", Takes::Nothing),
    ("m", "mode", Takes::Value),
    ("v", "verbose", Takes::Nothing),
    ("Z", "", Takes::Nothing),
    ("", "context", Takes::Optional),
];
const RMDIR: &[Known] = &[
    ("p", "parents", Takes::Nothing),
    ("v", "verbose", Takes::Nothing),
    ("", "ignore-fail-on-non-empty", Takes::Nothing),
];

/// Runs `mkdir`.
pub(super) fn mkdir(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let Some(line) = options::read(system, process, MKDIR, Order::Permuted)? else { return Ok(1) };
    let (mut parents, mut verbose, mut mode) = (false, false, None);
    for option in &line.options {
        match option.name {
            "parents" => parents = true,
            "verbose" => verbose = true,
            // Without SELinux nothing has a context.
            "Z" => {}
            "mode" => match Mode::parse(option.text()) {
                Some(parsed) => mode = Some(parsed),
                None => {
                    process.complain(system, &format!("invalid mode {}", quoted(option.text())))?;
                    return Ok(1);
                }
            },
            _ => return Err(option.unmodelled("mkdir")),
        }
    }
    if line.operands.is_empty() {
        return options::misused(system, process, "missing operand", 1);
    }
    let mut fine = true;
    for name in &line.operands {
        fine &= make(system, process, name, mode.as_ref(), parents, verbose)?;
    }
    Ok(u8::from(!fine))
}

/// Makes one directory, with those that lead to it where `parents` says so; whether that worked, after a complaint.
pub(super) fn make(
    system: &mut System<'_>,
    process: &mut Process,
    name: &[u8],
    mode: Option<&Mode>,
    parents: bool,
    verbose: bool,
) -> Result<bool, Stop> {
    if parents {
        for above in ancestors(name) {
            system.budget.step(1)?;
            match one(system, process, &above, (0o777 & !process.umask) | 0o300, verbose)? {
                Ok(()) => {}
                Err(Errno::Exists) if leads_to_folder(system, process, &above) => {}
                Err(Errno::Exists) => return complain(system, process, &above, Errno::NotADirectory),
                Err(error) => return complain(system, process, &above, error),
            }
        }
    }
    let bits = mode.map_or(0o777 & !process.umask, |mode| mode.apply(0o777, true, process.umask));
    match one(system, process, name, bits, verbose)? {
        Ok(()) => {
            // What mkdir(2) takes from the folder above (set-group-ID) stays unless the mode speaks of it.
            if let (Some(mode), Ok(at)) = (mode, path(process, name)) {
                let umask = process.umask;
                let _ = system
                    .change(trimmed(&at), |meta| meta.mode = mode.apply((meta.mode & 0o6000) | 0o777, true, umask));
            }
            Ok(true)
        }
        Err(Errno::Exists) if parents && leads_to_folder(system, process, name) => Ok(true),
        Err(error) => complain(system, process, name, error),
    }
}

fn complain(system: &mut System<'_>, process: &mut Process, name: &[u8], error: Errno) -> Result<bool, Stop> {
    failed(system, process, "cannot create directory", name, error)
}

fn one(
    system: &mut System<'_>,
    process: &mut Process,
    name: &[u8],
    bits: u32,
    verbose: bool,
) -> Result<Result<(), Errno>, Stop> {
    let made = path(process, name).and_then(|at| system.mkdir(&at, bits));
    if made.is_ok() && verbose {
        let verb = if process.name() == "install" { "creating" } else { "created" };
        let line = format!("{}: {verb} directory {}\n", process.name(), quoted(name));
        process.out(system, line.as_bytes())?;
    }
    Ok(made)
}

fn leads_to_folder(system: &System<'_>, process: &Process, name: &[u8]) -> bool {
    path(process, name).and_then(|at| system.stat(&at).map(|node| node.is_directory())).unwrap_or(false)
}

/// The names of the directories that lead to `name`, the first one first.
fn ancestors(name: &[u8]) -> Vec<Vec<u8>> {
    let name = trimmed(name);
    let mut all = Vec::new();
    let mut so_far: Vec<u8> = if name.starts_with(b"/") { b"/".to_vec() } else { Vec::new() };
    let parts: Vec<&[u8]> = name.split(|byte| *byte == b'/').filter(|part| !part.is_empty()).collect();
    for part in parts.iter().take(parts.len().saturating_sub(1)) {
        so_far = join(&so_far, part);
        all.push(so_far.clone());
    }
    all
}

/// Runs `rmdir`.
pub(super) fn rmdir(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let Some(line) = options::read(system, process, RMDIR, Order::Permuted)? else { return Ok(1) };
    let (mut parents, mut verbose, mut lenient) = (false, false, false);
    for option in &line.options {
        match option.name {
            "parents" => parents = true,
            "verbose" => verbose = true,
            "ignore-fail-on-non-empty" => lenient = true,
            _ => return Err(option.unmodelled("rmdir")),
        }
    }
    if line.operands.is_empty() {
        return options::misused(system, process, "missing operand", 1);
    }
    let mut fine = true;
    for name in &line.operands {
        let mut at: &[u8] = name;
        loop {
            system.budget.step(1)?;
            if verbose {
                let text = format!("{}: removing directory, {}\n", process.name(), quoted(at));
                process.out(system, text.as_bytes())?;
            }
            match path(process, at).and_then(|at| system.rmdir(&at)) {
                Ok(()) => {}
                Err(Errno::NotEmpty) if lenient => break,
                Err(error) => {
                    let what = if at == name.as_slice() { "failed to remove" } else { "failed to remove directory" };
                    fine &= failed(system, process, what, at, error)?;
                    break;
                }
            }
            let above = folder(at);
            if !parents || above == b"." && !at.starts_with(b"./") || above == b"/" {
                break;
            }
            at = above;
        }
    }
    Ok(u8::from(!fine))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ancestors_come_in_order() {
        assert_eq!(ancestors(b"/a//b/c/"), [b"/a".to_vec(), b"/a/b".to_vec()]);
        assert!(ancestors(b"a").is_empty() && ancestors(b"/").is_empty());
    }
}
