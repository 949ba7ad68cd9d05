//! Whether a Release is of the right time: neither expired, nor from the future, nor older than one seen before.

use super::error::Reason;
use crate::base::Epoch;
use crate::formats::deb::Release;

/// What is asked of a Release's dates.
#[derive(Clone, Copy, Debug)]
pub struct Freshness {
    /// The system's time.
    pub now: Epoch,
    /// Whether `Valid-Until` counts; a snapshot of the past has none that would.
    pub valid_until: bool,
    /// The date of the Release that was locked before, if any.
    pub not_before: Option<Epoch>,
    /// The greatest age in days that is fine, even without `Valid-Until`; any where there is none.
    pub max_days: Option<u32>,
}

/// How many seconds a Release's date may lie ahead of the system's clock, as in apt.
const SLACK: i64 = 10;

impl Freshness {
    /// What is asked of a suite that was never seen before.
    #[must_use]
    pub const fn at(now: Epoch) -> Self {
        Self { now, valid_until: true, not_before: None, max_days: None }
    }

    pub(super) fn check(&self, release: &Release) -> Result<(), Reason> {
        let (date, now) = (release.date, self.now);
        if date.seconds() > now.seconds() + SLACK {
            return Err(Reason::Future { date, now });
        }
        if let Some(until) = release.valid_until.filter(|until| self.valid_until && *until < now) {
            return Err(Reason::Expired { until, now });
        }
        if let Some(days) = self.max_days.filter(|days| now.seconds() - date.seconds() > i64::from(*days) * 86_400) {
            return Err(Reason::Stale { date, days, now });
        }
        if let Some(seen) = self.not_before.filter(|seen| date < *seen) {
            return Err(Reason::Older { date, seen });
        }
        Ok(())
    }
}
