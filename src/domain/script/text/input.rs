//! Files named as operands, and the lines in them.

use std::rc::Rc;
use std::sync::Arc;

use super::super::errno::Errno;
use super::super::process::Process;
use super::super::stop::Stop;
use super::super::stream::Stream;
use super::super::system::System;

/// All bytes of the file that an operand names; `-` is standard input.
pub(super) fn read(system: &mut System<'_>, process: &mut Process, name: &[u8]) -> Result<Arc<[u8]>, Errno> {
    match name {
        b"-" => process.read_all(system, 0).map(Arc::from),
        name => file(system, process, name),
    }
}

/// All bytes of a file; `-` is a file of this name.
pub(super) fn file(system: &mut System<'_>, process: &mut Process, name: &[u8]) -> Result<Arc<[u8]>, Errno> {
    match name {
        b"" => Err(Errno::Missing),
        b"/dev/stdin" | b"/dev/fd/0" | b"/proc/self/fd/0" => process.read_all(system, 0).map(Arc::from),
        name => {
            let path = process.path(name);
            system.stat(&path)?;
            system.read(&path)
        }
    }
}

/// Reads a file; where it cannot be read, says so as the core utilities do (`NAME: FILE: REASON`).
pub(super) fn read_or_say(
    system: &mut System<'_>,
    process: &mut Process,
    name: &[u8],
) -> Result<Option<Arc<[u8]>>, Stop> {
    match read(system, process, name) {
        Ok(bytes) => {
            // Before work on them begins.
            system.budget.bytes(0)?;
            Ok(Some(bytes))
        }
        Err(error) => {
            let shown = shown(name);
            process.complain(system, &format!("{shown}: {error}"))?;
            Ok(None)
        }
    }
}

/// Operands, or standard input where there are none.
pub(super) fn or_stdin(operands: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    if operands.is_empty() { vec![b"-".to_vec()] } else { operands }
}

/// The parts of `text` that end at `end`, without it; what follows the last one is one too.
pub(super) fn lines(text: &[u8], end: u8) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(move |byte| *byte == end).map(move |line| line.strip_suffix(&[end]).unwrap_or(line))
}

/// A name in a message.
pub(super) fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

/// A name in quotes, as the core utilities quote in the C.UTF-8 locale.
pub(super) fn quoted(process: &Process, name: &[u8]) -> String {
    let (open, close) = if utf8(process) { ("\u{2018}", "\u{2019}") } else { ("'", "'") };
    format!("{open}{}{close}", shown(name))
}

/// Whether the environment says that text is UTF-8 (locale(7)).
pub(super) fn utf8(process: &Process) -> bool {
    let value = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| process.env.get(name.as_bytes()).filter(|value| !value.is_empty()));
    value.is_some_and(|value| {
        let value = value.to_ascii_lowercase();
        value.ends_with(b".utf-8") || value.ends_with(b".utf8")
    })
}

/// Whether standard output goes to the file of this name.
pub(super) fn is_output(system: &System<'_>, process: &Process, name: &[u8]) -> bool {
    let Ok(Some(real)) = system.tree.real_path(&process.path(name)) else { return false };
    let output = process.streams.get(1).map(Rc::clone);
    output.is_some_and(|open| matches!(&*open.borrow(), Stream::File { path, .. } if *path == real))
}
