//! Source distributions on a Python package index: the simple repository API, as JSON or as HTML
//! (<https://packaging.python.org/en/latest/specifications/simple-repository-api/>).

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde::Deserialize;
use url::Url;

use crate::base::Digest;
use crate::domain::package::Sdist;
use crate::io::http::{Call, Client, HttpError};

/// More than any project's page.
const MAX_PAGE: u64 = 64 << 20;

/// A file that the index lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub file: String,
    /// Where it is.
    pub url: Url,
    /// Its digest, where the index states one.
    pub sha256: Option<Digest>,
}

#[derive(Deserialize)]
struct Page {
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    filename: String,
    url: String,
    #[serde(default)]
    hashes: std::collections::BTreeMap<String, String>,
}

/// What the project's `page` of the index lists as its source distribution of that version: none, or the first of them. Yanked ones count too, as
/// they do for who names one version.
///
/// # Errors
/// When the index does not answer.
pub async fn find(client: &Client, page: &Url, sdist: &Sdist) -> Result<Option<Listed>, HttpError> {
    let accept = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1";
    let answer = client.call(&Call::get(page.clone()).header(ACCEPT, accept), MAX_PAGE).await?;
    let json =
        answer.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).is_some_and(|kind| kind.contains("json"));
    let text = String::from_utf8_lossy(&answer.body);
    let mut files = if json { from_json(&text, &answer.url) } else { from_html(&text, &answer.url) };
    files.retain(|listed| sdist.is_file(&listed.file));
    Ok(files.into_iter().next())
}

fn from_json(text: &str, page: &Url) -> Vec<Listed> {
    let Ok(listing) = serde_json::from_str::<Page>(text) else { return Vec::new() };
    let listed = |file: File| {
        let sha256 = file.hashes.get("sha256").and_then(|hex| Digest::from_hex(hex).ok());
        Some(Listed { file: file.filename, url: page.join(&file.url).ok()?, sha256 })
    };
    listing.files.into_iter().filter_map(listed).collect()
}

/// The anchors of the page: `<a href="ADDRESS#sha256=HEX">FILE</a>`.
fn from_html(text: &str, page: &Url) -> Vec<Listed> {
    let anchor = |piece: &str| {
        let (tag, rest) = piece.split_once('>')?;
        let (_, href) = tag.split_once("href=")?;
        let quote = href.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let address = href.get(1..)?.split(quote).next()?.replace("&amp;", "&");
        let mut url = page.join(&address).ok()?;
        let hex = url.fragment().and_then(|fragment| fragment.strip_prefix("sha256=")).map(str::to_owned);
        url.set_fragment(None);
        let file = rest.split('<').next()?.trim().to_owned();
        Some(Listed { file, url, sha256: hex.and_then(|hex| Digest::from_hex(&hex).ok()) })
    };
    text.split("<a ").skip(1).filter_map(anchor).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_page() {
        let page: Url = "https://index.example/simple/app/".parse().unwrap();
        let digest = Digest::of(b"app");
        let html = format!(
            "<html><a href=\"../../files/app-1.tar.gz#sha256={}\" data-x='1'>app-1.tar.gz</a><br/>\n<a rel=x>no</a><a href='b'>b</a>",
            digest.hex()
        );
        let json = format!(
            r#"{{"meta":{{}},"files":[{{"filename":"app-1.tar.gz","url":"/files/app-1.tar.gz","hashes":{{"sha256":"{}"}}}},{{"filename":"b","url":"b"}}]}}"#,
            digest.hex()
        );
        let expected = [
            Listed {
                file: "app-1.tar.gz".into(),
                url: "https://index.example/files/app-1.tar.gz".parse().unwrap(),
                sha256: Some(digest),
            },
            Listed { file: "b".into(), url: "https://index.example/simple/app/b".parse().unwrap(), sha256: None },
        ];
        assert_eq!(from_html(&html, &page), expected);
        assert_eq!(from_json(&json, &page), expected);
        assert_eq!(from_json("<html>", &page), []);
    }
}
