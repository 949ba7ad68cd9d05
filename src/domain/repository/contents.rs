//! `Contents-ARCH`: whose file a path is. <https://wiki.debian.org/DebianRepository/Format>, "Contents indices".
//!
//! | Question | Choice | Reason |
//! |---|---|---|
//! | which version's files | the latest of each package | what `apt` installs; no earlier package need be read again |
//! | between path and packages | one tab | the format asks for white space |
//! | paths | without the first slash, folders left out, sorted as bytes | as `apt-ftparchive contents` |
//! | a path with a line's end | left out | the format has no way to write it |

use std::collections::{BTreeMap, BTreeSet};

use super::error::RepositoryError;

/// Paths, and the packages that ship them: `SECTION/NAME`, or `NAME` where there is no section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents(BTreeMap<Vec<u8>, BTreeSet<String>>);

impl Contents {
    /// Reads an index's text; `file` names it in errors.
    ///
    /// # Errors
    /// When a line is not a path and a list of packages.
    pub fn parse(text: &[u8], file: &str) -> Result<Self, RepositoryError> {
        let mut contents = Self::default();
        for (number, line) in text.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty()) {
            let wrong = || RepositoryError::Index {
                file: file.to_owned(),
                reason: format!("line {}: no path and packages", number + 1),
            };
            let at = line.iter().rposition(|byte| matches!(byte, b'\t' | b' ')).ok_or_else(wrong)?;
            let path = line[..at].trim_ascii_end();
            let packages = std::str::from_utf8(&line[at + 1..]).map_err(|_| wrong())?;
            if path.is_empty() || packages.is_empty() {
                return Err(wrong());
            }
            contents.0.entry(path.to_vec()).or_default().extend(packages.split(',').map(str::to_owned));
        }
        Ok(contents)
    }

    /// The index's text.
    #[must_use]
    pub fn text(&self) -> Vec<u8> {
        let mut text = Vec::new();
        for (path, packages) in &self.0 {
            text.extend_from_slice(path);
            text.push(b'\t');
            text.extend_from_slice(packages.iter().map(String::as_str).collect::<Vec<_>>().join(",").as_bytes());
            text.push(b'\n');
        }
        text
    }

    /// Forgets what packages of these names ship.
    pub(super) fn forget(&mut self, names: &BTreeSet<&str>) {
        if names.is_empty() {
            return;
        }
        self.0.retain(|_, packages| {
            packages.retain(|package| !names.contains(package.rsplit('/').next().unwrap_or_default()));
            !packages.is_empty()
        });
    }

    /// Adds what a package ships.
    pub(super) fn add(&mut self, section: Option<&str>, name: &str, paths: &[Vec<u8>]) {
        let plain = |section: &&str| !section.is_empty() && !section.contains([',', ' ', '\t']);
        let package = section.filter(plain).map_or_else(|| name.to_owned(), |section| format!("{section}/{name}"));
        for path in paths.iter().filter(|path| !path.is_empty() && !path.contains(&b'\n')) {
            self.0.entry(path.clone()).or_default().insert(package.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_their_packages() {
        let mut contents = Contents::default();
        contents.add(Some("java"), "spark", &[b"usr/bin/spark".to_vec(), b"a b\xff".to_vec(), b"x\ny".to_vec()]);
        contents.add(None, "other", &[b"a b\xff".to_vec()]);
        let text = contents.text();
        assert_eq!(text, b"a b\xff\tjava/spark,other\nusr/bin/spark\tjava/spark\n");
        assert_eq!(Contents::parse(&text, "Contents").unwrap(), contents);
        contents.forget(&BTreeSet::from(["spark"]));
        assert_eq!(contents.text(), b"a b\xff\tother\n");
        assert_eq!(Contents::parse(b"bin/sh          shells/dash\n", "c").unwrap().text(), b"bin/sh\tshells/dash\n");
        assert!(Contents::parse(b"nothing\n", "Contents").is_err());
    }
}
