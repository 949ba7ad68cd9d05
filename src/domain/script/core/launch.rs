//! Programs that run another program: what they share, and those that do little else. What runs here runs to its end at
//! once, so priorities, sessions, time limits and locks change nothing: nice(1), ionice(1), chrt(1), setsid(1), nohup(1),
//! timeout(1), stdbuf(1), flock(1), chroot(8).

use super::operand::{path, quoted};
use super::options::{self, Known, Order, Takes};
use crate::domain::script::command;
use crate::domain::script::errno::Errno;
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

/// Runs another program in the place of this one and returns its status; 127 or 126 after this program's complaint when
/// there is none.
pub(super) fn launch(system: &mut System<'_>, process: &mut Process, words: &[Vec<u8>]) -> Result<u8, Stop> {
    let name = words.first().cloned().unwrap_or_default();
    let mut child = process.clone();
    child.args = words.to_vec();
    let missing = Some((127, Errno::Missing));
    let why = match command::find(system, &child, &name).map(|at| system.stat(&at)) {
        Some(Ok(node)) if node.is_directory() || node.meta.mode & 0o111 == 0 => Some((126, Errno::Access)),
        Some(Ok(_)) => None,
        Some(Err(_)) => missing,
        None if name.contains(&b'/') => match path(&child, &name).and_then(|at| system.stat(&at).map(drop)) {
            Err(error) if error != Errno::Missing => Some((126, error)),
            _ => missing,
        },
        None => missing,
    };
    if let Some((status, why)) = why {
        let shown = if matches!(process.name().as_str(), "env" | "find") {
            quoted(&name)
        } else {
            String::from_utf8_lossy(&name).into_owned()
        };
        let text = match process.name().as_str() {
            "nice" | "nohup" | "timeout" | "stdbuf" | "chroot" => {
                format!("failed to run command {}: {why}", quoted(&name))
            }
            _ => format!("{shown}: {why}"),
        };
        process.complain(system, &text)?;
        return Ok(status);
    }
    command::exec(system, &mut child)
}

const NICE: &[Known] = &[("n", "adjustment", Takes::Value)];
const IONICE: &[Known] = &[
    ("c", "class", Takes::Value),
    ("n", "classdata", Takes::Value),
    ("t", "ignore", Takes::Nothing),
    ("p", "pid", Takes::Value),
];
const SETSID: &[Known] = &[("c", "ctty", Takes::Nothing), ("f", "fork", Takes::Nothing), ("w", "wait", Takes::Nothing)];
const TIMEOUT: &[Known] = &[
    ("k", "kill-after", Takes::Value),
    ("s", "signal", Takes::Value),
    ("v", "verbose", Takes::Nothing),
    ("", "preserve-status", Takes::Nothing),
    ("", "foreground", Takes::Nothing),
];
const STDBUF: &[Known] = &[("i", "input", Takes::Value), ("o", "output", Takes::Value), ("e", "error", Takes::Value)];
const FLOCK: &[Known] = &[
    ("s", "shared", Takes::Nothing),
    ("xe", "exclusive", Takes::Nothing),
    ("u", "unlock", Takes::Nothing),
    ("n", "nonblock", Takes::Nothing),
    ("w", "wait", Takes::Value),
    ("", "timeout", Takes::Value),
    ("E", "conflict-exit-code", Takes::Value),
    ("o", "close", Takes::Nothing),
    ("F", "no-fork", Takes::Nothing),
    ("c", "command", Takes::Value),
    ("", "verbose", Takes::Nothing),
];
const CHROOT: &[Known] =
    &[("", "skip-chdir", Takes::Nothing), ("", "userspec", Takes::Value), ("", "groups", Takes::Value)];

/// Runs the rest of the command line after `skip` operands.
fn rest(system: &mut System<'_>, process: &mut Process, known: &[Known], skip: usize, misuse: u8) -> Result<u8, Stop> {
    let Some(line) = options::read(system, process, known, Order::Strict)? else { return Ok(misuse) };
    if let Some(option) = line.options.iter().find(|option| matches!(option.name, "help" | "version" | "pid")) {
        return Err(option.unmodelled(&process.name()));
    }
    match line.operands.get(skip..) {
        None | Some([]) => options::misused(system, process, "missing operand", misuse),
        Some(words) => launch(system, process, words),
    }
}

/// Runs `nice`.
pub(super) fn nice(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    if process.arguments().is_empty() {
        process.out(system, b"0\n")?;
        return Ok(0);
    }
    rest(system, process, NICE, 0, 125)
}

/// Runs `ionice`.
pub(super) fn ionice(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    rest(system, process, IONICE, 0, 1)
}

/// Runs `setsid`.
pub(super) fn setsid(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    rest(system, process, SETSID, 0, 1)
}

/// Runs `nohup`.
pub(super) fn nohup(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    rest(system, process, &[], 0, 125)
}

/// Runs `timeout`.
pub(super) fn timeout(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    rest(system, process, TIMEOUT, 1, 125)
}

/// Runs `stdbuf`.
pub(super) fn stdbuf(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    rest(system, process, STDBUF, 0, 125)
}

/// Runs `flock`: on a descriptor it has nothing to do, on a file it makes it and runs the command.
pub(super) fn flock(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let Some(line) = options::read(system, process, FLOCK, Order::Strict)? else { return Ok(64) };
    let script = line.options.iter().find(|option| option.name == "command").and_then(|option| option.value.clone());
    let Some((file, words)) = line.operands.split_first() else {
        return options::misused(system, process, "not enough arguments", 64);
    };
    let shell = |script: &[u8]| vec![b"/bin/sh".to_vec(), b"-c".to_vec(), script.to_vec()];
    let words = match (script, words) {
        (Some(script), _) => shell(&script),
        (None, []) => return Ok(0),
        (None, [flag, script]) if flag == b"-c" || flag == b"--command" => shell(script),
        (None, words) => words.to_vec(),
    };
    if let Ok(at) = path(process, file)
        && !system.exists(&at)
        && let Err(error) = system.create(&at, Vec::new(), 0o666 & !process.umask)
    {
        process.complain(system, &format!("cannot open lock file {}: {error}", String::from_utf8_lossy(file)))?;
        return Ok(66);
    }
    launch(system, process, &words)
}

/// Runs `chroot`, into the root that there is.
pub(super) fn chroot(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let Some(line) = options::read(system, process, CHROOT, Order::Strict)? else { return Ok(125) };
    if let Some(option) = line.options.iter().find(|option| option.name != "skip-chdir") {
        return Err(option.unmodelled("chroot"));
    }
    let Some((root, words)) = line.operands.split_first() else {
        return options::misused(system, process, "missing operand", 125);
    };
    if path(process, root).map(|at| system.tree.real_path(&at)) != Ok(Ok(Some(Vec::new()))) {
        return Err(Stop::unsupported("chroot", format!("the root {}", quoted(root))));
    }
    if words.is_empty() {
        return Err(Stop::unsupported("chroot", "a shell to talk to"));
    }
    let mut inside = process.clone();
    inside.cwd = Vec::new();
    launch(system, &mut inside, words)
}
