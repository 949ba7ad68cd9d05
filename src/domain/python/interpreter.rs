//! The interpreter that an image's packages are for.

use std::fmt;
use std::str::FromStr;

/// CPython `3.MINOR`, as Debian names its packages and programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interpreter {
    /// The minor version.
    pub minor: u8,
}

impl Interpreter {
    /// The program, as the first line of scripts names it.
    #[must_use]
    pub fn program(self) -> String {
        format!("/usr/bin/{self}")
    }
}

impl FromStr for Interpreter {
    type Err = String;

    /// `python3.9`.
    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.strip_prefix("python3.").filter(|digits| digits.bytes().all(|c| c.is_ascii_digit()));
        let minor = digits.and_then(|digits| digits.parse().ok()).filter(|minor| (2..=99).contains(minor));
        let same = |minor: &u8| format!("python3.{minor}") == text;
        minor
            .filter(same)
            .map(|minor| Self { minor })
            .ok_or_else(|| format!("`{text}` is no interpreter that is known"))
    }
}

impl fmt::Display for Interpreter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "python3.{}", self.minor)
    }
}
