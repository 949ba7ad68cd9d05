//! expr(1): an expression's value.

use super::super::limits::Budget;
use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::regex::{Escapes, Regex, Syntax};
use super::{input, options};

/// How deep brackets may stand in each other.
const DEPTH: u32 = 50;

/// Runs it.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let mut words = process.arguments().to_vec();
    if words.first().is_some_and(|word| word == b"--") {
        words.remove(0);
    }
    if words.is_empty() {
        return options::refuse(system, process, &"missing operand", 2);
    }
    if let [only] = words.as_slice()
        && matches!(only.as_slice(), b"--help" | b"--version")
    {
        return Err(options::unsupported(process, options::OTHER));
    }
    let utf8 = input::utf8(process);
    let quotes = if utf8 { ("\u{2018}", "\u{2019}") } else { ("'", "'") };
    let mut reader = Reader { words: &words, at: 0, utf8, quotes, budget: &mut system.budget, depth: 0 };
    let value = reader.either(true).and_then(|value| match words.get(reader.at) {
        None => Ok(value),
        Some(extra) => Err(Fault::Wrong(format!("syntax error: unexpected argument {}", reader.quoted(extra)))),
    });
    match value {
        Ok(value) => {
            process.out(system, &[value.as_slice(), b"\n"].concat())?;
            Ok(u8::from(is_null(&value)))
        }
        Err(Fault::Wrong(why)) => {
            process.complain(system, &why)?;
            Ok(2)
        }
        Err(Fault::Stop(stop)) => Err(stop),
    }
}

enum Fault {
    Wrong(String),
    Stop(Stop),
}

impl From<Stop> for Fault {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

struct Reader<'a> {
    words: &'a [Vec<u8>],
    at: usize,
    utf8: bool,
    quotes: (&'static str, &'static str),
    budget: &'a mut Budget,
    depth: u32,
}

/// Whether a value counts as false.
fn is_null(value: &[u8]) -> bool {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    value.is_empty() || !digits.is_empty() && digits.iter().all(|byte| *byte == b'0')
}

fn integer(value: &[u8]) -> Option<i128> {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(value).ok()?.parse().ok()
}

impl Reader<'_> {
    fn quoted(&self, word: &[u8]) -> String {
        format!("{}{}{}", self.quotes.0, input::shown(word), self.quotes.1)
    }

    /// Takes the next word if it is this one.
    fn takes(&mut self, word: &str) -> bool {
        let found = self.words.get(self.at).is_some_and(|other| other == word.as_bytes());
        self.at += usize::from(found);
        found
    }

    fn takes_any(&mut self, words: &[&'static str]) -> Option<&'static str> {
        words.iter().copied().find(|word| self.takes(word))
    }

    /// `|`. Parts that do not matter are read, but not computed.
    fn either(&mut self, live: bool) -> Result<Vec<u8>, Fault> {
        let mut left = self.both(live)?;
        while self.takes("|") {
            let right = self.both(live && is_null(&left))?;
            if is_null(&left) {
                left = if is_null(&right) { b"0".to_vec() } else { right };
            }
        }
        Ok(left)
    }

    fn both(&mut self, live: bool) -> Result<Vec<u8>, Fault> {
        let mut left = self.comparison(live)?;
        while self.takes("&") {
            let right = self.comparison(live && !is_null(&left))?;
            if is_null(&left) || is_null(&right) {
                left = b"0".to_vec();
            }
        }
        Ok(left)
    }

    fn comparison(&mut self, live: bool) -> Result<Vec<u8>, Fault> {
        let mut left = self.sum(live)?;
        while let Some(relation) = self.takes_any(&["<=", "<", "==", "=", "!=", ">=", ">"]) {
            let right = self.sum(live)?;
            let order = match (integer(&left), integer(&right)) {
                (Some(a), Some(b)) => a.cmp(&b),
                _ => left.cmp(&right),
            };
            let holds = match relation {
                "<" => order.is_lt(),
                "<=" => order.is_le(),
                ">" => order.is_gt(),
                ">=" => order.is_ge(),
                "!=" => order.is_ne(),
                _ => order.is_eq(),
            };
            left = u8::from(holds).to_string().into_bytes();
        }
        Ok(left)
    }

    fn compute(
        live: bool,
        left: &[u8],
        right: &[u8],
        operator: impl FnOnce(i128, i128) -> Option<i128>,
    ) -> Result<Vec<u8>, Fault> {
        if !live {
            return Ok(left.to_vec());
        }
        let number = |value: &[u8]| integer(value).ok_or_else(|| Fault::Wrong("non-integer argument".into()));
        let (left, right) = (number(left)?, number(right)?);
        match operator(left, right) {
            Some(value) => Ok(value.to_string().into_bytes()),
            None if right == 0 => Err(Fault::Wrong("division by zero".into())),
            None => Err(Stop::unsupported("expr", "numbers that are so large").into()),
        }
    }

    fn sum(&mut self, live: bool) -> Result<Vec<u8>, Fault> {
        let mut left = self.product(live)?;
        while let Some(operator) = self.takes_any(&["+", "-"]) {
            let right = self.product(live)?;
            let operator = if operator == "+" { i128::checked_add } else { i128::checked_sub };
            left = Self::compute(live, &left, &right, operator)?;
        }
        Ok(left)
    }

    fn product(&mut self, live: bool) -> Result<Vec<u8>, Fault> {
        let mut left = self.matching(live)?;
        while let Some(operator) = self.takes_any(&["*", "/", "%"]) {
            let right = self.matching(live)?;
            let operator = match operator {
                "*" => i128::checked_mul,
                "/" => i128::checked_div,
                _ => i128::checked_rem,
            };
            left = Self::compute(live, &left, &right, operator)?;
        }
        Ok(left)
    }

    fn matching(&mut self, live: bool) -> Result<Vec<u8>, Fault> {
        let mut left = self.term(live)?;
        while self.takes(":") {
            let pattern = self.term(live)?;
            if live {
                left = self.matched(&left, &pattern)?;
            }
        }
        Ok(left)
    }

    /// The first group of a match at the text's start, or the match's length.
    fn matched(&mut self, text: &[u8], pattern: &[u8]) -> Result<Vec<u8>, Fault> {
        let syntax = Syntax { utf8: self.utf8, escapes: Escapes::Grep, strict: true, ..Syntax::default() };
        let regex = Regex::new(pattern, syntax).map_err(|error| Fault::Wrong(error.to_string()))?;
        let found = regex.captures(self.budget, text, 0)?;
        let found = found.filter(|groups| groups.first().copied().flatten().is_some_and(|(start, _)| start == 0));
        let part = |n: usize| {
            let span = found.as_ref().and_then(|groups| groups.get(n).copied().flatten());
            span.and_then(|(start, end)| text.get(start..end)).unwrap_or_default()
        };
        if regex.groups() > 0 {
            return Ok(part(1).to_vec());
        }
        Ok(self.length(part(0)).to_string().into_bytes())
    }

    /// The number of characters.
    fn length(&self, text: &[u8]) -> usize {
        if self.utf8 { characters(text).len() } else { text.len() }
    }

    fn word(&mut self) -> Result<Vec<u8>, Fault> {
        match self.words.get(self.at) {
            Some(word) => {
                self.at += 1;
                Ok(word.clone())
            }
            None => {
                let last = self.quoted(self.words.last().map(Vec::as_slice).unwrap_or_default());
                Err(Fault::Wrong(format!("syntax error: missing argument after {last}")))
            }
        }
    }

    fn term(&mut self, live: bool) -> Result<Vec<u8>, Fault> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Stop::unsupported("expr", "an expression that is nested so deeply").into());
        }
        let value = self.any_term(live);
        self.depth -= 1;
        value
    }

    fn any_term(&mut self, live: bool) -> Result<Vec<u8>, Fault> {
        let word = self.word()?;
        match word.as_slice() {
            b"+" => self.word(),
            b"length" => {
                let text = self.term(live)?;
                Ok(self.length(&text).to_string().into_bytes())
            }
            b"match" => {
                let text = self.term(live)?;
                let pattern = self.term(live)?;
                if live { self.matched(&text, &pattern) } else { Ok(text) }
            }
            b"index" => {
                let text = self.term(live)?;
                let set = self.term(live)?;
                let (text, set) = (characters(&text), characters(&set));
                let found = text.iter().position(|c| set.contains(c));
                Ok(found.map_or(0, |at| at + 1).to_string().into_bytes())
            }
            b"substr" => {
                let text = self.term(live)?;
                let start = self.term(live)?;
                let length = self.term(live)?;
                let place = |value: &[u8]| integer(value).and_then(|value| usize::try_from(value).ok()).unwrap_or(0);
                let (start, length) = (place(&start), place(&length));
                if start == 0 {
                    return Ok(Vec::new());
                }
                Ok(characters(&text).into_iter().skip(start - 1).take(length).flatten().copied().collect())
            }
            b"(" => {
                let value = self.either(live)?;
                if self.takes(")") {
                    return Ok(value);
                }
                let near = self
                    .quoted(self.words.get(self.at.min(self.words.len()) - 1).map(Vec::as_slice).unwrap_or_default());
                Err(Fault::Wrong(match self.words.get(self.at) {
                    None => format!("syntax error: expecting ')' after {near}"),
                    Some(word) => format!("syntax error: expecting ')' instead of {}", self.quoted(word)),
                }))
            }
            b")" => Err(Fault::Wrong("syntax error: unexpected ')'".into())),
            _ => Ok(word),
        }
    }
}

/// The characters of a text in UTF-8; a broken byte is one.
fn characters(text: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    for chunk in text.utf8_chunks() {
        let mut rest = chunk.valid();
        while let Some(c) = rest.chars().next() {
            let (one, after) = rest.split_at(c.len_utf8());
            found.push(one.as_bytes());
            rest = after;
        }
        found.extend(chunk.invalid().chunks(1));
    }
    found
}
