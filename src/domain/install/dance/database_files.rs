//! Files of the package database that scripts read and write while packages are installed.

use std::sync::Arc;

use super::super::dance_error::DanceError;
use super::super::error::InstallError;
use super::super::overrides::Overrides;
use crate::domain::rootfs::{Content, Diversions, Kind, Meta, Owner, TreeError};
use crate::domain::script::{Errno, System};

const DIVERSIONS: &str = "var/lib/dpkg/diversions";
const OVERRIDES: &str = "var/lib/dpkg/statoverride";

/// The diversions of this moment.
pub(super) fn diversions(system: &mut System<'_>) -> Result<Diversions, DanceError> {
    let text = file(system, DIVERSIONS)?;
    Diversions::parse(&text).ok_or(DanceError::Database { path: DIVERSIONS })
}

/// The overrides of this moment.
pub(super) fn overrides(system: &mut System<'_>) -> Result<Overrides, DanceError> {
    let text = file(system, OVERRIDES)?;
    if text.is_empty() {
        return Ok(Overrides::default());
    }
    let (users, groups) = (file(system, "etc/passwd")?, file(system, "etc/group")?);
    Overrides::parse(&text, &users, &groups).ok_or(DanceError::Database { path: OVERRIDES })
}

/// The bytes of a file that scripts may have written; none where there is none.
pub(super) fn file(system: &mut System<'_>, path: &'static str) -> Result<Arc<[u8]>, DanceError> {
    match system.read(path.as_bytes()) {
        Ok(bytes) => Ok(bytes),
        Err(Errno::Missing) => Ok(Arc::from([])),
        Err(_) => Err(DanceError::Database { path }),
    }
}

/// Writes a file of the database.
pub(super) fn put(system: &mut System<'_>, path: &[u8], bytes: Vec<u8>) -> Result<(), DanceError> {
    let kind = Kind::File(Content::bytes(bytes));
    let meta = Meta::root(0o644, system.epoch.seconds());
    system.tree.insert(path, kind, meta, Owner::Generated, None).map_err(in_database)
}

pub(super) fn in_database(source: TreeError) -> DanceError {
    InstallError::Tree { package: "the package database".into(), source }.into()
}
