//! Where bytes can be had from that no Debian archive has: objects in S3, Maven repositories, plain addresses.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::base::redact;
use crate::formats::maven::Coordinate;
use crate::formats::s3::ObjectName;

/// One place. Its text is `s3://BUCKET/KEY`, `maven:COORDINATE`, or the address itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Place {
    /// An object in S3.
    S3(ObjectName),
    /// An artefact of the Maven repository that the alias `maven` leads to.
    Maven(Coordinate),
    /// An address of somebody's own download site: http or https, without user, query and fragment.
    Url(Url),
}

/// A text that is no place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParsePlaceError(String);

impl Place {
    /// The name that a file from there has; nothing where the place gives none.
    #[must_use]
    pub fn file_name(&self) -> Option<String> {
        match self {
            Self::S3(object) => Some(object.file_name().to_owned()),
            Self::Maven(coordinate) => Some(coordinate.file_name()),
            // As it is written: what `%2f` would come to is nobody's wish.
            Self::Url(url) => url.path_segments()?.next_back().filter(|name| !name.is_empty()).map(str::to_owned),
        }
    }

    /// An address of somebody's own download site.
    ///
    /// # Errors
    /// When it is none, or has parts that could hold secrets.
    pub fn url(text: &str) -> Result<Self, ParsePlaceError> {
        let shown = redact::url(text);
        let wrong = |rule: &str| ParsePlaceError(format!("`{shown}`: {rule}"));
        let url: Url = text.parse().map_err(|_| wrong("this is no address"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(wrong("an address begins with https:// or http://"));
        }
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("an address has no user, password, query or fragment"));
        }
        Ok(Self::Url(url))
    }
}

impl FromStr for Place {
    type Err = ParsePlaceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let other = |error: &dyn fmt::Display| ParsePlaceError(error.to_string());
        if text.starts_with("s3://") {
            return text.parse().map(Self::S3).map_err(|error| other(&error));
        }
        match text.strip_prefix("maven:") {
            Some(coordinate) => coordinate.parse().map(Self::Maven).map_err(|error| other(&error)),
            None => Self::url(text),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::S3(object) => object.fmt(f),
            Self::Maven(coordinate) => write!(f, "maven:{coordinate}"),
            Self::Url(url) => f.write_str(url.as_str()),
        }
    }
}

impl TryFrom<String> for Place {
    type Error = ParsePlaceError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Place> for String {
    fn from(place: Place) -> Self {
        place.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_by_their_text() {
        for (text, name) in [
            ("s3://jars/x/y.jar", Some("y.jar")),
            ("maven:g.h:a:1:c", Some("a-1-c.jar")),
            ("https://example.org/d/z.jar", Some("z.jar")),
            ("https://example.org/", None),
        ] {
            let place: Place = text.parse().unwrap();
            assert_eq!(place.to_string(), text);
            assert_eq!(place.file_name().as_deref(), name);
        }
        for bad in [
            "",
            "x",
            "g:a:1",
            "ftp://x/y",
            "https://me:secret@x/y",
            "https://x/y?token=secret",
            "https://x/y#z",
            "file:///etc/passwd",
        ] {
            let error = bad.parse::<Place>().unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
