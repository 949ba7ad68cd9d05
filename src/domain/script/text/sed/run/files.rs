//! What a `sed` program reads and writes: its input, one file after the other, and the files that it names.

use std::sync::Arc;

use super::super::super::super::errno::Errno;
use super::super::super::super::process::Process;
use super::super::super::super::stop::Stop;
use super::super::super::super::system::System;
use super::super::super::input;
use super::super::lines::Next;
use super::{Machine, Queued};

impl<'a> Machine<'a> {
    /// Reads the next line, behind the one there is with `append`; false where there is none.
    pub(super) fn read(&mut self, system: &mut System<'_>, process: &mut Process, append: bool) -> Result<bool, Stop> {
        loop {
            match self.lines.next(system, process)? {
                Next::Nothing => return Ok(false),
                Next::Line(line, ended) => {
                    system.budget.bytes(line.len())?;
                    if append {
                        self.line.push(self.delimiter);
                        self.line.extend(line);
                    } else {
                        self.line = line;
                    }
                    self.ended = ended;
                    self.number += 1;
                    self.replaced &= append;
                    return Ok(true);
                }
                Next::Starts(name) => {
                    self.number = 0;
                    self.ranges = self.program.commands.iter().map(Self::fresh).collect();
                    if self.settings.in_place.is_some() {
                        self.out.flush(system, process)?;
                        self.edited = Some(name);
                    } else {
                        self.out.close(self.delimiter);
                    }
                }
                Next::Ends => self.finish_file(system, process)?,
            }
        }
    }

    /// Puts what was written in the place of the file that is edited.
    pub(super) fn finish_file(&mut self, system: &mut System<'_>, process: &mut Process) -> Result<(), Stop> {
        let Some(name) = self.edited.take() else { return Ok(()) };
        let text = std::mem::take(&mut self.out).text;
        system.budget.bytes(text.len())?;
        if let Err(error) = self.replace(system, process, &name, text) {
            process.complain(system, &format!("couldn't open temporary file: {error}"))?;
            self.lines.failed = true;
        }
        Ok(())
    }

    pub(super) fn replace(
        &self,
        system: &mut System<'_>,
        process: &Process,
        name: &[u8],
        text: Vec<u8>,
    ) -> Result<(), Errno> {
        let mut path = process.path(name);
        if self.settings.follow_links {
            path = system.tree.real_path(&path)?.ok_or(Errno::Missing)?;
        }
        let meta = system.stat(&path)?.meta.clone();
        let suffix = self.settings.in_place.clone().unwrap_or_default();
        let is_link = system.lstat(&path)?.target().is_some();
        if !suffix.is_empty() {
            let (folder, base) = match path.iter().rposition(|byte| *byte == b'/') {
                Some(slash) => path.split_at(slash + 1),
                None => (&b""[..], path.as_slice()),
            };
            let kept = if suffix.contains(&b'*') {
                let parts: Vec<&[u8]> = suffix.split(|byte| *byte == b'*').collect();
                parts.join(base)
            } else {
                [base, &suffix].concat()
            };
            let kept = if kept.contains(&b'/') { process.path(&kept) } else { [folder, &kept].concat() };
            system.rename(&path, &kept)?;
        } else if is_link {
            // The new file takes the place of the link.
            system.unlink(&path)?;
        }
        let is_new = !suffix.is_empty() || is_link;
        system.write_file(&path, text, 0)?;
        if is_new {
            system.change(&path, |new| {
                let mtime = new.mtime;
                *new = meta;
                new.mtime = mtime;
            })?;
        }
        Ok(())
    }

    /// Writes the files of `w`.
    pub(super) fn write_files(&mut self, system: &mut System<'_>, process: &mut Process) -> Result<(), Stop> {
        for (name, output) in self.program.outputs.iter().zip(&mut self.files) {
            let text = std::mem::take(&mut output.text);
            if text.is_empty() {
                continue;
            }
            if let Some(fd) = descriptor(name) {
                process.write(system, fd, &text).map(drop)?;
                continue;
            }
            system.budget.bytes(text.len())?;
            if let Err(error) = append(system, process, name, &text) {
                process.complain(system, &format!("couldn't write to {}: {error}", input::shown(name)))?;
            }
        }
        Ok(())
    }

    pub(super) fn read_line(&mut self, system: &mut System<'_>, process: &mut Process, name: &'a [u8]) {
        if !self.readers.iter().any(|(other, ..)| *other == name) {
            let bytes = input::file(system, process, name).unwrap_or_else(|_| Arc::from([]));
            self.readers.push((name, bytes, 0));
        }
        let Some((_, bytes, at)) = self.readers.iter_mut().find(|(other, ..)| *other == name) else { return };
        let rest = bytes.get(*at..).unwrap_or_default();
        if let Some(line) = rest.split_inclusive(|byte| *byte == self.delimiter).next() {
            *at += line.len();
            self.queue.push(Queued::Line(line.to_vec()));
        }
    }

    pub(super) fn write(&mut self, file: usize, first: bool) {
        let delimiter = self.delimiter;
        let line = if first {
            self.line.split(|byte| *byte == delimiter).next().unwrap_or_default()
        } else {
            self.line.as_slice()
        };
        let to_output = self.program.outputs.get(file).is_some_and(|name| name == b"/dev/stdout");
        if to_output && self.edited.is_none() {
            self.out.line(line, self.ended || first, delimiter);
        } else if let Some(output) = self.files.get_mut(file) {
            output.line(line, self.ended || first, delimiter);
        }
    }
}

/// The descriptor that a special name stands for.
pub(super) fn descriptor(name: &[u8]) -> Option<u32> {
    match name {
        b"/dev/stdout" => Some(1),
        b"/dev/stderr" => Some(2),
        _ => None,
    }
}

/// Adds to the end of a file.
fn append(system: &mut System<'_>, process: &Process, name: &[u8], text: &[u8]) -> Result<(), Errno> {
    let path = process.path(name);
    let mut bytes = match system.read(&path) {
        Ok(bytes) => bytes.to_vec(),
        Err(Errno::Missing) => Vec::new(),
        Err(error) => return Err(error),
    };
    if name == b"/dev/null" {
        return Ok(());
    }
    bytes.extend(text);
    system.write_file(&path, bytes, process.umask)
}
