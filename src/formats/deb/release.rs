//! `Release` and `InRelease`: what an archive says about one suite, and the checksums of its index files.
//! <https://wiki.debian.org/DebianRepository/Format>, apt-secure(8).

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::deb822::{Deb822Error, Stanza};
use super::package::check_pool_path;
use crate::base::{Checksum, Class, Digest, Epoch, Fault};

/// A suite's metadata. The signature is not its business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// `Origin`, such as `Debian`.
    pub origin: Option<String>,
    /// `Label`, such as `Debian-Security`.
    pub label: Option<String>,
    /// `Suite`, such as `oldstable`.
    pub suite: Option<String>,
    /// `Codename`, such as `bookworm`.
    pub codename: Option<String>,
    /// `Date`.
    pub date: Epoch,
    /// `Valid-Until`.
    pub valid_until: Option<Epoch>,
    /// `Architectures`.
    pub architectures: Vec<String>,
    /// `Components`.
    pub components: Vec<String>,
    /// `Acquire-By-Hash: yes`: index files can also be had by their checksum.
    pub acquire_by_hash: bool,
    /// Packages for all architectures have an index of their own (`binary-all`), instead of being in each of the others:
    /// `all` among the architectures, without `No-Support-for-Architecture-all: Packages`.
    pub all_is_separate: bool,
    /// Index files, by path below the suite's folder.
    pub files: BTreeMap<String, IndexFile>,
}

/// An index file, as a Release lists it. At least one of the checksums is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexFile {
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256.
    pub sha256: Option<Digest>,
    /// Its SHA-512.
    pub sha512: Option<Checksum>,
}

/// Why a text is no Release we can use.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// It is no stanza.
    #[error(transparent)]
    Syntax(#[from] Deb822Error),
    /// A field that must be there is not.
    #[error("no `{0}` field")]
    Missing(&'static str),
    /// A field says what it may not.
    #[error("`{field}`: {reason}")]
    Field {
        /// The field.
        field: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// Files are listed with checksums that anybody can forge, or with none.
    #[error("only {found}: index files need SHA256 or SHA512 checksums")]
    Weak {
        /// What is there: `MD5Sum`, `SHA1`, or `no checksums at all`.
        found: String,
    },
    /// One file has no strong checksum, though others do.
    #[error("`{path}` is listed without a SHA256 or SHA512 checksum")]
    WeakFile {
        /// The file.
        path: String,
    },
    /// A file is listed twice with different sizes or checksums.
    #[error("`{path}` is listed twice, with different {what}")]
    Twice {
        /// The file.
        path: String,
        /// `sizes` or `checksums`.
        what: &'static str,
    },
}

impl Release {
    /// Reads a Release file's text.
    ///
    /// # Errors
    /// When it is malformed, has no or an unclear `Date`, or lists index files without a strong checksum.
    pub fn parse(text: &str) -> Result<Self, ReleaseError> {
        let stanza = Stanza::parse_one(text.as_bytes())?;
        let own =
            |field: &str| stanza.get(field).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let words = |field: &str| -> Vec<String> {
            stanza.get(field).unwrap_or_default().split_whitespace().map(Into::into).collect()
        };
        Ok(Self {
            origin: own("Origin"),
            label: own("Label"),
            suite: own("Suite"),
            codename: own("Codename"),
            date: date("Date", stanza.get("Date").ok_or(ReleaseError::Missing("Date"))?)?,
            valid_until: stanza.get("Valid-Until").map(|value| date("Valid-Until", value)).transpose()?,
            architectures: words("Architectures"),
            components: words("Components"),
            all_is_separate: words("Architectures").iter().any(|arch| arch == "all")
                && !words("No-Support-for-Architecture-all").iter().any(|what| what == "Packages"),
            acquire_by_hash: own("Acquire-By-Hash").is_some_and(|value| value == "yes"),
            files: files(&stanza)?,
        })
    }

    /// Whether this is the suite that somebody calls `name`: its codename or its suite.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        [&self.codename, &self.suite].into_iter().flatten().any(|own| own == name)
    }
}

impl IndexFile {
    /// The checksum to check it by: SHA-256 where there is one, since that is what the store names files by.
    #[must_use]
    pub fn checksum(&self) -> Option<Checksum> {
        self.sha256.map(Checksum::from).or(self.sha512)
    }
}

/// Reads a date as RFC 2822 writes it, in UTC: `Sat, 11 Jul 2026 10:16:37 UTC`. A zone that depends on the place, or
/// none, is refused; so is a weekday that does not fit.
fn date(field: &'static str, text: &str) -> Result<Epoch, ReleaseError> {
    let wrong = |reason: &str| ReleaseError::Field { field, reason: format!("`{}`: {reason}", clip(text)) };
    let bare = ["UTC", "GMT", "+0000", "Z"].iter().find_map(|zone| text.trim().strip_suffix(zone));
    let bare = bare.ok_or_else(|| wrong("the time zone is not UTC"))?.trim_end();
    let parsed = DateTime::strptime("%a, %d %b %Y %H:%M:%S", bare)
        .map_err(|_| wrong("no date as `Sat, 11 Jul 2026 10:16:37 UTC`"))?;
    let moment = TimeZone::UTC.to_timestamp(parsed).map_err(|_| wrong("no such moment"))?;
    Epoch::try_from(moment.as_second()).map_err(|_| wrong("out of range"))
}

fn files(stanza: &Stanza) -> Result<BTreeMap<String, IndexFile>, ReleaseError> {
    let mut files = BTreeMap::new();
    let mut strong = false;
    for field in ["SHA256", "SHA512"] {
        let Some(list) = stanza.get(field) else { continue };
        strong = true;
        for line in list.lines().filter(|line| !line.trim().is_empty()) {
            add(&mut files, field, line)?;
        }
    }
    let weak: Vec<&'static str> = ["MD5Sum", "SHA1"].into_iter().filter(|field| stanza.get(field).is_some()).collect();
    if !strong {
        let found = if weak.is_empty() { "no checksums at all".into() } else { weak.join(" and ") };
        return Err(ReleaseError::Weak { found });
    }
    for list in weak.iter().filter_map(|field| stanza.get(field)) {
        if let Some(path) = list.lines().filter_map(|l| l.split_whitespace().nth(2)).find(|p| !files.contains_key(*p)) {
            return Err(ReleaseError::WeakFile { path: clip(path) });
        }
    }
    Ok(files)
}

/// Adds a line `CHECKSUM SIZE PATH`.
fn add(files: &mut BTreeMap<String, IndexFile>, field: &'static str, line: &str) -> Result<(), ReleaseError> {
    let wrong = |reason: String| ReleaseError::Field { field, reason };
    let words: Vec<&str> = line.split_whitespace().collect();
    let &[hex, size, path] = words.as_slice() else {
        return Err(wrong(format!("`{}` is no line of checksum, size and path", clip(line))));
    };
    let size = size.parse().ok().filter(|size| *size <= 1 << 40);
    let size: u64 = size.ok_or_else(|| wrong(format!("`{}` has no sane size", clip(line))))?;
    check_pool_path(path).map_err(wrong)?;
    let (sha256, sha512) = if field == "SHA256" {
        (Some(Digest::from_hex(hex).map_err(|e| wrong(e.to_string()))?), None)
    } else {
        (None, Some(Checksum::sha512_from_hex(hex).map_err(|e| wrong(e.to_string()))?))
    };
    let entry = files.entry(path.to_owned()).or_insert(IndexFile { size, sha256, sha512 });
    let differs = |what| ReleaseError::Twice { path: clip(path), what };
    if entry.size != size {
        return Err(differs("sizes"));
    }
    if sha256.is_some_and(|new| *entry.sha256.get_or_insert(new) != new)
        || sha512.is_some_and(|new| *entry.sha512.get_or_insert(new) != new)
    {
        return Err(differs("checksums"));
    }
    Ok(())
}

/// The head of a text, made safe to show.
fn clip(text: &str) -> String {
    crate::base::redact::printable(&text.trim().chars().take(80).collect::<String>())
}

impl Fault for ReleaseError {
    fn class(&self) -> Class {
        match self {
            Self::Syntax(_) | Self::Missing(_) | Self::Field { .. } | Self::Twice { .. } => Class::Integrity,
            Self::Weak { .. } | Self::WeakFile { .. } => Class::Trust,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn release(extra: &str) -> Result<Release, ReleaseError> {
        Release::parse(&format!("Codename: bookworm\nSuite: oldstable\n{extra}"))
    }

    fn with_date(date: &str) -> Result<Release, ReleaseError> {
        release(&format!("Date: {date}\nSHA256:\n {EMPTY} 0 main/binary-amd64/Packages\n"))
    }

    #[test]
    fn a_release_is_read() {
        let parsed = with_date("Sat, 11 Jul 2026 10:16:37 UTC").unwrap();
        assert_eq!(parsed.date.rfc3339(), "2026-07-11T10:16:37Z");
        assert!(parsed.is_called("bookworm") && parsed.is_called("oldstable") && !parsed.is_called("bullseye"));
        let file = parsed.files["main/binary-amd64/Packages"];
        assert_eq!((file.size, file.checksum()), (0, Some(Checksum::from(Digest::of(b"")))));
    }

    #[test]
    fn dates_are_strict() {
        assert!(with_date("Sat, 1 Aug 2026 01:02:03 +0000").is_ok());
        for bad in [
            "",
            "2026-07-11",
            "Sat, 11 Jul 2026 10:16:37",
            "Sat, 11 Jul 2026 10:16:37 CEST",
            "Sat, 11 Jul 2026 10:16:37 +0200",
            "Sun, 11 Jul 2026 10:16:37 UTC",
            "Sat, 31 Feb 2026 10:16:37 UTC",
            "Sat, 11 Jul 1926 10:16:37 UTC",
        ] {
            assert!(with_date(bad).is_err(), "{bad} was accepted");
        }
        assert!(matches!(release("SHA256:\n"), Err(ReleaseError::Missing("Date"))));
    }

    #[test]
    fn weak_and_ambiguous_lists_are_refused() {
        let date = "Date: Sat, 11 Jul 2026 10:16:37 UTC\n";
        for (bad, wanted) in [
            ("MD5Sum:\n d41d8cd98f00b204e9800998ecf8427e 0 a\n".to_owned(), "only MD5Sum:"),
            (String::new(), "no checksums"),
            (format!("SHA1:\n x 0 b\nSHA256:\n {EMPTY} 0 a\n"), "`b` is listed without"),
            (format!("SHA256:\n {EMPTY} 0 a\n {EMPTY} 1 a\n"), "different sizes"),
            (format!("SHA256:\n {EMPTY} 0 a\n {} 0 a\n", EMPTY.replace('e', "f")), "different checksums"),
            (format!("SHA256:\n {EMPTY} 0 ../a\n"), "leaves the archive"),
            (format!("SHA256:\n {EMPTY} -1 a\n"), "no sane size"),
            (format!("SHA256:\n {} 0 a\n", &EMPTY[1..]), "malformed"),
        ] {
            let error = release(&format!("{date}{bad}")).unwrap_err().to_string();
            assert!(error.contains(wanted), "{error} is not about {wanted}");
        }
    }
}
