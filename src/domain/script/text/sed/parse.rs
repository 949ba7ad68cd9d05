//! From the text of a `sed` script to its [`Program`].

use std::collections::BTreeMap;
use std::rc::Rc;

use super::super::super::stop::Stop;
use super::super::regex::{Escapes, Regex, RegexError, Syntax};
use super::program::{Action, Address, Command, Program, Substitution, Table};
use super::replacement;

/// The text of a script, and where its parts come from.
#[derive(Default)]
pub(super) struct Script {
    pub(super) text: Vec<u8>,
    /// Where each part starts, and its name in messages: none is an `-e` expression.
    parts: Vec<(usize, Option<String>)>,
}

impl Script {
    /// Adds an expression, or a file's text under its name.
    pub(super) fn push(&mut self, text: &[u8], file: Option<String>) {
        if !self.parts.is_empty() {
            self.text.push(b'\n');
        }
        self.parts.push((self.text.len(), file.clone()));
        let text = if file.is_some() { text.strip_suffix(b"\n").unwrap_or(text) } else { text };
        self.text.extend(text);
    }

    /// How messages name the place `at`.
    fn place(&self, at: usize) -> String {
        let found = self.parts.iter().enumerate().rev().find(|(_, (start, _))| *start <= at);
        let (number, start, file) = found.map_or((0, 0, None), |(n, (start, file))| (n, *start, file.as_ref()));
        match file {
            Some(file) => {
                let lines = self.text.get(start..at).unwrap_or_default().iter().filter(|byte| **byte == b'\n').count();
                format!("file {file} line {}", lines + 1)
            }
            None => {
                let before = self.parts.iter().take(number + 1).filter(|(_, file)| file.is_none()).count();
                format!("-e expression #{before}, char {}", at - start)
            }
        }
    }
}

/// Why a script is none.
pub(super) enum Trouble {
    /// It is wrong: `sed`'s words and status.
    Wrong(String, u8),
    /// It is right, but not modelled.
    Stop(Stop),
}

/// Parses a script.
pub(super) fn parse(script: &Script, extended: bool, utf8: bool) -> Result<Program, Trouble> {
    let mut parser = Parser {
        text: &script.text,
        ends: script.parts.iter().skip(1).map(|(start, _)| start - 1).collect(),
        at: 0,
        extended,
        utf8,
        program: Program::default(),
        blocks: Vec::new(),
        labels: BTreeMap::new(),
        jumps: Vec::new(),
    };
    match parser.script() {
        Ok(()) => Ok(parser.program),
        Err(Wrong::Label(label)) => Err(Trouble::Wrong(format!("can't find label for jump to `{label}'"), 4)),
        Err(Wrong::At(at, why)) => Err(Trouble::Wrong(format!("{}: {why}", script.place(at)), 1)),
        Err(Wrong::Stop(stop)) => Err(Trouble::Stop(stop)),
    }
}

/// A fault, with the number of bytes read before it was seen.
pub(super) enum Wrong {
    At(usize, String),
    Label(String),
    Stop(Stop),
}

pub(super) struct Parser<'a> {
    pub(super) text: &'a [u8],
    /// Where the text's parts end: newlines that only `a`, `i` and `c` go beyond.
    pub(super) ends: Vec<usize>,
    pub(super) at: usize,
    extended: bool,
    pub(super) utf8: bool,
    pub(super) program: Program,
    /// Open blocks: the command and the place.
    blocks: Vec<(usize, usize)>,
    labels: BTreeMap<Vec<u8>, usize>,
    /// Commands that jump to a label.
    jumps: Vec<(usize, Vec<u8>)>,
}

impl Parser<'_> {
    pub(super) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    pub(super) fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    pub(super) fn wrong<T>(&self, why: impl Into<String>) -> Result<T, Wrong> {
        Err(Wrong::At(self.at, why.into()))
    }

    fn skip(&mut self, any_of: &[u8]) {
        while self.peek().is_some_and(|byte| any_of.contains(&byte)) {
            self.at += 1;
        }
    }

    pub(super) fn blanks(&mut self) {
        self.skip(b" \t\r\x0b\x0c");
    }

    fn script(&mut self) -> Result<(), Wrong> {
        if self.text.starts_with(b"#n\n") || self.text == b"#n" {
            self.program.quiet = true;
        }
        loop {
            self.skip(b" \t\r\x0b\x0c\n;");
            if self.peek().is_none() {
                break;
            }
            self.command()?;
        }
        if let Some((_, place)) = self.blocks.last() {
            let _ = place;
            return Err(Wrong::At(0, "unmatched `{'".into()));
        }
        for (command, label) in std::mem::take(&mut self.jumps) {
            let Some(target) = self.labels.get(&label).copied() else {
                return Err(Wrong::Label(String::from_utf8_lossy(&label).into_owned()));
            };
            if let Some(Action::Branch(to) | Action::BranchIf(to) | Action::BranchUnless(to)) =
                self.program.commands.get_mut(command).map(|command| &mut command.action)
            {
                *to = Some(target);
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Result<(), Wrong> {
        let first = self.address(false)?;
        let mut second = None;
        if first.is_some() {
            self.blanks();
            if self.peek() == Some(b',') {
                self.at += 1;
                self.blanks();
                second = self.address(true)?;
                if second.is_none() {
                    self.at += usize::from(self.peek().is_some());
                    return self.wrong("unexpected `,'");
                }
            }
        }
        self.blanks();
        let mut negated = false;
        while self.peek() == Some(b'!') {
            self.at += 1;
            self.blanks();
            if negated {
                return self.wrong("multiple `!'s");
            }
            negated = true;
        }
        let Some(letter) = self.next() else { return self.wrong("missing command") };
        if matches!(first, Some(Address::Line(0))) && !matches!(second, Some(Address::Match(_))) {
            return self.wrong("invalid usage of line address 0");
        }
        let action = self.action(letter, first.is_some(), second.is_some())?;
        if let Some(action) = action {
            self.program.commands.push(Command { first, second, negated, action });
        }
        Ok(())
    }

    fn address(&mut self, is_second: bool) -> Result<Option<Address>, Wrong> {
        match self.peek() {
            Some(b'0'..=b'9') => {
                let number = self.number();
                self.blanks();
                if self.peek() == Some(b'~') && !is_second {
                    self.at += 1;
                    self.blanks();
                    let step = self.number();
                    return Ok(Some(if step == 0 { Address::Line(number) } else { Address::Step(number, step) }));
                }
                Ok(Some(Address::Line(number)))
            }
            Some(sign @ (b'+' | b'~')) if is_second => {
                self.at += 1;
                if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                    return self.wrong("expected newer version of sed");
                }
                let number = self.number();
                Ok(Some(if sign == b'+' { Address::More(number) } else { Address::Multiple(number) }))
            }
            Some(b'$') => {
                self.at += 1;
                Ok(Some(Address::Last))
            }
            Some(slash @ (b'/' | b'\\')) => {
                self.at += 1;
                let delimiter = match slash {
                    b'/' => Some(b'/'),
                    _ => self.next(),
                };
                let Some(pattern) = delimiter.and_then(|delimiter| self.delimited(delimiter, true)) else {
                    return self.wrong("unterminated address regex");
                };
                let (mut fold, mut lines) = (false, false);
                loop {
                    match self.peek() {
                        Some(b'I') => fold = true,
                        Some(b'M') => lines = true,
                        _ => break,
                    }
                    self.at += 1;
                }
                Ok(Some(Address::Match(self.regex(&pattern, fold, lines)?)))
            }
            _ => Ok(None),
        }
    }

    /// A compiled pattern; none for the empty one, which stands for the last that was used.
    fn regex(&self, pattern: &[u8], fold: bool, lines: bool) -> Result<Option<Rc<Regex>>, Wrong> {
        if pattern.is_empty() {
            if fold || lines {
                return self.wrong("cannot specify modifiers on empty regexp");
            }
            return Ok(None);
        }
        let syntax =
            Syntax { extended: self.extended, fold, lines, utf8: self.utf8, escapes: Escapes::Sed, strict: true };
        match Regex::new(pattern, syntax) {
            Ok(regex) => Ok(Some(Rc::new(regex))),
            Err(RegexError::Reference) => self.wrong("Invalid back reference"),
            Err(error) => self.wrong(error.to_string()),
        }
    }

    fn action(&mut self, letter: u8, one: bool, two: bool) -> Result<Option<Action>, Wrong> {
        let here = self.program.commands.len();
        if matches!(letter, b':' | b'}' | b'#') && one {
            return self.wrong(match letter {
                b':' => ": doesn't want any addresses",
                b'}' => "} doesn't want any addresses",
                _ => "comments don't accept any addresses",
            });
        }
        if matches!(letter, b'=' | b'i' | b'a' | b'q' | b'Q' | b'r') && two && matches!(letter, b'q' | b'Q') {
            return self.wrong("command only uses one address");
        }
        let action = match letter {
            b'#' => {
                while self.peek().is_some_and(|byte| byte != b'\n') {
                    self.at += 1;
                }
                return Ok(None);
            }
            b'{' => {
                self.blocks.push((here, self.at));
                return Ok(Some(Action::Block(0)));
            }
            b'}' => {
                let Some((open, _)) = self.blocks.pop() else { return self.wrong("unexpected `}'") };
                self.end()?;
                if let Some(command) = self.program.commands.get_mut(open) {
                    command.action = Action::Block(here);
                }
                return Ok(Some(Action::Nothing));
            }
            b':' => {
                self.blanks();
                let label = self.label(b";");
                if label.is_empty() {
                    return self.wrong("\":\" lacks a label");
                }
                self.labels.insert(label, here);
                return Ok(Some(Action::Nothing));
            }
            b'a' | b'i' | b'c' => {
                let text = self.paragraph()?;
                return Ok(Some(match letter {
                    b'a' => Action::Append(text),
                    b'i' => Action::Insert(text),
                    _ => Action::Change(text),
                }));
            }
            b'b' | b't' | b'T' => {
                self.blanks();
                let label = self.label(b";}");
                if !label.is_empty() {
                    self.jumps.push((here, label));
                }
                return Ok(Some(match letter {
                    b'b' => Action::Branch(None),
                    b't' => Action::BranchIf(None),
                    _ => Action::BranchUnless(None),
                }));
            }
            b'r' => return Ok(Some(Action::ReadFile(self.file_name()?))),
            b'R' => return Ok(Some(Action::ReadLine(self.file_name()?))),
            b'w' => return Ok(Some(Action::Write(self.output()?))),
            b'W' => return Ok(Some(Action::WriteFirst(self.output()?))),
            b's' => return self.substitution().map(Some),
            b'y' => Action::Transliterate(self.transliteration()?),
            b'q' | b'Q' | b'l' | b'L' => {
                self.blanks();
                let digits = self.peek().is_some_and(|byte| byte.is_ascii_digit());
                let number = self.number();
                match letter {
                    b'q' => Action::Quit((number & 0xff) as u8),
                    b'Q' => Action::QuitSilently((number & 0xff) as u8),
                    b'l' => Action::List(digits.then_some(number)),
                    _ => return Err(Wrong::Stop(Stop::unsupported("sed", "command L"))),
                }
            }
            b'd' => Action::Delete,
            b'D' => Action::DeleteFirst,
            b'F' => Action::FileName,
            b'g' => Action::Get,
            b'G' => Action::GetAppend,
            b'h' => Action::Hold,
            b'H' => Action::HoldAppend,
            b'n' => Action::Next,
            b'N' => Action::NextAppend,
            b'p' => Action::Print,
            b'P' => Action::PrintFirst,
            b'x' => Action::Exchange,
            b'z' => Action::Zap,
            b'=' => Action::LineNumber,
            b'e' => return Err(Wrong::Stop(Stop::unsupported("sed", "command e"))),
            b'v' => {
                self.label(b";}");
                return Ok(Some(Action::Nothing));
            }
            b'\n' | b';' => return self.wrong("missing command"),
            other => return self.wrong(format!("unknown command: `{}'", char::from(other))),
        };
        self.end()?;
        Ok(Some(action))
    }

    fn substitution(&mut self) -> Result<Action, Wrong> {
        const UNTERMINATED: &str = "unterminated `s' command";
        let delimiter = match self.next() {
            None | Some(b'\n' | b'\\') => return self.wrong(UNTERMINATED),
            Some(delimiter) => delimiter,
        };
        let Some(pattern) = self.delimited(delimiter, true) else { return self.wrong(UNTERMINATED) };
        let Some(text) = self.delimited(delimiter, false) else { return self.wrong(UNTERMINATED) };
        let (mut fold, mut lines) = (false, false);
        let mut made =
            Substitution { regex: None, parts: Vec::new(), global: false, print: false, number: 0, write: None };
        loop {
            match self.next() {
                Some(b'i' | b'I') => fold = true,
                Some(b'm' | b'M') => lines = true,
                Some(b'g') if made.global => return self.wrong("multiple `g' options to `s' command"),
                Some(b'g') => made.global = true,
                Some(b'p') if made.print => return self.wrong("multiple `p' options to `s' command"),
                Some(b'p') => made.print = true,
                Some(b'e') => return Err(Wrong::Stop(Stop::unsupported("sed", "flag e of command s"))),
                Some(b'0'..=b'9') => {
                    if made.number > 0 {
                        return self.wrong("multiple number options to `s' command");
                    }
                    self.at -= 1;
                    made.number = self.number();
                    if made.number == 0 {
                        return self.wrong("number option to `s' command may not be zero");
                    }
                }
                Some(b'w') => {
                    made.write = Some(self.output()?);
                    break;
                }
                Some(b'}' | b'#') => {
                    self.at -= 1;
                    break;
                }
                None | Some(b';' | b'\n') => break,
                Some(b' ' | b'\t' | b'\r') => {}
                Some(_) => return self.wrong("unknown option to `s'"),
            }
        }
        made.number = made.number.max(1);
        made.regex = self.regex(&pattern, fold, lines)?;
        made.parts = replacement::parse(&text);
        let most = replacement::most(&made.parts);
        if made.regex.as_ref().is_some_and(|regex| regex.groups() < most) {
            return self.wrong(format!("invalid reference \\{most} on `s' command's RHS"));
        }
        Ok(Action::Substitute(Box::new(made)))
    }

    fn transliteration(&mut self) -> Result<Table, Wrong> {
        const UNTERMINATED: &str = "unterminated `y' command";
        let delimiter = match self.next() {
            None | Some(b'\n' | b'\\') => return self.wrong(UNTERMINATED),
            Some(delimiter) => delimiter,
        };
        let Some(from) = self.delimited(delimiter, false) else { return self.wrong(UNTERMINATED) };
        let Some(to) = self.delimited(delimiter, false) else { return self.wrong(UNTERMINATED) };
        let (from, to) = (replacement::characters(&from, self.utf8), replacement::characters(&to, self.utf8));
        if from.len() != to.len() {
            return self.wrong("strings for `y' command are different lengths");
        }
        Ok(from.into_iter().zip(to).collect())
    }
}
