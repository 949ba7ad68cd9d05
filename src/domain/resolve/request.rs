//! What is asked for: the variant, and the packages of a recipe.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::base::{Class, Fault};
use crate::formats::deb::{PackageName, Version};

/// What is installed before the recipe's own packages, in the words of mmdebstrap(1).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Variant {
    /// Every `Essential: yes` package of the first archive, and what those depend on. `apt` is not one of them.
    #[default]
    Essential,
    /// `essential`, and `apt`.
    Apt,
    /// `essential`, and every package of `Priority: required`.
    Minbase,
    /// Nothing.
    None,
}

/// One line of `install` in a recipe, as `apt-get install` takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// `name`: the candidate version of a package, or the only provider of a virtual one.
    Candidate(PackageName),
    /// `name=version`: exactly that version.
    Version(PackageName, Version),
    /// `name/suite`: the version of a suite (by `Suite` or `Codename`), and of its dependencies where the candidates do not fit.
    Suite(PackageName, Box<str>),
    /// `name-`: never install it, whoever asks.
    Without(PackageName),
}

/// A text that asks for no package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` asks for no package: {reason}")]
pub struct ParseWantedError {
    text: String,
    reason: String,
}

impl Fault for ParseWantedError {
    fn class(&self) -> Class {
        Class::Recipe
    }

    fn hint(&self) -> Option<String> {
        Some("write `NAME`, `NAME=VERSION`, `NAME/SUITE`, or `NAME-` to keep a package out".into())
    }
}

/// What to resolve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What stands under the packages.
    pub variant: Variant,
    /// The packages, in the order of the recipe; where two could serve a dependency, the order can decide.
    pub install: Vec<Wanted>,
    /// Whether `Recommends` of the recipe's packages are followed. Those of the variant never are, as in mmdebstrap.
    pub recommends: bool,
}

impl Variant {
    /// The word of recipes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Essential => "essential",
            Self::Apt => "apt",
            Self::Minbase => "minbase",
            Self::None => "none",
        }
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Wanted {
    /// The package's name.
    #[must_use]
    pub const fn name(&self) -> &PackageName {
        match self {
            Self::Candidate(name) | Self::Version(name, _) | Self::Suite(name, _) | Self::Without(name) => name,
        }
    }
}

impl FromStr for Wanted {
    type Err = ParseWantedError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fail = |reason: String| ParseWantedError {
            text: text.chars().take(80).flat_map(char::escape_default).collect(),
            reason,
        };
        let name = |part: &str| part.parse::<PackageName>().map_err(|error| fail(error.to_string()));
        if let Some((package, version)) = text.split_once('=') {
            let version: Version = version.parse().map_err(|error| fail(format!("{error}")))?;
            return Ok(Self::Version(name(package)?, version));
        }
        if let Some((package, suite)) = text.split_once('/') {
            let fine = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
            if suite.is_empty() || suite.len() > 128 || !suite.chars().all(fine) {
                return Err(fail("after `/` stands a suite, such as `bookworm-backports`".into()));
            }
            return Ok(Self::Suite(name(package)?, suite.into()));
        }
        match text.strip_suffix('-') {
            Some(package) => Ok(Self::Without(name(package)?)),
            None => Ok(Self::Candidate(name(text)?)),
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Candidate(name) => write!(f, "{name}"),
            Self::Version(name, version) => write!(f, "{name}={version}"),
            Self::Suite(name, suite) => write!(f, "{name}/{suite}"),
            Self::Without(name) => write!(f, "{name}-"),
        }
    }
}

impl TryFrom<String> for Wanted {
    type Error = ParseWantedError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Wanted> for String {
    fn from(wanted: Wanted) -> Self {
        wanted.to_string()
    }
}

impl Serialize for Wanted {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Wanted {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wanted_packages_parse_and_print() {
        for good in ["nginx", "g++", "nginx=1:1.2-3+b1", "curl/bookworm-backports", "vim-", "libstdc++6-"] {
            assert_eq!(good.parse::<Wanted>().unwrap().to_string(), good);
        }
    }

    #[test]
    fn what_names_no_package_is_refused_with_the_text() {
        for bad in
            ["", "a", "раckage", "a b", "ab;rm", "--option", "-ab", "ab=", "ab=x", "ab/", "ab/../x", "=1", "/x", "-"]
        {
            let error = bad.parse::<Wanted>().unwrap_err().to_string();
            assert!(error.contains("asks for no package"), "{bad}: {error}");
            assert!(error.is_ascii(), "{error}");
        }
    }

    #[test]
    fn variants_are_words_of_recipes() {
        assert_eq!(serde_json::to_string(&Variant::Minbase).unwrap(), "\"minbase\"");
        assert!(serde_json::from_str::<Variant>("\"required\"").is_err());
    }
}
