//! ls(1) as it writes to a file or a pipe: one name a line, in order of their bytes.

use super::attributes::Attributes;
use super::mode::letters;
use super::operand::{failed, join, path};
use super::options::{self, Known, Order, Takes};
use super::{clock, identity};
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

const OPTIONS: &[Known] = &[
    ("a", "all", Takes::Nothing),
    ("A", "almost-all", Takes::Nothing),
    ("d", "directory", Takes::Nothing),
    ("1", "", Takes::Nothing),
    ("R", "recursive", Takes::Nothing),
    ("L", "dereference", Takes::Nothing),
    ("H", "dereference-command-line", Takes::Nothing),
    ("l", "", Takes::Nothing),
    ("n", "numeric-uid-gid", Takes::Nothing),
    ("r", "reverse", Takes::Nothing),
    ("t", "", Takes::Nothing),
    ("S", "", Takes::Nothing),
    ("U", "", Takes::Nothing),
    ("f", "", Takes::Nothing),
    ("F", "", Takes::Nothing),
    ("", "classify", Takes::Optional),
    ("p", "", Takes::Nothing),
    ("", "color", Takes::Optional),
    ("", "group-directories-first", Takes::Nothing),
    ("", "time-style", Takes::Value),
    ("", "author", Takes::Nothing),
    ("b", "escape", Takes::Nothing),
    ("", "block-size", Takes::Value),
    ("B", "ignore-backups", Takes::Nothing),
    ("c", "", Takes::Nothing),
    ("C", "", Takes::Nothing),
    ("D", "dired", Takes::Nothing),
    ("", "dereference-command-line-symlink-to-dir", Takes::Nothing),
    ("", "file-type", Takes::Nothing),
    ("", "format", Takes::Value),
    ("", "full-time", Takes::Nothing),
    ("g", "", Takes::Nothing),
    ("G", "no-group", Takes::Nothing),
    ("h", "human-readable", Takes::Nothing),
    ("", "hide", Takes::Value),
    ("", "hyperlink", Takes::Optional),
    ("", "indicator-style", Takes::Value),
    ("i", "inode", Takes::Nothing),
    ("I", "ignore", Takes::Value),
    ("k", "kibibytes", Takes::Nothing),
    ("m", "", Takes::Nothing),
    ("N", "literal", Takes::Nothing),
    ("o", "", Takes::Nothing),
    ("q", "hide-control-chars", Takes::Nothing),
    ("Q", "quote-name", Takes::Nothing),
    ("", "quoting-style", Takes::Value),
    ("s", "size", Takes::Nothing),
    ("", "show-control-chars", Takes::Nothing),
    ("", "si", Takes::Nothing),
    ("", "sort", Takes::Value),
    ("T", "tabsize", Takes::Value),
    ("", "time", Takes::Value),
    ("u", "", Takes::Nothing),
    ("v", "", Takes::Nothing),
    ("w", "width", Takes::Value),
    ("x", "", Takes::Nothing),
    ("X", "", Takes::Nothing),
    ("Z", "context", Takes::Nothing),
    ("", "zero", Takes::Nothing),
];

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Sort {
    #[default]
    Name,
    Time,
    Size,
    Version,
}

#[derive(Default)]
struct Rules {
    hidden: bool,
    dots: bool,
    recursive: bool,
    follow: bool,
    long: bool,
    numeric: bool,
    reverse: bool,
    sort: Sort,
    folders: bool,
    follow_named: bool,
    slash: bool,
    classify: bool,
}

struct Entry {
    shown: Vec<u8>,
    at: Vec<u8>,
    attributes: Attributes,
}

/// Runs `ls`.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let Some(line) = options::read(system, process, OPTIONS, Order::Permuted)? else { return Ok(2) };
    let mut rules = Rules::default();
    for option in &line.options {
        match (option.name, option.text()) {
            ("all", _) => (rules.hidden, rules.dots) = (true, true),
            ("f", _) => (rules.hidden, rules.dots, rules.sort) = (true, true, Sort::Name),
            ("almost-all", _) => (rules.hidden, rules.dots) = (true, false),
            ("directory", _) => rules.folders = true,
            ("recursive", _) => rules.recursive = true,
            ("dereference", _) => rules.follow = true,
            ("dereference-command-line", _) => rules.follow_named = true,
            ("l", _) => rules.long = true,
            ("numeric-uid-gid", _) => (rules.long, rules.numeric) = (true, true),
            ("reverse", _) => rules.reverse = true,
            ("t", _) => rules.sort = Sort::Time,
            ("S", _) => rules.sort = Sort::Size,
            ("v", _) => rules.sort = Sort::Version,
            ("F", _) | ("classify", b"" | b"always") => rules.classify = true,
            ("p", _) => rules.slash = true,
            ("1" | "U", _) | ("color", b"auto" | b"never") | ("classify", _) => {}
            _ => return Err(option.unmodelled("ls")),
        }
    }
    let here = [b".".to_vec()];
    let operands = if line.operands.is_empty() { &here[..] } else { &line.operands };
    let (mut files, mut folders, mut status) = (Vec::new(), Vec::new(), 0);
    for name in operands {
        match look(
            system,
            process,
            &rules,
            name,
            !rules.long && !rules.folders && !rules.classify || rules.follow_named,
        ) {
            Ok(entry) if entry.attributes.is_directory() && !rules.folders => folders.push(entry),
            Ok(entry) => files.push(entry),
            Err(error) => {
                failed(system, process, "cannot access", name, error)?;
                status = 2;
            }
        }
    }
    order(&rules, &mut files);
    order(&rules, &mut folders);
    list(system, process, &rules, &files)?;
    let titled = operands.len() > 1 || rules.recursive;
    let mut first = files.is_empty();
    folders.reverse();
    while let Some(folder) = folders.pop() {
        system.budget.step(1)?;
        if titled {
            let gap: &[u8] = if first { b"" } else { b"\n" };
            process.out(system, &[gap, &folder.shown, b":\n"].concat())?;
        }
        first = false;
        let mut inside = inside(system, process, &rules, &folder.shown)?;
        order(&rules, &mut inside);
        if rules.long {
            let blocks: u64 = inside.iter().map(|entry| blocks(&entry.attributes)).sum();
            process.out(system, format!("total {blocks}\n").as_bytes())?;
        }
        list(system, process, &rules, &inside)?;
        if rules.recursive {
            let below = |entry: Entry| {
                let dots = matches!(entry.shown.as_slice(), b"." | b"..");
                (entry.attributes.is_directory() && !dots)
                    .then(|| Entry { shown: join(&folder.shown, &entry.shown), ..entry })
            };
            folders.extend(inside.into_iter().rev().filter_map(below));
        }
    }
    Ok(status)
}

fn look(
    system: &System<'_>,
    process: &Process,
    rules: &Rules,
    name: &[u8],
    follow: bool,
) -> Result<Entry, crate::domain::script::errno::Errno> {
    let at = path(process, name)?;
    let node = match system.stat(&at) {
        Ok(node) if rules.follow || follow && (node.is_directory() || rules.follow_named) => node,
        _ => system.lstat(&at)?,
    };
    Ok(Entry { shown: name.to_vec(), attributes: Attributes::of(node), at })
}

/// What is in a folder.
fn inside(system: &mut System<'_>, process: &mut Process, rules: &Rules, folder: &[u8]) -> Result<Vec<Entry>, Stop> {
    let names = match path(process, folder).and_then(|at| system.names(&at)) {
        Ok(names) => names,
        Err(error) => {
            failed(system, process, "cannot open directory", folder, error)?;
            Vec::new()
        }
    };
    system.budget.step(names.len() as u64)?;
    let dots: &[&[u8]] = if rules.dots { &[b".", b".."] } else { &[] };
    let all = dots.iter().map(|name| name.to_vec()).chain(names);
    let visible = all.filter(|name| rules.hidden || !name.starts_with(b"."));
    let entry = |name: Vec<u8>| {
        let entry = look(system, process, rules, &join(folder, &name), false).ok()?;
        Some(Entry { shown: name, ..entry })
    };
    Ok(visible.filter_map(entry).collect())
}

fn order(rules: &Rules, entries: &mut [Entry]) {
    entries.sort_by(|one, other| {
        let by = match rules.sort {
            Sort::Name => std::cmp::Ordering::Equal,
            Sort::Time => other.attributes.meta.mtime.cmp(&one.attributes.meta.mtime),
            Sort::Version => crate::domain::script::text::version_order(&one.shown, &other.shown),
            Sort::Size => other.attributes.size().cmp(&one.attributes.size()),
        };
        let by = by.then_with(|| one.shown.cmp(&other.shown));
        if rules.reverse { by.reverse() } else { by }
    });
}

/// Blocks of 1 KiB, on a filesystem with blocks of 4 KiB where short links take none.
fn blocks(attributes: &Attributes) -> u64 {
    match attributes.target() {
        Some(target) if target.len() < 60 => 0,
        _ => attributes.size().div_ceil(4096) * 4,
    }
}

fn list(system: &mut System<'_>, process: &mut Process, rules: &Rules, entries: &[Entry]) -> Result<(), Stop> {
    let mut rows = Vec::new();
    for entry in entries {
        if rules.long {
            rows.push(columns(system, rules, entry)?);
        }
    }
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(String::len).max().unwrap_or(0).min(1000);
    let widths: Vec<usize> = (0..6).map(width).collect();
    for (at, entry) in entries.iter().enumerate() {
        let mut text = Vec::new();
        if let (Some([mode, links, user, group, size, date]), [w0, w1, w2, w3, w4, w5]) =
            (rows.get(at).map(Vec::as_slice), widths.as_slice())
        {
            let line = format!("{mode:w0$} {links:>w1$} {user:w2$} {group:w3$} {size:>w4$} {date:>w5$} ");
            text.extend(line.into_bytes());
        }
        text.extend(&entry.shown);
        if let (Some(target), true) = (entry.attributes.target(), rules.long) {
            text.extend([b" -> ", target].concat());
        }
        let executable = entry.attributes.meta.mode & 0o111 != 0;
        match entry.attributes.letter() {
            'd' if rules.slash || rules.classify => text.push(b'/'),
            'l' if rules.classify && !rules.long => text.push(b'@'),
            'p' if rules.classify => text.push(b'|'),
            '-' if rules.classify && executable => text.push(b'*'),
            _ => {}
        }
        text.push(b'\n');
        process.out(system, &text)?;
    }
    Ok(())
}

/// Mode, links, user, group, size and date of the long format.
fn columns(system: &mut System<'_>, rules: &Rules, entry: &Entry) -> Result<Vec<String>, Stop> {
    let attributes = &entry.attributes;
    let meta = &attributes.meta;
    let name = |name: Option<Vec<u8>>, number: u32| match name {
        Some(name) if !rules.numeric => String::from_utf8_lossy(&name).into_owned(),
        _ => number.to_string(),
    };
    let user = identity::user_numbered(system, meta.uid).map(|user| user.name);
    let group = identity::group_numbered(system, meta.gid).map(|group| group.name);
    let size = match attributes.letter() {
        'c' | 'b' => format!("{}, {}", attributes.device().0, attributes.device().1),
        _ => attributes.size().to_string(),
    };
    // A date of the last half year has its time, any other its year.
    let age = system.epoch.seconds() - meta.mtime;
    let recent = (0..15_778_476).contains(&age);
    let format: &[u8] = if recent { b"%b %e %H:%M" } else { b"%b %e  %Y" };
    let date = clock::write("ls", meta.mtime, format)?;
    Ok(vec![
        format!("{}{}", attributes.letter(), letters(meta.mode)),
        attributes.links(system, &entry.at).to_string(),
        name(user, meta.uid),
        name(group, meta.gid),
        size,
        String::from_utf8_lossy(&date).into_owned(),
    ])
}
