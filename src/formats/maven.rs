//! Maven coordinates, and where a repository keeps what they name.
//!
//! A coordinate is written `GROUP:ARTIFACT:VERSION[:CLASSIFIER][@EXTENSION]`, as Gradle and most web pages write it; the extension
//! is `jar` where none is said. The path is that of Maven's default repository layout: `GROUP/ARTIFACT/VERSION/FILE`, with a
//! group's dots as slashes and `FILE` as `ARTIFACT-VERSION[-CLASSIFIER].EXTENSION`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest coordinate that is read, in bytes; far beyond any real one, and short enough for a path.
const MAX_BYTES: usize = 512;

/// One immutable artefact of a Maven repository.
///
/// Groups, artefacts and classifiers are letters, digits and `.` `_` `-` (Maven's model validator); versions may have `+` too. Nothing
/// of it can leave the repository's folder. Versions that mean other bytes tomorrow (`-SNAPSHOT`, `LATEST`, `RELEASE`, ranges) are none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Coordinate {
    group: String,
    artifact: String,
    version: String,
    classifier: Option<String>,
    extension: String,
}

/// A text that is no coordinate of one immutable artefact.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseCoordinateError {
    /// Not the parts that a coordinate has.
    #[error("`{0}` is no Maven coordinate: GROUP:ARTIFACT:VERSION[:CLASSIFIER][@EXTENSION]")]
    Parts(String),
    /// A part has characters that it cannot have.
    #[error(
        "`{text}` is no {part} of a Maven coordinate: letters, digits and `.` `_` `-`, in non-empty parts between dots"
    )]
    Word {
        /// Which part.
        part: &'static str,
        /// What it says.
        text: String,
    },
    /// The version is not that of one artefact for ever.
    #[error("the version `{0}` may mean other bytes tomorrow")]
    Moving(String),
}

impl Coordinate {
    /// The group, such as `org.apache.iceberg`.
    #[must_use]
    pub fn group(&self) -> &str {
        &self.group
    }

    /// The artefact, such as `iceberg-spark-runtime-3.2_2.12`.
    #[must_use]
    pub fn artifact(&self) -> &str {
        &self.artifact
    }

    /// The version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The classifier, where there is one.
    #[must_use]
    pub fn classifier(&self) -> Option<&str> {
        self.classifier.as_deref()
    }

    /// The extension of the file, without its dot.
    #[must_use]
    pub fn extension(&self) -> &str {
        &self.extension
    }

    /// The file's name: `ARTIFACT-VERSION[-CLASSIFIER].EXTENSION`.
    #[must_use]
    pub fn file_name(&self) -> String {
        let Self { artifact, version, extension, .. } = self;
        let classifier = self.classifier.as_ref().map(|classifier| format!("-{classifier}")).unwrap_or_default();
        format!("{artifact}-{version}{classifier}.{extension}")
    }

    /// The file's path below the repository's root, without a leading slash.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}/{}/{}/{}", self.group.replace('.', "/"), self.artifact, self.version, self.file_name())
    }
}

impl FromStr for Coordinate {
    type Err = ParseCoordinateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shown = || text.chars().take(80).collect::<String>();
        let no_parts = || ParseCoordinateError::Parts(shown());
        if text.len() > MAX_BYTES {
            return Err(no_parts());
        }
        let (coordinate, extension) = text.split_once('@').unwrap_or((text, "jar"));
        let words: Vec<&str> = coordinate.split(':').collect();
        let (group, artifact, version, classifier) = match words.as_slice() {
            [group, artifact, version] => (*group, *artifact, *version, None),
            [group, artifact, version, classifier] => (*group, *artifact, *version, Some(*classifier)),
            _ => return Err(no_parts()),
        };
        let keep = |part: &'static str, word: &str, more: &[char]| {
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') || more.contains(&c);
            if word.chars().all(fits) && word.split('.').all(|part| !part.is_empty()) {
                return Ok(word.to_owned());
            }
            Err(ParseCoordinateError::Word { part, text: word.chars().take(80).collect() })
        };
        if is_moving(version) {
            return Err(ParseCoordinateError::Moving(version.chars().take(80).collect()));
        }
        Ok(Self {
            group: keep("group", group, &[])?,
            artifact: keep("artefact", artifact, &[])?,
            version: keep("version", version, &['+'])?,
            classifier: classifier.map(|classifier| keep("classifier", classifier, &[])).transpose()?,
            extension: keep("extension", extension, &[])?,
        })
    }
}

/// Whether a version is a snapshot, a word that a repository resolves, or a range (Maven's version specification).
fn is_moving(version: &str) -> bool {
    version.to_ascii_uppercase().ends_with("SNAPSHOT")
        || matches!(version.to_ascii_uppercase().as_str(), "LATEST" | "RELEASE")
        || version.starts_with(['[', '('])
        || version.contains(',')
        || version.ends_with('+')
}

impl fmt::Display for Coordinate {
    /// In its shortest form: the extension only where it is not `jar`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { group, artifact, version, .. } = self;
        write!(f, "{group}:{artifact}:{version}")?;
        self.classifier.iter().try_for_each(|classifier| write!(f, ":{classifier}"))?;
        if self.extension == "jar" { Ok(()) } else { write!(f, "@{}", self.extension) }
    }
}

impl TryFrom<String> for Coordinate {
    type Error = ParseCoordinateError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Coordinate> for String {
    fn from(coordinate: Coordinate) -> Self {
        coordinate.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_the_default_layout() {
        for (text, path) in [
            (
                "org.apache.iceberg:iceberg-spark-runtime-3.2_2.12:1.4.3",
                "org/apache/iceberg/iceberg-spark-runtime-3.2_2.12/1.4.3/iceberg-spark-runtime-3.2_2.12-1.4.3.jar",
            ),
            (
                "io.netty:netty-all:4.1.68.Final:linux-aarch_64",
                "io/netty/netty-all/4.1.68.Final/netty-all-4.1.68.Final-linux-aarch_64.jar",
            ),
            ("a:b:1@pom", "a/b/1/b-1.pom"),
            ("a:b:1+2:c@tar.gz", "a/b/1+2/b-1+2-c.tar.gz"),
        ] {
            let coordinate: Coordinate = text.parse().unwrap();
            assert_eq!(coordinate.path(), path);
            assert_eq!(coordinate.to_string(), text);
        }
        assert_eq!("a:b:1@jar".parse::<Coordinate>().unwrap().to_string(), "a:b:1");
    }

    #[test]
    fn src_04_and_05_what_moves_or_climbs_is_refused() {
        for moving in ["1.0-SNAPSHOT", "1.0-snapshot", "LATEST", "release", "[1,)", "(,2]", "1,2", "1.+"] {
            let error = format!("a:b:{moving}").parse::<Coordinate>().unwrap_err();
            assert!(matches!(error, ParseCoordinateError::Moving(_)), "{moving}: {error}");
        }
        for bad in [
            "",
            "a",
            "a:b",
            "a:b:c:d:e",
            "a:b:",
            ":b:1",
            "a::1",
            "../x:b:1",
            "a:..:1",
            "a:b:..",
            "a:b:1/2",
            "/a:b:1",
            "a%2fb:b:1",
            "a:b;x:1",
            "a:b:1:",
            "a:b:1@",
            "a:b:1@../x",
            "a..b:c:1",
            ".a:b:1",
            "a:b:1\n",
            "a:b:1:é",
        ] {
            assert!(bad.parse::<Coordinate>().is_err(), "{bad:?} was accepted");
        }
        assert!(format!("a:b:{}", "1".repeat(600)).parse::<Coordinate>().is_err());
    }
}
