//! sort(1): lines in order, by bytes.
//!
//! Months (`-M`), floating point (`-g`) and random order (`-R`) are not modelled.

mod compare;
mod key;

use std::cmp::Ordering;
use std::sync::Arc;

use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::{input, options};
use key::{Key, Rules};

const SHORT: &str = "bcCdfghik:mMno:rRsS:t:T:uVy:z!:#:%:&^:";
const LONG: &[options::Long] = &[
    ("ignore-leading-blanks", 'b'),
    ("dictionary-order", 'd'),
    ("ignore-case", 'f'),
    ("general-numeric-sort", 'g'),
    ("human-numeric-sort", 'h'),
    ("ignore-nonprinting", 'i'),
    ("month-sort", 'M'),
    ("numeric-sort", 'n'),
    ("random-sort", 'R'),
    ("reverse", 'r'),
    ("version-sort", 'V'),
    ("batch-size", '#'),
    ("buffer-size", 'S'),
    ("debug", '&'),
    ("field-separator", 't'),
    ("files0-from", '!'),
    ("key", 'k'),
    ("merge", 'm'),
    ("output", 'o'),
    ("parallel", '%'),
    ("random-source", '^'),
    ("stable", 's'),
    ("temporary-directory", 'T'),
    ("unique", 'u'),
    ("zero-terminated", 'z'),
];

/// What the options ask for.
#[derive(Default)]
struct Settings {
    keys: Vec<Key>,
    /// Options of the whole line, and of keys that have none of their own.
    global: Rules,
    separator: Option<u8>,
    unique: bool,
    stable: bool,
    /// `-c`; false is `-C`.
    check: Option<bool>,
    output: Option<Vec<u8>>,
    merge: bool,
    zero: bool,
}

/// The order of names with version numbers inside, as `ls -v` has it too.
pub(in crate::domain::script) fn version_order(a: &[u8], b: &[u8]) -> Ordering {
    compare::version(a, b).then_with(|| a.cmp(b))
}

/// Runs it.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let parsed = match options::parse(process.arguments(), SHORT, LONG) {
        Ok(parsed) => parsed,
        Err(bad) => return options::refuse(system, process, &bad, 2),
    };
    let settings = match settings(process, parsed.options)? {
        Ok(settings) => settings,
        Err(why) => {
            process.complain(system, &why)?;
            return Ok(2);
        }
    };
    let names = input::or_stdin(parsed.operands);
    let delimiter = if settings.zero { 0 } else { b'\n' };
    if settings.check.is_some() && names.len() > 1 {
        let extra = input::shown(names.get(1).map(Vec::as_slice).unwrap_or_default());
        process.complain(system, &format!("extra operand '{extra}' not allowed with -c"))?;
        return Ok(2);
    }
    let mut texts: Vec<Arc<[u8]>> = Vec::new();
    for name in &names {
        match input::read(system, process, name) {
            Ok(bytes) => texts.push(bytes),
            Err(error) => {
                let step =
                    if error == super::super::errno::Errno::IsADirectory { "read failed" } else { "cannot read" };
                process.complain(system, &format!("{step}: {}: {error}", input::shown(name)))?;
                return Ok(2);
            }
        }
    }
    let mut lines: Vec<&[u8]> = texts.iter().flat_map(|text| input::lines(text, delimiter)).collect();
    // Comparing is what costs: about n log n of it.
    let log = u64::from(lines.len().max(1).ilog2()) + 1;
    system.budget.step(lines.len() as u64 * log / 8 + 1)?;
    if let Some(say) = settings.check {
        return check(system, process, &settings, &names, &lines, say);
    }
    if settings.merge {
        lines = merged(&settings, &texts, delimiter);
    } else {
        lines.sort_by(|a, b| settings.order(a, b));
    }
    if settings.unique {
        lines.dedup_by(|b, a| settings.keys_order(a, b) == Ordering::Equal);
    }
    let mut out = Vec::with_capacity(lines.iter().map(|line| line.len() + 1).sum());
    for line in &lines {
        out.extend(*line);
        out.push(delimiter);
    }
    match &settings.output {
        None => process.out(system, &out)?,
        Some(name) => {
            system.budget.bytes(out.len())?;
            let path = process.path(name);
            let written = match system.stat(&path) {
                Ok(node) if node.is_directory() => Err(super::super::errno::Errno::IsADirectory),
                _ if name == b"/dev/null" => Ok(()),
                _ => system.write_file(&path, out, process.umask),
            };
            if let Err(error) = written {
                process.complain(system, &format!("open failed: {}: {error}", input::shown(name)))?;
                return Ok(2);
            }
        }
    }
    Ok(0)
}

fn settings(process: &Process, given: Vec<(char, Option<Vec<u8>>)>) -> Result<Result<Settings, String>, Stop> {
    let mut settings = Settings::default();
    for (letter, value) in given {
        let value = value.unwrap_or_default();
        match letter {
            'b' | 'd' | 'f' | 'g' | 'h' | 'i' | 'n' | 'r' | 'V' => {
                settings.global.set(letter as u8);
                if letter == 'b' {
                    settings.global.blanks_end = true;
                }
            }
            'k' => match key::parse(process, &value)? {
                Ok(key) => settings.keys.push(key),
                Err(why) => return Ok(Err(why)),
            },
            't' => {
                let separator = match value.as_slice() {
                    b"\\0" => 0,
                    [byte] => *byte,
                    [] => return Ok(Err("empty tab".into())),
                    _ => return Ok(Err(format!("multi-character tab {}", input::quoted(process, &value)))),
                };
                if settings.separator.is_some_and(|other| other != separator) {
                    return Ok(Err("incompatible tabs".into()));
                }
                settings.separator = Some(separator);
            }
            'u' => settings.unique = true,
            's' => settings.stable = true,
            'c' => settings.check = Some(true),
            'C' => settings.check = Some(false),
            'o' => settings.output = Some(value),
            'z' => settings.zero = true,
            'm' => settings.merge = true,
            'S' | 'T' | '#' | '%' => {}
            other => return Err(options::unsupported(process, other)),
        }
    }
    let global = settings.global;
    for key in &mut settings.keys {
        if !key.has_rules {
            key.rules = Rules { blanks: global.blanks, blanks_end: global.blanks, ..global };
        }
    }
    if settings.keys.is_empty() && global.compares() {
        settings.keys.push(Key::whole(global));
    }
    Ok(Ok(settings))
}

/// `-m`: of the first lines that are left, always the least.
fn merged<'a>(settings: &Settings, texts: &'a [Arc<[u8]>], delimiter: u8) -> Vec<&'a [u8]> {
    let mut files: Vec<_> = texts.iter().map(|text| input::lines(text, delimiter).peekable()).collect();
    let mut out = Vec::new();
    loop {
        let mut least: Option<(usize, &[u8])> = None;
        for (n, file) in files.iter_mut().enumerate() {
            if let Some(line) = file.peek()
                && least.is_none_or(|(_, other)| settings.order(line, other) == Ordering::Less)
            {
                least = Some((n, line));
            }
        }
        let Some(file) = least.and_then(|(n, _)| files.get_mut(n)) else { return out };
        out.extend(file.next());
    }
}

impl Settings {
    /// The order by keys alone, or by the whole line where there are none.
    fn keys_order(&self, a: &[u8], b: &[u8]) -> Ordering {
        if self.keys.is_empty() {
            return reversed(self.global.reverse, a.cmp(b));
        }
        for key in &self.keys {
            let order = compare::by(&key.rules, key.part(a, self.separator), key.part(b, self.separator));
            if order != Ordering::Equal {
                return order;
            }
        }
        Ordering::Equal
    }

    /// The order, with the whole line as the last resort.
    fn order(&self, a: &[u8], b: &[u8]) -> Ordering {
        let order = self.keys_order(a, b);
        if order != Ordering::Equal || self.unique || self.stable {
            return order;
        }
        reversed(self.global.reverse, a.cmp(b))
    }
}

fn reversed(reverse: bool, order: Ordering) -> Ordering {
    if reverse { order.reverse() } else { order }
}

/// `-c`: says which line is the first out of order.
fn check(
    system: &mut System<'_>,
    process: &mut Process,
    settings: &Settings,
    names: &[Vec<u8>],
    lines: &[&[u8]],
    say: bool,
) -> Result<u8, Stop> {
    for (n, pair) in lines.windows(2).enumerate() {
        let [a, b] = pair else { continue };
        let order = settings.order(a, b);
        if order == Ordering::Greater || settings.unique && order == Ordering::Equal {
            if say {
                let name = names.first().map(|name| input::shown(name)).unwrap_or_default();
                process.complain(system, &format!("{name}:{}: disorder: {}", n + 2, input::shown(b)))?;
            }
            return Ok(1);
        }
    }
    Ok(0)
}
