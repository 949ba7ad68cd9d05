//! `dpkg-realpath`(1), a compiled program since dpkg 1.22: a name without symbolic links, whether or not all of it is there.

use super::super::super::core::canonical::{Existing, canonical};
use super::super::super::process::Process;
use super::super::super::stop::Stop;
use super::super::super::system::System;
use super::super::failure::{Failure, conclude};
use super::{Command, usage};

const OPTIONS: [&str; 1] = ["zero"];
const LETTERS: [(u8, &str); 1] = [(b'z', "zero")];

/// `dpkg-realpath`.
pub(in super::super) fn dpkg_realpath(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let result = Command::parse(process, &OPTIONS, &LETTERS).and_then(|command| run(system, process, &command));
    conclude(system, process, result)
}

fn run(system: &mut System<'_>, process: &mut Process, command: &Command) -> Result<u8, Failure> {
    let [name] = command.operands.as_slice() else {
        return Err(usage(process, "a single pathname argument is needed"));
    };
    let found = canonical(system, process, name, Existing::Nothing);
    let mut found = found.map_err(|error| Failure::call("cannot canonicalize pathname", name, error))?;
    found.push(if command.has("zero") { b'\0' } else { b'\n' });
    process.out(system, &found)?;
    Ok(0)
}
