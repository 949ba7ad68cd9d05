//! `command`, `type`, `hash`: what a name leads to.

use super::super::{Mode, Run, Shell};
use super::{Call, find};
use crate::domain::script::command as programs;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

const RESERVED: [&str; 16] =
    ["!", "{", "}", "case", "do", "done", "elif", "else", "esac", "fi", "for", "if", "in", "then", "until", "while"];

impl Shell {
    /// Where a program is, as a path to show.
    fn which(&self, system: &System<'_>, name: &[u8]) -> Option<Vec<u8>> {
        let mut process = self.process.clone();
        process.env = self.variables.get(b"PATH").map(|path| (b"PATH".to_vec(), path.clone())).into_iter().collect();
        let executable =
            |path: &[u8]| system.stat(path).is_ok_and(|node| !node.is_directory() && node.meta.mode & 0o111 != 0);
        if name.contains(&b'/') {
            return executable(&process.path(name)).then(|| name.to_vec());
        }
        let path = self.variables.get(b"PATH").cloned().unwrap_or_default();
        let found = programs::find(system, &process, name)?;
        let mut shown = path.split(|byte| *byte == b':').map(|folder| [folder, b"/".as_slice(), name].concat());
        shown.find(|shown| process.path(shown) == found)
    }

    fn describe(&mut self, system: &mut System<'_>, name: &[u8], verbose: bool) -> Run {
        let say = |what: &str| [name, what.as_bytes(), b"\n"].concat();
        let short = [name, b"\n"].concat();
        let reserved = RESERVED.iter().any(|word| word.as_bytes() == name);
        let builtin = find(name, self.mode);
        let bash = self.mode == Mode::Bash;
        let text = if reserved {
            if verbose { say(" is a shell keyword") } else { short }
        } else if let Some(alias) = self.aliases.get(name) {
            let value = super::names::quoted(alias);
            if verbose {
                [name, b" is an alias for ", alias.as_slice(), b"\n"].concat()
            } else {
                [b"alias ", name, b"=", &value, b"\n"].concat()
            }
        } else if self.functions.contains_key(name) {
            if verbose && bash {
                return Err(Stop::unsupported("type", "a function's text").into());
            }
            if verbose { say(" is a shell function") } else { short }
        } else if let Some(builtin) = builtin {
            match (verbose, builtin.special && !bash) {
                (false, _) => short,
                (true, true) => say(" is a special shell builtin"),
                (true, false) => say(" is a shell builtin"),
            }
        } else if let Some(path) = self.which(system, name) {
            if verbose { [name, b" is ", &path, b"\n"].concat() } else { [path.as_slice(), b"\n"].concat() }
        } else {
            return Ok(if verbose {
                if bash {
                    self.complain(system, say(": not found").trim_ascii())?;
                } else {
                    self.emit(system, &say(": not found"))?;
                }
                127
            } else {
                127
            });
        };
        self.emit(system, &text)
    }
}

/// `command [-p] [-v | -V] name …`.
pub(super) fn command(shell: &mut Shell, system: &mut System<'_>, mut call: Call<'_>) -> Run {
    let mut arguments = call.arguments;
    let mut shows = None;
    while let Some((first, rest)) =
        arguments.split_first().filter(|(first, _)| first.len() > 1 && first.starts_with(b"-"))
    {
        arguments = rest;
        if first == b"--" {
            break;
        }
        for letter in first.iter().skip(1) {
            match letter {
                b'v' => shows = Some(false),
                b'V' => shows = Some(true),
                b'p' => {}
                other => return shell.wrong(system, format!("Illegal option -{}", char::from(*other)).as_bytes()),
            }
        }
    }
    if let Some(verbose) = shows {
        let mut status = 0;
        for name in arguments {
            status |= shell.describe(system, name, verbose)?;
        }
        return Ok(if shell.mode == Mode::Bash { u8::from(status != 0) } else { status });
    }
    let Some((name, rest)) = arguments.split_first() else { return Ok(0) };
    match find(name, shell.mode) {
        Some(builtin) => {
            // As a regular built-in: its errors do not end the shell.
            call.arguments = rest;
            shell.contained(system, builtin, call)
        }
        None => {
            let outer = shell.builtin.take();
            let run = shell.program(system, arguments);
            shell.builtin = outer;
            run
        }
    }
}

pub(super) fn of_type(shell: &mut Shell, system: &mut System<'_>, call: Call<'_>) -> Run {
    let mut status = 0;
    for name in call.arguments {
        if shell.mode == Mode::Bash && name.starts_with(b"-") {
            if name == b"-p" || name == b"-t" {
                return Err(Stop::unsupported("type", String::from_utf8_lossy(name)).into());
            }
            continue;
        }
        status |= shell.describe(system, name, true)?;
    }
    Ok(if shell.mode == Mode::Bash { u8::from(status != 0) } else { status })
}

/// `hash`: nothing is remembered; only a name that leads nowhere is worth a word.
pub(super) fn hash(shell: &mut Shell, system: &mut System<'_>, call: Call<'_>) -> Run {
    let mut status = 0;
    for name in call.arguments.iter().filter(|name| !name.starts_with(b"-")) {
        let known = shell.functions.contains_key(name)
            || find(name, shell.mode).is_some()
            || shell.which(system, name).is_some();
        if !known {
            shell.complain(system, &[name.as_slice(), b": not found"].concat())?;
            status = 1;
        }
    }
    Ok(status)
}
