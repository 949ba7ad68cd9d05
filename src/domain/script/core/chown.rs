//! chown(1) and chgrp(1).

use super::identity;
use super::operand::{failed, join, path, quoted};
use super::options::{self, Known, Order, Takes};
use crate::domain::script::errno::Errno;
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

const OPTIONS: &[Known] = &[
    ("R", "recursive", Takes::Nothing),
    ("h", "no-dereference", Takes::Nothing),
    ("", "dereference", Takes::Nothing),
    ("c", "changes", Takes::Nothing),
    ("f", "silent", Takes::Nothing),
    ("", "quiet", Takes::Nothing),
    ("v", "verbose", Takes::Nothing),
    ("", "from", Takes::Value),
    ("", "reference", Takes::Value),
    ("", "preserve-root", Takes::Nothing),
    ("", "no-preserve-root", Takes::Nothing),
    ("H", "", Takes::Nothing),
    ("L", "", Takes::Nothing),
    ("P", "", Takes::Nothing),
];

/// A user and a group, either of which may be left as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ownership {
    /// The user's number.
    pub(super) uid: Option<u32>,
    /// The group's number.
    pub(super) gid: Option<u32>,
}

#[derive(Default)]
struct Rules {
    recursive: bool,
    links_themselves: bool,
    silent: bool,
    from: Ownership,
}

/// Runs `chown`.
pub(super) fn chown(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    run(system, process, "chown")
}

/// Runs `chgrp`.
pub(super) fn chgrp(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    run(system, process, "chgrp")
}

fn run(system: &mut System<'_>, process: &mut Process, program: &str) -> Result<u8, Stop> {
    let Some(line) = options::read(system, process, OPTIONS, Order::Permuted)? else { return Ok(1) };
    let (mut rules, mut reference) = (Rules::default(), None);
    for option in &line.options {
        match option.name {
            "recursive" => rules.recursive = true,
            "no-dereference" => rules.links_themselves = true,
            "dereference" => rules.links_themselves = false,
            "silent" | "quiet" => rules.silent = true,
            "reference" => reference = option.value.clone(),
            "from" => match ownership(system, option.text()) {
                Ok(from) => rules.from = from,
                Err(text) => {
                    process.complain(system, &text)?;
                    return Ok(1);
                }
            },
            "preserve-root" | "no-preserve-root" | "P" => {}
            _ => return Err(option.unmodelled(program)),
        }
    }
    let mut operands = line.operands.as_slice();
    let new = if let Some(file) = reference {
        match path(process, &file).and_then(|at| system.stat(&at).map(|node| (node.meta.uid, node.meta.gid))) {
            Ok((uid, gid)) => Ownership { uid: Some(uid).filter(|_| program == "chown"), gid: Some(gid) },
            Err(error) => {
                failed(system, process, "failed to get attributes of", &file, error)?;
                return Ok(1);
            }
        }
    } else {
        let Some((text, rest)) = operands.split_first() else {
            return options::misused(system, process, "missing operand", 1);
        };
        operands = rest;
        if rest.is_empty() {
            return options::misused(system, process, &format!("missing operand after {}", quoted(text)), 1);
        }
        let read = if program == "chown" {
            ownership(system, text)
        } else if text.is_empty() {
            Ok(Ownership::default())
        } else {
            let gid = identity::gid(system, text);
            gid.map(|gid| Ownership { uid: None, gid: Some(gid) })
                .ok_or_else(|| format!("invalid group: {}", quoted(text)))
        };
        match read {
            Ok(new) => new,
            Err(text) => {
                process.complain(system, &text)?;
                return Ok(1);
            }
        }
    };
    if operands.is_empty() {
        return options::misused(system, process, "missing operand", 1);
    }
    let mut fine = true;
    for name in operands {
        fine &= change(system, process, &rules, new, name)?;
    }
    Ok(u8::from(!fine))
}

/// Reads `[USER][:[GROUP]]`, also with `.` where no user has one in the name; the complaint where it names nobody.
pub(super) fn ownership(system: &mut System<'_>, text: &[u8]) -> Result<Ownership, String> {
    let split = |separator: u8| {
        text.iter()
            .position(|byte| *byte == separator)
            .and_then(|at| Some((text.get(..at)?, Some(text.get(at + 1..)?))))
    };
    let colon = split(b':');
    let first = read(system, text, colon.unwrap_or((text, None)));
    match (first, split(b'.')) {
        (Err(complaint), Some(parts)) if colon.is_none() => read(system, text, parts).map_err(|_| complaint),
        (first, _) => first,
    }
}

fn read(system: &mut System<'_>, whole: &[u8], (user, group): (&[u8], Option<&[u8]>)) -> Result<Ownership, String> {
    let mut new = Ownership::default();
    if !user.is_empty() {
        let uid = identity::uid(system, user).ok_or_else(|| format!("invalid user: {}", quoted(whole)))?;
        new.uid = Some(uid);
        if group == Some(b"") {
            // `USER:` means the login group, which a bare number has none of.
            let login = identity::user_numbered(system, uid).filter(|_| super::operand::number(user).is_none());
            let gid = login.map(|user| user.gid).ok_or_else(|| format!("invalid spec: {}", quoted(whole)))?;
            new.gid = Some(gid);
        }
    }
    if let Some(group) = group.filter(|group| !group.is_empty()) {
        let gid = identity::gid(system, group).ok_or_else(|| format!("invalid group: {}", quoted(whole)))?;
        new.gid = Some(gid);
    }
    Ok(new)
}

fn change(
    system: &mut System<'_>,
    process: &mut Process,
    rules: &Rules,
    new: Ownership,
    operand: &[u8],
) -> Result<bool, Stop> {
    let mut fine = true;
    let mut open = vec![operand.to_vec()];
    // Below a folder, links are changed themselves (`-P`, the default of `-R`).
    let links_themselves = rules.links_themselves || rules.recursive;
    while let Some(name) = open.pop() {
        system.budget.step(1)?;
        match one(system, process, rules, new, &name, links_themselves) {
            Ok(directory) => {
                if rules.recursive && directory {
                    let names = path(process, &name).and_then(|at| system.names(&at)).unwrap_or_default();
                    open.extend(names.iter().rev().map(|child| join(&name, child)));
                }
            }
            Err(error) => {
                fine = false;
                if !rules.silent {
                    let dangling = path(process, &name).is_ok_and(|at| system.lstat(&at).is_ok());
                    let what = if dangling { "cannot dereference" } else { "cannot access" };
                    failed(system, process, what, &name, error)?;
                }
            }
        }
    }
    Ok(fine)
}

/// Gives one file away; whether it is a directory.
fn one(
    system: &mut System<'_>,
    process: &Process,
    rules: &Rules,
    new: Ownership,
    name: &[u8],
    link_itself: bool,
) -> Result<bool, Errno> {
    let at = path(process, name)?;
    let node = if link_itself { system.lstat(&at)? } else { system.stat(&at)? };
    let directory = node.is_directory();
    let is = |wanted: Option<u32>, number: u32| wanted.is_none_or(|wanted| wanted == number);
    if !is(rules.from.uid, node.meta.uid) || !is(rules.from.gid, node.meta.gid) {
        return Ok(directory);
    }
    let real = if link_itself && !at.ends_with(b"/") {
        Some(system.tree.place_of(&at)?)
    } else {
        system.tree.real_path(&at)?
    };
    if let Some(real) = real.filter(|real| matches!(system.tree.lookup(real), Ok(Some(_)))) {
        give(system, &real, new)?;
    }
    Ok(directory)
}

/// What chown(2) does at a path, the last component not followed: a file loses its set-ID bits and capabilities.
///
/// # Errors
/// As lchown(2)'s.
pub(super) fn give(system: &mut System<'_>, at: &[u8], new: Ownership) -> Result<(), Errno> {
    let node = system.lstat(at)?;
    let plain_file = !node.is_directory() && node.target().is_none();
    system.change(at, |meta| {
        meta.uid = new.uid.unwrap_or(meta.uid);
        meta.gid = new.gid.unwrap_or(meta.gid);
        if plain_file {
            meta.mode &= !0o4000;
            if meta.mode & 0o010 != 0 {
                meta.mode &= !0o2000;
            }
            meta.xattrs.remove("security.capability");
        }
    })
}
