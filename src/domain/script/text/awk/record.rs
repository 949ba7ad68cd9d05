//! The record and its fields.

use std::rc::Rc;

use super::super::super::limits::Budget;
use super::super::super::stop::Stop;
use super::super::regex::Regex;
use super::value::Value;

/// The most fields that a record may have.
const MOST: usize = 1 << 20;

/// How a text is split.
pub(super) enum Separator {
    /// Runs of blanks and newlines; none at the ends.
    Blanks,
    /// Each byte of its own.
    Nothing,
    Byte(u8),
    Pattern(Rc<Regex>),
}

/// The record: its text and its fields, each made from the other when it is asked for.
pub(super) struct Record {
    text: Rc<[u8]>,
    fields: Vec<Value>,
    /// The fields are those of the text.
    is_split: bool,
    /// The text is that of the fields.
    is_joined: bool,
}

impl Record {
    pub(super) fn new() -> Self {
        Self { text: Rc::from([]), fields: Vec::new(), is_split: true, is_joined: true }
    }

    pub(super) fn set(&mut self, text: Rc<[u8]>) {
        self.text = text;
        self.is_split = false;
        self.is_joined = true;
    }

    /// Whether [`Record::split`] has work to do.
    pub(super) const fn needs_split(&self) -> bool {
        !self.is_split
    }

    pub(super) fn split(&mut self, budget: &mut Budget, by: &Separator, lines: bool) -> Result<(), Stop> {
        self.fields = split(budget, &self.text, by, lines)?.into_iter().map(Value::input).collect();
        self.is_split = true;
        Ok(())
    }

    /// The text; `between` joins fields that were changed.
    pub(super) fn text(&mut self, between: &[u8], format: &[u8]) -> Rc<[u8]> {
        if !self.is_joined {
            let texts: Vec<Rc<[u8]>> = self.fields.iter().map(|field| field.bytes(format)).collect();
            self.text = texts.join(between).into();
            self.is_joined = true;
        }
        Rc::clone(&self.text)
    }

    /// The number of fields.
    pub(super) const fn count(&self) -> usize {
        self.fields.len()
    }

    /// A field by its number, from 1.
    pub(super) fn field(&self, number: usize) -> Value {
        number.checked_sub(1).and_then(|at| self.fields.get(at)).cloned().unwrap_or(Value::Nothing)
    }

    pub(super) fn set_field(&mut self, number: usize, value: Value) -> Result<(), Stop> {
        if number > MOST {
            return Err(Stop::unsupported("awk", format!("field {number}")));
        }
        if number > self.fields.len() {
            self.fields.resize(number, Value::text(*b""));
        }
        if let Some(place) = number.checked_sub(1).and_then(|at| self.fields.get_mut(at)) {
            *place = value;
        }
        self.is_joined = false;
        Ok(())
    }

    /// Sets the number of fields (`NF`).
    pub(super) fn resize(&mut self, count: usize) -> Result<(), Stop> {
        if count > MOST {
            return Err(Stop::unsupported("awk", format!("{count} fields")));
        }
        self.fields.resize(count, Value::text(*b""));
        self.is_joined = false;
        Ok(())
    }
}

/// The parts of a text. With `lines` a newline separates as well (paragraphs).
pub(super) fn split<'a>(
    budget: &mut Budget,
    text: &'a [u8],
    by: &Separator,
    lines: bool,
) -> Result<Vec<&'a [u8]>, Stop> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    Ok(match by {
        Separator::Blanks => {
            text.split(|byte| matches!(byte, b' ' | b'\t' | b'\n')).filter(|part| !part.is_empty()).collect()
        }
        Separator::Nothing => text.chunks(1).collect(),
        Separator::Byte(end) => text.split(|byte| byte == end || lines && *byte == b'\n').collect(),
        Separator::Pattern(regex) => {
            let (mut parts, mut start, mut at) = (Vec::new(), 0, 0);
            while let Some((from, to)) = regex.find(budget, text, at)? {
                if to == from {
                    at = to + 1;
                    if at >= text.len() {
                        break;
                    }
                    continue;
                }
                parts.push(text.get(start..from).unwrap_or_default());
                (start, at) = (to, to);
            }
            parts.push(text.get(start..).unwrap_or_default());
            if lines {
                parts = parts.into_iter().flat_map(|part| part.split(|byte| *byte == b'\n')).collect();
            }
            parts
        }
    })
}
