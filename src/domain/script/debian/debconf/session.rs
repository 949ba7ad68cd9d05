//! One program that talks to debconf: what it said so far, and how a line of it is taken apart and answered.
//!
//! Source: debconf-devel(7), "THE DEBCONF PROTOCOL"; `Debconf::ConfModule`.

use std::collections::BTreeMap;

use super::super::failure::Failure;
use super::databases::{Databases, Kind};
use super::{is_space, replaced};
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

/// A frontend, and the program that it talks with now.
pub(super) struct Session {
    pub(super) databases: Databases,
    /// The frontend's own process.
    pub(super) process: Process,
    /// The package whose program it is.
    pub(super) owner: Vec<u8>,
    /// What the program says that it can do.
    pub(super) capabilities: Vec<Vec<u8>>,
    /// Questions that count as seen when the program ends.
    pub(super) seen: Vec<Vec<u8>>,
    /// What the next `GO` answers.
    pub(super) elements: Vec<Element>,
    /// What stands over the next message.
    pub(super) title: Vec<u8>,
    /// Whether a progress bar is there.
    pub(super) progress: bool,
    /// The priority of each question that was asked for.
    pub(super) priorities: BTreeMap<Vec<u8>, Vec<u8>>,
    stopped: bool,
}

/// A question on its way to be answered.
pub(super) struct Element {
    pub(super) question: Vec<u8>,
    /// Its type, which says how.
    pub(super) type_: Vec<u8>,
    pub(super) mark_seen: bool,
}

/// A status with a text, or alone.
pub(super) struct Reply(u32, Option<Vec<u8>>);

impl Reply {
    /// A status alone.
    pub(super) const fn status(code: u32) -> Self {
        Self(code, None)
    }

    /// A status and a text.
    pub(super) fn text(code: u32, text: impl Into<Vec<u8>>) -> Self {
        Self(code, Some(text.into()))
    }

    /// The line; what would be further lines is lost.
    fn line(self) -> Vec<u8> {
        let mut line = self.0.to_string().into_bytes();
        if let Some(text) = self.1 {
            line.push(b' ');
            line.extend(text.split(|byte| *byte == b'\n').next().unwrap_or_default());
        }
        line
    }
}

impl Session {
    /// A session of a frontend in `process`.
    pub(super) fn new(databases: Databases, process: &Process) -> Self {
        Self {
            databases,
            process: process.clone(),
            owner: b"unknown".to_vec(),
            capabilities: Vec::new(),
            seen: Vec::new(),
            elements: Vec::new(),
            title: Vec::new(),
            progress: false,
            priorities: BTreeMap::new(),
            stopped: false,
        }
    }

    /// A new program begins to talk.
    pub(super) fn start(&mut self, owner: &[u8]) {
        self.owner = owner.to_vec();
        self.capabilities.clear();
        self.seen.clear();
        self.elements.clear();
        self.stopped = false;
    }

    /// The program has ended, or will say no more: what it asked counts as seen.
    pub(super) fn finish(&mut self) {
        for question in std::mem::take(&mut self.seen) {
            self.databases.set_flag(&question, b"seen", b"true");
        }
    }

    /// Whether the program said `STOP`.
    pub(super) const fn stopped(&self) -> bool {
        self.stopped
    }

    /// Whether the program understands escaped text.
    pub(super) fn escapes(&self) -> bool {
        self.capabilities.iter().any(|name| name == b"escape")
    }

    /// A value as the program gets it.
    pub(super) fn shown(&self, value: &[u8]) -> Reply {
        if self.escapes() { Reply::text(1, escape(value)) } else { Reply::text(0, value) }
    }

    /// Answers a line, both without their ends; `None` is the end of the talk.
    ///
    /// # Errors
    /// Where debconf would die.
    pub(super) fn answer(&mut self, system: &mut System<'_>, line: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
        let held = self.elements.len() + self.seen.len();
        system.budget.step(1 + line.len() as u64 / 256 + held as u64 / 64)?;
        let words = if self.escapes() { unescaped(line) } else { words(line) };
        let Some((command, parameters)) = words.split_first() else {
            let text = [b"Bad line \"", line, b"\" received from confmodule."].concat();
            return Ok(Some(Reply::text(20, text).line()));
        };
        let command = command.to_ascii_lowercase();
        if command == b"stop" {
            self.stopped = true;
            return Ok(None);
        }
        let reply = self.command(system, &command, parameters)?.unwrap_or_else(|| {
            let text = [&b"Unsupported command \""[..], &command, b"\" (full line was \"", line];
            Reply::text(20, [text.concat().as_slice(), b"\") received from confmodule."].concat())
        });
        Ok(Some(reply.line()))
    }

    /// Whether there is such a question.
    pub(super) fn knows(&self, question: &[u8]) -> bool {
        self.databases.exists(Kind::Question, question)
    }

    /// Writes to the frontend's standard output.
    pub(super) fn print(&mut self, system: &mut System<'_>, text: &[u8]) -> Result<(), Stop> {
        self.process.out(system, text)
    }
}

/// Words between spaces.
fn words(line: &[u8]) -> Vec<Vec<u8>> {
    line.split(|byte| is_space(*byte)).filter(|word| !word.is_empty()).map(<[u8]>::to_vec).collect()
}

/// Words between spaces, with `\n` a line's end and `\X` the byte X in them.
fn unescaped(line: &[u8]) -> Vec<Vec<u8>> {
    let (mut words, mut word, mut rest) = (Vec::new(), Vec::new(), line);
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        match (first, tail.first()) {
            (b'\\', Some(next)) => {
                word.push(if *next == b'n' { b'\n' } else { *next });
                rest = tail.get(1..).unwrap_or_default();
            }
            (space, _) if is_space(*space) => {
                words.push(std::mem::take(&mut word));
                rest = super::trim_start(tail);
            }
            _ => word.push(*first),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// A text in one line.
fn escape(text: &[u8]) -> Vec<u8> {
    replaced(&replaced(text, b"\\", b"\\\\"), b"\n", b"\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_apart() {
        assert_eq!(words(b"  SET a/b  c\td "), [&b"SET"[..], b"a/b", b"c", b"d"]);
        assert_eq!(unescaped(b"SET a\\ b\\n  c\\\\d\\"), [&b"SET"[..], b"a b\n", b"c\\d\\"]);
        assert_eq!(unescaped(b" x "), [&b""[..], b"x"]);
        assert_eq!(escape(b"a\\n\n"), b"a\\\\n\\n");
    }
}
