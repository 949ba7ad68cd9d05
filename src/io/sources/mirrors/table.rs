//! The table from alias to address, in the order of who has the say.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use url::Url;

use super::{ALIASES, Clients, Found, apt, go, maven, pip, text_of};
use crate::base::{Class, Fault, redact};

/// All places that may name a mirror.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `--mirror ALIAS=URL`, by alias.
    pub arguments: BTreeMap<String, String>,
    /// The environment's variables by name, of which those of [`variable`] are looked at.
    pub environment: BTreeMap<String, String>,
    /// `mirrors.toml` files, the one that counts most first: `alias = "address"` in each line.
    pub files: Vec<PathBuf>,
    /// The machine's package clients.
    pub clients: Clients,
}

/// An alias's address, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    /// The alias.
    pub alias: String,
    /// The address; it may hold credentials.
    pub url: Url,
    /// Where it was found, for people: a flag, a variable, or a client and its file.
    pub found: String,
}

/// Every alias of which something is known.
#[derive(Clone, Debug)]
pub struct Mirrors {
    found: BTreeMap<String, Mirror>,
    environment: BTreeMap<String, String>,
}

/// Why an alias has no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MirrorError {
    /// Nobody knows.
    #[error("no address is known for the mirror `{alias}`{asked}", asked = asked(alias))]
    Unknown {
        /// The alias.
        alias: String,
    },
    /// Somebody names an address that is none.
    #[error("{found}: `{address}` is no http or https address for the mirror `{alias}`")]
    Address {
        /// The alias.
        alias: String,
        /// What was named, without its secrets.
        address: String,
        /// Who names it.
        found: String,
    },
    /// A `mirrors.toml` is malformed.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
}

impl Mirrors {
    /// Asks everybody.
    ///
    /// # Errors
    /// When a `mirrors.toml` is malformed, or an address is none. That nobody knows an alias is found out by whoever
    /// needs it.
    pub fn discover(settings: &Settings) -> Result<Self, MirrorError> {
        let mut table = Self { found: BTreeMap::new(), environment: settings.environment.clone() };
        for (alias, address) in &settings.arguments {
            table.add(alias, address, format!("--mirror {alias}"))?;
        }
        for alias in ALIASES {
            table.look_in_environment(alias)?;
        }
        for path in &settings.files {
            let Some(text) = text_of(path) else { continue };
            let shown = path.display().to_string();
            let entries: BTreeMap<String, String> = toml::from_str(&text)
                .map_err(|error| MirrorError::File { path: shown.clone(), reason: error.message().to_owned() })?;
            for (alias, address) in &entries {
                table.look_in_environment(alias)?;
                table.add(alias, address, shown.clone())?;
            }
        }
        let clients = &settings.clients;
        let known: [(&str, Found); ALIASES.len()] = [
            ("debian", apt::find(clients, "Debian", "/debian")),
            ("debian-security", apt::find(clients, "Debian-Security", "/debian-security")),
            ("go", go::find(clients)),
            ("maven", maven::find(clients)),
            ("pypi", pip::find(clients)),
        ];
        for (alias, found) in known {
            if let Some((address, found)) = found {
                table.add(alias, &address, found)?;
            }
        }
        Ok(table)
    }

    /// The mirror behind an alias.
    ///
    /// # Errors
    /// [`MirrorError::Unknown`], which says who was asked and what would help.
    pub fn get(&self, alias: &str) -> Result<Mirror, MirrorError> {
        if let Some(mirror) = self.found.get(alias) {
            return Ok(mirror.clone());
        }
        // An alias of the recipe's own, of which only the environment knows.
        let mut table = self.clone();
        table.look_in_environment(alias)?;
        table.found.remove(alias).ok_or_else(|| MirrorError::Unknown { alias: alias.into() })
    }

    /// All aliases, in order: those that have an address, and those that are known and have none.
    #[must_use]
    pub fn all(&self) -> Vec<Result<Mirror, MirrorError>> {
        let aliases: BTreeSet<&str> = ALIASES.into_iter().chain(self.found.keys().map(String::as_str)).collect();
        aliases.into_iter().map(|alias| self.get(alias)).collect()
    }

    fn look_in_environment(&mut self, alias: &str) -> Result<(), MirrorError> {
        let name = variable(alias);
        match self.environment.get(&name).filter(|address| !address.is_empty()).cloned() {
            Some(address) => self.add(alias, &address, name),
            None => Ok(()),
        }
    }

    /// Adds an address, unless somebody with more say has named one.
    fn add(&mut self, alias: &str, address: &str, found: String) -> Result<(), MirrorError> {
        if self.found.contains_key(alias) {
            return Ok(());
        }
        let url = address.trim().parse::<Url>().ok();
        let url = url.filter(|url| {
            matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none()
        });
        let url = url.ok_or_else(|| MirrorError::Address {
            alias: alias.into(),
            address: redact::url(address),
            found: found.clone(),
        })?;
        self.found.insert(alias.into(), Mirror { alias: alias.into(), url, found });
        Ok(())
    }
}

/// The environment variable that names a mirror: `MOKAPOT_MIRROR_DEBIAN_SECURITY` for `debian-security`.
#[must_use]
pub fn variable(alias: &str) -> String {
    let upper = alias.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' });
    format!("MOKAPOT_MIRROR_{}", upper.collect::<String>())
}

/// Who was asked for an alias besides ourselves.
fn asked(alias: &str) -> &'static str {
    match alias {
        "debian" | "debian-security" => ": apt's sources name none",
        "go" => ": neither GOPROXY nor Go's settings name one",
        "maven" => ": neither Maven's settings nor Maven itself name one",
        "pypi" => ": neither pip's configuration nor pip itself name one",
        _ => ": no client of this machine knows this alias",
    }
}

impl Fault for MirrorError {
    fn class(&self) -> Class {
        Class::Usage
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown { alias } => Some(format!("name it: --mirror {alias}=URL, or {}=URL", variable(alias))),
            Self::File { .. } => Some("each line is `alias = \"https://HOST/PATH\"`".into()),
            Self::Address { .. } => None,
        }
    }
}
