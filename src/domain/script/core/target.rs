//! Where cp, mv, ln and install put things: their operands are sources and a target, which may be a folder.

use super::operand::{join, last, path, quoted};
use super::options::misused;
use crate::domain::script::errno::Errno;
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

/// What `-t`, `-T` and `-n` say.
#[derive(Clone, Debug, Default)]
pub(super) struct Target {
    /// `-t`: the folder.
    pub(super) folder: Option<Vec<u8>>,
    /// `-T`: the target is what is to be made, never a folder to put it in.
    pub(super) exact: bool,
    /// A symbolic link to a folder counts as a file (ln's `-n`).
    pub(super) links_are_files: bool,
}

/// A source, and the name of what it becomes.
pub(super) type Pair = (Vec<u8>, Vec<u8>);

/// Pairs of a source and what it becomes; `None` after a complaint, the program's status is then 1.
pub(super) fn pairs(
    system: &mut System<'_>,
    process: &mut Process,
    target: &Target,
    operands: &[Vec<u8>],
) -> Result<Option<Vec<Pair>>, Stop> {
    let into = |folder: &[u8], sources: &[Vec<u8>]| {
        let below = |source: &Vec<u8>| match last(source) {
            b".." => folder.to_vec(),
            name => join(folder, if name == b"/" { b"" } else { name }),
        };
        Some(sources.iter().map(|source| (source.clone(), below(source))).collect())
    };
    let missing = |what: &str| format!("missing {what} operand");
    if let Some(folder) = &target.folder {
        if target.exact {
            return misused(
                system,
                process,
                "cannot combine --target-directory (-t) and --no-target-directory (-T)",
                1,
            )
            .map(|_| None);
        }
        if operands.is_empty() {
            return misused(system, process, &missing("file"), 1).map(|_| None);
        }
        return if is_folder(system, process, folder, false) {
            Ok(into(folder, operands))
        } else {
            no_folder(system, process, "target directory", folder).map(|()| None)
        };
    }
    match operands {
        [] => misused(system, process, &missing("file"), 1).map(|_| None),
        [only] if process.name() == "ln" && !target.exact => Ok(into(b".", std::slice::from_ref(only))),
        [only] => {
            let text = format!("missing destination file operand after {}", quoted(only));
            misused(system, process, &text, 1).map(|_| None)
        }
        [source, to] if target.exact || !is_folder(system, process, to, target.links_are_files) => {
            Ok(Some(vec![(source.clone(), to.clone())]))
        }
        [_, _, extra, ..] if target.exact => {
            misused(system, process, &format!("extra operand {}", quoted(extra)), 1).map(|_| None)
        }
        [sources @ .., folder] if is_folder(system, process, folder, target.links_are_files) => {
            Ok(into(folder, sources))
        }
        [.., folder] => no_folder(system, process, "target", folder).map(|()| None),
    }
}

fn is_folder(system: &System<'_>, process: &Process, name: &[u8], links_are_files: bool) -> bool {
    let Ok(at) = path(process, name) else { return false };
    let node = if links_are_files { system.lstat(&at) } else { system.stat(&at) };
    node.is_ok_and(|node| node.is_directory())
}

fn no_folder(system: &mut System<'_>, process: &mut Process, what: &str, name: &[u8]) -> Result<(), Stop> {
    let why = match path(process, name).and_then(|at| system.stat(&at).map(drop)) {
        Ok(()) => Errno::NotADirectory,
        Err(error) => error,
    };
    process.complain(system, &format!("{what} {}: {why}", quoted(name)))
}
