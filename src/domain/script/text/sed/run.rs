//! A `sed` program at work.

mod files;

use std::rc::Rc;
use std::sync::Arc;

use super::super::super::process::Process;
use super::super::super::stop::Stop;
use super::super::super::system::System;
use super::super::input;
use super::super::regex::Regex;
use super::lines::Lines;
use super::output::Output;
use super::program::{Action, Address, Command, Program};
use super::{Settings, edit};
use files::descriptor;

/// Where a range of lines stands.
#[derive(Clone, Copy, PartialEq)]
enum Range {
    Outside,
    /// Inside, up to this line; none is up to a match.
    Inside(Option<usize>),
}

/// What follows a command.
enum Flow {
    Next,
    Jump(usize),
    /// The cycle ends; with the line printed or not.
    Cycle(bool),
    /// A new cycle with the line that is left.
    Restart,
    Quit(u8, bool),
}

/// What stands in the queue behind the line.
enum Queued<'a> {
    Text(&'a [u8]),
    File(&'a [u8]),
    Line(Vec<u8>),
}

/// A file that `R` reads: its name, its bytes, and where the next line starts.
type Reader<'a> = (&'a [u8], Arc<[u8]>, usize);

struct Machine<'a> {
    program: &'a Program,
    settings: &'a Settings,
    lines: Lines,
    delimiter: u8,
    number: usize,
    line: Vec<u8>,
    /// Whether the line's end was there.
    ended: bool,
    hold: Vec<u8>,
    ranges: Vec<Range>,
    last: Option<Rc<Regex>>,
    replaced: bool,
    queue: Vec<Queued<'a>>,
    out: Output,
    /// The files of `w`.
    files: Vec<Output>,
    /// The files of `R` and what is left of them.
    readers: Vec<Reader<'a>>,
    /// The file that is edited in place.
    edited: Option<Vec<u8>>,
}

/// Runs a program over files; the status.
pub(super) fn run(
    system: &mut System<'_>,
    process: &mut Process,
    program: &Program,
    settings: &Settings,
    names: Vec<Vec<u8>>,
) -> Result<u8, Stop> {
    let delimiter = if settings.zero { 0 } else { b'\n' };
    let separate = settings.separate || settings.in_place.is_some();
    for name in &program.outputs {
        if descriptor(name).is_none()
            && let Err(error) = system.open_write(&process.path(name), false, process.umask)
        {
            process.complain(system, &format!("couldn't open file {}: {error}", input::shown(name)))?;
            return Ok(4);
        }
    }
    let mut machine = Machine {
        program,
        settings,
        lines: Lines::new(names, delimiter, separate),
        delimiter,
        number: 0,
        line: Vec::new(),
        ended: true,
        hold: Vec::new(),
        ranges: program.commands.iter().map(Machine::fresh).collect(),
        last: None,
        replaced: false,
        queue: Vec::new(),
        out: Output::default(),
        files: program.outputs.iter().map(|_| Output::default()).collect(),
        readers: Vec::new(),
        edited: None,
    };
    let status = machine.cycles(system, process)?;
    machine.finish_file(system, process)?;
    machine.out.flush(system, process)?;
    machine.write_files(system, process)?;
    Ok(if status == 0 && machine.lines.failed { 2 } else { status })
}

impl<'a> Machine<'a> {
    /// `0,/re/` starts inside.
    fn fresh(command: &Command) -> Range {
        match (&command.first, &command.second) {
            (Some(Address::Line(0)), Some(_)) => Range::Inside(None),
            _ => Range::Outside,
        }
    }

    fn cycles(&mut self, system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
        let mut kept = false;
        loop {
            if !kept && !self.read(system, process, false)? {
                return Ok(0);
            }
            kept = false;
            let mut pc = 0;
            let flow = loop {
                system.budget.step(1)?;
                let Some(command) = self.program.commands.get(pc) else { break Flow::Cycle(true) };
                let chosen = self.chooses(system, process, pc, command)? != command.negated;
                match (&command.action, chosen) {
                    (Action::Block(end), false) => pc = *end,
                    (_, false) => {}
                    (action, true) => match self.act(system, process, action, pc)? {
                        Flow::Next => {}
                        Flow::Jump(to) => {
                            pc = to;
                            continue;
                        }
                        flow => break flow,
                    },
                }
                pc += 1;
            };
            match flow {
                Flow::Restart => {
                    self.dump(system, process)?;
                    kept = true;
                }
                Flow::Quit(status, print) => {
                    if print {
                        self.print();
                        self.dump(system, process)?;
                    }
                    return Ok(status);
                }
                Flow::Cycle(print) => {
                    if print {
                        self.print();
                    }
                    self.dump(system, process)?;
                }
                Flow::Next | Flow::Jump(_) => {}
            }
            if self.edited.is_none() && self.out.text.len() > 1 << 16 {
                self.out.flush(system, process)?;
            }
        }
    }

    /// Prints the line, as the end of a cycle does.
    fn print(&mut self) {
        if !self.settings.quiet {
            self.out.line(&self.line, self.ended, self.delimiter);
        }
    }

    /// Writes what was queued behind the line.
    fn dump(&mut self, system: &mut System<'_>, process: &mut Process) -> Result<(), Stop> {
        for queued in std::mem::take(&mut self.queue) {
            match queued {
                Queued::Text(text) => self.out.raw(text, self.delimiter),
                Queued::Line(line) => self.out.raw(&line, self.delimiter),
                Queued::File(name) => {
                    // What `w` wrote so far may be read back.
                    self.write_files(system, process)?;
                    if let Ok(bytes) = input::file(system, process, name) {
                        system.budget.bytes(bytes.len())?;
                        self.out.raw(&bytes, self.delimiter);
                    }
                }
            }
        }
        Ok(())
    }

    fn matches(&mut self, system: &mut System<'_>, regex: Option<&Rc<Regex>>) -> Result<bool, Stop> {
        match regex.or(self.last.as_ref()).map(Rc::clone) {
            Some(regex) => {
                let found = regex.is_match(&mut system.budget, &self.line)?;
                self.last = Some(regex);
                Ok(found)
            }
            None => Err(Stop::unsupported("sed", "an empty regular expression with none before it")),
        }
    }

    fn is_at(&mut self, system: &mut System<'_>, process: &mut Process, address: &Address) -> Result<bool, Stop> {
        Ok(match address {
            Address::Line(number) => self.number == *number,
            Address::Step(first, step) => self.number >= *first && (self.number - first).is_multiple_of(*step),
            Address::Last => self.lines.is_last(system, process)?,
            Address::Match(regex) => self.matches(system, regex.as_ref())?,
            Address::More(_) | Address::Multiple(_) => false,
        })
    }

    /// Whether the command's addresses choose this line.
    fn chooses(
        &mut self,
        system: &mut System<'_>,
        process: &mut Process,
        at: usize,
        command: &'a Command,
    ) -> Result<bool, Stop> {
        let Some(first) = &command.first else { return Ok(true) };
        let Some(second) = &command.second else { return self.is_at(system, process, first) };
        let (state, chosen) = match self.ranges.get(at).copied().unwrap_or(Range::Outside) {
            Range::Inside(Some(end)) => {
                (if self.number >= end { Range::Outside } else { Range::Inside(Some(end)) }, self.number <= end)
            }
            Range::Inside(None) => {
                let ends = self.is_at(system, process, second)?;
                (if ends { Range::Outside } else { Range::Inside(None) }, true)
            }
            Range::Outside => {
                if !self.is_at(system, process, first)? {
                    return Ok(false);
                }
                let end = match second {
                    Address::Line(end) => Some(*end),
                    Address::More(n) => Some(self.number.saturating_add(*n)),
                    Address::Multiple(0) => Some(self.number),
                    Address::Multiple(n) => Some((self.number / n + 1) * n),
                    _ => None,
                };
                let ends = match end {
                    Some(end) => end <= self.number,
                    None => matches!(second, Address::Last) && self.lines.is_last(system, process)?,
                };
                (if ends { Range::Outside } else { Range::Inside(end) }, true)
            }
        };
        if let Some(range) = self.ranges.get_mut(at) {
            *range = state;
        }
        Ok(chosen)
    }

    fn act(
        &mut self,
        system: &mut System<'_>,
        process: &mut Process,
        action: &'a Action,
        at: usize,
    ) -> Result<Flow, Stop> {
        let end = self.program.commands.len();
        let delimiter = self.delimiter;
        match action {
            Action::Block(_) | Action::Nothing => {}
            Action::Append(text) => self.queue.push(Queued::Text(text)),
            Action::Insert(text) => self.out.raw(text, delimiter),
            Action::Change(text) => {
                let inside = matches!(self.ranges.get(at), Some(Range::Inside(_)));
                let negated = self.program.commands.get(at).is_some_and(|command| command.negated);
                if !inside || negated {
                    self.out.raw(text, delimiter);
                }
                return Ok(Flow::Cycle(false));
            }
            Action::Branch(to) => return Ok(Flow::Jump(to.unwrap_or(end))),
            Action::BranchIf(to) => {
                if std::mem::take(&mut self.replaced) {
                    return Ok(Flow::Jump(to.unwrap_or(end)));
                }
            }
            Action::BranchUnless(to) => {
                if !std::mem::take(&mut self.replaced) {
                    return Ok(Flow::Jump(to.unwrap_or(end)));
                }
            }
            Action::Delete => return Ok(Flow::Cycle(false)),
            Action::DeleteFirst => {
                let Some(first) = self.line.iter().position(|byte| *byte == delimiter) else {
                    return Ok(Flow::Cycle(false));
                };
                self.line.drain(..=first);
                return Ok(Flow::Restart);
            }
            Action::FileName => self.out.line(self.lines.name(), true, b'\n'),
            Action::Get => self.line.clone_from(&self.hold),
            Action::GetAppend => {
                system.budget.bytes(self.hold.len())?;
                self.line.push(delimiter);
                self.line.extend(&self.hold);
            }
            Action::Hold => self.hold.clone_from(&self.line),
            Action::HoldAppend => {
                system.budget.bytes(self.line.len())?;
                self.hold.push(delimiter);
                self.hold.extend(&self.line);
            }
            Action::List(width) => {
                let text = edit::listing(&self.line, width.unwrap_or(self.settings.width), self.settings.utf8);
                self.out.raw(&text, delimiter);
            }
            Action::Next => {
                if self.lines.is_last(system, process)? {
                    return Ok(Flow::Quit(0, true)).map(|flow| self.or_next_file(flow));
                }
                self.print();
                self.dump(system, process)?;
                self.read(system, process, false)?;
            }
            Action::NextAppend => {
                if self.lines.is_last(system, process)? {
                    return Ok(Flow::Quit(0, true)).map(|flow| self.or_next_file(flow));
                }
                self.dump(system, process)?;
                self.read(system, process, true)?;
            }
            Action::Print => self.out.line(&self.line, self.ended, delimiter),
            Action::PrintFirst => {
                let first = self.line.split(|byte| *byte == delimiter).next().unwrap_or_default();
                self.out.line(first, true, delimiter);
            }
            Action::Quit(status) => return Ok(Flow::Quit(*status, true)),
            Action::QuitSilently(status) => return Ok(Flow::Quit(*status, false)),
            Action::ReadFile(name) => self.queue.push(Queued::File(name)),
            Action::ReadLine(name) => self.read_line(system, process, name),
            Action::Substitute(wanted) => {
                let Some(regex) = wanted.regex.as_ref().or(self.last.as_ref()).map(Rc::clone) else {
                    return Err(Stop::unsupported("sed", "an empty regular expression with none before it"));
                };
                let made = edit::substitute(&mut system.budget, &regex, wanted, &self.line, self.settings.utf8)?;
                self.last = Some(regex);
                if let Some(line) = made {
                    self.line = line;
                    self.replaced = true;
                    if wanted.print {
                        self.out.line(&self.line, self.ended, delimiter);
                    }
                    if let Some(file) = wanted.write {
                        self.write(file, false);
                    }
                }
            }
            Action::Write(file) => self.write(*file, false),
            Action::WriteFirst(file) => self.write(*file, true),
            Action::Exchange => std::mem::swap(&mut self.line, &mut self.hold),
            Action::Transliterate(table) => {
                self.line = edit::transliterate(table, &self.line, self.settings.utf8);
            }
            Action::Zap => self.line.clear(),
            Action::LineNumber => {
                let text = self.number.to_string();
                self.out.line(text.as_bytes(), true, delimiter);
            }
        }
        Ok(Flow::Next)
    }

    /// Where files are separate, the end of one is not the end of all.
    fn or_next_file(&self, flow: Flow) -> Flow {
        if self.settings.separate || self.settings.in_place.is_some() { Flow::Cycle(true) } else { flow }
    }
}
