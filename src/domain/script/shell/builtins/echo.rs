//! `echo`: dash's, which always knows escapes, and bash's, which must be told.

use super::super::escape::{Dialect, unescape};
use super::super::{Mode, Run, Shell};
use super::Call;
use crate::domain::script::system::System;

pub(super) fn echo(shell: &mut Shell, system: &mut System<'_>, call: Call<'_>) -> Run {
    let mut words = call.arguments;
    let (mut newline, mut escapes) = (true, shell.mode == Mode::Dash);
    while let Some((first, rest)) = words.split_first() {
        let flags = first.strip_prefix(b"-").unwrap_or_default();
        match shell.mode {
            Mode::Dash if first == b"-n" => {
                newline = false;
                words = rest;
                break;
            }
            Mode::Bash if !flags.is_empty() && flags.iter().all(|flag| b"neE".contains(flag)) => {
                for flag in flags {
                    match flag {
                        b'n' => newline = false,
                        b'e' => escapes = true,
                        _ => escapes = false,
                    }
                }
                words = rest;
            }
            _ => break,
        }
    }
    let mut out = words.join(&b' ');
    if escapes {
        let dialect = if shell.mode == Mode::Dash { Dialect::Echo } else { Dialect::BashEcho };
        let (text, ended) = unescape(&out, dialect);
        out = text;
        newline &= !ended;
    }
    if newline {
        out.push(b'\n');
    }
    shell.emit(system, &out)
}

impl Shell {
    /// Writes a built-in's output; a closed descriptor is an error of it.
    pub(super) fn emit(&mut self, system: &mut System<'_>, bytes: &[u8]) -> Run {
        match self.process.write(system, 1, bytes)? {
            Ok(()) => Ok(0),
            Err(_) if bytes.is_empty() => Ok(0),
            Err(error) => {
                let text = match self.mode {
                    Mode::Dash => format!("{}: I/O error", self.builtin.unwrap_or_default()),
                    Mode::Bash => format!("write error: {error}"),
                };
                self.complain(system, text.as_bytes())?;
                Ok(1)
            }
        }
    }
}
