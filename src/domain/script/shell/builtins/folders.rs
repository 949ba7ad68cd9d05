//! `cd`, `pwd`, `umask`, `ulimit`.

use super::super::{Mode, Run, Shell};
use super::Call;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

/// `cd [-LP] [folder]`.
pub(super) fn cd(shell: &mut Shell, system: &mut System<'_>, call: Call<'_>) -> Run {
    let mut physical = false;
    let mut arguments = call.arguments;
    while let Some((first, rest)) = arguments.split_first() {
        match first.as_slice() {
            b"-P" => physical = true,
            b"-L" => physical = false,
            b"--" => {
                arguments = rest;
                break;
            }
            [b'-', letter, ..] => {
                return shell.wrong(system, format!("Illegal option -{}", char::from(*letter)).as_bytes());
            }
            _ => break,
        }
        arguments = rest;
    }
    let mut shows = false;
    let target = match arguments.first().map(Vec::as_slice) {
        None => match shell.variables.get(b"HOME").cloned() {
            Some(home) => home,
            None if shell.mode == Mode::Bash => return shell.wrong(system, b"HOME not set"),
            None => Vec::new(),
        },
        Some(b"-") => {
            shows = true;
            shell.variables.get(b"OLDPWD").cloned().unwrap_or_default()
        }
        Some(target) => target.to_vec(),
    };
    let mut candidates = vec![target.clone()];
    if !target.starts_with(b"/") && !target.starts_with(b"./") && !target.starts_with(b"../") {
        let path = shell.variables.get(b"CDPATH").cloned().unwrap_or_default();
        let folders = path.split(|byte| *byte == b':').filter(|folder| !folder.is_empty() && !target.is_empty());
        let mut listed: Vec<_> = folders.map(|folder| [folder, b"/", &target].concat()).collect();
        listed.append(&mut candidates);
        candidates = listed;
    }
    for candidate in candidates {
        let plain = candidate == target;
        let path = shell.process.path(&candidate);
        let logical = if physical { system.tree.real_path(&path).ok().flatten() } else { Some(normal(&path)) };
        let Some(folder) = logical.filter(|folder| system.stat(folder).is_ok_and(|node| node.is_directory())) else {
            continue;
        };
        let old = [b"/", shell.process.cwd.as_slice()].concat();
        let new = [b"/", folder.as_slice()].concat();
        shell.process.cwd = folder;
        shell.assign(system, b"OLDPWD", old)?;
        shell.assign(system, b"PWD", new.clone())?;
        if shows || !plain {
            return shell.emit(system, &[new.as_slice(), b"\n"].concat());
        }
        return Ok(0);
    }
    if shell.mode == Mode::Bash {
        let error = match system.stat(&shell.process.path(&target)) {
            Ok(_) => crate::domain::script::Errno::NotADirectory,
            Err(error) => error,
        };
        return shell.wrong(system, &[target.as_slice(), format!(": {error}").as_bytes()].concat());
    }
    shell.wrong(system, &[b"can't cd to ", target.as_slice()].concat())
}

/// A path without `.`, `..` and empty components, by its text alone.
fn normal(path: &[u8]) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join(&b'/')
}

/// `pwd [-LP]`.
pub(super) fn pwd(shell: &mut Shell, system: &mut System<'_>, call: Call<'_>) -> Run {
    let physical = call.arguments.iter().any(|argument| argument == b"-P");
    let mut folder = shell.process.cwd.clone();
    if physical {
        folder = system.tree.real_path(&folder).ok().flatten().unwrap_or(folder);
    }
    shell.emit(system, &[b"/", folder.as_slice(), b"\n"].concat())
}

/// `umask [-S] [mode]`.
pub(super) fn umask(shell: &mut Shell, system: &mut System<'_>, call: Call<'_>) -> Run {
    let mask = shell.process.umask;
    match call.arguments.first().map(Vec::as_slice) {
        None => shell.emit(system, format!("{mask:04o}\n").as_bytes()),
        Some(b"-S") => {
            let allowed = |shift: u32| {
                let bits = !mask >> shift;
                [(4, 'r'), (2, 'w'), (1, 'x')]
                    .iter()
                    .filter(|(bit, _)| bits & bit != 0)
                    .map(|(_, c)| *c)
                    .collect::<String>()
            };
            let line = format!("u={},g={},o={}\n", allowed(6), allowed(3), allowed(0));
            shell.emit(system, line.as_bytes())
        }
        Some(mode) if mode.first().is_some_and(u8::is_ascii_digit) => {
            let octal = std::str::from_utf8(mode).ok().and_then(|mode| u32::from_str_radix(mode, 8).ok());
            match octal.filter(|mode| *mode <= 0o7777) {
                Some(mode) => {
                    shell.process.umask = mode & 0o777;
                    Ok(0)
                }
                None => shell.wrong(system, &[b"Illegal number: ", mode].concat()),
            }
        }
        Some(mode) => match symbolic(mode, !mask & 0o777) {
            Some(allowed) => {
                shell.process.umask = !allowed & 0o777;
                Ok(0)
            }
            None => shell.wrong(system, &[b"Illegal mode: ", mode].concat()),
        },
    }
}

/// A mode of letters, applied to what is allowed.
fn symbolic(mode: &[u8], mut allowed: u32) -> Option<u32> {
    for clause in mode.split(|byte| *byte == b',') {
        let who = clause.iter().take_while(|byte| b"ugoa".contains(byte)).count();
        let mut mask = 0;
        for letter in clause.get(..who)? {
            mask |= match letter {
                b'u' => 0o700,
                b'g' => 0o070,
                b'o' => 0o007,
                _ => 0o777,
            };
        }
        if who == 0 {
            mask = 0o777;
        }
        let (operator, permissions) = clause.get(who..)?.split_first()?;
        let mut bits = 0;
        for letter in permissions {
            bits |= match letter {
                b'r' => 0o444,
                b'w' => 0o222,
                b'x' => 0o111,
                _ => return None,
            };
        }
        match operator {
            b'+' => allowed |= bits & mask,
            b'-' => allowed &= !(bits & mask),
            b'=' => allowed = allowed & !mask | bits & mask,
            _ => return None,
        }
    }
    Some(allowed)
}

/// `ulimit`: there are no limits to see or to set but the interpreter's own.
pub(super) fn ulimit(shell: &mut Shell, system: &mut System<'_>, call: Call<'_>) -> Run {
    let value = call.arguments.iter().find(|argument| !argument.starts_with(b"-"));
    match value {
        Some(_) => Ok(0),
        None if call.arguments.iter().any(|argument| argument == b"-a") => {
            Err(Stop::unsupported("ulimit", "option -a").into())
        }
        None => shell.emit(system, b"unlimited\n"),
    }
}
