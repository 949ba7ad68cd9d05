//! awk(1), mawk(1), gawk(1): a program for each record.
//!
//! The language of POSIX as `mawk` executes it, over bytes. `for (k in a)` walks elements in the order in which they were made,
//! where real ones have an order of their own; scripts that rely on one sort. Intervals in patterns (`a{2}`) are
//! understood, as by `gawk` and by `mawk` since 1.3.4-2020. Random numbers, the time and most of `gawk`'s own functions are
//! not modelled.

mod builtin;
mod eval;
mod expression;
mod lex;
mod parse;
mod print;
mod reading;
mod record;
mod run;
mod streams;
mod syntax;
mod value;
mod variables;

use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::regex::{Escapes, Syntax};
use super::{input, options};

/// Runs it.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let is_gawk = |path: Vec<u8>| path.ends_with(b"/gawk");
    let chosen = system.tree.real_path(b"usr/bin/awk").ok().flatten().is_some_and(is_gawk);
    let gawk = process.name() == "gawk" || process.name() == "awk" && chosen;
    let parsed = match options::parse(process.arguments(), "+F:v:f:W:e:", &[]) {
        Ok(parsed) => parsed,
        Err(options::Bad::Word(_)) => return Err(Stop::unsupported(&process.name(), "a long option")),
        Err(options::Bad::Letter(letter)) => {
            process.complain(system, &format!("not an option: -{letter}"))?;
            return Ok(2);
        }
        Err(bad) => return options::refuse(system, process, &bad, 2),
    };
    let (mut assignments, mut separator, mut text, mut given) = (Vec::new(), None, Vec::new(), false);
    for (letter, value) in parsed.options {
        let value = value.unwrap_or_default();
        match letter {
            'F' => separator = Some(value),
            'v' => assignments.push(value),
            'f' => {
                match input::read(system, process, &value) {
                    Ok(bytes) => text.extend_from_slice(&bytes),
                    Err(error) => {
                        process.complain(system, &format!("cannot open {} ({error})", input::shown(&value)))?;
                        return Ok(2);
                    }
                }
                text.push(b'\n');
                given = true;
            }
            other => return Err(options::unsupported(process, other)),
        }
    }
    let mut operands = parsed.operands;
    if !given {
        if operands.is_empty() {
            process.write(system, 2, b"Usage: mawk [Options] [Program] [file ...]\n").map(drop)?;
            return Ok(0);
        }
        text = operands.remove(0);
    }
    let syntax = Syntax {
        extended: true,
        utf8: gawk && input::utf8(process),
        escapes: if gawk { Escapes::Gawk } else { Escapes::Awk },
        ..Syntax::default()
    };
    let program = match parse::parse(&text, syntax) {
        Ok(program) => program,
        Err((line, why)) => {
            process.complain(system, &format!("line {line}: {why}"))?;
            return Ok(2);
        }
    };
    let mut machine = run::Machine::new(system, process, &program, syntax, &operands);
    if let Some(separator) = separator {
        machine.set_separator(&separator);
    }
    machine.start(&assignments)
}
