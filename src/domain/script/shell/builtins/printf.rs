//! `printf`, printf(1).

use super::super::escape::{Dialect, unescape};
use super::super::{Mode, Run, Shell};
use super::Call;
use crate::domain::script::limits::Budget;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

/// What a conversion asks for besides its letter.
#[derive(Default)]
struct Shape {
    left: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
}

struct Printer<'a> {
    arguments: &'a [Vec<u8>],
    mode: Mode,
    used: usize,
    out: Vec<u8>,
    complaints: Vec<Vec<u8>>,
    /// A `\c` in `%b`.
    ended: bool,
}

/// Wider output than this is nobody's wish.
const MAX_WIDTH: usize = 1 << 20;

pub(super) fn printf(shell: &mut Shell, system: &mut System<'_>, call: Call<'_>) -> Run {
    let mut arguments = call.arguments;
    if arguments.first().is_some_and(|first| first == b"--") {
        arguments = arguments.get(1..).unwrap_or_default();
    }
    if shell.mode == Mode::Bash && arguments.first().is_some_and(|first| first.starts_with(b"-v")) {
        return Err(Stop::unsupported("printf", "option -v").into());
    }
    let Some((format, arguments)) = arguments.split_first() else {
        return shell.wrong(system, b"usage: printf format [arg ...]");
    };
    let mut printer =
        Printer { arguments, mode: shell.mode, used: 0, out: Vec::new(), complaints: Vec::new(), ended: false };
    loop {
        let before = printer.used;
        system.budget.step(1)?;
        let whole = printer.pass(&system.budget, format)?;
        let done = printer.ended || printer.used >= arguments.len() || printer.used == before || !whole;
        if done {
            if !whole {
                shell.emit(system, &printer.out)?;
                for complaint in printer.complaints {
                    shell.complain(system, &complaint)?;
                }
                return Ok(if shell.mode == Mode::Dash { 2 } else { 1 });
            }
            break;
        }
        system.budget.fits(printer.out.len())?;
    }
    let mut status = shell.emit(system, &printer.out)?;
    for complaint in printer.complaints {
        shell.complain(system, &complaint)?;
        status = 1;
    }
    Ok(status)
}

impl Printer<'_> {
    fn next(&mut self) -> Option<Vec<u8>> {
        let next = self.arguments.get(self.used).cloned();
        self.used += usize::from(next.is_some());
        next
    }

    /// Goes through the format once; `false` when it is wrong.
    fn pass(&mut self, budget: &Budget, format: &[u8]) -> Result<bool, Stop> {
        let mut rest = format;
        while let Some((byte, tail)) = rest.split_first() {
            match byte {
                b'\\' => {
                    let length = escape_length(rest);
                    let (escape, tail) = rest.split_at(length);
                    let dialect = if self.mode == Mode::Bash { Dialect::Ansi } else { Dialect::Format };
                    self.out.extend(unescape(escape, dialect).0);
                    rest = tail;
                }
                b'%' if tail.first() == Some(&b'%') => {
                    self.out.push(b'%');
                    rest = tail.get(1..).unwrap_or_default();
                }
                b'%' => match self.conversion(tail)? {
                    Some(after) => {
                        budget.fits(self.out.len())?;
                        rest = after;
                    }
                    None => return Ok(false),
                },
                _ => {
                    self.out.push(*byte);
                    rest = tail;
                }
            }
            if self.ended {
                break;
            }
        }
        Ok(true)
    }

    /// Reads a conversion after its `%` and writes its argument; what follows it, or `None` when it is none.
    fn conversion<'f>(&mut self, format: &'f [u8]) -> Result<Option<&'f [u8]>, Stop> {
        let mut shape = Shape::default();
        let mut rest = format;
        while let Some((flag, tail)) = rest.split_first() {
            match flag {
                b'-' => shape.left = true,
                b'+' => shape.plus = true,
                b' ' => shape.space = true,
                b'#' => shape.alternate = true,
                b'0' => shape.zero = true,
                _ => break,
            }
            rest = tail;
        }
        let (width, tail) = self.size(rest);
        rest = tail;
        if let Some(width) = width {
            shape.left |= width < 0;
            shape.width = usize::try_from(width.unsigned_abs()).unwrap_or(MAX_WIDTH).min(MAX_WIDTH);
        }
        if let Some(tail) = rest.strip_prefix(b".") {
            let (precision, tail) = self.size(tail);
            rest = tail;
            shape.precision = match precision {
                None => Some(0),
                Some(precision) => usize::try_from(precision).ok().map(|precision| precision.min(MAX_WIDTH)),
            };
        }
        let Some((letter, tail)) = rest.split_first() else {
            self.complaints.push(b"missing format character".to_vec());
            return Ok(None);
        };
        match letter {
            b's' => {
                let text = self.next().unwrap_or_default();
                self.padded(&text, &shape);
            }
            b'b' => {
                let text = self.next().unwrap_or_default();
                let dialect = if self.mode == Mode::Bash { Dialect::BashEcho } else { Dialect::Echo };
                let (text, ended) = unescape(&bare_octal(&text), dialect);
                self.padded(&text, &shape);
                self.ended = ended;
            }
            b'c' => {
                let text = self.next().unwrap_or_default();
                let first = text.get(..1).map_or_else(|| vec![0], <[u8]>::to_vec);
                self.padded(&first, &Shape { precision: None, ..shape });
            }
            b'd' | b'i' | b'u' | b'o' | b'x' | b'X' => self.integer(*letter, &shape),
            b'e' | b'E' | b'f' | b'F' | b'g' | b'G' | b'a' | b'A' => self.float(*letter, &shape)?,
            b'q' | b'(' if self.mode == Mode::Bash => {
                return Err(Stop::unsupported("printf", format!("conversion %{}", char::from(*letter))));
            }
            _ => {
                let shown = format.get(..format.len() - tail.len()).unwrap_or_default();
                self.complaints.push([b"%", shown, b": invalid directive"].concat());
                return Ok(None);
            }
        }
        Ok(Some(tail))
    }

    fn size<'f>(&mut self, text: &'f [u8]) -> (Option<i64>, &'f [u8]) {
        if let Some(tail) = text.strip_prefix(b"*") {
            let argument = self.next().unwrap_or_default();
            return (Some(self.number(&argument)), tail);
        }
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, tail) = text.split_at(digits);
        (std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()), tail)
    }

    fn padded(&mut self, text: &[u8], shape: &Shape) {
        let text = shape.precision.and_then(|precision| text.get(..precision)).unwrap_or(text);
        let fill = vec![b' '; shape.width.saturating_sub(text.len())];
        let parts = if shape.left { [text, &fill] } else { [&fill, text] };
        self.out.extend(parts.concat());
    }

    /// An argument's number: C's forms, or `'c` for a character's.
    fn number(&mut self, text: &[u8]) -> i64 {
        if let Some((b'\'' | b'"', character)) = text.split_first() {
            return i64::from(character.first().copied().unwrap_or(0));
        }
        let trimmed = text.trim_ascii_start();
        let (negative, digits) = match trimmed.split_first() {
            Some((b'-', rest)) => (true, rest),
            Some((b'+', rest)) => (false, rest),
            _ => (false, trimmed),
        };
        let hex = digits.len() > 2 && (digits.starts_with(b"0x") || digits.starts_with(b"0X"));
        let (radix, digits) = match digits {
            [_, _, hexadecimal @ ..] if hex => (16, hexadecimal),
            [b'0', _, ..] => (8, digits),
            _ => (10, digits),
        };
        let length = digits.iter().take_while(|byte| char::from(**byte).is_digit(radix)).count();
        let mut value: i128 = 0;
        for digit in digits.get(..length).unwrap_or_default() {
            let digit = char::from(*digit).to_digit(radix).unwrap_or(0);
            value = value.saturating_mul(i128::from(radix)).saturating_add(i128::from(digit));
        }
        if negative {
            value = -value;
        }
        if length == 0 && !text.is_empty() {
            self.complaints.push(match self.mode {
                Mode::Dash => [text, b": expected numeric value"].concat(),
                Mode::Bash => [text, b": invalid number"].concat(),
            });
        } else if length < digits.len() {
            self.complaints.push(match self.mode {
                Mode::Dash => [text, b": not completely converted"].concat(),
                Mode::Bash => [text, b": invalid number"].concat(),
            });
        }
        let clamped = value.clamp(i128::from(i64::MIN), i128::from(i64::MAX));
        if clamped != value {
            self.complaints.push([text, b": Numerical result out of range"].concat());
        }
        i64::try_from(clamped).unwrap_or(i64::MAX)
    }

    fn integer(&mut self, letter: u8, shape: &Shape) {
        let value = match self.next() {
            Some(text) => self.number(&text),
            None => 0,
        };
        let bits = value.cast_unsigned();
        let (sign, mut digits) = match letter {
            b'd' | b'i' => {
                let sign = match (value < 0, shape.plus, shape.space) {
                    (true, _, _) => "-",
                    (_, true, _) => "+",
                    (_, _, true) => " ",
                    _ => "",
                };
                (sign, value.unsigned_abs().to_string())
            }
            b'u' => ("", bits.to_string()),
            b'o' => ("", if shape.alternate && bits != 0 { format!("0{bits:o}") } else { format!("{bits:o}") }),
            b'x' => (if shape.alternate && bits != 0 { "0x" } else { "" }, format!("{bits:x}")),
            _ => (if shape.alternate && bits != 0 { "0X" } else { "" }, format!("{bits:X}")),
        };
        if let Some(precision) = shape.precision {
            if precision == 0 && value == 0 {
                digits.clear();
            }
            digits.insert_str(0, &"0".repeat(precision.saturating_sub(digits.len())));
        }
        self.numeric(sign, &digits, shape, shape.precision.is_none());
    }

    fn numeric(&mut self, sign: &str, digits: &str, shape: &Shape, zeros: bool) {
        let fill = shape.width.saturating_sub(sign.len() + digits.len());
        let text = if shape.left {
            format!("{sign}{digits}{}", " ".repeat(fill))
        } else if shape.zero && zeros {
            format!("{sign}{}{digits}", "0".repeat(fill))
        } else {
            format!("{}{sign}{digits}", " ".repeat(fill))
        };
        self.out.extend(text.as_bytes());
    }

    fn float(&mut self, letter: u8, shape: &Shape) -> Result<(), Stop> {
        let argument = self.next().unwrap_or_default();
        let text = String::from_utf8_lossy(&argument).into_owned();
        let value: f64 = match text.trim() {
            "" => 0.0,
            text => match text.parse() {
                Ok(value) => value,
                Err(_) => return Err(Stop::unsupported("printf", format!("the number {text}"))),
            },
        };
        // What follows so many digits are zeros; the standard library has a limit.
        let precision = shape.precision.unwrap_or(6);
        if precision > 1100 {
            return Err(Stop::unsupported("printf", "so many digits behind the point"));
        }
        let digits = match letter {
            b'f' | b'F' => format!("{:.precision$}", value.abs()),
            b'e' | b'E' => {
                let text = format!("{:.precision$e}", value.abs());
                let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
                let exponent: i32 = exponent.parse().unwrap_or(0);
                let sign = if exponent < 0 { '-' } else { '+' };
                let letter = char::from(letter);
                format!("{mantissa}{letter}{sign}{:02}", exponent.unsigned_abs())
            }
            _ => return Err(Stop::unsupported("printf", format!("conversion %{}", char::from(letter)))),
        };
        let sign = match (value.is_sign_negative(), shape.plus, shape.space) {
            (true, _, _) => "-",
            (_, true, _) => "+",
            (_, _, true) => " ",
            _ => "",
        };
        self.numeric(sign, &digits, shape, true);
        Ok(())
    }
}

/// The length of the escape that begins a format.
fn escape_length(text: &[u8]) -> usize {
    let digits = |from: usize, most: usize, is: fn(&u8) -> bool| {
        text.get(from..).unwrap_or_default().iter().take(most).take_while(|byte| is(byte)).count()
    };
    match text.get(1) {
        None => 1,
        Some(b'0'..=b'7') => 1 + digits(1, 3, |byte| (b'0'..=b'7').contains(byte)),
        Some(b'x') => 2 + digits(2, 2, u8::is_ascii_hexdigit),
        Some(_) => 2,
    }
}

/// In `%b`, `\1` is `\01`.
fn bare_octal(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((byte, tail)) = rest.split_first() {
        out.push(*byte);
        rest = tail;
        if *byte == b'\\'
            && let Some((next, tail)) = rest.split_first()
        {
            if matches!(next, b'1'..=b'7') {
                out.push(b'0');
            }
            out.push(*next);
            rest = tail;
        }
    }
    out
}
