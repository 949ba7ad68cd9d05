//! touch(1). There are modification times only: an access time that is set is lost.

use super::clock;
use super::operand::{failed, path, quoted, trimmed};
use super::options::{self, Known, Order, Takes};
use crate::domain::script::errno::Errno;
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

const OPTIONS: &[Known] = &[
    ("a", "", Takes::Nothing),
    ("m", "", Takes::Nothing),
    ("c", "no-create", Takes::Nothing),
    ("h", "no-dereference", Takes::Nothing),
    ("r", "reference", Takes::Value),
    ("d", "date", Takes::Value),
    ("t", "", Takes::Value),
    ("f", "", Takes::Nothing),
    ("", "time", Takes::Value),
];

/// Runs `touch`.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let Some(line) = options::read(system, process, OPTIONS, Order::Permuted)? else { return Ok(1) };
    let (mut access, mut modification, mut create, mut follow) = (false, false, true, true);
    let mut time = system.epoch.seconds();
    for option in &line.options {
        match (option.name, option.text()) {
            ("a", _) | ("time", b"access" | b"atime" | b"use") => access = true,
            ("m", _) | ("time", b"modify" | b"mtime") => modification = true,
            ("no-create", _) => create = false,
            ("no-dereference", _) => (create, follow) = (false, false),
            ("f", _) => {}
            ("reference", file) => {
                match path(process, file).and_then(|at| system.stat(&at).map(|node| node.meta.mtime)) {
                    Ok(mtime) => time = mtime,
                    Err(error) => {
                        failed(system, process, "failed to get attributes of", file, error)?;
                        return Ok(1);
                    }
                }
            }
            ("date", text) => time = clock::read("touch", text, system.epoch)?,
            ("t", text) => match clock::read_stamp(text, system.epoch) {
                Some(stamp) => time = stamp,
                None => {
                    process.complain(system, &format!("invalid date format {}", quoted(text)))?;
                    return Ok(1);
                }
            },
            _ => return Err(option.unmodelled("touch")),
        }
    }
    if line.operands.is_empty() {
        return options::misused(system, process, "missing file operand", 1);
    }
    let dated = !access || modification;
    let mut fine = true;
    for name in &line.operands {
        system.budget.step(1)?;
        match touch(system, process, name, (create, follow), dated.then_some(time)) {
            Ok(()) => {}
            Err(Errno::Missing) if !create && follow => {}
            Err(error) => fine &= failed(system, process, "cannot touch", name, error)?,
        }
    }
    Ok(u8::from(!fine))
}

fn touch(
    system: &mut System<'_>,
    process: &Process,
    name: &[u8],
    (create, follow): (bool, bool),
    time: Option<i64>,
) -> Result<(), Errno> {
    let at = path(process, name)?;
    let found = if follow { system.stat(&at) } else { system.lstat(&at) };
    match found {
        Ok(_) => {}
        Err(Errno::Missing) if create && !name.ends_with(b"/") => system.write_file(&at, Vec::new(), process.umask)?,
        Err(error) => return Err(error),
    }
    let real = if follow { system.tree.real_path(&at)?.unwrap_or(at) } else { trimmed(&at).to_vec() };
    match time {
        // A device of the machine has no place in the tree.
        Some(time) if system.tree.lookup(&real)?.is_some() => system.change(&real, |meta| meta.mtime = time),
        _ => Ok(()),
    }
}
