//! A script's bytes, cut into the tokens of its grammar, one complete command at a time.
//!
//! Reserved words are known here, because the end of `$(case x in a) … esac)` cannot be found otherwise; so a construct that is
//! closed by the wrong word is refused here as well.

use std::cell::OnceCell;
use std::rc::Rc;

use super::Mode;
use super::parse;
use super::syntax::{Assignment, List, Place, Redirect, Target, Value, Word};
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

/// A token and where it begins.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) place: Place,
    pub(super) lexeme: Lexeme,
}

/// What a token is.
#[derive(Debug)]
pub(super) enum Lexeme {
    Operator(&'static str),
    Reserved(&'static str),
    Word(Word),
    /// The variable of a `for`.
    Name(Vec<u8>),
    Assignment(Assignment),
    Redirect(Redirect),
    /// bash's `((…))`.
    Arithmetic(Word),
    /// bash's `[[ … ]]`.
    Conditional(Vec<Word>),
    /// A whole `case … esac`: the crate's grammar takes its `esac` for one more pattern where a `)` follows.
    Case(Word, Vec<(Vec<Word>, List)>),
}

/// A construct that is not closed yet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    If,
    Loop,
    Brace,
    Parenthesis,
}

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    /// A command, or a reserved word.
    Command,
    /// A command of which assignments or redirections were read.
    Prefixed,
    /// An argument.
    Argument,
    /// What may follow a compound command.
    Closed,
    ForName,
    ForIn,
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

/// A here-document whose body is still to come.
struct Pending {
    body: Rc<OnceCell<Word>>,
    delimiter: Vec<u8>,
    quoted: bool,
    strip: bool,
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
    bytes: &'a [u8],
    position: usize,
    line: u32,
    line_start: usize,
    /// The text is a part of another one whose columns these are not.
    derived: bool,
    pub(super) mode: Mode,
    /// `${` around the position, when what is read belongs to one.
    pub(super) braces: u32,
    depth: usize,
    retries: u32,
    pending: Vec<Pending>,
}

impl<'a> Lexer<'a> {
    pub(super) const fn new(bytes: &'a [u8], mode: Mode) -> Self {
        Self {
            bytes,
            position: 0,
            line: 1,
            line_start: 0,
            derived: false,
            mode,
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

    fn derive<'b>(&self, text: &'b [u8], line: u32) -> Lexer<'b> {
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

    /// Whether what is read stands in `${…}`.
    pub(super) const fn in_braces(&self) -> bool {
        self.braces > 0
    }

    fn takes(&mut self, text: &'static str) -> bool {
        let all = self.bytes.get(self.position..).is_some_and(|rest| rest.starts_with(text.as_bytes()));
        if all {
            self.position += text.len();
        }
        all
    }

    fn skip_blanks(&mut self) {
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
                self.read_bodies();
                return Ok(reader.tokens);
            };
            if byte == b'\n' {
                self.bump();
                self.read_bodies();
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
                let one = vec![super::syntax::Part::Literal(b"1".to_vec())];
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

    fn skip_lines(&mut self) {
        loop {
            self.skip_blanks();
            self.skip_comment();
            if self.peek() != Some(b'\n') {
                return;
            }
            self.bump();
            self.read_bodies();
        }
    }

    /// Reads what follows a `case`, to its `esac`.
    #[expect(clippy::type_complexity, reason = "a subject, and arms of patterns with their commands")]
    fn case(&mut self, start: Place) -> Result<(Word, Vec<(Vec<Word>, List)>), Wrong> {
        self.deeper()?;
        self.skip_blanks();
        let subject = self.some_word()?;
        self.skip_lines();
        let place = self.place();
        if !matches!(self.word()?.as_slice(), [super::syntax::Part::Literal(text)] if text == b"in") {
            return Err(Wrong::new(place, "word unexpected (expecting \"in\")"));
        }
        let mut arms = Vec::new();
        loop {
            self.skip_lines();
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
            let after_match = matches!(words.last().map(Vec::as_slice), Some([super::syntax::Part::Literal(text)]) if text == b"=~");
            if after_match {
                return Err(Wrong::new(self.place(), "bash's `=~` is not modelled"));
            }
            if self.peek().is_none() {
                return Err(Wrong::new(start, "unterminated `[[`"));
            }
            match ["&&", "||", "(", ")", "<", ">"].into_iter().find(|operator| self.takes(operator)) {
                Some(operator) => words.push(vec![super::syntax::Part::Literal(operator.into())]),
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

    /// Reads a redirection where there is one.
    fn redirection(&mut self, reader: &mut Reader, place: Place) -> Result<bool, Wrong> {
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
        let Some(operator) = operators.into_iter().find(|operator| (bash || *operator != "<<<") && self.takes(operator))
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
                word.push(super::syntax::Part::Quoted(b"\n".to_vec()));
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
    fn read_bodies(&mut self) {
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
                vec![super::syntax::Part::Quoted(text)]
            } else {
                // What cannot be read as a body is one with a substitution that does not end: it stays as it is written.
                let mut lexer = self.derive(&text, line);
                lexer.rest(Quotes::Text).unwrap_or_else(|_| vec![super::syntax::Part::Quoted(text.clone())])
            };
            let _ = pending.body.set(word);
        }
    }
}

/// Tokens read so far, and what is open.
struct Reader {
    tokens: Vec<Token>,
    open: Vec<Open>,
    expect: Expect,
    /// The command cannot end here.
    continuing: bool,
}

impl Reader {
    fn push(&mut self, place: Place, lexeme: Lexeme) {
        self.continuing = false;
        self.tokens.push(Token { place, lexeme });
    }

    const fn in_header(&self) -> bool {
        matches!(self.expect, Expect::ForName | Expect::ForIn)
    }

    fn newline(&mut self, place: Place) {
        let continuing = self.continuing;
        self.push(place, Lexeme::Operator("\n"));
        self.continuing = continuing;
        if !self.in_header() {
            self.expect = Expect::Command;
        }
    }

    /// Whether the last token is a command's first word.
    fn is_function_name(&self) -> bool {
        let before = self.tokens.len().checked_sub(2).and_then(|at| self.tokens.get(at));
        let first = before.is_none_or(|token| match &token.lexeme {
            Lexeme::Operator(_) => true,
            Lexeme::Reserved(word) => *word != "in",
            _ => false,
        });
        first && matches!(self.tokens.last().map(|token| &token.lexeme), Some(Lexeme::Word(_)))
    }

    fn word(&mut self, place: Place, word: Word, raw: &str) -> Result<(), Wrong> {
        match self.expect {
            Expect::Argument => self.push(place, Lexeme::Word(word)),
            Expect::Prefixed => {
                self.push(place, Lexeme::Word(word));
                self.expect = Expect::Argument;
            }
            Expect::ForName => {
                if !super::word::is_variable(raw.as_bytes()) {
                    return Err(Wrong::new(place, "bad for loop variable"));
                }
                self.push(place, Lexeme::Name(raw.into()));
                self.expect = Expect::ForIn;
            }
            Expect::ForIn => match raw {
                "in" => {
                    self.push(place, Lexeme::Reserved("in"));
                    self.expect = Expect::Argument;
                }
                "do" => {
                    self.push(place, Lexeme::Reserved("do"));
                    self.expect = Expect::Command;
                }
                _ => return Err(Wrong::new(place, "word unexpected (expecting \"do\")")),
            },
            Expect::Command | Expect::Closed => {
                const RESERVED: [&str; 15] = [
                    "!", "{", "}", "case", "do", "done", "elif", "else", "esac", "fi", "for", "if", "then", "until",
                    "while",
                ];
                if let Some(reserved) = RESERVED.into_iter().find(|reserved| *reserved == raw) {
                    return self.reserved(place, reserved);
                }
                if self.expect == Expect::Closed {
                    return Err(Wrong::new(place, "word unexpected"));
                }
                self.push(place, Lexeme::Word(word));
                self.expect = Expect::Argument;
            }
        }
        Ok(())
    }

    fn reserved(&mut self, place: Place, word: &'static str) -> Result<(), Wrong> {
        let top = self.open.last().copied();
        let opens = match word {
            "if" => Some(Open::If),
            "while" | "until" | "for" => Some(Open::Loop),
            "{" => Some(Open::Brace),
            _ => None,
        };
        let wants = match word {
            "then" | "elif" | "else" | "fi" => Some(Open::If),
            "do" | "done" => Some(Open::Loop),
            "}" => Some(Open::Brace),
            _ => None,
        };
        let repeated = word == "!" && matches!(self.tokens.last().map(|token| &token.lexeme), Some(Lexeme::Reserved("!")));
        if repeated || matches!(word, "case" | "esac") || wants.is_some() && top != wants || opens.is_some() && self.expect == Expect::Closed {
            return Err(Wrong::new(place, format!("\"{word}\" unexpected")));
        }
        self.expect = match word {
            "for" => Expect::ForName,
            "fi" | "done" | "}" => Expect::Closed,
            _ => Expect::Command,
        };
        match opens {
            Some(open) => self.open.push(open),
            None if matches!(word, "fi" | "done" | "}") => {
                self.open.pop();
            }
            None => {}
        }
        self.push(place, Lexeme::Reserved(word));
        self.continuing = word == "!";
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
