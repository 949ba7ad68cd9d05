//! A script's bytes, cut into the tokens of its grammar, one complete command at a time.
//!
//! Reserved words are known here, because the end of `$(case x in a) … esac)` cannot be found otherwise; so a construct that is
//! closed by the wrong word is refused here as well.

mod tokens;

use super::Mode;
use super::heredoc::Pending;
use super::parse;
use super::syntax::{List, Place};

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
}
