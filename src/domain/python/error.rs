//! What can go wrong with the Python packages of a recipe.

use crate::base::{Arch, Class, Fault};
use crate::formats::wheel::WheelError;

/// Python packages that cannot be resolved or installed.
#[derive(Debug, thiserror::Error)]
pub enum PythonError {
    /// A wheel is not what it should be.
    #[error(transparent)]
    Wheel(#[from] WheelError),
    /// A package that wheels are chosen by is not in the image.
    #[error("[python] on {arch}: {what}")]
    Image {
        /// The platform.
        arch: Arch,
        /// What is missing, or there twice.
        what: String,
    },
    /// No set of wheels satisfies the recipe.
    #[error("[python] cannot be satisfied:{}", reasons.iter().map(|line| format!("\n  {line}")).collect::<String>())]
    Unsatisfiable {
        /// Why, line by line.
        reasons: Vec<String>,
    },
    /// The resolver did not come to an end.
    #[error("[python] cannot be resolved: {0}")]
    Resolver(String),
    /// What a locked wheel needs is not what is locked.
    #[error("wheel {wheel} needs `{needs}` on {arch}, and the lock has no such wheel")]
    NotLocked {
        /// The wheel.
        wheel: String,
        /// What it needs.
        needs: String,
        /// The platform.
        arch: Arch,
    },
}

impl Fault for PythonError {
    fn class(&self) -> Class {
        match self {
            Self::Wheel(error) => error.class(),
            Self::Image { .. } => Class::Recipe,
            Self::Unsatisfiable { .. } | Self::Resolver(_) => Class::Unsatisfiable,
            Self::NotLocked { .. } => Class::Lock,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Wheel(error) => error.hint(),
            Self::Image { .. } => Some("wheels are for an interpreter and a C library of the image: install `python3.9` (or `interpreter`'s) and `libc6`".into()),
            Self::Unsatisfiable { .. } => Some(
                "only wheels are taken, of versions that have one for every platform: ask for other versions, or for another interpreter".into(),
            ),
            Self::Resolver(_) => None,
            Self::NotLocked { .. } => Some("run `mokapot lock` again".into()),
        }
    }
}
