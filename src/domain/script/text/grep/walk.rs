//! Which files an operand of `grep` stands for.

use super::super::super::process::Process;
use super::super::super::stop::Stop;
use super::super::super::system::System;
use super::Folders;
use crate::domain::rootfs::Kind;

/// The most names that a path may have before it is taken for a loop of links.
const DEPTH: usize = 128;

/// `--include`, `--exclude`, `--exclude-dir`: glob patterns.
#[derive(Default)]
pub(super) struct Rules {
    pub(super) include: Vec<Vec<u8>>,
    pub(super) exclude: Vec<Vec<u8>>,
    pub(super) exclude_folders: Vec<Vec<u8>>,
}

impl Rules {
    fn takes(&self, name: &[u8]) -> bool {
        let any = |patterns: &[Vec<u8>]| patterns.iter().any(|pattern| glob(pattern, name));
        !any(&self.exclude) && (self.include.is_empty() || any(&self.include))
    }

    fn enters(&self, name: &[u8]) -> bool {
        !self.exclude_folders.iter().any(|pattern| glob(pattern, name))
    }
}

/// The files that the operand `name` stands for, in order.
pub(super) fn files(
    system: &mut System<'_>,
    process: &Process,
    name: &[u8],
    folders: Folders,
    rules: &Rules,
) -> Result<Vec<Vec<u8>>, Stop> {
    let is_folder = name != b"-" && system.stat(&process.path(name)).is_ok_and(|node| node.is_directory());
    let last = last(name);
    if !is_folder {
        let taken = name == b"-" || rules.takes(last);
        return Ok(if taken { vec![name.to_vec()] } else { Vec::new() });
    }
    match folders {
        Folders::Read => Ok(vec![name.to_vec()]),
        Folders::Skip => Ok(Vec::new()),
        Folders::Recurse | Folders::RecurseThroughLinks => {
            let mut found = Vec::new();
            if rules.enters(last) {
                let links = folders == Folders::RecurseThroughLinks;
                descend(system, process, name, links, rules, &mut found, 0)?;
            }
            Ok(found)
        }
    }
}

fn descend(
    system: &mut System<'_>,
    process: &Process,
    folder: &[u8],
    links: bool,
    rules: &Rules,
    found: &mut Vec<Vec<u8>>,
    depth: usize,
) -> Result<(), Stop> {
    if depth > DEPTH {
        return Err(Stop::unsupported("grep", "a loop of symbolic links"));
    }
    for child in system.names(&process.path(folder)).unwrap_or_default() {
        system.budget.step(1)?;
        let separator: &[u8] = if folder.ends_with(b"/") { b"" } else { b"/" };
        let name = [folder, separator, &child].concat();
        let path = process.path(&name);
        let is_link = system.lstat(&path).is_ok_and(|node| node.target().is_some());
        let (is_folder, is_file) = match system.stat(&path) {
            Ok(node) => (node.is_directory(), matches!(node.kind, Kind::File(_))),
            // A link to nothing: `-R` says so when it is read.
            Err(_) => (false, true),
        };
        if is_link && !links {
            continue;
        }
        if is_folder {
            if rules.enters(&child) {
                descend(system, process, &name, links, rules, found, depth + 1)?;
            }
        } else if is_file && rules.takes(&child) {
            found.push(name);
        }
    }
    Ok(())
}

fn last(name: &[u8]) -> &[u8] {
    let name = name.strip_suffix(b"/").unwrap_or(name);
    name.rsplit(|byte| *byte == b'/').next().unwrap_or(name)
}

/// Whether a name matches a pattern of `*`, `?` and brackets (fnmatch(3)).
fn glob(pattern: &[u8], name: &[u8]) -> bool {
    let Some((first, rest)) = pattern.split_first() else { return name.is_empty() };
    match first {
        b'*' => (0..=name.len()).any(|n| glob(rest, name.get(n..).unwrap_or_default())),
        b'?' => name.split_first().is_some_and(|(_, name)| glob(rest, name)),
        b'[' => match (rest.iter().skip(1).position(|byte| *byte == b']'), name.split_first()) {
            (Some(end), Some((byte, name))) => {
                let set = rest.get(..=end).unwrap_or_default();
                let (negated, set) = set.strip_prefix(b"!").map_or((false, set), |set| (true, set));
                let mut inside = false;
                let mut at = 0;
                while let Some(low) = set.get(at) {
                    let high = if set.get(at + 1) == Some(&b'-') { set.get(at + 2) } else { None };
                    inside |= low <= byte && byte <= high.unwrap_or(low);
                    at += if high.is_some() { 3 } else { 1 };
                }
                inside != negated && glob(rest.get(end + 2..).unwrap_or_default(), name)
            }
            (Some(_), None) => false,
            (None, _) => name.strip_prefix(b"[").is_some_and(|name| glob(rest, name)),
        },
        b'\\' if !rest.is_empty() => {
            rest.first() == name.first() && glob(&rest[1..], name.get(1..).unwrap_or_default())
        }
        byte => name.first() == Some(byte) && glob(rest, name.get(1..).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_against_patterns() {
        for (pattern, name) in [("*.c", "a.c"), ("a?[0-9]", "ab1"), ("[!a]*", "bc"), ("\\*", "*"), ("[", "[")] {
            assert!(glob(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
        }
        for (pattern, name) in [("*.c", "a.h"), ("[!a]*", "ab"), ("?", ""), ("\\*", "x")] {
            assert!(!glob(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
        }
    }
}
