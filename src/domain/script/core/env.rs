//! env(1) and printenv(1).

use super::launch::launch;
use super::operand::{path, quoted};
use super::options::{self, Known, Order, Takes};
use crate::domain::script::process::Process;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

const OPTIONS: &[Known] = &[
    ("i", "ignore-environment", Takes::Nothing),
    ("0", "null", Takes::Nothing),
    ("u", "unset", Takes::Value),
    ("C", "chdir", Takes::Value),
    ("S", "split-string", Takes::Value),
    ("v", "debug", Takes::Nothing),
    ("a", "argv0", Takes::Value),
    ("", "block-signal", Takes::Optional),
    ("", "default-signal", Takes::Optional),
    ("", "ignore-signal", Takes::Optional),
    ("", "list-signal-handling", Takes::Nothing),
];

/// Runs `env`.
pub(super) fn env(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let Some(line) = options::read(system, process, OPTIONS, Order::Strict)? else { return Ok(125) };
    let mut child = process.clone();
    let mut end = b"\n";
    for option in &line.options {
        match option.name {
            "ignore-environment" => child.env.clear(),
            "null" => end = b"\0",
            "unset" => drop(child.env.remove(option.text())),
            "chdir" => match path(process, option.text()).and_then(|at| system.names(&at).map(|_| at)) {
                Ok(at) => child.cwd = system.tree.real_path(&at).ok().flatten().unwrap_or(at),
                Err(error) => {
                    let text = format!("cannot change directory to {}: {error}", quoted(option.text()));
                    process.complain(system, &text)?;
                    return Ok(125);
                }
            },
            "block-signal" | "default-signal" | "ignore-signal" => {}
            _ => return Err(option.unmodelled("env")),
        }
    }
    let mut words = line.operands.as_slice();
    if let [dash, rest @ ..] = words
        && dash == b"-"
    {
        child.env.clear();
        words = rest;
    }
    while let [word, rest @ ..] = words
        && let Some(equals) = word.iter().position(|byte| *byte == b'=')
    {
        let (name, value) = word.split_at_checked(equals).unwrap_or_default();
        child.env.insert(name.to_vec(), value.get(1..).unwrap_or_default().to_vec());
        words = rest;
    }
    if !words.is_empty() {
        return launch(system, &mut child, words);
    }
    for (name, value) in &child.env {
        process.out(system, &[name.as_slice(), b"=", value, end].concat())?;
    }
    Ok(0)
}

/// Runs `printenv`.
pub(super) fn printenv(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    const OPTIONS: &[Known] = &[("0", "null", Takes::Nothing)];
    let Some(line) = options::read(system, process, OPTIONS, Order::Strict)? else { return Ok(2) };
    let mut end = b"\n";
    for option in &line.options {
        match option.name {
            "null" => end = b"\0",
            _ => return Err(option.unmodelled("printenv")),
        }
    }
    let environment = process.env.clone();
    if line.operands.is_empty() {
        for (name, value) in &environment {
            process.out(system, &[name.as_slice(), b"=", value, end].concat())?;
        }
    }
    let mut status = 0;
    for name in &line.operands {
        match environment.get(name) {
            Some(value) => process.out(system, &[value.as_slice(), end].concat())?,
            None => status = 1,
        }
    }
    Ok(status)
}
