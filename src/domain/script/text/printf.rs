//! printf(1): text by a format. The formatting is a function, for the shell's built-in of the same name.

use super::super::limits::Budget;
use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::format::{Spec, WIDEST};
use super::{input, options};

/// What a format made of arguments.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::domain::script) struct Printed {
    pub(in crate::domain::script) out: Vec<u8>,
    /// Lines for standard error, without the program's name.
    pub(in crate::domain::script) complaints: Vec<String>,
    pub(in crate::domain::script) status: u8,
}

/// Runs it.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let arguments = process.arguments().to_vec();
    let arguments = arguments.strip_prefix(&[b"--".to_vec()]).unwrap_or(&arguments);
    let Some((format, values)) = arguments.split_first() else {
        return options::refuse(system, process, &"missing operand", 1);
    };
    if matches!(format.as_slice(), b"--help" | b"--version") {
        return Err(options::unsupported(process, options::OTHER));
    }
    let marks = if input::utf8(process) { ("\u{2018}", "\u{2019}") } else { ("'", "'") };
    let printed = printf(&system.budget, format, values, marks)?;
    process.out(system, &printed.out)?;
    for complaint in printed.complaints {
        process.complain(system, &complaint)?;
    }
    Ok(printed.status)
}

/// Formats `values` by `format`, which is used again until there are none left. `marks` stand around names in messages.
///
/// # Errors
/// When a directive is not modelled (`%a`, `%q`) or too wide.
pub(in crate::domain::script) fn printf(
    budget: &Budget,
    format: &[u8],
    values: &[Vec<u8>],
    marks: (&str, &str),
) -> Result<Printed, Stop> {
    let mut printer = Printer { values, at: 0, marks, printed: Printed::default(), ended: false };
    loop {
        let before = printer.at;
        printer.pass(budget, format)?;
        if printer.ended || printer.at >= values.len() {
            break;
        }
        if printer.at == before {
            let (open, close) = marks;
            let extra = values.get(before).map(|value| input::shown(value)).unwrap_or_default();
            let text = format!("warning: ignoring excess arguments, starting with {open}{extra}{close}");
            printer.printed.complaints.push(text);
            break;
        }
    }
    Ok(printer.printed)
}

struct Printer<'a> {
    values: &'a [Vec<u8>],
    at: usize,
    marks: (&'a str, &'a str),
    printed: Printed,
    /// `\c`, or a directive that is none: nothing more is printed.
    ended: bool,
}

impl<'a> Printer<'a> {
    fn pass(&mut self, budget: &Budget, format: &[u8]) -> Result<(), Stop> {
        let mut at = 0;
        while let Some(byte) = format.get(at).copied() {
            let rest = format.get(at..).unwrap_or_default();
            match byte {
                b'\\' => {
                    let (bytes, length) = self.escape(rest, false);
                    self.printed.out.extend(bytes);
                    at += length;
                }
                b'%' if rest.get(1) == Some(&b'%') => {
                    self.printed.out.push(b'%');
                    at += 2;
                }
                b'%' => {
                    at += self.directive(rest)?;
                    budget.fits(self.printed.out.len())?;
                }
                byte => {
                    self.printed.out.push(byte);
                    at += 1;
                }
            }
            if self.ended {
                break;
            }
        }
        Ok(())
    }

    fn value(&mut self) -> Option<&'a [u8]> {
        let value = self.values.get(self.at)?;
        self.at += 1;
        Some(value)
    }

    /// A directive at the start of `text`; its length.
    fn directive(&mut self, text: &[u8]) -> Result<usize, Stop> {
        let mut spec = Spec::default();
        let mut at = 1;
        while text.get(at).is_some_and(|flag| spec.flag(*flag)) {
            at += 1;
        }
        let (width, next) = self.measure(text, at)?;
        at = next;
        spec.left |= width.is_some_and(|width| width < 0);
        spec.width = width.map_or(0, |width| usize::try_from(width.unsigned_abs()).unwrap_or(WIDEST));
        if text.get(at) == Some(&b'.') {
            let (precision, next) = self.measure(text, at + 1)?;
            at = next;
            spec.precision = match precision {
                Some(precision) => usize::try_from(precision).ok(),
                None => Some(0),
            };
        }
        if spec.width > WIDEST || spec.precision.is_some_and(|precision| precision > WIDEST) {
            return Err(Stop::unsupported("printf", "a directive that is so wide"));
        }
        while matches!(text.get(at), Some(b'l' | b'h' | b'L' | b'j' | b't' | b'z')) {
            at += 1;
        }
        let Some(letter) = text.get(at).copied() else {
            self.invalid(text);
            return Ok(text.len());
        };
        at += 1;
        if spec.zero && matches!(letter, b's' | b'c') {
            self.invalid(text.get(..at).unwrap_or_default());
            return Ok(at);
        }
        let made = match letter {
            b's' => spec.text(self.value().unwrap_or_default()),
            b'c' => spec.text(self.value().unwrap_or_default().get(..1).unwrap_or_default()),
            b'b' => {
                let value = self.value().unwrap_or_default();
                spec.text(&self.unescaped(value))
            }
            b'd' | b'i' | b'o' | b'u' | b'x' | b'X' => {
                let value = self.integer(matches!(letter, b'd' | b'i'));
                spec.integer(letter, value)
            }
            b'e' | b'E' | b'f' | b'F' | b'g' | b'G' => {
                let value = self.float();
                spec.float(letter, value)
            }
            b'a' | b'A' | b'q' => {
                return Err(Stop::unsupported("printf", format!("directive %{}", char::from(letter))));
            }
            _ => {
                self.invalid(text.get(..at).unwrap_or_default());
                return Ok(at);
            }
        };
        self.printed.out.extend(made);
        Ok(at)
    }

    fn invalid(&mut self, directive: &[u8]) {
        let shown = input::shown(directive);
        self.printed.complaints.push(format!("{shown}: invalid conversion specification"));
        self.printed.status = 1;
        self.ended = true;
    }

    /// A width or precision: digits, or `*`.
    fn measure(&mut self, text: &[u8], at: usize) -> Result<(Option<i128>, usize), Stop> {
        if text.get(at) == Some(&b'*') {
            return Ok((Some(self.integer(true)), at + 1));
        }
        let digits = text.iter().skip(at).take_while(|byte| byte.is_ascii_digit()).count();
        let number = text.get(at..at + digits).and_then(|digits| std::str::from_utf8(digits).ok());
        Ok((number.filter(|_| digits > 0).map(|digits| digits.parse().unwrap_or(i128::MAX)), at + digits))
    }

    fn complain(&mut self, value: &[u8], text: &str) {
        let shown = input::shown(value);
        let (open, close) = self.marks;
        self.printed.complaints.push(format!("{open}{shown}{close}: {text}"));
        self.printed.status = 1;
    }

    /// The code of the character behind a quote.
    fn code(&mut self, value: &[u8]) -> Option<u8> {
        let rest = value.strip_prefix(b"'").or_else(|| value.strip_prefix(b"\""))?;
        if let Some(more @ [_, ..]) = rest.get(1..) {
            let shown = input::shown(more);
            let text = format!("warning: {shown}: character(s) following character constant have been ignored");
            self.printed.complaints.push(text);
        }
        Some(rest.first().copied().unwrap_or(0))
    }

    fn integer(&mut self, signed: bool) -> i128 {
        let Some(value) = self.value() else { return 0 };
        if let Some(code) = self.code(value) {
            return code.into();
        }
        let text = value.trim_ascii_start();
        let (negative, digits) = match text {
            [b'-', digits @ ..] => (true, digits),
            [b'+', digits @ ..] => (false, digits),
            digits => (false, digits),
        };
        let (base, digits) = match digits {
            [b'0', b'x' | b'X', rest @ ..] if rest.first().is_some_and(u8::is_ascii_hexdigit) => (16, rest),
            [b'0', ..] => (8, digits),
            digits => (10, digits),
        };
        let count = digits.iter().take_while(|byte| char::from(**byte).is_digit(base)).count();
        let mut number: i128 = 0;
        for byte in digits.iter().take(count) {
            let digit = char::from(*byte).to_digit(base).unwrap_or(0);
            number = number.saturating_mul(base.into()).saturating_add(digit.into());
        }
        if count == 0 {
            if value.is_empty() {
                return 0;
            }
            self.complain(value, "expected a numeric value");
            return 0;
        }
        if negative {
            number = -number;
        }
        let (low, high) =
            if signed { (i64::MIN.into(), i64::MAX.into()) } else { (-i128::from(u64::MAX), u64::MAX.into()) };
        if number < low || number > high {
            self.complain(value, "Numerical result out of range");
            number = number.clamp(low, high);
        } else if count < digits.len() {
            self.complain(value, "value not completely converted");
        }
        number
    }

    fn float(&mut self) -> f64 {
        let Some(value) = self.value() else { return 0.0 };
        if let Some(code) = self.code(value) {
            return code.into();
        }
        let text = value.trim_ascii_start();
        let length = number_length(text);
        let number =
            text.get(..length).and_then(|text| std::str::from_utf8(text).ok()).and_then(|text| text.parse().ok());
        match number {
            None => {
                self.complain(value, "expected a numeric value");
                0.0
            }
            Some(number) => {
                if length < text.len() {
                    self.complain(value, "value not completely converted");
                }
                number
            }
        }
    }

    /// An argument of `%b`, its escapes undone.
    fn unescaped(&mut self, value: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut at = 0;
        while let Some(byte) = value.get(at).copied() {
            if byte == b'\\' {
                let (bytes, length) = self.escape(value.get(at..).unwrap_or_default(), true);
                out.extend(bytes);
                at += length;
            } else {
                out.push(byte);
                at += 1;
            }
            if self.ended {
                break;
            }
        }
        out
    }

    /// What an escape at the start of `text` stands for, and its length.
    fn escape(&mut self, text: &[u8], in_value: bool) -> (Vec<u8>, usize) {
        let Some(letter) = text.get(1).copied() else { return (b"\\".to_vec(), 1) };
        let byte = match letter {
            b'\\' => b'\\',
            b'"' => b'"',
            b'a' => 7,
            b'b' => 8,
            b'c' => {
                self.ended = true;
                return (Vec::new(), 2);
            }
            b'e' => 27,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            b'0'..=b'7' => {
                let start = if letter == b'0' && in_value { 2 } else { 1 };
                let (value, length) = digits(text, start, 8, 3);
                return (vec![(value & 0xff) as u8], start + length);
            }
            b'x' => {
                let (value, length) = digits(text, 2, 16, 2);
                if length == 0 {
                    self.printed.complaints.push("missing hexadecimal number in escape".into());
                    self.printed.status = 1;
                    self.ended = true;
                    return (Vec::new(), 2);
                }
                return (vec![(value & 0xff) as u8], 2 + length);
            }
            b'u' | b'U' => {
                let (value, length) = digits(text, 2, 16, if letter == b'u' { 4 } else { 8 });
                let c = char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER);
                return (c.to_string().into_bytes(), 2 + length);
            }
            other => return (vec![b'\\', other], 2),
        };
        (vec![byte], 2)
    }
}

/// The number that up to `most` digits of `text` from `start` on stand for, and how many there are.
fn digits(text: &[u8], start: usize, base: u32, most: usize) -> (u32, usize) {
    let digits: Vec<u32> =
        text.iter().skip(start).take(most).map_while(|byte| char::from(*byte).to_digit(base)).collect();
    (digits.iter().fold(0_u32, |value, digit| value.wrapping_mul(base).wrapping_add(*digit)), digits.len())
}

/// How long the decimal number at the start of `text` is (strtod(3), without hexadecimal ones and names).
pub(super) fn number_length(text: &[u8]) -> usize {
    let count = |from: usize| text.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    let sign = usize::from(matches!(text.first(), Some(b'+' | b'-')));
    let whole = count(sign);
    let mut at = sign + whole;
    let mut fraction = 0;
    if text.get(at) == Some(&b'.') {
        fraction = count(at + 1);
        if whole + fraction > 0 {
            at += 1 + fraction;
        }
    }
    if whole + fraction == 0 {
        return 0;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        let exponent = count(at + 1 + sign);
        if exponent > 0 {
            at += 1 + sign + exponent;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::super::super::limits::Limits;
    use super::*;

    fn made(format: &str, values: &[&str]) -> String {
        let values: Vec<Vec<u8>> = values.iter().map(|value| value.as_bytes().to_vec()).collect();
        let printed = printf(&Budget::new(Limits::default()), format.as_bytes(), &values, ("'", "'")).unwrap();
        String::from_utf8(printed.out).unwrap()
    }

    #[test]
    fn the_format_is_used_again() {
        assert_eq!(made("%s-%s\n", &["a", "b", "c"]), "a-b\nc-\n");
        assert_eq!(made("x\n", &["a", "b"]), "x\n");
        assert_eq!(made("%b|", &["a\\tb\\0101", "c\\cd", "e"]), "a\tbA|c");
        assert_eq!(
            made("%d %o %x %5.2f|%-4s|%04d", &["0x10", "8", "255", "3.14159", "ab", "7"]),
            "16 10 ff  3.14|ab  |0007"
        );
    }
}
