//! Platforms side by side: one image has the same versions everywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::resolution::Resolution;
use crate::base::{Arch, Class, Fault};
use crate::formats::deb::{PackageName, Version};

/// Packages whose versions differ between platforms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skew {
    /// Them, sorted by name.
    pub packages: Vec<Skewed>,
}

/// One package whose version differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skewed {
    /// The package.
    pub name: PackageName,
    /// Each platform's version.
    pub versions: Vec<(Arch, Version)>,
    /// The same source was rebuilt for one platform only (`+b1`): the difference is in the number, seldom in what it does.
    pub rebuilt: bool,
}

/// Checks that every package on more than one platform has the same version there. A package may be on one platform only.
/// Those that the recipe accepts by name are passed over.
///
/// # Errors
/// With all packages that differ.
pub fn pair(resolutions: &[Resolution], accepted: &BTreeSet<PackageName>) -> Result<(), Skew> {
    let mut versions: BTreeMap<&PackageName, Vec<(Arch, Version)>> = BTreeMap::new();
    for resolution in resolutions {
        for chosen in &resolution.packages {
            versions.entry(&chosen.name).or_default().push((resolution.arch, chosen.version.clone()));
        }
    }
    let differs = |versions: &[(Arch, Version)]| versions.windows(2).any(|two| two[0].1.as_str() != two[1].1.as_str());
    let packages: Vec<Skewed> = versions
        .into_iter()
        .filter(|(name, versions)| !accepted.contains(*name) && differs(versions))
        .map(|(name, versions)| {
            let sources: BTreeSet<&str> =
                versions.iter().map(|(_, version)| without_rebuild(version.as_str())).collect();
            Skewed { name: name.clone(), rebuilt: sources.len() == 1, versions }
        })
        .collect();
    if packages.is_empty() { Ok(()) } else { Err(Skew { packages }) }
}

/// A version without the `+b<n>` that a rebuild of the same source adds.
fn without_rebuild(version: &str) -> &str {
    match version.rsplit_once("+b") {
        Some((source, number)) if !number.is_empty() && number.bytes().all(|c| c.is_ascii_digit()) => source,
        _ => version,
    }
}

impl fmt::Display for Skew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("platforms differ in versions:")?;
        for Skewed { name, versions, rebuilt } in &self.packages {
            write!(f, "\n  {name}:")?;
            for (at, (arch, version)) in versions.iter().enumerate() {
                write!(f, "{} {version} on {arch}", if at == 0 { "" } else { "," })?;
            }
            if *rebuilt {
                f.write_str(" (the same source, rebuilt)")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Skew {}

impl Fault for Skew {
    fn class(&self) -> Class {
        Class::Unsatisfiable
    }

    fn hint(&self) -> Option<String> {
        Some("ask for a version that both platforms have (`NAME=VERSION`), or accept the skew of these packages in the recipe".into())
    }
}
