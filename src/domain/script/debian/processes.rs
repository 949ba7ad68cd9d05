//! `pgrep`, `pkill`, `pidof`, `killall`: nothing runs where an image is made, so they find nothing (status 1).

use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;

/// `pgrep`(1), `pkill`(1) and `pidof`(8), which say nothing.
#[expect(clippy::unnecessary_wraps, reason = "an applet's signature")]
pub(super) fn none(_: &mut System<'_>, _: &mut Process) -> Result<u8, Stop> {
    Ok(1)
}

/// `killall`(1), which says so unless it is told to be quiet.
pub(super) fn killall(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let words = process.arguments().to_vec();
    if !words.iter().any(|word| matches!(word.as_slice(), b"-q" | b"--quiet")) {
        for name in words.iter().filter(|word| !word.starts_with(b"-")) {
            let line = [name.as_slice(), b": no process found\n"].concat();
            process.write(system, 2, &line).map(drop)?;
        }
    }
    Ok(1)
}
