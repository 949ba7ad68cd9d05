//! Reading a `Packages` index, one stanza at a time.

use std::collections::HashMap;
use std::io::{BufReader, Read};

use super::decode::Plain;
use super::error::{ArchiveError, Reason};
use super::index::Index;
use crate::base::{Digest, redact};
use crate::formats::compress::Codec;
use crate::formats::deb::deb822::Deb822Error;
use crate::formats::deb::package::PoolFile;
use crate::formats::deb::{Architecture, Package, StanzaReader};

/// Who wants the packages of an index.
pub struct Visit<'a> {
    /// Whether packages of this name are wanted; stanzas of others are not looked into.
    pub wants: &'a dyn Fn(&str) -> bool,
    /// Takes a package, and where its bytes are.
    pub takes: &'a mut dyn FnMut(Package, PoolFile),
}

impl Index {
    /// Reads the index from `input`, which is compressed as `codec` says. Returns how many packages were wanted.
    ///
    /// # Errors
    /// When it cannot be decompressed, is not what the Release says, or a stanza that is wanted describes no package of
    /// the index's architecture. Packages handed over before an error are worthless.
    pub fn read(&self, input: impl Read, codec: Codec, visit: &mut Visit<'_>) -> Result<u64, ArchiveError> {
        self.stanzas(input, codec, visit).map_err(|reason| reason.at(&self.label))
    }

    fn stanzas(&self, input: impl Read, codec: Codec, visit: &mut Visit<'_>) -> Result<u64, Reason> {
        let plain = Plain::new(input, codec, self.plain.as_ref()).map_err(Reason::Read)?;
        let mut seen: HashMap<Digest, Digest> = HashMap::new();
        let mut count = 0;
        for stanza in StanzaReader::new(BufReader::with_capacity(64 << 10, plain)) {
            let stanza = stanza.map_err(|error| match error {
                Deb822Error::Read { source, .. } => Reason::Read(source),
                syntax @ Deb822Error::Syntax { .. } => Reason::Syntax(syntax),
            })?;
            let name = stanza.get("Package").unwrap_or_default().trim();
            // A stanza without a name is looked into, so that it is an error.
            if !name.is_empty() && !(visit.wants)(name) {
                continue;
            }
            let line = stanza.line();
            let wrong = |source| Reason::Package { package: redact::printable(name), source };
            if let Some(found) = stanza.get("Architecture").filter(|found| ![self.arch.name(), "all"].contains(found)) {
                let (package, found) = (redact::printable(name), redact::printable(found));
                return Err(Reason::ForeignArchitecture { line, package, found });
            }
            let package = Package::from_stanza(&stanza).map_err(wrong)?;
            let pool = PoolFile::from_stanza(&stanza).map_err(wrong)?;
            let identity = identity(&package);
            let first = *seen.entry(Digest::of(identity.as_bytes())).or_insert(pool.sha256);
            if first != pool.sha256 {
                return Err(Reason::Twice { line, package: identity });
            }
            count += 1;
            (visit.takes)(package, pool);
        }
        Ok(count)
    }
}

/// Name, version and architecture, which can mean one file only.
fn identity(package: &Package) -> String {
    let architecture = match package.architecture {
        Architecture::All => "all",
        Architecture::Only(arch) => arch.name(),
    };
    format!("{} {} {architecture}", package.name, package.version.as_str())
}
