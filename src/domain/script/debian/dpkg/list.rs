//! `/var/lib/dpkg/info/PACKAGE.list`: the paths of a package, a line each, from `/`, the root as `/.`.

use super::super::super::system::System;
use super::super::failure::{Failure, text};

/// The name of a package's file in `info/`, where it is there: `NAME.KIND` or, for packages of several architectures,
/// `NAME:ARCH.KIND`.
pub(super) fn info(system: &System<'_>, package: &[u8], kind: &[u8]) -> Option<String> {
    let name = package.split(|byte| *byte == b':').next().unwrap_or_default();
    let arch = system.arch.name().as_bytes();
    [[name, b".", kind].concat(), [name, b":", arch, b".", kind].concat()]
        .into_iter()
        .map(|file| format!("info/{}", text(&file)))
        .find(|file| system.exists(&[super::ADMIN, b"/", file.as_bytes()].concat()))
}

/// A package's paths; `None` when it has no list.
pub(super) fn of(system: &mut System<'_>, package: &[u8]) -> Result<Option<Vec<Vec<u8>>>, Failure> {
    let Some(file) = info(system, package, b"list") else { return Ok(None) };
    let bytes = super::read(system, &file)?;
    system.budget.step(bytes.len() as u64 / 64)?;
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    Ok(Some(lines.map(<[u8]>::to_vec).collect()))
}
