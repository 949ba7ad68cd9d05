//! Cutting tokens: which words and operators stand where, and the constructs that only the lexer can end.

use super::super::Mode;
use super::super::parse;
use super::super::reader::{Expect, Lexeme, Open, Reader, Token};
use super::super::syntax::{Assignment, List, Part, Place, Redirect, Target, Value, Word};
use super::super::word::{Quotes, is_name, is_name_start};
use super::{End, Lexer, MAX_NESTING, Wrong};

impl Lexer<'_> {
    pub(super) fn tokens(&mut self, end: End) -> Result<Vec<Token>, Wrong> {
        let mut reader = Reader { tokens: Vec::new(), open: Vec::new(), expect: Expect::Command, continuing: false };
        loop {
            self.skip_blanks();
            self.skip_comment();
            let place = self.place();
            let Some(byte) = self.peek() else {
                if end != End::Line || !reader.open.is_empty() || reader.continuing {
                    return Err(Wrong::new(place, "end of file unexpected"));
                }
                self.read_bodies()?;
                return Ok(reader.tokens);
            };
            if byte == b'\n' {
                self.bump();
                self.read_bodies()?;
                if end == End::Line && reader.open.is_empty() && !reader.continuing && !reader.in_header() {
                    if reader.tokens.is_empty() {
                        continue;
                    }
                    return Ok(reader.tokens);
                }
                reader.newline(place);
                continue;
            }
            if byte == b')' && end == End::Parenthesis && reader.open.is_empty() {
                self.bump();
                if reader.continuing {
                    return Err(self.unexpected(place, ")"));
                }
                return Ok(reader.tokens);
            }
            if end == End::Arm && reader.open.is_empty() && self.ends_arm(&reader) {
                return Ok(reader.tokens);
            }
            if self.depth + reader.open.len() > MAX_NESTING {
                return Err(Wrong::new(place, "constructs nest too deeply"));
            }
            if self.redirection(&mut reader, place)? {
                continue;
            }
            match self.operator() {
                Some(operator) => self.on_operator(&mut reader, place, operator)?,
                None => self.on_word(&mut reader, place)?,
            }
        }
    }

    pub(super) fn operator(&mut self) -> Option<&'static str> {
        ["&&", "||", ";;", ";", "&", "|", "(", ")"].into_iter().find(|operator| self.takes(operator))
    }

    pub(super) fn on_operator(
        &mut self,
        reader: &mut Reader,
        place: Place,
        operator: &'static str,
    ) -> Result<(), Wrong> {
        let expect = reader.expect;
        let mut continuing = false;
        let empty = match operator {
            "(" => false,
            ")" => reader.wants_command(false),
            _ => reader.wants_command(true),
        };
        if empty {
            return Err(self.unexpected(place, operator));
        }
        match operator {
            "(" if expect == Expect::Argument && reader.is_function_name() => {
                reader.push(place, Lexeme::Operator("("));
                self.skip_blanks();
                let place = self.place();
                if !self.takes(")") {
                    return Err(self.unexpected(place, "("));
                }
                reader.push(place, Lexeme::Operator(")"));
                reader.expect = Expect::Command;
                reader.continuing = true;
                return Ok(());
            }
            "(" if expect == Expect::Command => {
                if self.mode == Mode::Bash && self.peek() == Some(b'(') {
                    let back = self.mark();
                    self.bump();
                    if let Some(expression) = self.arithmetic()? {
                        reader.push(place, Lexeme::Arithmetic(expression));
                        reader.expect = Expect::Closed;
                        return Ok(());
                    }
                    self.reset(back)?;
                }
                reader.open.push(Open::Parenthesis);
            }
            ")" if reader.open.last() == Some(&Open::Parenthesis) => {
                reader.open.pop();
                reader.expect = Expect::Closed;
            }
            ";" if self.mode == Mode::Bash && self.peek() == Some(b'&') => {
                return Err(Wrong::new(place, "`;&` is not modelled"));
            }
            "|" if self.mode == Mode::Bash && self.takes("&") => {
                let one = vec![Part::Literal(b"1".to_vec())];
                reader.push(place, Lexeme::Redirect(Redirect { fd: 2, target: Target::Duplicate(one) }));
                reader.expect = Expect::Command;
                continuing = true;
            }
            ";" | "&" => reader.expect = Expect::Command,
            "&&" | "||" | "|" => {
                reader.expect = Expect::Command;
                continuing = true;
            }
            _ => return Err(self.unexpected(place, operator)),
        }
        reader.push(place, Lexeme::Operator(operator));
        reader.continuing = continuing;
        Ok(())
    }

    pub(super) fn on_word(&mut self, reader: &mut Reader, place: Place) -> Result<(), Wrong> {
        if matches!(reader.expect, Expect::Command | Expect::Prefixed)
            && let Some(assignment) = self.assignment()?
        {
            reader.push(place, Lexeme::Assignment(assignment));
            reader.expect = Expect::Prefixed;
            return Ok(());
        }
        let start = self.position;
        let word = self.word()?;
        if self.position == start {
            return Err(self.unexpected(place, "character"));
        }
        // A reserved word is one only as it stands: no quotes, no escapes.
        let raw = self.bytes.get(start..self.position).unwrap_or_default();
        let raw = std::str::from_utf8(raw).unwrap_or_default().replace("\\\n", "");
        let raw = raw.as_str();
        if raw == "case" && reader.expect == Expect::Command {
            let (subject, arms) = self.case(place)?;
            reader.push(place, Lexeme::Reserved("{"));
            reader.push(place, Lexeme::Case(subject, arms));
            reader.push(place, Lexeme::Operator(";"));
            reader.push(place, Lexeme::Reserved("}"));
            reader.expect = Expect::Closed;
            return Ok(());
        }
        if self.mode == Mode::Bash && reader.expect == Expect::Command {
            match raw {
                "[[" => {
                    let words = self.conditional(place)?;
                    reader.push(place, Lexeme::Conditional(words));
                    reader.expect = Expect::Closed;
                    return Ok(());
                }
                "function" => {
                    self.skip_blanks();
                    let name = self.word()?;
                    reader.push(place, Lexeme::Word(name));
                    self.skip_blanks();
                    if self.takes("(") {
                        self.skip_blanks();
                        self.takes(")");
                    }
                    reader.push(place, Lexeme::Operator("("));
                    reader.push(place, Lexeme::Operator(")"));
                    reader.expect = Expect::Command;
                    reader.continuing = true;
                    return Ok(());
                }
                "select" | "coproc" | "time" => {
                    return Err(Wrong::new(place, format!("bash's `{raw}` is not modelled")));
                }
                _ => {}
            }
        }
        reader.word(place, word, raw)
    }

    /// Whether an arm ends here, with all that is open in it closed.
    pub(super) fn ends_arm(&self, reader: &Reader) -> bool {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        rest.starts_with(b";;") || matches!(reader.expect, Expect::Command | Expect::Closed) && self.at_esac()
    }

    pub(super) fn at_esac(&self) -> bool {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        let after = rest.strip_prefix(b"esac");
        after.is_some_and(|rest| {
            matches!(rest.first(), None | Some(b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')'))
        })
    }

    pub(super) fn skip_lines(&mut self) -> Result<(), Wrong> {
        loop {
            self.skip_blanks();
            self.skip_comment();
            if self.peek() != Some(b'\n') {
                return Ok(());
            }
            self.bump();
            self.read_bodies()?;
        }
    }

    /// Reads what follows a `case`, to its `esac`.
    #[expect(clippy::type_complexity, reason = "a subject, and arms of patterns with their commands")]
    pub(super) fn case(&mut self, start: Place) -> Result<(Word, Vec<(Vec<Word>, List)>), Wrong> {
        self.deeper()?;
        self.skip_blanks();
        let subject = self.some_word()?;
        self.skip_lines()?;
        let place = self.place();
        if !matches!(self.word()?.as_slice(), [Part::Literal(text)] if text == b"in") {
            return Err(Wrong::new(place, "word unexpected (expecting \"in\")"));
        }
        let mut arms = Vec::new();
        loop {
            self.skip_lines()?;
            if self.at_esac() {
                self.position += 4;
                self.shallower();
                return Ok((subject, arms));
            }
            if self.peek().is_none() {
                return Err(Wrong::new(start, "end of file unexpected (expecting \"esac\")"));
            }
            self.takes("(");
            let mut patterns = Vec::new();
            loop {
                self.skip_blanks();
                patterns.push(self.some_word()?);
                self.skip_blanks();
                if self.takes(")") {
                    break;
                }
                if !self.takes("|") {
                    return Err(Wrong::new(self.place(), "word unexpected (expecting \")\")"));
                }
            }
            let tokens = self.tokens(End::Arm)?;
            let list = parse::list(tokens, self.place())?;
            arms.push((patterns, list));
            if self.takes(";;") && self.mode == Mode::Bash && self.peek() == Some(b'&') {
                return Err(Wrong::new(self.place(), "`;;&` is not modelled"));
            }
        }
    }

    /// Reads a word that must be there.
    pub(super) fn some_word(&mut self) -> Result<Word, Wrong> {
        let (start, place) = (self.position, self.place());
        let word = self.word()?;
        if self.position > start {
            return Ok(word);
        }
        Err(match self.peek() {
            None => Wrong::new(place, "end of file unexpected"),
            Some(b'\n') => self.unexpected(place, "newline"),
            Some(byte) => self.unexpected(place, &char::from(byte).to_string()),
        })
    }

    /// Reads `NAME=value`; the position stays where there is none.
    pub(super) fn assignment(&mut self) -> Result<Option<Assignment>, Wrong> {
        let bash = self.mode == Mode::Bash;
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        if !rest.first().is_some_and(|byte| is_name_start(*byte)) {
            return Ok(None);
        }
        let length = rest.iter().position(|byte| !is_name(*byte)).unwrap_or(rest.len());
        let (name, tail) = rest.split_at(length);
        let name = name.to_vec();
        let mut index = None;
        let append = match tail {
            [b'=', ..] => false,
            [b'+', b'=', ..] if bash => true,
            [b'[', ..] if bash => {
                let end = tail.iter().position(|byte| matches!(byte, b']' | b' ' | b'\n')).unwrap_or(tail.len());
                if !tail.get(end..).is_some_and(|rest| rest.starts_with(b"]=") || rest.starts_with(b"]+=")) {
                    return Ok(None);
                }
                self.position += length + 1;
                index = Some(self.until(b']', Quotes::Text, "subscript")?);
                self.position -= length;
                self.peek_at(length) == Some(b'+')
            }
            _ => return Ok(None),
        };
        self.position += length + 1 + usize::from(append);
        let value = if bash && self.peek() == Some(b'(') {
            self.bump();
            let mut words = Vec::new();
            loop {
                self.skip_blanks();
                self.skip_comment();
                match self.peek() {
                    None => return Err(Wrong::new(self.place(), "end of file unexpected")),
                    Some(b'\n') => {
                        self.bump();
                    }
                    Some(b')') => {
                        self.bump();
                        break Value::Array(words);
                    }
                    Some(b';' | b'&' | b'|' | b'<' | b'>' | b'(') => {
                        return Err(Wrong::new(self.place(), "operator unexpected in an array"));
                    }
                    Some(_) => words.push(self.word()?),
                }
            }
        } else {
            Value::Scalar(self.word()?)
        };
        Ok(Some(Assignment { name, append, index, value }))
    }

    /// Reads the words of `[[ … ]]` after its `[[`; operators become words as well.
    pub(super) fn conditional(&mut self, start: Place) -> Result<Vec<Word>, Wrong> {
        let mut words: Vec<Word> = Vec::new();
        loop {
            self.skip_blanks();
            if self.peek() == Some(b'\n') {
                self.bump();
                continue;
            }
            let after_match = matches!(words.last().map(Vec::as_slice), Some([Part::Literal(text)]) if text == b"=~");
            if after_match {
                return Err(Wrong::new(self.place(), "bash's `=~` is not modelled"));
            }
            if self.peek().is_none() {
                return Err(Wrong::new(start, "unterminated `[[`"));
            }
            match ["&&", "||", "(", ")", "<", ">"].into_iter().find(|operator| self.takes(operator)) {
                Some(operator) => words.push(vec![Part::Literal(operator.into())]),
                None => {
                    let begin = self.position;
                    let word = self.word()?;
                    if self.bytes.get(begin..self.position) == Some(b"]]") {
                        return Ok(words);
                    }
                    if self.position == begin {
                        return Err(Wrong::new(self.place(), "unexpected operator in `[[`"));
                    }
                    words.push(word);
                }
            }
        }
    }
}
