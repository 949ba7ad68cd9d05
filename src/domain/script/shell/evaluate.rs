//! Control flow: lists, pipelines, compound commands, functions, subshells.

use std::rc::Rc;

use super::redirect::Saved;
use super::source::Source;
use super::syntax::{Command, Condition, Item, Kind, List, Pipeline, Word};
use super::{Function, Halt, Mode, Run, SELF, Script, Shell};
use crate::domain::script::stop::Site;
use crate::domain::script::stream::{Stream, Streams};
use crate::domain::script::system::System;

/// What a copy of a shell may hold before it counts: a usual environment.
pub(super) const FREE: usize = 8 << 10;

/// How many lines of a trace are kept.
const MOST_TRACED: usize = 200_000;

impl Shell {
    /// Runs a text, one complete command after the other.
    pub(super) fn text(&mut self, system: &mut System<'_>, script: &Rc<Script>, tested: bool) -> Run {
        // Its syntax takes more room than it.
        system.budget.bytes(script.source.text.len().saturating_mul(8) + size_of::<Script>())?;
        system.budget.enter()?;
        let outer = std::mem::replace(&mut self.script, Rc::clone(script));
        let run = self.commands(system, script, tested);
        self.script = outer;
        system.budget.leave();
        run
    }

    fn commands(&mut self, system: &mut System<'_>, script: &Rc<Script>, tested: bool) -> Run {
        let mut status = 0;
        for number in 0.. {
            match script.command(number)? {
                None => break,
                Some(list) => status = self.list(system, &list, tested)?,
            }
            self.line = self.line.max(1);
        }
        Ok(status)
    }

    /// Runs a list. `tested`: a failure in it is somebody's question, so `set -e` does not count.
    pub(super) fn list(&mut self, system: &mut System<'_>, list: &List, tested: bool) -> Run {
        let mut status = 0;
        for item in list {
            status = if item.background { self.background(system, item)? } else { self.item(system, item, tested)? };
            self.status = status;
        }
        Ok(status)
    }

    fn item(&mut self, system: &mut System<'_>, item: &Item, tested: bool) -> Run {
        let mut status = self.pipeline(system, &item.first, tested || !item.rest.is_empty())?;
        self.status = status;
        for (at, (condition, pipeline)) in item.rest.iter().enumerate() {
            if (*condition == Condition::And) == (status == 0) {
                status = self.pipeline(system, pipeline, tested || at + 1 < item.rest.len())?;
                self.status = status;
            }
        }
        Ok(status)
    }

    /// Runs a command that `&` ends: to its end, at once, with nothing to read.
    fn background(&mut self, system: &mut System<'_>, item: &Item) -> Run {
        let mut child = self.copy(system)?;
        if let Some(null) = Streams::null().get(0) {
            child.process.streams.set(0, Rc::clone(null));
        }
        let status = child.ended(system, |child, system| child.item(system, item, false))?;
        self.jobs.push(status);
        Ok(0)
    }

    fn pipeline(&mut self, system: &mut System<'_>, pipeline: &Pipeline, tested: bool) -> Run {
        let tested = tested || pipeline.negated;
        let status = match pipeline.commands.as_slice() {
            [command] => self.command(system, command, tested)?,
            commands => {
                let status = self.stages(system, commands, tested)?;
                self.status = status;
                self.exit_on(status, tested)?
            }
        };
        Ok(if pipeline.negated { u8::from(status == 0) } else { status })
    }

    /// Runs the commands of a pipeline: each to its end, its output then read by the next.
    fn stages(&mut self, system: &mut System<'_>, commands: &[Command], tested: bool) -> Run {
        let mut input = None;
        let mut status = 0;
        let mut failed = 0;
        for (at, command) in commands.iter().enumerate() {
            let mut child = self.copy(system)?;
            if let Some(input) = input.take() {
                child.process.streams.set(0, input);
            }
            if at + 1 < commands.len() {
                let pipe = Stream::pipe(Vec::new());
                child.process.streams.set(1, Rc::clone(&pipe));
                input = Some(pipe);
            }
            status = child.ended(system, |child, system| child.command(system, command, tested))?;
            if status != 0 {
                failed = status;
            }
        }
        Ok(if self.on(b'P') { failed } else { status })
    }

    /// Ends the shell when `set -e` says so.
    pub(super) fn exit_on(&mut self, status: u8, tested: bool) -> Run {
        if status != 0 && !tested && self.on(b'e') {
            return Err(Halt::Exit(status));
        }
        Ok(status)
    }

    /// A copy for a subshell.
    pub(super) fn copy(&self, system: &mut System<'_>) -> Run<Self> {
        let parameters: usize = self.parameters.iter().map(|value| value.len() + size_of::<Vec<u8>>()).sum();
        system.budget.bytes((self.variables.room() + parameters).saturating_sub(FREE))?;
        let mut child = self.clone();
        child.subshell = true;
        child.traps.retain(|_, action| action.is_empty());
        Ok(child)
    }

    /// Runs something in this copy, to its end: `exit` and the like end no more than that.
    pub(super) fn ended(
        &mut self,
        system: &mut System<'_>,
        run: impl FnOnce(&mut Self, &mut System<'_>) -> Run,
    ) -> Run {
        system.budget.enter()?;
        let outcome = run(self, system);
        let status = self.finish(system, outcome);
        system.budget.leave();
        status
    }

    /// The status the shell ends with, after its `EXIT` trap.
    pub(super) fn finish(&mut self, system: &mut System<'_>, outcome: Run) -> Run {
        let mut status = match outcome {
            Ok(status) | Err(Halt::Exit(status) | Halt::Error(status) | Halt::Return(status)) => status,
            Err(Halt::Break(_) | Halt::Continue(_)) => 0,
            Err(Halt::Stop(stop)) => return Err(Halt::Stop(stop)),
        };
        if let Some(action) = self.traps.remove("EXIT").filter(|action| !action.is_empty()) {
            self.status = status;
            self.builtin = None;
            let script =
                Rc::new(Script::new(String::new(), Rc::new(Source::new(action, self.mode)), Some(system.site.clone())));
            match self.text(system, &script, false) {
                Err(Halt::Exit(other) | Halt::Error(other)) => status = other,
                Err(Halt::Stop(stop)) => return Err(Halt::Stop(stop)),
                _ => {}
            }
        }
        self.status = status;
        Ok(status)
    }

    /// Runs a command.
    pub(super) fn command(&mut self, system: &mut System<'_>, command: &Command, tested: bool) -> Run {
        if let Kind::Simple { assignments, words } = &command.kind {
            let site = self.script.site(command.place);
            self.line = command.place.line;
            system.budget.step(1)?;
            if let Some(trace) = system.trace.as_mut().filter(|trace| trace.lines.len() < MOST_TRACED) {
                let effects = system.effects.len();
                trace.lines.push(super::Reached { site: site.clone(), effects });
            }
            system.site = site.clone();
            let run = self.simple(system, assignments, words, &command.redirects, tested, &site);
            if let Err(Halt::Stop(mut stop)) = run {
                if stop.sites.last() != Some(&site) {
                    stop.sites.push(site);
                }
                return Err(Halt::Stop(stop));
            }
            let status = run?;
            self.status = status;
            return self.exit_on(status, tested);
        }
        self.deeper(system, command, tested).map_err(|mut halt| {
            if let Halt::Stop(stop) = &mut halt
                && stop.sites.is_empty()
            {
                stop.sites.push(self.script.site(command.place));
            }
            halt
        })
    }

    fn deeper(&mut self, system: &mut System<'_>, command: &Command, tested: bool) -> Run {
        system.budget.step(1)?;
        system.budget.enter()?;
        let run = self.redirected(system, command, tested);
        system.budget.leave();
        run
    }

    fn redirected(&mut self, system: &mut System<'_>, command: &Command, tested: bool) -> Run {
        if command.redirects.is_empty() {
            return self.compound(system, command, tested);
        }
        self.line = command.place.line;
        system.site = self.script.site(command.place);
        let mut saved = Saved::default();
        let run = match self.redirect(system, &command.redirects, &mut saved) {
            Ok(true) => self.compound(system, command, tested),
            Ok(false) => {
                let status = self.redirect_failed();
                self.status = status;
                self.exit_on(status, tested)
            }
            Err(halt) => Err(halt),
        };
        self.restore(saved);
        run
    }

    /// The status of a command whose redirection failed.
    pub(super) const fn redirect_failed(&self) -> u8 {
        match self.mode {
            Mode::Dash => 2,
            Mode::Bash => 1,
        }
    }

    fn compound(&mut self, system: &mut System<'_>, command: &Command, tested: bool) -> Run {
        match &command.kind {
            Kind::Simple { .. } => Ok(0),
            Kind::Group(list) => self.list(system, list, tested),
            Kind::Subshell(list) => {
                let mut child = self.copy(system)?;
                let status = child.ended(system, |child, system| child.list(system, list, tested))?;
                self.status = status;
                self.exit_on(status, tested)
            }
            Kind::If { branches, otherwise } => self.choose(system, branches, otherwise.as_ref(), tested),
            Kind::Loop { until, condition, body } => self.repeat(system, *until, condition, body, tested),
            Kind::For { variable, words, body } => {
                self.line = command.place.line;
                self.each(system, variable, words.as_deref(), body, tested)
            }
            Kind::Case { subject, arms } => {
                self.line = command.place.line;
                self.case(system, subject, arms, tested)
            }
            Kind::Function { name, body } => {
                let function = Function { body: Rc::clone(body), script: Rc::clone(&self.script) };
                self.functions.insert(name.clone(), Rc::new(function));
                Ok(0)
            }
            Kind::Arithmetic(expression) => {
                let value = self.arithmetic(system, expression)?;
                let status = u8::from(value == 0);
                self.status = status;
                self.exit_on(status, tested)
            }
            Kind::Conditional(words) => {
                let status = self.conditional(system, words)?;
                self.status = status;
                self.exit_on(status, tested)
            }
        }
    }

    fn choose(
        &mut self,
        system: &mut System<'_>,
        branches: &[(List, List)],
        otherwise: Option<&List>,
        tested: bool,
    ) -> Run {
        for (condition, then) in branches {
            if self.list(system, condition, true)? == 0 {
                return self.list(system, then, tested);
            }
        }
        match otherwise {
            Some(list) => self.list(system, list, tested),
            None => {
                self.status = 0;
                Ok(0)
            }
        }
    }

    /// Whether a loop goes on after its body, or condition, ran; the body's status is kept.
    fn looped(&mut self, run: Run, status: &mut u8) -> Run<bool> {
        match run {
            Ok(new) => {
                *status = new;
                Ok(true)
            }
            Err(Halt::Break(levels)) => {
                *status = 0;
                if levels > 1 { Err(Halt::Break(levels - 1)) } else { Ok(false) }
            }
            Err(Halt::Continue(levels)) => {
                *status = 0;
                if levels > 1 { Err(Halt::Continue(levels - 1)) } else { Ok(true) }
            }
            Err(halt) => Err(halt),
        }
    }

    fn repeat(&mut self, system: &mut System<'_>, until: bool, condition: &List, body: &List, tested: bool) -> Run {
        self.loops += 1;
        let run = self.turns(system, until, condition, body, tested);
        self.loops -= 1;
        run
    }

    fn turns(&mut self, system: &mut System<'_>, until: bool, condition: &List, body: &List, tested: bool) -> Run {
        let mut status = 0;
        loop {
            system.budget.step(1)?;
            let mut answer = 0;
            let run = self.list(system, condition, true);
            let plain = run.is_ok();
            if !self.looped(run, &mut answer)? {
                break;
            }
            if plain && (answer == 0) == until {
                break;
            }
            if plain {
                let run = self.list(system, body, tested);
                if !self.looped(run, &mut status)? {
                    break;
                }
            }
        }
        self.status = status;
        Ok(status)
    }

    fn each(
        &mut self,
        system: &mut System<'_>,
        variable: &[u8],
        words: Option<&[Word]>,
        body: &List,
        tested: bool,
    ) -> Run {
        let values = match words {
            Some(words) => self.fields(system, words)?,
            None => self.parameters.clone(),
        };
        self.loops += 1;
        let mut status = 0;
        let mut outcome = Ok(());
        for value in values {
            let turn = system.budget.step(1).map_err(Halt::from);
            let turn = turn.and_then(|()| self.assign(system, variable, value));
            let turn = turn.and_then(|()| self.list(system, body, tested));
            match self.looped(turn, &mut status) {
                Ok(true) => {}
                Ok(false) => break,
                Err(halt) => {
                    outcome = Err(halt);
                    break;
                }
            }
        }
        self.loops -= 1;
        outcome?;
        self.status = status;
        Ok(status)
    }

    fn case(&mut self, system: &mut System<'_>, subject: &Word, arms: &[(Vec<Word>, List)], tested: bool) -> Run {
        let subject = self.single(system, subject)?;
        for (patterns, body) in arms {
            for pattern in patterns {
                if self.pattern(system, pattern)?.matches(&mut system.budget, &subject)? {
                    if body.is_empty() {
                        self.status = 0;
                    }
                    return self.list(system, body, tested);
                }
            }
        }
        self.status = 0;
        Ok(0)
    }

    /// Calls a function.
    pub(super) fn call(
        &mut self,
        system: &mut System<'_>,
        function: &Rc<Function>,
        arguments: Vec<Vec<u8>>,
        tested: bool,
    ) -> Run {
        system.budget.enter()?;
        let parameters = std::mem::replace(&mut self.parameters, arguments);
        let script = std::mem::replace(&mut self.script, Rc::clone(&function.script));
        let loops = std::mem::take(&mut self.loops);
        self.returnable += 1;
        self.variables.enter();
        let run = self.command(system, &function.body, tested);
        self.variables.leave();
        self.returnable -= 1;
        self.loops = loops;
        self.script = script;
        self.parameters = parameters;
        system.budget.leave();
        match run {
            Err(Halt::Return(status)) => Ok(status),
            run => run,
        }
    }

    /// Runs the text of `eval` or a trap: its commands stand where this one does.
    pub(super) fn evaluate(&mut self, system: &mut System<'_>, text: Vec<u8>, site: Site, tested: bool) -> Run {
        let script = Rc::new(Script::new(String::new(), Rc::new(Source::new(text, self.mode)), Some(site)));
        self.text(system, &script, tested)
    }

    /// The status of a background command by its number.
    pub(super) fn job(&self, number: u32) -> Option<u8> {
        let at = number.checked_sub(SELF + 1)?;
        self.jobs.get(at as usize).copied()
    }
}
