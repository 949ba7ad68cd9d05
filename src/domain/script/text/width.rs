//! fold(1), expand(1): long lines broken, tabs as spaces. Columns are counted in bytes, as GNU's do.

use super::super::limits::Budget;
use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::{input, options};

/// Runs fold(1).
pub(super) fn fold(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let long = &[("bytes", 'b'), ("spaces", 's'), ("width", 'w')];
    let arguments: Vec<Vec<u8>> = process
        .arguments()
        .iter()
        .map(|arg| match arg.strip_prefix(b"-") {
            Some(digits) if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) => [b"-w", digits].concat(),
            _ => arg.clone(),
        })
        .collect();
    let parsed = match options::parse(&arguments, "bsw:", long) {
        Ok(parsed) => parsed,
        Err(bad) => return options::refuse(system, process, &bad, 1),
    };
    let (mut bytes, mut spaces, mut width) = (false, false, 80);
    for (letter, value) in parsed.options {
        match letter {
            'b' => bytes = true,
            's' => spaces = true,
            'w' => {
                let value = value.unwrap_or_default();
                match std::str::from_utf8(&value).ok().and_then(|text| text.parse::<usize>().ok()).filter(|n| *n > 0) {
                    Some(number) => width = number,
                    None => {
                        let zero = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
                        let why = if zero { ": Numerical result out of range" } else { "" };
                        let why = format!("invalid number of columns: {}{why}", input::quoted(process, &value));
                        process.complain(system, &why)?;
                        return Ok(1);
                    }
                }
            }
            other => return Err(options::unsupported(process, other)),
        }
    }
    each(system, process, parsed.operands, |_, text| Ok(folded(text, width, spaces, bytes)))
}

/// Runs expand(1).
pub(super) fn expand(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let parsed = match options::parse(process.arguments(), "it:", &[("initial", 'i'), ("tabs", 't')]) {
        Ok(parsed) => parsed,
        Err(bad) => return options::refuse(system, process, &bad, 1),
    };
    let (mut initial, mut tab) = (false, 8);
    for (letter, value) in parsed.options {
        match letter {
            'i' => initial = true,
            't' => {
                let value = value.unwrap_or_default();
                match std::str::from_utf8(&value).ok().and_then(|text| text.parse::<usize>().ok()).filter(|n| *n > 0) {
                    Some(number) => tab = number,
                    None => return Err(Stop::unsupported("expand", "a list of tab stops")),
                }
            }
            other => return Err(options::unsupported(process, other)),
        }
    }
    each(system, process, parsed.operands, |budget, text| expanded(budget, text, tab, initial))
}

/// Prints what `change` makes of each file.
fn each(
    system: &mut System<'_>,
    process: &mut Process,
    operands: Vec<Vec<u8>>,
    change: impl Fn(&Budget, &[u8]) -> Result<Vec<u8>, Stop>,
) -> Result<u8, Stop> {
    let mut status = 0;
    for name in input::or_stdin(operands) {
        let Some(bytes) = input::read_or_say(system, process, &name)? else {
            status = 1;
            continue;
        };
        let changed = change(&system.budget, &bytes)?;
        process.out(system, &changed)?;
    }
    Ok(status)
}

/// The column behind a byte.
const fn after(column: usize, byte: u8, bytes: bool) -> usize {
    match byte {
        _ if bytes => column + 1,
        8 => column.saturating_sub(1),
        b'\r' => 0,
        b'\t' => column + 8 - column % 8,
        _ => column + 1,
    }
}

fn folded(text: &[u8], width: usize, spaces: bool, bytes: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut line: Vec<u8> = Vec::new();
    let mut column = 0;
    for byte in text {
        if *byte == b'\n' {
            out.append(&mut line);
            out.push(b'\n');
            column = 0;
            continue;
        }
        let mut next = after(column, *byte, bytes);
        if next > width && !line.is_empty() {
            let blank = line.iter().rposition(|byte| matches!(byte, b' ' | b'\t')).filter(|_| spaces);
            let rest = line.split_off(blank.map_or(line.len(), |at| at + 1));
            out.append(&mut line);
            out.push(b'\n');
            column = rest.iter().fold(0, |column, byte| after(column, *byte, bytes));
            line = rest;
            next = after(column, *byte, bytes);
        }
        line.push(*byte);
        column = next;
    }
    out.append(&mut line);
    out
}

fn expanded(budget: &Budget, text: &[u8], tab: usize, initial: bool) -> Result<Vec<u8>, Stop> {
    let mut out = Vec::with_capacity(text.len());
    let (mut column, mut blank) = (0, true);
    for byte in text {
        match byte {
            b'\t' if blank || !initial => {
                let fill = tab - column % tab;
                budget.fits(out.len().saturating_add(fill))?;
                out.extend(vec![b' '; fill]);
                column += fill;
                continue;
            }
            b'\n' => (column, blank) = (0, true),
            8 => column = column.saturating_sub(1),
            byte => {
                blank &= matches!(byte, b' ' | b'\t');
                column += 1;
            }
        }
        out.push(*byte);
    }
    Ok(out)
}
