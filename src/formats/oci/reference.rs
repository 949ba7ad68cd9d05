//! Names of images in registries.
//!
//! The grammar is the distribution-spec's (`spec.md`, "Pulling manifests"), with one difference to Docker's habit: a
//! reference starts with its registry's host, always. `spark` is a recipe of ours, never something on a hub.

use std::fmt;
use std::str::FromStr;

use crate::base::{Class, Digest, Fault, redact};

/// Why a text names no image. Each variant holds the whole text, shortened and escaped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseReferenceError {
    /// There is no host with a `.` or `:` before the first `/`.
    #[error("`{0}` names no registry: a reference starts with a host, such as `registry.example.com/team/image`")]
    NoRegistry(String),
    /// Not `name[:port]`.
    #[error("`{0}`: the registry's host must be a name or address, and a port from 1 to 65535")]
    Host(String),
    /// Upper case, `//`, or a character that is not allowed.
    #[error(
        "`{0}`: a repository is lower-case words of a-z and 0-9, joined by `.`, `_`, `__` or `-`, separated by `/`"
    )]
    Repository(String),
    /// Host and repository together.
    #[error("`{0}…`: host and repository together may have 255 characters")]
    TooLong(String),
    /// Not a tag.
    #[error(
        "`{0}`: a tag is up to 128 characters of a-z, A-Z, 0-9, `_`, `.` and `-`, and starts with none of `.` and `-`"
    )]
    Tag(String),
    /// After `@`.
    #[error("`{0}`: after `@` comes `sha256:` and 64 lower-case hexadecimal digits")]
    Digest(String),
    /// `oci:` and nothing.
    #[error("`{0}` names no folder")]
    NoFolder(String),
    /// A reference without a digest where bytes must be named exactly.
    #[error("`{0}` has no digest: a tag can move")]
    NotPinned(String),
}

impl Fault for ParseReferenceError {
    fn class(&self) -> Class {
        Class::Usage
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NotPinned(name) => Some(format!("write `{name}@sha256:…`; `mokapot inspect` shows the digest")),
            _ => None,
        }
    }
}

/// A tag of a repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

/// A registry and a repository in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepositoryName {
    registry: String,
    path: String,
}

/// A repository with a tag, a digest, or both.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// Where.
    pub repository: RepositoryName,
    /// Under which tag, if one is named.
    pub tag: Option<Tag>,
    /// Which bytes, if they are named.
    pub digest: Option<Digest>,
}

/// A repository and a digest: a name that cannot come to mean something else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PinnedReference {
    /// Where.
    pub repository: RepositoryName,
    /// Which bytes.
    pub digest: Digest,
}

/// What chooses one image among those of a repository or layout.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Selector {
    /// What a tag names now.
    Tag(Tag),
    /// Exactly these bytes.
    Digest(Digest),
}

impl Tag {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tag {
    type Err = ParseReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let fine = text.len() <= 128 && text.starts_with(word) && text.chars().all(|c| word(c) || c == '.' || c == '-');
        if fine { Ok(Self(text.to_owned())) } else { Err(ParseReferenceError::Tag(short(text))) }
    }
}

impl Selector {
    /// The tag that is meant when none is named.
    #[must_use]
    pub fn latest() -> Self {
        Self::Tag(Tag("latest".into()))
    }
}

impl RepositoryName {
    /// `host[:port]`.
    #[must_use]
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The repository's name within its registry: `team/image`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl FromStr for RepositoryName {
    type Err = ParseReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some((registry, path)) = text.split_once('/').filter(|(host, _)| is_host(host)) else {
            return Err(ParseReferenceError::NoRegistry(short(text)));
        };
        if !valid_host(registry) {
            return Err(ParseReferenceError::Host(short(text)));
        }
        if text.len() > 255 {
            return Err(ParseReferenceError::TooLong(short(text)));
        }
        if !path.split('/').all(valid_component) {
            return Err(ParseReferenceError::Repository(short(text)));
        }
        Ok(Self { registry: registry.to_ascii_lowercase(), path: path.to_owned() })
    }
}

impl FromStr for Reference {
    type Err = ParseReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, digest) = split_digest(text)?;
        // a colon after the last slash starts a tag; one before it belongs to the port
        let (name, tag) = match name.rfind(':').filter(|at| name.rfind('/').is_some_and(|slash| slash < *at)) {
            Some(at) => (&name[..at], Some(name[at + 1..].parse()?)),
            None => (name, None),
        };
        Ok(Self { repository: name.parse()?, tag, digest })
    }
}

impl Reference {
    /// What to ask the registry for: the digest where there is one, else the tag, else `latest`.
    #[must_use]
    pub fn selector(&self) -> Selector {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => Selector::Digest(*digest),
            (None, Some(tag)) => Selector::Tag(tag.clone()),
            (None, None) => Selector::latest(),
        }
    }
}

impl TryFrom<Reference> for PinnedReference {
    type Error = ParseReferenceError;

    fn try_from(reference: Reference) -> Result<Self, Self::Error> {
        match reference.digest {
            Some(digest) => Ok(Self { repository: reference.repository, digest }),
            None => Err(ParseReferenceError::NotPinned(reference.to_string())),
        }
    }
}

impl FromStr for PinnedReference {
    type Err = ParseReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<Reference>()?.try_into()
    }
}

pub(super) fn split_digest(text: &str) -> Result<(&str, Option<Digest>), ParseReferenceError> {
    let Some((name, digest)) = text.split_once('@') else { return Ok((text, None)) };
    let digest = digest.parse().map_err(|_| ParseReferenceError::Digest(short(text)))?;
    Ok((name, Some(digest)))
}

/// Whether the first part of a name is meant as a host.
fn is_host(text: &str) -> bool {
    text.contains(['.', ':']) || text == "localhost"
}

fn valid_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, after)) if address.parse::<core::net::Ipv6Addr>().is_ok() => ("", after),
            _ => return false,
        },
        None => match text.find(':') {
            Some(at) => text.split_at(at),
            None => (text, ""),
        },
    };
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let port_fine = match port.strip_prefix(':') {
        Some(digits) => digits.bytes().all(|b| b.is_ascii_digit()) && digits.parse::<u16>().is_ok_and(|n| n > 0),
        None => port.is_empty(),
    };
    port_fine && (text.starts_with('[') || host.split('.').all(label))
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn valid_component(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = text.as_bytes();
    let ends_fine = bytes.first().copied().is_some_and(word) && bytes.last().copied().is_some_and(word);
    let separators = text.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    ends_fine && separators.into_iter().all(|s| matches!(s, "" | "." | "_" | "__") || s.bytes().all(|b| b == b'-'))
}

pub(super) fn short(text: &str) -> String {
    redact::printable(&text.chars().take(300).collect::<String>())
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.path)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.repository.fmt(f)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl fmt::Display for PinnedReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.repository, self.digest)
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => write!(f, ":{tag}"),
            Self::Digest(digest) => write!(f, "@{digest}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn references_round_trip() {
        for text in [
            "localhost/a",
            "127.0.0.1:5000/moka/spark:3.2.4",
            "registry.example.com/a/b-c/d__e.f:latest",
            &format!("[::1]:5000/a@{DIGEST}"),
            &format!("r.example/a:t@{DIGEST}"),
        ] {
            assert_eq!(text.parse::<Reference>().unwrap().to_string(), text);
        }
        let long_tag = format!("r.example/a:{}", "x".repeat(128));
        long_tag.parse::<Reference>().unwrap();
    }

    #[test]
    fn wrong_references_say_which_part() {
        use ParseReferenceError as E;
        let error = |text: &str| text.parse::<Reference>().unwrap_err();
        for bad in ["r.example/A", "r.example/a//b", "r.example/a/", "r.example/", "r.example/a..b", "r.example/a_-b"] {
            assert!(matches!(error(bad), E::Repository(_)), "{bad}");
        }
        for bad in ["", "spark", "library/spark", "a:b", "/a"] {
            assert!(matches!(error(bad), E::NoRegistry(_) | E::Tag(_)), "{bad}");
        }
        for bad in
            ["-r.example/a", "r..example/a", "r.example:0/a", "r.example:99999/a", "r.example:+1/a", "u@r.example/a"]
        {
            assert!(matches!(error(bad), E::Host(_) | E::Digest(_)), "{bad}: {}", error(bad));
        }
        for bad in [format!("r.example/a:{}", "x".repeat(129)), "r.example/a:-x".into(), "r.example/a:".into()] {
            assert!(matches!(error(&bad), E::Tag(_)), "{bad}");
        }
        assert!(matches!(error(&format!("r.example/{}", "a".repeat(250))), E::TooLong(_)));
        assert!(matches!(error("r.example/a@sha512:00"), E::Digest(_)));
        assert!(matches!("r.example/a:t".parse::<PinnedReference>(), Err(E::NotPinned(_))));
        assert!(error("r.example/\u{1b}[31m").to_string().contains("\\u{1b}"));
    }
}
