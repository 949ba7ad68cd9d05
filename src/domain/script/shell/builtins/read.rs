//! `read`.

use super::super::{Mode, Run, Shell};
use super::Call;
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

pub(super) fn read(shell: &mut Shell, system: &mut System<'_>, call: Call<'_>) -> Run {
    let (mut raw, mut prompt, mut end) = (false, None, b'\n');
    let mut names = call.arguments;
    while let Some((first, rest)) = names.split_first() {
        let Some(letters) = first.strip_prefix(b"-").filter(|letters| !letters.is_empty()) else { break };
        names = rest;
        if letters == b"-" {
            break;
        }
        for (at, letter) in letters.iter().enumerate() {
            let mut value = || {
                let inline = first.get(at + 2..).filter(|text| !text.is_empty()).map(<[u8]>::to_vec);
                inline.or_else(|| {
                    let (value, rest) = names.split_first()?;
                    names = rest;
                    Some(value.clone())
                })
            };
            match letter {
                b'r' => raw = true,
                b'p' => {
                    prompt = value();
                    break;
                }
                b'd' if shell.mode == Mode::Bash => {
                    end = value().and_then(|text| text.first().copied()).unwrap_or(0);
                    break;
                }
                b's' if shell.mode == Mode::Bash => {}
                _ if shell.mode == Mode::Bash => {
                    return Err(Stop::unsupported("read", format!("option -{}", char::from(*letter))).into());
                }
                b't' => return Err(Stop::unsupported("read", "option -t").into()),
                _ => return shell.wrong(system, format!("Illegal option -{}", char::from(*letter)).as_bytes()),
            }
        }
    }
    // A prompt is for a terminal.
    let _ = prompt;
    if names.is_empty() && shell.mode == Mode::Dash {
        return shell.wrong(system, b"arg count");
    }
    if let Some(bad) = names.iter().find(|name| !super::super::word::is_variable(name)) {
        return shell.wrong(system, &[bad.as_slice(), b": bad variable name"].concat());
    }
    let (line, whole) = line(shell, system, raw, end)?;
    let Some(line) = line else {
        return shell.wrong(system, b"read error: 0: Bad file descriptor").map(|_| 1);
    };
    let status = u8::from(!whole);
    if names.is_empty() {
        let text = line.iter().map(|(byte, _)| *byte).collect();
        shell.assign(system, b"REPLY", text)?;
        return Ok(status);
    }
    let ifs = shell.variables.get(b"IFS").cloned().unwrap_or_else(|| b" \t\n".to_vec());
    for (name, value) in names.iter().zip(fields(&line, &ifs, names.len())) {
        shell.assign(system, name, value)?;
    }
    Ok(status)
}

/// Reads a line: its bytes, each with whether a backslash protects it; and whether the line had an end. `None`: there is nothing
/// to read from.
#[expect(clippy::type_complexity, reason = "two facts about one line")]
fn line(shell: &mut Shell, system: &mut System<'_>, raw: bool, end: u8) -> Run<(Option<Vec<(u8, bool)>>, bool)> {
    let mut line = Vec::new();
    let mut hidden = false;
    loop {
        system.budget.step(1)?;
        let chunk = if end == b'\n' { shell.process.read_line(system, 0) } else { shell.process.read(system, 0, 1) };
        let Ok(chunk) = chunk else { return Ok((None, false)) };
        if chunk.is_empty() {
            return Ok((Some(line), false));
        }
        for byte in chunk {
            match byte {
                0 => {}
                _ if hidden => {
                    hidden = false;
                    if byte != b'\n' {
                        line.push((byte, true));
                    }
                }
                b'\\' if !raw => hidden = true,
                _ if byte == end => return Ok((Some(line), true)),
                _ => line.push((byte, false)),
            }
        }
    }
}

/// Splits a line into `count` values, the last of which has all that is left.
fn fields(line: &[(u8, bool)], ifs: &[u8], count: usize) -> Vec<Vec<u8>> {
    let splits = |item: &(u8, bool)| !item.1 && ifs.contains(&item.0);
    let space = |item: &(u8, bool)| splits(item) && matches!(item.0, b' ' | b'\t' | b'\n');
    let bytes = |part: &[(u8, bool)]| part.iter().map(|(byte, _)| *byte).collect::<Vec<_>>();
    let mut rest = line;
    let skip = |rest: &mut &[(u8, bool)]| {
        while let Some((_, tail)) = rest.split_first().filter(|(item, _)| space(item)) {
            *rest = tail;
        }
    };
    skip(&mut rest);
    let mut values = Vec::new();
    while values.len() + 1 < count {
        let length = rest.iter().position(splits).unwrap_or(rest.len());
        let (field, tail) = rest.split_at(length);
        values.push(bytes(field));
        rest = tail;
        skip(&mut rest);
        if let Some((_, tail)) = rest.split_first().filter(|(item, _)| splits(item)) {
            rest = tail;
            skip(&mut rest);
        }
    }
    while let Some((_, head)) = rest.split_last().filter(|(item, _)| space(item)) {
        rest = head;
    }
    // One delimiter that ends the only field left is no part of it.
    if let Some((last, head)) = rest.split_last()
        && splits(last)
        && !head.iter().any(|item| splits(item) && !space(item))
    {
        let mut field = head;
        while let Some((_, head)) = field.split_last().filter(|(item, _)| space(item)) {
            field = head;
        }
        if !field.iter().any(splits) {
            rest = field;
        }
    }
    values.push(bytes(rest));
    values
}
