//! head(1) and tail(1): the first or the last part of files.

use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::{input, options};

const HEAD: &[options::Long] =
    &[("bytes", 'c'), ("lines", 'n'), ("quiet", 'q'), ("silent", 'q'), ("verbose", 'v'), ("zero-terminated", 'z')];
const TAIL: &[options::Long] = &[
    ("bytes", 'c'),
    ("follow", '='),
    ("lines", 'n'),
    ("max-unchanged-stats", '%'),
    ("pid", '!'),
    ("quiet", 'q'),
    ("retry", '&'),
    ("silent", 'q'),
    ("sleep-interval", 's'),
    ("verbose", 'v'),
    ("zero-terminated", 'z'),
];

/// How much.
#[derive(Clone, Copy)]
struct Amount {
    bytes: bool,
    count: usize,
    /// `head -n -N`: all but so many; `tail -n +N`: from there on.
    other: bool,
}

/// Runs head(1).
pub(super) fn head(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    run(system, process, false)
}

/// Runs tail(1).
pub(super) fn tail(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    run(system, process, true)
}

fn run(system: &mut System<'_>, process: &mut Process, tail: bool) -> Result<u8, Stop> {
    let arguments = old_form(process.arguments(), tail);
    let parsed = if tail {
        options::parse(&arguments, "c:fFn:qvzs:=::%:!:&", TAIL)
    } else {
        options::parse(&arguments, "c:n:qvz", HEAD)
    };
    let parsed = match parsed {
        Ok(parsed) => parsed,
        Err(bad) => return options::refuse(system, process, &bad, 1),
    };
    let mut amount = Amount { bytes: false, count: 10, other: false };
    let (mut headers, mut delimiter) = (None, b'\n');
    for (letter, value) in parsed.options {
        match letter {
            'n' | 'c' => {
                let value = value.unwrap_or_default();
                let Some((other, count)) = number(&value, tail) else {
                    let what = if letter == 'n' { "lines" } else { "bytes" };
                    let value = value.strip_prefix(b"-").filter(|_| !tail).unwrap_or(&value);
                    let why = format!("invalid number of {what}: {}", input::quoted(process, value));
                    process.complain(system, &why)?;
                    return Ok(1);
                };
                amount = Amount { bytes: letter == 'c', count, other };
            }
            'q' => headers = Some(false),
            'v' => headers = Some(true),
            'z' => delimiter = 0,
            other => return Err(options::unsupported(process, other)),
        }
    }
    if let (true, Some(number)) = (tail && parsed.operands.len() > 1, was_old(process.arguments())) {
        process.complain(system, &format!("option used in invalid context -- {number}"))?;
        return Ok(1);
    }
    let names = input::or_stdin(parsed.operands);
    let headers = headers.unwrap_or(names.len() > 1);
    let (mut status, mut first) = (0, true);
    for name in names {
        let is_input = name == b"-";
        let folder = !is_input && system.stat(&process.path(&name)).is_ok_and(|node| node.is_directory());
        let read = match is_input && !tail && !(amount.bytes || amount.other) {
            true => lines_of_input(system, process, amount.count, delimiter),
            false => input::read(system, process, &name).map(|bytes| bytes.to_vec()),
        };
        let shown = format!("'{}'", input::shown(&name));
        if let (Err(error), false) = (&read, folder) {
            process.complain(system, &format!("cannot open {shown} for reading: {error}"))?;
            status = 1;
            continue;
        }
        if headers {
            let title: &[u8] = if is_input { b"standard input" } else { &name };
            let gap: &[u8] = if first { b"" } else { b"\n" };
            process.out(system, &[gap, b"==> ", title, b" <==\n"].concat())?;
        }
        first = false;
        match read {
            Ok(bytes) => {
                let part = if tail { last(&bytes, amount, delimiter) } else { begin(&bytes, amount, delimiter) };
                process.out(system, part)?;
            }
            Err(error) => {
                process.complain(system, &format!("error reading {shown}: {error}"))?;
                status = 1;
            }
        }
    }
    Ok(status)
}

/// The digit of a `-5` that comes first.
fn was_old(arguments: &[Vec<u8>]) -> Option<char> {
    match arguments.first().map(Vec::as_slice) {
        Some([b'-', digit @ b'0'..=b'9', ..]) => Some(char::from(*digit)),
        _ => None,
    }
}

/// `-5`, and of `tail` `+5`, as `-n 5`.
fn old_form(arguments: &[Vec<u8>], tail: bool) -> Vec<Vec<u8>> {
    let mut arguments = arguments.to_vec();
    let Some(first) = arguments.first() else { return arguments };
    let digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let with_sign = match first.as_slice() {
        [b'-', rest @ ..] if digits(rest) => Some(vec![b"-n".to_vec(), rest.to_vec()]),
        [b'+', rest @ ..] if tail && digits(rest) => Some(vec![b"-n".to_vec(), first.clone()]),
        [b'-', rest @ .., b'c'] if digits(rest) => Some(vec![b"-c".to_vec(), rest.to_vec()]),
        _ => None,
    };
    if let Some(new) = with_sign {
        arguments.splice(..1, new);
    }
    arguments
}

/// A count with its sign and suffix: whether it is the other way round, and the count.
fn number(text: &[u8], tail: bool) -> Option<(bool, usize)> {
    let (sign, rest) = match text {
        [sign @ (b'+' | b'-'), rest @ ..] => (Some(*sign), rest),
        rest => (None, rest),
    };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let value: usize = std::str::from_utf8(rest.get(..digits)?).ok()?.parse().ok()?;
    let unit: usize = match rest.get(digits..)? {
        b"" => 1,
        b"b" => 512,
        b"kB" => 1000,
        b"K" | b"k" | b"KiB" => 1 << 10,
        b"MB" => 1_000_000,
        b"M" | b"m" | b"MiB" => 1 << 20,
        b"GB" => 1_000_000_000,
        b"G" | b"GiB" => 1 << 30,
        _ => return None,
    };
    let other = if tail { sign == Some(b'+') } else { sign == Some(b'-') };
    if !tail && sign == Some(b'+') {
        return Some((false, value.saturating_mul(unit)));
    }
    Some((other, value.saturating_mul(unit)))
}

/// Lines of standard input; what follows stays for who reads next.
fn lines_of_input(
    system: &mut System<'_>,
    process: &mut Process,
    count: usize,
    delimiter: u8,
) -> Result<Vec<u8>, super::super::errno::Errno> {
    if delimiter != b'\n' {
        return process.read_all(system, 0);
    }
    let mut out = Vec::new();
    for _ in 0..count {
        let line = process.read_line(system, 0)?;
        if line.is_empty() {
            break;
        }
        out.extend(line);
    }
    Ok(out)
}

/// How many bytes the first `count` lines take.
fn lines(bytes: &[u8], count: usize, delimiter: u8) -> usize {
    bytes.split_inclusive(|byte| *byte == delimiter).take(count).map(<[u8]>::len).sum()
}

fn begin(bytes: &[u8], amount: Amount, delimiter: u8) -> &[u8] {
    let end = match (amount.bytes, amount.other) {
        (true, false) => amount.count.min(bytes.len()),
        (true, true) => bytes.len().saturating_sub(amount.count),
        (false, false) => lines(bytes, amount.count, delimiter),
        (false, true) => {
            let all = bytes.split_inclusive(|byte| *byte == delimiter).count();
            lines(bytes, all.saturating_sub(amount.count), delimiter)
        }
    };
    bytes.get(..end).unwrap_or(bytes)
}

fn last(bytes: &[u8], amount: Amount, delimiter: u8) -> &[u8] {
    let start = match (amount.bytes, amount.other) {
        (true, false) => bytes.len().saturating_sub(amount.count),
        (true, true) => amount.count.saturating_sub(1).min(bytes.len()),
        (false, false) => {
            let all = bytes.split_inclusive(|byte| *byte == delimiter).count();
            lines(bytes, all.saturating_sub(amount.count), delimiter)
        }
        (false, true) => lines(bytes, amount.count.saturating_sub(1), delimiter),
    };
    bytes.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_their_signs() {
        assert_eq!(number(b"-3", false), Some((true, 3)));
        assert_eq!(number(b"-3", true), Some((false, 3)));
        assert_eq!(number(b"+3", true), Some((true, 3)));
        assert_eq!(number(b"2K", true), Some((false, 2048)));
        assert_eq!(number(b"x", true), None);
    }
}
