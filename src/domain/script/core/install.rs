//! install(1).

use super::chown::{Ownership, give};
use super::copy::{bytes, put};
use super::identity;
use super::mkdir::make;
use super::mode::Mode;
use super::operand::{failed, folder, path, quoted, trimmed};
use super::options::{self, Known, Order, Takes};
use super::target::{Target, pairs};
use crate::domain::script::errno::Errno;
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

const OPTIONS: &[Known] = &[
    ("", "debug", Takes::Nothing),
    ("d", "directory", Takes::Nothing),
    ("m", "mode", Takes::Value),
    ("o", "owner", Takes::Value),
    ("g", "group", Takes::Value),
    ("D", "", Takes::Nothing),
    ("T", "no-target-directory", Takes::Nothing),
    ("t", "target-directory", Takes::Value),
    ("p", "preserve-timestamps", Takes::Nothing),
    ("v", "verbose", Takes::Nothing),
    ("c", "", Takes::Nothing),
    ("C", "compare", Takes::Nothing),
    ("b", "", Takes::Nothing),
    ("", "backup", Takes::Optional),
    ("S", "suffix", Takes::Value),
    ("s", "strip", Takes::Nothing),
    ("", "strip-program", Takes::Value),
    ("Z", "context", Takes::Optional),
    ("", "preserve-context", Takes::Nothing),
];

struct Rules {
    mode: Mode,
    owner: Ownership,
    parents: bool,
    times: bool,
    verbose: bool,
}

/// Runs `install`.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let Some(line) = options::read(system, process, OPTIONS, Order::Permuted)? else { return Ok(1) };
    let mut target = Target::default();
    let owner = Ownership::default();
    let mut rules = Rules { mode: Mode::exactly(0o755), owner, parents: false, times: false, verbose: false };
    let mut folders = false;
    for option in &line.options {
        let text = option.text();
        match option.name {
            "directory" => folders = true,
            "mode" => match Mode::parse(text) {
                Some(mode) => rules.mode = Mode::exactly(mode.apply(0, false, 0)),
                None => return refuse(system, process, "invalid mode", text),
            },
            "owner" => match identity::uid(system, text) {
                Some(uid) => rules.owner.uid = Some(uid),
                None => return refuse(system, process, "invalid user", text),
            },
            "group" => match identity::gid(system, text) {
                Some(gid) => rules.owner.gid = Some(gid),
                None => return refuse(system, process, "invalid group", text),
            },
            "D" => rules.parents = true,
            "no-target-directory" => target.exact = true,
            "target-directory" => target.folder = option.value.clone(),
            "preserve-timestamps" => rules.times = true,
            "verbose" => rules.verbose = true,
            // Without SELinux nothing has a context.
            "context" if option.value.is_none() => {}
            "c" => {}
            _ => return Err(option.unmodelled("install")),
        }
    }
    let mut fine = true;
    if folders {
        if line.operands.is_empty() {
            return options::misused(system, process, "missing file operand", 1);
        }
        for name in &line.operands {
            fine &= directory(system, process, &rules, name)?;
        }
        return Ok(u8::from(!fine));
    }
    if rules.parents {
        let above = match (&target.folder, line.operands.as_slice()) {
            (Some(folder), _) => Some(folder.clone()),
            (None, [_, name]) => Some(folder(name).to_vec()),
            _ => None,
        };
        if let Some(above) = above {
            fine &= make(system, process, &above, Some(&Mode::exactly(0o755)), true, rules.verbose)?;
        }
    }
    let Some(pairs) = pairs(system, process, &target, &line.operands)? else { return Ok(1) };
    for (source, name) in pairs {
        system.budget.step(1)?;
        fine &= file(system, process, &rules, &source, &name)?;
    }
    Ok(u8::from(!fine))
}

fn refuse(system: &mut System<'_>, process: &mut Process, what: &str, text: &[u8]) -> Result<u8, Stop> {
    process.complain(system, &format!("{what} {}", quoted(text)))?;
    Ok(1)
}

/// Makes a directory with its parents and gives it its numbers, also when it was there.
fn directory(system: &mut System<'_>, process: &mut Process, rules: &Rules, name: &[u8]) -> Result<bool, Stop> {
    // Parents get 0755 whatever the umask.
    let umask = std::mem::replace(&mut process.umask, 0o022);
    let made = make(system, process, name, None, true, rules.verbose);
    process.umask = umask;
    if !made? {
        return Ok(false);
    }
    let done = path(process, name)
        .and_then(|at| system.tree.real_path(&at).map_err(Errno::from)?.ok_or(Errno::Missing))
        .and_then(|real| numbers(system, rules, &real, true));
    match done {
        Ok(()) => Ok(true),
        Err(error) => failed(system, process, "cannot change permissions of", name, error),
    }
}

fn numbers(system: &mut System<'_>, rules: &Rules, at: &[u8], directory: bool) -> Result<(), Errno> {
    if rules.owner != Ownership::default() {
        give(system, at, rules.owner)?;
    }
    system.change(at, |meta| meta.mode = rules.mode.apply(meta.mode, directory, 0))
}

/// Copies one file over whatever is there.
fn file(
    system: &mut System<'_>,
    process: &mut Process,
    rules: &Rules,
    source: &[u8],
    name: &[u8],
) -> Result<bool, Stop> {
    let found = path(process, source).and_then(|at| {
        let node = system.stat(&at)?;
        let (directory, inode, mtime) = (node.is_directory(), node.inode, node.meta.mtime);
        Ok((at, directory, inode, mtime))
    });
    let (from, inode, mtime) = match found {
        Ok((_, true, ..)) => {
            process.complain(system, &format!("omitting directory {}", quoted(source)))?;
            return Ok(false);
        }
        Ok((from, false, inode, mtime)) => (from, inode, mtime),
        Err(error) => return failed(system, process, "cannot stat", source, error),
    };
    let to = match path(process, name) {
        Ok(to) => to,
        Err(error) => return failed(system, process, "cannot create regular file", name, error),
    };
    if let Ok(node) = system.lstat(&to) {
        if node.is_directory() {
            let text = format!("cannot overwrite directory {} with non-directory", quoted(name));
            process.complain(system, &text)?;
            return Ok(false);
        }
        if node.inode == inode {
            process.complain(system, &format!("{} and {} are the same file", quoted(source), quoted(name)))?;
            return Ok(false);
        }
    }
    let content = match bytes(system, &from)? {
        Ok(content) => content,
        Err(error) => return failed(system, process, "cannot open for reading", source, error),
    };
    let _ = system.unlink(&to);
    if let Err(error) = put(system, trimmed(&to), content, 0o600) {
        return failed(system, process, "cannot create regular file", name, error);
    }
    if rules.times {
        let _ = system.change(&to, |meta| meta.mtime = mtime);
    }
    if let Err(error) = numbers(system, rules, &to, false) {
        return failed(system, process, "cannot change ownership of", name, error);
    }
    if rules.verbose {
        let line = format!("{} -> {}\n", quoted(source), quoted(name));
        process.out(system, line.as_bytes())?;
    }
    Ok(true)
}
