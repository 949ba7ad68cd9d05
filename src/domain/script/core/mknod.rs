//! mkfifo(1) and mknod(1).

use super::mode::Mode;
use super::operand::{failed, number, path, quoted};
use super::options::{self, Known, Order, Takes};
use crate::domain::rootfs::Kind;
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

const OPTIONS: &[Known] = &[("m", "mode", Takes::Value), ("Z", "", Takes::Nothing), ("", "context", Takes::Optional)];

/// Runs `mkfifo`.
pub(super) fn mkfifo(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let Some((bits, operands)) = read(system, process)? else { return Ok(1) };
    if operands.is_empty() {
        return options::misused(system, process, "missing operand", 1);
    }
    let mut fine = true;
    for name in &operands {
        if let Err(error) = path(process, name).and_then(|at| system.mknod(&at, Kind::Fifo, bits)) {
            fine &= failed(system, process, "cannot create fifo", name, error)?;
        }
    }
    Ok(u8::from(!fine))
}

/// Runs `mknod`.
pub(super) fn mknod(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let Some((bits, operands)) = read(system, process)? else { return Ok(1) };
    let device = |word: &[u8]| number(word).and_then(|value| u32::try_from(value).ok());
    let (name, kind) = match operands.as_slice() {
        [name, kind] if kind == b"p" => (name, Kind::Fifo),
        [name, kind, major, minor] => match (kind.as_slice(), device(major), device(minor)) {
            (b"c" | b"u", Some(major), Some(minor)) => (name, Kind::CharDevice(major, minor)),
            (b"b", Some(major), Some(minor)) => (name, Kind::BlockDevice(major, minor)),
            (b"c" | b"u" | b"b", ..) => {
                process.complain(system, &format!("invalid device {} {}", quoted(major), quoted(minor)))?;
                return Ok(1);
            }
            _ => return options::misused(system, process, &format!("invalid device type {}", quoted(kind)), 1),
        },
        operands => {
            let text = match operands.last() {
                Some(last) => format!("missing operand after {}", quoted(last)),
                None => "missing operand".to_owned(),
            };
            return options::misused(system, process, &text, 1);
        }
    };
    match path(process, name).and_then(|at| system.mknod(&at, kind, bits)) {
        Ok(()) => Ok(0),
        Err(error) => {
            process.complain(system, &format!("{}: {error}", String::from_utf8_lossy(name)))?;
            Ok(1)
        }
    }
}

/// The bits of what is to be made, and the operands.
type Wanted = (u32, Vec<Vec<u8>>);

/// Reads the command line; nothing after a complaint.
fn read(system: &mut System<'_>, process: &mut Process) -> Result<Option<Wanted>, Stop> {
    let Some(line) = options::read(system, process, OPTIONS, Order::Permuted)? else { return Ok(None) };
    let mut bits = 0o666 & !process.umask;
    for option in &line.options {
        match option.name {
            "mode" => match Mode::parse(option.text()) {
                Some(mode) => bits = mode.apply(0o666, false, process.umask) & 0o777,
                None => {
                    process.complain(system, "invalid mode")?;
                    return Ok(None);
                }
            },
            _ => return Err(option.unmodelled(&process.name())),
        }
    }
    Ok(Some((bits, line.operands)))
}
