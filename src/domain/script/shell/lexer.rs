//! A script's bytes, cut into the tokens of its grammar, one complete command at a time.
//!
//! Reserved words are known here, because the end of `$(case x in a) … esac)` cannot be found otherwise; so a construct that is
//! closed by the wrong word is refused here as well.

use super::Mode;
use super::heredoc::Pending;
use super::parse;
use super::reader::{Expect, Lexeme, Open, Reader, Token};
use super::syntax::{Assignment, List, Part, Place, Redirect, Target, Value, Word};
use super::word::{Quotes, is_name, is_name_start};

/// Constructs inside each other; far more than any real script has.
const MAX_NESTING: usize = 60;
/// `$((…` that turned out to be commands.
const MAX_RETRIES: u32 = 12;

/// Why a text is no script, and where.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) place: Place,
    pub(super) what: String,
}

impl Wrong {
    pub(super) fn new(place: Place, what: impl Into<String>) -> Self {
        Self { place, what: what.into() }
    }
}

/// Where a text ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// With the line on which the command is complete.
    Line,
    /// With a `)` that nothing opened.
    Parenthesis,
    /// Before the `;;` or `esac` that ends an arm of a `case`.
    Arm,
}

/// A position to come back to.
pub(super) struct Mark {
    position: usize,
    line: u32,
    line_start: usize,
    depth: usize,
    pending: usize,
}

/// A script's text, and how far it was read.
pub(super) struct Lexer<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) position: usize,
    pub(super) line: u32,
    line_start: usize,
    /// The text is a part of another one whose columns these are not.
    derived: bool,
    pub(super) mode: Mode,
    /// The text is a here-document's body.
    pub(super) here: bool,
    /// `${` around the position, when what is read belongs to one.
    pub(super) braces: u32,
    depth: usize,
    retries: u32,
    pub(super) pending: Vec<Pending>,
}

/// Where a complete command begins.
#[derive(Clone, Copy)]
pub(super) struct Start {
    position: usize,
    line: u32,
    line_start: usize,
    retries: u32,
}

impl Default for Start {
    fn default() -> Self {
        Self { position: 0, line: 1, line_start: 0, retries: 0 }
    }
}

impl<'a> Lexer<'a> {
    /// Reads on from a place of the same text.
    pub(super) fn at(bytes: &'a [u8], mode: Mode, start: Start) -> Self {
        let Start { position, line, line_start, retries } = start;
        Self { position, line, line_start, retries, ..Self::new(bytes, mode) }
    }

    /// Where it is, between two complete commands.
    pub(super) const fn start(&self) -> Start {
        Start { position: self.position, line: self.line, line_start: self.line_start, retries: self.retries }
    }

    pub(super) const fn new(bytes: &'a [u8], mode: Mode) -> Self {
        Self {
            bytes,
            position: 0,
            line: 1,
            line_start: 0,
            derived: false,
            mode,
            here: false,
            braces: 0,
            depth: 0,
            retries: 0,
            pending: Vec::new(),
        }
    }

    /// Reads the next complete command with its line; `None` at the end of the text.
    pub(super) fn complete_command(&mut self) -> Result<Option<List>, Wrong> {
        let tokens = self.tokens(End::Line)?;
        if tokens.is_empty() { Ok(None) } else { parse::list(tokens, self.place()).map(Some) }
    }

    /// Reads commands up to a `)`, which is taken.
    pub(super) fn commands_until_parenthesis(&mut self) -> Result<List, Wrong> {
        self.deeper()?;
        let tokens = self.tokens(End::Parenthesis)?;
        self.shallower();
        parse::list(tokens, self.place())
    }

    /// Parses a text that was part of this one, and begins on `start`'s line.
    pub(super) fn inner(&mut self, text: &[u8], start: Place) -> Result<List, Wrong> {
        self.deeper()?;
        let mut lexer = self.derive(text, start.line);
        let mut list = List::new();
        while let Some(part) = lexer.complete_command()? {
            list.extend(part);
        }
        self.shallower();
        Ok(list)
    }

    pub(super) fn derive<'b>(&self, text: &'b [u8], line: u32) -> Lexer<'b> {
        Lexer { line, derived: true, depth: self.depth, retries: self.retries, ..Lexer::new(text, self.mode) }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.peek_at(0)
    }

    pub(super) fn peek_at(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.position + ahead).copied()
    }

    pub(super) fn bump(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.position += 1;
        if byte == b'\n' {
            self.line += 1;
            self.line_start = self.position;
        }
        Some(byte)
    }

    /// Skips a backslash with the newline that it hides.
    pub(super) fn join_lines(&mut self) {
        while self.peek() == Some(b'\\') && self.peek_at(1) == Some(b'\n') {
            self.bump();
            self.bump();
        }
    }

    pub(super) fn place(&self) -> Place {
        let column = if self.derived { 0 } else { u32::try_from(self.position - self.line_start + 1).unwrap_or(0) };
        Place { line: self.line, column }
    }

    pub(super) const fn mark(&self) -> Mark {
        Mark {
            position: self.position,
            line: self.line,
            line_start: self.line_start,
            depth: self.depth,
            pending: self.pending.len(),
        }
    }

    /// Goes back; not too often, for each time doubles the work inside of what is read again.
    pub(super) fn reset(&mut self, mark: Mark) -> Result<(), Wrong> {
        self.retries += 1;
        if self.retries > MAX_RETRIES {
            return Err(Wrong::new(self.place(), "too many `$((` that are no arithmetic"));
        }
        self.position = mark.position;
        self.line = mark.line;
        self.line_start = mark.line_start;
        self.depth = mark.depth;
        self.pending.truncate(mark.pending);
        Ok(())
    }

    pub(super) fn deeper(&mut self) -> Result<(), Wrong> {
        self.depth += 1;
        if self.depth > MAX_NESTING { Err(Wrong::new(self.place(), "constructs nest too deeply")) } else { Ok(()) }
    }

    pub(super) const fn shallower(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Whether the text is a here-document's body, in which `\"` is two characters.
    pub(super) const fn is_here(&self) -> bool {
        self.here
    }

    /// Whether what is read stands in `${…}`.
    pub(super) const fn in_braces(&self) -> bool {
        self.braces > 0
    }

    pub(super) fn takes(&mut self, text: &'static str) -> bool {
        let all = self.bytes.get(self.position..).is_some_and(|rest| rest.starts_with(text.as_bytes()));
        if all {
            self.position += text.len();
        }
        all
    }

    pub(super) fn skip_blanks(&mut self) {
        loop {
            self.join_lines();
            match self.peek() {
                Some(b' ' | b'\t') => {
                    self.bump();
                }
                _ => return,
            }
        }
    }

    fn skip_comment(&mut self) {
        if self.peek() == Some(b'#') {
            while !matches!(self.peek(), None | Some(b'\n')) {
                self.bump();
            }
        }
    }

    fn unexpected(&self, place: Place, what: &str) -> Wrong {
        Wrong::new(place, format!("\"{what}\" unexpected"))
    }

    fn tokens(&mut self, end: End) -> Result<Vec<Token>, Wrong> {
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

    fn operator(&mut self) -> Option<&'static str> {
        ["&&", "||", ";;", ";", "&", "|", "(", ")"].into_iter().find(|operator| self.takes(operator))
    }

    fn on_operator(&mut self, reader: &mut Reader, place: Place, operator: &'static str) -> Result<(), Wrong> {
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

    fn on_word(&mut self, reader: &mut Reader, place: Place) -> Result<(), Wrong> {
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
    fn ends_arm(&self, reader: &Reader) -> bool {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        rest.starts_with(b";;") || matches!(reader.expect, Expect::Command | Expect::Closed) && self.at_esac()
    }

    fn at_esac(&self) -> bool {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        let after = rest.strip_prefix(b"esac");
        after.is_some_and(|rest| {
            matches!(rest.first(), None | Some(b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')'))
        })
    }

    fn skip_lines(&mut self) -> Result<(), Wrong> {
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
    fn case(&mut self, start: Place) -> Result<(Word, Vec<(Vec<Word>, List)>), Wrong> {
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
    fn some_word(&mut self) -> Result<Word, Wrong> {
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
    fn assignment(&mut self) -> Result<Option<Assignment>, Wrong> {
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
    fn conditional(&mut self, start: Place) -> Result<Vec<Word>, Wrong> {
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
