//! `set`, the options of a shell's start, `$-`, and bash's `shopt`.

use super::super::{Mode, Run, Shell};
use super::Call;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

/// Arguments after the options, and whether a `--` was before them.
type Left<'a> = (&'a [Vec<u8>], bool);

/// Options by name, in dash's order of `set -o`.
const NAMES: [(&str, u8); 18] = [
    ("errexit", b'e'),
    ("noglob", b'f'),
    ("ignoreeof", b'I'),
    ("interactive", b'i'),
    ("monitor", b'm'),
    ("noexec", b'n'),
    ("stdin", b's'),
    ("xtrace", b'x'),
    ("verbose", b'v'),
    ("vi", b'V'),
    ("emacs", b'E'),
    ("noclobber", b'C'),
    ("allexport", b'a'),
    ("notify", b'b'),
    ("nounset", b'u'),
    ("privileged", b'p'),
    ("nolog", b'l'),
    ("debug", b'd'),
];

impl Shell {
    /// `$-`.
    pub(in super::super) fn letters(&self) -> Vec<u8> {
        match self.mode {
            Mode::Dash => NAMES.iter().rev().map(|(_, letter)| *letter).filter(|letter| self.on(*letter)).collect(),
            Mode::Bash => {
                let mut letters: Vec<u8> = self.options.iter().copied().filter(|letter| *letter != b'P').collect();
                letters.extend(b"hB");
                letters.sort_by_key(u8::to_ascii_lowercase);
                letters
            }
        }
    }

    /// Sets the options the shell was started with.
    pub(in super::super) fn start_options(&mut self, system: &mut System<'_>, options: &[Vec<u8>]) -> Run<()> {
        self.take_options(system, options).map(drop)
    }

    /// Sets options up to the first argument that is none; what is left, and whether a `--` was there. `Err` is a status.
    fn take_options<'a>(&mut self, system: &mut System<'_>, arguments: &'a [Vec<u8>]) -> Run<Result<Left<'a>, u8>> {
        let mut rest = arguments;
        while let Some((first, tail)) = rest.split_first() {
            let (on, letters) = match first.split_first() {
                Some((b'-', letters)) => (true, letters),
                Some((b'+', letters)) => (false, letters),
                _ => break,
            };
            if letters == b"-" && on {
                return Ok(Ok((tail, true)));
            }
            rest = tail;
            if letters.is_empty() {
                if on {
                    self.options.remove(&b'x');
                    self.options.remove(&b'v');
                }
                return Ok(Ok((rest, !rest.is_empty())));
            }
            for letter in letters {
                if *letter == b'o' {
                    let Some((name, tail)) = rest.split_first() else {
                        self.list_options(system, on)?;
                        continue;
                    };
                    rest = tail;
                    let found = NAMES.iter().find(|(other, _)| other.as_bytes() == name);
                    let letter = match found {
                        Some((_, letter)) => *letter,
                        None if self.mode == Mode::Bash && name == b"pipefail" => b'P',
                        None if self.mode == Mode::Bash
                            && matches!(name.as_slice(), b"posix" | b"errtrace" | b"functrace") =>
                        {
                            return Err(
                                Stop::unsupported("set", format!("-o {}", String::from_utf8_lossy(name))).into()
                            );
                        }
                        None => {
                            return Ok(Err(self.wrong(system, &[b"Illegal option -o ", name.as_slice()].concat())?));
                        }
                    };
                    self.option(letter, on)?;
                    continue;
                }
                let known = NAMES.iter().any(|(_, other)| other == letter && !b"ld".contains(letter))
                    || self.mode == Mode::Bash && b"hBkptTPEH".contains(letter);
                if !known {
                    let sign = if on { '-' } else { '+' };
                    let text = format!("Illegal option {sign}{}", char::from(*letter));
                    return Ok(Err(self.wrong(system, text.as_bytes())?));
                }
                self.option(*letter, on)?;
            }
        }
        Ok(Ok((rest, false)))
    }

    fn option(&mut self, letter: u8, on: bool) -> Run<()> {
        if on && matches!(letter, b'n' | b'v' | b'T' | b'k' | b't') {
            return Err(Stop::unsupported("set", format!("option -{}", char::from(letter))).into());
        }
        if on {
            self.options.insert(letter);
        } else {
            self.options.remove(&letter);
        }
        Ok(())
    }

    fn list_options(&mut self, system: &mut System<'_>, on: bool) -> Run<()> {
        if self.mode == Mode::Bash {
            return Err(Stop::unsupported("set", "-o without a name").into());
        }
        let mut out = String::new();
        if on {
            out.push_str("Current option settings\n");
        }
        for (name, letter) in NAMES {
            let state = self.on(letter);
            if on {
                out.push_str(&format!("{name:<16}{}\n", if state { "on" } else { "off" }));
            } else {
                out.push_str(&format!("set {}o {name}\n", if state { '-' } else { '+' }));
            }
        }
        self.emit(system, out.as_bytes()).map(drop)
    }
}

pub(super) fn set(shell: &mut Shell, system: &mut System<'_>, call: Call<'_>) -> Run {
    if call.arguments.is_empty() {
        let mut out = Vec::new();
        for (name, variable) in shell.variables.iter() {
            if let Some(value) = &variable.value {
                out.extend([name.as_slice(), b"=", &super::names::quoted(value), b"\n"].concat());
            }
        }
        return shell.emit(system, &out);
    }
    match shell.take_options(system, call.arguments)? {
        Err(status) => Ok(status),
        Ok((rest, replaces)) => {
            if replaces || !rest.is_empty() {
                system.budget.bytes(rest.iter().map(Vec::len).sum())?;
                shell.parameters = rest.to_vec();
                shell.letter = 0;
            }
            Ok(0)
        }
    }
}

/// bash's `shopt`: what changes nothing here is taken, anything else is refused.
pub(super) fn shopt(_: &mut Shell, _: &mut System<'_>, call: Call<'_>) -> Run {
    for argument in call.arguments {
        match argument.as_slice() {
            b"-s" | b"-u" | b"checkwinsize" | b"histappend" | b"expand_aliases" => {}
            other => return Err(Stop::unsupported("shopt", String::from_utf8_lossy(other)).into()),
        }
    }
    Ok(0)
}
