//! Maven coordinates: `GROUP:ARTIFACT:VERSION[:CLASSIFIER][@EXTENSION]`, and where a repository keeps the file
//! (<https://maven.apache.org/repository/layout.html>).

use std::fmt;
use std::str::FromStr;

use crate::base::redact;

/// One file of a Maven repository, of a version that does not change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Coordinate {
    group: String,
    artifact: String,
    version: String,
    classifier: Option<String>,
    extension: String,
}

/// Why a text is no coordinate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}`: {rule}", redact::printable(text))]
pub struct ParseCoordinateError {
    text: String,
    rule: &'static str,
}

impl Coordinate {
    /// The path below the repository's root.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}/{}/{}/{}", self.group.replace('.', "/"), self.artifact, self.version, self.file_name())
    }

    /// The file's name.
    #[must_use]
    pub fn file_name(&self) -> String {
        let classifier = self.classifier.as_ref().map(|classifier| format!("-{classifier}")).unwrap_or_default();
        format!("{}-{}{classifier}.{}", self.artifact, self.version, self.extension)
    }
}

impl FromStr for Coordinate {
    type Err = ParseCoordinateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fail = |rule| Err(ParseCoordinateError { text: text.chars().take(200).collect(), rule });
        let (names, extension) = text.split_once('@').unwrap_or((text, "jar"));
        let parts: Vec<&str> = names.split(':').collect();
        let (group, artifact, version, classifier) = match parts.as_slice() {
            [group, artifact, version] => (*group, *artifact, *version, None),
            [group, artifact, version, classifier] => (*group, *artifact, *version, Some(*classifier)),
            _ => return fail("a coordinate is GROUP:ARTIFACT:VERSION, or that and :CLASSIFIER, or @EXTENSION"),
        };
        if version.starts_with(['[', '(']) || version.contains(',') {
            return fail("a range means another version tomorrow: name one version");
        }
        if version.ends_with("-SNAPSHOT") || ["LATEST", "RELEASE", "latest", "release"].contains(&version) {
            return fail("this version may mean other bytes tomorrow: name a released one");
        }
        // Each becomes a part of a path, of a group each word.
        let plain = |part: &str| {
            let word = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'-' | b'+');
            !part.is_empty() && part.len() <= 200 && part.bytes().all(word) && !part.bytes().all(|c| c == b'.')
        };
        let all = [artifact, version, extension].into_iter().chain(classifier).chain(group.split('.'));
        if !all.clone().all(plain) {
            return fail("its parts are letters, digits, `.`, `_`, `-` and `+`, and a group's words are not empty");
        }
        Ok(Self {
            group: group.into(),
            artifact: artifact.into(),
            version: version.into(),
            classifier: classifier.map(str::to_owned),
            extension: extension.into(),
        })
    }
}

impl fmt::Display for Coordinate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.group, self.artifact, self.version)?;
        if let Some(classifier) = &self.classifier {
            write!(f, ":{classifier}")?;
        }
        if self.extension != "jar" {
            write!(f, "@{}", self.extension)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_lead_to_paths() {
        for (text, path) in [
            ("org.apache.hadoop:hadoop-aws:2.10.2", "org/apache/hadoop/hadoop-aws/2.10.2/hadoop-aws-2.10.2.jar"),
            ("asm:asm:3.2", "asm/asm/3.2/asm-3.2.jar"),
            ("a.b:c:1:tests", "a/b/c/1/c-1-tests.jar"),
            ("a:c:1@pom", "a/c/1/c-1.pom"),
        ] {
            let coordinate: Coordinate = text.parse().unwrap();
            assert_eq!((coordinate.path().as_str(), coordinate.to_string().as_str()), (path, text));
        }
    }

    #[test]
    fn what_climbs_or_changes_is_refused() {
        for bad in [
            "",
            "a",
            "a:b",
            "a:b:c:d:e",
            "a/../b:c:1",
            "..:c:1",
            "a:..:1",
            "a:b:..",
            "a..b:c:1",
            ".a:c:1",
            "a:b%2fc:1",
            "a:b;c:1",
            "/a:b:1",
            "a:b:1-SNAPSHOT",
            "a:b:LATEST",
            "a:b:[1,)",
            "a:b:1 2",
            "a:b:1@",
            "a::1",
            "a:b:ä",
        ] {
            assert!(bad.parse::<Coordinate>().is_err(), "{bad} was accepted");
        }
    }
}
