//! `systemd-tmpfiles --create`(8) of systemd 252 to 257: files and folders as `tmpfiles.d`(5) names them.
//!
//! | part | one sentence |
//! |---|---|
//! | [`items`] | the lines, by the paths they are about |
//! | [`create`] | what each kind of line makes |
//! | [`place`] | paths, patterns of paths, and ways to them that nobody else may bend |
//! | [`acl`] | lists of access rights |

mod acl;
mod create;
mod items;
mod place;

use super::super::super::process::Process;
use super::super::super::stop::Stop;
use super::super::super::system::System;
use super::super::failure::{Failure, conclude, text};
use super::super::options::{Known, Line, flag, valued};
use super::configuration::{self, Source};
use super::words;
use items::Items;

const OPTIONS: [Known; 14] = [
    flag(0, "create"),
    flag(0, "clean"),
    flag(0, "remove"),
    flag(0, "purge"),
    flag(0, "boot"),
    flag(0, "graceful"),
    flag(0, "user"),
    flag(0, "dry-run"),
    flag(0, "no-pager"),
    valued(0, "prefix"),
    valued(0, "exclude-prefix"),
    flag(b'E', "exclude-default-prefixes"),
    valued(0, "root"),
    valued(0, "replace"),
];

const KIND: &[u8] = b"tmpfiles.d";

/// `EX_DATAERR` and `EX_CANTCREAT` of `sysexits.h`: a line was wrong; something could not be made.
const WRONG_LINE: u8 = 65;
const NOT_MADE: u8 = 73;

/// What went wrong so far; the worst is the status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Troubles {
    /// A line was not understood.
    pub(super) line: bool,
    /// A line could not be carried out.
    pub(super) deed: bool,
}

/// What a call asks for.
struct Call<'l> {
    boot: bool,
    only: Vec<&'l [u8]>,
    without: Vec<&'l [u8]>,
}

/// Runs it.
pub(in super::super) fn systemd_tmpfiles(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
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
    let unmodelled = |what: &str| Err(Stop::unsupported("systemd-tmpfiles", what).into());
    if let Some(option) = ["clean", "remove", "purge", "user", "dry-run"].into_iter().find(|option| line.has(option)) {
        return unmodelled(&format!("option --{option}"));
    }
    if line.value("root").is_some_and(|root| root.iter().any(|byte| *byte != b'/')) {
        return unmodelled("another --root than /");
    }
    if !line.has("create") {
        say(system, process, "You need to specify at least one of --clean, --create or --remove.")?;
        return Ok(1);
    }
    let replaced = line.value("replace");
    if replaced.is_some_and(|path| path.first() != Some(&b'/') || !path.ends_with(b".conf"))
        || replaced.is_some() && line.operands.is_empty()
    {
        say(system, process, "The argument to --replace= must be an absolute path with the extension '.conf'.")?;
        return Ok(1);
    }
    let values = |wanted: &str| -> Vec<&[u8]> {
        let given = line.options.iter().filter(|(option, _)| *option == wanted);
        given.map(|(_, value)| value.as_slice()).collect()
    };
    let mut without = values("exclude-prefix");
    if line.has("exclude-default-prefixes") {
        without.extend([&b"/dev"[..], b"/proc", b"/run", b"/sys"]);
    }
    let call = Call { boot: line.has("boot"), only: values("prefix"), without };
    let sources = if replaced.is_some() || line.operands.is_empty() {
        configuration::list(system, KIND, replaced)?
    } else {
        vec![Source::Arguments]
    };
    let mut items = Items::default();
    let mut troubles = Troubles::default();
    for source in sources {
        match source {
            Source::File(path) => {
                // What is wrong in a file that nobody named is only said, unless it is the line itself.
                let found = read_file(system, process, &mut items, &call, &path)?;
                troubles.line |= found.line;
            }
            Source::Arguments => {
                for name in &line.operands {
                    let found = match name.as_slice() {
                        b"-" => {
                            let input = process.read_all(system, 0).unwrap_or_default();
                            read(system, process, &mut items, &call, "<stdin>", &input)?
                        }
                        name => match configuration::find(system, name, KIND) {
                            Some(path) => read_file(system, process, &mut items, &call, &path)?,
                            None => {
                                let what = format!("Failed to open '{}': No such file or directory", text(name));
                                say(system, process, &what)?;
                                return Ok(1);
                            }
                        },
                    };
                    troubles.line |= found.line;
                    if found.deed {
                        return Ok(1);
                    }
                }
            }
        }
    }
    for at in items.in_order() {
        for item in items.of(at) {
            system.budget.step(1)?;
            if let Err(why) = create::create(system, item)? {
                if !item.may_fail {
                    troubles.deed = true;
                }
                say(system, process, &why)?;
            }
        }
    }
    Ok(match troubles {
        Troubles { line: true, .. } => WRONG_LINE,
        Troubles { deed: true, .. } => NOT_MADE,
        _ => 0,
    })
}

fn read_file(
    system: &mut System<'_>,
    process: &mut Process,
    items: &mut Items,
    call: &Call<'_>,
    path: &[u8],
) -> Result<Troubles, Failure> {
    let shown = format!("/{}", text(path));
    match system.read(path) {
        Ok(bytes) => read(system, process, items, call, &shown, &bytes),
        Err(error) => {
            say(system, process, &format!("Failed to open '{shown}': {error}"))?;
            Ok(Troubles { deed: true, ..Troubles::default() })
        }
    }
}

fn read(
    system: &mut System<'_>,
    process: &mut Process,
    items: &mut Items,
    call: &Call<'_>,
    name: &str,
    bytes: &[u8],
) -> Result<Troubles, Failure> {
    let mut troubles = Troubles::default();
    for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        system.budget.step(1)?;
        let line = words::stripped(line);
        if matches!(line.first(), None | Some(b'#')) {
            continue;
        }
        let says = items.take(system, call, line)?;
        if let Some(what) = says.text {
            say(system, process, &format!("{name}:{number}: {what}"))?;
        }
        troubles.line |= says.wrong;
        troubles.deed |= says.failed;
    }
    Ok(troubles)
}
