//! dirname(1) and basename(1).

use super::operand::{folder, last, quoted};
use super::options::{self, Known, Order, Takes};
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

/// Runs `dirname`.
pub(super) fn dirname(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    const OPTIONS: &[Known] = &[("z", "zero", Takes::Nothing)];
    let Some(line) = options::read(system, process, OPTIONS, Order::Permuted)? else { return Ok(1) };
    let mut end = b"\n";
    for option in &line.options {
        match option.name {
            "zero" => end = b"\0",
            _ => return Err(option.unmodelled("dirname")),
        }
    }
    if line.operands.is_empty() {
        return options::misused(system, process, "missing operand", 1);
    }
    for name in &line.operands {
        process.out(system, &[folder(name), end].concat())?;
    }
    Ok(0)
}

/// Runs `basename`.
pub(super) fn basename(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    const OPTIONS: &[Known] =
        &[("a", "multiple", Takes::Nothing), ("s", "suffix", Takes::Value), ("z", "zero", Takes::Nothing)];
    let Some(line) = options::read(system, process, OPTIONS, Order::Strict)? else { return Ok(1) };
    let (mut end, mut multiple, mut suffix) = (b"\n", false, Vec::new());
    for option in &line.options {
        match option.name {
            "multiple" => multiple = true,
            "suffix" => (multiple, suffix) = (true, option.text().to_vec()),
            "zero" => end = b"\0",
            _ => return Err(option.unmodelled("basename")),
        }
    }
    let names = match line.operands.as_slice() {
        [] => return options::misused(system, process, "missing operand", 1),
        names if multiple => names,
        [name] => std::slice::from_ref(name),
        [name, ending] => {
            suffix.clone_from(ending);
            std::slice::from_ref(name)
        }
        [_, _, extra, ..] => {
            return options::misused(system, process, &format!("extra operand {}", quoted(extra)), 1);
        }
    };
    for name in names {
        let base = last(name);
        let short = base.strip_suffix(suffix.as_slice()).filter(|short| !short.is_empty()).unwrap_or(base);
        process.out(system, &[short, end].concat())?;
    }
    Ok(0)
}
