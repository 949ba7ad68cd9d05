//! The newest entry of a Debian changelog: deb-changelog(5).

use jiff::fmt::rfc2822;

use crate::base::Epoch;
use crate::formats::deb::Version;

/// What the newest entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Newest {
    /// The package.
    pub(super) name: String,
    /// Its version.
    pub(super) version: Version,
    /// When it was made: the moment of all the package's files.
    pub(super) date: Epoch,
}

/// Reads the newest entry: its title, and its trailer.
///
/// # Errors
/// With the rule that the text breaks.
pub(super) fn newest(text: &str) -> Result<Newest, &'static str> {
    const TITLE: &str = "the first line is `NAME (VERSION) DISTRIBUTION; urgency=LEVEL`";
    const TRAILER: &str =
        "an entry ends with ` -- NAME <ADDRESS>  DATE`, with a date as in `Sat, 05 Sep 2026 12:00:00 +0000`";
    let mut lines = text.lines();
    let (name, rest) = lines.next().and_then(|line| line.split_once(" (")).ok_or(TITLE)?;
    let (version, rest) = rest.split_once(')').ok_or(TITLE)?;
    if !rest.starts_with(' ') || !rest.contains("; urgency=") || name.is_empty() || name.contains(' ') {
        return Err(TITLE);
    }
    let version = version.parse().map_err(|_| "the version in the first line is none")?;
    for line in lines {
        if let Some(trailer) = line.strip_prefix(" -- ") {
            let (_, date) = trailer.split_once(">  ").ok_or(TRAILER)?;
            let date = rfc2822::parse(date.trim()).map_err(|_| TRAILER)?.timestamp().as_second();
            let date = Epoch::try_from(date).map_err(|_| TRAILER)?;
            return Ok(Newest { name: name.to_owned(), version, date });
        }
        if !line.is_empty() && !line.starts_with("  ") {
            return Err("between title and trailer, lines start with two blanks");
        }
    }
    Err(TRAILER)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "hadoop (2.10.2-1) unstable; urgency=medium\n\n  * First.\n\n -- M <m@x.example>  Sat, 05 Sep 2026 12:00:00 +0200\n";

    #[test]
    fn the_newest_entry() {
        let newest = newest(TEXT).unwrap();
        assert_eq!((newest.name.as_str(), newest.version.to_string().as_str()), ("hadoop", "2.10.2-1"));
        assert_eq!(newest.date.rfc3339(), "2026-09-05T10:00:00Z");
    }

    #[test]
    fn what_is_no_entry() {
        for bad in [
            String::new(),
            TEXT.replace("; urgency=medium", ""),
            TEXT.replace("(2.10.2-1)", "(2 3)"),
            TEXT.replace("  Sat", " Sat"),
            TEXT.replace("Sep", "Xxx"),
            TEXT.replace("  * ", "* "),
            TEXT.replace(" -- M", "  -- M"),
        ] {
            assert!(newest(&bad).is_err(), "{bad}");
        }
    }
}
