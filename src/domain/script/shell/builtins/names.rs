//! Built-ins that name things: `export`, `readonly`, `local`, `unset`, `alias`, and bash's `declare`.

use super::super::word::is_variable;
use super::super::{Mode, Run, Shell};
use super::Call;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

/// Text in single quotes, as dash's `export -p` and kin write it.
pub(super) fn quoted(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    loop {
        let plain = rest.iter().position(|byte| *byte == b'\'').unwrap_or(rest.len());
        let (head, tail) = rest.split_at(plain);
        if plain > 0 || text.is_empty() {
            out.push(b'\'');
            out.extend(head);
            out.push(b'\'');
        }
        let quotes = tail.iter().take_while(|byte| **byte == b'\'').count();
        if quotes == 0 {
            return out;
        }
        out.push(b'"');
        out.extend(std::iter::repeat_n(b'\'', quotes));
        out.push(b'"');
        rest = tail.get(quotes..).unwrap_or_default();
        if rest.is_empty() {
            return out;
        }
    }
}

pub(super) fn export(shell: &mut Shell, system: &mut System<'_>, call: Call<'_>) -> Run {
    attribute(shell, system, call, "export")
}

pub(super) fn readonly(shell: &mut Shell, system: &mut System<'_>, call: Call<'_>) -> Run {
    attribute(shell, system, call, "readonly")
}

fn attribute(shell: &mut Shell, system: &mut System<'_>, call: Call<'_>, verb: &str) -> Run {
    let mut arguments = call.arguments;
    let mut remove = false;
    while let Some((first, rest)) = arguments.split_first().filter(|(first, _)| first.starts_with(b"-")) {
        match first.as_slice() {
            b"-p" | b"--" => {}
            b"-n" if shell.mode == Mode::Bash && verb == "export" => remove = true,
            _ if shell.mode == Mode::Bash => {
                return Err(Stop::unsupported(verb, String::from_utf8_lossy(first)).into());
            }
            option => {
                let letter = char::from(option.get(1).copied().unwrap_or(b'-'));
                return shell.wrong(system, format!("Illegal option -{letter}").as_bytes());
            }
        }
        arguments = rest;
    }
    if arguments.is_empty() {
        let mut out = Vec::new();
        for (name, variable) in shell.variables.iter() {
            if if verb == "export" { variable.exported } else { variable.readonly } {
                let prefix = match (shell.mode, verb) {
                    (Mode::Dash, _) => verb,
                    (Mode::Bash, "export") => "declare -x",
                    (Mode::Bash, _) => "declare -r",
                };
                out.extend(prefix.as_bytes());
                out.push(b' ');
                out.extend(name);
                if let Some(value) = &variable.value {
                    out.push(b'=');
                    out.extend(if shell.mode == Mode::Bash { double_quoted(value) } else { quoted(value) });
                }
                out.push(b'\n');
            }
        }
        return shell.emit(system, &out);
    }
    for argument in arguments {
        let (name, value) = parted(argument);
        if !is_variable(name) {
            return shell.wrong(system, &[name, b": bad variable name"].concat());
        }
        if let Some(value) = value {
            shell.assign(system, name, value.to_vec())?;
        }
        shell.variables.mark(name, |variable| match verb {
            "export" => variable.exported = !remove,
            _ => variable.readonly = true,
        });
    }
    Ok(0)
}

fn double_quoted(text: &[u8]) -> Vec<u8> {
    let mut out = vec![b'"'];
    for byte in text {
        if matches!(byte, b'"' | b'\\' | b'$' | b'`') {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out.push(b'"');
    out
}

/// The parts before and after a `=`.
fn parted(argument: &[u8]) -> (&[u8], Option<&[u8]>) {
    match argument.iter().position(|byte| *byte == b'=') {
        Some(equals) => (argument.get(..equals).unwrap_or_default(), argument.get(equals + 1..)),
        None => (argument, None),
    }
}

/// `local`: a variable of the function; dash keeps its value, bash does not.
pub(super) fn local(shell: &mut Shell, system: &mut System<'_>, call: Call<'_>) -> Run {
    if !shell.variables.is_scoped() {
        let text: &[u8] =
            if shell.mode == Mode::Bash { b"can only be used in a function" } else { b"not in a function" };
        return shell.wrong(system, text);
    }
    if shell.mode == Mode::Bash {
        return declare_in(shell, system, call.arguments, true);
    }
    for argument in call.arguments {
        let (name, value) = parted(argument);
        if name == b"-" {
            return Err(Stop::unsupported("local", "local -").into());
        }
        if !is_variable(name) {
            return shell.wrong(system, &[name, b": bad variable name"].concat());
        }
        system.budget.bytes(shell.variables.room_of(name))?;
        shell.variables.save(name);
        if let Some(value) = value {
            shell.assign(system, name, value.to_vec())?;
        }
    }
    Ok(0)
}

/// bash's `declare`: within a function it is `local`.
pub(super) fn declare(shell: &mut Shell, system: &mut System<'_>, call: Call<'_>) -> Run {
    let scoped = shell.variables.is_scoped();
    declare_in(shell, system, call.arguments, scoped)
}

fn declare_in(shell: &mut Shell, system: &mut System<'_>, arguments: &[Vec<u8>], mut scoped: bool) -> Run {
    let (mut exported, mut readonly, mut array) = (false, false, false);
    for argument in arguments {
        if let Some(letters) = argument.strip_prefix(b"-") {
            for letter in letters {
                match letter {
                    b'x' => exported = true,
                    b'r' => readonly = true,
                    b'a' => array = true,
                    b'g' => scoped = false,
                    _ => return Err(Stop::unsupported("declare", format!("option -{}", char::from(*letter))).into()),
                }
            }
            continue;
        }
        let (name, value) = parted(argument);
        if !is_variable(name) {
            return shell.wrong(system, &[b"`", argument.as_slice(), b"': not a valid identifier"].concat());
        }
        if scoped {
            system.budget.bytes(shell.variables.room_of(name))?;
            shell.variables.save(name);
            if value.is_none() || array {
                let _ = shell.variables.unset(name);
            }
        }
        if array {
            shell.variables.mark(name, |variable| {
                variable.array.get_or_insert_default();
            });
        }
        if let Some(value) = value {
            shell.assign(system, name, value.to_vec())?;
        }
        shell.variables.mark(name, |variable| {
            variable.exported |= exported;
            variable.readonly |= readonly;
        });
    }
    Ok(0)
}

pub(super) fn unset(shell: &mut Shell, system: &mut System<'_>, call: Call<'_>) -> Run {
    let mut functions = false;
    let mut arguments = call.arguments;
    while let Some((first, rest)) = arguments.split_first().filter(|(first, _)| first.starts_with(b"-")) {
        match first.as_slice() {
            b"-f" => functions = true,
            b"-v" => functions = false,
            b"--" => {}
            option => {
                let letter = char::from(option.get(1).copied().unwrap_or(b'-'));
                return shell.wrong(system, format!("Illegal option -{letter}").as_bytes());
            }
        }
        arguments = rest;
    }
    for name in arguments {
        if functions {
            shell.functions.remove(name);
            continue;
        }
        if !is_variable(name) {
            if shell.mode == Mode::Bash && name.contains(&b'[') {
                return Err(Stop::unsupported("unset", "an array's element").into());
            }
            return shell.wrong(system, &[name.as_slice(), b": bad variable name"].concat());
        }
        let set = shell.variables.find(name).is_some();
        if shell.variables.unset(name).is_err() {
            return shell.wrong(system, &[name.as_slice(), b": is read only"].concat());
        }
        if !set && shell.mode == Mode::Bash {
            shell.functions.remove(name);
        }
    }
    Ok(0)
}

/// `alias`.
pub(super) fn alias(shell: &mut Shell, system: &mut System<'_>, call: Call<'_>) -> Run {
    if call.arguments.is_empty() {
        let mut out = Vec::new();
        for (name, value) in &shell.aliases {
            out.extend([name.as_slice(), b"=", &quoted(value), b"\n"].concat());
        }
        return shell.emit(system, &out);
    }
    let mut status = 0;
    for argument in call.arguments {
        let (name, value) = parted(argument);
        match (value, shell.aliases.get(name)) {
            (Some(value), _) => {
                system.budget.bytes(argument.len() + 2 * size_of::<Vec<u8>>())?;
                shell.aliases.insert(name.to_vec(), value.to_vec());
            }
            (None, Some(value)) => {
                let line = [name, b"=", &quoted(value), b"\n"].concat();
                status |= shell.emit(system, &line)?;
            }
            (None, None) => {
                shell.process.write(system, 2, &[b"alias: ", name, b" not found\n"].concat())?.ok();
                status = 1;
            }
        }
    }
    Ok(status)
}

pub(super) fn unalias(shell: &mut Shell, system: &mut System<'_>, call: Call<'_>) -> Run {
    let mut status = 0;
    for name in call.arguments {
        if name == b"-a" {
            shell.aliases.clear();
        } else if shell.aliases.remove(name).is_none() {
            shell.process.write(system, 2, &[b"unalias: ", name.as_slice(), b" not found\n"].concat())?.ok();
            status = 1;
        }
    }
    Ok(status)
}
