//! `/var/lib/dpkg/status`: the packages that are, or were.

use super::super::super::system::System;
use super::super::failure::Failure;
use super::pattern;
use crate::formats::deb::deb822::{Stanza, StanzaReader};

/// A package of the database.
pub(super) struct Record(Stanza);

impl Record {
    /// A field's value.
    pub(super) fn get(&self, field: &str) -> Option<&str> {
        self.0.get(field)
    }

    /// All fields, in order.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter()
    }

    /// Its name.
    pub(super) fn package(&self) -> &str {
        self.get("Package").unwrap_or_default()
    }

    /// Its name as it stands for itself alone: with `:ARCH` where several architectures may be installed.
    pub(super) fn binary(&self) -> String {
        match (self.get("Multi-Arch"), self.get("Architecture")) {
            (Some("same"), Some(arch)) => format!("{}:{arch}", self.package()),
            _ => self.package().into(),
        }
    }

    /// What is wanted, whether something is wrong, and how far it is: `install`, `ok`, `installed`.
    pub(super) fn status(&self) -> [&str; 3] {
        let mut words = self.get("Status").unwrap_or_default().split(' ');
        let mut next = |other| words.next().filter(|word| !word.is_empty()).unwrap_or(other);
        [next("unknown"), next("ok"), next("not-installed")]
    }

    /// Whether a pattern `NAME[:ARCH]` means it.
    pub(super) fn is_meant(&self, wanted: &[u8]) -> bool {
        let (name, arch) = match wanted.iter().position(|byte| *byte == b':') {
            Some(at) => (wanted.get(..at).unwrap_or_default(), wanted.get(at + 1..)),
            None => (wanted, None),
        };
        let own = self.get("Architecture").unwrap_or_default().as_bytes();
        pattern::matches(name, self.package().as_bytes())
            && arch.is_none_or(|arch| arch == b"any" || pattern::matches(arch, own))
    }
}

/// All packages, by name.
pub(super) fn load(system: &mut System<'_>) -> Result<Vec<Record>, Failure> {
    let bytes = super::read(system, "status")?;
    let mut all = Vec::new();
    for stanza in StanzaReader::new(bytes.as_slice()) {
        system.budget.step(1)?;
        let stanza = stanza.map_err(|error| Failure::dpkg(format!("parsing file '/var/lib/dpkg/status': {error}")))?;
        all.push(Record(stanza));
    }
    all.sort_by(|a, b| a.package().cmp(b.package()).then_with(|| a.get("Architecture").cmp(&b.get("Architecture"))));
    Ok(all)
}

/// The version of an installed package.
pub(in super::super) fn installed_version(
    system: &mut System<'_>,
    package: &str,
) -> Result<Option<crate::formats::deb::Version>, Failure> {
    let all = load(system)?;
    let record = all.iter().find(|record| record.package() == package);
    Ok(record.and_then(|record| record.get("Version")).and_then(|version| version.parse().ok()))
}
