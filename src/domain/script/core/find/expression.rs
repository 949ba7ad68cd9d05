//! What a command line of find(1) says, once it is read.

use crate::domain::script::core::mode::Mode;

/// Which symbolic links are followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Follow {
    /// `-P`: none.
    #[default]
    Never,
    /// `-H`: starting points.
    Named,
    /// `-L`: all.
    Always,
}

/// A whole command line.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) follow: Follow,
    pub(super) starts: Vec<Vec<u8>>,
    /// `-mindepth`.
    pub(super) least: u32,
    /// `-maxdepth`.
    pub(super) most: Option<u32>,
    /// `-depth`.
    pub(super) contents_first: bool,
    pub(super) expression: Expression,
    /// How many `-exec … +` there are; each has its number.
    pub(super) batches: usize,
}

/// An expression, its operands in order.
#[derive(Debug)]
pub(super) enum Expression {
    /// `-o`: true with the first that is true.
    Any(Vec<Expression>),
    /// `-a`: false with the first that is false.
    All(Vec<Expression>),
    /// `,`: the last one's truth.
    Each(Vec<Expression>),
    /// `!`.
    Not(Box<Expression>),
    Primary(Primary),
}

/// A number to compare with: `n`, `+n`, `-n`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compared {
    Exactly(u64),
    MoreThan(u64),
    LessThan(u64),
}

impl Compared {
    pub(super) const fn matches(self, value: u64) -> bool {
        match self {
            Self::Exactly(wanted) => value == wanted,
            Self::MoreThan(wanted) => value > wanted,
            Self::LessThan(wanted) => value < wanted,
        }
    }
}

/// How `-perm` compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Permissions {
    Exactly(u32),
    AllOf(u32),
    AnyOf(u32),
}

impl Permissions {
    /// Reads `-perm`'s argument.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let (how, mode): (fn(u32) -> Self, &[u8]) = match text.split_first() {
            Some((b'-', rest)) => (Self::AllOf, rest),
            Some((b'/', rest)) => (Self::AnyOf, rest),
            _ => (Self::Exactly, text),
        };
        Mode::parse(mode).map(|mode| how(mode.apply(0, false, 0)))
    }

    pub(super) const fn matches(self, mode: u32) -> bool {
        match self {
            Self::Exactly(wanted) => mode == wanted,
            Self::AllOf(wanted) => mode & wanted == wanted,
            Self::AnyOf(wanted) => wanted == 0 || mode & wanted != 0,
        }
    }
}

/// A pattern for names.
#[derive(Debug)]
pub(super) struct Glob {
    pub(super) pattern: Vec<u8>,
    pub(super) fold: bool,
}

/// A test or an action.
#[derive(Debug)]
pub(super) enum Primary {
    Constant(bool),
    Name(Glob),
    Path(Glob),
    Target(Glob),
    /// `-type`: letters; with `true`, `-xtype`: of what links lead to.
    Type(Vec<u8>, bool),
    Perm(Permissions),
    Uid(Compared),
    Gid(Compared),
    NoUser,
    NoGroup,
    NewerThan(i64),
    /// `-mtime` and `-mmin`: an age in units of so many seconds.
    Age(Compared, i64),
    /// `-size`: in units of so many bytes, rounded up.
    Size(Compared, u64),
    Links(Compared),
    SameFile(u32),
    Empty,
    Executable,
    Print {
        end: u8,
    },
    Printf(Vec<u8>),
    Exec(Exec),
    Delete,
    Prune,
    Quit,
}

/// A command to run.
#[derive(Debug)]
pub(super) struct Exec {
    pub(super) words: Vec<Vec<u8>>,
    /// `+`: its number among the batches.
    pub(super) batch: Option<usize>,
    /// `-execdir`: in the file's folder.
    pub(super) in_folder: bool,
}
