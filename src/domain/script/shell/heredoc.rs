//! Redirections and here-documents in a script's text.

use std::cell::OnceCell;
use std::rc::Rc;

use super::Mode;
use super::lexer::{Lexer, Wrong};
use super::reader::{Expect, Lexeme, Reader};
use super::syntax::{Part, Place, Redirect, Target, Word};
use super::word::Quotes;

/// A here-document whose body is still to come.
pub(super) struct Pending {
    body: Rc<OnceCell<Word>>,
    delimiter: Vec<u8>,
    quoted: bool,
    strip: bool,
}

impl Lexer<'_> {
    /// Reads a redirection where there is one.
    pub(super) fn redirection(&mut self, reader: &mut Reader, place: Place) -> Result<bool, Wrong> {
        let bash = self.mode == Mode::Bash;
        let number = match (self.peek(), self.peek_at(1)) {
            (Some(digit @ b'0'..=b'9'), Some(b'<' | b'>')) => {
                self.bump();
                Some(u32::from(digit - b'0'))
            }
            (Some(b'<' | b'>'), _) => None,
            (Some(b'&'), Some(b'>')) if bash => None,
            _ => return Ok(false),
        };
        let operators = ["<<<", "<<-", "<<", "<&", "<>", "<", ">>", ">&", ">|", ">", "&>>", "&>"];
        let Some(operator) =
            operators.into_iter().find(|operator| (bash || *operator != "<<<") && self.takes(operator))
        else {
            return Ok(false);
        };
        if bash && matches!(operator, "<" | ">") && self.peek() == Some(b'(') {
            return Err(Wrong::new(place, "bash's process substitution is not modelled"));
        }
        self.skip_blanks();
        let (start, target_place) = (self.position, self.place());
        let word = self.word()?;
        if self.position == start {
            let what = match self.peek() {
                None => "end of file unexpected".into(),
                Some(b'\n') => "newline unexpected".into(),
                Some(byte) => format!("\"{}\" unexpected", char::from(byte)),
            };
            return Err(Wrong::new(target_place, what));
        }
        let raw = self.bytes.get(start..self.position).unwrap_or_default();
        let target = match operator {
            "<" => Target::Read(word),
            "<>" => Target::ReadWrite(word),
            ">" => Target::Write { name: word, clobber: false },
            ">|" => Target::Write { name: word, clobber: true },
            ">>" => Target::Append(word),
            "&>" => Target::Both { name: word, append: false },
            "&>>" => Target::Both { name: word, append: true },
            ">&" if bash && number.is_none() && !raw.iter().all(|byte| byte.is_ascii_digit()) && raw != b"-" => {
                Target::Both { name: word, append: false }
            }
            "<&" | ">&" => Target::Duplicate(word),
            "<<<" => {
                let body = OnceCell::new();
                let mut word = word;
                word.push(Part::Quoted(b"\n".to_vec()));
                let _ = body.set(word);
                Target::Text(Rc::new(body))
            }
            _ => {
                let body = Rc::new(OnceCell::new());
                let quoted = raw.iter().any(|byte| matches!(byte, b'\'' | b'"' | b'\\'));
                self.pending.push(Pending {
                    body: Rc::clone(&body),
                    delimiter: unquote(raw),
                    quoted,
                    strip: operator == "<<-",
                });
                Target::Text(body)
            }
        };
        let fd = number.unwrap_or(u32::from(!operator.starts_with('<')));
        reader.push(place, Lexeme::Redirect(Redirect { fd, target }));
        if reader.expect == Expect::Command {
            reader.expect = Expect::Prefixed;
        }
        Ok(true)
    }

    /// Reads the bodies of here-documents that the line before asked for.
    pub(super) fn read_bodies(&mut self) -> Result<(), Wrong> {
        for pending in std::mem::take(&mut self.pending) {
            let line = self.line;
            let mut text = Vec::new();
            while self.peek().is_some() {
                let start = self.position;
                // In a body that is expanded, a hidden newline does not end the line.
                let mut hidden = false;
                while let Some(byte) = self.bump() {
                    if byte == b'\n' && !hidden {
                        break;
                    }
                    hidden = byte == b'\\' && !hidden && !pending.quoted;
                }
                let mut whole = self.bytes.get(start..self.position).unwrap_or_default();
                while let Some(rest) = whole.strip_prefix(b"\t").filter(|_| pending.strip) {
                    whole = rest;
                }
                if whole.strip_suffix(b"\n").unwrap_or(whole) == pending.delimiter {
                    break;
                }
                text.extend_from_slice(whole);
            }
            let word = if pending.quoted {
                vec![Part::Quoted(text)]
            } else {
                let mut lexer = self.derive(&text, line);
                lexer.here = true;
                lexer.rest(Quotes::Text)?
            };
            let _ = pending.body.set(word);
        }
        Ok(())
    }
}

/// A here-document's delimiter without its quotes.
fn unquote(raw: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    let mut quote = None;
    let mut bytes = raw.iter().copied();
    while let Some(byte) = bytes.next() {
        match (byte, quote) {
            (b'\'' | b'"', None) => quote = Some(byte),
            (_, Some(open)) if byte == open => quote = None,
            (b'\\', None | Some(b'"')) => text.extend(bytes.next()),
            _ => text.push(byte),
        }
    }
    text
}
