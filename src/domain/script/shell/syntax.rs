//! The syntax tree that the evaluator walks: bytes and places, nothing of the parser's.

use std::rc::Rc;

/// A place in a script's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// Line, from 1.
    pub(super) line: u32,
    /// Column in bytes, from 1; 0 where the text is no part of the file as it stands (inside backquotes).
    pub(super) column: u32,
}

/// Commands, one after the other.
pub(super) type List = Vec<Item>;

/// A command of a list.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) first: Pipeline,
    pub(super) rest: Vec<(Condition, Pipeline)>,
    /// Ended by `&`.
    pub(super) background: bool,
}

/// When the right side of `&&` or `||` runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    And,
    Or,
}

/// Commands joined by `|`.
#[derive(Debug)]
pub(super) struct Pipeline {
    /// Begun with `!`.
    pub(super) negated: bool,
    pub(super) commands: Vec<Command>,
}

/// A command with the redirections that hold for all of it.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) place: Place,
    pub(super) kind: Kind,
    pub(super) redirects: Vec<Redirect>,
}

/// What a command is.
#[derive(Debug)]
pub(super) enum Kind {
    Simple {
        assignments: Vec<Assignment>,
        words: Vec<Word>,
    },
    Group(List),
    Subshell(List),
    If {
        /// Conditions and what they lead to.
        branches: Vec<(List, List)>,
        otherwise: Option<List>,
    },
    Loop {
        /// Runs until its condition holds, not while it does.
        until: bool,
        condition: List,
        body: List,
    },
    For {
        variable: Vec<u8>,
        /// `None` is the positional parameters.
        words: Option<Vec<Word>>,
        body: List,
    },
    Case {
        subject: Word,
        arms: Vec<(Vec<Word>, List)>,
    },
    Function {
        name: Vec<u8>,
        body: Rc<Command>,
    },
    /// bash's `((…))`.
    Arithmetic(Word),
    /// bash's `[[ … ]]`.
    Conditional(Vec<Word>),
}

/// `NAME=value`.
#[derive(Debug)]
pub(super) struct Assignment {
    pub(super) name: Vec<u8>,
    /// `NAME+=value`, bash only.
    pub(super) append: bool,
    /// `NAME[index]=value`, bash only.
    pub(super) index: Option<Word>,
    pub(super) value: Value,
}

/// What is assigned.
#[derive(Debug)]
pub(super) enum Value {
    Scalar(Word),
    /// `(…)`, bash only.
    Array(Vec<Word>),
}

/// A redirection.
#[derive(Debug)]
pub(super) struct Redirect {
    pub(super) fd: u32,
    pub(super) target: Target,
}

/// Where a redirection leads.
#[derive(Debug)]
pub(super) enum Target {
    /// `<`.
    Read(Word),
    /// `>`, and `>|` with `clobber`.
    Write { name: Word, clobber: bool },
    /// `>>`.
    Append(Word),
    /// `<>`.
    ReadWrite(Word),
    /// `<&` and `>&`: a descriptor's number, or `-` to close.
    Duplicate(Word),
    /// `<<`, `<<-` and bash's `<<<`: the text itself.
    Text(Rc<std::cell::OnceCell<Word>>),
    /// `&>` and `&>>`, bash only: output and errors.
    Both { name: Word, append: bool },
}

/// A word: parts without space between them.
pub(super) type Word = Vec<Part>;

/// A part of a word.
#[derive(Clone, Debug)]
pub(super) enum Part {
    /// Text outside of quotes.
    Literal(Vec<u8>),
    /// Text that quotes or a backslash protect.
    Quoted(Vec<u8>),
    /// `"…"`.
    Double(Word),
    /// `$NAME` and `${…}`.
    Parameter(Rc<Parameter>),
    /// `$(…)` and backquotes.
    Command(Rc<List>),
    /// `$((…))`: the expression's text, itself expanded first.
    Arithmetic(Rc<Word>),
}

/// A parameter's expansion.
#[derive(Debug)]
pub(super) struct Parameter {
    /// A variable's name, digits, or one special character.
    pub(super) name: Vec<u8>,
    /// `NAME[index]`, bash only.
    pub(super) index: Option<Word>,
    pub(super) action: Action,
}

/// What is done with a parameter's value.
#[derive(Debug)]
pub(super) enum Action {
    Value,
    /// `${#NAME}`.
    Length,
    /// `${NAME-word}` and kin; with `colon` an empty value counts as none.
    Default {
        colon: bool,
        operator: u8,
        word: Word,
    },
    /// `${NAME#pattern}` and kin.
    Trim {
        suffix: bool,
        longest: bool,
        pattern: Word,
    },
    /// `${NAME/pattern/text}`, bash only.
    Replace {
        all: bool,
        /// `#` or `%`: only at the start or the end.
        anchor: Option<u8>,
        pattern: Word,
        text: Word,
    },
    /// `${NAME:offset:length}`, bash only.
    Slice {
        offset: Word,
        length: Option<Word>,
    },
    /// `${NAME^^}` and kin, bash only.
    Case {
        upper: bool,
        all: bool,
    },
    /// `${!NAME}`, bash only.
    Indirect,
    /// What no shell knows: an error when it is expanded.
    Bad,
}
