//! Programs that leave nothing in a tree: sleep(1), sync(1), logger(1), and chattr(1) and lsattr(1), whose attributes no
//! image can carry.

use super::operand::{failed, path, quoted};
use super::options;
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

/// Runs `sleep`: no time passes.
pub(super) fn sleep(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let words = process.arguments().to_vec();
    if words.is_empty() {
        return options::misused(system, process, "missing operand", 1);
    }
    for word in words {
        let text = String::from_utf8_lossy(&word).into_owned();
        let number = text.strip_suffix(['s', 'm', 'h', 'd']).unwrap_or(&text);
        if number != "inf" && number != "infinity" && !number.parse::<f64>().is_ok_and(|seconds| seconds >= 0.0) {
            return options::misused(system, process, &format!("invalid time interval {}", quoted(&word)), 1);
        }
    }
    Ok(0)
}

/// Runs `sync`.
pub(super) fn sync(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    each(system, process, "error opening", 1)
}

/// Runs `logger`: nobody keeps a log.
pub(super) fn logger(_: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    if process.arguments().iter().any(|word| word == b"-s" || word == b"--stderr") {
        return Err(Stop::unsupported("logger", "option --stderr"));
    }
    Ok(0)
}

/// Runs `chattr`.
pub(super) fn chattr(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    process.args.retain(|word| !word.starts_with(b"+") && !word.starts_with(b"="));
    each(system, process, "", 1)
}

/// Fails where a file is not there, and does nothing else.
fn each(system: &mut System<'_>, process: &mut Process, what: &str, status: u8) -> Result<u8, Stop> {
    let mut fine = true;
    for name in process.arguments().to_vec() {
        if name.starts_with(b"-") {
            continue;
        }
        if let Err(error) = path(process, &name).and_then(|at| system.stat(&at).map(drop)) {
            fine &= failed(system, process, what, &name, error)?;
        }
    }
    Ok(if fine { 0 } else { status })
}
