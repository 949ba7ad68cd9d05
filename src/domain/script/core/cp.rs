//! cp(1).

use super::copy::{Copies, Follow, Keep, Make, Rules};
use super::operand::{quoted, trimmed};
use super::options::{self, Known, Order, Takes};
use super::target::{Target, pairs};
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

const OPTIONS: &[Known] = &[
    ("", "debug", Takes::Nothing),
    ("", "keep-directory-symlink", Takes::Nothing),
    ("a", "archive", Takes::Nothing),
    ("", "attributes-only", Takes::Nothing),
    ("b", "", Takes::Nothing),
    ("", "backup", Takes::Optional),
    ("", "copy-contents", Takes::Nothing),
    ("d", "", Takes::Nothing),
    ("f", "force", Takes::Nothing),
    ("H", "", Takes::Nothing),
    ("i", "interactive", Takes::Nothing),
    ("L", "dereference", Takes::Nothing),
    ("l", "link", Takes::Nothing),
    ("n", "no-clobber", Takes::Nothing),
    ("P", "no-dereference", Takes::Nothing),
    ("p", "", Takes::Nothing),
    ("", "preserve", Takes::Optional),
    ("", "no-preserve", Takes::Value),
    ("", "parents", Takes::Nothing),
    ("Rr", "recursive", Takes::Nothing),
    ("", "reflink", Takes::Optional),
    ("", "remove-destination", Takes::Nothing),
    ("", "sparse", Takes::Value),
    ("", "strip-trailing-slashes", Takes::Nothing),
    ("s", "symbolic-link", Takes::Nothing),
    ("S", "suffix", Takes::Value),
    ("T", "no-target-directory", Takes::Nothing),
    ("t", "target-directory", Takes::Value),
    ("u", "update", Takes::Optional),
    ("v", "verbose", Takes::Nothing),
    ("x", "one-file-system", Takes::Nothing),
    ("Z", "", Takes::Nothing),
    ("", "context", Takes::Optional),
];

/// Runs `cp`.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let Some(line) = options::read(system, process, OPTIONS, Order::Permuted)? else { return Ok(1) };
    let (mut rules, mut target, mut strip, mut follow) = (Rules::default(), Target::default(), false, None);
    for option in &line.options {
        match option.name {
            "archive" => {
                rules.recursive = true;
                follow = Some(Follow::Never);
                rules.keep = Keep { mode: true, owner: true, time: true, links: true, xattrs: true, no_mode: false };
            }
            "d" => (follow, rules.keep.links) = (Some(Follow::Never), true),
            "no-dereference" => follow = Some(Follow::Never),
            "dereference" => follow = Some(Follow::All),
            "H" => follow = Some(Follow::Named),
            "force" => rules.force = true,
            "link" => rules.make = Make::HardLink,
            "symbolic-link" => rules.make = Make::SymbolicLink,
            "no-clobber" => rules.no_clobber = true,
            "p" => rules.keep = Keep { mode: true, owner: true, time: true, ..rules.keep },
            "preserve" | "no-preserve" => {
                let keeps = option.name == "preserve";
                let list = option.value.as_deref().unwrap_or(b"mode,ownership,timestamps");
                if let Some(unknown) = set(&mut rules.keep, list, keeps) {
                    let text = format!("invalid argument {} for '--{}'", quoted(unknown), option.name);
                    return options::misused(system, process, &text, 1);
                }
            }
            "recursive" => rules.recursive = true,
            "remove-destination" => rules.remove_first = true,
            "strip-trailing-slashes" => strip = true,
            "no-target-directory" => target.exact = true,
            "target-directory" => target.folder = option.value.clone(),
            "update" if option.value.is_none() => rules.newer_only = true,
            "verbose" => rules.verbose = true,
            // Without SELinux nothing has a context.
            "Z" | "reflink" | "sparse" | "one-file-system" => {}
            _ => return Err(option.unmodelled("cp")),
        }
    }
    rules.follow = follow.unwrap_or(match (rules.recursive, rules.make) {
        (true, Make::Copy | Make::HardLink) | (_, Make::HardLink) => Follow::Never,
        _ => Follow::All,
    });
    let Some(pairs) = pairs(system, process, &target, &line.operands)? else { return Ok(1) };
    let mut copies = Copies::new(&rules);
    let mut fine = true;
    for (source, name) in pairs {
        let source = if strip { trimmed(&source).to_vec() } else { source };
        fine &= copies.copy(system, process, &source, &name)?;
    }
    Ok(u8::from(!fine))
}

/// Turns what a list of `--preserve` names on or off; the first name that is none.
fn set<'list>(keep: &mut Keep, list: &'list [u8], on: bool) -> Option<&'list [u8]> {
    for name in list.split(|byte| *byte == b',') {
        match name {
            b"mode" => (keep.mode, keep.no_mode) = (on, !on),
            b"ownership" => keep.owner = on,
            b"timestamps" => keep.time = on,
            b"links" => keep.links = on,
            b"xattr" => keep.xattrs = on,
            b"context" => {}
            b"all" => *keep = Keep { mode: on, owner: on, time: on, links: on, xattrs: on, no_mode: !on },
            unknown => return Some(unknown),
        }
    }
    None
}
