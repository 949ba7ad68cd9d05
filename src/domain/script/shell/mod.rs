//! The POSIX shell, as `dash` executes it, and what bash scripts of Debian use beyond it.
//!
//! ```text
//! bytes ──lexer, word──▶ tokens ──parse──▶ syntax ──evaluate──▶ simple ──expand──▶ built-ins, command::exec
//! ```
//!
//! A text is read one complete command at a time, as a shell does: what stands after an `exit` is never looked at. A
//! subshell, a pipeline's stage and a substitution are copies of the shell that run to their ends; streams are shared.
//! What a real shell would do but this one does not ends in a [`Stop`], never in silence.
//!
//! Source: POSIX.1-2017 XCU 2, dash(1) of 0.5.12, bash(1) of 5.2. The locale is C: characters are bytes.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::process::Process;
use super::stop::{Site, Stop, StopKind};
use super::system::System;

mod arithmetic;
mod builtins;
mod conditional;
mod escape;
mod evaluate;
mod expand;
mod glob;
mod heredoc;
mod interpreter;
mod lexer;
mod parameter;
mod parse;
mod pattern;
mod reader;
mod redirect;
mod simple;
mod source;
mod syntax;
mod text;
mod trace;
mod variables;
mod word;

pub(super) use interpreter::APPLETS;
pub use interpreter::Interpreter;
use source::Source;
pub(super) use source::Sources;
pub use trace::{Reached, Trace};

/// Which shell a script is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// `/bin/sh` and `/bin/dash`.
    Dash,
    /// `/bin/bash`.
    Bash,
}

/// Runs a script to its end. `process` has its `$0` and parameters as arguments, its environment, folder and streams;
/// `script_name` is what sites call it, `text` its bytes.
///
/// # Errors
/// When it cannot be interpreted; what it does wrong itself is in its status.
pub fn run(
    system: &mut System<'_>,
    process: &mut Process,
    script_name: &str,
    text: &[u8],
    mode: Mode,
) -> Result<u8, Stop> {
    Interpreter { mode, options: Vec::new() }.run(system, process, script_name, text)
}

/// Parses a script to its end without running it.
///
/// # Errors
/// [`StopKind::Syntax`], with the place.
pub fn check(script_name: &str, text: &[u8], mode: Mode) -> Result<(), Stop> {
    let script = Script::new(script_name.into(), Rc::new(Source::new(text.to_vec(), mode)), None);
    let mut number = 0;
    while script.command(number)?.is_some() {
        number += 1;
    }
    Ok(())
}

/// A shell's state. A copy is a subshell.
#[derive(Clone)]
struct Shell {
    mode: Mode,
    process: Process,
    /// `$0`.
    name: Vec<u8>,
    /// `$1` and on.
    parameters: Vec<Vec<u8>>,
    variables: variables::Variables,
    functions: BTreeMap<Vec<u8>, Rc<Function>>,
    aliases: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Letters of options that are on; `P` is bash's `pipefail`.
    options: BTreeSet<u8>,
    /// Actions by signal name; `EXIT` too. An empty one ignores.
    traps: BTreeMap<&'static str, Vec<u8>>,
    /// `$?`.
    status: u8,
    /// The status of the last substitution of the command that is expanded.
    substituted: Option<u8>,
    /// Loops around the command, within its function.
    loops: u32,
    /// Functions and sourced files around the command.
    returnable: u32,
    script: Rc<Script>,
    /// The line of the command that runs, for messages.
    line: u32,
    /// The sourced file that runs, as it was called, for messages.
    sourced: Option<Vec<u8>>,
    /// The built-in that runs, for messages.
    builtin: Option<&'static str>,
    /// A copy made for a subshell.
    subshell: bool,
    /// Statuses of commands that `&` ended; their numbers count from [`SELF`].
    jobs: Vec<u8>,
    /// How far `getopts` is within an argument.
    letter: usize,
}

/// `$$`.
const SELF: u32 = 1000;

/// A function, and the text it was defined in.
struct Function {
    body: Rc<syntax::Command>,
    script: Rc<Script>,
}

/// A text that is interpreted.
struct Script {
    /// As sites call it.
    name: String,
    source: Rc<Source>,
    /// Where every command of it is said to stand: `eval`'s text is no line of a file.
    fixed: Option<Site>,
    /// Where lines begin; made when it is first asked for.
    lines: OnceCell<Vec<usize>>,
}

/// How much of a line is shown.
const SHOWN: usize = 300;

/// What ends a command early.
#[derive(Debug)]
enum Halt {
    /// The shell ends.
    Exit(u8),
    /// An error ends the shell, unless a regular built-in met it.
    Error(u8),
    /// So many loops end.
    Break(u32),
    /// All of so many loops end but the last, which goes on.
    Continue(u32),
    /// The function or sourced file ends.
    Return(u8),
    /// The interpretation ends.
    Stop(Box<Stop>),
}

/// A status, or what ends the command early.
type Run<T = u8> = Result<T, Halt>;

impl From<Stop> for Halt {
    fn from(stop: Stop) -> Self {
        Self::Stop(Box::new(stop))
    }
}

impl From<StopKind> for Halt {
    fn from(kind: StopKind) -> Self {
        Stop::from(kind).into()
    }
}

impl Script {
    const fn new(name: String, source: Rc<Source>, fixed: Option<Site>) -> Self {
        Self { name, source, fixed, lines: OnceCell::new() }
    }

    /// A line, from 1, without its end.
    fn line(&self, number: u32) -> &[u8] {
        let lines = self.lines.get_or_init(|| {
            let ends = self.source.text.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
            std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect()
        });
        let at = (number as usize).saturating_sub(1);
        let rest = lines.get(at).and_then(|start| self.source.text.get(*start..)).unwrap_or_default();
        let end = lines.get(at + 1).zip(lines.get(at)).map_or(rest.len(), |(next, start)| next - start - 1);
        rest.get(..end).unwrap_or_default()
    }

    /// The complete command of this number, from 0: see [`Source::command`].
    fn command(&self, number: usize) -> Result<Option<Rc<syntax::List>>, Stop> {
        self.source.command(number).map_err(|wrong| {
            let mut stop = Stop::from(StopKind::Syntax(wrong.what));
            stop.sites.push(self.site(wrong.place));
            stop
        })
    }

    /// The place as a site, with its line.
    fn site(&self, place: syntax::Place) -> Site {
        if let Some(site) = &self.fixed {
            return site.clone();
        }
        let line = self.line(place.line).trim_ascii();
        let mut text = crate::base::redact::printable_bytes(line.get(..SHOWN).unwrap_or(line));
        if line.len() > SHOWN {
            text.push('\u{2026}');
        }
        Site { script: self.name.clone(), line: place.line, column: place.column, text }
    }
}

impl Shell {
    fn new(mode: Mode, process: Process) -> Self {
        let mut variables = variables::Variables::new(&process.env);
        let mut preset = |name: &[u8], value: &[u8]| {
            let _ = variables.set(name, value.to_vec());
        };
        preset(b"IFS", b" \t\n");
        preset(b"OPTIND", b"1");
        preset(b"PS1", b"# ");
        preset(b"PS2", b"> ");
        preset(b"PS4", b"+ ");
        preset(b"PPID", b"1");
        preset(b"PWD", &[b"/", process.cwd.as_slice()].concat());
        variables.mark(b"PWD", |variable| variable.exported = true);
        let name = process.args.first().cloned().unwrap_or_default();
        let parameters = process.arguments().to_vec();
        Self {
            mode,
            process,
            name,
            parameters,
            variables,
            functions: BTreeMap::new(),
            aliases: BTreeMap::new(),
            options: BTreeSet::new(),
            traps: BTreeMap::new(),
            status: 0,
            substituted: None,
            loops: 0,
            returnable: 0,
            script: Rc::new(Script::new(String::new(), Rc::new(Source::new(Vec::new(), mode)), None)),
            line: 0,
            sourced: None,
            builtin: None,
            subshell: false,
            jobs: Vec::new(),
            letter: 0,
        }
    }

    fn on(&self, option: u8) -> bool {
        self.options.contains(&option)
    }

    /// Writes a message as the shell does: who, where, in which built-in, what.
    fn complain(&mut self, system: &mut System<'_>, text: &[u8]) -> Result<(), Stop> {
        let mut line = self.name.clone();
        let number = self.line;
        match self.mode {
            Mode::Dash => line.extend(format!(": {number}: ").as_bytes()),
            Mode::Bash => line.extend(format!(": line {number}: ").as_bytes()),
        }
        if let Some(builtin) = self.builtin {
            line.extend(builtin.as_bytes());
            line.extend(b": ");
        } else if let Some(sourced) = self.sourced.as_ref().filter(|_| self.mode == Mode::Dash) {
            line.extend(sourced);
            line.extend(b": ");
        }
        line.extend(text);
        line.push(b'\n');
        self.process.write(system, 2, &line).map(drop)
    }

    /// Writes a message and ends the shell, as an error in an expansion or a special built-in does.
    fn fail<T>(&mut self, system: &mut System<'_>, text: &[u8]) -> Run<T> {
        self.complain(system, text)?;
        Err(match self.mode {
            Mode::Dash => Halt::Error(2),
            Mode::Bash => Halt::Exit(1),
        })
    }
}
