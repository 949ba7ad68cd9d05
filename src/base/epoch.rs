//! The one moment a build knows: seconds since 1970 UTC. No clock is read for it; it comes from the lock or the caller
//! (<https://reproducible-builds.org/specs/source-date-epoch/>).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Seconds since 1970-01-01T00:00:00Z, from 0 to the end of the year 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Epoch(i64);

/// The last second of the year 9999, the last that RFC 3339 can write.
const LAST: i64 = 253_402_300_799;

/// A number of seconds that is no moment we can write down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no time in seconds since 1970 (0 to {LAST})")]
pub struct EpochOutOfRange(String);

impl Epoch {
    /// The start of 1970.
    pub const ZERO: Self = Self(0);

    /// The seconds.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// `mtime` brought into the range from 1970 to this moment, as `SOURCE_DATE_EPOCH` asks of archives.
    #[must_use]
    pub fn clamp(self, mtime: i64) -> i64 {
        mtime.clamp(0, self.0)
    }

    /// The moment as RFC 3339, in UTC and whole seconds: `2026-07-11T10:16:37Z`.
    #[must_use]
    pub fn rfc3339(self) -> String {
        jiff::Timestamp::from_second(self.0).unwrap_or_default().to_string()
    }
}

impl TryFrom<i64> for Epoch {
    type Error = EpochOutOfRange;

    fn try_from(seconds: i64) -> Result<Self, Self::Error> {
        if (0..=LAST).contains(&seconds) { Ok(Self(seconds)) } else { Err(EpochOutOfRange(seconds.to_string())) }
    }
}

impl From<Epoch> for i64 {
    fn from(epoch: Epoch) -> Self {
        epoch.0
    }
}

impl FromStr for Epoch {
    type Err = EpochOutOfRange;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let out_of_range = || EpochOutOfRange(text.chars().take(40).collect());
        text.parse::<i64>().map_err(|_| out_of_range())?.try_into().map_err(|_| out_of_range())
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clamps_and_prints() {
        let epoch: Epoch = "1700000000".parse().unwrap();
        assert_eq!(epoch.clamp(-5), 0);
        assert_eq!(epoch.clamp(1 << 40), 1_700_000_000);
        assert_eq!(epoch.rfc3339(), "2023-11-14T22:13:20Z");
    }

    #[test]
    fn moments_that_cannot_be_written_are_refused() {
        for bad in ["-1", "253402300800", "now", "1.5", ""] {
            assert!(bad.parse::<Epoch>().is_err(), "{bad} was accepted");
        }
    }
}
