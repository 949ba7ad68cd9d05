//! Moments as date(1) and kin write and read them: always UTC, in the C locale.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use crate::base::Epoch;
use crate::domain::script::stop::Stop;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A moment by a format of strftime(3) with GNU's flags `-`, `_`, `0`, `^` and a width. `program` is named where a
/// directive is not modelled.
///
/// # Errors
/// A [`Stop`] for such a directive, and for a moment that no calendar has.
pub(in crate::domain::script) fn write(program: &str, seconds: i64, format: &[u8]) -> Result<Vec<u8>, Stop> {
    let moment = civil(seconds).ok_or_else(|| Stop::unsupported(program, format!("the moment {seconds}")))?;
    let mut out = Vec::new();
    let mut rest = format.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut start = vec![b'%'];
        let (mut flag, mut width) = (None, String::new());
        while let Some(next) = rest.next_if(|next| b"-_0^#".contains(next)) {
            flag = Some(next);
            start.push(next);
        }
        while let Some(digit) = rest.next_if(u8::is_ascii_digit) {
            width.push(char::from(digit));
            start.push(digit);
        }
        let colons = std::iter::from_fn(|| rest.next_if_eq(&b':')).count();
        let Some(directive) = rest.next() else {
            out.extend(start);
            break;
        };
        let Some(text) = directive_text(moment, seconds, directive, colons) else {
            let what = format!("the format `%{}{}`", ":".repeat(colons), char::from(directive));
            return Err(Stop::unsupported(program, what));
        };
        out.extend(padded(&text, directive, flag, width.parse().ok()).into_bytes());
    }
    Ok(out)
}

fn civil(seconds: i64) -> Option<DateTime> {
    Some(TimeZone::UTC.to_datetime(jiff::Timestamp::from_second(seconds).ok()?))
}

fn directive_text(at: DateTime, seconds: i64, directive: u8, colons: usize) -> Option<String> {
    const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    let day = || DAYS.get(usize::try_from(at.weekday().to_monday_zero_offset()).ok()?).copied();
    let month = || MONTHS.get(usize::try_from(at.month() - 1).ok()?).copied();
    let short = |name: &str| name.chars().take(3).collect::<String>();
    let hour12 = (at.hour() + 11) % 12 + 1;
    let yday = at.day_of_year();
    let sunday = i16::from(at.weekday().to_sunday_zero_offset());
    let monday = i16::from(at.weekday().to_monday_zero_offset());
    let iso = at.date().iso_week_date();
    let nested = |format: &[u8]| String::from_utf8(write("date", seconds, format).ok()?).ok();
    if colons > 0 && directive != b'z' {
        return None;
    }
    Some(match directive {
        b'%' => "%".into(),
        b'n' => "\n".into(),
        b't' => "\t".into(),
        b'Y' => at.year().to_string(),
        b'C' => format!("{:02}", at.year() / 100),
        b'y' => format!("{:02}", at.year().rem_euclid(100)),
        b'G' => iso.year().to_string(),
        b'g' => format!("{:02}", iso.year().rem_euclid(100)),
        b'V' => format!("{:02}", iso.week()),
        b'U' => format!("{:02}", (yday + 6 - sunday) / 7),
        b'W' => format!("{:02}", (yday + 6 - monday) / 7),
        b'm' => format!("{:02}", at.month()),
        b'd' => format!("{:02}", at.day()),
        b'e' => format!("{:2}", at.day()),
        b'j' => format!("{yday:03}"),
        b'q' => ((at.month() + 2) / 3).to_string(),
        b'H' => format!("{:02}", at.hour()),
        b'k' => format!("{:2}", at.hour()),
        b'I' => format!("{hour12:02}"),
        b'l' => format!("{hour12:2}"),
        b'M' => format!("{:02}", at.minute()),
        b'S' => format!("{:02}", at.second()),
        b'N' => "000000000".into(),
        b's' => seconds.to_string(),
        b'p' => if at.hour() < 12 { "AM" } else { "PM" }.into(),
        b'P' => if at.hour() < 12 { "am" } else { "pm" }.into(),
        b'A' => day()?.into(),
        b'a' => short(day()?),
        b'B' => month()?.into(),
        b'b' | b'h' => short(month()?),
        b'u' => (monday + 1).to_string(),
        b'w' => sunday.to_string(),
        b'Z' => "UTC".into(),
        b'z' => match colons {
            0 => "+0000".into(),
            1 => "+00:00".into(),
            2 => "+00:00:00".into(),
            _ => "+00".into(),
        },
        b'D' | b'x' => nested(b"%m/%d/%y")?,
        b'F' => nested(b"%Y-%m-%d")?,
        b'T' | b'X' => nested(b"%H:%M:%S")?,
        b'R' => nested(b"%H:%M")?,
        b'r' => nested(b"%I:%M:%S %p")?,
        b'c' => nested(b"%a %b %e %H:%M:%S %Y")?,
        _ => return None,
    })
}

/// Text with its padding changed by a flag, and widened.
fn padded(text: &str, directive: u8, flag: Option<u8>, width: Option<usize>) -> String {
    let numeric = !b"aAbBhpPZnt%cxXDFTRrzN".contains(&directive);
    let spaced = b"ekl".contains(&directive);
    let stripped = || {
        let rest = text.trim_start_matches(if spaced { ' ' } else { '0' });
        if rest.is_empty() { "0" } else { rest }
    };
    let width = width.map_or(0, |width| width.min(1024));
    match flag {
        Some(b'-') if numeric => stripped().to_owned(),
        Some(b'_') if numeric => format!("{:>1$}", stripped(), width.max(text.len())),
        Some(b'0') if numeric => format!("{:0>1$}", stripped(), width.max(text.len())),
        Some(b'^') => format!("{:>width$}", text.to_uppercase()),
        _ if numeric && !spaced => format!("{text:0>width$}"),
        _ => format!("{text:>width$}"),
    }
}

/// A moment as `-d` of touch(1) and date(1) reads it: `@SECONDS`, `now`, `today`, and dates and times of ISO 8601 in
/// UTC. `program` is named where it is something else.
///
/// # Errors
/// A [`Stop`] for what else GNU would understand or not.
pub(in crate::domain::script) fn read(program: &str, text: &[u8], now: Epoch) -> Result<i64, Stop> {
    let shown = String::from_utf8_lossy(text);
    let text = shown.trim();
    if matches!(text, "" | "now" | "today") {
        return Ok(if text.is_empty() { now.seconds() - now.seconds() % 86_400 } else { now.seconds() });
    }
    let unix = text.strip_prefix('@').and_then(|seconds| seconds.parse::<i64>().ok());
    let instant = || text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second);
    let local = || {
        let text = text.strip_suffix("UTC").or_else(|| text.strip_suffix('Z')).unwrap_or(text).trim_end();
        let at =
            text.parse::<DateTime>().ok().or_else(|| Some(text.parse::<Date>().ok()?.to_datetime(Time::midnight())))?;
        utc(at)
    };
    // As date(1) itself writes it: `Tue Nov 14 22:13:20 UTC 2023`.
    let own = || {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [_, month, day, time, "UTC" | "GMT", year] = words.as_slice() else { return None };
        let month = MONTHS.iter().position(|name| name.get(..3) == Some(month))? + 1;
        let date = Date::new(year.parse().ok()?, i8::try_from(month).ok()?, day.parse().ok()?).ok()?;
        utc(date.to_datetime(time.parse::<Time>().ok()?))
    };
    unix.or_else(instant)
        .or_else(local)
        .or_else(own)
        .ok_or_else(|| Stop::unsupported(program, format!("the date `{shown}`")))
}

/// A moment as touch(1)'s `-t` reads it: `[[CC]YY]MMDDhhmm[.ss]`.
pub(super) fn read_stamp(text: &[u8], now: Epoch) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let (digits, second) = text.split_once('.').unwrap_or((text, "00"));
    if !digits.bytes().chain(second.bytes()).all(|byte| byte.is_ascii_digit()) || second.len() != 2 {
        return None;
    }
    let (year, rest) = digits.split_at_checked(digits.len().checked_sub(8)?)?;
    let year: i16 = match year.len() {
        0 => civil(now.seconds())?.year(),
        2 => year.parse::<i16>().ok().map(|year| if year < 69 { 2000 + year } else { 1900 + year })?,
        4 => year.parse().ok()?,
        _ => return None,
    };
    let pair = |at: usize| rest.get(at..at + 2)?.parse::<i8>().ok();
    utc(DateTime::new(year, pair(0)?, pair(2)?, pair(4)?, pair(6)?, second.parse().ok()?, 0).ok()?)
}

fn utc(at: DateTime) -> Option<i64> {
    Some(TimeZone::UTC.to_timestamp(at).ok()?.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(format: &str) -> String {
        String::from_utf8(write("date", 1_700_000_005, format.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn formats_are_strftimes() {
        for (format, text) in [
            ("%Y-%m-%dT%H:%M:%S%:z", "2023-11-14T22:13:25+00:00"),
            ("%c|%D|%r|%s", "Tue Nov 14 22:13:25 2023|11/14/23|10:13:25 PM|1700000005"),
            ("%-d %_m %e %j %U %W %V %u %w", "14 11 14 318 46 46 46 2 2"),
            ("%^a %5d%%%", "TUE 00014%%"),
        ] {
            assert_eq!(shown(format), text);
        }
        assert!(write("date", 0, b"%E").is_err());
    }

    #[test]
    fn moments_are_read() {
        let now = Epoch::try_from(1_700_000_000).unwrap();
        for (text, seconds) in [
            ("@5", 5),
            ("now", 1_700_000_000),
            ("2023-11-14", 1_699_920_000),
            ("2023-11-14 22:13:25", 1_700_000_005),
            ("2023-11-14T22:13:25Z", 1_700_000_005),
            ("2023-11-14 22:13:25 UTC", 1_700_000_005),
            ("Tue Nov 14 22:13:25 UTC 2023", 1_700_000_005),
        ] {
            assert_eq!(read("touch", text.as_bytes(), now), Ok(seconds), "{text}");
        }
        assert!(read("touch", b"next friday", now).is_err());
        assert_eq!(read_stamp(b"202311142213.25", now), Some(1_700_000_005));
        assert_eq!(read_stamp(b"11142213", now), Some(1_699_999_980));
        assert_eq!(read_stamp(b"1", now), None);
    }
}
