//! `/var/lib/dpkg`, the part that no single package owns: `status`, `triggers`, `diversions` and kin.
//!
//! What belongs to one package (`info/<package>.*`) rides in that package's fragment, see [`super::info`].
//!
//! | File | Written |
//! |---|---|
//! | `status` | one paragraph a package, in order of names |
//! | `info/format` | `1`: multi-arch names |
//! | `triggers/File` | `path package` for interests in paths, in unpack order; only if there are any |
//! | `triggers/<name>` | `package` for interests in a name, in unpack order |
//! | `triggers/Unincorp` | empty: nothing is waiting |
//! | `diversions` | only if there are any |
//!
//! Locks, backups (`*-old`) and logs are traces of a program that ran; none did. `available`, which only dselect reads, is
//! not made by dpkg either.

use std::collections::BTreeMap;

use super::error::InstallError;
use super::facts::Facts;
use super::{info, stanza};
use crate::domain::rootfs::{Content, Diversions, Kind, Meta, Owner, Tree};
use crate::formats::deb::Package;

/// The state that the database gives its packages.
///
/// `Installed` is the one to use, also while maintainer scripts are only listed: `dpkg -l` shows `ii`, `dpkg -V` and
/// scanners (syft, trivy) read the package, and apt does not want to configure it before it does anything else. With
/// `Unpacked`, the next `apt install` in a container would run all postponed scripts at once, and `dpkg -V` would report
/// every conffile, because dpkg keeps an unpacked package's under `<name>.dpkg-new`. What did not run is told by the
/// script ledger, not by a state that tools misread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// `install ok unpacked`: what `dpkg --unpack` writes.
    Unpacked,
    /// `install ok installed`.
    Installed,
}

impl State {
    /// The value of the `Status` field.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Unpacked => "install ok unpacked",
            Self::Installed => "install ok installed",
        }
    }
}

/// The text of `status` for packages in any order.
///
/// # Errors
/// When two packages have one name and architecture, or a relation is malformed.
pub fn status(packages: &[(&Package, &Facts)], state: State) -> Result<String, InstallError> {
    let mut sorted = BTreeMap::new();
    for (package, facts) in packages {
        if sorted.insert((&package.name, package.architecture), (package, facts)).is_some() {
            return Err(InstallError::Package {
                package: format!("{} {}", package.name, package.version),
                reason: "the package is there twice".into(),
            });
        }
    }
    let mut text = String::new();
    for (package, facts) in sorted.into_values() {
        stanza::write(facts, state, &mut text).map_err(|error| InstallError::Package {
            package: format!("{} {}", package.name, package.version),
            reason: error.to_string(),
        })?;
    }
    Ok(text)
}

/// The files of `triggers/`, by name, for packages in unpack order.
#[must_use]
pub fn triggers(packages: &[(&Package, &Facts)]) -> BTreeMap<String, String> {
    let mut files = BTreeMap::from([("Unincorp".to_owned(), String::new())]);
    for (package, facts) in packages {
        for interest in &facts.interests {
            let who = format!("{}{}", info::stem(package), if interest.awaited { "" } else { "/noawait" });
            if interest.trigger.starts_with('/') {
                files.entry("File".into()).or_default().push_str(&format!("{} {who}\n", interest.trigger));
            } else {
                files.entry(interest.trigger.clone()).or_default().push_str(&format!("{who}\n"));
            }
        }
    }
    files
}

/// Writes the database into the tree. `packages` are in unpack order; `mtime` is the time of every file.
///
/// # Errors
/// As [`status`], or when a package put something else in the way.
pub fn install(
    tree: &mut Tree,
    packages: &[(&Package, &Facts)],
    diversions: &Diversions,
    state: State,
    mtime: i64,
) -> Result<(), InstallError> {
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::from([
        ("info/format".into(), b"1\n".to_vec()),
        ("status".into(), status(packages, state)?.into_bytes()),
    ]);
    for (name, text) in triggers(packages) {
        files.insert(format!("triggers/{name}"), text.into_bytes());
    }
    if !diversions.is_empty() {
        files.insert("diversions".into(), diversions.render());
    }
    let failed = |source| InstallError::Tree { package: "the package database".into(), source };
    for folder in ["info", "triggers", "updates"] {
        let path = format!("var/lib/dpkg/{folder}");
        tree.insert(path.as_bytes(), Kind::Directory, Meta::root(0o755, mtime), Owner::Generated, None)
            .map_err(failed)?;
    }
    for (name, bytes) in files {
        let path = format!("var/lib/dpkg/{name}");
        let kind = Kind::File(Content::bytes(bytes));
        tree.insert(path.as_bytes(), kind, Meta::root(0o644, mtime), Owner::Generated, None).map_err(failed)?;
    }
    Ok(())
}
