//! Which shell a text is for, with which options, and how it is started.

use std::rc::Rc;

use super::{Halt, Mode, Script, Shell};
use crate::domain::script::command::Applet;
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

/// Shells by the names that scripts call them by, sorted.
pub(in crate::domain::script) const APPLETS: &[(&str, Applet)] =
    &[("bash", |system, process| applet(system, process, Mode::Bash)), ("dash", dash), ("rbash", rbash), ("sh", dash)];

/// A shell and its options, as a `#!` line has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interpreter {
    /// Which shell.
    pub mode: Mode,
    /// Its arguments before the script: `-e`.
    pub options: Vec<Vec<u8>>,
}

impl Interpreter {
    /// The shell that would interpret a file with these bytes, by execve(2) and by a shell's own rule for a file without `#!`;
    /// `None` when it is no shell script.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let Some(line) = line.strip_prefix(b"#!") else {
            // A shell takes what is text for a script (POSIX 2.9.1.1).
            let head = bytes.get(..bytes.len().min(128)).unwrap_or_default();
            let text = head.iter().take_while(|byte| **byte != b'\n').all(|byte| *byte != 0);
            return (text && !bytes.starts_with(b"\x7fELF")).then_some(Self { mode: Mode::Dash, options: Vec::new() });
        };
        let line = line.trim_ascii();
        let end = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
        let (program, rest) = line.split_at(end);
        let mut program = program.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        let mut rest = rest.trim_ascii();
        if program == b"env" {
            // `env bash`, and `env -S bash -e`.
            let whole = rest.strip_prefix(b"-S").map(<[u8]>::trim_ascii).unwrap_or(rest);
            let end = whole.iter().position(u8::is_ascii_whitespace).unwrap_or(whole.len());
            let (name, tail) = whole.split_at(end);
            program = name.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
            rest = tail.trim_ascii();
        }
        let mode = match program {
            b"sh" | b"dash" => Mode::Dash,
            b"bash" => Mode::Bash,
            _ => return None,
        };
        // The kernel passes all that follows as one argument.
        let options = if rest.is_empty() { Vec::new() } else { vec![rest.to_vec()] };
        Some(Self { mode, options })
    }

    /// Runs a script: see [`super::run`].
    ///
    /// # Errors
    /// When it cannot be interpreted.
    pub fn run(
        &self,
        system: &mut System<'_>,
        process: &mut Process,
        script_name: &str,
        text: &[u8],
    ) -> Result<u8, Stop> {
        let mut shell = Shell::new(self.mode, process.clone());
        let mut options = self.options.clone();
        options.push(b"--".to_vec());
        let outer = system.site.clone();
        shell.line = 1;
        let started = shell.start_options(system, &options);
        let script = Script::new(script_name.into(), system.sources.get(text, self.mode), None);
        let outcome = started.and_then(|()| shell.text(system, &Rc::new(script), false));
        let ended = shell.finish(system, outcome);
        system.site = outer;
        match ended {
            Ok(status) => Ok(status),
            Err(Halt::Stop(stop)) => Err(*stop),
            Err(_) => Ok(2),
        }
    }
}

fn dash(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    applet(system, process, Mode::Dash)
}

fn rbash(_: &mut System<'_>, _: &mut Process) -> Result<u8, Stop> {
    Err(Stop::unsupported("rbash", "the restricted shell"))
}

/// `sh [-options] [-c commands | file] [arguments]`.
fn applet(system: &mut System<'_>, process: &mut Process, mode: Mode) -> Result<u8, Stop> {
    let mut options = Vec::new();
    let mut commands = false;
    let mut rest = process.arguments().to_vec().into_iter().peekable();
    while let Some(option) = rest.next_if(|word| word.len() > 1 && matches!(word.first(), Some(b'-' | b'+'))) {
        if option == b"--" {
            break;
        }
        if option.starts_with(b"--") {
            match option.as_slice() {
                b"--norc" | b"--noprofile" | b"--posix" if mode == Mode::Bash => continue,
                _ => return Err(Stop::unsupported(&process.name(), String::from_utf8_lossy(&option))),
            }
        }
        let (sign, letters) = option.split_at(1);
        let mut kept = sign.to_vec();
        for letter in letters {
            match letter {
                b'c' => commands = true,
                b'i' | b'l' | b's' | b'r' => {
                    let what = format!("option -{}", char::from(*letter));
                    return Err(Stop::unsupported(&process.name(), what));
                }
                _ => kept.push(*letter),
            }
        }
        let takes_name = kept.contains(&b'o');
        if kept.len() > 1 {
            options.push(kept);
        }
        if takes_name {
            options.extend(rest.next());
        }
    }
    let interpreter = Interpreter { mode, options };
    let mut child = process.clone();
    let (name, text) = match rest.next() {
        Some(text) if commands => {
            child.args = match rest.next() {
                Some(name) => vec![name],
                None => vec![process.args.first().cloned().unwrap_or_default()],
            };
            let site = system.site.script.clone();
            (if site.is_empty() { "-c".into() } else { site }, text)
        }
        None if commands => {
            process.complain(system, "0: -c requires an argument")?;
            return Ok(2);
        }
        Some(file) => {
            let path = process.path(&file);
            let Ok(bytes) = system.read(&path) else {
                let text = format!("0: cannot open {}: No such file", String::from_utf8_lossy(&file));
                process.complain(system, &text)?;
                return Ok(2);
            };
            child.args = vec![file];
            (format!("/{}", String::from_utf8_lossy(&path)), bytes.to_vec())
        }
        None => {
            let bytes = process.read_all(system, 0).unwrap_or_default();
            child.args = vec![process.args.first().cloned().unwrap_or_default()];
            ("standard input".into(), bytes)
        }
    };
    child.args.extend(rest);
    interpreter.run(system, &mut child, &name, &text)
}
