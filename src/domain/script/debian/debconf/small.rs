//! `debconf-escape`(1), `debconf-loadtemplate`(1), `debconf-show`(1).

use super::super::failure::{Failure, text};
use super::super::options::{Known, Line, flag, valued};
use super::databases::{Databases, Kind};
use super::{conclude, dies, replaced};
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

const ESCAPE: &[Known] = &[flag(b'e', "escape"), flag(b'u', "unescape")];
const SHOW: &[Known] = &[valued(0, "db"), flag(0, "listowners"), flag(0, "listdbs")];

/// `debconf-escape -e|-u`: text from standard input, in one line or out of it.
pub(in super::super) fn escape(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let line = Line::parse(process.arguments(), ESCAPE).unwrap_or_default();
    if line.has("escape") == line.has("unescape") || !line.operands.is_empty() {
        return Err(Stop::unsupported("debconf-escape", "other options than one of -e and -u"));
    }
    let input = process.read_all(system, 0).unwrap_or_default();
    let output =
        if line.has("escape") { replaced(&replaced(&input, b"\\", b"\\\\"), b"\n", b"\\n") } else { unescaped(&input) };
    process.out(system, &output)?;
    Ok(0)
}

fn unescaped(text: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::with_capacity(text.len()), text);
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        match (first, tail.first()) {
            // An end of line is not escaped.
            (b'\\', Some(next)) if *next != b'\n' => {
                out.push(if *next == b'n' { b'\n' } else { *next });
                rest = tail.get(1..).unwrap_or_default();
            }
            _ => out.push(*first),
        }
    }
    out
}

/// `debconf-loadtemplate OWNER FILE…`.
pub(in super::super) fn load_template(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let result = load_all(system, process);
    conclude(system, process, result)
}

fn load_all(system: &mut System<'_>, process: &mut Process) -> Result<u8, Failure> {
    let words = process.arguments().to_vec();
    let Some((owner, files)) = words.split_first().filter(|(_, files)| !files.is_empty()) else {
        return Err(Failure::Exit(1, "Usage: debconf-loadtemplate owner file [file ..]".into()));
    };
    let mut databases = Databases::open(system, process, false)?;
    for file in files {
        let shown = text(file);
        let loaded = match system.read(&process.path(file)) {
            Ok(bytes) => databases.load_templates(system, process, &bytes, &shown, owner),
            Err(error) => Err(Failure::Exit(2, format!("{shown}: {error}"))),
        };
        if let Err(failure) = loaded {
            databases.abandon(system);
            return Err(failure);
        }
    }
    databases.save(system, process)?;
    Ok(0)
}

/// `debconf-show PACKAGE…` and `debconf-show --listowners`. debconf has no order in which it shows questions; here they
/// are sorted.
pub(in super::super) fn show(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let result = show_all(system, process);
    conclude(system, process, result)
}

fn show_all(system: &mut System<'_>, process: &mut Process) -> Result<u8, Failure> {
    let line = Line::parse(process.arguments(), SHOW).map_err(|text| Failure::Exit(1, text))?;
    if line.has("db") || line.has("listdbs") {
        return Err(dies("the options --db and --listdbs of debconf-show").into());
    }
    if line.operands.is_empty() && !line.has("listowners") {
        let text = "Usage: \n    debconf-show packagename [...] [--db=dbname]\n    debconf-show --listowners \
                    [--db=dbname]\n    debconf-show --listdbs";
        return Err(Failure::Exit(1, text.into()));
    }
    let mut databases = Databases::open(system, process, true)?;
    let mut out = Vec::new();
    let mut owners = std::collections::BTreeSet::new();
    for question in databases.names(Kind::Question) {
        let of = databases.owners(Kind::Question, &question);
        for _ in line.operands.iter().filter(|package| of.contains(package)) {
            let seen = databases.flag(&question, b"seen") == b"true";
            out.extend(if seen { b"* " } else { b"  " });
            out.extend([question.as_slice(), b":"].concat());
            if databases.question_field(&question, b"type")?.is_some_and(|type_| type_ == b"password") {
                out.extend(b" (password omitted)");
            } else if let Some(value) = databases.value(&question).filter(|value| !value.is_empty()) {
                out.extend([b" ", value.as_slice()].concat());
            }
            out.push(b'\n');
        }
        owners.extend(of);
    }
    if line.has("listowners") {
        out = owners.iter().flat_map(|owner| [owner.as_slice(), b"\n"].concat()).collect();
    }
    databases.abandon(system);
    process.out(system, &out)?;
    Ok(0)
}
