//! paste(1): lines of files side by side.

use std::sync::Arc;

use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::{input, options};

const LONG: &[options::Long] = &[("delimiters", 'd'), ("serial", 's'), ("zero-terminated", 'z')];

/// Runs it.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let parsed = match options::parse(process.arguments(), "d:sz", LONG) {
        Ok(parsed) => parsed,
        Err(bad) => return options::refuse(system, process, &bad, 1),
    };
    let (mut delimiters, mut serial, mut end) = (vec![Some(b'\t')], false, b'\n');
    for (letter, value) in parsed.options {
        match letter {
            'd' => delimiters = list(&value.unwrap_or_default()),
            's' => serial = true,
            'z' => end = 0,
            other => return Err(options::unsupported(process, other)),
        }
    }
    let names = input::or_stdin(parsed.operands);
    if names.iter().filter(|name| *name == b"-").count() > 1 {
        return columns_of_input(system, process, &names, &delimiters, serial, end);
    }
    let mut texts: Vec<Arc<[u8]>> = Vec::new();
    let mut status = 0;
    for name in &names {
        match input::read_or_say(system, process, name)? {
            Some(bytes) => texts.push(bytes),
            // Side by side all files are opened first; one after the other those that can be are printed.
            None if !serial => return Ok(1),
            None => status = 1,
        }
    }
    let mut files: Vec<Vec<&[u8]>> = texts.iter().map(|text| input::lines(text, end).collect()).collect();
    if !serial {
        let longest = files.iter().map(Vec::len).max().unwrap_or(0);
        files =
            (0..longest).map(|n| files.iter().map(|file| file.get(n).copied().unwrap_or_default()).collect()).collect();
    }
    let mut out = Vec::new();
    for parts in &files {
        system.budget.step(1)?;
        join(parts, &delimiters, &mut out);
        out.push(end);
    }
    process.out(system, &out)?;
    Ok(status)
}

/// `paste - -`: lines of standard input in turn.
fn columns_of_input(
    system: &mut System<'_>,
    process: &mut Process,
    names: &[Vec<u8>],
    delimiters: &[Option<u8>],
    serial: bool,
    end: u8,
) -> Result<u8, Stop> {
    if serial || names.iter().any(|name| name != b"-") {
        return Err(Stop::unsupported("paste", "standard input and files in turn"));
    }
    let bytes = process.read_all(system, 0).unwrap_or_default();
    let lines: Vec<&[u8]> = input::lines(&bytes, end).collect();
    let mut out = Vec::new();
    for row in lines.chunks(names.len()) {
        let mut row = row.to_vec();
        row.resize(names.len(), b"");
        join(&row, delimiters, &mut out);
        out.push(end);
    }
    process.out(system, &out)?;
    Ok(0)
}

/// Delimiters, of which `\0` is none.
fn list(text: &[u8]) -> Vec<Option<u8>> {
    let mut found = Vec::new();
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        found.push(match byte {
            b'\\' => match bytes.next() {
                Some(b'0') => None,
                Some(b'n') => Some(b'\n'),
                Some(b't') => Some(b'\t'),
                Some(b'b') => Some(8),
                Some(b'f') => Some(12),
                Some(b'r') => Some(b'\r'),
                Some(b'v') => Some(11),
                Some(other) => Some(*other),
                None => Some(b'\\'),
            },
            byte => Some(*byte),
        });
    }
    if found.is_empty() { vec![None] } else { found }
}

fn join(parts: &[&[u8]], delimiters: &[Option<u8>], out: &mut Vec<u8>) {
    let mut between = delimiters.iter().cycle();
    for (n, part) in parts.iter().enumerate() {
        if n > 0 {
            out.extend(between.next().copied().flatten());
        }
        out.extend(*part);
    }
}
