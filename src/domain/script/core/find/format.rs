//! What `-printf` of find(1) writes.

use super::Entry;
use super::evaluate::other_letter;
use crate::domain::script::core::mode::letters;
use crate::domain::script::core::{clock, identity};
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

/// A file by a format.
///
/// # Errors
/// A [`Stop`] for a directive that is not modelled.
pub(super) fn show(system: &mut System<'_>, format: &[u8], entry: &Entry) -> Result<Vec<u8>, Stop> {
    let mut out = Vec::new();
    let mut rest = format.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        match byte {
            b'\\' => match rest.next() {
                Some(b'n') => out.push(b'\n'),
                Some(b't') => out.push(b'\t'),
                Some(b'r') => out.push(b'\r'),
                Some(b'a') => out.push(7),
                Some(b'\\') | None => out.push(b'\\'),
                Some(b'c') => return Ok(out),
                Some(digit @ b'0'..=b'7') => {
                    let mut value = digit - b'0';
                    for _ in 0..2 {
                        if let Some(digit) = rest.next_if(|next| (b'0'..=b'7').contains(next)) {
                            value = value.wrapping_mul(8).wrapping_add(digit - b'0');
                        }
                    }
                    out.push(value);
                }
                Some(other) => return Err(Stop::unsupported("find", format!("-printf `\\{}`", char::from(other)))),
            },
            b'%' => {
                let left = rest.next_if_eq(&b'-').is_some();
                let mut width = String::new();
                while let Some(digit) = rest.next_if(u8::is_ascii_digit) {
                    width.push(char::from(digit));
                }
                let Some(directive) = rest.next() else {
                    out.push(b'%');
                    break;
                };
                let time = if directive == b'T' { rest.next() } else { None };
                let text = one(system, directive, time, entry)?;
                let fill = vec![b' '; width.parse::<usize>().unwrap_or(0).min(4096).saturating_sub(text.len())];
                out.extend(if left { [text, fill] } else { [fill, text] }.concat());
            }
            other => out.push(other),
        }
    }
    Ok(out)
}

fn one(system: &mut System<'_>, directive: u8, time: Option<u8>, entry: &Entry) -> Result<Vec<u8>, Stop> {
    let attributes = &entry.attributes;
    let meta = &attributes.meta;
    let letter = |letter: char| vec![if letter == '-' { b'f' } else { u8::try_from(letter).unwrap_or(b'?') }];
    let refuse = |what: String| Stop::unsupported("find", format!("-printf `{what}`"));
    Ok(match directive {
        b'%' => b"%".to_vec(),
        b'p' => entry.name.clone(),
        b'f' => entry.base().to_vec(),
        b'h' => match entry.name.iter().rposition(|byte| *byte == b'/') {
            Some(slash) => entry.name.get(..slash).unwrap_or_default().to_vec(),
            None => b".".to_vec(),
        },
        b'H' => entry.start.clone(),
        b'P' => {
            let below = entry.name.strip_prefix(entry.start.as_slice()).unwrap_or_default();
            below.strip_prefix(b"/").unwrap_or(below).to_vec()
        }
        b'd' => entry.depth.to_string().into_bytes(),
        b'm' => format!("{:o}", meta.mode).into_bytes(),
        b'M' => format!("{}{}", attributes.letter(), letters(meta.mode)).into_bytes(),
        b'U' => meta.uid.to_string().into_bytes(),
        b'G' => meta.gid.to_string().into_bytes(),
        b'u' => {
            let name = identity::user_numbered(system, meta.uid).map(|user| user.name);
            name.unwrap_or_else(|| meta.uid.to_string().into_bytes())
        }
        b'g' => {
            let name = identity::group_numbered(system, meta.gid).map(|group| group.name);
            name.unwrap_or_else(|| meta.gid.to_string().into_bytes())
        }
        b's' => attributes.size().to_string().into_bytes(),
        b'n' => attributes.links(system, &entry.at).to_string().into_bytes(),
        b'l' => attributes.target().unwrap_or_default().to_vec(),
        b'y' => letter(attributes.letter()),
        b'Y' => match other_letter(system, entry) {
            'l' => b"N".to_vec(),
            other => letter(other),
        },
        b't' => clock::write("find", meta.mtime, b"%a %b %e %H:%M:%S.0000000000 %Y")?,
        b'T' => match time {
            Some(b'@') => format!("{}.0000000000", meta.mtime).into_bytes(),
            Some(b'+') => clock::write("find", meta.mtime, b"%Y-%m-%d+%H:%M:%S.0000000000")?,
            Some(b'S') => clock::write("find", meta.mtime, b"%S.0000000000")?,
            Some(b'T') => clock::write("find", meta.mtime, b"%H:%M:%S.0000000000")?,
            Some(field @ (b'Y' | b'm' | b'd' | b'H' | b'M' | b'j' | b'F' | b'D' | b'a' | b'b' | b'y' | b'e')) => {
                clock::write("find", meta.mtime, &[b'%', field])?
            }
            other => return Err(refuse(format!("%T{}", other.map(char::from).unwrap_or(' ')))),
        },
        other => return Err(refuse(format!("%{}", char::from(other)))),
    })
}
