//! The sets of packages that a system is made of before anything is asked for by name.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Sets of packages, in mmdebstrap's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Variant {
    /// All packages marked essential, and what they need.
    Essential,
    /// `essential` and apt.
    Apt,
    /// `apt` and all packages of priority required.
    Minbase,
    /// Nothing but what the recipe names.
    None,
}

impl Variant {
    /// The word of mmdebstrap(1) and of recipes.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_are_written_as_they_are_named() {
        for variant in [Variant::Essential, Variant::Apt, Variant::Minbase, Variant::None] {
            assert_eq!(serde_json::to_value(variant).unwrap(), variant.name());
        }
        assert!(serde_json::from_str::<Variant>("\"required\"").is_err());
    }
}
