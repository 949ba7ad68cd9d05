//! What an AWK program reads from and writes to: files and commands, by name.

use std::rc::Rc;
use std::sync::Arc;

use super::super::super::command;
use super::super::super::process::Process;
use super::super::super::stop::Stop;
use super::super::super::stream::{Open, Stream};
use super::super::super::system::System;
use super::super::input;
use super::super::regex::Regex;
use super::syntax::Target;

/// Texts to read and to write.
#[derive(Default)]
pub(super) struct Streams {
    out: Vec<u8>,
    readers: Vec<Reader>,
    writers: Vec<Writer>,
}

/// A file or a command's output that is read.
struct Reader {
    name: Vec<u8>,
    is_command: bool,
    text: Text,
    status: u8,
}

/// A text, and where reading it stands.
pub(super) struct Text {
    bytes: Arc<[u8]>,
    at: usize,
}

/// A file or a command's input that is written. It gets its text when it is closed, or before anything else runs.
struct Writer {
    name: Vec<u8>,
    target: Target,
    text: Vec<u8>,
}

/// How records end.
pub(super) enum End {
    Byte(u8),
    /// At empty lines.
    Paragraph,
    Pattern(Rc<Regex>),
}

impl Text {
    pub(super) const fn new(bytes: Arc<[u8]>) -> Self {
        Self { bytes, at: 0 }
    }

    /// The next record; none at the end.
    pub(super) fn record(&mut self, system: &mut System<'_>, end: &End) -> Result<Option<Rc<[u8]>>, Stop> {
        system.budget.step(1)?;
        if matches!(end, End::Paragraph) {
            while self.bytes.get(self.at) == Some(&b'\n') {
                self.at += 1;
            }
        }
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(None);
        }
        let (length, skipped) = match end {
            End::Byte(end) => match rest.iter().position(|byte| byte == end) {
                Some(at) => (at, 1),
                None => (rest.len(), 0),
            },
            End::Paragraph => match rest.windows(2).position(|pair| pair == b"\n\n") {
                Some(at) => (at, rest.iter().skip(at).take_while(|byte| **byte == b'\n').count()),
                None => (rest.strip_suffix(b"\n").unwrap_or(rest).len(), 1),
            },
            End::Pattern(regex) => match regex.find(&mut system.budget, rest, 0)?.filter(|(from, to)| to > from) {
                Some((from, to)) => (from, to - from),
                None => (rest.strip_suffix(b"\n").unwrap_or(rest).len(), 1),
            },
        };
        let record = Rc::from(rest.get(..length).unwrap_or_default());
        self.at = (self.at + length + skipped).min(self.bytes.len());
        Ok(Some(record))
    }
}

impl Streams {
    /// Writes to standard output.
    pub(super) fn print(&mut self, system: &mut System<'_>, process: &mut Process, text: &[u8]) -> Result<(), Stop> {
        self.out.extend(text);
        if self.out.len() > 1 << 16 {
            process.out(system, &std::mem::take(&mut self.out))?;
        }
        Ok(())
    }

    /// Sends everything where it goes; commands that are written to still wait for the end of their input.
    pub(super) fn flush(&mut self, system: &mut System<'_>, process: &mut Process) -> Result<(), Stop> {
        process.out(system, &std::mem::take(&mut self.out))?;
        for writer in &mut self.writers {
            if writer.target != Target::Command {
                append(system, process, &writer.name, &std::mem::take(&mut writer.text))?;
            }
        }
        Ok(())
    }

    /// Writes to a file or a command; the words of an error where it cannot be opened.
    pub(super) fn write(
        &mut self,
        system: &mut System<'_>,
        process: &mut Process,
        name: &[u8],
        target: Target,
        text: &[u8],
    ) -> Result<Result<(), String>, Stop> {
        if target != Target::Command {
            match name {
                b"/dev/stdout" | b"-" => return self.print(system, process, text).map(Ok),
                b"/dev/stderr" => {
                    self.flush(system, process)?;
                    process.write(system, 2, text).map(drop)?;
                    return Ok(Ok(()));
                }
                _ => {}
            }
        }
        let found = self.writers.iter().position(|writer| {
            writer.name == name && (writer.target == Target::Command) == (target == Target::Command)
        });
        let at = match found {
            Some(at) => at,
            None => {
                if target != Target::Command {
                    let opened = system.open_write(&process.path(name), target == Target::Append, process.umask);
                    if let Err(error) = opened {
                        return Ok(Err(format!("cannot open {} ({error})", input::shown(name))));
                    }
                }
                self.writers.push(Writer { name: name.to_vec(), target, text: Vec::new() });
                self.writers.len() - 1
            }
        };
        system.budget.bytes(text.len())?;
        if let Some(writer) = self.writers.get_mut(at) {
            writer.text.extend(text);
        }
        Ok(Ok(()))
    }

    /// The text of a file or of what a command prints; none where there is no such file.
    pub(super) fn reader(
        &mut self,
        system: &mut System<'_>,
        process: &mut Process,
        name: &[u8],
        is_command: bool,
    ) -> Result<Option<&mut Text>, Stop> {
        let found = self.readers.iter().position(|reader| reader.name == name && reader.is_command == is_command);
        let at = match found {
            Some(at) => at,
            None => {
                self.flush(system, process)?;
                let (bytes, status) = if is_command {
                    let pipe = Stream::pipe([]);
                    let status = self.shell(system, process, name, None, Some(&pipe))?;
                    (Arc::from(Stream::drain(&pipe)), status)
                } else {
                    match input::read(system, process, name) {
                        Ok(bytes) => (bytes, 0),
                        Err(_) => return Ok(None),
                    }
                };
                self.readers.push(Reader { name: name.to_vec(), is_command, text: Text::new(bytes), status });
                self.readers.len() - 1
            }
        };
        Ok(self.readers.get_mut(at).map(|reader| &mut reader.text))
    }

    /// Closes what has this name: the status of a command, 0 of a file, -1 where there is none.
    pub(super) fn close(&mut self, system: &mut System<'_>, process: &mut Process, name: &[u8]) -> Result<i32, Stop> {
        let mut status = -1;
        while let Some(at) = self.readers.iter().position(|reader| reader.name == name) {
            status = self.readers.remove(at).status.into();
        }
        while let Some(at) = self.writers.iter().position(|writer| writer.name == name) {
            let writer = self.writers.remove(at);
            status = self.finish(system, process, writer)?.into();
        }
        Ok(status)
    }

    /// Closes everything, at the program's end.
    pub(super) fn close_all(&mut self, system: &mut System<'_>, process: &mut Process) -> Result<(), Stop> {
        self.flush(system, process)?;
        for writer in std::mem::take(&mut self.writers) {
            self.finish(system, process, writer)?;
        }
        Ok(())
    }

    fn finish(&mut self, system: &mut System<'_>, process: &mut Process, writer: Writer) -> Result<u8, Stop> {
        if writer.target == Target::Command {
            self.flush(system, process)?;
            return self.shell(system, process, &writer.name, Some(writer.text), None);
        }
        append(system, process, &writer.name, &writer.text)?;
        Ok(0)
    }

    /// Runs a command with `/bin/sh`; its status.
    pub(super) fn shell(
        &mut self,
        system: &mut System<'_>,
        process: &mut Process,
        text: &[u8],
        stdin: Option<Vec<u8>>,
        stdout: Option<&Open>,
    ) -> Result<u8, Stop> {
        self.flush(system, process)?;
        let mut child = process.clone();
        child.args = vec![b"/bin/sh".to_vec(), b"-c".to_vec(), text.to_vec()];
        if let Some(stdin) = stdin {
            child.streams.set(0, Stream::pipe(stdin));
        }
        if let Some(stdout) = stdout {
            child.streams.set(1, Rc::clone(stdout));
        }
        command::exec(system, &mut child)
    }
}

/// Adds text to the end of a file that was opened before.
fn append(system: &mut System<'_>, process: &Process, name: &[u8], text: &[u8]) -> Result<(), Stop> {
    if text.is_empty() {
        return Ok(());
    }
    let mut file = process.clone();
    if let Ok(open) = system.open_write(&process.path(name), true, process.umask) {
        file.streams.set(1, open);
        file.out(system, text)?;
    }
    Ok(())
}
