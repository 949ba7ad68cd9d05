//! Where bytes of a package come from, as recipe and lockfile write it. No address of a registry: the aliases `maven` and `pypi`
//! become addresses on the machine that fetches.

use std::fmt;
use std::str::FromStr;

use url::Url;

use crate::base::redact;
use crate::formats::maven::Coordinate;

/// One file that is fetched. (Object storage has a room of its own; a source of that kind belongs here.)
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// A file of the repository `maven`.
    Maven(Coordinate),
    /// The source distribution of a project on the index `pypi`.
    Sdist(Sdist),
    /// A file of a site that is no registry.
    Url(Url),
}

/// A release of a Python project, `NAME==VERSION`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sdist {
    project: String,
    version: String,
}

/// Why a text names no source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}`: {rule}", redact::printable(text))]
pub struct ParseSourceError {
    text: String,
    rule: &'static str,
}

impl Source {
    /// The key that names such a source.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Maven(_) => "maven",
            Self::Sdist(_) => "pypi",
            Self::Url(_) => "url",
        }
    }

    /// What stands behind the key.
    #[must_use]
    pub fn value(&self) -> String {
        match self {
            Self::Maven(coordinate) => coordinate.to_string(),
            Self::Sdist(sdist) => sdist.to_string(),
            Self::Url(url) => url.to_string(),
        }
    }

    /// The address of a site that is no registry.
    ///
    /// # Errors
    /// When it is none of `http` or `https`, or holds credentials or a fragment.
    pub fn url(text: &str) -> Result<Self, ParseSourceError> {
        let fail = |rule| ParseSourceError { text: redact::url(text), rule };
        let url: Url = text.parse().map_err(|_| fail("this is no address"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() || url.fragment().is_some() {
            return Err(fail("an address starts with http:// or https:// and has no fragment"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(fail("credentials belong into a netrc file, never into a recipe"));
        }
        Ok(Self::Url(url))
    }
}

impl Sdist {
    /// The project's name in its one spelling, as the index's paths have it
    /// (<https://packaging.python.org/en/latest/specifications/name-normalization/>).
    #[must_use]
    pub fn project(&self) -> &str {
        &self.project
    }

    /// The names that its file may have: of the project in its old spellings and the new one.
    #[must_use]
    pub fn is_file(&self, name: &str) -> bool {
        let stem = [".tar.gz", ".tar.bz2", ".tar.xz"].iter().find_map(|ending| name.strip_suffix(ending));
        let named = stem.and_then(|stem| stem.strip_suffix(self.version.as_str())?.strip_suffix('-'));
        named.is_some_and(|named| normal(named) == self.project)
    }
}

fn normal(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        match c {
            '-' | '_' | '.' if out.ends_with('-') => {}
            '-' | '_' | '.' => out.push('-'),
            c => out.push(c.to_ascii_lowercase()),
        }
    }
    out
}

impl FromStr for Sdist {
    type Err = ParseSourceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fail = |rule| ParseSourceError { text: text.chars().take(200).collect(), rule };
        let (project, version) = text.split_once("==").ok_or_else(|| fail("a project is named NAME==VERSION"))?;
        let word = |part: &str, more: &[u8]| {
            let plain = |c: u8| c.is_ascii_alphanumeric() || more.contains(&c);
            (1..=100).contains(&part.len())
                && part.bytes().all(plain)
                && part.starts_with(|c: char| c.is_ascii_alphanumeric())
        };
        if !word(project, b"-_.") || !word(version, b".+!") {
            return Err(fail("a project is named NAME==VERSION, with one exact version"));
        }
        Ok(Self { project: normal(project), version: version.into() })
    }
}

impl fmt::Display for Sdist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=={}", self.project, self.version)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Maven(coordinate) => write!(f, "{coordinate} (maven)"),
            Self::Sdist(sdist) => write!(f, "{sdist} (pypi)"),
            Self::Url(url) => url.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn projects_and_their_files() {
        let sdist: Sdist = "Py_Spark.x==3.2.4".parse().unwrap();
        assert_eq!(sdist.to_string(), "py-spark-x==3.2.4");
        assert!(sdist.is_file("py_spark_x-3.2.4.tar.gz") && sdist.is_file("Py-Spark.x-3.2.4.tar.gz"));
        for other in ["py_spark_x-3.2.4-py3-none-any.whl", "py_spark_x-13.2.4.tar.gz", "x-3.2.4.tar.gz", "3.2.4.tar.gz"]
        {
            assert!(!sdist.is_file(other), "{other}");
        }
        for bad in ["a", "a==", "==1", "a>=1", "a==1,<2", "a==*", "../a==1", "a==1/2"] {
            assert!(bad.parse::<Sdist>().is_err(), "{bad} was accepted");
        }
    }

    #[test]
    fn addresses_hold_no_credentials() {
        assert!(Source::url("https://host.example/x.tar.gz").is_ok());
        for bad in
            ["file:///etc/passwd", "ftp://host.example/x", "https://u:p@host.example/x", "x", "https://h.example/x#y"]
        {
            let error = Source::url(bad).unwrap_err().to_string();
            assert!(!error.contains("u:p"), "{error}");
        }
    }
}
