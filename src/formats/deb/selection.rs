//! What is asked of archives, in the words of apt-get(8): `NAME`, `NAME=VERSION`, `NAME/SUITE`, `NAME-`.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::package::{PackageName, ParseNameError};
use super::version::{ParseVersionError, Version};
use crate::base::{Class, Fault};

/// A package, and how it is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Selection {
    /// The package, or a virtual one.
    pub name: PackageName,
    /// How it is wanted.
    pub wanted: Wanted,
}

/// How a package is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Wanted {
    /// `NAME`: in whatever version the archives prefer; of a virtual package, its only provider.
    Any,
    /// `NAME=VERSION`: in exactly this version.
    Exactly(Version),
    /// `NAME/SUITE`: in the version of a suite (by `Suite` or `Codename`), with dependencies from there where the others do not fit.
    From(Box<str>),
    /// `NAME-`: never, whoever asks.
    Absent,
}

/// A text that asks for no package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseSelectionError {
    /// What should be a name is none.
    #[error(transparent)]
    Name(#[from] ParseNameError),
    /// What stands after `=` is no version.
    #[error(transparent)]
    Version(#[from] ParseVersionError),
    /// What stands after `/` is no suite.
    #[error("`{}` is no suite", .0.escape_default())]
    Suite(String),
}

impl Fault for ParseSelectionError {
    fn class(&self) -> Class {
        match self {
            Self::Name(_) | Self::Version(_) | Self::Suite(_) => Class::Recipe,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Name(_) => "look at the name again: `apt-cache search` finds packages",
            Self::Version(_) => "an exact version is written `NAME=VERSION`, as `apt-cache policy NAME` shows it",
            Self::Suite(_) => "after `/` stands a suite, such as `bookworm-backports`",
        };
        Some(hint.to_owned())
    }
}

impl FromStr for Selection {
    type Err = ParseSelectionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, wanted) = if let Some((name, version)) = text.split_once('=') {
            (name, Wanted::Exactly(version.parse()?))
        } else if let Some((name, suite)) = text.split_once('/') {
            if !is_suite(suite) {
                return Err(ParseSelectionError::Suite(suite.chars().take(80).collect()));
            }
            (name, Wanted::From(suite.into()))
        } else if let Some(name) = text.strip_suffix('-') {
            (name, Wanted::Absent)
        } else {
            (text, Wanted::Any)
        };
        Ok(Self { name: name.parse()?, wanted })
    }
}

impl fmt::Display for Selection {
    /// As it is asked for.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)?;
        match &self.wanted {
            Wanted::Any => Ok(()),
            Wanted::Exactly(version) => write!(f, "={version}"),
            Wanted::From(suite) => write!(f, "/{suite}"),
            Wanted::Absent => f.write_str("-"),
        }
    }
}

/// Whether an archive's suite can be asked for by this name: one part of a path, and no option of a program.
fn is_suite(text: &str) -> bool {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '~' | '_' | '-');
    text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(fine) && text.len() <= 255
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selections_parse_and_print() {
        for good in ["nginx", "g++", "nginx=1:1.2-3+b1", "curl/bookworm-backports", "vim-", "libstdc++6-"] {
            assert_eq!(good.parse::<Selection>().unwrap().to_string(), good);
        }
    }

    #[test]
    fn what_names_no_package_is_refused_with_a_remedy() {
        for bad in
            ["", "a", "раckage", "a b", "ab;rm", "--option", "-ab", "ab=", "ab=x", "ab/", "ab/../x", "=1", "/x", "-"]
        {
            let error = bad.parse::<Selection>().unwrap_err();
            assert!(error.to_string().is_ascii(), "{error}");
            assert!(error.hint().is_some_and(|hint| hint.is_ascii()));
        }
    }
}
