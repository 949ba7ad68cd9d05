//! Days since 1970, as `shadow`(5) counts them.

use crate::base::Epoch;

/// The day it is.
pub(super) fn today(epoch: Epoch) -> i64 {
    epoch.seconds().div_euclid(86_400)
}

/// A day written as `YYYY-MM-DD` or as its number; empty for none (and for -1). `None` when it is neither.
pub(super) fn days(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?.trim();
    if text.is_empty() || text == "-1" {
        return Some(String::new());
    }
    if let Ok(number) = text.parse::<u32>() {
        return Some(number.to_string());
    }
    let date: jiff::civil::Date = text.parse().ok()?;
    let days = date.since(jiff::civil::date(1970, 1, 1)).ok()?.get_days();
    Some(days.to_string())
}
