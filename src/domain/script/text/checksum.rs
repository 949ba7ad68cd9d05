//! md5sum(1), sha1sum(1), sha224sum(1), sha256sum(1), sha384sum(1), sha512sum(1).

use sha1::Digest as _; // of an older version of the traits than the others are
use sha2::Digest as _;

use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::{input, options};

const LONG: &[options::Long] = &[
    ("binary", 'b'),
    ("check", 'c'),
    ("ignore-missing", '!'),
    ("quiet", '%'),
    ("status", '='),
    ("strict", '&'),
    ("tag", '#'),
    ("text", 't'),
    ("warn", 'w'),
    ("zero", 'z'),
];

/// What the options ask for.
#[derive(Default)]
struct Settings {
    binary: bool,
    ignore_missing: bool,
    quiet: bool,
    silent: bool,
    strict: bool,
    tag: bool,
    warn: bool,
    zero: bool,
}

/// Runs it; the name says which sum.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let parsed = match options::parse(process.arguments(), "bctwz!%=&#", LONG) {
        Ok(parsed) => parsed,
        Err(bad) => return options::refuse(system, process, &bad, 1),
    };
    let (mut settings, mut check) = (Settings::default(), false);
    for (letter, _) in parsed.options {
        match letter {
            'b' => settings.binary = true,
            'c' => check = true,
            't' => settings.binary = false,
            'w' => settings.warn = true,
            'z' => settings.zero = true,
            '!' => settings.ignore_missing = true,
            '%' => settings.quiet = true,
            '=' => settings.silent = true,
            '&' => settings.strict = true,
            '#' => settings.tag = true,
            other => return Err(options::unsupported(process, other)),
        }
    }
    let only_check = [
        (settings.ignore_missing, "ignore-missing"),
        (settings.silent, "status"),
        (settings.warn, "warn"),
        (settings.quiet, "quiet"),
        (settings.strict, "strict"),
    ];
    if let Some((_, name)) = only_check.iter().find(|(given, _)| *given && !check) {
        let why = format!("the --{name} option is meaningful only when verifying checksums");
        return options::refuse(system, process, &why, 1);
    }
    let mut status = 0;
    for name in input::or_stdin(parsed.operands) {
        let good =
            if check { settings.check(system, process, &name)? } else { settings.sum(system, process, &name)? };
        if !good {
            status = 1;
        }
    }
    Ok(status)
}

/// The sum of `bytes` that a program of this name makes, in hexadecimal digits.
fn sum(program: &str, bytes: &[u8]) -> Option<String> {
    Some(match program {
        "md5sum" => hex::encode(md5::Md5::digest(bytes)),
        "sha1sum" => hex::encode(sha1::Sha1::digest(bytes)),
        "sha224sum" => hex::encode(sha2::Sha224::digest(bytes)),
        "sha256sum" => hex::encode(sha2::Sha256::digest(bytes)),
        "sha384sum" => hex::encode(sha2::Sha384::digest(bytes)),
        "sha512sum" => hex::encode(sha2::Sha512::digest(bytes)),
        _ => return None,
    })
}

impl Settings {
    fn sum(&self, system: &mut System<'_>, process: &mut Process, name: &[u8]) -> Result<bool, Stop> {
        let Some(bytes) = input::read_or_say(system, process, name)? else { return Ok(false) };
        system.budget.step(1 + bytes.len() as u64 / 256)?;
        let program = process.name();
        let Some(sum) = sum(&program, &bytes) else { return Err(Stop::unsupported(&program, "this sum")) };
        let end: &[u8] = if self.zero { b"\0" } else { b"\n" };
        let special = |byte: &u8| matches!(byte, b'\\' | b'\n' | b'\r');
        let escapes = !self.zero && name.iter().any(special);
        let shown = if escapes { escaped(name) } else { name.to_vec() };
        let mut line = if escapes { b"\\".to_vec() } else { Vec::new() };
        if self.tag {
            let kind = program.trim_end_matches("sum").to_ascii_uppercase();
            line.extend([kind.as_bytes(), b" (", &shown, b") = ", sum.as_bytes(), end].concat());
        } else {
            let mark: &[u8] = if self.binary { b" *" } else { b"  " };
            line.extend([sum.as_bytes(), mark, &shown, end].concat());
        }
        process.out(system, &line)?;
        Ok(true)
    }

    /// `-c`: whether all files in a list have the sums it says.
    fn check(&self, system: &mut System<'_>, process: &mut Process, list: &[u8]) -> Result<bool, Stop> {
        let Some(bytes) = input::read_or_say(system, process, list)? else { return Ok(false) };
        let program = process.name();
        let digits = sum(&program, b"").map_or(0, |sum| sum.len());
        let (mut lines, mut malformed, mut unread, mut wrong, mut good) = (0, 0, 0, 0, 0);
        for line in input::lines(&bytes, b'\n') {
            if line.starts_with(b"#") {
                continue;
            }
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let Some((wanted, name)) = entry(line, digits) else {
                malformed += 1;
                continue;
            };
            lines += 1;
            let shown = input::shown(&name);
            match input::read(system, process, &name) {
                Err(super::super::errno::Errno::Missing) if self.ignore_missing => {}
                Err(error) => {
                    process.complain(system, &format!("{shown}: {error}"))?;
                    unread += 1;
                    if !self.silent {
                        process.out(system, format!("{shown}: FAILED open or read\n").as_bytes())?;
                    }
                }
                Ok(bytes) => {
                    system.budget.step(1 + bytes.len() as u64 / 256)?;
                    let same = sum(&program, &bytes).is_some_and(|sum| sum.as_bytes().eq_ignore_ascii_case(&wanted));
                    good += usize::from(same);
                    wrong += usize::from(!same);
                    if !self.silent && (!same || !self.quiet) {
                        let verdict: &[u8] = if same { b": OK\n" } else { b": FAILED\n" };
                        process.out(system, &[name.as_slice(), verdict].concat())?;
                    }
                }
            }
        }
        let shown = if list == b"-" { "'standard input'".to_owned() } else { input::shown(list) };
        if lines == 0 {
            process.complain(system, &format!("{shown}: no properly formatted checksum lines found"))?;
            return Ok(false);
        }
        if !self.silent {
            let warnings = [
                (malformed, "line is improperly formatted", "lines are improperly formatted"),
                (unread, "listed file could not be read", "listed files could not be read"),
                (wrong, "computed checksum did NOT match", "computed checksums did NOT match"),
            ];
            for (count, one, many) in warnings.iter().filter(|(count, ..)| *count > 0) {
                process.complain(system, &format!("WARNING: {count} {}", if *count == 1 { one } else { many }))?;
            }
            if self.ignore_missing && good == 0 {
                process.complain(system, &format!("{shown}: no file was verified"))?;
            }
        }
        Ok(wrong == 0 && unread == 0 && (!self.strict || malformed == 0) && !(self.ignore_missing && good == 0))
    }
}

/// A name with its newlines and backslashes as escapes.
fn escaped(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for byte in name {
        match byte {
            b'\\' => out.extend(b"\\\\"),
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            byte => out.push(*byte),
        }
    }
    out
}

/// The sum and the name of a line: `SUM  NAME`, `SUM *NAME` or `KIND (NAME) = SUM`.
fn entry(line: &[u8], digits: usize) -> Option<(Vec<u8>, Vec<u8>)> {
    let line = line.trim_ascii_start();
    let (escapes, line) = line.strip_prefix(b"\\").map_or((false, line), |rest| (true, rest));
    let is_sum = |text: &[u8]| text.len() == digits && text.iter().all(u8::is_ascii_hexdigit);
    let (sum, name) = match line.get(..digits).filter(|text| is_sum(text)) {
        Some(sum) => {
            let rest = line.get(digits..)?.strip_prefix(b" ")?;
            (sum, rest.strip_prefix(b" ").or_else(|| rest.strip_prefix(b"*")).unwrap_or(rest))
        }
        None => {
            let open = line.windows(2).position(|pair| pair == b" (")?;
            let close = line.windows(4).rposition(|part| part == b") = ")?;
            (line.get(close + 4..).filter(|text| is_sum(text))?, line.get(open + 2..close)?)
        }
    };
    if name.is_empty() {
        return None;
    }
    let mut plain = Vec::new();
    let mut bytes = name.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if escapes => plain.push(match bytes.next()? {
                b'n' => b'\n',
                b'r' => b'\r',
                b'\\' => b'\\',
                _ => return None,
            }),
            byte => plain.push(*byte),
        }
    }
    Some((sum.to_vec(), plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_list() {
        let found = |line: &str| {
            entry(line.as_bytes(), 4)
                .map(|(sum, name)| (String::from_utf8(sum).unwrap(), String::from_utf8(name).unwrap()))
        };
        let pair = |sum: &str, name: &str| Some((sum.to_owned(), name.to_owned()));
        assert_eq!(found("abcd  a b"), pair("abcd", "a b"));
        assert_eq!(found("abcd *x"), pair("abcd", "x"));
        assert_eq!(found("\\abcd  a\\nb"), pair("abcd", "a\nb"));
        assert_eq!(found("MD5 (x) = abcd"), pair("abcd", "x"));
        assert_eq!(found("abc  x"), None);
    }
}
