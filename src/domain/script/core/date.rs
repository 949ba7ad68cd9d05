//! date(1): it is always the build's epoch, in UTC.

use super::clock;
use super::operand::{path, quoted};
use super::options::{self, Known, Order, Takes};
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

const OPTIONS: &[Known] = &[
    ("d", "date", Takes::Value),
    ("f", "file", Takes::Value),
    ("I", "iso-8601", Takes::Optional),
    ("R", "rfc-email", Takes::Nothing),
    ("", "rfc-2822", Takes::Nothing),
    ("", "rfc-822", Takes::Nothing),
    ("", "rfc-3339", Takes::Value),
    ("r", "reference", Takes::Value),
    ("s", "set", Takes::Value),
    ("u", "utc", Takes::Nothing),
    ("", "universal", Takes::Nothing),
    ("", "debug", Takes::Nothing),
    ("", "resolution", Takes::Nothing),
];

/// Runs `date`.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let Some(line) = options::read(system, process, OPTIONS, Order::Permuted)? else { return Ok(1) };
    let mut seconds = system.epoch.seconds();
    let mut format = b"%a %b %e %H:%M:%S %Z %Y".to_vec();
    for option in &line.options {
        match (option.name, option.text()) {
            ("date", text) => seconds = clock::read("date", text, system.epoch)?,
            ("iso-8601", b"" | b"date") => format = b"%Y-%m-%d".to_vec(),
            ("iso-8601", b"hours") => format = b"%Y-%m-%dT%H%:z".to_vec(),
            ("iso-8601", b"minutes") => format = b"%Y-%m-%dT%H:%M%:z".to_vec(),
            ("iso-8601", b"seconds") => format = b"%Y-%m-%dT%H:%M:%S%:z".to_vec(),
            ("rfc-email" | "rfc-2822" | "rfc-822", _) => format = b"%a, %d %b %Y %H:%M:%S %z".to_vec(),
            ("rfc-3339", b"date") => format = b"%Y-%m-%d".to_vec(),
            ("rfc-3339", b"seconds") => format = b"%Y-%m-%d %H:%M:%S%:z".to_vec(),
            ("reference", file) => {
                match path(process, file).and_then(|at| system.stat(&at).map(|node| node.meta.mtime)) {
                    Ok(mtime) => seconds = mtime,
                    Err(error) => {
                        process.complain(system, &format!("{}: {error}", String::from_utf8_lossy(file)))?;
                        return Ok(1);
                    }
                }
            }
            ("utc" | "universal", _) => {}
            _ => return Err(option.unmodelled("date")),
        }
    }
    match line.operands.as_slice() {
        [] => {}
        [only] if only.starts_with(b"+") => format = only.get(1..).unwrap_or_default().to_vec(),
        [_, extra, ..] => {
            return options::misused(system, process, &format!("extra operand {}", quoted(extra)), 1);
        }
        [_] => return Err(Stop::unsupported("date", "setting the clock")),
    }
    let text = clock::write("date", seconds, &format)?;
    process.out(system, &[text.as_slice(), b"\n"].concat())?;
    Ok(0)
}
