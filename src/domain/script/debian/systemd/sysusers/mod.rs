//! `systemd-sysusers`(8) of systemd 252 to 257: accounts of the system, as `sysusers.d`(5) names them.
//!
//! | part | one sentence |
//! |---|---|
//! | [`items`] | the lines: users, groups, members, ranges |
//! | [`numbers`] | which number an account gets |
//! | [`files`] | the four files it is written to |

mod files;
mod items;
mod numbers;

use super::super::super::process::Process;
use super::super::super::stop::Stop;
use super::super::super::system::System;
use super::super::failure::{Failure, conclude, text};
use super::super::options::{Known, Line, flag, valued};
use super::configuration::{self, Source};
use super::words;
use files::Files;
use items::Items;
use numbers::Numbers;

const OPTIONS: [Known; 7] = [
    valued(0, "root"),
    valued(0, "image"),
    valued(0, "replace"),
    flag(0, "dry-run"),
    flag(0, "inline"),
    flag(0, "no-pager"),
    flag(0, "cat-config"),
];

const KIND: &[u8] = b"sysusers.d";

/// Runs it.
pub(in super::super) fn systemd_sysusers(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let result = match Line::parse(process.arguments(), &OPTIONS) {
        Err(text) => Err(Failure::Exit(1, text)),
        Ok(line) => run(system, process, &line),
    };
    conclude(system, process, result)
}

/// Says a line as systemd's programs do: without a name before it.
fn say(system: &mut System<'_>, process: &mut Process, what: &str) -> Result<(), Stop> {
    process.write(system, 2, format!("{what}\n").as_bytes()).map(drop)
}

fn run(system: &mut System<'_>, process: &mut Process, line: &Line) -> Result<u8, Failure> {
    let other_root = line.value("root").is_some_and(|root| root.iter().any(|byte| *byte != b'/'));
    if let Some(option) = ["image", "cat-config"].into_iter().find(|option| line.has(option)) {
        return Err(Stop::unsupported("systemd-sysusers", format!("option --{option}")).into());
    }
    if other_root {
        return Err(Stop::unsupported("systemd-sysusers", "another --root than /").into());
    }
    let replaced = line.value("replace");
    let wrong = match replaced {
        Some(path) if path.first() != Some(&b'/') => Some("The argument to --replace= must be an absolute path."),
        Some(path) if !path.ends_with(b".conf") => Some("The argument to --replace= must have the extension '.conf'."),
        Some(_) if line.operands.is_empty() => {
            Some("When --replace= is given, some configuration items must be specified")
        }
        _ => None,
    };
    if let Some(wrong) = wrong {
        say(system, process, wrong)?;
        return Ok(1);
    }
    let sources = if replaced.is_some() || line.operands.is_empty() {
        configuration::list(system, KIND, replaced)?
    } else {
        vec![Source::Arguments]
    };
    let mut items = Items::default();
    for source in sources {
        match source {
            // What is wrong in a file that nobody named is only said.
            Source::File(path) => drop(read_file(system, process, &mut items, &path)?),
            Source::Arguments => {
                for (position, argument) in (1..).zip(&line.operands) {
                    let fine = if line.has("inline") {
                        items.line(system, process, "(argument)", position, argument)?
                    } else {
                        read_named(system, process, &mut items, argument)?
                    };
                    if !fine {
                        return Ok(1);
                    }
                }
            }
        }
    }
    items.complete();
    let mut files = Files::open(system, line.has("dry-run"))?;
    let mut numbers = Numbers::new(&items, &files);
    numbers.give(system, process, &mut items, &files)?;
    if line.has("dry-run") {
        return Ok(0);
    }
    files.write(system, process, &items, &numbers)
}

/// Reads standard input (`-`) or a file that was named; whether all of it was understood.
fn read_named(system: &mut System<'_>, process: &mut Process, items: &mut Items, name: &[u8]) -> Result<bool, Failure> {
    if name == b"-" {
        let input = process.read_all(system, 0).unwrap_or_default();
        return read(system, process, items, "-", &input);
    }
    match configuration::find(system, name, KIND) {
        Some(path) => read_file(system, process, items, &path),
        None => {
            let what = format!("Failed to open '{}', ignoring: No such file or directory", text(name));
            say(system, process, &what)?;
            Ok(false)
        }
    }
}

fn read_file(system: &mut System<'_>, process: &mut Process, items: &mut Items, path: &[u8]) -> Result<bool, Failure> {
    let shown = format!("/{}", text(path));
    match system.read(path) {
        Ok(bytes) => read(system, process, items, &shown, &bytes),
        Err(error) => {
            say(system, process, &format!("Failed to open '{shown}', ignoring: {error}"))?;
            Ok(false)
        }
    }
}

fn read(
    system: &mut System<'_>,
    process: &mut Process,
    items: &mut Items,
    name: &str,
    bytes: &[u8],
) -> Result<bool, Failure> {
    let mut fine = true;
    for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        system.budget.step(1)?;
        let line = words::stripped(line);
        if !matches!(line.first(), None | Some(b'#')) {
            fine &= items.line(system, process, name, number, line)?;
        }
    }
    Ok(fine)
}
