//! sed(1): edits a stream of lines.
//!
//! GNU's, with the commands and flags of its manual but `e`, `L` and `--posix`.

mod edit;
mod lines;
mod output;
mod parse;
mod program;
mod replacement;
mod run;
mod scan;

use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::{input, options};
use parse::{Script, Trouble};

const SHORT: &str = "bsnrzuEe:f:l:i::V:#%&^";
const LONG: &[options::Long] = &[
    ("binary", 'b'),
    ("debug", '&'),
    ("expression", 'e'),
    ("file", 'f'),
    ("follow-symlinks", '#'),
    ("in-place", 'i'),
    ("line-length", 'l'),
    ("null-data", 'z'),
    ("posix", '%'),
    ("quiet", 'n'),
    ("regexp-extended", 'E'),
    ("sandbox", '^'),
    ("separate", 's'),
    ("silent", 'n'),
    ("unbuffered", 'u'),
    ("zero-terminated", 'z'),
];

/// What the options ask for.
#[derive(Default)]
struct Settings {
    quiet: bool,
    separate: bool,
    /// Files are rewritten; with a suffix the old ones are kept.
    in_place: Option<Vec<u8>>,
    follow_links: bool,
    zero: bool,
    utf8: bool,
    /// The width of `l`.
    width: usize,
}

/// Runs it.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let parsed = match options::parse(process.arguments(), SHORT, LONG) {
        Ok(parsed) => parsed,
        Err(bad) => return usage(system, process, Some(&bad.to_string())),
    };
    let mut settings = Settings { width: 70, utf8: input::utf8(process), ..Settings::default() };
    let (mut script, mut given, mut extended) = (Script::default(), false, false);
    for (letter, value) in parsed.options {
        match (letter, value) {
            ('n', _) => settings.quiet = true,
            ('s', _) => settings.separate = true,
            ('r' | 'E', _) => extended = true,
            ('z', _) => settings.zero = true,
            ('#', _) => settings.follow_links = true,
            ('i', suffix) => settings.in_place = Some(suffix.unwrap_or_default()),
            ('b' | 'u', _) => {}
            ('e', text) => {
                script.push(&text.unwrap_or_default(), None);
                given = true;
            }
            ('f', name) => {
                let name = name.unwrap_or_default();
                match input::read(system, process, &name) {
                    Ok(bytes) => script.push(&bytes, Some(input::shown(&name))),
                    Err(error) => {
                        process.complain(system, &format!("couldn't open file {}: {error}", input::shown(&name)))?;
                        return Ok(4);
                    }
                }
                given = true;
            }
            ('l', value) => {
                let value = value.unwrap_or_default();
                match std::str::from_utf8(&value).ok().and_then(|value| value.parse().ok()) {
                    Some(width) => settings.width = width,
                    None => return usage(system, process, Some("invalid line length")),
                }
            }
            (other, _) => return Err(options::unsupported(process, other)),
        }
    }
    let mut operands = parsed.operands;
    if !given {
        if operands.is_empty() {
            return usage(system, process, None);
        }
        script.push(&operands.remove(0), None);
    }
    let program = match parse::parse(&script, extended, settings.utf8) {
        Ok(program) => program,
        Err(Trouble::Wrong(why, status)) => {
            process.complain(system, &why)?;
            return Ok(status);
        }
        Err(Trouble::Stop(stop)) => return Err(stop),
    };
    settings.quiet |= program.quiet;
    if settings.in_place.is_some() && operands.is_empty() {
        process.complain(system, "no input files")?;
        return Ok(4);
    }
    run::run(system, process, &program, &settings, input::or_stdin(operands))
}

fn usage(system: &mut System<'_>, process: &mut Process, why: Option<&str>) -> Result<u8, Stop> {
    if let Some(why) = why {
        process.complain(system, why)?;
    }
    let text = "Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...\n";
    process.write(system, 2, text.as_bytes()).map(drop)?;
    Ok(1)
}
