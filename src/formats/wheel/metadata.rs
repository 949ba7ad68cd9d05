//! `METADATA` and `WHEEL`: fields as in a mail's head ("Core metadata specifications", PEP 427).

use std::collections::BTreeSet;
use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifiers};
use pep508_rs::{ExtraName, PackageName};
use url::Url;

use super::error::Problem;
use super::name::Tag;

/// A package and which of its versions are meant, as PEP 508 writes it: `pandas[all] >= 1.5 ; python_version < "3.10"`. Addresses are
/// taken as they stand: nothing of this machine is looked at.
pub type Requirement = pep508_rs::Requirement<Url>;

/// What resolving needs of `METADATA`.
#[derive(Clone, Debug)]
pub struct Metadata {
    /// The package.
    pub name: PackageName,
    /// Its version.
    pub version: Version,
    /// The interpreters that it runs on; none where it does not say, or says what is no specifier, which pip takes for nothing too.
    pub requires_python: Option<VersionSpecifiers>,
    /// What it needs.
    pub requires: Vec<Requirement>,
    /// Its extras.
    pub extras: BTreeSet<ExtraName>,
}

/// What `WHEEL` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WheelFile {
    /// Whether the root of the archive goes where pure Python goes.
    pub purelib: bool,
    /// What the wheel is for.
    pub tags: BTreeSet<Tag>,
}

impl Metadata {
    /// Reads `METADATA`.
    ///
    /// # Errors
    /// When it is no text, has no name or version, or a `Requires-Dist` that is none.
    pub fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        let wrong = |reason: String| Problem::Malformed { file: "METADATA", reason };
        let fields = fields(bytes).map_err(|reason| wrong(reason.into()))?;
        let all =
            |key: &'static str| fields.iter().filter(move |(name, _)| name == key).map(|(_, value)| value.as_str());
        let one = |key: &'static str| all(key).next().ok_or_else(|| wrong(format!("it has no `{key}`")));
        let (name, version) = (one("name")?, one("version")?);
        let requires = all("requires-dist").map(|text| {
            Requirement::from_str(text)
                .map_err(|error| wrong(format!("`Requires-Dist: {text}`: {}", first_line(&error))))
        });
        Ok(Self {
            name: name.parse().map_err(|_| wrong(format!("`{name}` is no package's name")))?,
            version: version.parse().map_err(|_| wrong(format!("`{version}` is no version")))?,
            requires_python: all("requires-python").next().and_then(|text| text.parse().ok()),
            requires: requires.collect::<Result<_, _>>()?,
            extras: all("provides-extra").filter_map(|text| text.parse().ok()).collect(),
        })
    }
}

impl WheelFile {
    /// Reads `WHEEL`.
    ///
    /// # Errors
    /// When it is no text, of a version that we do not know, or has no tag.
    pub fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        let wrong = |reason: String| Problem::Malformed { file: "WHEEL", reason };
        let fields = fields(bytes).map_err(|reason| wrong(reason.into()))?;
        let all =
            |key: &'static str| fields.iter().filter(move |(name, _)| name == key).map(|(_, value)| value.as_str());
        let version = all("wheel-version").next().unwrap_or_default();
        let known = version.split_once('.').is_some_and(|(major, _)| major == "1");
        if !known {
            return Err(wrong(format!("`Wheel-Version: {version}` is none that is known")));
        }
        let mut tags = BTreeSet::new();
        for text in all("tag") {
            tags.extend(Tag::expand(text).ok_or_else(|| wrong(format!("`Tag: {text}` is none")))?);
        }
        Ok(Self { purelib: all("root-is-purelib").next().is_some_and(|text| text.eq_ignore_ascii_case("true")), tags })
    }
}

/// The fields of a head, keys in lower case. A line that begins with white space goes on with the one before; the head ends at an
/// empty line.
fn fields(bytes: &[u8]) -> Result<Vec<(String, String)>, &'static str> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8")?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        if line.is_empty() {
            break;
        }
        if line.starts_with([' ', '\t']) {
            let Some((_, value)) = fields.last_mut() else { return Err("it begins with a continued line") };
            value.push('\n');
            value.push_str(line.trim());
            continue;
        }
        let (key, value) = line.split_once(':').ok_or("it has a line without a colon")?;
        fields.push((key.trim().to_ascii_lowercase(), value.trim().to_owned()));
    }
    Ok(fields)
}

fn first_line(error: &impl ToString) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_says_what_is_needed() {
        let text = "Metadata-Version: 2.1\nName: Foo.Bar\nVersion: 1.0\nRequires-Python: >=3.8,!=3.9.1\nProvides-Extra: fast\n\
            Requires-Dist: numpy (>=1.20) ; extra == 'fast'\nRequires-Dist: six\nLicense: MIT\n  and more\n\nRequires-Dist: not this\n";
        let metadata = Metadata::parse(text.as_bytes()).unwrap();
        assert_eq!(metadata.name.to_string(), "foo-bar");
        assert_eq!(metadata.requires.len(), 2);
        assert_eq!(metadata.extras.len(), 1);
        assert!(!metadata.requires_python.unwrap().contains(&"3.9.1".parse().unwrap()));
        // What pip takes for nothing.
        let odd = Metadata::parse(b"Name: a\nVersion: 1\nRequires-Python: >=3.6.*\n").unwrap();
        assert!(odd.requires_python.is_none());
        for bad in [
            &b"Name: a\n"[..],
            b"Version: 1\n",
            b"Name: a\nVersion: x\n",
            b"Name: a\nVersion: 1\nRequires-Dist: ;;\n",
            b"\xff",
            b" x",
        ] {
            assert!(Metadata::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn wheel_versions_are_known() {
        let wheel = WheelFile::parse(b"Wheel-Version: 1.0\nRoot-Is-Purelib: True\nTag: py2.py3-none-any\n").unwrap();
        assert!(wheel.purelib && wheel.tags.len() == 2);
        for bad in
            [&b"Wheel-Version: 2.0\nTag: py3-none-any\n"[..], b"Tag: py3-none-any\n", b"Wheel-Version: 1.0\nTag: py3\n"]
        {
            assert!(WheelFile::parse(bad).is_err(), "{bad:?}");
        }
    }
}
