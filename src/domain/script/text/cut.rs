//! cut(1): parts of lines. Characters are bytes, as in GNU's.

use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::{input, options};

const LONG: &[options::Long] = &[
    ("bytes", 'b'),
    ("characters", 'c'),
    ("fields", 'f'),
    ("delimiter", 'd'),
    ("only-delimited", 's'),
    ("output-delimiter", '='),
    ("complement", '!'),
    ("zero-terminated", 'z'),
];

/// What the options ask for.
#[derive(Default)]
struct Settings {
    fields: bool,
    delimiter: Option<u8>,
    only: bool,
    output: Option<Vec<u8>>,
    complement: bool,
    end: u8,
    /// Positions from 1, both ends included, in order, none touching.
    ranges: Vec<(usize, usize)>,
}

/// Runs it.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let parsed = match options::parse(process.arguments(), "b:c:d:f:nsz=:!", LONG) {
        Ok(parsed) => parsed,
        Err(bad) => return options::refuse(system, process, &bad, 1),
    };
    let mut settings = Settings { end: b'\n', ..Settings::default() };
    let mut list: Option<(char, Vec<u8>)> = None;
    for (letter, value) in parsed.options {
        let value = value.unwrap_or_default();
        match letter {
            'b' | 'c' | 'f' => {
                if list.is_some() {
                    return options::refuse(system, process, &"only one list may be specified", 1);
                }
                settings.fields = letter == 'f';
                list = Some((letter, value));
            }
            'd' => match value.as_slice() {
                [] => settings.delimiter = Some(0),
                b"\n" => return Err(Stop::unsupported("cut", "a newline as the delimiter")),
                [byte] => settings.delimiter = Some(*byte),
                _ => return options::refuse(system, process, &"the delimiter must be a single character", 1),
            },
            's' => settings.only = true,
            'n' => {}
            'z' => settings.end = 0,
            '=' => settings.output = Some(if value.is_empty() { vec![0] } else { value }),
            '!' => settings.complement = true,
            other => return Err(options::unsupported(process, other)),
        }
    }
    let Some((_, list)) = list else {
        let why = "you must specify a list of bytes, characters, or fields";
        return options::refuse(system, process, &why, 1);
    };
    if !settings.fields && settings.delimiter.is_some() {
        let why = "an input delimiter may be specified only when operating on fields";
        return options::refuse(system, process, &why, 1);
    }
    if !settings.fields && settings.only {
        let why = "suppressing non-delimited lines makes sense\n\tonly when operating on fields";
        return options::refuse(system, process, &why, 1);
    }
    settings.ranges = match ranges(process, &list, settings.fields) {
        Ok(ranges) => ranges,
        Err(why) => return options::refuse(system, process, &why, 1),
    };
    if settings.complement {
        settings.ranges = complement(&settings.ranges);
    }
    let mut status = 0;
    for name in input::or_stdin(parsed.operands) {
        let Some(bytes) = input::read_or_say(system, process, &name)? else {
            status = 1;
            continue;
        };
        let mut out = Vec::new();
        for line in input::lines(&bytes, settings.end) {
            system.budget.step(1)?;
            settings.line(line, &mut out);
        }
        process.out(system, &out)?;
    }
    Ok(status)
}

fn ranges(process: &Process, list: &[u8], fields: bool) -> Result<Vec<(usize, usize)>, String> {
    let zero = if fields { "fields are numbered from 1" } else { "byte/character positions are numbered from 1" };
    let mut found = Vec::new();
    for part in list.split(|byte| matches!(byte, b',' | b' ' | b'\t')) {
        let (low, high) = match part.iter().position(|byte| *byte == b'-') {
            None => (part, part),
            Some(dash) => (part.get(..dash).unwrap_or_default(), part.get(dash + 1..).unwrap_or_default()),
        };
        let has_dash = part.contains(&b'-');
        if high.contains(&b'-') {
            return Err(if fields { "invalid field range" } else { "invalid byte or character range" }.into());
        }
        if has_dash && low.is_empty() && high.is_empty() {
            return Err("invalid range with no endpoint: -".into());
        }
        let number = |text: &[u8]| {
            std::str::from_utf8(text)
                .ok()
                .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
                .map(|text| text.parse::<usize>().unwrap_or(usize::MAX))
        };
        let invalid = || {
            let what = if fields { "invalid field value" } else { "invalid byte/character position" };
            format!("{what} {}", input::quoted(process, part))
        };
        if part.is_empty() {
            return Err(zero.into());
        }
        let start = if low.is_empty() { 1 } else { number(low).ok_or_else(invalid)? };
        let end = if high.is_empty() { usize::MAX } else { number(high).ok_or_else(invalid)? };
        if start == 0 || end == 0 {
            return Err(zero.into());
        }
        if start > end {
            return Err("invalid decreasing range".into());
        }
        found.push((start, end));
    }
    found.sort_unstable();
    // Only fields that overlap are one range; those that touch are two, for the sake of the output's delimiter.
    let mut merged: Vec<(usize, usize)> = Vec::new();
    for (start, end) in found {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    Ok(merged)
}

fn complement(ranges: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut next = 1;
    for (start, end) in ranges {
        if *start > next {
            found.push((next, start - 1));
        }
        next = end.saturating_add(1);
    }
    if next < usize::MAX {
        found.push((next, usize::MAX));
    }
    found
}

impl Settings {
    fn line(&self, line: &[u8], out: &mut Vec<u8>) {
        if self.fields {
            let delimiter = self.delimiter.unwrap_or(b'\t');
            if !line.contains(&delimiter) {
                if !self.only {
                    out.extend(line);
                    out.push(self.end);
                }
                return;
            }
            let between = self.output.clone().unwrap_or_else(|| vec![delimiter]);
            let mut first = true;
            for (n, field) in line.split(|byte| *byte == delimiter).enumerate() {
                if self.ranges.iter().any(|(start, end)| (start..=end).contains(&&(n + 1))) {
                    if !std::mem::take(&mut first) {
                        out.extend(&between);
                    }
                    out.extend(field);
                }
            }
        } else {
            let mut first = true;
            for (start, end) in &self.ranges {
                let part = line.get(start - 1..(*end).min(line.len())).unwrap_or_default();
                if part.is_empty() {
                    continue;
                }
                if let (false, Some(between)) = (std::mem::take(&mut first), &self.output) {
                    out.extend(between);
                }
                out.extend(part);
            }
        }
        out.push(self.end);
    }
}
