//! iconv(1): text from one encoding to another. UTF-8, ASCII and ISO-8859-1 are known.

use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::{input, options};

const LONG: &[options::Long] = &[("from-code", 'f'), ("to-code", 't'), ("output", 'o'), ("list", 'l'), ("silent", 's')];

/// An encoding.
#[derive(Clone, Copy, PartialEq)]
enum Code {
    Utf8,
    Latin1,
    Ascii,
}

/// Runs it.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let parsed = match options::parse(process.arguments(), "cf:lo:st:", LONG) {
        Ok(parsed) => parsed,
        Err(bad) => return options::refuse(system, process, &bad, 1),
    };
    let here = if input::utf8(process) { Code::Utf8 } else { Code::Ascii };
    let (mut from, mut to, mut drops, mut output) = (here, here, false, None);
    for (letter, value) in parsed.options {
        let value = value.unwrap_or_default();
        match letter {
            'f' => from = code(&value)?,
            't' => to = code(&value)?,
            'c' => drops = true,
            's' => {}
            'o' => output = Some(value),
            other => return Err(options::unsupported(process, other)),
        }
    }
    let mut out = Vec::new();
    let mut status = 0;
    for name in input::or_stdin(parsed.operands) {
        let shown = input::shown(&name);
        let bytes = match input::read(system, process, &name) {
            Ok(bytes) => bytes,
            Err(error) => {
                process.complain(system, &format!("cannot open input file `{shown}': {error}"))?;
                status = 1;
                continue;
            }
        };
        if let Err(at) = convert(&bytes, from, to, drops, &mut out) {
            process.out(system, &out)?;
            process.complain(system, &format!("illegal input sequence at position {at}"))?;
            return Ok(1);
        }
    }
    match output {
        None => process.out(system, &out)?,
        Some(name) => {
            system.budget.bytes(out.len())?;
            if let Err(error) = system.write_file(&process.path(&name), out, process.umask) {
                process.complain(system, &format!("unable to open output file: {error}"))?;
                return Ok(1);
            }
        }
    }
    Ok(status)
}

fn code(name: &[u8]) -> Result<Code, Stop> {
    match name.to_ascii_uppercase().as_slice() {
        b"UTF-8" | b"UTF8" => Ok(Code::Utf8),
        b"ISO-8859-1" | b"ISO8859-1" | b"ISO_8859-1" | b"LATIN1" | b"L1" => Ok(Code::Latin1),
        b"ASCII" | b"US-ASCII" | b"ANSI_X3.4-1968" => Ok(Code::Ascii),
        _ => Err(Stop::unsupported("iconv", format!("encoding {}", input::shown(name)))),
    }
}

/// Converts text; where it cannot, the offset at which it stopped. With `drops` what cannot be converted is left out.
fn convert(text: &[u8], from: Code, to: Code, drops: bool, out: &mut Vec<u8>) -> Result<(), usize> {
    let mut at = 0;
    while let Some(byte) = text.get(at).copied() {
        let read = match (from, byte) {
            (_, 0..=0x7f) => Some((char::from(byte), 1)),
            (Code::Latin1, _) => Some((char::from(byte), 1)),
            (Code::Ascii, _) => None,
            (Code::Utf8, _) => {
                let rest = text.get(at..(at + 4).min(text.len())).unwrap_or_default();
                rest.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next()).map(|c| (c, c.len_utf8()))
            }
        };
        let written = read.and_then(|(c, length)| match to {
            Code::Utf8 => Some((c.to_string().into_bytes(), length)),
            Code::Latin1 => u8::try_from(u32::from(c)).ok().map(|byte| (vec![byte], length)),
            Code::Ascii => c.is_ascii().then(|| (vec![c as u8], length)),
        });
        match written {
            Some((bytes, length)) => {
                out.extend(bytes);
                at += length;
            }
            None if drops => at += read.map_or(1, |(_, length)| length),
            None => return Err(at),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_place_stops_or_is_dropped() {
        let mut out = Vec::new();
        assert_eq!(convert("é€x".as_bytes(), Code::Utf8, Code::Latin1, false, &mut out), Err(2));
        assert_eq!(out, b"\xe9");
        out.clear();
        assert_eq!(convert("é€x".as_bytes(), Code::Utf8, Code::Latin1, true, &mut out), Ok(()));
        assert_eq!(out, b"\xe9x");
    }
}
