//! What a process has, and how it reads and writes.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::errno::Errno;
use super::stop::Stop;
use super::stream::{Stream, Streams};
use super::system::System;

/// A process: a program that was called, or a shell.
#[derive(Clone)]
pub struct Process {
    /// The program's name as it was called, then its arguments.
    pub args: Vec<Vec<u8>>,
    /// Exported variables.
    pub env: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The working directory: a path in the tree without a leading `/`, empty for the root.
    pub cwd: Vec<u8>,
    /// Permission bits that new files do not get.
    pub umask: u32,
    /// Descriptors.
    pub streams: Streams,
}

impl Process {
    /// A process in `/` with root's usual umask and no streams.
    #[must_use]
    pub fn new(args: Vec<Vec<u8>>, env: BTreeMap<Vec<u8>, Vec<u8>>) -> Self {
        Self { args, env, cwd: Vec::new(), umask: 0o022, streams: Streams::null() }
    }

    /// The name it was called by, without folders, for its messages.
    #[must_use]
    pub fn name(&self) -> String {
        let name = self.args.first().map(Vec::as_slice).unwrap_or_default();
        let last = name.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        String::from_utf8_lossy(last).into_owned()
    }

    /// The arguments, without the name.
    #[must_use]
    pub fn arguments(&self) -> &[Vec<u8>] {
        self.args.get(1..).unwrap_or_default()
    }

    /// A path that this process names, as the tree has it: from the root, without a leading `/`. Symbolic links and `..`
    /// are left to the tree.
    #[must_use]
    pub fn path(&self, path: &[u8]) -> Vec<u8> {
        match path.strip_prefix(b"/") {
            Some(absolute) => absolute.to_vec(),
            None if self.cwd.is_empty() => path.to_vec(),
            None => [self.cwd.as_slice(), b"/", path].concat(),
        }
    }

    /// Writes to a descriptor. A closed one takes nothing.
    ///
    /// # Errors
    /// [`Errno::BadDescriptor`] inside where it is closed or not for writing; [`Stop`] when the bytes are too many.
    pub fn write(&mut self, system: &mut System<'_>, fd: u32, bytes: &[u8]) -> Result<Result<(), Errno>, Stop> {
        let Some(open) = self.streams.get(fd).map(Rc::clone) else { return Ok(Err(Errno::BadDescriptor)) };
        system.budget.bytes(bytes.len())?;
        let mut lines = Vec::new();
        let dialogue = match &mut *open.borrow_mut() {
            Stream::Null => return Ok(Ok(())),
            Stream::Pipe(buffer) => {
                buffer.extend(bytes);
                return Ok(Ok(()));
            }
            Stream::File { path, position, append, write: true, .. } => {
                let at = if *append { None } else { Some(*position) };
                return Ok(system.write_at(path, at, bytes).map(|end| *position = end));
            }
            Stream::File { .. } => return Ok(Err(Errno::BadDescriptor)),
            Stream::Dialogue { pending, answer, answers } => {
                let mut rest = bytes;
                while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                    let (line, after) = rest.split_at(end + 1);
                    lines.push([std::mem::take(pending).as_slice(), line].concat());
                    rest = after;
                }
                pending.extend_from_slice(rest);
                (Rc::clone(answer), Rc::clone(answers))
            }
        };
        let (answer, answers) = dialogue;
        for line in lines {
            let reply = answer(system, line.strip_suffix(b"\n").unwrap_or(&line))?;
            system.budget.bytes(reply.len())?;
            if let Stream::Pipe(buffer) = &mut *answers.borrow_mut() {
                buffer.extend(reply);
            }
        }
        Ok(Ok(()))
    }

    /// Writes to standard output; a closed one takes nothing.
    ///
    /// # Errors
    /// When the bytes are too many.
    pub fn out(&mut self, system: &mut System<'_>, bytes: &[u8]) -> Result<(), Stop> {
        self.write(system, 1, bytes).map(drop)
    }

    /// Writes a line `NAME: TEXT` to standard error.
    ///
    /// # Errors
    /// When the bytes are too many.
    pub fn complain(&mut self, system: &mut System<'_>, text: &str) -> Result<(), Stop> {
        let line = format!("{}: {text}\n", self.name());
        self.write(system, 2, line.as_bytes()).map(drop)
    }

    /// Reads at most `limit` bytes from a descriptor; fewer at the end.
    ///
    /// # Errors
    /// [`Errno::BadDescriptor`] where it is closed or not for reading.
    pub fn read(&mut self, system: &mut System<'_>, fd: u32, limit: usize) -> Result<Vec<u8>, Errno> {
        let open = self.streams.get(fd).map(Rc::clone).ok_or(Errno::BadDescriptor)?;
        match &mut *open.borrow_mut() {
            Stream::Null => Ok(Vec::new()),
            Stream::Pipe(buffer) => {
                let n = limit.min(buffer.len());
                Ok(buffer.drain(..n).collect())
            }
            Stream::File { path, position, read: true, .. } => {
                let bytes = system.bytes_of(path)?;
                let start = (*position).min(bytes.len());
                let end = start.saturating_add(limit).min(bytes.len());
                *position = end;
                system.budget.charge((end - start) / 8);
                Ok(bytes.get(start..end).unwrap_or_default().to_vec())
            }
            Stream::File { .. } | Stream::Dialogue { .. } => Err(Errno::BadDescriptor),
        }
    }

    /// Reads a line with its end; what follows stays. Empty at the end of input.
    ///
    /// # Errors
    /// As [`Process::read`].
    pub fn read_line(&mut self, system: &mut System<'_>, fd: u32) -> Result<Vec<u8>, Errno> {
        let open = self.streams.get(fd).map(Rc::clone).ok_or(Errno::BadDescriptor)?;
        let n = match &*open.borrow() {
            Stream::Pipe(buffer) => buffer.iter().position(|byte| *byte == b'\n').map_or(buffer.len(), |end| end + 1),
            Stream::File { path, position, read: true, .. } => {
                let bytes = system.bytes_of(path)?;
                let rest = bytes.get(*position..).unwrap_or_default();
                rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1)
            }
            _ => 0,
        };
        self.read(system, fd, n)
    }

    /// Reads all that is left.
    ///
    /// # Errors
    /// As [`Process::read`].
    pub fn read_all(&mut self, system: &mut System<'_>, fd: u32) -> Result<Vec<u8>, Errno> {
        self.read(system, fd, usize::MAX)
    }
}
