//! When to try again, and how long to wait before.

use std::time::{Duration, SystemTime};

/// How patient we are. The defaults are for people's registries; tests have no patience.
#[derive(Clone, Debug)]
pub struct Patience {
    /// How often a request is sent at most.
    pub tries: u32,
    /// Wait before the second try; each further wait is twice as long.
    pub first_wait: Duration,
    /// The longest wait, however long the server asks for.
    pub longest_wait: Duration,
    /// The time in which some bytes must come or go.
    pub stall: Duration,
    /// For how long a tag that was set is read back.
    pub read_back: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            tries: 5,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(60),
            stall: Duration::from_secs(30),
            read_back: Duration::from_secs(30),
        }
    }
}

impl Patience {
    /// The wait after `tries` failed tries: what the server asked for, else doubling with jitter; never longer than the longest.
    #[must_use]
    pub fn wait(&self, tries: u32, asked: Option<Duration>) -> Duration {
        let own = || {
            let doubled = self.first_wait.saturating_mul(1 << tries.saturating_sub(1).min(16));
            // between half and all of it, so that many clients do not come back at once
            doubled.mul_f64(0.5 + fastrand::f64() / 2.0)
        };
        asked.unwrap_or_else(own).min(self.longest_wait)
    }
}

/// Whether a status means "not now".
#[must_use]
pub fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

/// The wait that a `Retry-After` header asks for (RFC 9110, section 10.2.3): seconds, or a date. A date that is past asks for
/// none; anything else is no answer.
#[must_use]
pub fn retry_after(header: &str, now: SystemTime) -> Option<Duration> {
    let text = header.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        // a year is as good as for ever, and does not overflow
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX).min(366 * 86_400)));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_in_all_its_forms() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let at = |seconds| httpdate::fmt_http_date(now + Duration::from_secs(seconds));
        assert_eq!(retry_after("2", now), Some(Duration::from_secs(2)));
        assert_eq!(retry_after(&at(90), now), Some(Duration::from_secs(90)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("999999", now), Some(Duration::from_secs(999_999)));
        assert_eq!(retry_after("99999999999999999999999", now), Some(Duration::from_secs(366 * 86_400)));
        for garbage in ["-1", "", "soon", "880µs", "1.5"] {
            assert_eq!(retry_after(garbage, now), None, "{garbage}");
        }
    }

    #[test]
    fn waits_are_bounded() {
        let patience = Patience::default();
        assert_eq!(patience.wait(1, Some(Duration::from_secs(2))), Duration::from_secs(2));
        assert_eq!(patience.wait(1, Some(Duration::from_secs(999_999))), patience.longest_wait);
        for tries in 1..100 {
            assert!(patience.wait(tries, None) <= patience.longest_wait);
        }
        assert!(patience.wait(1, None) >= patience.first_wait / 2);
    }
}
