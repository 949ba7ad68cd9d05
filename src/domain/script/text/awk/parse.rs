//! From the words of an AWK program to its statements.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::super::regex::{Regex, Syntax};
use super::lex::{self, Token};
use super::syntax::{Block, Expr, Function, Pattern, Place, Program, Rule, Slot, Statement, Target};

/// Why a text is no program: a line and what is wrong there.
pub(super) type Wrong = (u32, String);

/// Variables with a meaning of their own, the first ones of every program.
pub(super) const SPECIAL: [&str; 15] = [
    "NF", "NR", "FNR", "FS", "OFS", "ORS", "RS", "FILENAME", "SUBSEP", "RSTART", "RLENGTH", "CONVFMT", "OFMT",
    "ENVIRON", "ARGV",
];

/// How deep brackets and blocks may stand in each other.
const DEPTH: u32 = 100;

/// Parses a program.
pub(super) fn parse(text: &[u8], syntax: Syntax) -> Result<Program, Wrong> {
    let words = lex::words(text)?;
    let mut parser = Parser {
        words,
        at: 0,
        syntax,
        program: Program::default(),
        globals: BTreeMap::new(),
        functions: BTreeMap::new(),
        locals: BTreeMap::new(),
        loops: 0,
        depth: 0,
        plain_greater: false,
        plain_in: false,
    };
    for name in SPECIAL.iter().chain(&["ARGC"]) {
        parser.slot(name);
    }
    parser.items()?;
    let missing = parser.functions.iter().find(|(_, (_, defined))| !defined);
    if let Some((name, _)) = missing {
        return Err((parser.line(), format!("function {name} never defined")));
    }
    let mut program = parser.program;
    // Functions are numbered as they are met; calls may come first.
    let order: BTreeMap<String, usize> =
        parser.functions.into_iter().map(|(name, (number, _))| (name, number)).collect();
    program.functions.sort_by_key(|function| order.get(&function.name).copied());
    Ok(program)
}

pub(super) struct Parser {
    words: Vec<(Token, u32)>,
    at: usize,
    syntax: Syntax,
    pub(super) program: Program,
    globals: BTreeMap<String, usize>,
    /// Numbers of functions, and whether they were defined yet.
    functions: BTreeMap<String, (usize, bool)>,
    locals: BTreeMap<String, usize>,
    loops: u32,
    depth: u32,
    /// `>` is a redirection, not a comparison.
    pub(super) plain_greater: bool,
    /// `in` belongs to a `for`.
    pub(super) plain_in: bool,
}

impl Parser {
    pub(super) fn peek(&self) -> &Token {
        self.words.get(self.at).map_or(&Token::End, |(token, _)| token)
    }

    pub(super) fn peek_at(&self, n: usize) -> &Token {
        self.words.get(self.at + n).map_or(&Token::End, |(token, _)| token)
    }

    pub(super) fn line(&self) -> u32 {
        self.words.get(self.at).or(self.words.last()).map_or(1, |(_, line)| *line)
    }

    pub(super) fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    pub(super) fn is(&self, mark: &str) -> bool {
        matches!(self.peek(), Token::Mark(other) if *other == mark)
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Word(other) if *other == word)
    }

    pub(super) fn accept(&mut self, mark: &str) -> bool {
        let found = self.is(mark);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, mark: &str) -> Result<(), Wrong> {
        if self.accept(mark) { Ok(()) } else { self.unexpected() }
    }

    pub(super) fn unexpected<T>(&self) -> Result<T, Wrong> {
        let near = match self.peek() {
            Token::Number(number) => number.to_string(),
            Token::Text(text) | Token::Pattern(text) => String::from_utf8_lossy(text).into_owned(),
            Token::Name(name) | Token::Call(name) => name.clone(),
            Token::Word(word) | Token::Mark(word) => (*word).to_owned(),
            Token::Newline => "end of line".into(),
            Token::End => "end of file".into(),
        };
        Err((self.line(), format!("syntax error at or near {near}")))
    }

    pub(super) fn newlines(&mut self) {
        while matches!(self.peek(), Token::Newline) {
            self.at += 1;
        }
    }

    /// Goes one level deeper.
    pub(super) fn enter(&mut self) -> Result<(), Wrong> {
        self.depth += 1;
        if self.depth > DEPTH { Err((self.line(), "program is nested too deeply".into())) } else { Ok(()) }
    }

    pub(super) const fn leave(&mut self) {
        self.depth -= 1;
    }

    /// The variable of a name.
    pub(super) fn slot(&mut self, name: &str) -> Slot {
        if let Some(local) = self.locals.get(name) {
            return Slot::Local(*local);
        }
        if let Some(global) = self.globals.get(name) {
            return Slot::Global(*global);
        }
        self.globals.insert(name.into(), self.program.globals.len());
        self.program.globals.push(name.into());
        Slot::Global(self.program.globals.len() - 1)
    }

    /// The number of a function.
    pub(super) fn function(&mut self, name: &str) -> usize {
        let next = self.functions.len();
        self.functions.entry(name.into()).or_insert((next, false)).0
    }

    pub(super) fn regex(&self, text: &[u8]) -> Result<Rc<Regex>, Wrong> {
        match Regex::new(text, self.syntax) {
            Ok(regex) => Ok(Rc::new(regex)),
            Err(error) => Err((
                self.line(),
                format!("regular expression compile failed ({error})\n{}", String::from_utf8_lossy(text)),
            )),
        }
    }

    fn items(&mut self) -> Result<(), Wrong> {
        loop {
            while self.accept(";") || matches!(self.peek(), Token::Newline) && self.next() == Token::Newline {}
            match self.peek().clone() {
                Token::End => return Ok(()),
                Token::Word("BEGIN") => {
                    self.at += 1;
                    let block = self.braces()?;
                    self.program.begin.push(block);
                }
                Token::Word("END") => {
                    self.at += 1;
                    let block = self.braces()?;
                    self.program.end.push(block);
                }
                Token::Word("function" | "func") => self.definition()?,
                _ => {
                    let pattern = if self.is("{") {
                        Pattern::Always
                    } else {
                        let first = self.expr()?;
                        if self.accept(",") {
                            self.newlines();
                            Pattern::Range(first, self.expr()?)
                        } else {
                            Pattern::One(first)
                        }
                    };
                    let action = if self.is("{") { Some(self.braces()?) } else { None };
                    if action.is_none() && !matches!(self.peek(), Token::Newline | Token::End) && !self.is(";") {
                        return self.unexpected();
                    }
                    self.program.rules.push(Rule { pattern, action });
                }
            }
        }
    }

    fn definition(&mut self) -> Result<(), Wrong> {
        self.at += 1;
        let (Token::Name(name) | Token::Call(name)) = self.next() else { return self.unexpected() };
        self.expect("(")?;
        self.locals.clear();
        while !self.accept(")") {
            let Token::Name(parameter) = self.next() else { return self.unexpected() };
            self.locals.insert(parameter, self.locals.len());
            self.newlines();
            if self.accept(",") {
                self.newlines();
            } else if !self.is(")") {
                return self.unexpected();
            }
        }
        self.newlines();
        let parameters = self.locals.len();
        self.function(&name);
        match self.functions.get_mut(&name) {
            Some((_, true)) => return Err((self.line(), format!("{name} is already defined"))),
            Some((_, defined)) => *defined = true,
            None => {}
        }
        let body = self.braces()?;
        self.locals.clear();
        self.program.functions.push(Function { name, parameters, body });
        Ok(())
    }

    /// `{ … }`.
    fn braces(&mut self) -> Result<Block, Wrong> {
        self.enter()?;
        self.expect("{")?;
        let mut statements = Vec::new();
        loop {
            while self.accept(";") || matches!(self.peek(), Token::Newline) && self.next() == Token::Newline {}
            if self.accept("}") {
                break;
            }
            if *self.peek() == Token::End {
                return Err((self.line(), "missing } near end of file".into()));
            }
            statements.push(self.statement()?);
        }
        self.leave();
        Ok(statements.into())
    }

    /// What a control statement governs.
    fn body(&mut self) -> Result<Block, Wrong> {
        self.newlines();
        if self.accept(";") {
            return Ok(Rc::from([]));
        }
        Ok(Rc::from([self.statement()?]))
    }

    fn looped(&mut self) -> Result<Block, Wrong> {
        self.loops += 1;
        let body = self.body();
        self.loops -= 1;
        body
    }

    /// The end of a simple statement.
    fn end(&mut self) -> Result<(), Wrong> {
        match self.peek() {
            Token::Newline => {
                self.at += 1;
                Ok(())
            }
            Token::Mark(";") => {
                self.at += 1;
                Ok(())
            }
            Token::Mark("}") | Token::End => Ok(()),
            _ => self.unexpected(),
        }
    }

    fn condition(&mut self) -> Result<Expr, Wrong> {
        self.expect("(")?;
        let condition = self.expr()?;
        self.expect(")")?;
        Ok(condition)
    }

    fn statement(&mut self) -> Result<Statement, Wrong> {
        self.enter()?;
        let made = self.any_statement();
        self.leave();
        made
    }

    fn any_statement(&mut self) -> Result<Statement, Wrong> {
        if self.is("{") {
            return Ok(Statement::Block(self.braces()?));
        }
        let Token::Word(word) = *self.peek() else { return self.simple_and_end() };
        match word {
            "if" => {
                self.at += 1;
                let condition = self.condition()?;
                let then = self.body()?;
                let before = self.at;
                while self.accept(";") || matches!(self.peek(), Token::Newline) && self.next() == Token::Newline {}
                if self.is_word("else") {
                    self.at += 1;
                    return Ok(Statement::If(condition, then, Some(self.body()?)));
                }
                self.at = before;
                Ok(Statement::If(condition, then, None))
            }
            "while" => {
                self.at += 1;
                let condition = self.condition()?;
                Ok(Statement::While(condition, self.looped()?))
            }
            "do" => {
                self.at += 1;
                let body = self.looped()?;
                while self.accept(";") || matches!(self.peek(), Token::Newline) && self.next() == Token::Newline {}
                if !self.is_word("while") {
                    return self.unexpected();
                }
                self.at += 1;
                let condition = self.condition()?;
                self.end()?;
                Ok(Statement::Do(body, condition))
            }
            "for" => self.for_loop(),
            _ => self.simple_and_end(),
        }
    }

    fn simple_and_end(&mut self) -> Result<Statement, Wrong> {
        let statement = self.simple()?;
        self.end()?;
        Ok(statement)
    }

    fn for_loop(&mut self) -> Result<Statement, Wrong> {
        self.at += 1;
        self.expect("(")?;
        if let (Token::Name(name), Token::Word("in"), Token::Name(array), Token::Mark(")")) =
            (self.peek().clone(), self.peek_at(1), self.peek_at(2).clone(), self.peek_at(3))
        {
            self.at += 4;
            let (variable, array) = (self.slot(&name), self.slot(&array));
            return Ok(Statement::ForIn(Place::Variable(variable), array, self.looped()?));
        }
        let first = if self.is(";") { None } else { Some(Box::new(self.simple()?)) };
        self.expect(";")?;
        self.newlines();
        let condition = if self.is(";") { None } else { Some(self.expr()?) };
        self.expect(";")?;
        self.newlines();
        let step = if self.is(")") { None } else { Some(Box::new(self.simple()?)) };
        self.expect(")")?;
        Ok(Statement::For(first, condition, step, self.looped()?))
    }

    /// A statement without its end.
    fn simple(&mut self) -> Result<Statement, Wrong> {
        let Token::Word(word) = *self.peek() else { return Ok(Statement::Expr(self.expr()?)) };
        let ends =
            |parser: &Self| matches!(parser.peek(), Token::Newline | Token::End) || parser.is(";") || parser.is("}");
        let keyword = match word {
            "break" | "continue" if self.loops == 0 => {
                return Err((self.line(), format!("{word} statement outside of loop")));
            }
            "break" => Statement::Break,
            "continue" => Statement::Continue,
            "next" => Statement::Next,
            "nextfile" => Statement::NextFile,
            "exit" | "return" => {
                self.at += 1;
                let value = if ends(self) { None } else { Some(self.expr()?) };
                return Ok(if word == "exit" { Statement::Exit(value) } else { Statement::Return(value) });
            }
            "delete" => {
                self.at += 1;
                let Token::Name(name) = self.next() else { return self.unexpected() };
                let slot = self.slot(&name);
                let subscript = if self.accept("[") { Some(self.list("]")?) } else { None };
                return Ok(Statement::Delete(slot, subscript));
            }
            "print" | "printf" => return self.print(word == "printf"),
            _ => return Ok(Statement::Expr(self.expr()?)),
        };
        self.at += 1;
        Ok(keyword)
    }

    fn print(&mut self, format: bool) -> Result<Statement, Wrong> {
        self.at += 1;
        let mut values = Vec::new();
        let ends = |parser: &Self| {
            matches!(parser.peek(), Token::Newline | Token::End | Token::Mark(";" | "}" | ">" | ">>" | "|"))
        };
        if !ends(self) {
            let before = std::mem::replace(&mut self.plain_greater, true);
            values.push(self.expr()?);
            while self.accept(",") {
                self.newlines();
                values.push(self.expr()?);
            }
            self.plain_greater = before;
        }
        // `print (a, b) > "x"`: the brackets are around the list.
        if let [Expr::Group(list)] = values.as_mut_slice() {
            values = std::mem::take(list);
        }
        if format && values.is_empty() {
            return self.unexpected();
        }
        let target = match self.peek() {
            Token::Mark(">") => Some(Target::File),
            Token::Mark(">>") => Some(Target::Append),
            Token::Mark("|") => Some(Target::Command),
            _ => None,
        };
        let to = match target {
            None => None,
            Some(target) => {
                self.at += 1;
                let before = std::mem::replace(&mut self.plain_greater, true);
                let to = self.expr()?;
                self.plain_greater = before;
                Some((target, to))
            }
        };
        Ok(Statement::Print { format, values, to })
    }
}
