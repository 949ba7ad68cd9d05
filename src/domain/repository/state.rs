//! The state that the publishers of a repository share: a document at its root, replaced only by whoever has read what it replaces.
//!
//! It is what decides between two publishers, and a log written ahead: it holds the signed texts of each suite before they are at their
//! places, so that whoever comes after a publisher that was killed can finish its work, without its key. It tells which files the present
//! and the previous Release of each suite name, and so which nobody needs any more. Readers do not need it.
//!
//! It is not signed; what is built on it is checked against the signed text that it holds. A format that is newer than ours is refused.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::error::StateError;
use super::name::SuiteName;
use crate::base::Digest;
use crate::formats::deb::package::check_pool_path;

/// Where it is, below the repository's root.
pub const STATE_FILE: &str = "mokapot-repository.json";

/// The format that is written, and the newest that is read.
const FORMAT: u32 = 1;

/// The state of a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    format: u32,
    /// Raised by every publish.
    pub generation: u64,
    /// What was published.
    pub suites: BTreeMap<SuiteName, Suite>,
    /// Files that nobody names any more; they are removed, and may be gone.
    pub retired: BTreeSet<String>,
}

/// What was published of a suite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    /// The present.
    pub current: Generation,
    /// What was there before, of which readers may still be reading.
    pub previous: Option<Past>,
}

/// One state of a suite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generation {
    /// The texts that are at their places once the publish is done.
    pub documents: Documents,
    /// What they lead to: packages, and indexes by their hash, as paths below the root.
    pub files: BTreeSet<String>,
}

/// The signed texts of a suite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Documents {
    /// `InRelease`; none where nobody signs.
    pub in_release: Option<String>,
    /// `Release`.
    pub release: String,
    /// `Release.gpg`; none where nobody signs.
    pub release_gpg: Option<String>,
}

/// What is left of a state that another has replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Past {
    /// The digest of the text that readers begin with.
    pub first: Digest,
    /// The files that it leads to.
    pub files: BTreeSet<String>,
}

impl Default for State {
    fn default() -> Self {
        Self { format: FORMAT, generation: 0, suites: BTreeMap::new(), retired: BTreeSet::new() }
    }
}

impl Documents {
    /// The text that readers begin with, and its name: what is written last.
    #[must_use]
    pub fn first(&self) -> (&'static str, &str) {
        match &self.in_release {
            Some(text) => ("InRelease", text),
            None => ("Release", &self.release),
        }
    }

    /// All texts by name, in the order in which they are written.
    pub fn in_order(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let gpg = self.release_gpg.as_deref().map(|text| ("Release.gpg", text));
        let in_release = self.in_release.as_deref().map(|text| ("InRelease", text));
        gpg.into_iter().chain([("Release", self.release.as_str())]).chain(in_release)
    }
}

#[derive(Deserialize)]
struct Head {
    format: u64,
}

impl State {
    /// Reads the document.
    ///
    /// # Errors
    /// When it has a newer format, is malformed, or names files that are not a repository's.
    pub fn parse(bytes: &[u8]) -> Result<Self, StateError> {
        let malformed = |error: serde_json::Error| StateError::Malformed(error.to_string());
        let Head { format } = serde_json::from_slice(bytes).map_err(malformed)?;
        if format != u64::from(FORMAT) {
            return Err(StateError::Newer { found: format, known: FORMAT });
        }
        let state: Self = serde_json::from_slice(bytes).map_err(malformed)?;
        let generations = state.suites.values().flat_map(|suite| {
            suite.current.files.iter().chain(suite.previous.iter().flat_map(|previous| &previous.files))
        });
        for path in generations.chain(&state.retired) {
            check_pool_path(path).map_err(StateError::Malformed)?;
            let index = path.starts_with("dists/") && path.contains("/by-hash/");
            if !path.starts_with("pool/") && !index {
                return Err(StateError::Malformed(format!("`{path}` is neither a package nor an index by its hash")));
            }
        }
        Ok(state)
    }

    /// The document.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        // Maps with keys that are texts, and nothing else that could fail.
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// Whether a present or previous state of any suite names a file.
    #[must_use]
    pub fn names(&self, path: &str) -> bool {
        self.suites.values().any(|suite| {
            suite.current.files.contains(path)
                || suite.previous.as_ref().is_some_and(|previous| previous.files.contains(path))
        })
    }

    /// The state after a publish. What the suite's present and previous states do not name any more, nor any other suite, is retired.
    #[must_use]
    pub fn advance(&self, suite: &SuiteName, next: Generation) -> Self {
        let mut state = self.clone();
        state.generation += 1;
        let before = state.suites.remove(suite);
        let previous = before.map(|before| {
            state.retired = before.previous.map(|past| past.files).unwrap_or_default();
            let first = Digest::of(before.current.documents.first().1.as_bytes());
            Past { first, files: before.current.files }
        });
        if previous.is_none() {
            state.retired = BTreeSet::new();
        }
        state.suites.insert(suite.clone(), Suite { current: next, previous });
        let retired = std::mem::take(&mut state.retired);
        state.retired = retired.into_iter().filter(|path| !state.names(path)).collect();
        state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generation(release: &str, files: &[&str]) -> Generation {
        let documents = Documents { in_release: None, release: release.into(), release_gpg: None };
        Generation { documents, files: files.iter().map(|file| format!("pool/main/{file}")).collect() }
    }

    #[test]
    fn a_file_goes_when_neither_the_present_nor_the_previous_state_names_it() {
        let (test, prod): (SuiteName, SuiteName) = ("test".parse().unwrap(), "prod".parse().unwrap());
        let state = State::default().advance(&test, generation("1", &["a", "b"]));
        let state = state.advance(&prod, generation("1", &["b"]));
        let state = state.advance(&test, generation("2", &["c"]));
        assert!(state.retired.is_empty() && state.names("pool/main/a"));
        let state = state.advance(&test, generation("3", &["c"]));
        assert_eq!(state.retired, BTreeSet::from(["pool/main/a".to_owned()]), "b is of another suite");
        assert_eq!(state.generation, 4);
        assert_eq!(State::parse(&state.bytes()).unwrap(), state);
    }

    #[test]
    fn other_states_are_refused() {
        let state = State::default().advance(&"test".parse().unwrap(), generation("1", &["a"]));
        let text = String::from_utf8(state.bytes()).unwrap();
        let newer = State::parse(text.replace("\"format\": 1", "\"format\": 2, \"more\": []").as_bytes());
        assert_eq!(newer, Err(StateError::Newer { found: 2, known: 1 }));
        for (from, to) in [("pool/main/a", "../a"), ("pool/main/a", "dists/test/InRelease"), ("\"test\"", "\"../x\"")] {
            let error = State::parse(text.replace(from, to).as_bytes()).unwrap_err();
            assert!(matches!(error, StateError::Malformed(_)), "{to}: {error}");
        }
        assert!(State::parse(b"{}").is_err() && State::parse(b"").is_err());
    }
}
