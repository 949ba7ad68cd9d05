//! The platforms we build for, in the words of OCI (`linux/amd64`) and of Debian (`amd64`).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A processor architecture; OCI (Go's `GOARCH`) and Debian happen to share the names of those we build for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Arch {
    /// 64-bit Intel and AMD.
    Amd64,
    /// 64-bit ARM.
    Arm64,
}

/// An operating system and an architecture. The system is always Linux.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Platform(pub Arch);

/// A name that is no platform of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown platform `{0}`: one of linux/amd64, linux/arm64")]
pub struct UnknownPlatform(String);

impl Arch {
    /// All architectures, in the order of their names.
    pub const ALL: [Self; 2] = [Self::Amd64, Self::Arm64];

    /// The name that OCI and Debian use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }

    /// The GNU triplet that Debian's multi-arch folders carry: `x86_64-linux-gnu`.
    #[must_use]
    pub const fn triplet(self) -> &'static str {
        match self {
            Self::Amd64 => "x86_64-linux-gnu",
            Self::Arm64 => "aarch64-linux-gnu",
        }
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Arch {
    type Err = UnknownPlatform;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|arch| arch.name() == text)
            .ok_or_else(|| UnknownPlatform(text.chars().take(80).collect()))
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self.0 {
            Arch::Amd64 => "linux/amd64",
            Arch::Arm64 => "linux/arm64",
        })
    }
}

impl FromStr for Platform {
    type Err = UnknownPlatform;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.strip_prefix("linux/")
            .and_then(|arch| arch.parse().ok())
            .map(Self)
            .ok_or_else(|| UnknownPlatform(text.chars().take(80).collect()))
    }
}

impl Serialize for Platform {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Platform {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_platforms_parse() {
        assert_eq!("linux/arm64".parse(), Ok(Platform(Arch::Arm64)));
        for bad in ["linux/amd65", "linux/arm/v9", "amd64", "windows/amd64", "linux/", "LINUX/amd64"] {
            assert!(bad.parse::<Platform>().is_err(), "{bad} was accepted");
        }
    }
}
