//! find(1) of findutils: the walk. Real directories have no order; here names come in the order of their bytes.

mod evaluate;
mod expression;
mod format;
mod parse;

use evaluate::Evaluation;
use expression::{Follow, Plan};

use super::attributes::Attributes;
use super::operand::{join, last, path, quoted, trimmed};
use crate::domain::script::errno::Errno;
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

/// A file that was met on the walk.
pub(super) struct Entry {
    /// Its name, as it is printed.
    name: Vec<u8>,
    /// Its path in the tree.
    at: Vec<u8>,
    /// The starting point that it is below of.
    start: Vec<u8>,
    depth: u32,
    attributes: Attributes,
}

impl Entry {
    /// The last component of its name.
    fn base(&self) -> &[u8] {
        last(&self.name)
    }
}

/// What is still to be done on the walk.
enum Turn {
    /// To look at a name, at this depth.
    Enter(Vec<u8>, u32),
    /// To come back to a directory whose contents were seen.
    Leave(Entry),
}

/// Runs `find`.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let plan = match parse::parse(system, process)? {
        Ok(plan) => plan,
        Err(text) => {
            process.complain(system, &text)?;
            return Ok(1);
        }
    };
    let mut evaluation = Evaluation::new(&plan);
    for start in &plan.starts {
        if walk(system, process, &plan, &mut evaluation, start)? {
            break;
        }
    }
    evaluation.finish(system, process)?;
    Ok(u8::from(evaluation.failed))
}

/// Walks all below a starting point; whether `-quit` ended it.
fn walk(
    system: &mut System<'_>,
    process: &mut Process,
    plan: &Plan,
    evaluation: &mut Evaluation<'_>,
    start: &[u8],
) -> Result<bool, Stop> {
    let mut turns = vec![Turn::Enter(start.to_vec(), 0)];
    // The directories above, to see when a followed link leads back to one.
    let mut above: Vec<u32> = Vec::new();
    while let Some(turn) = turns.pop() {
        system.budget.step(1)?;
        let (name, depth) = match turn {
            Turn::Enter(name, depth) => (name, depth),
            Turn::Leave(entry) => {
                above.pop();
                if plan.contents_first && entry.depth >= plan.least {
                    evaluation.visit(system, process, &entry)?;
                    if evaluation.quit {
                        return Ok(true);
                    }
                }
                continue;
            }
        };
        let (at, attributes) = match look(system, process, plan.follow, &name, depth) {
            Ok(found) => found,
            Err(error) => {
                process.complain(system, &format!("{}: {error}", quoted(&name)))?;
                evaluation.failed = true;
                continue;
            }
        };
        let directory = attributes.is_directory();
        if directory && plan.follow == Follow::Always && above.contains(&attributes.inode) {
            let text = format!("File system loop detected; {} is part of the same file system loop", quoted(&name));
            process.complain(system, &text)?;
            evaluation.failed = true;
            continue;
        }
        let inode = attributes.inode;
        let entry = Entry { name, at, start: start.to_vec(), depth, attributes };
        let mut descends = directory && plan.most.is_none_or(|most| depth < most);
        if !plan.contents_first || !directory {
            if depth >= plan.least {
                descends &= !evaluation.visit(system, process, &entry)?;
                if evaluation.quit {
                    return Ok(true);
                }
            }
            if !descends {
                continue;
            }
        }
        let names = if descends { system.names(&entry.at) } else { Ok(Vec::new()) };
        let names = match names {
            Ok(names) => names,
            Err(error) => {
                process.complain(system, &format!("{}: {error}", quoted(&entry.name)))?;
                evaluation.failed = true;
                Vec::new()
            }
        };
        above.push(inode);
        let folder = entry.name.clone();
        turns.push(Turn::Leave(entry));
        turns.extend(names.iter().rev().map(|child| Turn::Enter(join(&folder, child), depth + 1)));
    }
    Ok(false)
}

/// A name's path and attributes; with links followed, one to nothing is itself.
fn look(
    system: &System<'_>,
    process: &Process,
    follow: Follow,
    name: &[u8],
    depth: u32,
) -> Result<(Vec<u8>, Attributes), Errno> {
    let at = path(process, name)?;
    let follows = follow == Follow::Always || follow == Follow::Named && depth == 0;
    let node = match system.stat(&at) {
        Ok(node) if follows => node,
        _ => system.lstat(&at)?,
    };
    let attributes = Attributes::of(node);
    Ok((if at.is_empty() { at } else { trimmed(&at).to_vec() }, attributes))
}
