//! `systemd-escape`(1): texts and paths as parts of units' names.

use super::super::super::process::Process;
use super::super::super::stop::Stop;
use super::super::super::system::System;
use super::super::failure::{Failure, conclude, text};
use super::super::options::{Known, Line, flag, valued};

const OPTIONS: [Known; 5] =
    [valued(0, "suffix"), valued(0, "template"), flag(b'u', "unescape"), flag(b'p', "path"), flag(b'm', "mangle")];

/// Runs it.
pub(in super::super) fn systemd_escape(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let result = match Line::parse(process.arguments(), &OPTIONS) {
        Err(text) => Err(Failure::Exit(1, text)),
        Ok(line) => run(system, process, &line),
    };
    conclude(system, process, result)
}

fn run(system: &mut System<'_>, process: &mut Process, line: &Line) -> Result<u8, Failure> {
    if line.has("mangle") {
        return Err(Stop::unsupported("systemd-escape", "option --mangle").into());
    }
    if line.operands.is_empty() {
        return Err(Failure::Exit(1, "Not enough arguments.".into()));
    }
    let mut out = Vec::new();
    for operand in &line.operands {
        system.budget.step(1)?;
        let path = line.has("path");
        let name = if line.has("unescape") {
            let plain = unescape(operand)
                .ok_or_else(|| Failure::Exit(1, "Failed to unescape string: Invalid argument".into()))?;
            if path { [b"/", plain.as_slice()].concat() } else { plain }
        } else {
            escape(operand, path)
        };
        let name = match (line.value("template"), line.value("suffix")) {
            (Some(template), _) => {
                let at = template.iter().position(|byte| *byte == b'@').map(|at| at + 1);
                let (before, after) = at
                    .and_then(|at| template.split_at_checked(at))
                    .ok_or_else(|| Failure::Exit(1, format!("Template name {} is not valid.", text(template))))?;
                [before, &name, after].concat()
            }
            (None, Some(suffix)) => [&name, &b"."[..], suffix].concat(),
            (None, None) => name,
        };
        out.push(name);
    }
    process.out(system, &[out.join(&b' '), b"\n".to_vec()].concat())?;
    Ok(0)
}

fn escape(text_of: &[u8], path: bool) -> Vec<u8> {
    let simple;
    let text_of = if path {
        let parts: Vec<&[u8]> =
            text_of.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".").collect();
        simple = parts.join(&b'/');
        if simple.is_empty() {
            return b"-".to_vec();
        }
        simple.as_slice()
    } else {
        text_of
    };
    let mut out = Vec::new();
    for (at, byte) in text_of.iter().enumerate() {
        match byte {
            b'/' => out.push(b'-'),
            b'.' if at == 0 => out.extend(b"\\x2e"),
            byte if byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_' | b'.') => out.push(*byte),
            byte => out.extend(format!("\\x{byte:02x}").as_bytes()),
        }
    }
    out
}

fn unescape(name: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut rest = name;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'-' => out.push(b'/'),
            b'\\' => {
                let digits = std::str::from_utf8(rest.strip_prefix(b"x")?.get(..2)?).ok()?;
                out.push(u8::from_str_radix(digits, 16).ok()?);
                rest = rest.get(3..)?;
            }
            byte => out.push(*byte),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From systemd-escape(1) and systemd.unit(5).
    #[test]
    fn names_are_systemd_s() {
        for (path, text_of, name) in [
            (false, "Hallöchen, Meister", "Hall\\xc3\\xb6chen\\x2c\\x20Meister"),
            (true, "/foo//bar/baz/", "foo-bar-baz"),
            (true, "/", "-"),
            (true, "/.foo/a-b", "\\x2efoo-a\\x2db"),
            (false, ".a.b", "\\x2ea.b"),
        ] {
            assert_eq!(text(&escape(text_of.as_bytes(), path)), name);
        }
        assert_eq!(unescape(b"Hall\\xc3\\xb6chen\\x2c-x").unwrap(), "Hallöchen,/x".as_bytes());
        assert_eq!(unescape(b"a\\y"), None);
    }
}
