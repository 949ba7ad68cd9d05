//! `perl` itself, as far as maintainer scripts of a fresh system call it: to learn whether it is there.

use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;

/// `perl -e ''` (libc6's preinst). Any other program text is named, and stops the interpretation.
pub(super) fn perl(_: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    match process.arguments() {
        [option, program] if option == b"-e" && program.trim_ascii().is_empty() => Ok(0),
        other => {
            let words: Vec<_> = other.iter().map(|word| String::from_utf8_lossy(word)).collect();
            Err(Stop::unsupported("perl", format!("a Perl program: {}", words.join(" "))))
        }
    }
}
