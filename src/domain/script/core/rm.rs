//! rm(1).

use super::operand::{failed, join, last, path, quoted};
use super::options::{self, Known, Order, Takes};
use crate::domain::script::errno::Errno;
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

const OPTIONS: &[Known] = &[
    ("f", "force", Takes::Nothing),
    ("rR", "recursive", Takes::Nothing),
    ("d", "dir", Takes::Nothing),
    ("v", "verbose", Takes::Nothing),
    ("i", "", Takes::Nothing),
    ("I", "", Takes::Nothing),
    ("", "interactive", Takes::Optional),
    ("", "one-file-system", Takes::Nothing),
    ("", "preserve-root", Takes::Optional),
    ("", "no-preserve-root", Takes::Nothing),
    ("", "presume-input-tty", Takes::Nothing),
];

#[derive(Default)]
struct Rules {
    force: bool,
    recursive: bool,
    empty_folders: bool,
    verbose: bool,
}

/// Runs `rm`.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let Some(line) = options::read(system, process, OPTIONS, Order::Permuted)? else { return Ok(1) };
    let (mut rules, mut root_too) = (Rules::default(), false);
    for option in &line.options {
        match option.name {
            "force" => rules.force = true,
            "recursive" => rules.recursive = true,
            "dir" => rules.empty_folders = true,
            "verbose" => rules.verbose = true,
            "no-preserve-root" => root_too = true,
            "one-file-system" | "preserve-root" => {}
            _ => return Err(option.unmodelled("rm")),
        }
    }
    if line.operands.is_empty() {
        return if rules.force { Ok(0) } else { options::misused(system, process, "missing operand", 1) };
    }
    let mut fine = true;
    for name in &line.operands {
        fine &= if rules.recursive && !root_too && is_root(system, process, name) {
            process.complain(system, &format!("it is dangerous to operate recursively on {}", quoted(name)))?;
            process.complain(system, "use --no-preserve-root to override this failsafe")?;
            false
        } else if rules.recursive && matches!(last(name), b"." | b"..") {
            let text = format!("refusing to remove '.' or '..' directory: skipping {}", quoted(name));
            process.complain(system, &text)?;
            false
        } else {
            remove(system, process, &rules, name)?
        };
    }
    Ok(u8::from(!fine))
}

/// Removes one operand with all that is below it, children first.
fn remove(system: &mut System<'_>, process: &mut Process, rules: &Rules, name: &[u8]) -> Result<bool, Stop> {
    let mut fine = true;
    let mut open = vec![(name.to_vec(), false)];
    while let Some((name, entered)) = open.pop() {
        system.budget.step(1)?;
        let at = path(process, &name);
        let directory = at.clone().and_then(|at| system.lstat(&at).map(|node| node.is_directory()));
        let gone = match (directory, at) {
            (Ok(true), Ok(at)) if rules.recursive && !entered => match system.names(&at) {
                Ok(children) => {
                    open.push((name.clone(), true));
                    open.extend(children.iter().rev().map(|child| (join(&name, child), false)));
                    continue;
                }
                Err(error) => Err(error),
            },
            (Ok(true), Ok(at)) if rules.recursive || rules.empty_folders => system.rmdir(&at),
            (Ok(true), _) => Err(Errno::IsADirectory),
            (Ok(false), Ok(at)) if name.ends_with(b"/") => system.rmdir(&at),
            (Ok(false), Ok(at)) => system.unlink(&at),
            (Err(error), _) | (_, Err(error)) => Err(error),
        };
        match gone {
            Ok(()) if rules.verbose => {
                let what = if entered { "removed directory" } else { "removed" };
                let line = format!("{what} {}\n", quoted(&name));
                process.out(system, line.as_bytes())?;
            }
            Ok(()) => {}
            Err(Errno::Missing | Errno::NotADirectory | Errno::Invalid) if rules.force => {}
            Err(error) => fine &= failed(system, process, "cannot remove", &name, error)?,
        }
    }
    Ok(fine)
}

/// Whether a name is the root itself, and no link to it.
fn is_root(system: &System<'_>, process: &Process, name: &[u8]) -> bool {
    let is_link = |at: &Vec<u8>| system.lstat(at).is_ok_and(|node| node.target().is_some());
    path(process, name)
        .is_ok_and(|at| !is_link(&at) && matches!(system.tree.real_path(&at), Ok(Some(real)) if real.is_empty()))
}
