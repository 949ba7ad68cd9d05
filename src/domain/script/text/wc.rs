//! wc(1): counts lines, words and bytes.

use std::rc::Rc;

use super::super::process::Process;
use super::super::stop::Stop;
use super::super::stream::Stream;
use super::super::system::System;
use super::{input, options};

const LONG: &[options::Long] =
    &[("bytes", 'c'), ("chars", 'm'), ("files0-from", '='), ("lines", 'l'), ("max-line-length", 'L'), ("words", 'w')];

/// Lines, words, characters, bytes and the longest line, in the order they are printed.
type Counts = [usize; 5];

/// Runs it.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let parsed = match options::parse(process.arguments(), "clLmw=:", LONG) {
        Ok(parsed) => parsed,
        Err(bad) => return options::refuse(system, process, &bad, 1),
    };
    let mut wanted = [false; 5];
    for (letter, _) in parsed.options {
        let [lines, words, characters, bytes, longest] = &mut wanted;
        match letter {
            'l' => *lines = true,
            'w' => *words = true,
            'm' => *characters = true,
            'c' => *bytes = true,
            'L' => *longest = true,
            other => return Err(options::unsupported(process, other)),
        }
    }
    if wanted == [false; 5] {
        wanted = [true, true, false, true, false];
    }
    let named = !parsed.operands.is_empty();
    let names = input::or_stdin(parsed.operands);
    let width = width(system, process, &names, wanted.iter().filter(|wanted| **wanted).count());
    let utf8 = input::utf8(process);
    let (mut total, mut status): (Counts, u8) = ([0; 5], 0);
    for name in &names {
        let folder = name != b"-" && system.stat(&process.path(name)).is_ok_and(|node| node.is_directory());
        let counts = match input::read(system, process, name) {
            Ok(bytes) => count(&bytes, utf8),
            Err(error) => {
                process.complain(system, &format!("{}: {error}", input::shown(name)))?;
                status = 1;
                if !folder {
                    continue;
                }
                [0; 5]
            }
        };
        for (n, (sum, one)) in total.iter_mut().zip(counts).enumerate() {
            *sum = if n == 4 { (*sum).max(one) } else { *sum + one };
        }
        let out = line(&counts, wanted, width, named.then_some(name.as_slice()));
        process.out(system, &out)?;
    }
    if names.len() > 1 {
        let out = line(&total, wanted, width, Some(b"total"));
        process.out(system, &out)?;
    }
    Ok(status)
}

/// How wide numbers are: as the sum of the files' sizes, and at least 7 where one has no size.
fn width(system: &System<'_>, process: &Process, names: &[Vec<u8>], columns: usize) -> usize {
    if names.len() == 1 && columns == 1 {
        return 1;
    }
    let (mut sum, mut least) = (0, 1);
    for name in names {
        let size = if name == b"-" {
            match process.streams.get(0).map(Rc::clone) {
                Some(open) => match &*open.borrow() {
                    Stream::File { path, .. } => size(system, path),
                    _ => None,
                },
                None => Some(0),
            }
        } else {
            let path = process.path(name);
            if system.exists(&path) { size(system, &path) } else { Some(0) }
        };
        match size {
            Some(size) => sum += size,
            None => least = 7,
        }
    }
    sum.to_string().len().max(least)
}

fn size(system: &System<'_>, path: &[u8]) -> Option<u64> {
    match system.stat(path).ok()?.kind {
        crate::domain::rootfs::Kind::File(content) => Some(content.len()),
        _ => None,
    }
}

fn count(bytes: &[u8], utf8: bool) -> Counts {
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
    let (mut words, mut inside) = (0, false);
    for byte in bytes {
        match byte {
            b' ' | 9..=13 => inside = false,
            0..=31 | 127 => {}
            _ => {
                words += usize::from(!inside);
                inside = true;
            }
        }
    }
    let characters = |bytes: &[u8]| {
        if utf8 { bytes.utf8_chunks().map(|chunk| chunk.valid().chars().count()).sum() } else { bytes.len() }
    };
    let mut longest = 0;
    for line in bytes.split(|byte| matches!(byte, b'\n' | b'\r' | 12)) {
        let mut column = 0;
        for part in line.split_inclusive(|byte| *byte == b'\t') {
            let text = part.strip_suffix(b"\t");
            let shown: Vec<u8> = text.unwrap_or(part).iter().copied().filter(|byte| !byte.is_ascii_control()).collect();
            column += characters(&shown);
            if text.is_some() {
                column += 8 - column % 8;
            }
        }
        longest = longest.max(column);
    }
    [lines, words, characters(bytes), bytes.len(), longest]
}

fn line(counts: &Counts, wanted: [bool; 5], width: usize, name: Option<&[u8]>) -> Vec<u8> {
    let shown: Vec<String> =
        counts.iter().zip(wanted).filter(|(_, wanted)| *wanted).map(|(count, _)| format!("{count:width$}")).collect();
    let mut out = shown.join(" ").into_bytes();
    if let Some(name) = name {
        out.push(b' ');
        out.extend(name);
    }
    out.push(b'\n');
    out
}
