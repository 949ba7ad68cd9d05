//! chmod(1).

use super::mode::{Mode, letters};
use super::operand::{failed, join, path, quoted};
use super::options::{self, Known, Order, Takes};
use crate::domain::script::errno::Errno;
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

const OPTIONS: &[Known] = &[
    ("R", "recursive", Takes::Nothing),
    ("c", "changes", Takes::Nothing),
    ("f", "silent", Takes::Nothing),
    ("", "quiet", Takes::Nothing),
    ("v", "verbose", Takes::Nothing),
    ("", "reference", Takes::Value),
    ("", "preserve-root", Takes::Nothing),
    ("", "no-preserve-root", Takes::Nothing),
    ("h", "no-dereference", Takes::Nothing),
    ("", "dereference", Takes::Nothing),
    ("H", "", Takes::Nothing),
    ("L", "", Takes::Nothing),
    ("P", "", Takes::Nothing),
];

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Report {
    #[default]
    Nothing,
    Changes,
    All,
}

#[derive(Default)]
struct Rules {
    recursive: bool,
    silent: bool,
    report: Report,
    /// The mode looked like options: say where the umask kept it from what it says.
    surprises: bool,
}

/// Runs `chmod`.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let dashed = take_dashed_mode(process);
    let Some(line) = options::read(system, process, OPTIONS, Order::Permuted)? else { return Ok(1) };
    let (mut rules, mut reference) = (Rules::default(), None);
    for option in &line.options {
        match option.name {
            "recursive" => rules.recursive = true,
            "silent" | "quiet" => rules.silent = true,
            "verbose" => rules.report = Report::All,
            "changes" => rules.report = Report::Changes,
            "reference" => reference = option.value.clone(),
            "no-preserve-root" | "preserve-root" => {}
            _ => return Err(option.unmodelled("chmod")),
        }
    }
    let mut operands = line.operands.as_slice();
    let mode = if let Some(file) = reference {
        match path(process, &file).and_then(|at| system.stat(&at).map(|node| node.meta.mode)) {
            Ok(bits) => Mode::exactly(bits),
            Err(error) => {
                failed(system, process, "failed to get attributes of", &file, error)?;
                return Ok(1);
            }
        }
    } else {
        let text = match (dashed, operands.split_first()) {
            (Some(text), _) => {
                rules.surprises = true;
                text
            }
            (None, Some((text, rest))) => {
                operands = rest;
                if rest.is_empty() {
                    return options::misused(system, process, &format!("missing operand after {}", quoted(text)), 1);
                }
                text.clone()
            }
            (None, None) => return options::misused(system, process, "missing operand", 1),
        };
        let Some(mode) = Mode::parse(&text) else {
            return options::misused(system, process, &format!("invalid mode: {}", quoted(&text)), 1);
        };
        mode
    };
    if operands.is_empty() {
        return options::misused(system, process, "missing operand", 1);
    }
    let mut fine = true;
    for name in operands {
        fine &= change(system, process, &rules, &mode, name)?;
    }
    Ok(u8::from(!fine))
}

/// A mode that begins with `-` looks like options: it is taken out of the arguments.
fn take_dashed_mode(process: &mut Process) -> Option<Vec<u8>> {
    let end = process.args.iter().position(|argument| argument == b"--").unwrap_or(process.args.len());
    let is_mode = |argument: &Vec<u8>| matches!(argument.as_slice(), [b'-', first, ..] if b"rwxXstugoa,+=01234567".contains(first));
    let modes: Vec<Vec<u8>> =
        process.args.iter().take(end).skip(1).filter(|argument| is_mode(argument)).cloned().collect();
    let mut at = 0;
    process.args.retain(|argument| {
        at += 1;
        at == 1 || at > end || !is_mode(argument)
    });
    if modes.is_empty() { None } else { Some(modes.join(&b',')) }
}

fn change(
    system: &mut System<'_>,
    process: &mut Process,
    rules: &Rules,
    mode: &Mode,
    operand: &[u8],
) -> Result<bool, Stop> {
    let mut fine = true;
    let mut open = vec![operand.to_vec()];
    while let Some(name) = open.pop() {
        system.budget.step(1)?;
        let given = name == operand;
        match one(system, process, mode, &name, given) {
            Ok(None) => {}
            Ok(Some((old, new, directory))) => {
                let changed = old != new;
                let expected = mode.apply(old, directory, 0);
                if rules.surprises && new & !expected != 0 {
                    let name = String::from_utf8_lossy(&name).into_owned();
                    let text = format!("{name}: new permissions are {}, not {}", letters(new), letters(expected));
                    process.complain(system, &text)?;
                    fine = false;
                }
                if rules.report == Report::All || rules.report == Report::Changes && changed {
                    let text = report(&name, old, new);
                    process.out(system, text.as_bytes())?;
                }
                if rules.recursive && directory {
                    let names = path(process, &name).and_then(|at| system.names(&at)).unwrap_or_default();
                    open.extend(names.iter().rev().map(|child| join(&name, child)));
                }
            }
            Err(_) if rules.silent => fine = false,
            Err((what, error)) => {
                fine = false;
                if error == Errno::Missing && what.contains("dangling") {
                    process.complain(system, &format!("{what} {}", quoted(&name)))?;
                } else {
                    failed(system, process, what, &name, error)?;
                }
            }
        }
    }
    Ok(fine)
}

/// Changes one file; its old and new bits and whether it is a directory, or nothing for a link that was found on the way.
type Changed = Result<Option<(u32, u32, bool)>, (&'static str, Errno)>;

fn one(system: &mut System<'_>, process: &Process, mode: &Mode, name: &[u8], given: bool) -> Changed {
    let access = |error| ("cannot access", error);
    let at = path(process, name).map_err(access)?;
    let is_link = system.lstat(&at).map_err(access)?.target().is_some();
    if is_link && !given {
        return Ok(None);
    }
    let node = system.stat(&at).map_err(|error| match error {
        Errno::Missing if is_link => ("cannot operate on dangling symlink", error),
        _ => access(error),
    })?;
    let (old, directory) = (node.meta.mode, node.is_directory());
    let new = mode.apply(old, directory, process.umask);
    let real = system.tree.real_path(&at).map_err(|error| access(error.into()))?;
    // A device of the machine has no place in the tree.
    if let Some(real) = real {
        system.change(&real, |meta| meta.mode = new).map_err(|error| ("changing permissions of", error))?;
    }
    Ok(Some((old, new, directory)))
}

fn report(name: &[u8], old: u32, new: u32) -> String {
    if old == new {
        format!("mode of {} retained as {new:04o} ({})\n", quoted(name), letters(new))
    } else {
        format!("mode of {} changed from {old:04o} ({}) to {new:04o} ({})\n", quoted(name), letters(old), letters(new))
    }
}
