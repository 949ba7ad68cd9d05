//! Running maintainer scripts one after the other: which shell each is for, what each said and did.

use std::sync::Arc;

use super::debian;
use super::limits::{Budget, Limits};
use super::process::Process;
use super::shell::{Interpreter, Trace};
use super::stop::{Stop, StopKind};
use super::stream::{Stream, Streams};
use super::system::{Effect, System};
use crate::base::redact;

/// How much of what a script says is kept, from its end.
const MOST_SAID: usize = 64 << 10;

/// Runs the scripts of one platform.
pub struct Maintainer<'a> {
    limits: Limits,
    /// The package whose scripts are watched.
    watched: Option<&'a str>,
    /// What the last script said, on both of its outputs.
    pub said: Vec<u8>,
    /// The watched package's scripts, in the order in which they ran.
    pub runs: Vec<Watched>,
}

/// One run of a script that was watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// The script: `bash/postinst`.
    pub script: String,
    /// Its arguments, parted by blanks.
    pub arguments: String,
    /// The commands that it reached.
    pub trace: Trace,
    /// What they changed; [`super::Reached::effects`] counts from here.
    pub effects: Vec<Effect>,
    /// What it said.
    pub said: Vec<u8>,
}

impl<'a> Maintainer<'a> {
    /// Runs scripts within `limits` each; watches those of the package `watched`.
    #[must_use]
    pub const fn new(limits: Limits, watched: Option<&'a str>) -> Self {
        Self { limits, watched, said: Vec::new(), runs: Vec::new() }
    }

    /// Runs a script, unless the system skips it: its status is then 0. See [`crate::domain::install::RunScript`].
    ///
    /// # Errors
    /// When it is no shell script that can be interpreted.
    pub fn run(
        &mut self,
        system: &mut System<'_>,
        mut process: Process,
        label: &str,
        bytes: Arc<[u8]>,
    ) -> Result<u8, Stop> {
        self.said.clear();
        if system.skipped.contains(label) {
            return Ok(0);
        }
        let arguments: Vec<String> = process.arguments().iter().map(|word| redact::printable_bytes(word)).collect();
        system.budget = Budget::new(self.limits);
        let said = Stream::pipe(Vec::new());
        let mut streams = Streams::null();
        streams.set(1, said.clone());
        streams.set(2, said.clone());
        process.streams = streams;
        let watched = self.watched.is_some_and(|package| label.split('/').next() == Some(package));
        system.trace = watched.then(Trace::default);
        let before = system.effects.len();
        let status = system.accounted(label, |system| match Interpreter::of(&bytes) {
            Some(interpreter) => interpreter.run(system, &mut process, label, &bytes),
            None => match debian::known_script(&bytes) {
                Some(known) => known(system, &mut process),
                None => Err(foreign(label, &bytes)),
            },
        });
        self.said = Stream::drain(&said);
        self.said.drain(..self.said.len().saturating_sub(MOST_SAID));
        if let Some(mut trace) = system.trace.take() {
            trace.lines.iter_mut().for_each(|line| line.effects = line.effects.saturating_sub(before));
            self.runs.push(Watched {
                script: label.to_owned(),
                arguments: arguments.join(" ").trim_end().to_owned(),
                trace,
                effects: system.effects.get(before..).unwrap_or_default().to_vec(),
                said: self.said.clone(),
            });
        }
        system.sound()?;
        status
    }
}

/// A script in another language.
fn foreign(label: &str, bytes: &[u8]) -> Stop {
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let head = redact::printable_bytes(first.get(..first.len().min(80)).unwrap_or_default());
    let path = if bytes.starts_with(b"\x7fELF") { "a compiled program".into() } else { head };
    StopKind::Unmodelled { command: label.into(), path }.into()
}
