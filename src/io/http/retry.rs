//! When to try again: exponential back-off with jitter, or what the server asks for, capped.

use std::time::Duration;

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

use super::settings::Settings;

/// How long to wait before attempt number `next` (the first retry is 2), given what the server asked for.
pub(super) fn wait(settings: &Settings, next: u32, asked: Option<Duration>) -> Duration {
    let doubled = settings.backoff.saturating_mul(1 << next.saturating_sub(2).min(16));
    // Half of the wait is random, so that builders that failed together do not come back together.
    let jittered = doubled.mul_f64(0.5 + fastrand::f64() / 2.0);
    asked.map_or(jittered, |asked| asked.max(jittered)).min(settings.longest_wait)
}

/// Whether a status means "not now".
#[must_use]
pub const fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504)
}

/// The `Retry-After` of an answer: seconds, or a date (RFC 9110 §10.2.3), which is read against the server's own `Date`,
/// so that a wrong clock on either side does not matter. A date that is past asks for no wait; anything else is no answer.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let value = text(RETRY_AFTER)?;
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        // A year is as good as for ever, and does not overflow.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX).min(366 * 86_400)));
    }
    let then = httpdate::parse_http_date(value).ok()?;
    let now = httpdate::parse_http_date(text(DATE)?).ok()?;
    Some(then.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn both_forms_of_retry_after() {
        assert_eq!(retry_after(&headers(&[("retry-after", "7")])), Some(Duration::from_secs(7)));
        let ages = headers(&[("retry-after", "99999999999999999999999")]);
        assert_eq!(retry_after(&ages), Some(Duration::from_secs(366 * 86_400)));
        let past = [("date", "Sun, 06 Nov 1994 08:49:37 GMT"), ("retry-after", "Sun, 06 Nov 1994 08:49:30 GMT")];
        assert_eq!(retry_after(&headers(&past)), Some(Duration::ZERO));
        let date = [("date", "Sun, 06 Nov 1994 08:49:37 GMT"), ("retry-after", "Sun, 06 Nov 1994 08:49:40 GMT")];
        assert_eq!(retry_after(&headers(&date)), Some(Duration::from_secs(3)));
        for bad in ["-1", "soon", "", "1.5", "+5", "99s"] {
            assert_eq!(retry_after(&headers(&[("retry-after", bad)])), None, "{bad}");
        }
    }

    #[test]
    fn waits_grow_and_are_capped() {
        let settings = Settings::default();
        assert!(wait(&settings, 2, None) <= settings.backoff);
        assert!(wait(&settings, 4, None) >= settings.backoff * 2);
        assert_eq!(wait(&settings, 2, Some(Duration::from_secs(86_400))), settings.longest_wait);
        assert_eq!(wait(&settings, u32::MAX, None), settings.longest_wait);
    }
}
