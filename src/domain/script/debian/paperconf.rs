//! `paperconf`(1) of libpaper: the size of paper that `$PAPERSIZE` or `/etc/papersize` names, or A4, as without a locale.

use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;

/// `paperconf`, without options.
pub(super) fn paperconf(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    if !process.arguments().is_empty() {
        return Err(Stop::unsupported("paperconf", "options"));
    }
    let configured = || {
        let text = system.read(b"etc/papersize").ok()?;
        let lines = text.split(|byte| *byte == b'\n').map(|line| line.trim_ascii());
        lines.filter(|line| !line.starts_with(b"#")).find(|line| !line.is_empty()).map(<[u8]>::to_vec)
    };
    let named = process.env.get(&b"PAPERSIZE"[..]).filter(|name| !name.is_empty()).cloned();
    let mut name = named.or_else(configured).unwrap_or_else(|| b"a4".to_vec());
    name.push(b'\n');
    process.out(system, &name)?;
    Ok(0)
}
