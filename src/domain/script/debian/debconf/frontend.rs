//! `frontend`, which a script becomes when it reads `confmodule`; `debconf`(1); `debconf-communicate`(1).
//!
//! The script runs as a child: what it writes on its standard output are commands, what it reads are their answers. Its
//! package's templates are loaded and its package's `config` is run before it. What changed is written when both have ended
//! well.
//!
//! Source: `/usr/share/debconf/frontend`, `/usr/bin/debconf`, `/usr/bin/debconf-communicate`.

use std::cell::RefCell;
use std::rc::Rc;

use super::super::failure::{Failure, text};
use super::super::options::{Known, Line, flag, valued};
use super::databases::Databases;
use super::question::truth;
use super::session::Session;
use super::{conclude, dies};
use crate::domain::script::command;
use crate::domain::script::process::Process;
use crate::domain::script::shell::Interpreter;
use crate::domain::script::stop::Stop;
use crate::domain::script::stream::{Open, Stream, Streams};
use crate::domain::script::system::System;

const OPTIONS: &[Known] =
    &[valued(b'o', "owner"), valued(b'f', "frontend"), valued(b'p', "priority"), flag(0, "terse"), flag(b'h', "help")];

/// A session that the streams of a program lead to.
type Shared = Rc<RefCell<Session>>;

/// `/usr/share/debconf/frontend [--] SCRIPT [ARGUMENT…]`.
pub(in super::super) fn frontend(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let called = process.args.first().map(Vec::as_slice).unwrap_or_default();
    if !called.ends_with(b"/debconf/frontend") {
        return Err(Stop::unsupported("frontend", "it is not debconf's"));
    }
    let result = in_session(system, process, |system, session| {
        let process = session.borrow().process.clone();
        let args = process.arguments();
        let args = args.strip_prefix(&[b"--".to_vec()]).unwrap_or(args);
        let script = args.first().map(Vec::as_slice).unwrap_or_default();
        let owner = package(system, session, args)?;
        let base = |kinds: &[&str]| {
            let base = kinds.iter().find_map(|kind| script.strip_suffix(kind.as_bytes()))?;
            base.ends_with(b".").then_some(base).or_else(|| base.ends_with(b"/").then_some(base))
        };
        if let Some(base) = base(&["preinst", "postinst", "prerm", "postrm"]) {
            load(system, session, &[base, b"templates"].concat(), &owner)?;
        }
        if let Some(base) = base(&["postinst", "preinst"]) {
            let config = [base, b"config"].concat();
            if system.exists(&process.path(&config)) {
                let version = args.get(2).cloned().unwrap_or_default();
                let status = converse(system, session, &owner, vec![config, b"configure".to_vec(), version])?;
                if status != 0 {
                    return Ok((status, false));
                }
            }
        }
        let status = converse(system, session, &owner, args.to_vec())?;
        Ok((status, true))
    });
    conclude(system, process, result)
}

/// `debconf [-o PACKAGE] PROGRAM [ARGUMENT…]`.
pub(in super::super) fn debconf(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let words = process.arguments();
    let mut at = 0;
    while let Some(word) = words.get(at).filter(|word| word.starts_with(b"-")) {
        let takes = matches!(word.as_slice(), b"-o" | b"-f" | b"-p" | b"--owner" | b"--frontend" | b"--priority");
        at += if takes { 2 } else { 1 };
    }
    let (options, program) = words.split_at(at.min(words.len()));
    let program = program.to_vec();
    let result = options_of(options).and_then(|line| {
        if program.is_empty() {
            return Err(Failure::Exit(255, "Usage: debconf [options] command [args]\n".into()));
        }
        let owner = line.value("owner").filter(|owner| !owner.is_empty()).unwrap_or(b"unknown").to_vec();
        in_session(system, process, |system, session| {
            let status = converse(system, session, &owner, program)?;
            Ok((status, true))
        })
    });
    conclude(system, process, result)
}

/// `debconf-communicate [PACKAGE]`: commands on standard input, answers on standard output.
pub(in super::super) fn communicate(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let result = options_of(process.arguments()).and_then(|line| {
        let owner = match line.operands.as_slice() {
            [] => b"unknown".to_vec(),
            [owner] => owner.clone(),
            _ => return Err(Stop::unsupported("debconf-communicate", "commands from files").into()),
        };
        let input = process.read_all(system, 0).unwrap_or_default();
        in_session(system, process, |system, session| {
            let mut session = session.borrow_mut();
            session.start(&owner);
            let mut status = 127;
            for line in input.split_inclusive(|byte| *byte == b'\n') {
                let line = line.strip_suffix(b"\n").unwrap_or(line);
                let mut reply = match session.answer(system, line)? {
                    Some(reply) => reply,
                    None => {
                        session.finish();
                        Vec::new()
                    }
                };
                let code = text(reply.split(|byte| *byte == b' ').next().unwrap_or_default());
                status = code.parse().unwrap_or(0);
                reply.push(b'\n');
                session.print(system, &reply)?;
            }
            session.finish();
            Ok((status, true))
        })
    });
    conclude(system, process, result)
}

/// The options that debconf's programs share. Which frontend is no matter: there is one.
fn options_of(words: &[Vec<u8>]) -> Result<Line, Failure> {
    let line = Line::parse(words, OPTIONS).map_err(|text| Failure::Exit(1, text))?;
    match line.options.iter().find(|(name, _)| !matches!(*name, "owner" | "terse")) {
        Some((name, _)) => Err(dies(format!("the option --{name}")).into()),
        None => Ok(line),
    }
}

/// Opens the databases for a frontend, and writes what `work` changed unless it fails or says that it should not be.
fn in_session(
    system: &mut System<'_>,
    process: &Process,
    work: impl FnOnce(&mut System<'_>, &Shared) -> Result<(u8, bool), Failure>,
) -> Result<u8, Failure> {
    let mut databases = Databases::open(system, process, false)?;
    let set = databases.settings.get("frontend").map(<[u8]>::to_vec);
    let set = set.or_else(|| databases.value(b"debconf/frontend").filter(|value| truth(value)));
    let name = set.unwrap_or_else(|| b"dialog".to_vec());
    if !name.eq_ignore_ascii_case(b"noninteractive") {
        databases.abandon(system);
        return Err(dies(format!("the frontend {}, which asks a person", text(&name))).into());
    }
    let session = Rc::new(RefCell::new(Session::new(databases, process)));
    let worked = work(system, &session);
    let databases = &mut session.borrow_mut().databases;
    match worked {
        Ok((status, true)) => databases.save(system, process).map(|()| status),
        Ok((status, false)) => {
            databases.abandon(system);
            Ok(status)
        }
        Err(failure) => {
            databases.abandon(system);
            Err(failure)
        }
    }
}

/// The package whose script it is; a program that is none's gets the templates that are for it.
fn package(system: &mut System<'_>, session: &Shared, args: &[Vec<u8>]) -> Result<Vec<u8>, Failure> {
    let (env, script) = (session.borrow().process.env.clone(), args.first().cloned().unwrap_or_default());
    let titled = |name: Vec<u8>| {
        if !name.is_empty() {
            session.borrow_mut().title = [b"Configuring ", name.as_slice()].concat();
        }
        Ok(name)
    };
    if let Some(name) = env.get(&b"DEBCONF_PACKAGE"[..]).filter(|name| truth(name)) {
        return titled(name.clone());
    }
    if let Some(name) = of_script(&script) {
        if args.get(1).is_some_and(|action| action == b"triggered") {
            return Ok(name);
        }
        return titled(name);
    }
    if let Ok(control) = system.read(b"var/lib/dpkg/tmp.ci/control") {
        let mut lines = control.split(|byte| *byte == b'\n');
        return titled(lines.find_map(|line| line.strip_prefix(b"Package: ")).unwrap_or_default().to_vec());
    }
    let last = script.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let mut places = vec![[script.as_slice(), b".templates"].concat()];
    places.extend(script.strip_suffix(b"config").map(|base| [base, b"templates"].concat()));
    places.push([b"/usr/share/debconf/templates/", last, b".templates"].concat());
    for place in places {
        if load(system, session, &place, b"")? {
            break;
        }
    }
    Ok(Vec::new())
}

/// The package of `…/PACKAGE.postinst` and the like.
fn of_script(script: &[u8]) -> Option<Vec<u8>> {
    let kinds: [&[u8]; 3] = [b".postinst", b".postrm", b".prerm"];
    let base = kinds.iter().find_map(|kind| script.strip_suffix(*kind))?;
    let at = base.iter().rposition(|byte| *byte == b'/')?;
    base.get(at + 1..).map(<[u8]>::to_vec)
}

/// Loads a file of templates, where it is there.
fn load(system: &mut System<'_>, session: &Shared, path: &[u8], owner: &[u8]) -> Result<bool, Failure> {
    let mut session = session.borrow_mut();
    let Session { databases, process, .. } = &mut *session;
    let Ok(bytes) = system.read(&process.path(path)) else { return Ok(false) };
    databases.load_templates(system, process, &bytes, &text(path), owner)?;
    Ok(true)
}

/// Runs a program and answers what it says until it ends. Returns its status.
fn converse(system: &mut System<'_>, session: &Shared, owner: &[u8], args: Vec<Vec<u8>>) -> Result<u8, Failure> {
    session.borrow_mut().start(owner);
    let answers = Stream::pipe("");
    let answering = Rc::clone(session);
    let commands: Open = Rc::new(RefCell::new(Stream::Dialogue {
        pending: Vec::new(),
        answer: Rc::new(move |system, line| answer(system, &answering, line)),
        answers: Rc::clone(&answers),
    }));
    let mut child = session.borrow().process.clone();
    child.args = args;
    child.env.insert(b"DEBIAN_HAS_FRONTEND".to_vec(), b"1".to_vec());
    let mut streams = Streams::null();
    streams.set(0, answers);
    streams.set(1, Rc::clone(&commands));
    match child.streams.get(2) {
        Some(errors) => streams.set(2, Rc::clone(errors)),
        None => streams.close(2),
    }
    child.streams = streams;
    let name = child.args.first().cloned().unwrap_or_default();
    let Some(path) = command::find(system, &child, &name).filter(|path| executable(system, path)) else {
        return Err(Failure::Exit(2, format!("open2: exec of {} failed", text(&name))));
    };
    let status = match of_package(&path) {
        Some(label) if system.skipped.contains(&label) => 0,
        Some(label) if label.ends_with("/config") => {
            system.accounted(&label, |system| script(system, &mut child, &label, &path))?
        }
        Some(label) => script(system, &mut child, &label, &path)?,
        None => command::exec_at(system, &mut child, &path)?,
    };
    let last = match &mut *commands.borrow_mut() {
        Stream::Dialogue { pending, .. } => std::mem::take(pending),
        _ => Vec::new(),
    };
    // The answer to a last line without an end mostly finds nobody any more, of which the frontend makes a failure; where
    // it is faster than the end of the program, it makes none. A build takes the one that is said.
    let late = !last.is_empty() && !answer(system, session, &last)?.is_empty();
    session.borrow_mut().finish();
    Ok(if late { 128 } else { status })
}

/// Runs a package's script under the name that the ledger has for it.
fn script(system: &mut System<'_>, child: &mut Process, label: &str, path: &[u8]) -> Result<u8, Stop> {
    let interpreter = system.read(path).ok().and_then(|bytes| Some((Interpreter::of(&bytes)?, bytes)));
    let Some((interpreter, bytes)) = interpreter else { return command::exec_at(system, child, path) };
    system.budget.enter()?;
    let status = interpreter.run(system, child, label, &bytes);
    system.budget.leave();
    system.sound()?;
    status
}

/// `PACKAGE/KIND` of a script in dpkg's database.
fn of_package(path: &[u8]) -> Option<String> {
    let name = text(path.strip_prefix(b"var/lib/dpkg/info/")?);
    let (package, kind) = name.rsplit_once('.')?;
    let package = package.split(':').next().unwrap_or_default();
    (!kind.contains('/')).then(|| format!("{package}/{kind}"))
}

fn executable(system: &System<'_>, path: &[u8]) -> bool {
    system.stat(path).is_ok_and(|node| !node.is_directory() && node.meta.mode & 0o111 != 0)
}

/// The answer to a line, with its end; nothing once the program has said `STOP`.
fn answer(system: &mut System<'_>, session: &Shared, line: &[u8]) -> Result<Vec<u8>, Stop> {
    let mut session = session.borrow_mut();
    if session.stopped() {
        return Ok(Vec::new());
    }
    match session.answer(system, line) {
        Ok(Some(mut reply)) => {
            reply.push(b'\n');
            Ok(reply)
        }
        Ok(None) => Ok(Vec::new()),
        Err(Failure::Stop(stop)) => Err(stop),
        Err(Failure::Exit(_, text)) => Err(dies(text)),
    }
}
