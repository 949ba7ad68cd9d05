//! What a person may write for IMAGE on the command line.

use std::fmt;
use std::str::FromStr;

use super::reference::{ParseReferenceError, Reference, Selector, Tag, short, split_digest};
use crate::base::Digest;

/// IMAGE as a person writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageName {
    /// `oci:DIR[:TAG|@DIGEST]`: an image in an OCI layout. Without a selector, the only one there.
    Layout {
        /// The layout's folder, as written.
        dir: String,
        /// Which image in it.
        selector: Option<Selector>,
    },
    /// An image in a registry.
    Registry(Reference),
    /// `NAME[@DIGEST]`: what a recipe's build left in the default layout.
    Recipe {
        /// The recipe's name, which is also the tag in the layout.
        name: Tag,
        /// Which build of it.
        digest: Option<Digest>,
    },
}

impl FromStr for ImageName {
    type Err = ParseReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(rest) = text.strip_prefix("oci:") {
            return layout(rest).and_then(|(dir, selector)| {
                if dir.is_empty() {
                    Err(ParseReferenceError::NoFolder(short(text)))
                } else {
                    Ok(Self::Layout { dir, selector })
                }
            });
        }
        if text.contains('/') {
            return text.parse().map(Self::Registry);
        }
        let (name, digest) = split_digest(text)?;
        if name.contains(':') {
            return Err(ParseReferenceError::NoRegistry(short(text)));
        }
        Ok(Self::Recipe { name: name.parse()?, digest })
    }
}

/// `DIR[:TAG|@DIGEST]`. A colon starts a tag only when no slash follows it, so folders may have colons.
fn layout(text: &str) -> Result<(String, Option<Selector>), ParseReferenceError> {
    let (name, digest) = if text.contains("@sha256:") { split_digest(text)? } else { (text, None) };
    if let Some(digest) = digest {
        return Ok((name.to_owned(), Some(Selector::Digest(digest))));
    }
    match name.rsplit_once(':') {
        Some((dir, tag)) if !tag.contains('/') => Ok((dir.to_owned(), Some(Selector::Tag(tag.parse()?)))),
        _ => Ok((name.to_owned(), None)),
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Layout { dir, selector } => {
                write!(f, "oci:{dir}")?;
                selector.as_ref().map_or(Ok(()), |selector| selector.fmt(f))
            }
            Self::Registry(reference) => reference.fmt(f),
            Self::Recipe { name, digest } => {
                name.fmt(f)?;
                digest.map_or(Ok(()), |digest| write!(f, "@{digest}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn image_names() {
        let name = |text: &str| text.parse::<ImageName>().unwrap();
        assert_eq!(name("oci:dist/oci"), ImageName::Layout { dir: "dist/oci".into(), selector: None });
        let tagged = Some(Selector::Tag("spark".parse().unwrap()));
        assert_eq!(name("oci:a:b/c:spark"), ImageName::Layout { dir: "a:b/c".into(), selector: tagged });
        assert!(matches!(
            name(&format!("oci:x@{DIGEST}")),
            ImageName::Layout { selector: Some(Selector::Digest(_)), .. }
        ));
        assert!(matches!(name("spark"), ImageName::Recipe { digest: None, .. }));
        assert!(matches!(name(&format!("jre-11@{DIGEST}")), ImageName::Recipe { digest: Some(_), .. }));
        assert!(matches!(name("localhost/spark"), ImageName::Registry(_)));
        for bad in ["oci:", "oci:a:-x", "", "spark:3", "a b", "@sha256:00"] {
            assert!(bad.parse::<ImageName>().is_err(), "{bad}");
        }
        for text in ["oci:dist/oci:spark", "spark", "r.example/a:b"] {
            assert_eq!(name(text).to_string(), text);
        }
    }
}
