//! The specifiers of `sysusers.d`(5) and `tmpfiles.d`(5): `%` and a letter.

use super::super::super::system::System;
use super::super::failure::text;
use crate::base::Arch;

/// A specifier that stands for something that the tree does not have, or that is another machine's: its letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Unknown(pub(in super::super) char);

/// Which table knows a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Table {
    /// `sysusers.d`.
    Users,
    /// `tmpfiles.d`.
    Files,
}

/// Replaces the specifiers in a text; a letter that the table does not know stays as it is.
pub(in super::super) fn expand(system: &mut System<'_>, input: &[u8], table: Table) -> Result<Vec<u8>, Unknown> {
    let mut out = Vec::new();
    let mut bytes = input.iter();
    while let Some(byte) = bytes.next() {
        if *byte != b'%' {
            out.push(*byte);
            continue;
        }
        let Some(letter) = bytes.next() else {
            out.push(b'%');
            break;
        };
        match meaning(system, *letter, table) {
            Some(Some(value)) => out.extend(value),
            Some(None) => return Err(Unknown(char::from(*letter))),
            None => out.extend([b'%', *letter]),
        }
    }
    Ok(out)
}

/// What a letter stands for; inner `None` where that is not known, outer `None` where the letter is none.
fn meaning(system: &mut System<'_>, letter: u8, table: Table) -> Option<Option<Vec<u8>>> {
    let fixed: &[u8] = match (letter, table) {
        (b'%', _) => b"%",
        (b'T', _) => b"/tmp",
        (b'V', _) => b"/var/tmp",
        (b'a', _) => match system.arch {
            Arch::Amd64 => b"x86-64",
            Arch::Arm64 => b"arm64",
        },
        (b'h', Table::Files) => b"/root",
        (b'C', Table::Files) => b"/var/cache",
        (b'L', Table::Files) => b"/var/log",
        (b'S', Table::Files) => b"/var/lib",
        (b't', Table::Files) => b"/run",
        (b'u' | b'g', Table::Files) => b"root",
        (b'U' | b'G', Table::Files) => b"0",
        (b'm', _) => return Some(machine_id(system)),
        (b'o', _) => return Some(os_release(system, "ID")),
        (b'w', _) => return Some(os_release(system, "VERSION_ID")),
        (b'W', _) => return Some(os_release(system, "VARIANT_ID")),
        (b'B', _) => return Some(os_release(system, "BUILD_ID")),
        (b'A', Table::Users) => return Some(os_release(system, "IMAGE_VERSION")),
        (b'M', Table::Users) => return Some(os_release(system, "IMAGE_ID")),
        // The boot, the kernel and the names of a machine.
        (b'b' | b'v' | b'H' | b'l', _) => return Some(None),
        _ => return None,
    };
    Some(Some(fixed.to_vec()))
}

/// `machine-id`(5), where it is one.
fn machine_id(system: &mut System<'_>) -> Option<Vec<u8>> {
    let file = system.read(b"etc/machine-id").ok()?;
    let id = file.strip_suffix(b"\n").unwrap_or(&file);
    (id.len() == 32 && id.iter().all(u8::is_ascii_hexdigit)).then(|| id.to_ascii_lowercase())
}

/// A setting of `os-release`(5); empty where it is not set.
fn os_release(system: &mut System<'_>, name: &str) -> Option<Vec<u8>> {
    let file = [&b"etc/os-release"[..], b"usr/lib/os-release"].into_iter().find_map(|path| system.read(path).ok())?;
    let file = text(&file);
    let value = file.lines().filter_map(|line| line.split_once('=')).find(|(other, _)| *other == name);
    Some(value.map(|(_, value)| value.trim_matches(['"', '\'']).as_bytes().to_vec()).unwrap_or_default())
}
