//! Built-ins that decide what runs: `.`, `break`, `continue`, `eval`, `exec`, `exit`, `return`, `shift`, `wait` and kin.

use std::rc::Rc;

use super::super::{Halt, Mode, Run, SELF, Script, Shell};
use super::Call;
use crate::domain::script::command;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

pub(super) fn colon(_: &mut Shell, _: &mut System<'_>, _: Call<'_>) -> Run {
    Ok(0)
}

pub(super) fn no(_: &mut Shell, _: &mut System<'_>, _: Call<'_>) -> Run {
    Ok(1)
}

pub(super) fn unsupported(shell: &mut Shell, _: &mut System<'_>, _: Call<'_>) -> Run {
    Err(Stop::unsupported(shell.builtin.unwrap_or_default(), "this built-in").into())
}

/// `times`: no time passes here.
pub(super) fn times(shell: &mut Shell, system: &mut System<'_>, _: Call<'_>) -> Run {
    let line: &[u8] = if shell.mode == Mode::Bash { b"0m0.000s 0m0.000s\n" } else { b"0m0.000000s 0m0.000000s\n" };
    shell.process.out(system, &line.repeat(2))?;
    Ok(0)
}

/// `jobs`: what `&` ended has ended.
pub(super) fn jobs(_: &mut Shell, _: &mut System<'_>, _: Call<'_>) -> Run {
    Ok(0)
}

pub(super) fn arithmetic(shell: &mut Shell, system: &mut System<'_>, call: Call<'_>) -> Run {
    let mut value = 0;
    for expression in call.arguments {
        value = shell.compute(system, expression)?;
    }
    Ok(u8::from(value == 0))
}

fn levels(shell: &mut Shell, system: &mut System<'_>, call: &Call<'_>) -> Run<Result<u32, u8>> {
    let levels = match call.arguments.first() {
        None => 1,
        Some(text) => match shell.number(system, text)? {
            Ok(0) => {
                let status = shell.wrong(system, &[b"Illegal number: ", text.as_slice()].concat())?;
                return Ok(Err(status));
            }
            Ok(levels) => u32::try_from(levels).unwrap_or(u32::MAX),
            Err(status) => return Ok(Err(status)),
        },
    };
    Ok(Ok(levels.min(shell.loops)))
}

pub(super) fn leave_loop(shell: &mut Shell, system: &mut System<'_>, call: Call<'_>) -> Run {
    match levels(shell, system, &call)? {
        Ok(0) => Ok(0),
        Ok(levels) => Err(Halt::Break(levels)),
        Err(status) => Ok(status),
    }
}

pub(super) fn next_turn(shell: &mut Shell, system: &mut System<'_>, call: Call<'_>) -> Run {
    match levels(shell, system, &call)? {
        Ok(0) => Ok(0),
        Ok(levels) => Err(Halt::Continue(levels)),
        Err(status) => Ok(status),
    }
}

fn status_argument(shell: &mut Shell, system: &mut System<'_>, call: &Call<'_>) -> Run<Result<u8, u8>> {
    Ok(match call.arguments.first() {
        None => Ok(shell.status),
        Some(text) => match shell.number(system, text)? {
            Ok(status) => Ok(status.to_le_bytes()[0]),
            Err(status) => Err(status),
        },
    })
}

pub(super) fn exit(shell: &mut Shell, system: &mut System<'_>, call: Call<'_>) -> Run {
    let (Ok(status) | Err(status)) = status_argument(shell, system, &call)?;
    Err(Halt::Exit(status))
}

/// `return`: outside of functions and sourced files it ends the script, as dash has it.
pub(super) fn give_back(shell: &mut Shell, system: &mut System<'_>, call: Call<'_>) -> Run {
    if shell.mode == Mode::Bash && shell.returnable == 0 {
        shell.complain(system, b"can only `return' from a function or sourced script")?;
        return Ok(1);
    }
    let (Ok(status) | Err(status)) = status_argument(shell, system, &call)?;
    Err(Halt::Return(status))
}

pub(super) fn eval(shell: &mut Shell, system: &mut System<'_>, call: Call<'_>) -> Run {
    let text = call.arguments.join(&b' ');
    let (site, line) = (system.site.clone(), shell.line);
    system.budget.bytes(text.len())?;
    let builtin = shell.builtin;
    if shell.mode == Mode::Bash {
        shell.builtin = None;
    }
    let run = shell.evaluate(system, text, site, call.tested);
    shell.builtin = builtin;
    shell.line = line;
    run
}

/// `.`: reads a file of the tree, with `PATH` where the name has no `/`.
pub(super) fn source(shell: &mut Shell, system: &mut System<'_>, call: Call<'_>) -> Run {
    let Some(name) = call.arguments.first() else {
        return if shell.mode == Mode::Bash { shell.wrong(system, b"filename argument required") } else { Ok(0) };
    };
    let mut found = None;
    if name.contains(&b'/') {
        found = Some(shell.process.path(name));
    } else {
        let path = shell.variables.get(b"PATH").cloned().unwrap_or_default();
        for folder in path.split(|byte| *byte == b':') {
            let candidate = shell.process.path(&[folder, b"/", name.as_slice()].concat());
            if system.stat(&candidate).is_ok_and(|node| !node.is_directory()) {
                found = Some(candidate);
                break;
            }
        }
        if found.is_none() && shell.mode == Mode::Bash {
            found = Some(shell.process.path(name));
        }
    }
    let read = found.as_ref().map(|path| system.read(path));
    let (Some(path), Some(Ok(bytes))) = (found, read) else {
        let reason: &[u8] = match (shell.mode, name.contains(&b'/')) {
            (Mode::Dash, true) => b"cannot open ",
            _ => b"",
        };
        let tail: &[u8] = match (shell.mode, name.contains(&b'/')) {
            (Mode::Dash, true) => b": No such file",
            (Mode::Dash, false) => b": not found",
            (Mode::Bash, _) => b": No such file or directory",
        };
        return shell.wrong(system, &[reason, name, tail].concat());
    };
    let mut real = vec![b'/'];
    real.extend(system.tree.real_path(&path).ok().flatten().unwrap_or(path));
    let script = Script::new(String::from_utf8_lossy(&real).into_owned(), system.sources.get(&bytes, shell.mode), None);
    let arguments = call.arguments.get(1..).unwrap_or_default();
    let own = shell.mode == Mode::Bash && !arguments.is_empty();
    let outer = own.then(|| std::mem::replace(&mut shell.parameters, arguments.to_vec()));
    let builtin = shell.builtin.take();
    let (line, loops) = (shell.line, shell.loops);
    let sourced = shell.sourced.replace(name.clone());
    let tested = call.tested && shell.mode == Mode::Bash;
    shell.returnable += 1;
    shell.status = 0;
    let run = shell.text(system, &Rc::new(script), tested);
    shell.returnable -= 1;
    shell.sourced = sourced;
    shell.loops = loops;
    shell.line = line;
    shell.builtin = builtin;
    if let Some(outer) = outer {
        shell.parameters = outer;
    }
    match run {
        Err(Halt::Return(status)) => Ok(status),
        run => run,
    }
}

/// `exec`: with a command, it is the last one; without, its redirections stay.
pub(super) fn exec(shell: &mut Shell, system: &mut System<'_>, call: Call<'_>) -> Run {
    let mut arguments = call.arguments;
    if let Some((first, rest)) = arguments.split_first() {
        if first == b"--" {
            arguments = rest;
        } else if shell.mode == Mode::Bash && first.starts_with(b"-") {
            return Err(Stop::unsupported("exec", String::from_utf8_lossy(first)).into());
        }
    }
    if arguments.is_empty() {
        *call.saved = super::Saved::default();
        return Ok(0);
    }
    let status = shell.program(system, arguments)?;
    // The program took the shell's place: no trap runs any more. When there was none, the shell ends as it would.
    let mut child = shell.process.clone();
    child.env = shell.variables.environment();
    if arguments.first().is_some_and(|name| command::find(system, &child, name).is_some()) {
        shell.traps.remove("EXIT");
    }
    Err(Halt::Exit(status))
}

pub(super) fn shift(shell: &mut Shell, system: &mut System<'_>, call: Call<'_>) -> Run {
    let count = match call.arguments.first() {
        None => 1,
        Some(text) => match shell.number(system, text)? {
            Ok(count) => usize::try_from(count).unwrap_or(usize::MAX),
            Err(status) => return Ok(status),
        },
    };
    if count > shell.parameters.len() {
        return if shell.mode == Mode::Bash { Ok(1) } else { shell.wrong(system, b"can't shift that many") };
    }
    shell.parameters.drain(..count);
    shell.letter = 0;
    Ok(0)
}

/// `wait`: what `&` began has ended.
pub(super) fn wait(shell: &mut Shell, system: &mut System<'_>, call: Call<'_>) -> Run {
    let mut status = 0;
    for argument in call.arguments {
        match shell.number(system, argument)? {
            Ok(number) => status = u32::try_from(number).ok().and_then(|number| shell.job(number)).unwrap_or(127),
            Err(status) => return Ok(status),
        }
    }
    Ok(status)
}

/// `kill`: there is nobody but the shell.
pub(super) fn kill(shell: &mut Shell, system: &mut System<'_>, call: Call<'_>) -> Run {
    let mut signal = None;
    let mut targets = Vec::new();
    let mut arguments = call.arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_slice() {
            b"-s" | b"-n" => signal = arguments.next().cloned(),
            b"--" => {}
            [b'-', rest @ ..] if signal.is_none() && targets.is_empty() => signal = Some(rest.to_vec()),
            _ => targets.push(argument),
        }
    }
    if signal.as_deref() == Some(b"l") {
        return Err(Stop::unsupported("kill", "option -l").into());
    }
    let mut status = 0;
    for target in targets {
        if target == SELF.to_string().as_bytes() {
            if signal.as_deref() == Some(b"0") {
                continue;
            }
            return Err(Stop::unsupported("kill", "a signal to the script itself").into());
        }
        if !target.iter().all(u8::is_ascii_digit) {
            return shell.wrong(system, &[b"Illegal number: ", target.as_slice()].concat());
        }
        shell.complain(system, b"No such process")?;
        status = 1;
    }
    Ok(status)
}
