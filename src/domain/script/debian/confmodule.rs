//! `Debconf::Client::ConfModule`: how Perl programs talk to debconf's frontend (debconf-devel(7)).
//!
//! A command is a line to standard output, or to descriptor 3 inside a shell script that talks to the frontend itself; its
//! answer is a line of standard input.

use super::super::command;
use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;

/// Where debconf's frontend is.
const FRONTEND: &[u8] = b"/usr/share/debconf/frontend";

/// A program's line to the frontend.
pub(super) struct ConfModule {
    /// The descriptor that commands go to.
    commands: u32,
}

/// What `use Debconf::Client::ConfModule` came to.
pub(super) enum Started {
    /// The program talks to a frontend.
    Talking(ConfModule),
    /// There was no frontend, so one was started that ran the program; its status.
    Ran(u8),
}

impl ConfModule {
    /// Finds the frontend, or starts one that runs the program again. `program` is `$0`.
    ///
    /// # Errors
    /// When the frontend cannot be run.
    pub(super) fn start(system: &mut System<'_>, process: &mut Process, program: &[u8]) -> Result<Started, Stop> {
        let set = |name: &[u8]| process.env.get(name).is_some_and(|value| !value.is_empty() && value != b"0");
        if set(b"DEBIAN_HAS_FRONTEND") {
            let commands = if set(b"DEBCONF_REDIR") { 3 } else { 1 };
            return Ok(Started::Talking(Self { commands }));
        }
        let mut frontend = process.clone();
        frontend.args = [FRONTEND.to_vec(), program.to_vec()].into_iter().chain(process.arguments().to_vec()).collect();
        frontend.env.insert(b"PERL_DL_NONLAZY".to_vec(), b"1".to_vec());
        command::exec(system, &mut frontend).map(Started::Ran)
    }

    /// Sends a command, and waits for its answer: the value, or what is wrong.
    ///
    /// # Errors
    /// When the frontend stops the interpretation.
    pub(super) fn ask(&self, system: &mut System<'_>, process: &mut Process, words: &[&[u8]]) -> Result<Vec<u8>, Stop> {
        let line = [words.join(&b' ').as_slice(), b"\n"].concat();
        process.write(system, self.commands, &line).map(drop)?;
        let reply = process.read_line(system, 0).unwrap_or_default();
        let reply = reply.strip_suffix(b"\n").unwrap_or(&reply);
        let end = reply.iter().position(u8::is_ascii_whitespace).unwrap_or(reply.len());
        let (code, text) = (reply.get(..end).unwrap_or_default(), reply.get(end + 1..).unwrap_or_default());
        Ok(match code {
            b"1" => unescaped(text),
            _ => text.to_vec(),
        })
    }

    /// A question's value.
    ///
    /// # Errors
    /// As [`ConfModule::ask`]'s.
    pub(super) fn get(&self, system: &mut System<'_>, process: &mut Process, question: &str) -> Result<Vec<u8>, Stop> {
        self.ask(system, process, &[b"GET", question.as_bytes()])
    }

    /// Gives a question a value.
    ///
    /// # Errors
    /// As [`ConfModule::ask`]'s.
    pub(super) fn set(
        &self,
        system: &mut System<'_>,
        process: &mut Process,
        question: &str,
        value: &[u8],
    ) -> Result<(), Stop> {
        self.ask(system, process, &[b"SET", question.as_bytes(), value]).map(drop)
    }

    /// Wants a question asked.
    ///
    /// # Errors
    /// As [`ConfModule::ask`]'s.
    pub(super) fn input(
        &self,
        system: &mut System<'_>,
        process: &mut Process,
        priority: &str,
        question: &str,
    ) -> Result<(), Stop> {
        self.ask(system, process, &[b"INPUT", priority.as_bytes(), question.as_bytes()]).map(drop)
    }

    /// Has the wanted questions asked.
    ///
    /// # Errors
    /// As [`ConfModule::ask`]'s.
    pub(super) fn go(&self, system: &mut System<'_>, process: &mut Process) -> Result<(), Stop> {
        self.ask(system, process, &[b"GO"]).map(drop)
    }
}

/// `\n` for a line's end, `\X` for any other X.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let (mut plain, mut bytes) = (Vec::new(), text.iter());
    while let Some(byte) = bytes.next() {
        match (byte, bytes.as_slice().first()) {
            (b'\\', Some(next)) => {
                plain.push(if *next == b'n' { b'\n' } else { *next });
                bytes.next();
            }
            _ => plain.push(*byte),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    #[test]
    fn escapes_are_undone() {
        assert_eq!(super::unescaped(br"a\nb\\n\x\"), b"a\nb\\nx\\");
    }
}
