//! Files that a command line names: their paths in the tree, their parts, and how messages quote them.

use crate::domain::script::errno::Errno;
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

/// The path in the tree of a name that a process uses. The empty name is none (path_resolution(7)).
///
/// # Errors
/// [`Errno::Missing`] for the empty name.
pub(in crate::domain::script) fn path(process: &Process, name: &[u8]) -> Result<Vec<u8>, Errno> {
    if name.is_empty() { Err(Errno::Missing) } else { Ok(process.path(name)) }
}

/// A name below a folder's.
pub(in crate::domain::script) fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    let slash: &[u8] = if folder.is_empty() || folder.ends_with(b"/") { b"" } else { b"/" };
    [folder, slash, name].concat()
}

/// The last component, without slashes at the end: `/` for the root, as basename(3) has it.
pub(in crate::domain::script) fn last(name: &[u8]) -> &[u8] {
    let trimmed = trimmed(name);
    match trimmed.iter().rposition(|byte| *byte == b'/') {
        Some(_) if trimmed == b"/" => trimmed,
        Some(slash) => trimmed.get(slash + 1..).unwrap_or_default(),
        None => trimmed,
    }
}

/// All but the last component: `.` where there is no other, as dirname(3) has it.
pub(in crate::domain::script) fn folder(name: &[u8]) -> &[u8] {
    let trimmed_name = trimmed(name);
    match trimmed_name.iter().rposition(|byte| *byte == b'/') {
        Some(0) => b"/",
        Some(slash) => trimmed(trimmed_name.get(..slash).unwrap_or_default()),
        None => b".",
    }
}

/// Without slashes at the end, but for the root's own.
pub(in crate::domain::script) fn trimmed(mut name: &[u8]) -> &[u8] {
    while name.len() > 1 {
        match name.strip_suffix(b"/") {
            Some(rest) => name = rest,
            None => break,
        }
    }
    name
}

/// A name in messages, as GNU's `quoteaf` has it: in single quotes, or in whatever a shell would read back.
pub(in crate::domain::script) fn quoted(name: &[u8]) -> String {
    let plain = |byte: &u8| (0x20..0x7f).contains(byte);
    if name.iter().all(|byte| plain(byte) && *byte != b'\'') {
        return format!("'{}'", String::from_utf8_lossy(name));
    }
    if name.iter().all(|byte| plain(byte) && !matches!(byte, b'"' | b'$' | b'`' | b'\\')) {
        return format!("\"{}\"", String::from_utf8_lossy(name));
    }
    let mut out = String::from("'");
    let mut escaping = false;
    for byte in name {
        if plain(byte) {
            if escaping {
                out.push_str("''");
                escaping = false;
            }
            if *byte == b'\'' {
                out.push_str("'\\''");
            } else {
                out.push(char::from(*byte));
            }
            continue;
        }
        if !escaping {
            out.push_str("'$'");
            escaping = true;
        }
        match byte {
            b'\n' => out.push_str("\\n"),
            b'\t' => out.push_str("\\t"),
            b'\r' => out.push_str("\\r"),
            _ => out.push_str(&format!("\\{byte:03o}")),
        }
    }
    out.push('\'');
    out
}

/// Says that something could not be done with a file: `NAME: WHAT 'FILE': WHY`. Always `false`, the caller's outcome.
///
/// # Errors
/// When the complaint is too long.
pub(in crate::domain::script) fn failed(
    system: &mut System<'_>,
    process: &mut Process,
    what: &str,
    name: &[u8],
    why: Errno,
) -> Result<bool, Stop> {
    process.complain(system, &format!("{what} {}: {why}", quoted(name)))?;
    Ok(false)
}

/// A decimal number without a sign.
pub(in crate::domain::script) fn number(text: &[u8]) -> Option<u64> {
    let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    if digits { std::str::from_utf8(text).ok()?.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_names() {
        for (name, folder_, last_) in [
            ("a", ".", "a"),
            ("/", "/", "/"),
            ("a/b/", "a", "b"),
            ("/a", "/", "a"),
            ("a//b", "a", "b"),
            ("//", "/", "/"),
        ] {
            assert_eq!(folder(name.as_bytes()), folder_.as_bytes(), "{name}");
            assert_eq!(last(name.as_bytes()), last_.as_bytes(), "{name}");
        }
    }

    #[test]
    fn quotes_as_gnu_does() {
        for (name, text) in [("a b", "'a b'"), ("it's", "\"it's\""), ("a\nb", "'a'$'\\n''b'"), ("'$", "''\\''$'")] {
            assert_eq!(quoted(name.as_bytes()), text);
        }
    }
}
