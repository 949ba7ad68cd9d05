//! seq(1): numbers in a row.

use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::printf::number_length;
use super::{input, options};

const LONG: &[options::Long] = &[("equal-width", 'w'), ("format", 'f'), ("separator", 's')];

/// More digits behind the point than any number has; the standard library writes no more than 65535.
const MOST_PLACES: usize = 1100;

/// Runs it.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let arguments = guarded(process.arguments());
    let parsed = match options::parse(&arguments, "+f:s:w", LONG) {
        Ok(parsed) => parsed,
        Err(bad) => return options::refuse(system, process, &bad, 1),
    };
    let (mut separator, mut equal) = (b"\n".to_vec(), false);
    for (letter, value) in parsed.options {
        match letter {
            's' => separator = value.unwrap_or_default(),
            'w' => equal = true,
            other => return Err(options::unsupported(process, other)),
        }
    }
    let operands = parsed.operands;
    if operands.is_empty() {
        return options::refuse(system, process, &"missing operand", 1);
    }
    if let Some(extra) = operands.get(3) {
        let why = format!("extra operand {}", input::quoted(process, extra));
        return options::refuse(system, process, &why, 1);
    }
    let mut numbers = Vec::new();
    for operand in &operands {
        let text = operand.trim_ascii_start();
        let whole = number_length(text) == text.len() && !text.is_empty();
        match std::str::from_utf8(text).ok().filter(|_| whole).and_then(|text| text.parse::<f64>().ok()) {
            Some(number) => numbers.push((number, decimals(text))),
            None => {
                let why = format!("invalid floating point argument: {}", input::quoted(process, operand));
                return options::refuse(system, process, &why, 1);
            }
        }
    }
    let ((first, a), (step, b), (last, _)) = match numbers.as_slice() {
        [last] => ((1.0, 0), (1.0, 0), *last),
        [first, last] => (*first, (1.0, 0), *last),
        [first, step, last, ..] => (*first, *step, *last),
        [] => return Ok(1),
    };
    if step == 0.0 {
        let zero = operands.get(1).map(Vec::as_slice).unwrap_or_default();
        let why = format!("invalid Zero increment value: {}", input::quoted(process, zero));
        return options::refuse(system, process, &why, 1);
    }
    let places = a.max(b);
    if places > MOST_PLACES {
        return Err(Stop::unsupported("seq", "so many digits behind the point"));
    }
    let shown = |number: f64| format!("{number:.places$}");
    let width = if equal { shown(first).len().max(shown(last).len()) } else { 0 };
    let mut out = Vec::new();
    let mut n: u32 = 0;
    loop {
        system.budget.step(1)?;
        let number = first + f64::from(n) * step;
        // Half a unit of the last place shown, for what binary numbers cannot say exactly.
        let slack = if places == 0 { 0.0 } else { 0.5 * 10_f64.powi(-i32::try_from(places).unwrap_or(300)) };
        if step > 0.0 && number > last + slack || step < 0.0 && number < last - slack {
            break;
        }
        if n > 0 {
            out.extend(&separator);
        }
        let text = shown(number);
        let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
        let zeros = "0".repeat(width.saturating_sub(text.len()));
        out.extend(format!("{sign}{zeros}{digits}").into_bytes());
        n += 1;
        if out.len() > 1 << 16 {
            process.out(system, &std::mem::take(&mut out))?;
        }
    }
    if n > 0 {
        out.push(b'\n');
    }
    process.out(system, &out)?;
    Ok(0)
}

/// The arguments with a `--` before a negative number that would be taken for an option.
fn guarded(arguments: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut guarded = arguments.to_vec();
    let mut at = 0;
    while let Some(arg) = arguments.get(at) {
        match arg.as_slice() {
            b"-s" | b"-f" => at += 2,
            [b'-', byte, ..] if byte.is_ascii_digit() || *byte == b'.' => {
                guarded.insert(at, b"--".to_vec());
                break;
            }
            b"--" => break,
            [b'-', _, ..] => at += 1,
            _ => break,
        }
    }
    guarded
}

/// The digits behind the point.
fn decimals(text: &[u8]) -> usize {
    let text: Vec<u8> = text.iter().copied().take_while(|byte| !matches!(byte, b'e' | b'E')).collect();
    text.iter().position(|byte| *byte == b'.').map_or(0, |at| text.len() - at - 1)
}
