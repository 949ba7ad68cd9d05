//! mv(1): rename(2), since all of the tree is one filesystem.

use super::operand::{failed, path, quoted, trimmed};
use super::options::{self, Known, Order, Takes};
use super::target::{Target, pairs};
use crate::domain::script::errno::Errno;
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

const OPTIONS: &[Known] = &[
    ("", "debug", Takes::Nothing),
    ("", "exchange", Takes::Nothing),
    ("", "no-copy", Takes::Nothing),
    ("f", "force", Takes::Nothing),
    ("i", "interactive", Takes::Nothing),
    ("n", "no-clobber", Takes::Nothing),
    ("u", "update", Takes::Optional),
    ("T", "no-target-directory", Takes::Nothing),
    ("t", "target-directory", Takes::Value),
    ("v", "verbose", Takes::Nothing),
    ("", "strip-trailing-slashes", Takes::Nothing),
    ("b", "", Takes::Nothing),
    ("", "backup", Takes::Optional),
    ("S", "suffix", Takes::Value),
    ("Z", "context", Takes::Nothing),
];

#[derive(Default)]
struct Rules {
    keep: bool,
    update: bool,
    verbose: bool,
}

/// Runs `mv`.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let Some(line) = options::read(system, process, OPTIONS, Order::Permuted)? else { return Ok(1) };
    let (mut rules, mut target, mut strip) = (Rules::default(), Target::default(), false);
    for option in &line.options {
        match option.name {
            "force" => rules.keep = false,
            "no-clobber" => rules.keep = true,
            "update" if option.value.is_none() => rules.update = true,
            "no-target-directory" => target.exact = true,
            "target-directory" => target.folder = option.value.clone(),
            "verbose" => rules.verbose = true,
            "strip-trailing-slashes" => strip = true,
            // Without SELinux nothing has a context.
            "context" => {}
            _ => return Err(option.unmodelled("mv")),
        }
    }
    let Some(pairs) = pairs(system, process, &target, &line.operands)? else { return Ok(1) };
    let mut fine = true;
    for (source, name) in pairs {
        system.budget.step(1)?;
        let source = if strip { trimmed(&source).to_vec() } else { source };
        fine &= rename(system, process, &rules, &source, &name)?;
    }
    Ok(u8::from(!fine))
}

fn rename(
    system: &mut System<'_>,
    process: &mut Process,
    rules: &Rules,
    source: &[u8],
    name: &[u8],
) -> Result<bool, Stop> {
    let look = |name: &[u8]| {
        path(process, name).and_then(|at| {
            let node = system.lstat(&at)?;
            Ok((at, node.inode, node.is_directory(), node.meta.mtime))
        })
    };
    let (from, inode, directory, mtime) = match look(source) {
        Ok(found) => found,
        Err(error) => return failed(system, process, "cannot stat", source, error),
    };
    let to = match (path(process, name), look(name)) {
        (Err(error), _) => return failed(system, process, "cannot move to", name, error),
        (Ok(_), Err(_)) if name.ends_with(b"/") && !directory => {
            let text = format!("cannot move {} to {}: {}", quoted(source), quoted(name), Errno::NotADirectory);
            process.complain(system, &text)?;
            return Ok(false);
        }
        (Ok(to), Err(_)) => to,
        (Ok(to), Ok((_, there, there_directory, there_mtime))) => {
            if rules.keep || (rules.update && there_mtime >= mtime && !directory) {
                return Ok(true);
            }
            let text = if there == inode {
                format!("{} and {} are the same file", quoted(source), quoted(name))
            } else if directory && !there_directory {
                format!("cannot overwrite non-directory {} with directory {}", quoted(name), quoted(source))
            } else if !directory && there_directory {
                format!("cannot overwrite directory {} with non-directory", quoted(name))
            } else {
                String::new()
            };
            if !text.is_empty() {
                process.complain(system, &text)?;
                return Ok(false);
            }
            to
        }
    };
    match system.rename(trimmed(&from), trimmed(&to)) {
        Ok(()) => said(system, process, rules, source, name),
        Err(Errno::Invalid) => {
            let text = format!("cannot move {} to a subdirectory of itself, {}", quoted(source), quoted(name));
            process.complain(system, &text)?;
            Ok(false)
        }
        Err(error) => {
            process.complain(system, &format!("cannot move {} to {}: {error}", quoted(source), quoted(name)))?;
            Ok(false)
        }
    }
}

fn said(
    system: &mut System<'_>,
    process: &mut Process,
    rules: &Rules,
    source: &[u8],
    name: &[u8],
) -> Result<bool, Stop> {
    if rules.verbose {
        let line = format!("renamed {} -> {}\n", quoted(source), quoted(name));
        process.out(system, line.as_bytes())?;
    }
    Ok(true)
}
