//! stat(1) with a format.

use super::attributes::Attributes;
use super::mode::letters;
use super::operand::{failed, path, quoted};
use super::options::{self, Known, Order, Takes};
use super::{clock, identity};
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

const OPTIONS: &[Known] = &[
    ("c", "format", Takes::Value),
    ("", "printf", Takes::Value),
    ("L", "dereference", Takes::Nothing),
    ("f", "file-system", Takes::Nothing),
    ("t", "terse", Takes::Nothing),
    ("", "cached", Takes::Value),
];

/// Runs `stat`.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let Some(line) = options::read(system, process, OPTIONS, Order::Permuted)? else { return Ok(1) };
    let (mut format, mut follow, mut whole) = (None, false, false);
    for option in &line.options {
        match option.name {
            "format" => format = Some([option.text(), b"\n"].concat()),
            "printf" => format = Some(super::echo::escaped(option.text(), super::echo::Escapes::Format).0),
            "dereference" => follow = true,
            "file-system" => whole = true,
            "cached" => {}
            _ => return Err(option.unmodelled("stat")),
        }
    }
    if line.operands.is_empty() {
        return options::misused(system, process, "missing operand", 1);
    }
    let Some(format) = format else { return Err(Stop::unsupported("stat", "its report without a format")) };
    let mut fine = true;
    for name in &line.operands {
        system.budget.step(1)?;
        let found = path(process, name).and_then(|at| {
            let node = if follow { system.stat(&at)? } else { system.lstat(&at)? };
            Ok((Attributes::of(node), at))
        });
        match found {
            Ok(_) if whole => {
                let text = show_whole(&format)?;
                process.out(system, &text)?;
            }
            Ok((attributes, at)) => {
                let text = show(system, &format, name, &at, &attributes)?;
                process.out(system, &text)?;
            }
            Err(error) => fine &= failed(system, process, "cannot statx", name, error)?,
        }
    }
    Ok(u8::from(!fine))
}

/// What the filesystem is: one in memory.
fn show_whole(format: &[u8]) -> Result<Vec<u8>, Stop> {
    let mut parts = format.split(|byte| *byte == b'%');
    let mut out = parts.next().unwrap_or_default().to_vec();
    for part in parts {
        match part.strip_prefix(b"T") {
            Some(rest) => out.extend([b"tmpfs", rest].concat()),
            None => return Err(Stop::unsupported("stat", "-f with another format than `%T`")),
        }
    }
    Ok(out)
}

fn show(
    system: &mut System<'_>,
    format: &[u8],
    name: &[u8],
    at: &[u8],
    attributes: &Attributes,
) -> Result<Vec<u8>, Stop> {
    let mut out = Vec::new();
    let mut rest = format.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut flags = Vec::new();
        while let Some(flag) = rest.next_if(|next| b"-+ 0#".contains(next)) {
            flags.push(flag);
        }
        let mut width = String::new();
        while let Some(digit) = rest.next_if(u8::is_ascii_digit) {
            width.push(char::from(digit));
        }
        let Some(directive) = rest.next() else {
            out.push(b'%');
            break;
        };
        let text = one(system, directive, name, at, attributes)?;
        let alternative: &[u8] = match directive {
            b'a' if flags.contains(&b'#') && attributes.meta.mode != 0 => b"0",
            _ if flags.contains(&b'#') => return Err(Stop::unsupported("stat", "the flag `#`")),
            _ => b"",
        };
        let text = [alternative, &text].concat();
        let width = width.parse::<usize>().unwrap_or(0).min(4096);
        let fill = vec![if flags.contains(&b'0') { b'0' } else { b' ' }; width.saturating_sub(text.len())];
        if flags.contains(&b'-') {
            out.extend([text.as_slice(), &vec![b' '; fill.len()]].concat());
        } else {
            out.extend([fill, text].concat());
        }
    }
    Ok(out)
}

fn one(
    system: &mut System<'_>,
    directive: u8,
    name: &[u8],
    at: &[u8],
    attributes: &Attributes,
) -> Result<Vec<u8>, Stop> {
    let meta = &attributes.meta;
    let unknown = b"UNKNOWN".to_vec();
    Ok(match directive {
        b'%' => b"%".to_vec(),
        b'a' => format!("{:o}", meta.mode).into_bytes(),
        b'A' => format!("{}{}", attributes.letter(), letters(meta.mode)).into_bytes(),
        // The tree is one device, and its inodes have numbers of its own.
        b'd' => b"1".to_vec(),
        b'i' => attributes.inode.to_string().into_bytes(),
        b'f' => format!("{:x}", attributes.type_bits() | meta.mode).into_bytes(),
        b'F' => attributes.description().into(),
        b'u' => meta.uid.to_string().into_bytes(),
        b'g' => meta.gid.to_string().into_bytes(),
        b'U' => identity::user_numbered(system, meta.uid).map_or(unknown, |user| user.name),
        b'G' => identity::group_numbered(system, meta.gid).map_or(unknown, |group| group.name),
        b'h' => attributes.links(system, at).to_string().into_bytes(),
        b'n' => name.to_vec(),
        b'N' => match attributes.target() {
            Some(target) => format!("{} -> {}", quoted(name), quoted(target)).into_bytes(),
            None => quoted(name).into_bytes(),
        },
        b's' => attributes.size().to_string().into_bytes(),
        b't' => format!("{:x}", attributes.device().0).into_bytes(),
        b'T' => format!("{:x}", attributes.device().1).into_bytes(),
        b'Y' => meta.mtime.to_string().into_bytes(),
        b'y' => clock::write("stat", meta.mtime, b"%Y-%m-%d %H:%M:%S.%N %z")?,
        other => return Err(Stop::unsupported("stat", format!("the format `%{}`", char::from(other)))),
    })
}
