//! nl(1): numbers lines.

use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::format::Spec;
use super::{input, options};

const LONG: &[options::Long] = &[
    ("body-numbering", 'b'),
    ("footer-numbering", 'f'),
    ("header-numbering", 'h'),
    ("join-blank-lines", 'l'),
    ("line-increment", 'i'),
    ("no-renumber", 'p'),
    ("number-format", 'n'),
    ("number-separator", 's'),
    ("number-width", 'w'),
    ("section-delimiter", 'd'),
    ("starting-line-number", 'v'),
];

/// Runs it.
pub(super) fn run(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let parsed = match options::parse(process.arguments(), "b:d:f:h:i:l:n:ps:v:w:", LONG) {
        Ok(parsed) => parsed,
        Err(bad) => return options::refuse(system, process, &bad, 1),
    };
    let mut spec = Spec { width: 6, ..Spec::default() };
    let (mut style, mut separator, mut number, mut step) = (b't', b"\t".to_vec(), 1_i64, 1_i64);
    for (letter, value) in parsed.options {
        let value = value.unwrap_or_default();
        let parsed: Option<i64> = std::str::from_utf8(&value).ok().and_then(|text| text.parse().ok());
        match (letter, value.as_slice(), parsed) {
            ('b', [kind @ (b'a' | b't' | b'n')], _) => style = *kind,
            ('n', b"ln", _) => spec.left = true,
            ('n', b"rn", _) => (spec.left, spec.zero) = (false, false),
            ('n', b"rz", _) => spec.zero = true,
            ('s', ..) => separator = value,
            ('w', _, Some(width)) if (1..=1000).contains(&width) => spec.width = usize::try_from(width).unwrap_or(6),
            ('v', _, Some(first)) => number = first,
            ('i', _, Some(by)) => step = by,
            ('p', ..) => {}
            _ => return Err(options::unsupported(process, letter)),
        }
    }
    let mut status = 0;
    for name in input::or_stdin(parsed.operands) {
        let Some(bytes) = input::read_or_say(system, process, &name)? else {
            status = 1;
            continue;
        };
        let mut out = Vec::new();
        for line in input::lines(&bytes, b'\n') {
            system.budget.step(1)?;
            if matches!(line, b"\\:" | b"\\:\\:" | b"\\:\\:\\:") {
                return Err(Stop::unsupported("nl", "sections"));
            }
            if style == b'a' || style == b't' && !line.is_empty() {
                out.extend(spec.integer(b'd', number.into()));
                out.extend(&separator);
                number = number.saturating_add(step);
            } else {
                out.extend(vec![b' '; spec.width + separator.len()]);
            }
            out.extend(line);
            out.push(b'\n');
            system.budget.fits(out.len())?;
        }
        process.out(system, &out)?;
    }
    Ok(status)
}
