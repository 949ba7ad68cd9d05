//! `-k`: which part of a line is compared, and how.

use super::super::super::process::Process;
use super::super::super::stop::Stop;
use super::super::input;

/// How parts are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rules {
    /// Blanks before the part's start do not count.
    pub(super) blanks: bool,
    /// Blanks before the part's end do not count.
    pub(super) blanks_end: bool,
    pub(super) dictionary: bool,
    pub(super) fold: bool,
    /// Numbers as strtold(3) reads them.
    pub(super) general: bool,
    pub(super) human: bool,
    pub(super) printing: bool,
    pub(super) numeric: bool,
    pub(super) reverse: bool,
    pub(super) version: bool,
}

impl Rules {
    pub(super) const fn set(&mut self, letter: u8) -> bool {
        match letter {
            b'b' => self.blanks = true,
            b'd' => self.dictionary = true,
            b'f' => self.fold = true,
            b'g' => self.general = true,
            b'h' => self.human = true,
            b'i' => self.printing = true,
            b'n' => self.numeric = true,
            b'r' => self.reverse = true,
            b'V' => self.version = true,
            _ => return false,
        }
        true
    }

    /// Whether there is more to do than to compare bytes.
    pub(super) const fn compares(&self) -> bool {
        self.blanks
            || self.dictionary
            || self.fold
            || self.general
            || self.human
            || self.printing
            || self.numeric
            || self.version
    }
}

/// One key.
#[derive(Clone, Debug)]
pub(super) struct Key {
    /// Field and character, from 0.
    start: (usize, usize),
    /// Field, from 0, and the number of its characters; 0 is all. None is the line's end.
    end: Option<(usize, usize)>,
    pub(super) rules: Rules,
    /// Whether it has rules of its own.
    pub(super) has_rules: bool,
}

/// Parses `FIELD[.CHAR][RULES][,FIELD[.CHAR][RULES]]`; what is wrong with it, else.
pub(super) fn parse(process: &Process, text: &[u8]) -> Result<Result<Key, String>, Stop> {
    let wrong = |why: &str| Ok(Err(format!("{why}: invalid field specification {}", input::quoted(process, text))));
    let number = |at: &mut usize| {
        let start = *at;
        while text.get(*at).is_some_and(u8::is_ascii_digit) {
            *at += 1;
        }
        let digits = text.get(start..*at).and_then(|digits| std::str::from_utf8(digits).ok()).unwrap_or_default();
        (!digits.is_empty()).then(|| digits.parse::<usize>().unwrap_or(usize::MAX))
    };
    let mut at = 0;
    let mut key = Key { start: (0, 0), end: None, rules: Rules::default(), has_rules: false };
    let Some(field) = number(&mut at) else {
        return Ok(Err(format!(
            "invalid number at field start: invalid count at start of {}",
            input::quoted(process, text)
        )));
    };
    if field == 0 {
        return wrong("field number is zero");
    }
    key.start.0 = field - 1;
    if text.get(at) == Some(&b'.') {
        at += 1;
        match number(&mut at) {
            None => {
                let rest = input::quoted(process, text.get(at..).unwrap_or_default());
                return Ok(Err(format!("invalid number after '.': invalid count at start of {rest}")));
            }
            Some(0) => return wrong("character offset is zero"),
            Some(character) => key.start.1 = character - 1,
        }
    }
    let mut ends = false;
    loop {
        match text.get(at).copied() {
            None => return Ok(Ok(key)),
            Some(b',') if !ends => {
                ends = true;
                at += 1;
                let Some(field) = number(&mut at) else {
                    let rest = input::quoted(process, text.get(at..).unwrap_or_default());
                    return Ok(Err(format!("invalid number after ',': invalid count at start of {rest}")));
                };
                if field == 0 {
                    return wrong("field number is zero");
                }
                let mut characters = 0;
                if text.get(at) == Some(&b'.') {
                    at += 1;
                    let Some(found) = number(&mut at) else {
                        let rest = input::quoted(process, text.get(at..).unwrap_or_default());
                        return Ok(Err(format!("invalid number after '.': invalid count at start of {rest}")));
                    };
                    characters = found;
                }
                key.end = Some((field - 1, characters));
            }
            Some(b'b') if ends => {
                key.rules.blanks_end = true;
                key.has_rules = true;
                at += 1;
            }
            Some(letter @ (b'g' | b'M' | b'R')) => {
                return Err(Stop::unsupported("sort", format!("order {} of a key", char::from(letter))));
            }
            Some(letter) => {
                if !key.rules.set(letter) {
                    return wrong("stray character in field spec");
                }
                key.has_rules = true;
                at += 1;
            }
        }
    }
}

fn is_blank(byte: Option<&u8>) -> bool {
    matches!(byte, Some(b' ' | b'\t' | b'\n'))
}

impl Key {
    /// The whole line.
    pub(super) const fn whole(rules: Rules) -> Self {
        Self { start: (0, 0), end: None, rules, has_rules: true }
    }

    /// The part of a line that is compared.
    pub(super) fn part<'a>(&self, line: &'a [u8], separator: Option<u8>) -> &'a [u8] {
        let start = self.start_of(line, separator);
        let end = self.end_of(line, separator).max(start);
        line.get(start..end).unwrap_or_default()
    }

    fn start_of(&self, line: &[u8], separator: Option<u8>) -> usize {
        let mut at = 0;
        for _ in 0..self.start.0 {
            if at >= line.len() {
                break;
            }
            at = field_end(line, at, separator);
            if separator.is_some() && at < line.len() {
                at += 1;
            }
        }
        if self.rules.blanks {
            while is_blank(line.get(at)) {
                at += 1;
            }
        }
        at.saturating_add(self.start.1).min(line.len())
    }

    fn end_of(&self, line: &[u8], separator: Option<u8>) -> usize {
        let Some((field, characters)) = self.end else { return line.len() };
        let mut fields = if characters == 0 { field.saturating_add(1) } else { field };
        let mut at = 0;
        while at < line.len() && fields > 0 {
            fields -= 1;
            at = field_end(line, at, separator);
            if separator.is_some() && at < line.len() && (fields > 0 || characters > 0) {
                at += 1;
            }
        }
        if characters == 0 {
            return at;
        }
        if self.rules.blanks_end {
            while is_blank(line.get(at)) {
                at += 1;
            }
        }
        at.saturating_add(characters).min(line.len())
    }
}

/// Where the field that starts at `at` ends.
fn field_end(line: &[u8], mut at: usize, separator: Option<u8>) -> usize {
    match separator {
        Some(separator) => {
            while at < line.len() && line.get(at) != Some(&separator) {
                at += 1;
            }
        }
        None => {
            while is_blank(line.get(at)) {
                at += 1;
            }
            while at < line.len() && !is_blank(line.get(at)) {
                at += 1;
            }
        }
    }
    at
}
