//! Names of objects in S3: `s3://BUCKET/KEY`.
//!
//! Buckets by the rules for general purpose buckets of the Amazon S3 User Guide ("Bucket naming rules"), so that one can stand in a
//! host's name; keys are 1 to 1024 bytes of UTF-8 ("Object key naming guidelines"). Control characters, and components that are
//! empty, `.` or `..` are legal there and refused here: URLs and clients do not agree on them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An object's bucket and key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ObjectName {
    bucket: String,
    key: String,
}

/// A text that names no object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` names no object of S3: {rule}")]
pub struct ParseObjectNameError {
    text: String,
    rule: &'static str,
}

impl ObjectName {
    /// The bucket.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The key, without a leading slash.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The part of the key after its last slash.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.key.rsplit('/').next().unwrap_or(&self.key)
    }
}

impl FromStr for ObjectName {
    type Err = ParseObjectNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |rule| ParseObjectNameError { text: text.chars().take(80).collect(), rule };
        let (bucket, key) = text
            .strip_prefix("s3://")
            .and_then(|rest| rest.split_once('/'))
            .ok_or_else(|| wrong("it is written s3://BUCKET/KEY"))?;
        let word = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
        let ends = bucket.bytes().next().is_some_and(word) && bucket.bytes().next_back().is_some_and(word);
        let inner = bucket.bytes().all(|c| word(c) || matches!(c, b'.' | b'-')) && !bucket.contains("..");
        if !ends || !inner || !(3..=63).contains(&bucket.len()) {
            return Err(wrong("a bucket is 3 to 63 lower-case letters, digits, `.` and `-`"));
        }
        if !(1..=1024).contains(&key.len()) || key.chars().any(char::is_control) {
            return Err(wrong("a key is 1 to 1024 bytes without control characters"));
        }
        if key.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(wrong("a key has no component that is empty, `.` or `..`"));
        }
        Ok(Self { bucket: bucket.to_owned(), key: key.to_owned() })
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

impl TryFrom<String> for ObjectName {
    type Error = ParseObjectNameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ObjectName> for String {
    fn from(name: ObjectName) -> Self {
        name.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_buckets_and_keys() {
        let name: ObjectName = "s3://moka-jars/a b/ü+x.jar".parse().unwrap();
        assert_eq!((name.bucket(), name.key(), name.file_name()), ("moka-jars", "a b/ü+x.jar", "ü+x.jar"));
        assert_eq!(name.to_string(), "s3://moka-jars/a b/ü+x.jar");
        let long = format!("s3://bucket/{}", "x".repeat(1025));
        for bad in [
            "",
            "s3://",
            "s3://bucket",
            "s3://bucket/",
            "s3:///key",
            "http://bucket/key",
            "s3://Bucket/key",
            "s3://bu/key",
            "s3://-bucket/key",
            "s3://bu..cket/key",
            "s3://bucket/a//b",
            "s3://bucket/../b",
            "s3://bucket//a",
            "s3://bucket/a/",
            "s3://me:secret@bucket/key",
            "s3://bucket/a\nb",
            &long,
        ] {
            assert!(bad.parse::<ObjectName>().is_err(), "{bad:?} was accepted");
        }
    }
}
