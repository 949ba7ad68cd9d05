//! comm(1): lines of two sorted files, compared.

use std::cmp::Ordering;

use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::{input, options};

const LONG: &[options::Long] = &[
    ("check-order", '!'),
    ("nocheck-order", '%'),
    ("output-delimiter", '='),
    ("total", '#'),
    ("zero-terminated", 'z'),
];

/// Runs it.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let parsed = match options::parse(process.arguments(), "123z!%#=:", LONG) {
        Ok(parsed) => parsed,
        Err(bad) => return options::refuse(system, process, &bad, 1),
    };
    let (mut shown, mut between, mut strict, mut check, mut end) = ([true; 3], b"\t".to_vec(), false, true, b'\n');
    for (letter, value) in parsed.options {
        let [first, second, both] = &mut shown;
        match letter {
            '1' => *first = false,
            '2' => *second = false,
            '3' => *both = false,
            'z' => end = 0,
            '!' => strict = true,
            '%' => check = false,
            '=' => between = value.unwrap_or_default(),
            other => return Err(options::unsupported(process, other)),
        }
    }
    let (one, two) = match parsed.operands.as_slice() {
        [one, two] => (one.clone(), two.clone()),
        [] => return options::refuse(system, process, &"missing operand", 1),
        [only] => {
            let why = format!("missing operand after {}", input::quoted(process, only));
            return options::refuse(system, process, &why, 1);
        }
        [_, _, extra, ..] => {
            let why = format!("extra operand {}", input::quoted(process, extra));
            return options::refuse(system, process, &why, 1);
        }
    };
    let (Some(left), Some(right)) =
        (input::read_or_say(system, process, &one)?, input::read_or_say(system, process, &two)?)
    else {
        return Ok(1);
    };
    let (left, right): (Vec<&[u8]>, Vec<&[u8]>) =
        (input::lines(&left, end).collect(), input::lines(&right, end).collect());
    system.budget.step((left.len() + right.len()) as u64)?;
    let unsorted = |lines: &[&[u8]]| lines.windows(2).any(|pair| pair.first() > pair.last());
    if check && (unsorted(&left) || unsorted(&right)) {
        // What is printed before the fault is seen depends on both files; nobody wants it.
        return Err(Stop::unsupported(
            "comm",
            if strict { "--check-order of files out of order" } else { "files out of order" },
        ));
    }
    let indent = |column: usize| between.repeat(shown.iter().take(column).filter(|shown| **shown).count());
    let (mut a, mut b) = (left.iter().peekable(), right.iter().peekable());
    let mut out = Vec::new();
    loop {
        let order = match (a.peek(), b.peek()) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(left), Some(right)) => left.cmp(right),
        };
        let (column, line) = match order {
            Ordering::Less => (0, a.next()),
            Ordering::Greater => (1, b.next()),
            Ordering::Equal => {
                b.next();
                (2, a.next())
            }
        };
        if shown.get(column).copied().unwrap_or(false) {
            out.extend(indent(column));
            out.extend(line.copied().unwrap_or_default());
            out.push(end);
        }
    }
    process.out(system, &out)?;
    Ok(0)
}
