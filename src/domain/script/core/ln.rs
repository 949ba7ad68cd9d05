//! ln(1). A link is never followed to what it leads to (`-P`, Debian's default).

use super::canonical::{Existing, canonical, relative};
use super::operand::{failed, folder, last, path, quoted};
use super::options::{self, Known, Order, Takes};
use super::target::{Target, pairs};
use crate::domain::script::errno::Errno;
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

const OPTIONS: &[Known] = &[
    ("s", "symbolic", Takes::Nothing),
    ("f", "force", Takes::Nothing),
    ("n", "no-dereference", Takes::Nothing),
    ("r", "relative", Takes::Nothing),
    ("T", "no-target-directory", Takes::Nothing),
    ("t", "target-directory", Takes::Value),
    ("v", "verbose", Takes::Nothing),
    ("P", "physical", Takes::Nothing),
    ("L", "logical", Takes::Nothing),
    ("i", "interactive", Takes::Nothing),
    ("b", "", Takes::Nothing),
    ("", "backup", Takes::Optional),
    ("S", "suffix", Takes::Value),
    ("dF", "directory", Takes::Nothing),
];

#[derive(Default)]
struct Rules {
    symbolic: bool,
    force: bool,
    relative: bool,
    verbose: bool,
}

/// Runs `ln`.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let Some(line) = options::read(system, process, OPTIONS, Order::Permuted)? else { return Ok(1) };
    let (mut rules, mut target) = (Rules::default(), Target::default());
    for option in &line.options {
        match option.name {
            "symbolic" => rules.symbolic = true,
            "force" => rules.force = true,
            "relative" => rules.relative = true,
            "verbose" => rules.verbose = true,
            "no-dereference" => target.links_are_files = true,
            "no-target-directory" => target.exact = true,
            "target-directory" => target.folder = option.value.clone(),
            "physical" => {}
            _ => return Err(option.unmodelled("ln")),
        }
    }
    if rules.relative && !rules.symbolic {
        process.complain(system, "cannot do --relative without --symbolic")?;
        return Ok(1);
    }
    let Some(pairs) = pairs(system, process, &target, &line.operands)? else { return Ok(1) };
    let mut fine = true;
    for (source, name) in pairs {
        system.budget.step(1)?;
        fine &= link(system, process, &rules, &source, &name)?;
    }
    Ok(u8::from(!fine))
}

fn link(
    system: &mut System<'_>,
    process: &mut Process,
    rules: &Rules,
    source: &[u8],
    name: &[u8],
) -> Result<bool, Stop> {
    let at = match path(process, name) {
        Ok(at) => at,
        Err(error) => return failed(system, process, what(rules), name, error),
    };
    let source_at = path(process, source);
    if !rules.symbolic {
        match source_at.clone().and_then(|at| system.lstat(&at).map(|node| node.is_directory())) {
            Err(error) => return failed(system, process, "failed to access", source, error),
            Ok(true) => {
                process.complain(system, &format!("{}: hard link not allowed for directory", plain(source)))?;
                return Ok(false);
            }
            Ok(false) => {}
        }
    }
    let there = system.lstat(&at).map(|node| (node.inode, node.is_directory()));
    if let (true, Ok((inode, directory))) = (rules.force, there) {
        if directory {
            process.complain(system, &format!("{}: cannot overwrite directory", plain(name)))?;
            return Ok(false);
        }
        let itself = |at: &Vec<u8>| system.lstat(at).is_ok_and(|node| node.inode == inode);
        if source_at.as_ref().is_ok_and(itself) && same_place(system, process, source, name) {
            let text = format!("{} and {} are the same file", quoted(source), quoted(name));
            process.complain(system, &text)?;
            return Ok(false);
        }
        if let Err(error) = system.unlink(&at) {
            return failed(system, process, "cannot remove", name, error);
        }
    }
    let target = if rules.relative { way(system, process, source, name) } else { source.to_vec() };
    let made = match (rules.symbolic, source_at) {
        (true, _) if at.ends_with(b"/") => Err(Errno::Missing),
        (true, _) => system.symlink(&target, &at),
        (false, Ok(source_at)) => system.link(&source_at, &at),
        (false, Err(error)) => Err(error),
    };
    match made {
        Ok(()) => {
            if rules.verbose {
                let arrow = if rules.symbolic { "->" } else { "=>" };
                let line = format!("{} {arrow} {}\n", quoted(name), quoted(&target));
                process.out(system, line.as_bytes())?;
            }
            Ok(true)
        }
        Err(error) => failed(system, process, what(rules), name, error),
    }
}

const fn what(rules: &Rules) -> &'static str {
    if rules.symbolic { "failed to create symbolic link" } else { "failed to create hard link" }
}

/// A name as messages show it that begin with it.
fn plain(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

fn same_place(system: &System<'_>, process: &Process, one: &[u8], other: &[u8]) -> bool {
    let place = |name: &[u8]| system.tree.place_of(&process.path(name)).ok();
    place(one) == place(other)
}

/// The target of a relative link at `name` to `source`.
fn way(system: &System<'_>, process: &Process, source: &[u8], name: &[u8]) -> Vec<u8> {
    let from = canonical(system, process, folder(name), Existing::Nothing);
    let above = canonical(system, process, folder(source), Existing::Nothing);
    let to = match (canonical(system, process, source, Existing::Nothing), above) {
        (Err(_), Ok(above)) => Ok(super::operand::join(&above, last(source))),
        (to, _) => to,
    };
    match (from, to) {
        (Ok(from), Ok(to)) => relative(&from, &to),
        _ => source.to_vec(),
    }
}
