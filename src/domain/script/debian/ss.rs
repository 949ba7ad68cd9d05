//! `ss`(8) of iproute2: there are no sockets where an image is made.

use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;

/// The head of its table, which `-H` leaves out.
const HEAD: &[u8] = b"State Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n";

/// `ss` with any options and filter.
pub(super) fn ss(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let letters = |word: &Vec<u8>| word.starts_with(b"-") && !word.starts_with(b"--") && word.contains(&b'H');
    if !process.arguments().iter().any(|word| letters(word) || word == b"--no-header") {
        process.out(system, HEAD)?;
    }
    Ok(0)
}
