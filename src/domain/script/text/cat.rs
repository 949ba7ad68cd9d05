//! cat(1): puts files one after the other.

use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::{input, options};

const LONG: &[options::Long] = &[
    ("show-all", 'A'),
    ("number-nonblank", 'b'),
    ("show-ends", 'E'),
    ("number", 'n'),
    ("squeeze-blank", 's'),
    ("show-tabs", 'T'),
    ("show-nonprinting", 'v'),
];

/// How lines are shown.
#[derive(Default)]
struct Style {
    number: bool,
    number_filled: bool,
    ends: bool,
    squeeze: bool,
    tabs: bool,
    codes: bool,
}

/// What goes on from one file to the next.
struct State {
    line: u64,
    starts: bool,
    blank: u64,
}

/// Runs it.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let parsed = match options::parse(process.arguments(), "AbeEnstTuv", LONG) {
        Ok(parsed) => parsed,
        Err(bad) => return options::refuse(system, process, &bad, 1),
    };
    let mut style = Style::default();
    let mut plain = true;
    for (letter, _) in parsed.options {
        plain &= letter == 'u';
        match letter {
            'A' => (style.codes, style.ends, style.tabs) = (true, true, true),
            'b' => style.number_filled = true,
            'e' => (style.codes, style.ends) = (true, true),
            'E' => style.ends = true,
            'n' => style.number = true,
            's' => style.squeeze = true,
            't' => (style.codes, style.tabs) = (true, true),
            'T' => style.tabs = true,
            'u' => {}
            'v' => style.codes = true,
            other => return Err(options::unsupported(process, other)),
        }
    }
    let (mut status, mut state) = (0, State { line: 0, starts: true, blank: 0 });
    for name in input::or_stdin(parsed.operands) {
        let Some(bytes) = input::read_or_say(system, process, &name)? else {
            status = 1;
            continue;
        };
        if !bytes.is_empty() && name != b"-" && input::is_output(system, process, &name) {
            process.complain(system, &format!("{}: input file is output file", input::shown(&name)))?;
            status = 1;
        } else if plain {
            process.out(system, &bytes)?;
        } else {
            let shown = show(&bytes, &style, &mut state);
            process.out(system, &shown)?;
        }
    }
    Ok(status)
}

fn show(bytes: &[u8], style: &Style, state: &mut State) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for byte in bytes {
        if state.starts {
            if *byte == b'\n' {
                state.blank += 1;
                if style.squeeze && state.blank > 1 {
                    continue;
                }
            } else {
                state.blank = 0;
            }
            if style.number_filled && *byte != b'\n' || style.number && !style.number_filled {
                state.line += 1;
                out.extend(format!("{:6}\t", state.line).into_bytes());
            }
        }
        state.starts = *byte == b'\n';
        match *byte {
            b'\n' if style.ends => out.extend(b"$\n"),
            b'\n' => out.push(b'\n'),
            b'\t' if style.tabs => out.extend(b"^I"),
            b'\t' => out.push(b'\t'),
            byte if style.codes => code(byte, &mut out),
            byte => out.push(byte),
        }
    }
    out
}

/// A byte in the notation of `cat -v`.
fn code(byte: u8, out: &mut Vec<u8>) {
    let low = byte & 0x7f;
    if byte >= 0x80 {
        out.extend(b"M-");
    }
    match low {
        0..=31 => out.extend([b'^', low + 64]),
        127 => out.extend(b"^?"),
        low => out.push(low),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_bytes() {
        let mut out = Vec::new();
        b"\x01a\xff\x89\x7f".iter().for_each(|byte| code(*byte, &mut out));
        assert_eq!(out, b"^AaM-^?M-^I^?");
    }
}
