//! Simple commands: words, redirections, assignments, and what runs.

use std::rc::Rc;

use super::builtins::{self, Builtin};
use super::lexer::Lexer;
use super::redirect::Saved;
use super::syntax::{Assignment, Item, Kind, Part, Redirect, Value, Word};
use super::{Function, Halt, Mode, Run, Shell};
use crate::domain::script::command;
use crate::domain::script::stop::{Site, Stop};
use crate::domain::script::system::System;

/// What a command's name leads to.
enum Found {
    Special(&'static Builtin),
    Function(Rc<Function>),
    Regular(&'static Builtin),
    Program,
}

impl Shell {
    /// Runs a simple command.
    pub(super) fn simple(
        &mut self,
        system: &mut System<'_>,
        assignments: &[Assignment],
        words: &[Word],
        redirects: &[Redirect],
        tested: bool,
        site: &Site,
    ) -> Run {
        self.substituted = None;
        let aliased = self.aliased(words)?;
        let fields = self.fields(system, aliased.as_deref().unwrap_or(words))?;
        system.site.clone_from(site);
        let mut saved = Saved::default();
        let redirected = self.redirect(system, redirects, &mut saved);
        let run = match redirected {
            Ok(true) => self.started(system, assignments, &fields, &mut saved, tested, site),
            Ok(false) => {
                let special = fields.first().is_some_and(|name| {
                    builtins::find(name, self.mode).is_some_and(|builtin| builtin.special) && self.mode == Mode::Dash
                });
                let status = self.redirect_failed();
                if special { Err(Halt::Error(status)) } else { Ok(status) }
            }
            Err(halt) => Err(halt),
        };
        self.restore(saved);
        run
    }

    /// The words with what an alias stands for in the place of the first one (dash only: bash's scripts have none). One that
    /// was made in the same line counts already, which no shell does.
    fn aliased(&self, words: &[Word]) -> Run<Option<Vec<Word>>> {
        let Some((first, rest)) = words.split_first().filter(|_| self.mode == Mode::Dash) else { return Ok(None) };
        let [Part::Literal(name)] = first.as_slice() else { return Ok(None) };
        let Some(value) = self.aliases.get(name) else { return Ok(None) };
        let list = Lexer::new(value, self.mode).complete_command().ok().flatten();
        let mut made = list.as_deref().and_then(only_words).ok_or_else(|| {
            let what = format!("the alias {}, which is more than words", String::from_utf8_lossy(name));
            Halt::from(Stop::unsupported("alias", what))
        })?;
        made.extend_from_slice(rest);
        Ok(Some(made))
    }

    fn started(
        &mut self,
        system: &mut System<'_>,
        assignments: &[Assignment],
        fields: &[Vec<u8>],
        saved: &mut Saved,
        tested: bool,
        site: &Site,
    ) -> Run {
        let Some(name) = fields.first() else {
            let mut traced = Vec::new();
            for assignment in assignments {
                self.perform(system, assignment, &mut traced)?;
            }
            self.xtrace(system, &traced, &[])?;
            return Ok(self.substituted.unwrap_or(0));
        };
        let found = self.find(name);
        let mut traced = Vec::new();
        let keeps = assignments.is_empty() || matches!(found, Found::Special(_));
        if !keeps {
            self.variables.enter();
        }
        let mut run = Ok(0);
        for assignment in assignments {
            if !keeps {
                system.budget.bytes(self.variables.room_of(&assignment.name))?;
                self.variables.save(&assignment.name);
            }
            run = self.perform(system, assignment, &mut traced).map(|()| 0);
            if run.is_err() {
                break;
            }
            if !keeps {
                self.variables.mark(&assignment.name, |variable| variable.exported = true);
            }
        }
        if run.is_ok() {
            system.site.clone_from(site);
            run = self.xtrace(system, &traced, fields).map(|()| 0).map_err(Halt::from);
        }
        // What a command's own assignments changed is put back, not what it changed itself with `local`.
        if run.is_ok() {
            run = self.execute(system, &found, fields, saved, tested);
        }
        if !keeps {
            self.variables.leave();
        }
        run
    }

    fn execute(
        &mut self,
        system: &mut System<'_>,
        found: &Found,
        fields: &[Vec<u8>],
        saved: &mut Saved,
        tested: bool,
    ) -> Run {
        let arguments = fields.get(1..).unwrap_or_default();
        match found {
            Found::Function(function) => self.call(system, function, arguments.to_vec(), tested),
            Found::Special(builtin) => {
                let outer = self.builtin.replace(builtin.name);
                let run = (builtin.run)(self, system, builtins::Call { arguments, tested, saved });
                self.builtin = outer;
                run
            }
            Found::Regular(builtin) => self.contained(system, builtin, builtins::Call { arguments, tested, saved }),
            Found::Program => self.program(system, fields),
        }
    }

    fn find(&self, name: &[u8]) -> Found {
        let builtin = builtins::find(name, self.mode);
        if let Some(builtin) = builtin.filter(|builtin| builtin.special && self.mode == Mode::Dash) {
            return Found::Special(builtin);
        }
        if let Some(function) = self.functions.get(name) {
            return Found::Function(Rc::clone(function));
        }
        builtin.map_or(Found::Program, Found::Regular)
    }

    /// Starts a program, and says so when there is none.
    pub(super) fn program(&mut self, system: &mut System<'_>, fields: &[Vec<u8>]) -> Run {
        let name = fields.first().map(Vec::as_slice).unwrap_or_default();
        let mut child = self.process.clone();
        child.args = fields.to_vec();
        child.env = self.variables.environment();
        let environment = child.env.iter().map(|(name, value)| name.len() + value.len());
        let room: usize = environment.chain(fields.iter().map(Vec::len)).sum();
        system.budget.bytes(room.saturating_sub(super::evaluate::FREE))?;
        // The path that is searched is the shell's, exported or not.
        let exported = child.env.get(&b"PATH"[..]).cloned();
        if let Some(path) = self.variables.get(b"PATH") {
            child.env.insert(b"PATH".to_vec(), path.clone());
        }
        if name.is_empty() && self.mode == Mode::Dash {
            self.complain(system, b": Permission denied")?;
            return Ok(127);
        }
        let Some(path) = command::find(system, &child, name) else {
            let reason: &[u8] = match self.mode {
                Mode::Dash => b": not found",
                Mode::Bash if name.contains(&b'/') => b": No such file or directory",
                Mode::Bash => b": command not found",
            };
            self.complain(system, &[name, reason].concat())?;
            return Ok(127);
        };
        let executable = system.stat(&path).is_ok_and(|node| !node.is_directory() && node.meta.mode & 0o111 != 0);
        if !executable {
            let reason: &[u8] = match self.mode {
                Mode::Bash if system.stat(&path).is_ok_and(|node| node.is_directory()) => b": Is a directory",
                _ => b": Permission denied",
            };
            self.complain(system, &[name, reason].concat())?;
            return Ok(126);
        }
        if exported.is_none() {
            child.env.remove(&b"PATH"[..]);
        }
        Ok(command::exec_at(system, &mut child, &path)?)
    }

    /// Makes an assignment.
    fn perform(&mut self, system: &mut System<'_>, assignment: &Assignment, traced: &mut Vec<Vec<u8>>) -> Run<()> {
        let name = &assignment.name;
        match &assignment.value {
            Value::Scalar(word) => {
                let mut value = self.value(system, word)?;
                if let Some(index) = &assignment.index {
                    let index = self.arithmetic(system, index)?;
                    system.budget.bytes(value.len())?;
                    let Ok(variable) = self.variables.writable(name) else {
                        return self.fail(system, &[name.as_slice(), b": readonly variable"].concat());
                    };
                    let old = variable.value.take();
                    let array = variable.array.get_or_insert_with(|| old.into_iter().map(|value| (0, value)).collect());
                    if assignment.append {
                        let mut joined = array.get(&index).cloned().unwrap_or_default();
                        joined.append(&mut value);
                        system.budget.bytes(joined.len())?;
                        value = joined;
                    }
                    array.insert(index, value);
                    return Ok(());
                }
                if assignment.append {
                    let mut joined = self.variables.get(name).cloned().unwrap_or_default();
                    joined.append(&mut value);
                    value = joined;
                }
                if self.on(b'x') {
                    traced.push([name.as_slice(), b"=", &value].concat());
                }
                self.assign(system, name, value)
            }
            Value::Array(words) => {
                let values = self.fields(system, words)?;
                let Ok(variable) = self.variables.writable(name) else {
                    return self.fail(system, &[name.as_slice(), b": readonly variable"].concat());
                };
                let old = variable.value.take();
                let array = variable.array.get_or_insert_with(|| old.into_iter().map(|value| (0, value)).collect());
                if !assignment.append {
                    array.clear();
                }
                let next = array.keys().next_back().map_or(0, |last| last + 1);
                array.extend((next..).zip(values));
                Ok(())
            }
        }
    }

    /// Writes the line of `set -x`.
    fn xtrace(&mut self, system: &mut System<'_>, assignments: &[Vec<u8>], fields: &[Vec<u8>]) -> Result<(), Stop> {
        if !self.on(b'x') || assignments.is_empty() && fields.is_empty() {
            return Ok(());
        }
        let mut line = self.variables.get(b"PS4").cloned().unwrap_or_default();
        for (at, word) in assignments.iter().chain(fields).enumerate() {
            if at > 0 {
                line.push(b' ');
            }
            line.extend(word);
        }
        line.push(b'\n');
        self.process.write(system, 2, &line).map(drop)
    }
}

/// The words of a list that is one command of words alone.
fn only_words(list: &[Item]) -> Option<Vec<Word>> {
    let [Item { first, rest, background: false }] = list else { return None };
    let ([command], true, false) = (first.commands.as_slice(), rest.is_empty(), first.negated) else { return None };
    match &command.kind {
        Kind::Simple { assignments, words } if assignments.is_empty() && command.redirects.is_empty() => {
            Some(words.clone())
        }
        _ => None,
    }
}
