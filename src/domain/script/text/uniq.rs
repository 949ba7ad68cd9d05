//! uniq(1): adjacent lines that are equal.

use super::super::errno::Errno;
use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::{input, options};

const LONG: &[options::Long] = &[
    ("count", 'c'),
    ("repeated", 'd'),
    ("all-repeated", '='),
    ("skip-fields", 'f'),
    ("group", '%'),
    ("ignore-case", 'i'),
    ("skip-chars", 's'),
    ("unique", 'u'),
    ("zero-terminated", 'z'),
    ("check-chars", 'w'),
];

/// What the options ask for.
#[derive(Default)]
struct Settings {
    count: bool,
    repeated: bool,
    all: bool,
    unique: bool,
    fold: bool,
    fields: usize,
    characters: usize,
    most: Option<usize>,
}

/// Runs it.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let parsed = match options::parse(process.arguments(), "cdDf:is:uzw:=::%::", LONG) {
        Ok(parsed) => parsed,
        Err(bad) => return options::refuse(system, process, &bad, 1),
    };
    let mut settings = Settings::default();
    let mut delimiter = b'\n';
    for (letter, value) in parsed.options {
        let number = || {
            let text = value.as_deref().unwrap_or_default();
            std::str::from_utf8(text).ok().and_then(|text| text.parse::<usize>().ok())
        };
        let what = match letter {
            'f' => "number of fields to skip",
            's' => "number of bytes to skip",
            _ => "number of bytes to compare",
        };
        match letter {
            'c' => settings.count = true,
            'd' => settings.repeated = true,
            'D' => (settings.repeated, settings.all) = (true, true),
            'i' => settings.fold = true,
            'u' => settings.unique = true,
            'z' => delimiter = 0,
            'f' | 's' | 'w' => {
                let Some(number) = number() else {
                    let text = input::shown(value.as_deref().unwrap_or_default());
                    process.complain(system, &format!("{text}: invalid {what}"))?;
                    return Ok(1);
                };
                match letter {
                    'f' => settings.fields = number,
                    's' => settings.characters = number,
                    _ => settings.most = Some(number),
                }
            }
            other => return Err(options::unsupported(process, other)),
        }
    }
    if let Some(extra) = parsed.operands.get(2) {
        let why = format!("extra operand {}", input::quoted(process, extra));
        return options::refuse(system, process, &why, 1);
    }
    let mut operands = input::or_stdin(parsed.operands).into_iter();
    let name = operands.next().unwrap_or_default();
    let bytes = match input::read(system, process, &name) {
        Ok(bytes) => bytes,
        Err(error) => {
            let shown = input::shown(&name);
            let why = match error {
                Errno::IsADirectory => format!("error reading '{shown}'"),
                error => format!("{shown}: {error}"),
            };
            process.complain(system, &why)?;
            return Ok(1);
        }
    };
    let out = settings.pick(&bytes, delimiter);
    system.budget.step(1 + bytes.len() as u64 / 64)?;
    match operands.next().filter(|name| name != b"-") {
        None => process.out(system, &out)?,
        Some(name) => {
            system.budget.bytes(out.len())?;
            if let Err(error) = system.write_file(&process.path(&name), out, process.umask) {
                process.complain(system, &format!("{}: {error}", input::shown(&name)))?;
                return Ok(1);
            }
        }
    }
    Ok(0)
}

impl Settings {
    /// The part of a line that is compared.
    fn part<'a>(&self, line: &'a [u8]) -> &'a [u8] {
        let mut at = 0;
        let blank = |at: usize| matches!(line.get(at), Some(b' ' | b'\t'));
        for _ in 0..self.fields {
            while blank(at) {
                at += 1;
            }
            while at < line.len() && !blank(at) {
                at += 1;
            }
            if at >= line.len() {
                break;
            }
        }
        let rest = line.get(at.saturating_add(self.characters).min(line.len())..).unwrap_or_default();
        self.most.and_then(|most| rest.get(..most)).unwrap_or(rest)
    }

    fn same(&self, a: &[u8], b: &[u8]) -> bool {
        let (a, b) = (self.part(a), self.part(b));
        if self.fold { a.eq_ignore_ascii_case(b) } else { a == b }
    }

    fn pick(&self, bytes: &[u8], delimiter: u8) -> Vec<u8> {
        let lines: Vec<&[u8]> = input::lines(bytes, delimiter).collect();
        let mut out = Vec::new();
        for group in lines.chunk_by(|a, b| self.same(a, b)) {
            let repeated = group.len() > 1;
            if self.repeated && !repeated || self.unique && repeated {
                continue;
            }
            for line in group.iter().take(if self.all { group.len() } else { 1 }) {
                if self.count {
                    out.extend(format!("{:7} ", group.len()).into_bytes());
                }
                out.extend(*line);
                out.push(delimiter);
            }
        }
        out
    }
}
