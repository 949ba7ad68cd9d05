//! How much a system needs a package: the `Priority` field, Debian Policy §2.5.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The `Priority` field. An archive's index may say another than the package's own control file; apt goes by the index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Needed for the package system itself to work.
    Required,
    /// What an experienced administrator expects to find.
    Important,
    /// A small system with what most people want.
    Standard,
    /// All the rest; where the field is absent, too.
    #[default]
    Optional,
    /// As `optional`; a word that archives of before 2017 use.
    Extra,
}

/// A word that is no priority.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no priority: one of required, important, standard, optional, extra")]
pub struct ParsePriorityError(String);

impl Priority {
    /// All of them, the most needed first.
    pub const ALL: [Self; 5] = [Self::Required, Self::Important, Self::Standard, Self::Optional, Self::Extra];

    /// The word of Debian Policy.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Important => "important",
            Self::Standard => "standard",
            Self::Optional => "optional",
            Self::Extra => "extra",
        }
    }

    /// What a field means: a word that Debian Policy does not know counts as `extra`, as it does for apt.
    #[must_use]
    pub fn of(field: &str) -> Self {
        field.parse().unwrap_or(Self::Extra)
    }
}

impl FromStr for Priority {
    type Err = ParsePriorityError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|priority| priority.name() == word);
        found.ok_or_else(|| ParsePriorityError(word.chars().take(80).collect()))
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priorities_are_written_as_they_are_named() {
        for priority in Priority::ALL {
            assert_eq!(serde_json::to_value(priority).unwrap(), priority.name());
            assert_eq!(priority.name().parse(), Ok(priority));
        }
        assert_eq!(Priority::of("Required"), Priority::Extra, "apt compares the words as they are written");
        assert!(Priority::Required < Priority::Extra);
    }
}
