//! A project's page of a Python package index: its files with their hashes ("Simple repository API" on packaging.python.org; PEP 503
//! as HTML, PEP 691 as JSON, with what PEP 592, 629, 658, 700 and 714 add).

use serde::Deserialize;

use crate::base::{Class, Digest, Fault, redact};

/// The forms that we ask for, the one that says more first.
pub const ACCEPT: &str =
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1";

/// A file of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub filename: String,
    /// Where it is, as the page writes it: relative to the page's own address.
    pub url: String,
    /// SHA-256 of its bytes, where the page tells.
    pub sha256: Option<Digest>,
    /// Its bytes, where the page tells.
    pub size: Option<u64>,
    /// The interpreters that it is for, as written.
    pub requires_python: Option<String>,
    /// Whether its maintainers have taken it back.
    pub yanked: bool,
    /// Whether its `METADATA` is served beside it, and its SHA-256 where that is told.
    pub metadata: Option<Option<Digest>>,
}

/// A page that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the page of an index is malformed: {0}")]
pub struct PageError(String);

impl Fault for PageError {
    fn class(&self) -> Class {
        Class::Integrity
    }
}

#[derive(Deserialize)]
struct Page {
    meta: Option<Meta>,
    files: Vec<File>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Meta {
    api_version: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct File {
    filename: String,
    url: String,
    #[serde(default)]
    hashes: Hashes,
    size: Option<u64>,
    requires_python: Option<String>,
    #[serde(default)]
    yanked: Flag,
    /// The name of PEP 714, which counts more than that of PEP 658.
    core_metadata: Option<Metadata>,
    dist_info_metadata: Option<Metadata>,
}

#[derive(Default, Deserialize)]
struct Hashes {
    sha256: Option<String>,
}

/// `false`, `true` or a reason.
#[derive(Deserialize)]
#[serde(untagged)]
enum Flag {
    Is(bool),
    Because(#[expect(dead_code, reason = "that there is one counts")] String),
}

impl Default for Flag {
    fn default() -> Self {
        Self::Is(false)
    }
}

/// `false`, `true` or hashes.
#[derive(Deserialize)]
#[serde(untagged)]
enum Metadata {
    Is(bool),
    Hashed(Hashes),
}

/// Reads a page by its media type.
///
/// # Errors
/// When it is no page, or one of a version that we do not know.
pub fn parse(bytes: &[u8], media_type: &str) -> Result<Vec<Listed>, PageError> {
    if media_type.contains("json") { json(bytes) } else { html(bytes) }
}

fn json(bytes: &[u8]) -> Result<Vec<Listed>, PageError> {
    let page: Page = serde_json::from_slice(bytes).map_err(|error| PageError(redact::printable(&error.to_string())))?;
    known(page.meta.and_then(|meta| meta.api_version).as_deref())?;
    let metadata = |metadata: Option<Metadata>| match metadata {
        Some(Metadata::Is(true)) => Some(None),
        Some(Metadata::Hashed(hashes)) => Some(hashes.sha256.as_deref().and_then(digest)),
        Some(Metadata::Is(false)) | None => None,
    };
    let listed = |file: File| Listed {
        sha256: file.hashes.sha256.as_deref().and_then(digest),
        size: file.size,
        requires_python: file.requires_python,
        yanked: !matches!(file.yanked, Flag::Is(false)),
        metadata: metadata(file.core_metadata.or(file.dist_info_metadata)),
        filename: file.filename,
        url: file.url,
    };
    Ok(page.files.into_iter().map(listed).collect())
}

/// The anchors of a page; anything else on it means nothing.
fn html(bytes: &[u8]) -> Result<Vec<Listed>, PageError> {
    let text = std::str::from_utf8(bytes).map_err(|_| PageError("it is not UTF-8".into()))?;
    if !text.to_ascii_lowercase().contains("<html") {
        return Err(PageError("it is neither JSON nor HTML".into()));
    }
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        rest = rest.get(start + 1..).unwrap_or_default();
        let Some((tag, attributes, after)) = tag(rest) else { break };
        rest = after;
        let attribute = |name: &str| attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        if tag == "meta" && attribute("name").as_deref() == Some("pypi:repository-version") {
            known(attribute("content").as_deref())?;
        }
        let Some(url) = attribute("href").filter(|_| tag == "a") else { continue };
        let end = rest.find('<').unwrap_or(rest.len());
        let filename = unescape(rest.get(..end).unwrap_or_default().trim());
        let hash = |text: &str| text.strip_prefix("sha256=").and_then(digest);
        let metadata = attribute("data-core-metadata").or_else(|| attribute("data-dist-info-metadata"));
        found.push(Listed {
            sha256: url.split_once('#').and_then(|(_, fragment)| hash(fragment)),
            size: None,
            requires_python: attribute("data-requires-python"),
            yanked: attribute("data-yanked").is_some(),
            metadata: metadata.map(|value| hash(&value)),
            url: url.split('#').next().unwrap_or_default().to_owned(),
            filename,
        });
    }
    Ok(found)
}

type Attributes = Vec<(String, String)>;

/// The tag that begins here: its name and attributes in lower case, and what follows it.
fn tag(text: &str) -> Option<(String, Attributes, &str)> {
    let end = text.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(text.len());
    let name = text.get(..end)?.to_ascii_lowercase();
    let mut rest = text.get(end..)?;
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if let Some(after) = rest.strip_prefix('>') {
            return Some((name, attributes, after));
        }
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/'))?;
        let key = rest.get(..end).filter(|key| !key.is_empty()).map(str::to_ascii_lowercase)?;
        rest = rest.get(end..)?.trim_start();
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start();
            let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
            (value, rest) = match quote {
                Some(quote) => after.get(1..)?.split_once(quote)?,
                None => after.split_at(after.find(|c: char| c.is_whitespace() || c == '>')?),
            };
        }
        attributes.push((key, unescape(value)));
    }
}

fn unescape(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let mut plain = text.to_owned();
    for (name, character) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&amp;", "&"),
    ] {
        plain = plain.replace(name, character);
    }
    plain
}

/// Versions of the interface with the major number 1 are alike for us.
fn known(version: Option<&str>) -> Result<(), PageError> {
    match version.map(|version| version.split('.').next().unwrap_or_default()) {
        None | Some("1") => Ok(()),
        Some(_) => Err(PageError(format!(
            "its version {} is none that is known",
            redact::printable(version.unwrap_or_default())
        ))),
    }
}

fn digest(hex: &str) -> Option<Digest> {
    format!("sha256:{}", hex.to_ascii_lowercase()).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "8d65c67df35e181997c6ede3a0721f8989d1928c9be4fc91ecd5ced311ecd3b6";

    #[test]
    fn both_forms_say_the_same() {
        let json = format!(
            r#"{{"meta":{{"api-version":"1.1"}},"name":"a","files":[{{"filename":"a-1-py3-none-any.whl","url":"../f/a-1-py3-none-any.whl",
            "hashes":{{"sha256":"{SHA}"}},"requires-python":">=3.8","yanked":"broken","core-metadata":{{"sha256":"{SHA}"}}}}]}}"#
        );
        let html = format!(
            "<!DOCTYPE html><html><head><meta name=\"pypi:repository-version\" content=\"1.0\"></head><body>\n\
            <A data-requires-python=\"&gt;=3.8\" data-yanked='broken' href='../f/a-1-py3-none-any.whl#sha256={SHA}' \
            data-core-metadata=\"sha256={SHA}\">a-1-py3-none-any.whl</A><br/></body></html>"
        );
        let found = parse(json.as_bytes(), "application/vnd.pypi.simple.v1+json").unwrap();
        assert_eq!(found, parse(html.as_bytes(), "text/html; charset=UTF-8").unwrap());
        let sha256 = Some(digest(SHA).unwrap());
        let expected = Listed {
            filename: "a-1-py3-none-any.whl".into(),
            url: "../f/a-1-py3-none-any.whl".into(),
            sha256,
            size: None,
            requires_python: Some(">=3.8".into()),
            yanked: true,
            metadata: Some(sha256),
        };
        assert_eq!(found, [expected]);
    }

    #[test]
    fn what_is_no_page_is_refused() {
        for (bytes, kind) in [
            ("{}", "application/json"),
            ("not found", "text/html"),
            (r#"{"meta":{"api-version":"2.0"},"files":[]}"#, "application/vnd.pypi.simple.v1+json"),
            ("<html><meta name='pypi:repository-version' content='2.0'></html>", "text/html"),
        ] {
            assert!(parse(bytes.as_bytes(), kind).is_err(), "{bytes}");
        }
        assert_eq!(parse(b"<html><a href=x", "text/html").unwrap(), []);
        assert_eq!(parse(b"<html><a href=x>y", "text/html").unwrap().len(), 1);
    }
}
