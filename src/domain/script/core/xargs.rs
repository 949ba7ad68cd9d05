//! xargs(1) of findutils. Calls run one after the other, whatever `-P` says.

use super::launch::launch;
use super::operand::{number, path};
use super::options::{self, Known, Order, Takes};
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::stream::Stream;
use crate::domain::script::system::System;

const OPTIONS: &[Known] = &[
    ("0", "null", Takes::Nothing),
    ("a", "arg-file", Takes::Value),
    ("d", "delimiter", Takes::Value),
    ("E", "", Takes::Value),
    ("e", "eof", Takes::Optional),
    ("I", "", Takes::Value),
    ("i", "replace", Takes::Optional),
    ("L", "max-lines", Takes::Value),
    ("l", "", Takes::Optional),
    ("n", "max-args", Takes::Value),
    ("P", "max-procs", Takes::Value),
    ("p", "interactive", Takes::Nothing),
    ("r", "no-run-if-empty", Takes::Nothing),
    ("s", "max-chars", Takes::Value),
    ("t", "verbose", Takes::Nothing),
    ("x", "exit", Takes::Nothing),
    ("o", "open-tty", Takes::Nothing),
    ("", "process-slot-var", Takes::Value),
    ("", "show-limits", Takes::Nothing),
];
/// Bytes that one call's words may have together, their ends counted.
const MOST: usize = 128 * 1024;

#[derive(Default)]
struct Rules {
    delimiter: Option<u8>,
    replace: Option<Vec<u8>>,
    lines: Option<usize>,
    most: Option<usize>,
    not_empty: bool,
    verbose: bool,
}

/// Runs `xargs`.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let Some(line) = options::read(system, process, OPTIONS, Order::Strict)? else { return Ok(1) };
    let (mut rules, mut file) = (Rules::default(), None);
    for option in &line.options {
        let count = || number(option.text()).and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
        match option.name {
            "null" => rules.delimiter = Some(0),
            "arg-file" => file = option.value.clone(),
            "delimiter" => match super::echo::escaped(option.text(), super::echo::Escapes::Format).0.as_slice() {
                [one] => rules.delimiter = Some(*one),
                _ => return Err(Stop::unsupported("xargs", "this delimiter")),
            },
            "I" => (rules.replace, rules.most, rules.lines) = (option.value.clone(), None, None),
            "i" | "replace" => rules.replace = Some(option.value.clone().unwrap_or_else(|| b"{}".to_vec())),
            "max-args" | "max-lines" if count().is_none() => {
                let text = format!(
                    "invalid number \"{}\" for -{} option",
                    String::from_utf8_lossy(option.text()),
                    if option.name == "max-args" { 'n' } else { 'L' }
                );
                process.complain(system, &text)?;
                return Ok(1);
            }
            // `-n 1` says nothing that `-I` does not.
            "max-args" if rules.replace.is_some() && count() == Some(1) => {}
            "max-args" => (rules.most, rules.replace, rules.lines) = (count(), None, None),
            "max-lines" => (rules.lines, rules.most) = (count(), None),
            "no-run-if-empty" => rules.not_empty = true,
            "verbose" => rules.verbose = true,
            "max-procs" | "exit" => {}
            _ => return Err(option.unmodelled("xargs")),
        }
    }
    let input = match file {
        None => process.read_all(system, 0).unwrap_or_default(),
        Some(file) => match path(process, &file).and_then(|at| system.read(&at)) {
            Ok(bytes) => bytes.to_vec(),
            Err(error) => {
                let text = format!("Cannot open input file '{}': {error}", String::from_utf8_lossy(&file));
                process.complain(system, &text)?;
                return Ok(1);
            }
        },
    };
    let items = match split(&input, &rules) {
        Ok(items) => items,
        Err(text) => {
            process.complain(system, &text)?;
            return Ok(1);
        }
    };
    let command = if line.operands.is_empty() { vec![b"echo".to_vec()] } else { line.operands };
    let mut child = process.clone();
    child.streams.set(0, std::rc::Rc::new(std::cell::RefCell::new(Stream::Null)));
    let mut status = 0;
    for call in calls(&command, &items, &rules) {
        system.budget.step(1)?;
        if rules.verbose {
            process.write(system, 2, &[call.join(&b' ').as_slice(), b"\n"].concat()).map(drop)?;
        }
        match launch(system, &mut child, &call)? {
            0 => {}
            gone @ (126 | 127) => return Ok(gone),
            255 => {
                let text = format!("{}: exited with status 255; aborting", String::from_utf8_lossy(&command.concat()));
                process.complain(system, &text)?;
                return Ok(124);
            }
            128.. => return Ok(125),
            _ => status = 123,
        }
    }
    Ok(status)
}

/// An item and whether its line ends with it.
type Item = (Vec<u8>, bool);

/// The items of the input.
fn split(input: &[u8], rules: &Rules) -> Result<Vec<Item>, String> {
    if let Some(delimiter) = rules.delimiter {
        let input = input.strip_suffix(&[delimiter]).unwrap_or(input);
        if input.is_empty() {
            return Ok(Vec::new());
        }
        return Ok(input.split(|byte| *byte == delimiter).map(|item| (item.to_vec(), true)).collect());
    }
    let whole_lines = rules.replace.is_some();
    let mut items = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut rest = input.iter().copied();
    let mut blank_before_end = false;
    while let Some(byte) = rest.next() {
        match byte {
            b'\n' => {
                match word.take() {
                    Some(word) => items.push((word, !blank_before_end)),
                    // A line that ends with a blank goes on in the next one, for `-L`.
                    None if !blank_before_end => {
                        if let Some(last) = items.last_mut() {
                            last.1 = true;
                        }
                    }
                    None => {}
                }
                blank_before_end = false;
            }
            b' ' | b'\t' if whole_lines => {
                if let Some(word) = &mut word {
                    word.push(byte);
                }
            }
            b' ' | b'\t' => {
                if let Some(word) = word.take() {
                    items.push((word, false));
                }
                blank_before_end = true;
            }
            quote @ (b'\'' | b'"') => {
                let word = word.get_or_insert_default();
                loop {
                    match rest.next() {
                        Some(byte) if byte == quote => break,
                        Some(b'\n') | None => {
                            let kind = if quote == b'"' { "double" } else { "single" };
                            return Err(format!(
                                "unmatched {kind} quote; by default quotes are special to xargs unless you use the -0 option"
                            ));
                        }
                        Some(byte) => word.push(byte),
                    }
                }
                blank_before_end = false;
            }
            b'\\' => {
                word.get_or_insert_default().extend(rest.next());
                blank_before_end = false;
            }
            byte => {
                word.get_or_insert_default().push(byte);
                blank_before_end = false;
            }
        }
    }
    items.extend(word.map(|word| (word, true)));
    Ok(items)
}

/// The command lines to run.
fn calls(command: &[Vec<u8>], items: &[Item], rules: &Rules) -> Vec<Vec<Vec<u8>>> {
    if let Some(mark) = &rules.replace {
        let filled = |item: &Item| command.iter().map(|word| replaced(word, mark, &item.0)).collect();
        return items.iter().map(filled).collect();
    }
    if items.is_empty() {
        return if rules.not_empty { Vec::new() } else { vec![command.to_vec()] };
    }
    let fixed: usize = command.iter().map(|word| word.len() + 1).sum();
    let mut calls = Vec::new();
    let (mut call, mut bytes, mut lines, mut words) = (command.to_vec(), fixed, 0, 0);
    for (item, ends_line) in items {
        if words > 0 && bytes + item.len() + 1 > MOST {
            calls.push(std::mem::replace(&mut call, command.to_vec()));
            (bytes, lines, words) = (fixed, 0, 0);
        }
        bytes += item.len() + 1;
        words += 1;
        lines += usize::from(*ends_line);
        call.push(item.clone());
        if rules.most == Some(words) || rules.lines.is_some_and(|most| lines >= most) {
            calls.push(std::mem::replace(&mut call, command.to_vec()));
            (bytes, lines, words) = (fixed, 0, 0);
        }
    }
    if words > 0 {
        calls.push(call);
    }
    calls
}

fn replaced(word: &[u8], mark: &[u8], item: &[u8]) -> Vec<u8> {
    if mark.is_empty() {
        return word.to_vec();
    }
    let mut out = Vec::new();
    let mut rest = word;
    while let Some(at) = rest.windows(mark.len()).position(|window| window == mark) {
        out.extend(rest.get(..at).unwrap_or_default());
        out.extend(item);
        rest = rest.get(at + mark.len()..).unwrap_or_default();
    }
    out.extend(rest);
    out
}
