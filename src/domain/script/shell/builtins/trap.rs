//! `trap`: actions by name. Only `EXIT` ever happens, for nobody sends signals.

use super::super::{Mode, Run, Shell};
use super::Call;
use crate::domain::script::system::System;

/// Signals of Linux by their numbers, `EXIT` first.
const SIGNALS: [&str; 32] = [
    "EXIT", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
    "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH",
    "IO", "PWR", "SYS",
];

fn signal(text: &[u8], mode: Mode) -> Option<&'static str> {
    let text = std::str::from_utf8(text).ok()?;
    if let Ok(number) = text.parse::<usize>() {
        return SIGNALS.get(number).copied();
    }
    let name = text.strip_prefix("SIG").filter(|_| mode == Mode::Bash).unwrap_or(text);
    SIGNALS.into_iter().find(|signal| signal.eq_ignore_ascii_case(name))
}

pub(super) fn trap(shell: &mut Shell, system: &mut System<'_>, call: Call<'_>) -> Run {
    let mut arguments = call.arguments;
    if arguments.first().is_some_and(|argument| argument == b"--") {
        arguments = arguments.get(1..).unwrap_or_default();
    }
    let Some((first, rest)) = arguments.split_first() else {
        let mut out = Vec::new();
        for name in SIGNALS {
            if let Some(action) = shell.traps.get(name) {
                out.extend(b"trap -- ");
                out.extend(super::names::quoted(action));
                out.extend(format!(" {name}\n").as_bytes());
            }
        }
        return shell.emit(system, &out);
    };
    let number = first.iter().all(u8::is_ascii_digit) && !first.is_empty();
    let (action, names) = match () {
        () if first == b"-" => (None, rest),
        () if number || rest.is_empty() => (None, arguments),
        () => (Some(first.clone()), rest),
    };
    let mut status = 0;
    for name in names {
        let Some(name) = signal(name, shell.mode) else {
            shell.process.write(system, 2, &[b"trap: ", name.as_slice(), b": bad trap\n"].concat())?.ok();
            status = 1;
            continue;
        };
        match &action {
            None => shell.traps.remove(name),
            Some(action) => shell.traps.insert(name, action.clone()),
        };
    }
    Ok(status)
}
