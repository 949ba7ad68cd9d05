//! A `sed` script, parsed.

use std::rc::Rc;

use super::super::regex::Regex;

/// A script.
#[derive(Debug, Default)]
pub(super) struct Program {
    pub(super) commands: Vec<Command>,
    /// Files that `w` and the like write, in order of appearance.
    pub(super) outputs: Vec<Vec<u8>>,
    /// `#n` is its first line.
    pub(super) quiet: bool,
}

/// One command.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) first: Option<Address>,
    pub(super) second: Option<Address>,
    /// `!`.
    pub(super) negated: bool,
    pub(super) action: Action,
}

/// What a line is chosen by.
#[derive(Clone, Debug)]
pub(super) enum Address {
    /// The line of this number; 0 only before a pattern.
    Line(usize),
    /// `first~step`.
    Step(usize, usize),
    /// `$`.
    Last,
    /// `/re/`; none is the one that was used last.
    Match(Option<Rc<Regex>>),
    /// `+n` as a second address.
    More(usize),
    /// `~n` as a second address.
    Multiple(usize),
}

/// What is done.
#[derive(Debug)]
pub(super) enum Action {
    /// `{`: where the block ends; its commands are skipped when the address does not match.
    Block(usize),
    /// `}`, a label, `v`: nothing.
    Nothing,
    Append(Vec<u8>),
    Insert(Vec<u8>),
    Change(Vec<u8>),
    /// `b`: where to; none is the end.
    Branch(Option<usize>),
    /// `t`.
    BranchIf(Option<usize>),
    /// `T`.
    BranchUnless(Option<usize>),
    Delete,
    DeleteFirst,
    FileName,
    Get,
    GetAppend,
    Hold,
    HoldAppend,
    /// `l`, with its width.
    List(Option<usize>),
    Next,
    NextAppend,
    Print,
    PrintFirst,
    Quit(u8),
    QuitSilently(u8),
    ReadFile(Vec<u8>),
    ReadLine(Vec<u8>),
    Substitute(Box<Substitution>),
    /// `w`: a number of [`Program::outputs`].
    Write(usize),
    WriteFirst(usize),
    Exchange,
    /// `y`: characters and what they become.
    Transliterate(Table),
    Zap,
    LineNumber,
}

/// Characters and what each becomes.
pub(super) type Table = Vec<(Vec<u8>, Vec<u8>)>;

/// An `s` command.
#[derive(Debug)]
pub(super) struct Substitution {
    pub(super) regex: Option<Rc<Regex>>,
    pub(super) parts: Vec<Part>,
    pub(super) global: bool,
    pub(super) print: bool,
    /// Which match is the first to be replaced, from 1.
    pub(super) number: usize,
    pub(super) write: Option<usize>,
}

/// A part of a replacement.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    Text(Vec<u8>),
    Group(usize),
    Case(Case),
}

/// What happens to the case of what follows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Case {
    /// `\U`.
    Upper,
    /// `\L`.
    Lower,
    /// `\E`.
    Same,
    /// `\u`: the next character alone.
    UpperOne,
    /// `\l`.
    LowerOne,
}
