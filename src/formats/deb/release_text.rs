//! A `Release` file's text: what [`Release::parse`] reads, written.
//!
//! | Question | Choice | Reason |
//! |---|---|---|
//! | order of fields | Origin, Label, Suite, Codename, Date, Valid-Until, Acquire-By-Hash, Architectures, Components, SHA256 | as `apt-ftparchive release` |
//! | checksums | SHA256 alone | `apt` has used nothing weaker since 1.3, and needs one only |
//! | sizes | right-aligned to 16 | as `apt-ftparchive` |
//! | end | a newline, no empty line | the text is one stanza |

use std::fmt::Write as _;

use super::deb822::write_field;
use super::release::Release;
use crate::base::Epoch;

impl Release {
    /// The text. Files without a SHA-256 are left out.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut field = |name: &str, value: &str| {
            // A string takes all that is written.
            let _ = write_field(&mut text, name, value);
        };
        for (name, value) in
            [("Origin", &self.origin), ("Label", &self.label), ("Suite", &self.suite), ("Codename", &self.codename)]
        {
            if let Some(value) = value {
                field(name, value);
            }
        }
        field("Date", &rfc2822(self.date));
        if let Some(until) = self.valid_until {
            field("Valid-Until", &rfc2822(until));
        }
        if self.acquire_by_hash {
            field("Acquire-By-Hash", "yes");
        }
        field("Architectures", &self.architectures.join(" "));
        field("Components", &self.components.join(" "));
        text.push_str("SHA256:\n");
        for (path, file) in &self.files {
            if let Some(sha256) = file.sha256 {
                let _ = writeln!(text, " {} {:>16} {path}", sha256.hex(), file.size);
            }
        }
        text
    }
}

/// A moment as Debian writes it: `Sat, 11 Jul 2026 10:16:37 UTC`.
fn rfc2822(moment: Epoch) -> String {
    let moment = jiff::Timestamp::from_second(moment.seconds()).unwrap_or_default();
    moment.strftime("%a, %d %b %Y %H:%M:%S UTC").to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::base::Digest;
    use crate::formats::deb::IndexFile;

    #[test]
    fn what_is_written_is_read() {
        let file = |bytes: &[u8]| IndexFile { size: bytes.len() as u64, sha256: Some(Digest::of(bytes)), sha512: None };
        let release = Release {
            origin: Some("Mokapot".into()),
            label: None,
            suite: Some("test".into()),
            codename: Some("test".into()),
            date: "1783764997".parse().unwrap(),
            valid_until: Some("1783765000".parse().unwrap()),
            architectures: vec!["amd64".into(), "arm64".into()],
            components: vec!["main".into()],
            acquire_by_hash: true,
            all_is_separate: false,
            files: BTreeMap::from([
                ("main/binary-amd64/Packages".to_owned(), file(b"")),
                ("main/binary-amd64/Packages.xz".to_owned(), file(b"xz")),
            ]),
        };
        let text = release.text();
        assert!(text.contains("\nDate: Sat, 11 Jul 2026 10:16:37 UTC\n"), "{text}");
        assert_eq!(Release::parse(&text).unwrap(), release);
    }
}
