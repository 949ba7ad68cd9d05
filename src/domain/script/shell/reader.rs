//! What a list of tokens allows next: reserved words, and the constructs that are open.

use super::lexer::Wrong;
use super::syntax::{Assignment, List, Place, Redirect, Word};

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
pub(super) enum Open {
    If,
    Loop,
    Brace,
    Parenthesis,
}

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Expect {
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

/// Tokens read so far, and what is open.
pub(super) struct Reader {
    pub(super) tokens: Vec<Token>,
    pub(super) open: Vec<Open>,
    pub(super) expect: Expect,
    /// The command cannot end here.
    pub(super) continuing: bool,
}

impl Reader {
    pub(super) fn push(&mut self, place: Place, lexeme: Lexeme) {
        self.continuing = false;
        self.tokens.push(Token { place, lexeme });
    }

    /// Whether a command must come before anything can end it; a `;` needs one on its own line.
    pub(super) fn wants_command(&self, separator: bool) -> bool {
        let newline = |lexeme: &&Lexeme| matches!(lexeme, Lexeme::Operator("\n"));
        let mut lexemes = self.tokens.iter().rev().map(|token| &token.lexeme);
        let last = if separator { lexemes.next() } else { lexemes.find(|lexeme| !newline(lexeme)) };
        match last {
            None => separator,
            Some(Lexeme::Operator("(" | "&&" | "||" | "|")) => true,
            Some(Lexeme::Operator(";" | "&" | "\n")) => separator,
            Some(Lexeme::Reserved(word)) => {
                matches!(*word, "if" | "while" | "until" | "then" | "do" | "else" | "elif" | "{" | "!")
            }
            _ => false,
        }
    }

    pub(super) const fn in_header(&self) -> bool {
        matches!(self.expect, Expect::ForName | Expect::ForIn)
    }

    pub(super) fn newline(&mut self, place: Place) {
        let continuing = self.continuing;
        self.push(place, Lexeme::Operator("\n"));
        self.continuing = continuing;
        if !self.in_header() {
            self.expect = Expect::Command;
        }
    }

    /// Whether the last token is a command's first word.
    pub(super) fn is_function_name(&self) -> bool {
        let before = self.tokens.len().checked_sub(2).and_then(|at| self.tokens.get(at));
        let first = before.is_none_or(|token| match &token.lexeme {
            Lexeme::Operator(_) => true,
            Lexeme::Reserved(word) => *word != "in",
            _ => false,
        });
        first && matches!(self.tokens.last().map(|token| &token.lexeme), Some(Lexeme::Word(_)))
    }

    pub(super) fn word(&mut self, place: Place, word: Word, raw: &str) -> Result<(), Wrong> {
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
        let repeated =
            word == "!" && matches!(self.tokens.last().map(|token| &token.lexeme), Some(Lexeme::Reserved("!")));
        let empty = wants.is_some() && self.wants_command(false);
        if empty
            || repeated
            || matches!(word, "case" | "esac")
            || wants.is_some() && top != wants
            || opens.is_some() && self.expect == Expect::Closed
        {
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
