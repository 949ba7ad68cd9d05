//! base64(1): bytes as text, and back.

use ::base64::Engine as _;
use ::base64::alphabet;
use ::base64::engine::DecodePaddingMode;
use ::base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::{input, options};

const LONG: &[options::Long] = &[("decode", 'd'), ("ignore-garbage", 'i'), ("wrap", 'w')];

/// Reads as GNU does: bits behind the last whole byte may be anything.
const READER: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Runs it.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let parsed = match options::parse(process.arguments(), "diw:", LONG) {
        Ok(parsed) => parsed,
        Err(bad) => return options::refuse(system, process, &bad, 1),
    };
    let (mut decode, mut ignore, mut width) = (false, false, 76);
    for (letter, value) in parsed.options {
        match letter {
            'd' => decode = true,
            'i' => ignore = true,
            'w' => {
                let value = value.unwrap_or_default();
                match std::str::from_utf8(&value).ok().and_then(|value| value.parse::<usize>().ok()) {
                    Some(number) => width = number,
                    None => {
                        process.complain(system, &format!("invalid wrap size: {}", input::quoted(process, &value)))?;
                        return Ok(1);
                    }
                }
            }
            other => return Err(options::unsupported(process, other)),
        }
    }
    if let Some(extra) = parsed.operands.get(1) {
        let why = format!("extra operand {}", input::quoted(process, extra));
        return options::refuse(system, process, &why, 1);
    }
    let name = input::or_stdin(parsed.operands).into_iter().next().unwrap_or_default();
    let Some(bytes) = input::read_or_say(system, process, &name)? else { return Ok(1) };
    if !decode {
        let text = STANDARD.encode(&bytes).into_bytes();
        let mut out = Vec::new();
        if width == 0 {
            out = text;
        } else {
            for line in text.chunks(width) {
                out.extend(line);
                out.push(b'\n');
            }
        }
        process.out(system, &out)?;
        return Ok(0);
    }
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let text: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != b'\n' && (!ignore || is_letter(byte))).collect();
    let (out, whole) = decoded(&text);
    process.out(system, &out)?;
    if !whole {
        process.complain(system, "invalid input")?;
        return Ok(1);
    }
    Ok(0)
}

/// The bytes of a text up to where it is wrong, and whether it is right to its end. Groups of four may follow padding.
fn decoded(text: &[u8]) -> (Vec<u8>, bool) {
    let mut out = Vec::new();
    for group in text.chunks(4) {
        match READER.decode(group) {
            Ok(bytes) if group.len() == 4 => out.extend(bytes),
            _ => {
                // Of a broken group the letters before the fault still count.
                let letters: Vec<u8> = group
                    .iter()
                    .copied()
                    .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
                    .collect();
                let usable = letters.get(..letters.len() - usize::from(letters.len() == 1)).unwrap_or_default();
                out.extend(READER.decode(usable).unwrap_or_default());
                return (out, false);
            }
        }
    }
    (out, true)
}
