//! An AWK program at work: records, statements, functions.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::super::super::process::Process;
use super::super::super::stop::Stop;
use super::super::super::system::System;
use super::super::input;
use super::super::regex::{Regex, Syntax};
use super::record::Record;
use super::streams::{Streams, Text};
use super::syntax::{Block, Expr, Pattern, Place, Program, Slot, Statement, Target};
use super::value::{Array, Cell, Value};
use super::{lex, print};

/// Why execution leaves the statement it is in.
pub(super) enum Jump {
    Stop(Stop),
    Next,
    NextFile,
    Exit,
    /// The program is wrong in a way that only shows when it runs.
    Fatal(String),
}

impl From<Stop> for Jump {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

/// How a statement ended.
enum Flow {
    On,
    Break,
    Continue,
    Return(Value),
}

/// The numbers of the special variables, as [`super::parse::SPECIAL`] has them.
pub(super) mod special {
    pub(in super::super) const NF: usize = 0;
    pub(in super::super) const NR: usize = 1;
    pub(in super::super) const FNR: usize = 2;
    pub(in super::super) const FS: usize = 3;
    pub(in super::super) const OFS: usize = 4;
    pub(in super::super) const ORS: usize = 5;
    pub(in super::super) const RS: usize = 6;
    pub(in super::super) const FILENAME: usize = 7;
    pub(in super::super) const SUBSEP: usize = 8;
    pub(in super::super) const RSTART: usize = 9;
    pub(in super::super) const RLENGTH: usize = 10;
    pub(in super::super) const CONVFMT: usize = 11;
    pub(in super::super) const OFMT: usize = 12;
    pub(in super::super) const ENVIRON: usize = 13;
    pub(in super::super) const ARGV: usize = 14;
    pub(in super::super) const ARGC: usize = 15;
}

/// A program and everything it has while it runs.
pub(super) struct Machine<'m, 's> {
    pub(super) system: &'m mut System<'s>,
    pub(super) process: &'m mut Process,
    pub(super) program: &'m Program,
    pub(super) syntax: Syntax,
    pub(super) globals: Vec<Cell>,
    pub(super) frames: Vec<Vec<Cell>>,
    pub(super) record: Record,
    pub(super) patterns: BTreeMap<Vec<u8>, Rc<Regex>>,
    pub(super) streams: Streams,
    /// Which range patterns have begun.
    ranges: Vec<bool>,
    pub(super) input: Option<Text>,
    /// How deep in expressions it is.
    pub(super) depth: u32,
    /// The operand that is read next.
    pub(super) operand: usize,
    /// Whether an operand was a file.
    pub(super) had_file: bool,
    status: u8,
}

impl<'m, 's> Machine<'m, 's> {
    pub(super) fn new(
        system: &'m mut System<'s>,
        process: &'m mut Process,
        program: &'m Program,
        syntax: Syntax,
        operands: &[Vec<u8>],
    ) -> Self {
        let mut globals: Vec<Cell> = program.globals.iter().map(|_| Cell::unused()).collect();
        let mut set = |at: usize, cell: Cell| {
            if let Some(place) = globals.get_mut(at) {
                *place = cell;
            }
        };
        let texts: [(usize, &[u8]); 7] = [
            (special::FS, b" "),
            (special::OFS, b" "),
            (special::ORS, b"\n"),
            (special::RS, b"\n"),
            (special::SUBSEP, b"\x1c"),
            (special::CONVFMT, b"%.6g"),
            (special::OFMT, b"%.6g"),
        ];
        for (at, text) in texts {
            set(at, Cell::Value(Value::text(text)));
        }
        for (at, number) in [(special::NR, 0.0), (special::FNR, 0.0), (special::RSTART, 0.0), (special::RLENGTH, -1.0)]
        {
            set(at, Cell::Value(Value::Number(number)));
        }
        let mut environ = Array::default();
        for (name, value) in &process.env {
            environ.set(name.as_slice().into(), Value::input(value));
        }
        let mut argv = Array::default();
        argv.set(Rc::from(*b"0"), Value::text(process.name().into_bytes()));
        for (n, operand) in operands.iter().enumerate() {
            argv.set((n + 1).to_string().into_bytes().into(), Value::input(operand));
        }
        set(special::ENVIRON, Cell::Array(Rc::new(RefCell::new(environ))));
        set(special::ARGV, Cell::Array(Rc::new(RefCell::new(argv))));
        set(special::ARGC, Cell::Value(Value::Number((operands.len() + 1) as f64)));
        Self {
            system,
            process,
            program,
            syntax,
            globals,
            frames: Vec::new(),
            record: Record::new(),
            patterns: BTreeMap::new(),
            streams: Streams::default(),
            ranges: vec![false; program.rules.len()],
            input: None,
            depth: 0,
            operand: 1,
            had_file: false,
            status: 0,
        }
    }

    /// Sets `FS` as `-F` does.
    pub(super) fn set_separator(&mut self, text: &[u8]) {
        self.put(special::FS, Value::text(lex::unescaped(text)));
    }

    /// Runs the program; its status.
    pub(super) fn start(&mut self, assignments: &[Vec<u8>]) -> Result<u8, Stop> {
        for assignment in assignments {
            if !self.assign_operand(assignment) {
                self.process.complain(self.system, &format!("improper assignment: -v {}", input::shown(assignment)))?;
                return Ok(2);
            }
        }
        let mut ended = self.begin();
        if !matches!(ended, Err(Jump::Stop(_) | Jump::Fatal(_))) {
            ended = self.end();
        }
        let ended = match ended {
            Err(Jump::Stop(stop)) => return Err(stop),
            ended => ended,
        };
        self.streams.close_all(self.system, self.process)?;
        if let Err(Jump::Fatal(mut why)) = ended {
            if why.starts_with("run time error") {
                let text = |global| input::shown(&self.text_of(global));
                let (file, in_file, all) = (text(special::FILENAME), text(special::FNR), text(special::NR));
                why += &format!("\n\tFILENAME=\"{file}\" FNR={in_file} NR={all}");
            }
            self.process.complain(self.system, &why)?;
            return Ok(2);
        }
        Ok(self.status)
    }

    fn begin(&mut self) -> Result<(), Jump> {
        let program = self.program;
        for block in &program.begin {
            self.block(block)?;
        }
        if program.rules.is_empty() && program.end.is_empty() {
            return Ok(());
        }
        while let Some(record) = self.next_record()? {
            self.set_record(record);
            self.depth = 0;
            match self.rules() {
                Ok(()) | Err(Jump::Next) => {}
                Err(Jump::NextFile) => self.input = None,
                Err(other) => return Err(other),
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Jump> {
        let program = self.program;
        self.depth = 0;
        for block in &program.end {
            self.block(block)?;
        }
        Ok(())
    }

    fn rules(&mut self) -> Result<(), Jump> {
        let program = self.program;
        for (n, rule) in program.rules.iter().enumerate() {
            let chosen = match &rule.pattern {
                Pattern::Always => true,
                Pattern::One(pattern) => self.eval(pattern)?.is_true(),
                Pattern::Range(first, last) => {
                    let inside = self.ranges.get(n).copied().unwrap_or(false) || self.eval(first)?.is_true();
                    let goes_on = inside && !self.eval(last)?.is_true();
                    if let Some(range) = self.ranges.get_mut(n) {
                        *range = goes_on;
                    }
                    inside
                }
            };
            if !chosen {
                continue;
            }
            match &rule.action {
                Some(block) => drop(self.block(block)?),
                None => {
                    let line = [&*self.record_text(), &*self.text_of(special::ORS)].concat();
                    self.streams.print(self.system, self.process, &line)?;
                }
            }
        }
        Ok(())
    }

    /// Calls a function of the program.
    pub(super) fn call(&mut self, number: usize, arguments: &'m [Expr]) -> Result<Value, Jump> {
        let program = self.program;
        let Some(function) = program.functions.get(number) else { return Ok(Value::Nothing) };
        if arguments.len() > function.parameters {
            return Err(Jump::Fatal(format!("too many arguments in call to {}", function.name)));
        }
        let mut frame = Vec::with_capacity(function.parameters);
        for argument in arguments {
            let cell = match argument {
                Expr::Get(Place::Variable(slot)) if *slot != Slot::Global(special::NF) => self.cell(*slot).cloned(),
                other => Some(Cell::Value(self.eval(other)?)),
            };
            frame.push(cell.unwrap_or_else(Cell::unused));
        }
        frame.resize_with(function.parameters, Cell::unused);
        self.system.budget.enter()?;
        self.frames.push(frame);
        let ended = self.block(&function.body);
        self.frames.pop();
        self.system.budget.leave();
        match ended? {
            Flow::Return(value) => Ok(value),
            _ => Ok(Value::Nothing),
        }
    }

    fn block(&mut self, block: &'m Block) -> Result<Flow, Jump> {
        for statement in block.iter() {
            match self.statement(statement)? {
                Flow::On => {}
                flow => return Ok(flow),
            }
        }
        Ok(Flow::On)
    }

    /// A turn of a loop: none where the loop is to end, with how the loop ended.
    fn turn(&mut self, body: &'m Block) -> Result<Option<Flow>, Jump> {
        self.system.budget.step(1)?;
        Ok(match self.block(body)? {
            Flow::On | Flow::Continue => None,
            Flow::Break => Some(Flow::On),
            flow @ Flow::Return(_) => Some(flow),
        })
    }

    fn statement(&mut self, statement: &'m Statement) -> Result<Flow, Jump> {
        self.system.budget.step(1)?;
        match statement {
            Statement::Expr(expr) => drop(self.eval(expr)?),
            Statement::Print { format, values, to } => self.print(*format, values, to.as_ref())?,
            Statement::Block(block) => return self.block(block),
            Statement::If(condition, then, otherwise) => {
                if self.eval(condition)?.is_true() {
                    return self.block(then);
                }
                if let Some(otherwise) = otherwise {
                    return self.block(otherwise);
                }
            }
            Statement::While(..) | Statement::Do(..) | Statement::For(..) => return self.repeat(statement),
            Statement::ForIn(place, array, body) => return self.each(place, *array, body),
            Statement::Break => return Ok(Flow::Break),
            Statement::Continue => return Ok(Flow::Continue),
            Statement::Next => return Err(Jump::Next),
            Statement::NextFile => return Err(Jump::NextFile),
            Statement::Exit(status) => {
                if let Some(status) = status {
                    self.status = (self.eval(status)?.number() as i64 & 0xff) as u8;
                }
                return Err(Jump::Exit);
            }
            Statement::Return(value) => {
                return Ok(Flow::Return(match value {
                    Some(value) => self.eval(value)?,
                    None => Value::Nothing,
                }));
            }
            Statement::Delete(array, subscript) => self.delete(*array, subscript.as_deref())?,
        }
        Ok(Flow::On)
    }

    fn repeat(&mut self, statement: &'m Statement) -> Result<Flow, Jump> {
        match statement {
            Statement::While(condition, body) => {
                while self.eval(condition)?.is_true() {
                    if let Some(flow) = self.turn(body)? {
                        return Ok(flow);
                    }
                }
            }
            Statement::Do(body, condition) => loop {
                if let Some(flow) = self.turn(body)? {
                    return Ok(flow);
                }
                if !self.eval(condition)?.is_true() {
                    break;
                }
            },
            Statement::For(first, condition, step, body) => {
                if let Some(first) = first {
                    self.statement(first)?;
                }
                loop {
                    if let Some(condition) = condition
                        && !self.eval(condition)?.is_true()
                    {
                        break;
                    }
                    if let Some(flow) = self.turn(body)? {
                        return Ok(flow);
                    }
                    if let Some(step) = step {
                        self.statement(step)?;
                    }
                }
            }
            _ => {}
        }
        Ok(Flow::On)
    }

    fn each(&mut self, place: &'m Place, array: Slot, body: &'m Block) -> Result<Flow, Jump> {
        let keys = self.array(array)?.borrow().keys();
        for key in keys {
            let resolved = self.resolve(place)?;
            self.store(&resolved, Value::input(&key))?;
            if let Some(flow) = self.turn(body)? {
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    fn delete(&mut self, array: Slot, subscript: Option<&'m [Expr]>) -> Result<(), Jump> {
        let array = self.array(array)?;
        match subscript {
            None => array.borrow_mut().elements.clear(),
            Some(subscript) => {
                let key = self.key(subscript)?;
                array.borrow_mut().elements.remove(&key);
            }
        }
        Ok(())
    }

    fn print(&mut self, format: bool, values: &'m [Expr], to: Option<&'m (Target, Expr)>) -> Result<(), Jump> {
        let values = self.values(values)?;
        let text = if format {
            let conversion = self.text_of(special::CONVFMT);
            let (first, rest) =
                values.split_first().map_or((Value::Nothing, &[][..]), |(first, rest)| (first.clone(), rest));
            print::format(&first.bytes(&conversion), rest, &conversion)?.map_err(Jump::Fatal)?
        } else {
            let output = self.text_of(special::OFMT);
            let line = if values.is_empty() {
                self.record_text().to_vec()
            } else {
                let texts: Vec<Rc<[u8]>> = values.iter().map(|value| value.bytes(&output)).collect();
                texts.join(&*self.text_of(special::OFS))
            };
            [line.as_slice(), &self.text_of(special::ORS)].concat()
        };
        match to {
            None => self.streams.print(self.system, self.process, &text)?,
            Some((target, name)) => {
                let name = self.eval(name)?.bytes(b"%.6g");
                self.streams.write(self.system, self.process, &name, *target, &text)?.map_err(Jump::Fatal)?;
            }
        }
        Ok(())
    }
}
