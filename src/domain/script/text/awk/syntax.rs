//! An AWK program, parsed.

use std::rc::Rc;

use super::super::regex::Regex;

/// A program.
#[derive(Debug, Default)]
pub(super) struct Program {
    pub(super) begin: Vec<Block>,
    pub(super) end: Vec<Block>,
    pub(super) rules: Vec<Rule>,
    pub(super) functions: Vec<Function>,
    /// Names of global variables, by number.
    pub(super) globals: Vec<String>,
}

/// Statements.
pub(super) type Block = Rc<[Statement]>;

/// A pattern and its action.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) pattern: Pattern,
    /// None prints the record.
    pub(super) action: Option<Block>,
}

/// What chooses a record.
#[derive(Debug)]
pub(super) enum Pattern {
    Always,
    One(Expr),
    /// From a record that the first chooses to one that the second does.
    Range(Expr, Expr),
}

/// A function of the program.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) parameters: usize,
    pub(super) body: Block,
}

/// A statement.
#[derive(Debug)]
pub(super) enum Statement {
    Expr(Expr),
    /// `print`, or `printf` where `format` is set.
    Print {
        format: bool,
        values: Vec<Expr>,
        to: Option<(Target, Expr)>,
    },
    If(Expr, Block, Option<Block>),
    While(Expr, Block),
    Do(Block, Expr),
    For(Option<Box<Statement>>, Option<Expr>, Option<Box<Statement>>, Block),
    ForIn(Place, Slot, Block),
    Block(Block),
    Break,
    Continue,
    Next,
    NextFile,
    Exit(Option<Expr>),
    Return(Option<Expr>),
    Delete(Slot, Option<Vec<Expr>>),
}

/// Where `print` writes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Target {
    File,
    Append,
    Command,
}

/// A variable.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Slot {
    Global(usize),
    Local(usize),
}

/// What can be assigned to.
#[derive(Debug)]
pub(super) enum Place {
    Variable(Slot),
    Field(Box<Expr>),
    Element(Slot, Vec<Expr>),
}

/// An operator of numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
}

/// An order of two values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Relation {
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
}

/// Where `getline` reads.
#[derive(Debug)]
pub(super) enum Source {
    Input,
    File(Box<Expr>),
    Command(Box<Expr>),
}

/// An expression.
#[derive(Debug)]
pub(super) enum Expr {
    Number(f64),
    Text(Rc<[u8]>),
    /// `/re/`: whether the record matches, or the pattern itself where one is wanted.
    Pattern(Rc<Regex>),
    Get(Place),
    Assign(Place, Box<Expr>),
    Update(Place, Operator, Box<Expr>),
    /// `++` and `--`: by how much, and whether the new value is the result.
    Step(Place, f64, bool),
    Choose(Box<Expr>, Box<Expr>, Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    Number0(Box<Expr>),
    Compute(Operator, Box<Expr>, Box<Expr>),
    Compare(Relation, Box<Expr>, Box<Expr>),
    Match(Box<Expr>, Box<Expr>, bool),
    Concat(Box<Expr>, Box<Expr>),
    In(Vec<Expr>, Slot),
    /// In brackets; several are a list, for `print` and `in`.
    Group(Vec<Expr>),
    Call(usize, Vec<Expr>),
    Builtin(&'static str, Vec<Expr>),
    GetLine(Source, Option<Box<Place>>),
}
