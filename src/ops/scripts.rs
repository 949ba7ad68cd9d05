//! Scripts: the ledger of an image's maintainer scripts, from its package database. Of an image of ours it is the very
//! ledger of the build's report.

use super::contents::{Contents, Error};
use crate::domain::install::Script;
use crate::domain::script::{Interpreter, Ledger, Row, Status};
use crate::formats::deb::PackageName;

/// The ledger of an image whose database was [remembered](super::contents::Remember).
///
/// # Errors
/// When the database cannot be read. Packages whose names are none are left out.
pub fn ledger(contents: &Contents) -> Result<Ledger, Error> {
    let mut rows = Vec::new();
    for (stem, package) in contents.installed()?.packages() {
        let Ok(name) = package.name.parse::<PackageName>() else { continue };
        for kind in Script::KINDS {
            let Some(bytes) = contents.info(&format!("{stem}.{kind}")) else { continue };
            let script = Script::of(kind, bytes);
            rows.push(Row {
                package: name.clone(),
                version: package.version.clone(),
                interpreter: Interpreter::of(kind, &script.head),
                kind: script.kind,
                sha256: script.sha256,
                size: script.size,
                status: Status::NotInterpreted,
            });
        }
    }
    Ok(Ledger::new(rows))
}
