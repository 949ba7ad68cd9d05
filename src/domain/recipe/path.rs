//! Absolute paths inside an image.

use std::fmt;

use serde::Serialize;

/// An absolute path in its one spelling: no empty, `.` or `..` component, no `/` at the end, nothing a layer cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct ImagePath(String);

impl ImagePath {
    /// Checks `text`; `/` itself is a path too.
    ///
    /// # Errors
    /// With the rule that it breaks.
    pub fn new(text: &str) -> Result<Self, &'static str> {
        let Some(inner) = text.strip_prefix('/') else { return Err("a path in the image starts with `/`") };
        if text.len() > 4096 {
            return Err("a path may be 4096 bytes long at most");
        }
        if text.chars().any(char::is_control) {
            return Err("a path may hold no NUL, newline or other control character");
        }
        for part in inner.split('/').filter(|_| !inner.is_empty()) {
            match part {
                "" => return Err("a path has no empty component and no `/` at its end"),
                "." | ".." => return Err("a path has no `.` or `..` component"),
                _ if part.len() > 255 => return Err("a component of a path may be 255 bytes long at most"),
                _ if part.starts_with(".wh.") => {
                    return Err("names that start with `.wh.` are reserved by the OCI layer format");
                }
                _ => {}
            }
        }
        Ok(Self(text.to_owned()))
    }

    /// The path from `/`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path without the leading `/`, as the tree and layers spell it; empty for the root.
    #[must_use]
    pub fn relative(&self) -> &str {
        self.0.strip_prefix('/').unwrap_or(&self.0)
    }

    /// Whether this path lies below `other`.
    #[must_use]
    pub fn is_below(&self, other: &Self) -> bool {
        self.0.strip_prefix(other.0.trim_end_matches('/')).is_some_and(|rest| rest.len() > 1 && rest.starts_with('/'))
    }
}

impl fmt::Display for ImagePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_one_spelling() {
        assert_eq!(ImagePath::new("/").unwrap().relative(), "");
        assert_eq!(ImagePath::new("/opt/a b").unwrap().relative(), "opt/a b");
        let long = format!("/{}", "x".repeat(256));
        let longer = "/x".repeat(2049);
        for bad in [
            "",
            "opt",
            "/opt/",
            "//opt",
            "/a/../b",
            "/./a",
            "/a\0",
            "/a\nb",
            "/.wh.x",
            "/.wh..wh..opq/a",
            &long,
            &longer,
        ] {
            assert!(ImagePath::new(bad).is_err(), "{bad:?} was accepted");
        }
    }

    #[test]
    fn below_is_by_component() {
        let path = |text| ImagePath::new(text).unwrap();
        assert!(path("/a/b").is_below(&path("/a")));
        assert!(path("/a").is_below(&path("/")));
        assert!(!path("/ab").is_below(&path("/a")) && !path("/a").is_below(&path("/a")));
    }
}
