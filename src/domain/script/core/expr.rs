//! expr(1): arithmetic, comparisons, strings, and `:` with the basic regular expressions (regex(7)) that are made of
//! characters, `.`, brackets, `*`, one `\(…\)` and `$`. seq(1) too: numbers in a row.

use super::operand::quoted;
use super::options::{self, Known, Order, Takes};
use super::pattern;
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

/// The deepest parentheses.
const DEEPEST: u32 = 100;

/// Why an expression has no value.
enum Halt {
    /// The complaint and the status.
    Complaint(String, u8),
    Stop(Stop),
}

impl From<Stop> for Halt {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

type Value = Result<Vec<u8>, Halt>;

/// Runs `expr`.
pub(super) fn expr(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let mut words = process.arguments().to_vec();
    if words.first().is_some_and(|first| first == b"--") {
        words.remove(0);
    }
    if words.is_empty() {
        return options::misused(system, process, "missing operand", 2);
    }
    let mut reading = Expr { system, rest: &words };
    let value = reading.level(0, 0).and_then(|value| match reading.rest.first() {
        None => Ok(value),
        Some(extra) => Err(Halt::Complaint(format!("syntax error: unexpected argument {}", quoted(extra)), 2)),
    });
    match value {
        Ok(value) => {
            process.out(system, &[value.as_slice(), b"\n"].concat())?;
            Ok(u8::from(is_null(&value)))
        }
        Err(Halt::Complaint(text, status)) => {
            process.complain(system, &text)?;
            Ok(status)
        }
        Err(Halt::Stop(stop)) => Err(stop),
    }
}

/// Operators, from those that bind least.
const LEVELS: [&[&[u8]]; 6] =
    [&[b"|"], &[b"&"], &[b"<", b"<=", b"=", b"==", b"!=", b">=", b">"], &[b"+", b"-"], &[b"*", b"/", b"%"], &[b":"]];

struct Expr<'call, 'system> {
    system: &'call mut System<'system>,
    rest: &'call [Vec<u8>],
}

impl Expr<'_, '_> {
    fn next(&mut self) -> Value {
        let (first, rest) =
            self.rest.split_first().ok_or_else(|| Halt::Complaint("syntax error: missing argument".into(), 2))?;
        self.rest = rest;
        Ok(first.clone())
    }

    fn level(&mut self, level: usize, depth: u32) -> Value {
        let Some(operators) = LEVELS.get(level) else { return self.term(depth) };
        let mut left = self.level(level + 1, depth)?;
        while let Some(operator) = self.rest.first().filter(|word| operators.contains(&word.as_slice())).cloned() {
            self.next()?;
            let right = self.level(level + 1, depth)?;
            left = self.binary(&operator, left, right)?;
        }
        Ok(left)
    }

    fn term(&mut self, depth: u32) -> Value {
        if depth > DEEPEST {
            return Err(Stop::unsupported("expr", "parentheses as deep as these").into());
        }
        let word = self.next()?;
        match word.as_slice() {
            b"(" => {
                let value = self.level(0, depth + 1)?;
                match self.next() {
                    Ok(close) if close == b")" => Ok(value),
                    _ => Err(Halt::Complaint("syntax error: expecting ')'".into(), 2)),
                }
            }
            b"+" => self.next(),
            b"length" if !self.rest.is_empty() => {
                let text = self.term(depth + 1)?;
                Ok(text.len().to_string().into_bytes())
            }
            b"match" if self.rest.len() > 1 => {
                let (text, regex) = (self.term(depth + 1)?, self.term(depth + 1)?);
                self.binary(b":", text, regex)
            }
            b"index" | b"substr" if self.rest.len() > 1 => {
                Err(Stop::unsupported("expr", String::from_utf8_lossy(&word)).into())
            }
            _ => Ok(word),
        }
    }

    fn binary(&mut self, operator: &[u8], left: Vec<u8>, right: Vec<u8>) -> Value {
        let truth = |truth: bool| Ok(vec![if truth { b'1' } else { b'0' }]);
        match operator {
            b"|" => {
                return Ok(if !is_null(&left) {
                    left
                } else if is_null(&right) {
                    b"0".to_vec()
                } else {
                    right
                });
            }
            b"&" => return Ok(if is_null(&left) || is_null(&right) { b"0".to_vec() } else { left }),
            b":" => {
                let steps = (left.len() as u64 + 1).saturating_mul(right.len() as u64 + 1);
                self.system.budget.step(steps / 16)?;
                let regex = Regex::parse(&right)?;
                return Ok(regex.find(&left));
            }
            _ => {}
        }
        let numbers = integer(&left).zip(integer(&right));
        if LEVELS.get(2).is_some_and(|comparisons| comparisons.contains(&operator)) {
            let order = numbers.map_or_else(|| left.cmp(&right), |(left, right)| left.cmp(&right));
            return truth(match operator {
                b"<" => order.is_lt(),
                b"<=" => order.is_le(),
                b"!=" => order.is_ne(),
                b">=" => order.is_ge(),
                b">" => order.is_gt(),
                _ => order.is_eq(),
            });
        }
        let (left, right) = numbers.ok_or_else(|| Halt::Complaint("non-integer argument".into(), 2))?;
        if right == 0 && matches!(operator, b"/" | b"%") {
            return Err(Halt::Complaint("division by zero".into(), 2));
        }
        let value = match operator {
            b"+" => left.checked_add(right),
            b"-" => left.checked_sub(right),
            b"*" => left.checked_mul(right),
            b"/" => left.checked_div(right),
            _ => left.checked_rem(right),
        };
        let value = value.ok_or_else(|| Stop::unsupported("expr", "a number as large as this"))?;
        Ok(value.to_string().into_bytes())
    }
}

/// Whether a value is false: empty, or zero.
fn is_null(value: &[u8]) -> bool {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    value.is_empty() || !digits.is_empty() && digits.iter().all(|digit| *digit == b'0')
}

fn integer(text: &[u8]) -> Option<i128> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// A basic regular expression, matched from a text's start.
struct Regex {
    /// What matches one byte, as a shell's pattern, and whether it may stand any number of times.
    atoms: Vec<(Vec<u8>, bool)>,
    /// The atoms inside `\(…\)`: first, and one after the last.
    group: Option<(usize, usize)>,
    to_the_end: bool,
}

impl Regex {
    fn parse(text: &[u8]) -> Result<Self, Stop> {
        let refuse =
            || Stop::unsupported("expr", format!("the regular expression `{}`", String::from_utf8_lossy(text)));
        let mut regex = Self { atoms: Vec::new(), group: None, to_the_end: false };
        let mut rest = text.strip_prefix(b"^").unwrap_or(text);
        let mut open = None;
        while let Some((first, after)) = rest.split_first() {
            let mut used = 1;
            match (first, after) {
                (b'$', []) => regex.to_the_end = true,
                (b'*', _) if open == Some(regex.atoms.len()) => return Err(refuse()),
                (b'*', _) if regex.atoms.is_empty() => regex.atoms.push((b"\\*".to_vec(), false)),
                (b'*', _) => match regex.atoms.last_mut() {
                    Some((_, starred)) => *starred = true,
                    None => return Err(refuse()),
                },
                (b'.', _) => regex.atoms.push((b"?".to_vec(), false)),
                (b'[', _) => {
                    let skip = 1 + usize::from(rest.get(1) == Some(&b'^'));
                    let end = rest.iter().skip(skip + 1).position(|byte| *byte == b']').ok_or_else(refuse)?;
                    used = skip + 1 + end + 1;
                    let bracket = rest.get(..used).unwrap_or_default();
                    if bracket.iter().skip(1).any(|byte| matches!(byte, b'[' | b'\\')) {
                        return Err(refuse());
                    }
                    regex.atoms.push((bracket.to_vec(), false));
                }
                (b'\\', [b'(', ..]) if open.is_none() && regex.group.is_none() => {
                    open = Some(regex.atoms.len());
                    used = 2;
                }
                (b'\\', [b')', after @ ..]) if open.is_some() && !after.starts_with(b"*") => {
                    regex.group = open.take().map(|start| (start, regex.atoms.len()));
                    used = 2;
                }
                (b'\\', [escaped, ..]) if escaped.is_ascii_punctuation() && !b"(){}|?+<>`'".contains(escaped) => {
                    regex.atoms.push((vec![b'\\', *escaped], false));
                    used = 2;
                }
                (b'\\', _) => return Err(refuse()),
                (literal, _) => regex.atoms.push((vec![b'\\', *literal], false)),
            }
            rest = rest.get(used..).unwrap_or_default();
        }
        if open.is_some() { Err(refuse()) } else { Ok(regex) }
    }

    /// What `:` gives: the group's text, or how many bytes match; empty or 0 where none do.
    fn find(&self, text: &[u8]) -> Vec<u8> {
        let matches =
            |atom: &[u8], at: usize| text.get(at..=at).is_some_and(|byte| pattern::matches(atom, byte, false));
        // The longest end of a match of the atoms from one on, for each start; from the last atom back.
        let last: Vec<Option<usize>> =
            (0..=text.len()).map(|at| (!self.to_the_end || at == text.len()).then_some(at)).collect();
        let mut ends = vec![last];
        for (atom, starred) in self.atoms.iter().rev() {
            let after = ends.last().cloned().unwrap_or_default();
            let mut here = vec![None; text.len() + 1];
            for at in (0..=text.len()).rev() {
                let one = matches(atom, at);
                let further = |ends: &[Option<usize>]| ends.get(at + 1).copied().flatten().filter(|_| one);
                let end = if *starred { after.get(at).copied().flatten().max(further(&here)) } else { further(&after) };
                if let Some(place) = here.get_mut(at) {
                    *place = end;
                }
            }
            ends.push(here);
        }
        ends.reverse();
        let end_from = |atom: usize, at: usize| ends.get(atom).and_then(|ends| ends.get(at)).copied().flatten();
        let Some(whole) = end_from(0, 0) else {
            return if self.group.is_some() { Vec::new() } else { b"0".to_vec() };
        };
        let Some((first, end)) = self.group else { return whole.to_string().into_bytes() };
        // The walk again, each starred atom as long as the whole stays as long.
        let mut at = 0;
        let mut bounds = (0, 0);
        for (number, (atom, starred)) in self.atoms.iter().enumerate() {
            if number == first {
                bounds.0 = at;
            }
            if *starred {
                while matches(atom, at) && end_from(number, at + 1) == Some(whole) {
                    at += 1;
                }
            } else {
                at += 1;
            }
            if number + 1 == end {
                bounds.1 = at;
            }
        }
        text.get(bounds.0..bounds.1).unwrap_or_default().to_vec()
    }
}

/// Runs `seq` for whole numbers.
pub(super) fn seq(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    const OPTIONS: &[Known] =
        &[("s", "separator", Takes::Value), ("w", "equal-width", Takes::Nothing), ("f", "format", Takes::Value)];
    let is_number = |word: &Vec<u8>| word.starts_with(b"-") && integer(word).is_some();
    // A negative number is no option.
    let end = process.args.iter().skip(1).position(is_number).map_or(process.args.len(), |at| at + 1);
    process.args.insert(end, b"--".to_vec());
    let Some(line) = options::read(system, process, OPTIONS, Order::Permuted)? else { return Ok(1) };
    let (mut separator, mut equal) = (b"\n".to_vec(), false);
    for option in &line.options {
        match option.name {
            "separator" => separator = option.text().to_vec(),
            "equal-width" => equal = true,
            _ => return Err(option.unmodelled("seq")),
        }
    }
    let mut numbers = Vec::new();
    for word in &line.operands {
        match integer(word) {
            Some(value) => numbers.push(value),
            None if word.iter().any(u8::is_ascii_digit) => return Err(Stop::unsupported("seq", "a fraction")),
            None => {
                let text = format!("invalid floating point argument: {}", quoted(word));
                return options::misused(system, process, &text, 1);
            }
        }
    }
    let (first, step, last) = match numbers.as_slice() {
        [last] => (1, 1, *last),
        [first, last] => (*first, 1, *last),
        [first, step, last] => (*first, *step, *last),
        [] => return options::misused(system, process, "missing operand", 1),
        _ => return options::misused(system, process, "extra operand", 1),
    };
    if step == 0 {
        return options::misused(system, process, "invalid Zero increment value: '0'", 1);
    }
    let width = if equal { first.to_string().len().max(last.to_string().len()) } else { 0 };
    let (mut value, mut shown) = (first, false);
    while if step > 0 { value <= last } else { value >= last } {
        system.budget.step(1)?;
        let before: &[u8] = if shown { &separator } else { b"" };
        process.out(system, &[before, format!("{value:0width$}").as_bytes()].concat())?;
        shown = true;
        let Some(next) = value.checked_add(step) else { break };
        value = next;
    }
    if shown {
        process.out(system, b"\n")?;
    }
    Ok(0)
}
