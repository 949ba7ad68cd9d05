//! cmp(1), and diff(1) where only its status is asked for.

use std::sync::Arc;

use super::operand::{join, last, path};
use super::options::{self, CommandLine, Known, Order, Takes};
use crate::domain::script::errno::Errno;
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::stream::Stream;
use crate::domain::script::system::System;

const CMP: &[Known] = &[
    ("s", "quiet", Takes::Nothing),
    ("", "silent", Takes::Nothing),
    ("b", "print-bytes", Takes::Nothing),
    ("l", "verbose", Takes::Nothing),
    ("n", "bytes", Takes::Value),
    ("i", "ignore-initial", Takes::Value),
];
const DIFF: &[Known] = &[
    ("q", "brief", Takes::Nothing),
    ("s", "report-identical-files", Takes::Nothing),
    ("N", "new-file", Takes::Nothing),
    ("u", "unified", Takes::Optional),
    ("U", "", Takes::Value),
    ("c", "context", Takes::Optional),
    ("r", "recursive", Takes::Nothing),
    ("a", "text", Takes::Nothing),
    ("", "label", Takes::Value),
    ("L", "", Takes::Value),
    ("i", "ignore-case", Takes::Nothing),
    ("E", "ignore-tab-expansion", Takes::Nothing),
    ("Z", "ignore-trailing-space", Takes::Nothing),
    ("b", "ignore-space-change", Takes::Nothing),
    ("w", "ignore-all-space", Takes::Nothing),
    ("B", "ignore-blank-lines", Takes::Nothing),
    ("I", "ignore-matching-lines", Takes::Value),
    ("", "strip-trailing-cr", Takes::Nothing),
    ("C", "", Takes::Value),
    ("e", "ed", Takes::Nothing),
    ("n", "rcs", Takes::Nothing),
    ("y", "side-by-side", Takes::Nothing),
    ("p", "show-c-function", Takes::Nothing),
    ("t", "expand-tabs", Takes::Nothing),
    ("T", "initial-tab", Takes::Nothing),
    ("x", "exclude", Takes::Value),
    ("", "no-dereference", Takes::Nothing),
    ("", "color", Takes::Optional),
    ("d", "minimal", Takes::Nothing),
    ("", "normal", Takes::Nothing),
    ("", "from-file", Takes::Value),
    ("", "to-file", Takes::Value),
];

/// Runs `cmp`.
pub(super) fn cmp(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let Some(line) = options::read(system, process, CMP, Order::Permuted)? else { return Ok(2) };
    let mut quiet = false;
    for option in &line.options {
        match option.name {
            "quiet" | "silent" => quiet = true,
            _ => return Err(option.unmodelled("cmp")),
        }
    }
    let stdin = b"-".to_vec();
    let (one, other) = match line.operands.as_slice() {
        [one] => (one, &stdin),
        [one, other] => (one, other),
        [] => return options::misused(system, process, "missing operand after 'cmp'", 2),
        _ => return Err(Stop::unsupported("cmp", "bytes to skip")),
    };
    let mut both = Vec::new();
    for name in [one, other] {
        match content(system, process, name) {
            Ok(bytes) => both.push(bytes),
            Err(error) => {
                if !quiet {
                    process.complain(system, &format!("{}: {error}", String::from_utf8_lossy(name)))?;
                }
                return Ok(2);
            }
        }
    }
    let [left, right] = both.as_slice() else { return Ok(2) };
    let differing = left.iter().zip(right.iter()).position(|(left, right)| left != right);
    let shown = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
    let lines = |end: usize| left.iter().take(end).filter(|byte| **byte == b'\n').count();
    match differing {
        None if left.len() == right.len() => return Ok(0),
        _ if quiet => {}
        Some(at) => {
            let text = format!("{} {} differ: byte {}, line {}\n", shown(one), shown(other), at + 1, lines(at) + 1);
            process.out(system, text.as_bytes())?;
        }
        None => {
            let short = left.len().min(right.len());
            let name = if left.len() < right.len() { one } else { other };
            let text = match (short, left.get(short.wrapping_sub(1))) {
                (0, _) => format!("EOF on {} which is empty", shown(name)),
                (_, Some(b'\n')) => format!("EOF on {} after byte {short}, line {}", shown(name), lines(short)),
                _ => format!("EOF on {} after byte {short}, in line {}", shown(name), lines(short) + 1),
            };
            process.complain(system, &text)?;
        }
    }
    Ok(1)
}

fn content(system: &mut System<'_>, process: &mut Process, name: &[u8]) -> Result<Arc<[u8]>, Errno> {
    if name == b"-" {
        return process.read_all(system, 0).map(Arc::from);
    }
    let at = path(process, name)?;
    system.read(&at)
}

/// Runs `diff`.
pub(super) fn diff(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let Some(line) = options::read(system, process, DIFF, Order::Permuted)? else { return Ok(2) };
    let (mut brief, mut report, mut absent_is_empty) = (false, false, false);
    for option in &line.options {
        match option.name {
            "brief" => brief = true,
            "report-identical-files" => report = true,
            "new-file" => absent_is_empty = true,
            "unified" | "U" | "context" | "text" | "label" | "L" => {}
            _ => return Err(option.unmodelled("diff")),
        }
    }
    let Some((one, other)) = pair(system, process, &line) else {
        return options::misused(system, process, "missing operand after 'diff'", 2);
    };
    let mut both = Vec::new();
    for name in [&one, &other] {
        match content(system, process, name) {
            Ok(bytes) => both.push(bytes),
            Err(Errno::Missing) if absent_is_empty => both.push(Arc::from([])),
            Err(Errno::IsADirectory) => return Err(Stop::unsupported("diff", "folders")),
            Err(error) => {
                process.complain(system, &format!("{}: {error}", String::from_utf8_lossy(name)))?;
                return Ok(2);
            }
        }
    }
    let same = matches!(both.as_slice(), [left, right] if left == right);
    let names = format!("Files {} and {}", String::from_utf8_lossy(&one), String::from_utf8_lossy(&other));
    if same {
        if report {
            process.out(system, format!("{names} are identical\n").as_bytes())?;
        }
        return Ok(0);
    }
    let unseen = process.streams.get(1).is_none_or(|out| matches!(&*out.borrow(), Stream::Null));
    if brief {
        process.out(system, format!("{names} differ\n").as_bytes())?;
    } else if !unseen {
        return Err(Stop::unsupported("diff", "its report on files that differ"));
    }
    Ok(1)
}

/// The two files; where one is a folder, the file of the other's name in it.
fn pair(system: &System<'_>, process: &Process, line: &CommandLine) -> Option<(Vec<u8>, Vec<u8>)> {
    let [one, other] = line.operands.as_slice() else { return None };
    let folder =
        |name: &[u8]| path(process, name).is_ok_and(|at| system.stat(&at).is_ok_and(|node| node.is_directory()));
    Some(match (folder(one), folder(other)) {
        (true, false) if other != b"-" => (join(one, last(other)), other.clone()),
        (false, true) if one != b"-" => (one.clone(), join(other, last(one))),
        _ => (one.clone(), other.clone()),
    })
}
