//! One binary package as a `Packages` index or a `control` file describes it: deb-control(5), Debian Policy §5.3.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::deb822::Stanza;
use super::priority::Priority;
use super::relation::{self, Alternatives, ParseRelationError};
use super::version::{ParseVersionError, Version};
use crate::base::{Arch, Digest};

/// A package's name: at least two of lower-case letters, digits, `+`, `-`, `.`; the first a letter or digit (Policy §5.6.1).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PackageName(Box<str>);

/// A name that breaks Debian's rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no package name: two or more of a-z 0-9 + - . are allowed, the first of a-z 0-9")]
pub struct ParseNameError(String);

/// What a package was built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Architecture {
    /// Any platform: `Architecture: all`.
    All,
    /// One platform.
    #[serde(untagged)]
    Only(Arch),
}

/// How a package behaves when several architectures meet: the `Multi-Arch` field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Hash)]
pub enum MultiArch {
    /// The field is absent, or `no`.
    #[default]
    No,
    /// Serves dependencies of its own architecture only, and can be installed for several.
    Same,
    /// Serves dependencies of any architecture.
    Foreign,
    /// Serves dependencies qualified with `:any` of any architecture.
    Allowed,
}

/// A binary package: what relations and installation need to know.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its name.
    pub name: PackageName,
    /// Its version.
    pub version: Version,
    /// What it was built for.
    pub architecture: Architecture,
    /// The `Multi-Arch` field.
    pub multi_arch: MultiArch,
    /// `Essential: yes`: part of every Debian system.
    pub essential: bool,
    /// `Important: yes` or `Protected: yes`.
    pub protected: bool,
    /// The `Priority` field, `optional` where absent.
    pub priority: Priority,
    /// `Pre-Depends`.
    pub pre_depends: Vec<Alternatives>,
    /// `Depends`.
    pub depends: Vec<Alternatives>,
    /// `Recommends`.
    pub recommends: Vec<Alternatives>,
    /// `Suggests`.
    pub suggests: Vec<Alternatives>,
    /// `Conflicts`.
    pub conflicts: Vec<Alternatives>,
    /// `Breaks`.
    pub breaks: Vec<Alternatives>,
    /// `Replaces`.
    pub replaces: Vec<Alternatives>,
    /// `Provides`; a version, where given, is an exact one.
    pub provides: Vec<Alternatives>,
    /// `Source`'s name, or the package's own.
    pub source: Box<str>,
}

/// Where an index says a package's bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolFile {
    /// Path below the archive's root, as in `Filename`.
    pub filename: Box<str>,
    /// `Size`, in bytes.
    pub size: u64,
    /// `SHA256`.
    pub sha256: Digest,
}

/// Why a stanza describes no package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackageError {
    /// A field that must be there is not.
    #[error("line {line}: no `{field}` field")]
    Missing {
        /// Where the stanza starts.
        line: u64,
        /// The field.
        field: &'static str,
    },
    /// A field says what it may not.
    #[error("line {line}: `{field}`: {reason}")]
    Field {
        /// Where the stanza starts.
        line: u64,
        /// The field.
        field: &'static str,
        /// What is wrong.
        reason: String,
    },
}

impl PackageName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PackageName {
    type Err = ParseNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let first = text.bytes().next().is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let rest = text.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || b"+-.".contains(&c));
        if first && rest && (2..=256).contains(&text.len()) {
            Ok(Self(text.into()))
        } else {
            Err(ParseNameError(text.chars().take(80).flat_map(char::escape_default).collect()))
        }
    }
}

impl TryFrom<String> for PackageName {
    type Error = ParseNameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<PackageName> for String {
    fn from(name: PackageName) -> Self {
        name.0.into()
    }
}

impl fmt::Display for PackageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.pad("all"),
            Self::Only(arch) => arch.fmt(f),
        }
    }
}

impl Package {
    /// Reads a stanza of a `Packages` index or a `control` file.
    ///
    /// # Errors
    /// When a mandatory field is missing, or a field is malformed. `Architecture` must be `all` or one of ours.
    pub fn from_stanza(stanza: &Stanza) -> Result<Self, PackageError> {
        let line = stanza.line();
        let required = |field| stanza.get(field).ok_or(PackageError::Missing { line, field });
        let wrong = |field, reason: String| PackageError::Field { line, field, reason };
        let groups = |field| match stanza.get(field) {
            Some(text) => relation::parse_field(text).map_err(|e: ParseRelationError| wrong(field, e.to_string())),
            None => Ok(Vec::new()),
        };
        let yes = |field| stanza.get(field).is_some_and(|v| v.trim() == "yes");
        let name: PackageName =
            required("Package")?.trim().parse().map_err(|e: ParseNameError| wrong("Package", e.to_string()))?;
        let source = stanza.get("Source").and_then(|s| s.split_whitespace().next()).unwrap_or(name.as_str()).into();
        Ok(Self {
            version: required("Version")?
                .trim()
                .parse()
                .map_err(|e: ParseVersionError| wrong("Version", e.to_string()))?,
            architecture: match required("Architecture")?.trim() {
                "all" => Architecture::All,
                arch => Architecture::Only(
                    arch.parse().map_err(|_| wrong("Architecture", format!("unknown architecture `{arch}`")))?,
                ),
            },
            multi_arch: match stanza.get("Multi-Arch").map(str::trim) {
                None | Some("no") => MultiArch::No,
                Some("same") => MultiArch::Same,
                Some("foreign") => MultiArch::Foreign,
                Some("allowed") => MultiArch::Allowed,
                Some(other) => {
                    return Err(wrong("Multi-Arch", format!("`{other}` is none of no, same, foreign, allowed")));
                }
            },
            essential: yes("Essential"),
            protected: yes("Protected") || yes("Important"),
            priority: stanza.get("Priority").map_or(Priority::Optional, |word| Priority::of(word.trim())),
            pre_depends: groups("Pre-Depends")?,
            depends: groups("Depends")?,
            recommends: groups("Recommends")?,
            suggests: groups("Suggests")?,
            conflicts: groups("Conflicts")?,
            breaks: groups("Breaks")?,
            replaces: groups("Replaces")?,
            provides: groups("Provides")?,
            source,
            name,
        })
    }
}

impl PoolFile {
    /// Reads `Filename`, `Size` and `SHA256` of a `Packages` stanza.
    ///
    /// # Errors
    /// When one is missing or malformed, the size is 0, or the path leaves the archive.
    pub fn from_stanza(stanza: &Stanza) -> Result<Self, PackageError> {
        let line = stanza.line();
        let required = |field| stanza.get(field).map(str::trim).ok_or(PackageError::Missing { line, field });
        let wrong = |field, reason: String| PackageError::Field { line, field, reason };
        let filename = required("Filename")?;
        check_pool_path(filename).map_err(|reason| wrong("Filename", reason))?;
        let size: u64 = required("Size")?.parse().map_err(|_| wrong("Size", "not a number of bytes".into()))?;
        if size == 0 || size > 1 << 40 {
            return Err(wrong("Size", format!("{size} bytes cannot be the size of a package")));
        }
        let sha256 = Digest::from_hex(required("SHA256")?).map_err(|e| wrong("SHA256", e.to_string()))?;
        Ok(Self { filename: filename.trim_start_matches("./").into(), size, sha256 })
    }
}

/// Whether `path` stays below an archive's root whatever a server or a file system makes of it.
///
/// # Errors
/// With the reason: absolute, empty or `..` components, backslashes, percent signs, control characters.
pub fn check_pool_path(path: &str) -> Result<(), String> {
    let shown: String = path.chars().take(120).flat_map(char::escape_default).collect();
    let inner = path.strip_prefix("./").unwrap_or(path);
    if inner.is_empty()
        || inner.len() > 4096
        || inner.bytes().any(|c| c == b'\\' || c == b'%' || c == b'?' || c == b'#' || c.is_ascii_control())
    {
        return Err(format!("`{shown}` is no path in an archive"));
    }
    if inner.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(format!("`{shown}` leaves the archive"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_policy() {
        for good in ["libc6", "g++", "0ad", "libstdc++6", "python3.11"] {
            assert!(good.parse::<PackageName>().is_ok(), "{good} was refused");
        }
        for bad in ["", "a", "-a", "A1", "a b", "раckage", "a;rm", "--option", "a/b", "a_b"] {
            assert!(bad.parse::<PackageName>().is_err(), "{bad} was accepted");
        }
    }

    #[test]
    fn pool_paths_stay_inside() {
        assert!(check_pool_path("pool/main/b/bash/bash_5.2_amd64.deb").is_ok());
        assert!(check_pool_path("./bash.deb").is_ok());
        for bad in ["", "/etc/passwd", "../x", "a/../b", "a//b", "a\\b", "%2e%2e/x", "a\nb", "x?y"] {
            assert!(check_pool_path(bad).is_err(), "{bad} was accepted");
        }
    }

    #[test]
    fn a_stanza_becomes_a_package() {
        let text = "Package: bash\nEssential: yes\nVersion: 5.2-1+b2\nArchitecture: amd64\nMulti-Arch: foreign\n\
                    Pre-Depends: libc6 (>= 2.36)\nDepends: base-files (>= 2.1.12), debianutils (>= 5.6-0.1)\nPriority: required\n\
                    Filename: pool/main/b/bash/bash_5.2-1+b2_amd64.deb\nSize: 10\n\
                    SHA256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n";
        let stanza = Stanza::parse_one(text.as_bytes()).unwrap();
        let package = Package::from_stanza(&stanza).unwrap();
        assert!(package.essential);
        assert_eq!(package.architecture, Architecture::Only(Arch::Amd64));
        assert_eq!(package.depends.len(), 2);
        assert_eq!(PoolFile::from_stanza(&stanza).unwrap().size, 10);
    }
}
