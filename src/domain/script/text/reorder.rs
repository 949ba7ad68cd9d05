//! tac(1), rev(1): lines, and characters in lines, the other way round.

use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::{input, options};

/// Runs tac(1).
pub(super) fn tac(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let long = &[("before", 'b'), ("regex", 'r'), ("separator", 's')];
    let parsed = match options::parse(process.arguments(), "brs:", long) {
        Ok(parsed) => parsed,
        Err(bad) => return options::refuse(system, process, &bad, 1),
    };
    if let Some((letter, _)) = parsed.options.first() {
        return Err(options::unsupported(process, *letter));
    }
    let mut status = 0;
    for name in input::or_stdin(parsed.operands) {
        match input::read(system, process, &name) {
            Ok(bytes) => {
                let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
                let out: Vec<u8> = lines.into_iter().rev().flatten().copied().collect();
                process.out(system, &out)?;
            }
            Err(error) => {
                let (shown, folder) = (input::shown(&name), error == super::super::errno::Errno::IsADirectory);
                let why = if folder {
                    format!("{shown}: read error: Invalid argument")
                } else {
                    format!("failed to open '{shown}' for reading: {error}")
                };
                process.complain(system, &why)?;
                status = 1;
            }
        }
    }
    Ok(status)
}

/// Runs rev(1).
pub(super) fn rev(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let parsed = match options::parse(process.arguments(), "0hV", &[("zero", '0')]) {
        Ok(parsed) => parsed,
        Err(bad) => return options::refuse(system, process, &bad, 1),
    };
    if let Some((letter, _)) = parsed.options.first() {
        return Err(options::unsupported(process, *letter));
    }
    let mut status = 0;
    for name in input::or_stdin(parsed.operands) {
        let bytes = match input::read(system, process, &name) {
            Ok(bytes) => bytes,
            Err(error) => {
                process.complain(system, &format!("cannot open {}: {error}", input::shown(&name)))?;
                status = 1;
                continue;
            }
        };
        let mut out = Vec::with_capacity(bytes.len());
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let text = line.strip_suffix(b"\n").unwrap_or(line);
            match std::str::from_utf8(text) {
                Ok(text) if input::utf8(process) => out.extend(text.chars().rev().collect::<String>().into_bytes()),
                _ => out.extend(text.iter().rev()),
            }
            if line.ends_with(b"\n") {
                out.push(b'\n');
            }
        }
        process.out(system, &out)?;
    }
    Ok(status)
}
