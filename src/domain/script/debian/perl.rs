//! `perl` itself, as far as maintainer scripts of a fresh system call it: to learn whether it is there, and to quote a text
//! for a regular expression. A program is known by its very text.

use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;

/// What ucf asks of each line of its input: the line with a backslash before all but letters, digits and `_`
/// (perlfunc(1), "quotemeta"), and an empty line after it, as `-l` has it.
const QUOTE: &[u8] = br#"print "\Q$_\E\n""#;

/// `perl -e ''` (libc6's preinst) and ucf's program. Any other program text is named, and stops the interpretation.
pub(super) fn perl(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    match process.arguments() {
        [option, program] if option == b"-nle" && program == QUOTE => {
            let text = process.read_all(system, 0).unwrap_or_default();
            for line in text.split_inclusive(|byte| *byte == b'\n') {
                let line = line.strip_suffix(b"\n").unwrap_or(line);
                let mut quoted = Vec::with_capacity(line.len() * 2 + 2);
                for byte in line {
                    if !byte.is_ascii_alphanumeric() && *byte != b'_' {
                        quoted.push(b'\\');
                    }
                    quoted.push(*byte);
                }
                quoted.extend(b"\n\n");
                process.out(system, &quoted)?;
            }
            Ok(0)
        }
        [option, program] if option == b"-e" && program.trim_ascii().is_empty() => Ok(0),
        other => {
            let words: Vec<_> = other.iter().map(|word| String::from_utf8_lossy(word)).collect();
            Err(Stop::unsupported("perl", format!("a Perl program: {}", words.join(" "))))
        }
    }
}
