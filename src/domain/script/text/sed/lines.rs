//! The lines that `sed` reads, from file to file.

use std::collections::VecDeque;
use std::sync::Arc;

use super::super::super::process::Process;
use super::super::super::stop::Stop;
use super::super::super::system::System;
use super::super::input;

/// Files to read, and where reading stands.
pub(super) struct Lines {
    names: VecDeque<Vec<u8>>,
    current: Option<Source>,
    delimiter: u8,
    /// Line numbers, `$` and ranges are each file's own.
    separate: bool,
    /// A file could not be read.
    pub(super) failed: bool,
}

struct Source {
    name: Vec<u8>,
    bytes: Arc<[u8]>,
    at: usize,
}

/// What comes next.
pub(super) enum Next {
    /// A line, and whether its end was there.
    Line(Vec<u8>, bool),
    /// The file of this name starts (only where files are separate).
    Starts(Vec<u8>),
    /// That file has ended.
    Ends,
    /// There is no more.
    Nothing,
}

impl Lines {
    pub(super) fn new(names: Vec<Vec<u8>>, delimiter: u8, separate: bool) -> Self {
        Self { names: names.into(), current: None, delimiter, separate, failed: false }
    }

    /// The name of the file that is read.
    pub(super) fn name(&self) -> &[u8] {
        self.current.as_ref().map_or(b"-", |source| source.name.as_slice())
    }

    pub(super) fn next(&mut self, system: &mut System<'_>, process: &mut Process) -> Result<Next, Stop> {
        loop {
            if let Some(source) = &mut self.current {
                let rest = source.bytes.get(source.at..).unwrap_or_default();
                if !rest.is_empty() {
                    let end = rest.iter().position(|byte| *byte == self.delimiter);
                    let line = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default().to_vec();
                    source.at += line.len() + usize::from(end.is_some());
                    return Ok(Next::Line(line, end.is_some()));
                }
                if self.separate {
                    self.current = None;
                    return Ok(Next::Ends);
                }
            }
            if !self.open(system, process)? {
                return Ok(Next::Nothing);
            }
            if let (true, Some(source)) = (self.separate, &self.current) {
                return Ok(Next::Starts(source.name.clone()));
            }
        }
    }

    /// Whether no line follows.
    pub(super) fn is_last(&mut self, system: &mut System<'_>, process: &mut Process) -> Result<bool, Stop> {
        loop {
            if self.current.as_ref().is_some_and(|source| source.at < source.bytes.len()) {
                return Ok(false);
            }
            if self.separate {
                return Ok(true);
            }
            // The name of the file that was read stays, should there be no other.
            let before = self.current.take();
            if !self.open(system, process)? {
                self.current = before;
                return Ok(true);
            }
        }
    }

    /// Opens the next file that can be read.
    fn open(&mut self, system: &mut System<'_>, process: &mut Process) -> Result<bool, Stop> {
        while let Some(name) = self.names.pop_front() {
            let shown = input::shown(&name);
            let path = process.path(&name);
            if name != b"-" && system.stat(&path).is_ok_and(|node| node.is_directory()) {
                let why = if self.separate {
                    format!("couldn't edit {shown}: not a regular file")
                } else {
                    format!("couldn't read {shown}: Is a directory")
                };
                process.complain(system, &why)?;
                self.failed = true;
                continue;
            }
            match input::read(system, process, &name) {
                Ok(bytes) => {
                    self.current = Some(Source { name, bytes, at: 0 });
                    return Ok(true);
                }
                Err(error) => {
                    process.complain(system, &format!("can't read {shown}: {error}"))?;
                    self.failed = true;
                }
            }
        }
        Ok(false)
    }
}
