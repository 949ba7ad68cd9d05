//! `/var/log/faillog` and `/var/log/lastlog`: one record of fixed size for each user, by number.

use super::super::super::system::System;
use super::super::dpkg::installed_version;
use super::super::failure::Failure;
use crate::base::Arch;
use crate::formats::deb::Version;

/// Clears a new user's records, where the files are there. Before shadow 4.9 that made the files grow; since then it
/// touches nothing that is not in them, and new records are zeros already.
pub(super) fn reset(system: &mut System<'_>, uid: u32) -> Result<(), Failure> {
    let grows = match (installed_version(system, "passwd")?, "1:4.9".parse::<Version>()) {
        (Some(version), Ok(first)) => version < first,
        _ => false,
    };
    if !grows {
        return Ok(());
    }
    // `struct faillog` and `struct lastlog` of the platform's C library.
    let lastlog = match system.arch {
        Arch::Amd64 => 292,
        Arch::Arm64 => 296,
    };
    for (path, record) in [(&b"var/log/faillog"[..], 32), (b"var/log/lastlog", lastlog)] {
        let Ok(old) = system.read(path) else { continue };
        let end = (u64::from(uid) + 1) * record;
        let Ok(end) = usize::try_from(end) else { continue };
        // A file of so many zeros is no log.
        if end > 1 << 27 || end <= old.len() {
            continue;
        }
        system.budget.bytes(end)?;
        let mut new = old.to_vec();
        new.resize(end, 0);
        system.write_file(path, new, 0).map_err(|error| Failure::call("cannot write", path, error))?;
    }
    Ok(())
}
