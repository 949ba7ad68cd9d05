//! Stanzas of fields, as in `Packages`, `Release` and `control`: deb822(5), Debian Policy §5.1.

use std::fmt;
use std::io::BufRead;

/// Limits that no real file comes near; a text beyond them is an attack or an accident.
const MAX_STANZA: usize = 8 << 20;

/// One paragraph: fields in the order written. Names compare without regard to case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stanza {
    line: u64,
    text: String,
    fields: Vec<Field>,
}

/// Where a field's name and value lie in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    name: std::ops::Range<usize>,
    value: std::ops::Range<usize>,
}

/// Reads one stanza after the other.
pub struct StanzaReader<R> {
    input: R,
    line: u64,
}

/// Why a text is no deb822.
#[derive(Debug, thiserror::Error)]
pub enum Deb822Error {
    /// Reading failed.
    #[error("line {line}: {source}")]
    Read {
        /// The line.
        line: u64,
        /// Why.
        source: std::io::Error,
    },
    /// A line is neither `Name: value`, nor a continuation, nor empty.
    #[error("line {line}: {reason}")]
    Syntax {
        /// The line.
        line: u64,
        /// What is wrong.
        reason: String,
    },
}

impl Stanza {
    /// Parses a text that must hold exactly one stanza.
    ///
    /// # Errors
    /// When there is none, a second one, or a malformed line.
    pub fn parse_one(text: &[u8]) -> Result<Self, Deb822Error> {
        let mut reader = StanzaReader::new(text);
        let syntax = |line, reason: &str| Deb822Error::Syntax { line, reason: reason.into() };
        let stanza = reader.next().transpose()?.ok_or_else(|| syntax(1, "no field at all"))?;
        match reader.next().transpose()? {
            None => Ok(stanza),
            Some(second) => Err(syntax(second.line, "a second stanza, where one was expected")),
        }
    }

    /// The line of the input where this stanza starts; the first line is 1.
    #[must_use]
    pub const fn line(&self) -> u64 {
        self.line
    }

    /// A field's value: without the blank after the colon, continuation lines as written (with their leading blank).
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// All fields, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|field| (&self.text[field.name.clone()], &self.text[field.value.clone()]))
    }
}

/// The fields as they are written: `Name: value`, one a line, continuation lines as they were read. No empty line follows.
impl fmt::Display for Stanza {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|(name, value)| write_field(f, name, value))
    }
}

/// Writes one field. A value whose first line is empty gets no blank after the colon.
///
/// # Errors
/// When `out` fails.
pub fn write_field(out: &mut dyn fmt::Write, name: &str, value: &str) -> fmt::Result {
    let blank = if value.is_empty() || value.starts_with('\n') { "" } else { " " };
    writeln!(out, "{name}:{blank}{value}")
}

impl<R: BufRead> StanzaReader<R> {
    /// Reads from the start of `input`.
    pub const fn new(input: R) -> Self {
        Self { input, line: 0 }
    }

    fn read_line(&mut self, buffer: &mut Vec<u8>) -> Result<bool, Deb822Error> {
        buffer.clear();
        self.line += 1;
        let line = self.line;
        // Bounded, so that a file of one endless line cannot fill the memory.
        let mut limited = std::io::Read::take(&mut self.input, MAX_STANZA as u64);
        let n = limited.read_until(b'\n', buffer).map_err(|source| Deb822Error::Read { line, source })?;
        if n == MAX_STANZA {
            return Err(Deb822Error::Syntax { line, reason: format!("a line of more than {MAX_STANZA} bytes") });
        }
        while matches!(buffer.last(), Some(b'\n' | b'\r')) {
            buffer.pop();
        }
        Ok(n > 0)
    }

    fn stanza(&mut self) -> Result<Option<Stanza>, Deb822Error> {
        let mut stanza = Stanza::default();
        let mut buffer = Vec::new();
        while self.read_line(&mut buffer)? {
            let line = self.line;
            let syntax = |reason: String| Deb822Error::Syntax { line, reason };
            let text = std::str::from_utf8(&buffer).map_err(|_| syntax("not UTF-8".into()))?;
            if text.trim().is_empty() {
                if stanza.fields.is_empty() {
                    continue;
                }
                return Ok(Some(stanza));
            }
            if let Some(bad) = control_character(text) {
                return Err(syntax(format!("control character {}", bad.escape_unicode())));
            }
            if text.starts_with('#') {
                continue;
            }
            if stanza.text.len() + text.len() > MAX_STANZA {
                return Err(syntax(format!("a stanza of more than {MAX_STANZA} bytes")));
            }
            if text.starts_with([' ', '\t']) {
                let Some(field) = stanza.fields.last_mut() else {
                    return Err(syntax("a continuation line without a field before it".into()));
                };
                stanza.text.push('\n');
                stanza.text.push_str(text);
                field.value.end = stanza.text.len();
                continue;
            }
            let (name, value) = text.split_once(':').ok_or_else(|| syntax(format!("`{}` has no colon", clip(text))))?;
            if name.is_empty() || name.starts_with('-') || !name.bytes().all(|c| (b'!'..=b'~').contains(&c)) {
                return Err(syntax(format!("`{}` is no field name", clip(name))));
            }
            if stanza.get(name).is_some() {
                return Err(syntax(format!("field `{}` stands twice in one stanza", clip(name))));
            }
            if stanza.fields.is_empty() {
                stanza.line = line;
            } else {
                stanza.text.push('\n');
            }
            let start = stanza.text.len();
            stanza.text.push_str(name);
            let middle = stanza.text.len();
            stanza.text.push_str(value.trim());
            stanza.fields.push(Field { name: start..middle, value: middle..stanza.text.len() });
        }
        Ok((!stanza.fields.is_empty()).then_some(stanza))
    }
}

/// A character that is no part of any text, or that some would take for a line's end.
fn control_character(text: &str) -> Option<char> {
    // Nearly all lines are plain ASCII, and there are millions of them.
    if text.bytes().all(|c| (b' '..=b'~').contains(&c) || c == b'\t') {
        return None;
    }
    text.chars().find(|c| c.is_control() && *c != '\t' || matches!(c, '\u{2028}' | '\u{2029}' | '\u{85}'))
}

/// The head of a text, for an error.
fn clip(text: &str) -> String {
    text.chars().take(60).collect()
}

impl<R: BufRead> Iterator for StanzaReader<R> {
    type Item = Result<Stanza, Deb822Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.stanza().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stanzas_in_order_with_their_lines() {
        let text = b"\n# comment\nPackage: a\nDescription: short\n long\n .\n\n\nPackage:b\r\nX:\n";
        let all: Vec<Stanza> = StanzaReader::new(&text[..]).map(Result::unwrap).collect();
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].line(), all[1].line()), (3, 9));
        assert_eq!(all[0].get("description"), Some("short\n long\n ."));
        assert_eq!(all[1].get("Package"), Some("b"));
        assert_eq!(all[1].get("X"), Some(""));
    }

    #[test]
    fn a_stanza_is_written_as_it_was_read() {
        let text = "Package: a\nConffiles:\n /etc/a\nEmpty:\nDescription: short\n long\n .\n";
        assert_eq!(Stanza::parse_one(text.as_bytes()).unwrap().to_string(), text);
    }

    #[test]
    fn malformed_stanzas_name_their_line() {
        for (bad, line) in [
            (&b"Package: a\nbroken\n"[..], "line 2"),
            (b" x\n", "line 1"),
            (b"A: 1\nA: 2\n", "line 2"),
            (b"A: x\x00\n", "line 1"),
            (b"A: \xff\n", "line 1"),
            ("A: x\u{2028}B: y\n".as_bytes(), "line 1"),
            (b"A: x\rB: y\n", "line 1"),
            (b": x\n", "line 1"),
        ] {
            let error = Stanza::parse_one(bad).unwrap_err().to_string();
            assert!(error.starts_with(line), "{error}");
        }
    }
}
