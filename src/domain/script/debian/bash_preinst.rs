//! `bash/preinst` of bash 5.1 (bullseye), a program in C: it sees to it that `/bin/sh` is there before anything needs it.

use super::super::errno::Errno;
use super::super::process::Process;
use super::super::stop::Stop;
use super::super::system::System;
use super::failure::{Failure, conclude, text};
use crate::domain::rootfs::Kind;

/// The shell and its manual page: where each is, where what was there is kept, what it leads to.
const LINKS: [(&str, &str, &str); 2] = [
    ("bin/sh", "bin/sh.distrib", "bash"),
    ("usr/share/man/man1/sh.1.gz", "usr/share/man/man1/sh.distrib.1.gz", "bash.1.gz"),
];

/// Runs it, whatever its arguments.
pub(super) fn preinst(system: &mut System<'_>, process: &mut Process) -> Result<u8, Stop> {
    let result = run(system);
    conclude(system, process, result)
}

fn run(system: &mut System<'_>) -> Result<u8, Failure> {
    let executable = system.stat(b"bin/sh").is_ok_and(|node| node.is_directory() || node.meta.mode & 0o111 != 0);
    if !executable {
        for (place, kept, target) in LINKS {
            let failed =
                |error: Errno| Failure::Exit(1, format!("cannot create symlink /{place} -> {target}: {error}"));
            if let Ok(node) = system.lstat(place.as_bytes()) {
                let (kind, meta) = (node.kind.clone(), node.meta.clone());
                system.replace(kept.as_bytes(), kind, meta.mode).map_err(failed)?;
                system.change(kept.as_bytes(), |new| *new = meta).map_err(failed)?;
            }
            system.replace(place.as_bytes(), Kind::Symlink(target.as_bytes().into()), 0o777).map_err(failed)?;
        }
    }
    // Up to 4.1 bash shipped /bin/sh itself; what to do about that is left to an upgrade.
    let list = system.read(b"var/lib/dpkg/info/bash.list").map(|bytes| text(&bytes)).unwrap_or_default();
    if list.lines().any(|line| line == "/bin/sh") {
        return Err(Stop::unsupported("bash/preinst", "an upgrade of a bash that ships /bin/sh").into());
    }
    Ok(0)
}
