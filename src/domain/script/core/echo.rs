//! echo(1), true(1), false(1), pwd(1) as programs, and the escapes of echo's strings.

use super::canonical::{Existing, canonical};
use super::options::{self, Known, Order, Takes};
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

/// Whose backslashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escapes {
    /// `echo -e`: octal after `\0`.
    Echo,
    /// A format, as of `stat --printf`: octal after `\`.
    Format,
}

/// Runs `echo` of coreutils.
pub(super) fn echo(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let (mut newline, mut escapes) = (true, false);
    let is_flags = |word: &&Vec<u8>| matches!(word.as_slice(), [b'-', flags @ ..] if !flags.is_empty() && flags.iter().all(|flag| b"neE".contains(flag)));
    let flags = process.arguments().iter().take_while(is_flags).count();
    for flag in process.arguments().iter().take(flags).flat_map(|word| word.iter().skip(1)) {
        match flag {
            b'n' => newline = false,
            b'e' => escapes = true,
            _ => escapes = false,
        }
    }
    let text = process.arguments().get(flags..).unwrap_or_default().join(&b' ');
    let (mut text, ended) = if escapes { escaped(&text, Escapes::Echo) } else { (text, false) };
    if newline && !ended {
        text.push(b'\n');
    }
    process.out(system, &text)?;
    Ok(0)
}

/// Text with its escapes replaced, and whether `\c` ended it.
pub(super) fn escaped(text: &[u8], escapes: Escapes) -> (Vec<u8>, bool) {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let Some((&letter, after)) = rest.split_first() else {
            out.push(b'\\');
            break;
        };
        rest = after;
        let mut digits = |base: u32, most: usize| {
            let n = rest.iter().take(most).take_while(|digit| char::from(**digit).is_digit(base)).count();
            let (digits, after) = rest.split_at_checked(n).unwrap_or_default();
            rest = after;
            let value =
                digits.iter().fold(0, |value, digit| value * base + char::from(*digit).to_digit(base).unwrap_or(0));
            (n > 0).then_some((value & 0xff).to_le_bytes().first().copied().unwrap_or_default())
        };
        match letter {
            b'a' => out.push(7),
            b'b' => out.push(8),
            b'e' => out.push(0x1b),
            b'f' => out.push(0x0c),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'v' => out.push(0x0b),
            b'\\' => out.push(b'\\'),
            b'"' if escapes == Escapes::Format => out.push(b'"'),
            b'c' if escapes == Escapes::Echo => return (out, true),
            b'0' if escapes == Escapes::Echo => out.push(digits(8, 3).unwrap_or(0)),
            first @ b'0'..=b'7' => {
                let more = rest.iter().take(2).take_while(|digit| (b'0'..=b'7').contains(digit)).count();
                let (digits, after) = rest.split_at_checked(more).unwrap_or_default();
                rest = after;
                out.push(
                    digits.iter().fold(first - b'0', |value, digit| value.wrapping_mul(8).wrapping_add(digit - b'0')),
                );
            }
            b'x' => match digits(16, 2) {
                Some(value) => out.push(value),
                None => out.extend(b"\\x"),
            },
            other => out.extend([b'\\', other]),
        }
    }
    (out, false)
}

/// Runs `true`.
pub(super) fn yes(_: &mut System<'_>, _: &mut Process) -> Result<u8, Stop> {
    Ok(0)
}

/// Runs `false`.
pub(super) fn no(_: &mut System<'_>, _: &mut Process) -> Result<u8, Stop> {
    Ok(1)
}

/// Runs `pwd` of coreutils, which shows the physical folder unless `-L` and `$PWD` say otherwise.
pub(super) fn pwd(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    const OPTIONS: &[Known] = &[("L", "logical", Takes::Nothing), ("P", "physical", Takes::Nothing)];
    let Some(line) = options::read(system, process, OPTIONS, Order::Permuted)? else { return Ok(1) };
    let logical = line.options.last().is_some_and(|option| option.name == "logical");
    let physical = canonical(system, process, b".", Existing::All).unwrap_or_else(|_| b"/".to_vec());
    let named = process.env.get(&b"PWD"[..]).filter(|name| logical && name.starts_with(b"/")).cloned();
    let shown = named
        .filter(|name| canonical(system, process, name, Existing::All).as_ref() == Ok(&physical))
        .unwrap_or(physical);
    process.out(system, &[shown.as_slice(), b"\n"].concat())?;
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_both_kinds() {
        assert_eq!(escaped(b"a\\tb\\0101\\x41\\q\\", Escapes::Echo).0, b"a\tbAA\\q\\");
        assert_eq!(escaped(b"\\101\\60x", Escapes::Format).0, b"A0x");
        assert_eq!(escaped(b"a\\cb", Escapes::Echo), (b"a".to_vec(), true));
    }
}
