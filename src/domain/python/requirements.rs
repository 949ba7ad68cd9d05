//! `requirements.txt` with hashes, as pip takes it in its hash-checking mode: every package pinned, every file by its digest.

use std::collections::BTreeSet;

use pep440_rs::{Operator, Version};
use pep508_rs::VersionOrUrl;

use crate::base::Digest;
use crate::formats::wheel::Requirement;

/// A pinned package and the digests that its files may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hashed {
    /// The requirement, whose version is one.
    pub requirement: Requirement,
    /// SHA-256 of the files that may be taken; never empty.
    pub sha256: BTreeSet<Digest>,
}

/// Reads a file of requirements. `Err` is a line, from 1, and what is wrong with it.
///
/// # Errors
/// When a line is no requirement with one exact version and a SHA-256, is an option, or names a package that an earlier line names for
/// the same case.
pub fn parse(text: &str) -> Result<Vec<Hashed>, (usize, String)> {
    let mut found: Vec<Hashed> = Vec::new();
    for (line, text) in logical(text) {
        let wrong = |what: String| (line, what);
        let mut words = text.split(" --hash").map(str::trim);
        let requirement = words.next().unwrap_or_default();
        if requirement.starts_with('-') {
            let option: String = requirement.chars().take(40).collect();
            return Err(wrong(format!("`{option}` is an option, and only requirements with hashes are taken")));
        }
        let requirement: Requirement =
            requirement.parse().map_err(|error: pep508_rs::Pep508Error<url::Url>| wrong(error.message.to_string()))?;
        if pinned(&requirement).is_none() {
            return Err(wrong(format!("`{}` is not pinned to one version with `==`", requirement.name)));
        }
        let mut sha256 = BTreeSet::new();
        for hash in words {
            let hash = hash.trim_start_matches(['=', ' ']);
            let digest = hash.split_once(':').filter(|(algorithm, _)| *algorithm == "sha256");
            let digest = digest.and_then(|(_, hex)| format!("sha256:{hex}").parse().ok());
            sha256
                .insert(digest.ok_or_else(|| wrong(format!("`{}` has a hash that is no SHA-256", requirement.name)))?);
        }
        if sha256.is_empty() {
            return Err(wrong(format!("`{}` has no `--hash=sha256:…`", requirement.name)));
        }
        let same = |other: &Hashed| {
            other.requirement.name == requirement.name && other.requirement.marker == requirement.marker
        };
        if found.iter().any(same) {
            return Err(wrong(format!("`{}` is there twice", requirement.name)));
        }
        found.push(Hashed { requirement, sha256 });
    }
    Ok(found)
}

/// The one version that a requirement admits, if it is pinned.
pub(super) fn pinned(requirement: &Requirement) -> Option<&Version> {
    let Some(VersionOrUrl::VersionSpecifier(specifiers)) = &requirement.version_or_url else { return None };
    let mut all = specifiers.iter();
    let only = all.next().filter(|only| matches!(only.operator(), Operator::Equal | Operator::ExactEqual))?;
    all.next().is_none().then(|| only.version())
}

/// Lines without comments, those that end in a backslash put together; with the number of the first of each.
fn logical(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut goes_on = false;
    for (number, line) in text.lines().enumerate() {
        let line = if line.starts_with('#') { "" } else { line.split(" #").next().unwrap_or_default() };
        let (part, more) = match line.trim_end().strip_suffix('\\') {
            Some(part) => (part, true),
            None => (line, false),
        };
        match lines.last_mut().filter(|_| goes_on) {
            Some((_, whole)) => {
                whole.push(' ');
                whole.push_str(part.trim());
            }
            None => lines.push((number + 1, part.trim().to_owned())),
        }
        goes_on = more;
    }
    lines.retain(|(_, text)| !text.trim().is_empty());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_pip_compile_are_read() {
        let hash = "a".repeat(64);
        let text = format!(
            "# made by pip-compile\nnumpy==1.26.4 \\\n    --hash=sha256:{hash} \\\n    --hash=sha256:{}\n    # via -r in\n\nsix==1.16 ; python_version < \"4\" --hash=sha256:{hash} # x\n",
            "b".repeat(64)
        );
        let found = parse(&text).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].sha256.len(), 2);
        assert_eq!(found[1].requirement.name.to_string(), "six");
    }

    #[test]
    fn what_is_not_pinned_or_not_hashed_is_refused() {
        let hash = format!(" --hash=sha256:{}", "a".repeat(64));
        for (text, line) in [
            ("numpy".to_owned() + &hash, 1),
            ("numpy>=1".to_owned() + &hash, 1),
            ("numpy==1.*".to_owned() + &hash, 1),
            ("\nnumpy==1".to_owned(), 2),
            ("numpy==1 --hash=md5:00".to_owned(), 1),
            ("numpy==1 --hash=sha256:00".to_owned(), 1),
            ("--index-url https://example.org".to_owned(), 1),
            ("-r other.txt".to_owned(), 1),
            (format!("a==1{hash}\na==2{hash}"), 2),
            ("a @ https://example.org/a.whl".to_owned() + &hash, 1),
            ("./a.whl".to_owned() + &hash, 1),
        ] {
            assert_eq!(parse(&text).map_err(|(line, _)| line), Err(line), "{text}");
        }
    }
}
