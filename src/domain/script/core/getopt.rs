//! getopt(1) of util-linux: a command line in a form that a shell can read safely.

use super::options::{self, Known, Order, Takes};
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

const OPTIONS: &[Known] = &[
    ("a", "alternative", Takes::Nothing),
    ("l", "longoptions", Takes::Value),
    ("n", "name", Takes::Value),
    ("o", "options", Takes::Value),
    ("q", "quiet", Takes::Nothing),
    ("Q", "quiet-output", Takes::Nothing),
    ("s", "shell", Takes::Value),
    ("T", "test", Takes::Nothing),
    ("u", "unquoted", Takes::Nothing),
];

/// An option that the caller's script has.
struct Wanted {
    name: Vec<u8>,
    takes: Takes,
}

/// Runs `getopt`.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let old_style = process.arguments().first().is_some_and(|first| !first.starts_with(b"-"));
    if old_style {
        return Err(Stop::unsupported("getopt", "its old form without options"));
    }
    let Some(line) = options::read(system, process, OPTIONS, Order::Strict)? else { return Ok(2) };
    let (mut letters, mut longs, mut name) = (None, Vec::new(), b"getopt".to_vec());
    let (mut quiet, mut silent, mut quoted, mut alternative) = (false, false, true, false);
    for option in &line.options {
        match (option.name, option.text()) {
            ("longoptions", text) => {
                let names = text.split(|byte| b", \t\n".contains(byte)).filter(|name| !name.is_empty());
                longs.extend(names.map(wanted));
            }
            ("name", text) => name = text.to_vec(),
            ("options", text) => letters = Some(text.to_vec()),
            ("alternative", _) => alternative = true,
            ("quiet", _) => quiet = true,
            ("quiet-output", _) => silent = true,
            ("shell", b"sh" | b"bash") => {}
            ("test", _) => return Ok(4),
            ("unquoted", _) => quoted = false,
            _ => return Err(option.unmodelled("getopt")),
        }
    }
    let mut words = line.operands.as_slice();
    let letters = match (letters, words.split_first()) {
        (Some(letters), _) => letters,
        (None, Some((first, rest))) => {
            words = rest;
            first.clone()
        }
        (None, None) => return options::misused(system, process, "missing optstring argument", 2),
    };
    if letters.starts_with(b"-") {
        return Err(Stop::unsupported("getopt", "operands in their place (`-`)"));
    }
    let strict = letters.starts_with(b"+") || process.env.contains_key(&b"POSIXLY_CORRECT"[..]);
    let shorts = short_options(letters.strip_prefix(b"+").unwrap_or(&letters));
    let mut reading = Reading { out: Vec::new(), wrong: Vec::new(), quoted, alternative };
    let operands = reading.read(words, &shorts, &longs, strict);
    let status = u8::from(!reading.wrong.is_empty());
    if !quiet {
        for text in &reading.wrong {
            let line = format!("{}: {text}\n", String::from_utf8_lossy(&name));
            process.write(system, 2, line.as_bytes()).map(drop)?;
        }
    }
    if !silent {
        reading.out.extend(b" --");
        for operand in operands {
            reading.word(operand);
        }
        reading.out.push(b'\n');
        process.out(system, &reading.out)?;
    }
    Ok(status)
}

/// A name with `:` or `::` after it.
fn wanted(text: &[u8]) -> Wanted {
    let (name, takes) = match (text.strip_suffix(b"::"), text.strip_suffix(b":")) {
        (Some(name), _) => (name, Takes::Optional),
        (None, Some(name)) => (name, Takes::Value),
        (None, None) => (text, Takes::Nothing),
    };
    Wanted { name: name.to_vec(), takes }
}

fn short_options(mut letters: &[u8]) -> Vec<Wanted> {
    let mut all = Vec::new();
    while let Some((letter, rest)) = letters.split_first() {
        let colons = rest.iter().take(2).take_while(|byte| **byte == b':').count();
        let takes = [Takes::Nothing, Takes::Value, Takes::Optional].get(colons).copied().unwrap_or(Takes::Nothing);
        all.push(Wanted { name: vec![*letter], takes });
        letters = rest.get(colons..).unwrap_or_default();
    }
    all
}

struct Reading {
    out: Vec<u8>,
    wrong: Vec<String>,
    quoted: bool,
    /// Whether long options may start with a single `-` (getopt_long_only(3)).
    alternative: bool,
}

impl Reading {
    /// Writes the options; the operands are left.
    fn read<'a>(&mut self, words: &'a [Vec<u8>], shorts: &[Wanted], longs: &[Wanted], strict: bool) -> Vec<&'a [u8]> {
        let mut operands: Vec<&[u8]> = Vec::new();
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            if word == b"--" {
                operands.extend(rest.by_ref().map(Vec::as_slice));
            } else if let Some(long) = word.strip_prefix(b"--") {
                self.long("--", long, longs, &mut rest);
            } else if let Some(long) = word.strip_prefix(b"-").filter(|text| self.is_long(text, shorts, longs)) {
                self.long("-", long, longs, &mut rest);
            } else if word.len() > 1 && word.starts_with(b"-") {
                let mut letters = word.get(1..).unwrap_or_default();
                while let Some((letter, after)) = letters.split_first() {
                    letters = after;
                    let shown = char::from(*letter);
                    let Some(option) = shorts.iter().find(|option| option.name == [*letter] && *letter != b':') else {
                        self.wrong.push(format!("invalid option -- '{shown}'"));
                        continue;
                    };
                    let value = match option.takes {
                        Takes::Nothing => None,
                        Takes::Optional => Some(std::mem::take(&mut letters)),
                        Takes::Value if !letters.is_empty() => Some(std::mem::take(&mut letters)),
                        Takes::Value => match rest.next() {
                            Some(next) => Some(next.as_slice()),
                            None => {
                                self.wrong.push(format!("option requires an argument -- '{shown}'"));
                                break;
                            }
                        },
                    };
                    self.out.extend([b' ', b'-', *letter]);
                    if let Some(value) = value {
                        self.word(value);
                    }
                }
            } else {
                operands.push(word);
                if strict {
                    operands.extend(rest.by_ref().map(Vec::as_slice));
                }
            }
        }
        operands
    }

    /// Whether what follows a single `-` is a long option: not where it is one valid letter, nor where no long option starts
    /// so and the first letter is valid.
    fn is_long(&self, text: &[u8], shorts: &[Wanted], longs: &[Wanted]) -> bool {
        let Some((letter, more)) = text.split_first().filter(|_| self.alternative) else { return false };
        let valid = shorts.iter().any(|option| option.name == [*letter]);
        let name = text.split(|byte| *byte == b'=').next().unwrap_or_default();
        !valid || (!more.is_empty() && longs.iter().any(|option| option.name.starts_with(name)))
    }

    fn long<'a>(&mut self, dashes: &str, text: &[u8], longs: &[Wanted], rest: &mut impl Iterator<Item = &'a Vec<u8>>) {
        let equals = text.iter().position(|byte| *byte == b'=');
        let name = text.get(..equals.unwrap_or(text.len())).unwrap_or_default();
        let value = equals.and_then(|at| text.get(at + 1..));
        let shown = String::from_utf8_lossy(text);
        let starts: Vec<&Wanted> = longs.iter().filter(|option| option.name.starts_with(name)).collect();
        let exact = longs.iter().find(|option| option.name == name);
        let option = match (exact, starts.as_slice()) {
            (Some(option), _) => option,
            (None, [one]) => one,
            (None, []) => return self.wrong.push(format!("unrecognized option '{dashes}{shown}'")),
            (None, many) => {
                let names: String =
                    many.iter().map(|option| format!(" '{dashes}{}'", String::from_utf8_lossy(&option.name))).collect();
                return self.wrong.push(format!("option '{dashes}{shown}' is ambiguous; possibilities:{names}"));
            }
        };
        let full = String::from_utf8_lossy(&option.name).into_owned();
        let value = match (option.takes, value) {
            (Takes::Nothing, Some(_)) => {
                return self.wrong.push(format!("option '{dashes}{full}' doesn't allow an argument"));
            }
            (Takes::Nothing, None) => None,
            (_, Some(value)) => Some(value.to_vec()),
            (Takes::Optional, None) => Some(Vec::new()),
            (Takes::Value, None) => match rest.next() {
                Some(next) => Some(next.clone()),
                None => return self.wrong.push(format!("option '{dashes}{full}' requires an argument")),
            },
        };
        self.out.extend([b" --", option.name.as_slice()].concat());
        if let Some(value) = value {
            self.word(&value);
        }
    }

    /// A word for the shell.
    fn word(&mut self, word: &[u8]) {
        self.out.push(b' ');
        if !self.quoted {
            self.out.extend(word);
            return;
        }
        self.out.push(b'\'');
        for byte in word {
            match byte {
                b'\'' => self.out.extend(b"'\\''"),
                other => self.out.push(*other),
            }
        }
        self.out.push(b'\'');
    }
}
