//! Names of suites and components: they become folders.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A suite's name, such as `staging`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SuiteName(Box<str>);

/// A component's name, such as `main`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ComponentName(Box<str>);

/// A text that names neither.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no such name: 1 to 64 of A-Z a-z 0-9 . _ + - are allowed, the first a letter or digit")]
pub struct ParseNameError(String);

fn check(text: &str) -> Result<Box<str>, ParseNameError> {
    let first = text.bytes().next().is_some_and(|c| c.is_ascii_alphanumeric());
    let rest = text.bytes().all(|c| c.is_ascii_alphanumeric() || b"._+-".contains(&c));
    if first && rest && text.len() <= 64 {
        return Ok(text.into());
    }
    Err(ParseNameError(text.chars().take(80).flat_map(char::escape_default).collect()))
}

impl SuiteName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folder of its files, below the repository's root.
    #[must_use]
    pub fn folder(&self) -> String {
        format!("dists/{}", self.0)
    }
}

impl ComponentName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SuiteName {
    type Err = ParseNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        check(text).map(Self)
    }
}

impl FromStr for ComponentName {
    type Err = ParseNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        check(text).map(Self)
    }
}

impl TryFrom<String> for SuiteName {
    type Error = ParseNameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<SuiteName> for String {
    fn from(name: SuiteName) -> Self {
        name.0.into()
    }
}

impl fmt::Display for SuiteName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for ComponentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_folders_and_nothing_more() {
        for good in ["main", "staging", "Test-1.0", "a", "x_y+z"] {
            assert!(good.parse::<SuiteName>().is_ok() && good.parse::<ComponentName>().is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "../x", "a/b", "/a", "-a", "a b", "a\nb", "ä", "a%2f", &"x".repeat(65)] {
            assert!(bad.parse::<SuiteName>().is_err(), "{bad:?} was accepted");
        }
    }
}
