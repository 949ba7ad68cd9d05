//! Words, read from a script's bytes: quotes, escapes, expansions.
//!
//! The grammar's crate reads words as text and takes them apart a second time, in which nested quotes, here-documents inside of
//! substitutions and bytes that are no UTF-8 are lost; so words are read here, once.

use std::rc::Rc;

use super::Mode;
use super::lexer::{Lexer, Wrong};
use super::syntax::{Action, Parameter, Part, Word};

/// What surrounds a part of a word, and with it which characters mean something.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Quotes {
    /// None.
    Bare,
    /// `"…"`.
    Double,
    /// A here-document's body, or the text of `$((…))`: as in `"…"`, but `"` is a character.
    Text,
}

impl Lexer<'_> {
    /// Reads a word that starts here, up to a blank or an operator.
    pub(super) fn word(&mut self) -> Result<Word, Wrong> {
        let mut word = Word::new();
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')' => break,
                _ => self.part(&mut word, Quotes::Bare)?,
            }
        }
        Ok(word)
    }

    /// Reads up to a byte that ends it, which is taken too.
    pub(super) fn until(&mut self, end: u8, quotes: Quotes, what: &'static str) -> Result<Word, Wrong> {
        self.deeper()?;
        let start = self.place();
        let mut word = Word::new();
        loop {
            match self.peek() {
                None => return Err(Wrong::new(start, format!("unterminated {what}"))),
                Some(byte) if byte == end => {
                    self.bump();
                    self.shallower();
                    return Ok(word);
                }
                Some(_) => self.part(&mut word, quotes)?,
            }
        }
    }

    /// Reads all that is left.
    pub(super) fn rest(&mut self, quotes: Quotes) -> Result<Word, Wrong> {
        let mut word = Word::new();
        while self.peek().is_some() {
            self.part(&mut word, quotes)?;
        }
        Ok(word)
    }

    /// Reads one part.
    fn part(&mut self, word: &mut Word, quotes: Quotes) -> Result<(), Wrong> {
        let start = self.place();
        let Some(byte) = self.bump() else { return Ok(()) };
        match byte {
            b'\\' => match (self.peek(), quotes) {
                (None, _) => literal(word, b'\\'),
                (Some(b'\n'), _) => {
                    self.bump();
                }
                (Some(next), Quotes::Bare) => {
                    self.bump();
                    quoted(word, next);
                }
                (Some(next @ (b'$' | b'`' | b'\\')), _) | (Some(next @ b'"'), Quotes::Double) => {
                    self.bump();
                    quoted(word, next);
                }
                // `"${x-a\}b}"`: the brace is not the end.
                (Some(b'}'), _) if self.in_braces() => {
                    self.bump();
                    quoted(word, b'}');
                }
                _ => quoted(word, b'\\'),
            },
            b'\'' if quotes == Quotes::Bare => {
                let mut text = Vec::new();
                loop {
                    match self.bump() {
                        None => return Err(Wrong::new(start, "unterminated quoted string")),
                        Some(b'\'') => break,
                        Some(byte) => text.push(byte),
                    }
                }
                word.push(Part::Quoted(text));
            }
            b'"' if quotes == Quotes::Bare => {
                let inside = self.quoted_part()?;
                word.push(Part::Double(inside));
            }
            // Quotes inside of `"${x-"a"}"` only hide its `}`.
            b'"' if self.in_braces() => {
                let inside = self.quoted_part()?;
                word.extend(inside);
            }
            b'$' => self.dollar(word, quotes)?,
            b'`' => {
                let list = self.backquoted(quotes == Quotes::Double)?;
                word.push(Part::Command(Rc::new(list)));
            }
            _ if quotes == Quotes::Bare => literal(word, byte),
            _ => quoted(word, byte),
        }
        Ok(())
    }

    /// Reads the inside of `"…"`; the braces outside of it do not count in it.
    fn quoted_part(&mut self) -> Result<Word, Wrong> {
        let braces = std::mem::take(&mut self.braces);
        let inside = self.until(b'"', Quotes::Double, "quoted string");
        self.braces = braces;
        inside
    }

    /// Reads what follows a `$`.
    fn dollar(&mut self, word: &mut Word, quotes: Quotes) -> Result<(), Wrong> {
        let name = match self.peek() {
            Some(b'(') => {
                let part = self.substitution()?;
                word.push(part);
                return Ok(());
            }
            Some(b'{') => {
                self.bump();
                let parameter = self.braced(quotes)?;
                word.push(Part::Parameter(Rc::new(parameter)));
                return Ok(());
            }
            Some(b'\'') if quotes == Quotes::Bare && self.mode == Mode::Bash => {
                self.bump();
                let text = self.ansi()?;
                word.push(Part::Quoted(text));
                return Ok(());
            }
            Some(b'"') if quotes == Quotes::Bare && self.mode == Mode::Bash => return Ok(()),
            Some(byte) if byte == b'_' || byte.is_ascii_alphabetic() => self.name(),
            Some(byte) if byte.is_ascii_digit() || is_special(byte) => {
                self.bump();
                vec![byte]
            }
            _ => {
                match quotes {
                    Quotes::Bare => literal(word, b'$'),
                    _ => quoted(word, b'$'),
                }
                return Ok(());
            }
        };
        word.push(Part::Parameter(Rc::new(Parameter { name, index: None, action: Action::Value })));
        Ok(())
    }

    /// Reads `(…)` or `((…))` after a `$`.
    fn substitution(&mut self) -> Result<Part, Wrong> {
        self.bump();
        if self.peek() == Some(b'(') {
            let back = self.mark();
            self.bump();
            if let Some(expression) = self.arithmetic()? {
                return Ok(Part::Arithmetic(Rc::new(expression)));
            }
            if self.mode == Mode::Dash {
                return Err(Wrong::new(self.place(), "Missing '))'"));
            }
            self.reset(back)?;
        }
        let braces = std::mem::take(&mut self.braces);
        let list = self.commands_until_parenthesis();
        self.braces = braces;
        Ok(Part::Command(Rc::new(list?)))
    }

    /// Reads an expression up to `))`, which is taken; `None` when it is none, which leaves the position anywhere.
    pub(super) fn arithmetic(&mut self) -> Result<Option<Word>, Wrong> {
        self.deeper()?;
        let braces = std::mem::take(&mut self.braces);
        let mut word = Word::new();
        let mut open = 0u32;
        let whole = loop {
            match self.peek() {
                None => break false,
                Some(b'(') => {
                    open += 1;
                    self.bump();
                    quoted(&mut word, b'(');
                }
                Some(b')') if open > 0 => {
                    open -= 1;
                    self.bump();
                    quoted(&mut word, b')');
                }
                Some(b')') => {
                    self.bump();
                    break self.peek() == Some(b')') && self.bump().is_some();
                }
                Some(b'"') if self.mode == Mode::Bash => {
                    self.bump();
                }
                Some(b'\\') if self.peek_at(1) == Some(b'"') && !self.is_here() => {
                    self.bump();
                    self.bump();
                    quoted(&mut word, b'"');
                }
                // What cannot be read as an expression may be commands: `$((echo 'a'); b)`.
                Some(_) => {
                    if self.part(&mut word, Quotes::Text).is_err() {
                        break false;
                    }
                }
            }
        };
        self.braces = braces;
        self.shallower();
        Ok(whole.then_some(word))
    }

    /// Reads `…}` after `${`.
    fn braced(&mut self, quotes: Quotes) -> Result<Parameter, Wrong> {
        let start = self.place();
        if self.peek() == Some(b'!') && self.mode == Mode::Bash && self.peek_at(1).is_some_and(is_name_start) {
            self.bump();
            let name = self.name();
            if self.peek() == Some(b'}') {
                self.bump();
                return Ok(Parameter { name, index: None, action: Action::Indirect });
            }
            return self.bad(start, quotes);
        }
        let length = self.peek() == Some(b'#') && !matches!(self.peek_at(1), Some(b'}')) && {
            // `${#-x}` is the default of `$#`; `${#-}` is the length of `$-`.
            let (next, after) = (self.peek_at(1), self.peek_at(2));
            match next {
                Some(byte) if is_name_start(byte) || byte.is_ascii_digit() => true,
                Some(byte) if is_special(byte) => after == Some(b'}'),
                _ => false,
            }
        };
        if length {
            self.bump();
        }
        let Some(name) = self.parameter_name() else { return self.bad(start, quotes) };
        let index = match self.peek() {
            Some(b'[') if self.mode == Mode::Bash => {
                self.bump();
                Some(self.until(b']', Quotes::Text, "subscript")?)
            }
            _ => None,
        };
        if length {
            return match self.peek() {
                Some(b'}') => {
                    self.bump();
                    Ok(Parameter { name, index, action: Action::Length })
                }
                _ => self.bad(start, quotes),
            };
        }
        let Some(action) = self.action(quotes)? else { return self.bad(start, quotes) };
        Ok(Parameter { name, index, action })
    }

    /// Reads what follows the name in `${NAME…}`, with the `}`.
    fn action(&mut self, quotes: Quotes) -> Result<Option<Action>, Wrong> {
        let Some(byte) = self.bump() else { return Ok(None) };
        let bash = self.mode == Mode::Bash;
        Ok(Some(match byte {
            b'}' => Action::Value,
            b':' if matches!(self.peek(), Some(b'-' | b'=' | b'?' | b'+')) => {
                let operator = self.bump().unwrap_or_default();
                Action::Default { colon: true, operator, word: self.operand(quotes)? }
            }
            b'-' | b'=' | b'?' | b'+' => Action::Default { colon: false, operator: byte, word: self.operand(quotes)? },
            b'#' | b'%' => {
                let longest = self.peek() == Some(byte);
                if longest {
                    self.bump();
                }
                Action::Trim { suffix: byte == b'%', longest, pattern: self.operand(Quotes::Bare)? }
            }
            b':' if bash => {
                let braces = std::mem::replace(&mut self.braces, 1);
                let mut offset = Word::new();
                while !matches!(self.peek(), None | Some(b':' | b'}')) {
                    self.part(&mut offset, Quotes::Text)?;
                }
                self.braces = braces;
                let length = match self.bump() {
                    Some(b':') => Some(self.operand(Quotes::Text)?),
                    _ => None,
                };
                Action::Slice { offset, length }
            }
            b'/' if bash => {
                let all = self.peek() == Some(b'/');
                let anchor = self.peek().filter(|byte| matches!(byte, b'#' | b'%'));
                if all || anchor.is_some() {
                    self.bump();
                }
                let braces = std::mem::replace(&mut self.braces, 1);
                let mut pattern = Word::new();
                while !matches!(self.peek(), None | Some(b'/' | b'}')) {
                    self.part(&mut pattern, Quotes::Bare)?;
                }
                self.braces = braces;
                let text = match self.bump() {
                    Some(b'/') => self.operand(Quotes::Bare)?,
                    _ => Word::new(),
                };
                Action::Replace { all, anchor, pattern, text }
            }
            b'^' | b',' if bash => {
                let all = self.peek() == Some(byte);
                if all {
                    self.bump();
                }
                if self.bump() != Some(b'}') {
                    return Ok(None);
                }
                Action::Case { upper: byte == b'^', all }
            }
            _ => return Ok(None),
        }))
    }

    /// Reads the word of an operator up to its `}`.
    fn operand(&mut self, quotes: Quotes) -> Result<Word, Wrong> {
        let braces = std::mem::replace(&mut self.braces, 1);
        let word = self.until(b'}', quotes, "parameter expansion");
        self.braces = braces;
        word
    }

    /// Skips to the `}` of an expansion that is none.
    fn bad(&mut self, start: super::syntax::Place, quotes: Quotes) -> Result<Parameter, Wrong> {
        self.operand(quotes).map_err(|wrong| Wrong::new(start, wrong.what))?;
        Ok(Parameter { name: Vec::new(), index: None, action: Action::Bad })
    }

    fn parameter_name(&mut self) -> Option<Vec<u8>> {
        match self.peek()? {
            byte if is_name_start(byte) => Some(self.name()),
            byte if byte.is_ascii_digit() => {
                let mut name = Vec::new();
                while let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
                    name.push(digit);
                    self.bump();
                }
                Some(name)
            }
            byte if is_special(byte) => {
                self.bump();
                Some(vec![byte])
            }
            _ => None,
        }
    }

    fn name(&mut self) -> Vec<u8> {
        let mut name = Vec::new();
        loop {
            self.join_lines();
            match self.peek() {
                Some(byte) if is_name(byte) => {
                    name.push(byte);
                    self.bump();
                }
                _ => return name,
            }
        }
    }

    /// Reads up to the other backquote, and parses what is between.
    fn backquoted(&mut self, double: bool) -> Result<super::syntax::List, Wrong> {
        let start = self.place();
        let mut text = Vec::new();
        loop {
            match self.bump() {
                None => return Err(Wrong::new(start, "EOF in backquote substitution")),
                Some(b'`') => break,
                Some(b'\\') => match self.peek() {
                    Some(b'\n') => {
                        self.bump();
                    }
                    Some(next @ (b'$' | b'`' | b'\\')) => {
                        self.bump();
                        text.push(next);
                    }
                    Some(b'"') if double => {
                        self.bump();
                        text.push(b'"');
                    }
                    _ => text.push(b'\\'),
                },
                Some(byte) => text.push(byte),
            }
        }
        self.inner(&text, start)
    }

    /// Reads bash's `$'…'` after its first quote.
    fn ansi(&mut self) -> Result<Vec<u8>, Wrong> {
        let start = self.place();
        let mut raw = Vec::new();
        loop {
            match self.bump() {
                None => return Err(Wrong::new(start, "unterminated quoted string")),
                Some(b'\'') => break,
                Some(b'\\') => {
                    raw.push(b'\\');
                    raw.extend(self.bump());
                }
                Some(byte) => raw.push(byte),
            }
        }
        Ok(super::escape::ansi(&raw))
    }
}

/// Whether a variable's name can begin with it.
pub(super) const fn is_name_start(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphabetic()
}

/// Whether a variable's name can have it.
pub(super) const fn is_name(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}

/// Whether all of it is a variable's name.
pub(super) fn is_variable(name: &[u8]) -> bool {
    name.first().is_some_and(|byte| is_name_start(*byte)) && name.iter().all(|byte| is_name(*byte))
}

const fn is_special(byte: u8) -> bool {
    matches!(byte, b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!')
}

fn literal(word: &mut Word, byte: u8) {
    match word.last_mut() {
        Some(Part::Literal(text)) => text.push(byte),
        _ => word.push(Part::Literal(vec![byte])),
    }
}

fn quoted(word: &mut Word, byte: u8) {
    match word.last_mut() {
        Some(Part::Quoted(text)) => text.push(byte),
        _ => word.push(Part::Quoted(vec![byte])),
    }
}
