//! `su`(1), `runuser`(1) and `setpriv`(1): run another program as another user.
//!
//! A script is root, and so is what runs here; but what the program makes belongs to the user afterwards, as if that user
//! had made it.

use super::super::command;
use super::super::core::identity::{self, User};
use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::{Change, System};
use super::failure::{Failure, conclude, text};
use super::options::{Known, Line, flag, valued};

const SU: [Known; 8] = [
    flag(b'l', "login"),
    flag(b'm', "preserve-environment"),
    flag(b'p', "preserve"),
    flag(b'f', "fast"),
    valued(b's', "shell"),
    valued(b'c', "command"),
    valued(b'u', "user"),
    flag(b'P', "pty"),
];

/// `su` and `runuser`.
pub(super) fn su(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let result = read(process).and_then(|(line, words)| switch(system, process, &line, words));
    conclude(system, process, result)
}

/// The options, and the words after the user's name (with `-u`, after the options).
fn read(process: &Process) -> Result<(Line, Vec<Vec<u8>>), Failure> {
    let args = process.arguments();
    // Options and `-` come before the user's name, or after it; `-c` takes one word.
    let takes = |arg: &[u8]| matches!(arg, b"-s" | b"--shell" | b"-c" | b"--command" | b"-u" | b"--user");
    let mut at = 0;
    let mut before = Vec::new();
    let mut names = 0;
    let mut login = false;
    while let Some(arg) = args.get(at) {
        let with_user = before.iter().any(|arg: &Vec<u8>| arg == b"-u" || arg.starts_with(b"--user"));
        match arg.as_slice() {
            b"--" => {
                at += 1;
                break;
            }
            b"-" => login = true,
            word if word.starts_with(b"-") => {
                before.push(arg.clone());
                if takes(word) {
                    at += 1;
                    before.extend(args.get(at).cloned());
                }
            }
            _ if with_user || names == 1 => break,
            _ => {
                names += 1;
                before.push(arg.clone());
            }
        }
        at += 1;
    }
    let mut line = Line::parse(&before, &SU).map_err(|text| Failure::Exit(1, text))?;
    if login {
        line.options.push(("login", Vec::new()));
    }
    Ok((line, args.get(at..).unwrap_or_default().to_vec()))
}

fn switch(system: &mut System<'_>, process: &mut Process, line: &Line, words: Vec<Vec<u8>>) -> Result<u8, Failure> {
    let direct = line.has("user") && process.name() == "runuser";
    let name = if direct { line.value("user") } else { line.operands.first().map(Vec::as_slice) };
    let name = name.unwrap_or(b"root").to_vec();
    let Some(user) = identity::user_named(system, &name) else {
        return Err(Failure::Exit(
            1,
            format!("user {} does not exist or the user entry does not contain all the required fields", text(&name)),
        ));
    };
    let shell = user.line.rsplit(|byte| *byte == b':').next().unwrap_or_default().to_vec();
    let mut child = process.clone();
    if direct {
        if words.is_empty() {
            return Err(Failure::Exit(1, "no command was specified".into()));
        }
        child.args = words;
        return Ok(run_as(system, child, &user)?);
    }
    let keeps = line.has("preserve-environment") || line.has("preserve");
    let shell = match line.value("shell") {
        Some(shell) => shell.to_vec(),
        None if shell.is_empty() => b"/bin/sh".to_vec(),
        None => shell,
    };
    let command = line.value("command");
    if command.is_none() && words.is_empty() {
        return Err(Stop::unsupported(&process.name(), "a shell to talk to").into());
    }
    if !keeps {
        child.env.insert(b"HOME".to_vec(), user.home.clone());
        child.env.insert(b"SHELL".to_vec(), shell.clone());
        if user.uid != 0 || line.has("login") {
            child.env.insert(b"USER".to_vec(), name.clone());
            child.env.insert(b"LOGNAME".to_vec(), name);
        }
    }
    if line.has("login") {
        child.cwd = process.path(&user.home);
    }
    let command = command.map(|command| vec![b"-c".to_vec(), command.to_vec()]).unwrap_or_default();
    child.args = [vec![shell], command, words].concat();
    Ok(run_as(system, child, &user)?)
}

/// Runs a program; what it makes is the user's.
fn run_as(system: &mut System<'_>, mut child: Process, user: &User) -> Result<u8, Stop> {
    let name = child.args.first().cloned().unwrap_or_default();
    if command::find(system, &child, &name).is_none() {
        child.complain(system, &format!("failed to execute {}: No such file or directory", text(&name)))?;
        return Ok(127);
    }
    let before = system.effects.len();
    let caller = std::mem::replace(&mut system.runs_as, (user.uid, user.gid));
    let status = command::exec(system, &mut child);
    system.runs_as = caller;
    let status = status?;
    let made: Vec<Vec<u8>> = system
        .effects
        .get(before..)
        .unwrap_or_default()
        .iter()
        .filter(|effect| effect.change == Change::Made)
        .map(|effect| effect.path.clone())
        .collect();
    system.budget.step(made.len() as u64)?;
    for path in made {
        // What is gone again, or was given to somebody, is not there to be given.
        let _ = system.change(&path, |meta| {
            if (meta.uid, meta.gid) == (0, 0) {
                (meta.uid, meta.gid) = (user.uid, user.gid);
            }
        });
    }
    Ok(status)
}

/// `setpriv`.
pub(super) fn setpriv(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let args = process.arguments().to_vec();
    let (mut uid, mut gid) = (0, 0);
    let mut at = 0;
    while let Some(arg) = args.get(at).filter(|arg| arg.starts_with(b"-")) {
        at += 1;
        let mut words = arg.splitn(2, |byte| *byte == b'=');
        let (option, value) = (words.next().unwrap_or_default(), words.next().map(<[u8]>::to_vec));
        let mut value = || {
            let next = value.clone().or_else(|| args.get(at).cloned());
            at += usize::from(value.is_none());
            next.unwrap_or_default()
        };
        let unknown = |name: &[u8]| Stop::unsupported("setpriv", format!("the number of `{}`", text(name)));
        match option {
            b"--" => break,
            b"--reuid" | b"--ruid" | b"--euid" => {
                let name = value();
                uid = identity::uid(system, &name).ok_or_else(|| unknown(&name))?;
            }
            b"--regid" | b"--rgid" | b"--egid" => {
                let name = value();
                gid = identity::gid(system, &name).ok_or_else(|| unknown(&name))?;
            }
            b"--groups" | b"--bounding-set" | b"--inh-caps" | b"--ambient-caps" => drop(value()),
            b"--init-groups" | b"--clear-groups" | b"--keep-groups" | b"--no-new-privs" | b"--nnp" | b"--reset-env" => {
            }
            other => return Err(Stop::unsupported("setpriv", format!("option {}", text(other)))),
        }
    }
    let mut child = process.clone();
    child.args = args.get(at..).unwrap_or_default().to_vec();
    if child.args.is_empty() {
        process.complain(system, "No program specified")?;
        return Ok(1);
    }
    let user = User { name: Vec::new(), uid, gid, home: Vec::new(), line: Vec::new() };
    run_as(system, child, &user)
}
