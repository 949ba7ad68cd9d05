//! How Debian's programs fail, and what they share when they say so.

use super::super::errno::Errno;
use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;

/// Why a program ends early.
pub(super) enum Failure {
    /// It cannot be interpreted.
    Stop(Stop),
    /// It says `NAME: TEXT` and exits with this status.
    Exit(u8, String),
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl Failure {
    /// As dpkg's programs fail: `NAME: error: TEXT`, status 2.
    pub(super) fn dpkg(text: impl AsRef<str>) -> Self {
        Self::Exit(2, format!("error: {}", text.as_ref()))
    }

    /// As dpkg's programs say that they were called wrongly.
    pub(super) fn usage(process: &Process, text: impl AsRef<str>) -> Self {
        let name = process.name();
        let text = text.as_ref();
        Self::Exit(2, format!("{text}\n\nUse '{name} --help' for program usage information."))
    }

    /// As dpkg's programs say that a system call failed: `NAME: error: WHAT 'PATH': ERRNO`.
    pub(super) fn call(what: &str, path: &[u8], error: Errno) -> Self {
        Self::dpkg(format!("{what} '/{}': {error}", text(path)))
    }
}

/// Says what there is to say about a failure, and gives the status.
pub(super) fn conclude(
    system: &mut System<'_>,
    process: &mut Process,
    result: Result<u8, Failure>,
) -> Result<u8, Stop> {
    match result {
        Ok(status) => Ok(status),
        Err(Failure::Stop(stop)) => Err(stop),
        Err(Failure::Exit(status, text)) => {
            process.complain(system, &text)?;
            Ok(status)
        }
    }
}

/// Bytes as text for a message.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
