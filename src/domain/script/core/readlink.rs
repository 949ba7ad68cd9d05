//! readlink(1) and realpath(1).

use super::canonical::{Existing, absolute, canonical, relative};
use super::operand::path;
use super::options::{self, Known, Order, Takes};
use crate::domain::script::errno::Errno;
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

const READLINK: &[Known] = &[
    ("f", "canonicalize", Takes::Nothing),
    ("e", "canonicalize-existing", Takes::Nothing),
    ("m", "canonicalize-missing", Takes::Nothing),
    ("n", "no-newline", Takes::Nothing),
    ("qs", "quiet", Takes::Nothing),
    ("", "silent", Takes::Nothing),
    ("v", "verbose", Takes::Nothing),
    ("z", "zero", Takes::Nothing),
];
const REALPATH: &[Known] = &[
    ("e", "canonicalize-existing", Takes::Nothing),
    ("m", "canonicalize-missing", Takes::Nothing),
    ("E", "canonicalize", Takes::Nothing),
    ("L", "logical", Takes::Nothing),
    ("P", "physical", Takes::Nothing),
    ("q", "quiet", Takes::Nothing),
    ("s", "strip", Takes::Nothing),
    ("", "no-symlinks", Takes::Nothing),
    ("z", "zero", Takes::Nothing),
    ("", "relative-to", Takes::Value),
    ("", "relative-base", Takes::Value),
];

/// Runs `readlink`.
pub(super) fn readlink(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let Some(line) = options::read(system, process, READLINK, Order::Permuted)? else { return Ok(1) };
    let (mut existing, mut end, mut newline, mut verbose) = (None, b"\n", true, false);
    for option in &line.options {
        match option.name {
            "canonicalize" => existing = Some(Existing::AllButLast),
            "canonicalize-existing" => existing = Some(Existing::All),
            "canonicalize-missing" => existing = Some(Existing::Nothing),
            "no-newline" => newline = false,
            "quiet" | "silent" => verbose = false,
            "verbose" => verbose = true,
            "zero" => end = b"\0",
            _ => return Err(option.unmodelled("readlink")),
        }
    }
    if line.operands.is_empty() {
        return options::misused(system, process, "missing operand", 1);
    }
    let newline = newline || line.operands.len() > 1;
    let mut status = 0;
    for name in &line.operands {
        system.budget.step(1)?;
        let found = match existing {
            Some(existing) => canonical(system, process, name, existing),
            None => path(process, name).and_then(|at| {
                let target = system.lstat(&at)?.target().map(<[u8]>::to_vec);
                target.ok_or(Errno::Invalid)
            }),
        };
        match found {
            Ok(text) => process.out(system, &[text.as_slice(), if newline { end } else { b"" }].concat())?,
            Err(error) => {
                status = 1;
                if verbose {
                    process.complain(system, &format!("{}: {error}", String::from_utf8_lossy(name)))?;
                }
            }
        }
    }
    Ok(status)
}

/// Runs `realpath`.
pub(super) fn realpath(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let Some(line) = options::read(system, process, REALPATH, Order::Permuted)? else { return Ok(1) };
    let (mut existing, mut links, mut quiet, mut end, mut to) = (Existing::AllButLast, true, false, b"\n", None);
    for option in &line.options {
        match option.name {
            "canonicalize-existing" => existing = Existing::All,
            "canonicalize-missing" => existing = Existing::Nothing,
            "canonicalize" => existing = Existing::AllButLast,
            "physical" => {}
            "quiet" => quiet = true,
            "strip" | "no-symlinks" => links = false,
            "zero" => end = b"\0",
            "relative-to" => to = option.value.clone(),
            _ => return Err(option.unmodelled("realpath")),
        }
    }
    if line.operands.is_empty() {
        return options::misused(system, process, "missing operand", 1);
    }
    if !links && existing == Existing::All {
        return Err(Stop::unsupported("realpath", "options -e and -s together"));
    }
    let find = |system: &System<'_>, process: &Process, name: &[u8]| {
        if !links && !name.is_empty() {
            return Ok(absolute(process, name));
        }
        canonical(system, process, name, existing)
    };
    let mut status = 0;
    let base = to.as_deref().map(|to| find(system, process, to));
    for name in &line.operands {
        system.budget.step(1)?;
        let found = find(system, process, name).and_then(|found| match &base {
            Some(Ok(base)) => Ok(relative(base, &found)),
            Some(Err(error)) => Err(*error),
            None => Ok(found),
        });
        match found {
            Ok(text) => process.out(system, &[text.as_slice(), end].concat())?,
            Err(error) => {
                status = 1;
                if !quiet {
                    process.complain(system, &format!("{}: {error}", String::from_utf8_lossy(name)))?;
                }
            }
        }
    }
    Ok(status)
}
