//! tee(1): standard input to standard output and to files.

use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::{input, options};

const LONG: &[options::Long] = &[("append", 'a'), ("ignore-interrupts", 'i'), ("output-error", '=')];

/// Runs it.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let parsed = match options::parse(process.arguments(), "aip=::", LONG) {
        Ok(parsed) => parsed,
        Err(bad) => return options::refuse(system, process, &bad, 1),
    };
    let mut append = false;
    for (letter, _) in parsed.options {
        match letter {
            'a' => append = true,
            // Nobody interrupts, and no pipe breaks.
            'i' | 'p' => {}
            other => return Err(options::unsupported(process, other)),
        }
    }
    let bytes = match process.read_all(system, 0) {
        Ok(bytes) => bytes,
        Err(error) => {
            process.complain(system, &format!("read error: {error}"))?;
            return Ok(1);
        }
    };
    process.out(system, &bytes)?;
    let mut status = 0;
    for name in parsed.operands {
        match name.as_slice() {
            b"/dev/stdout" | b"-" => {
                process.out(system, &bytes)?;
                continue;
            }
            b"/dev/stderr" => {
                process.write(system, 2, &bytes).map(drop)?;
                continue;
            }
            _ => {}
        }
        let path = process.path(&name);
        let mut file = process.clone();
        let written = match system.open_write(&path, append, process.umask) {
            Ok(open) => {
                file.streams.set(1, open);
                file.write(system, 1, &bytes)?
            }
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            process.complain(system, &format!("{}: {error}", input::shown(&name)))?;
            status = 1;
        }
    }
    Ok(status)
}
