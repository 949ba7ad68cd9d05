//! File names of wheels: `NAME-VERSION(-BUILD)?-PYTHON-ABI-PLATFORM.whl`.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::error::{Problem, WheelError};

/// More tags than any wheel has: the three sets are multiplied.
const MOST_TAGS: usize = 4096;

/// What a wheel's file name says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WheelName {
    text: String,
    /// The package.
    pub name: PackageName,
    /// Its version.
    pub version: Version,
    /// The build: of the same version and tags the larger one is newer.
    pub build: Option<(u64, String)>,
    /// What it is for.
    pub tags: BTreeSet<Tag>,
}

/// An interpreter, its ABI and a platform: `cp39-cp39-manylinux_2_17_x86_64`, `py3-none-any`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag {
    /// The interpreter: `cp39`, `py3`.
    pub python: String,
    /// The ABI: `cp39`, `abi3`, `none`.
    pub abi: String,
    /// The platform: `manylinux_2_17_x86_64`, `any`.
    pub platform: String,
}

impl Tag {
    /// A tag of its parts.
    pub fn new(python: impl Into<String>, abi: impl Into<String>, platform: impl Into<String>) -> Self {
        Self { python: python.into(), abi: abi.into(), platform: platform.into() }
    }

    /// The tags that `python-abi-platform` stands for, each part a set parted by dots.
    pub(super) fn expand(text: &str) -> Option<BTreeSet<Self>> {
        let parts: Vec<&str> = text.split('-').collect();
        let [python, abi, platform] = parts.as_slice() else { return None };
        let count = |part: &str| part.split('.').count();
        if parts.iter().any(|part| part.split('.').any(str::is_empty))
            || count(python).saturating_mul(count(abi)).saturating_mul(count(platform)) > MOST_TAGS
        {
            return None;
        }
        let mut tags = BTreeSet::new();
        for python in python.split('.') {
            for abi in abi.split('.') {
                tags.extend(platform.split('.').map(|platform| Self::new(python, abi, platform)));
            }
        }
        Some(tags)
    }
}

impl WheelName {
    /// The file name as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it runs on any platform.
    #[must_use]
    pub fn is_pure(&self) -> bool {
        self.tags.iter().all(|tag| tag.platform == "any")
    }
}

impl FromStr for WheelName {
    type Err = WheelError;

    fn from_str(text: &str) -> Result<Self, WheelError> {
        let wrong = |rule| Problem::Name(rule).of(&text.chars().take(255).collect::<String>());
        let stem = text.strip_suffix(".whl").ok_or_else(|| wrong("does not end in `.whl`"))?;
        let plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'+' | b'-' | b'!');
        if text.len() > 255 || !text.bytes().all(plain) {
            return Err(wrong("has characters that no wheel's has, or more than 255"));
        }
        let parts: Vec<&str> = stem.split('-').collect();
        let (name, version, build, tags) = match parts.as_slice() {
            [name, version, python, abi, platform] => (name, version, None, [python, abi, platform]),
            [name, version, build, python, abi, platform] => (name, version, Some(*build), [python, abi, platform]),
            _ => return Err(wrong("does not have the five or six parts of a wheel's")),
        };
        let build = build.map(|build| {
            let digits = build.len() - build.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (number, rest) = build.split_at(digits);
            number.parse().map(|number| (number, rest.to_owned()))
        });
        if name.is_empty() {
            return Err(wrong("does not begin with a package's name"));
        }
        Ok(Self {
            name: PackageName::new((*name).to_owned()).map_err(|_| wrong("does not begin with a package's name"))?,
            version: version.replace('_', "-").parse().map_err(|_| wrong("has no version of PEP 440"))?,
            build: build.transpose().map_err(|_| wrong("has a build that does not begin with a number"))?,
            tags: Tag::expand(&tags.map(|part| *part).join("-")).ok_or_else(|| wrong("has tags that are none"))?,
            text: text.to_owned(),
        })
    }
}

impl fmt::Display for WheelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.python, self.abi, self.platform)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_is_inside() {
        let name: WheelName = "Foo_Bar-1.0-2b-py2.py3-none-any.whl".parse().unwrap();
        assert_eq!((name.name.to_string(), name.version.to_string()), ("foo-bar".into(), "1.0".into()));
        assert_eq!(name.build, Some((2, "b".into())));
        assert_eq!(name.tags, BTreeSet::from([Tag::new("py2", "none", "any"), Tag::new("py3", "none", "any")]));
        let local: WheelName = "torch-2.0+cpu_1-cp39-cp39-linux_x86_64.whl".parse().unwrap();
        assert_eq!(local.version.to_string(), "2.0+cpu.1");
        assert!(!local.is_pure() && name.is_pure());
        let long = format!("{}-1-py3-none-any.whl", "x".repeat(300));
        let many = format!("a-1-{}-none-any.whl", vec!["py3"; 80].join(".") + "-" + &vec!["x"; 80].join("."));
        for bad in [
            "",
            "a.whl",
            "a-1.tar.gz",
            "a-1-py3-none.whl",
            "../a-1-py3-none-any.whl",
            "a-x-py3-none-any.whl",
            "-1-py3-none-any.whl",
            "a-1-b-py3-none-any.whl",
            "a-1-py3..py2-none-any.whl",
            "a-1-py3-none-any-x-y.whl",
            "ä-1-py3-none-any.whl",
            &long,
            &many,
        ] {
            assert!(bad.parse::<WheelName>().is_err(), "{bad} was accepted");
        }
    }
}
