//! `debconf-set-selections`(1), and the recipe's answers.
//!
//! A selection is put into the database before its package's templates are there, with a template that stands in for it;
//! when the package's own is loaded, the value stays and is seen.

use std::collections::BTreeMap;

use super::super::failure::{Failure, text};
use super::super::options::{Known, Line, flag};
use super::databases::{Databases, Kind};
use super::templates;
use super::{conclude, is_space, trim_start};
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

const OPTIONS: &[Known] = &[flag(b'v', "verbose"), flag(b'c', "checkonly"), flag(b'u', "unseen")];

const TYPES: [&[u8]; 8] = [b"select", b"boolean", b"string", b"multiselect", b"note", b"password", b"text", b"title"];

const USAGE: &str = "\
Usage: debconf-set-selections [-vcu] [file]
  -v, --verbose     verbose output
  -c, --checkonly   only check the input file format
  -u, --unseen      do not set the 'seen' flag when preseeding values";

/// An answer that is given before the question is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The package that asks.
    pub package: String,
    /// The question: `tzdata/Areas`.
    pub question: String,
    /// The type in the package's template, see [`type_of`]: `select`, `password` …
    pub type_: String,
    /// The value.
    pub value: String,
}

/// Puts answers into debconf's database, each seen, as `debconf-set-selections` does.
///
/// When: once debconf's files are there and before any package is configured. With mmdebstrap that is an `--extract-hook`:
/// the base's files are unpacked and no script has run, so that the base's packages find their answers too.
/// `/etc/debconf.conf` or, before debconf is configured, `/usr/share/debconf/debconf.conf` says where the database is; an
/// error says that there is none.
///
/// # Errors
/// In debconf's words; [`Stop`] where `debconf.conf` asks for what is not modelled.
pub fn preseed(
    system: &mut System<'_>,
    environment: &BTreeMap<Vec<u8>, Vec<u8>>,
    answers: &[Answer],
) -> Result<(), Stop> {
    let mut process = Process::new(vec![b"debconf-set-selections".to_vec()], environment.clone());
    let mut put = || -> Result<(), Failure> {
        let mut databases = Databases::open(system, &process, false)?;
        for answer in answers {
            let Answer { package, question, type_, value } = answer;
            let all = [package, question, type_, value].map(String::as_bytes);
            if let Err(failure) = load(system, &mut process, &mut databases, all, true) {
                databases.abandon(system);
                return Err(failure);
            }
        }
        databases.save(system, &process)
    };
    match put() {
        Ok(()) => Ok(()),
        Err(Failure::Stop(stop)) => Err(stop),
        Err(Failure::Exit(_, text)) => Err(Stop::unsupported("debconf-set-selections", text)),
    }
}

/// The type of a question in the bytes of a package's `templates`, or `None` where it is not there.
#[must_use]
pub fn type_of(file: &[u8], question: &str) -> Option<String> {
    let mut all = templates::templates(file, "templates").map_while(Result::ok);
    let stanza =
        all.find(|stanza| stanza.fields.get(&b"template"[..]).is_some_and(|name| name == question.as_bytes()))?;
    stanza.fields.get(&b"type"[..]).map(|type_| text(type_))
}

/// `debconf-set-selections [-vcu] [FILE…]`.
pub(in super::super) fn set_selections(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let result = match Line::parse(process.arguments(), OPTIONS) {
        Ok(line) => run(system, process, &line),
        Err(text) => Err(Failure::Exit(1, format!("{text}\n{USAGE}"))),
    };
    conclude(system, process, result)
}

fn run(system: &mut System<'_>, process: &mut Process, line: &Line) -> Result<u8, Failure> {
    let mut databases = Databases::open(system, process, false)?;
    let mut wrong = false;
    let mut inputs = Vec::new();
    if line.operands.is_empty() {
        inputs.push(process.read_all(system, 0).unwrap_or_default());
    }
    for file in &line.operands {
        match system.read(&process.path(file)) {
            _ if file == b"-" => inputs.push(process.read_all(system, 0).unwrap_or_default()),
            Ok(bytes) => inputs.push(bytes.to_vec()),
            Err(error) => {
                let text = format!("Can't open {}: {error}.\n", text(file));
                process.write(system, 2, text.as_bytes()).map(drop)?;
            }
        }
    }
    let read = inputs.iter().try_for_each(|input| select(system, process, &mut databases, line, input, &mut wrong));
    if read.is_err() || line.has("checkonly") {
        databases.abandon(system);
    } else {
        databases.save(system, process)?;
    }
    read.map(|()| u8::from(wrong))
}

fn select(
    system: &mut System<'_>,
    process: &mut Process,
    databases: &mut Databases,
    options: &Line,
    input: &[u8],
    wrong: &mut bool,
) -> Result<(), Failure> {
    let mut lines = input.split_inclusive(|byte| *byte == b'\n').map(munged).peekable();
    let mut number = 0u32;
    while let Some(first) = lines.next() {
        system.budget.step(1)?;
        number += 1;
        let mut line = first.to_vec();
        while line.ends_with(b"\\") && lines.peek().is_some() {
            line.pop();
            line.extend(lines.next().unwrap_or_default());
            number += 1;
        }
        let start = trim_start(&line);
        if start.is_empty() || start.starts_with(b"#") {
            continue;
        }
        let mut say = |system: &mut System<'_>, text: String| process.write(system, 2, text.as_bytes()).map(drop);
        let Some([owner, question, type_, value]) = fields(start) else {
            say(system, format!("error: parse error on line {number}: '{}'\n", text(&line)))?;
            *wrong = true;
            continue;
        };
        let (shown, kind) = (text(question), text(type_));
        if type_ == b"seen" {
            if options.has("verbose") {
                let value = text(value);
                say(system, format!("info: Trying to set 'seen' flag to '{value}'\ninfo: Setting seen flag\n"))?;
            }
            if databases.exists(Kind::Question, question) {
                databases.set_flag(question, b"seen", value);
            } else {
                say(system, format!("error: Cannot find a question for {shown}\n"))?;
                *wrong = true;
            }
        } else if TYPES.contains(&type_) {
            if options.has("verbose") {
                let value = text(value);
                say(system, format!("info: Trying to set '{shown}' [{kind}] to '{value}'\n"))?;
                say(system, format!("info: Loading answer for '{shown}'\n"))?;
            }
            if !load(system, process, databases, [owner, question, type_, value], !options.has("unseen"))? {
                let text = format!("error: Cannot find a question for {shown}\n");
                process.write(system, 2, text.as_bytes()).map(drop)?;
                *wrong = true;
            }
        } else {
            say(system, format!("warning: Unknown type {kind}, skipping line {number}\n"))?;
        }
    }
    Ok(())
}

/// Gives a question its value; `false` where there is a template of that name but no question.
fn load(
    system: &mut System<'_>,
    process: &mut Process,
    databases: &mut Databases,
    [owner, question, type_, value]: [&[u8]; 4],
    seen: bool,
) -> Result<bool, Failure> {
    if !databases.has_template(question) {
        databases.new_template(system, process, question, owner, type_)?;
        databases.set_field(Kind::Template, question, b"description", b"Dummy template");
        let text = "This is a fake template used to pre-seed the debconf database. If you are seeing this, something is \
                    probably wrong.";
        databases.set_field(Kind::Template, question, b"extended_description", text.as_bytes());
    }
    databases.set_field(Kind::Template, question, b"type", type_);
    if !databases.exists(Kind::Question, question) {
        return Ok(false);
    }
    databases.add_owner(Kind::Question, question, owner, type_);
    databases.set_value(question, value);
    if seen {
        databases.set_flag(question, b"seen", b"true");
    }
    Ok(true)
}

/// A line without its end.
fn munged(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// `OWNER QUESTION TYPE VALUE`; one space parts the value from its type.
fn fields(line: &[u8]) -> Option<[&[u8]; 4]> {
    let word = |text: &'_ [u8]| text.iter().position(|byte| is_space(*byte)).unwrap_or(text.len());
    let (owner, rest) = line.split_at(word(line));
    let rest = trim_start(rest);
    let (question, rest) = rest.split_at(word(rest));
    let rest = trim_start(rest);
    let (type_, rest) = rest.split_at(word(rest));
    let value = rest.get(1..).unwrap_or_default();
    (!type_.is_empty()).then_some([owner, question, type_, value])
}
