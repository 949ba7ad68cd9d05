//! Version numbers and their order: deb-version(7), Debian Policy §5.6.12.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A version: `[epoch:]upstream[-revision]`, kept as written, compared as `dpkg --compare-versions` does.
///
/// `1.0` and `1.0-0` are written differently and compare equal; equality and hashing follow the comparison.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version {
    text: Box<str>,
}

/// Why a text is no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed version `{text}`: {reason}")]
pub struct ParseVersionError {
    text: String,
    reason: &'static str,
}

impl Version {
    /// The version as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The epoch; 0 where none is written.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.parts().0
    }

    /// The version without its epoch, as file names in an archive's pool carry it.
    #[must_use]
    pub fn without_epoch(&self) -> &str {
        self.text.split_once(':').map_or(&self.text, |(_, rest)| rest)
    }

    fn parts(&self) -> (u32, &str, &str) {
        let (epoch, rest) = self.text.split_once(':').map_or((0, &*self.text), |(e, r)| (e.parse().unwrap_or(0), r));
        let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
        (epoch, upstream, revision)
    }
}

/// Compares two upstream versions or two revisions: text and numbers in turn, `~` before everything, even the end.
fn compare_part(a: &str, b: &str) -> Ordering {
    fn weight(byte: Option<&u8>) -> i32 {
        match byte {
            None => 0,
            Some(b'~') => -1,
            Some(c) if c.is_ascii_digit() => 0,
            Some(c) if c.is_ascii_alphabetic() => i32::from(*c),
            Some(c) => i32::from(*c) + 256,
        }
    }
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    while !a.is_empty() || !b.is_empty() {
        while a.first().is_some_and(|c| !c.is_ascii_digit()) || b.first().is_some_and(|c| !c.is_ascii_digit()) {
            match weight(a.first()).cmp(&weight(b.first())) {
                Ordering::Equal => (a, b) = (a.get(1..).unwrap_or_default(), b.get(1..).unwrap_or_default()),
                unequal => return unequal,
            }
        }
        let number = |s: &[u8]| s.iter().take_while(|c| c.is_ascii_digit()).count();
        let ((x, rest_a), (y, rest_b)) = (a.split_at(number(a)), b.split_at(number(b)));
        let significant = |s: &[u8]| s.iter().position(|c| *c != b'0').unwrap_or(s.len());
        let (x, y) = (&x[significant(x)..], &y[significant(y)..]);
        match x.len().cmp(&y.len()).then_with(|| x.cmp(y)) {
            Ordering::Equal => (a, b) = (rest_a, rest_b),
            unequal => return unequal,
        }
    }
    Ordering::Equal
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let ((e1, u1, r1), (e2, u2, r2)) = (self.parts(), other.parts());
        e1.cmp(&e2).then_with(|| compare_part(u1, u2)).then_with(|| compare_part(r1, r2))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

impl Hash for Version {
    /// Hashes what the comparison looks at: runs of text, and numbers without leading zeros. A zero is as good as no number.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let (epoch, upstream, revision) = self.parts();
        epoch.hash(state);
        for part in [upstream, revision] {
            for run in part.as_bytes().chunk_by(|x, y| x.is_ascii_digit() == y.is_ascii_digit()) {
                let zeros = run.iter().take_while(|c| **c == b'0').count();
                if zeros < run.len() {
                    run[zeros..].hash(state);
                }
            }
            state.write_u8(0xff);
        }
    }
}

impl FromStr for Version {
    type Err = ParseVersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fail = |reason| Err(ParseVersionError { text: text.chars().take(80).collect(), reason });
        let rest = match text.split_once(':') {
            Some((epoch, rest)) => {
                if epoch.is_empty() || !epoch.bytes().all(|c| c.is_ascii_digit()) || epoch.parse::<i32>().is_err() {
                    return fail("the epoch before `:` must be a small number");
                }
                rest
            }
            None => text,
        };
        let (upstream, revision) = match rest.rsplit_once('-') {
            Some((_, "")) => return fail("nothing stands after the last `-`"),
            Some(parts) => parts,
            None => (rest, ""),
        };
        if upstream.is_empty() {
            return fail("it is empty");
        }
        if !upstream.starts_with(|c: char| c.is_ascii_digit()) {
            return fail("it must start with a digit");
        }
        if !upstream.bytes().all(|c| c.is_ascii_alphanumeric() || b".+-~:".contains(&c)) {
            return fail("only letters, digits and `.` `+` `-` `~` `:` are allowed");
        }
        if !revision.bytes().all(|c| c.is_ascii_alphanumeric() || b".+~".contains(&c)) {
            return fail("only letters, digits and `.` `+` `~` are allowed in the revision");
        }
        Ok(Self { text: text.into() })
    }
}

impl TryFrom<String> for Version {
    type Error = ParseVersionError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.text.into()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn v(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn order_is_dpkgs() {
        let ascending = [
            "1.0~~",
            "1.0~~a",
            "1.0~",
            "1.0",
            "1.0-1~bpo",
            "1.0-1",
            "1.0-1+b1",
            "1.0a",
            "1.0+1",
            "1.00.1",
            "1.2",
            "1.10",
            "1:0",
        ];
        for pair in ascending.windows(2) {
            assert!(v(pair[0]) < v(pair[1]), "{} < {}", pair[0], pair[1]);
        }
    }

    #[test]
    fn versions_that_compare_equal_hash_equal() {
        let equal: HashSet<_> = ["1.0", "1.0-0", "0:1.0", "1.00", "01.0"].into_iter().map(v).collect();
        assert_eq!(equal.len(), 1);
    }

    #[test]
    fn malformed_versions_are_refused() {
        for bad in ["", "a1", "1:", ":1", "-1:1", "x:1", "1-", "1.0 1", "1_0", "1.0/", "99999999999:1", "1.0-a_b"] {
            assert!(bad.parse::<Version>().is_err(), "{bad} was accepted");
        }
    }
}
