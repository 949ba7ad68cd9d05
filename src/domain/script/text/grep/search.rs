//! One file searched, and what is printed of it.

use super::super::super::process::Process;
use super::super::super::stop::Stop;
use super::super::super::system::System;
use super::super::input;
use super::super::regex::Regex;

/// What is looked for, and how it is shown.
pub(super) struct Search {
    /// None matches nothing: no pattern was given.
    pub(super) regex: Option<Regex>,
    pub(super) invert: bool,
    /// Names of files are shown.
    pub(super) names: bool,
    pub(super) numbers: bool,
    pub(super) offsets: bool,
    pub(super) only: bool,
    pub(super) quiet: bool,
    pub(super) count: bool,
    /// Names alone: of files with a match, or without one.
    pub(super) list: Option<bool>,
    /// A zero byte ends names.
    pub(super) null: bool,
    /// Bytes that are no text are printed all the same.
    pub(super) text: bool,
    /// Files that are no text do not match.
    pub(super) skip_binary: bool,
    /// Selected lines after which a file ends.
    pub(super) most: Option<usize>,
    pub(super) before: Option<usize>,
    pub(super) after: Option<usize>,
    pub(super) around: Option<usize>,
    pub(super) utf8: bool,
    /// What ends a line.
    pub(super) delimiter: u8,
    /// Whether a group of lines was printed, so that a `--` must stand before the next.
    printed: bool,
}

/// A line of a file.
struct Line<'a> {
    number: usize,
    offset: usize,
    text: &'a [u8],
}

impl Default for Search {
    fn default() -> Self {
        Self {
            regex: None,
            invert: false,
            names: false,
            numbers: false,
            offsets: false,
            only: false,
            quiet: false,
            count: false,
            list: None,
            null: false,
            text: false,
            skip_binary: false,
            most: None,
            before: None,
            after: None,
            around: None,
            utf8: false,
            delimiter: b'\n',
            printed: false,
        }
    }
}

impl Search {
    /// Searches `bytes`; whether a line was selected (with `-L`: whether none was).
    pub(super) fn file(
        &mut self,
        system: &mut System<'_>,
        process: &mut Process,
        name: &[u8],
        bytes: &[u8],
    ) -> Result<bool, Stop> {
        let delimiter = self.delimiter;
        let zero = if delimiter == b'\n' { bytes.contains(&0) } else { false };
        let binary = zero && !self.text;
        if binary && self.skip_binary {
            return Ok(self.list == Some(false) && self.finish(system, process, name, 0)?);
        }
        let silent = self.quiet || self.list.is_some() || self.count;
        let before = self.before.or(self.around).unwrap_or(0);
        let after = self.after.or(self.around).unwrap_or(0);
        let context = before + after > 0 && !self.only;
        let (mut selected, mut pending, mut broken) = (0, 0, false);
        let mut last_printed = 0;
        let mut held: Vec<Line<'_>> = Vec::new();
        let mut offset = 0;
        let mut out = Vec::new();
        for (index, part) in bytes.split_inclusive(|byte| *byte == delimiter).enumerate() {
            let text = part.strip_suffix(&[delimiter]).unwrap_or(part);
            let line = Line { number: index + 1, offset, text };
            offset += part.len();
            system.budget.step(1)?;
            let room = self.most.is_none_or(|most| selected < most);
            if !room && (pending == 0 || silent) {
                break;
            }
            let hit = match &self.regex {
                Some(regex) => regex.is_match(&mut system.budget, text)? != self.invert,
                None => self.invert,
            };
            if hit && room {
                selected += 1;
                if silent {
                    if self.quiet || self.list.is_some() {
                        break;
                    }
                    continue;
                }
                if binary {
                    broken = true;
                    break;
                }
                if self.utf8 && !self.text && std::str::from_utf8(text).is_err() {
                    broken = true;
                    break;
                }
                let first = held.first().map_or(line.number, |line| line.number);
                if context && self.printed && (last_printed == 0 || first > last_printed + 1) {
                    out.extend(b"--\n");
                }
                for line in held.drain(..) {
                    self.line(&mut out, name, &line, b'-', delimiter);
                }
                self.selected(system, &mut out, name, &line, delimiter)?;
                self.printed = true;
                last_printed = line.number;
                pending = after;
            } else if !silent && context {
                if pending > 0 {
                    pending -= 1;
                    last_printed = line.number;
                    self.line(&mut out, name, &line, b'-', delimiter);
                } else if before > 0 {
                    if held.len() == before {
                        held.remove(0);
                    }
                    held.push(line);
                }
            }
        }
        process.out(system, &out)?;
        if broken {
            process.complain(system, &format!("{}: binary file matches", input::shown(name)))?;
        }
        self.finish(system, process, name, selected)
    }

    /// Prints what is known only at the file's end; whether the file counts as found.
    fn finish(
        &self,
        system: &mut System<'_>,
        process: &mut Process,
        name: &[u8],
        selected: usize,
    ) -> Result<bool, Stop> {
        let found = selected > 0;
        if self.quiet {
            return Ok(found);
        }
        if self.count && self.list.is_none() {
            let mut out = Vec::new();
            if self.names {
                out.extend(name);
                out.push(if self.null { 0 } else { b':' });
            }
            out.extend(format!("{selected}\n").into_bytes());
            process.out(system, &out)?;
        }
        match self.list {
            Some(wanted) if wanted == found => {
                process.out(system, &[name, if self.null { b"\0" } else { b"\n" }].concat())?;
                Ok(true)
            }
            Some(_) => Ok(false),
            None => Ok(found),
        }
    }

    /// A selected line, or with `-o` its matches.
    fn selected(
        &self,
        system: &mut System<'_>,
        out: &mut Vec<u8>,
        name: &[u8],
        line: &Line<'_>,
        delimiter: u8,
    ) -> Result<(), Stop> {
        if !self.only {
            self.line(out, name, line, b':', delimiter);
            return Ok(());
        }
        let Some(regex) = self.regex.as_ref().filter(|_| !self.invert) else { return Ok(()) };
        let mut at = 0;
        while let Some((start, end)) = regex.find(&mut system.budget, line.text, at)? {
            if end > start {
                let text = line.text.get(start..end).unwrap_or_default();
                self.line(out, name, &Line { text, offset: line.offset + start, ..*line }, b':', delimiter);
            }
            at = if end > start { end } else { end + 1 };
            if at > line.text.len() {
                break;
            }
        }
        Ok(())
    }

    fn line(&self, out: &mut Vec<u8>, name: &[u8], line: &Line<'_>, mark: u8, delimiter: u8) {
        if self.names {
            out.extend(name);
            out.push(if self.null { 0 } else { mark });
        }
        if self.numbers {
            out.extend(line.number.to_string().into_bytes());
            out.push(mark);
        }
        if self.offsets {
            out.extend(line.offset.to_string().into_bytes());
            out.push(mark);
        }
        out.extend(line.text);
        out.push(delimiter);
    }
}
