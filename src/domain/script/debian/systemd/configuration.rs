//! Where systemd's tables are: `/etc`, `/run`, `/usr/local/lib` and `/usr/lib`, the first of a name hides the others.

use std::collections::BTreeMap;

use super::super::super::stop::Stop;
use super::super::super::system::System;
use crate::domain::rootfs::Kind;

/// The folders' beginnings, the nearest first.
const ABOVE: [&[u8]; 5] = [b"etc/", b"run/", b"usr/local/lib/", b"usr/lib/", b"lib/"];

/// The path of a table: `name` itself where it is absolute, else in the first folder called `kind` that has it.
pub(in super::super) fn find(system: &System<'_>, name: &[u8], kind: &[u8]) -> Option<Vec<u8>> {
    match name.strip_prefix(b"/") {
        Some(absolute) => Some(absolute.to_vec()).filter(|path| system.exists(path)),
        None => ABOVE.iter().map(|above| [above, kind, b"/", name].concat()).find(|path| system.exists(path)),
    }
}

/// A table that is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Source {
    /// This file.
    File(Vec<u8>),
    /// What the command line says, in the place of a file.
    Arguments,
}

/// All tables in order of their names, with the command line's in the place of the file `replaced` unless a nearer
/// folder has a file of its name.
///
/// # Errors
/// When there are more names than a script may use steps.
pub(in super::super) fn list(
    system: &mut System<'_>,
    kind: &[u8],
    replaced: Option<&[u8]>,
) -> Result<Vec<Source>, Stop> {
    let mut all: BTreeMap<Vec<u8>, (usize, Source)> = BTreeMap::new();
    for (rank, above) in ABOVE.iter().enumerate() {
        let folder = [above, kind].concat();
        for name in system.names(&folder).unwrap_or_default() {
            system.budget.step(1)?;
            let path = [&folder, &b"/"[..], &name].concat();
            if name.ends_with(b".conf") && !all.contains_key(&name) && is_there(system, &path) {
                all.insert(name, (rank, Source::File(path)));
            }
        }
    }
    if let Some(replaced) = replaced {
        let replaced = replaced.strip_prefix(b"/").unwrap_or(replaced);
        let name = replaced.rsplit(|byte| *byte == b'/').next().unwrap_or_default().to_vec();
        let of = |above: &&[u8]| replaced == [above, kind, b"/", &name].concat();
        let rank = ABOVE.iter().position(of).unwrap_or(ABOVE.len());
        if all.get(&name).is_none_or(|(other, _)| *other >= rank) {
            all.insert(name, (rank, Source::Arguments));
        }
    }
    // A file without bytes, or a link to the null device, hides those of its name and says nothing.
    let says = |source: &Source| match source {
        Source::Arguments => true,
        Source::File(path) => system.stat(path).is_ok_and(|node| match node.kind {
            Kind::File(content) => !content.is_empty(),
            _ => false,
        }),
    };
    Ok(all.into_values().map(|(_, source)| source).filter(says).collect())
}

/// Whether there is a file, or a link to a device that is a file's mask.
fn is_there(system: &System<'_>, path: &[u8]) -> bool {
    system.stat(path).is_ok_and(|node| !node.is_directory())
}
