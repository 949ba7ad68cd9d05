//! apt's sources: sources.list(5), in both of its forms.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Clients, Found, text_of};
use crate::formats::deb::StanzaReader;

/// One address and suite of a source for binary packages.
struct Entry {
    uri: String,
    suite: String,
    file: PathBuf,
}

/// The first source whose Release has the label `label`, or of whose Release nothing is known and whose path ends in
/// `suffix`.
pub(super) fn find(clients: &Clients, label: &str, suffix: &str) -> Found {
    let entries = entries(clients.apt_etc.as_deref()?);
    let known = |entry: &Entry| label_of(clients.apt_lists.as_deref()?, entry);
    let by_label = entries.iter().find(|entry| known(entry).is_some_and(|own| own == label));
    let by_path =
        || entries.iter().find(|entry| known(entry).is_none() && entry.uri.trim_end_matches('/').ends_with(suffix));
    let entry = by_label.or_else(by_path)?;
    Some((entry.uri.clone(), format!("apt ({})", entry.file.display())))
}

fn entries(etc: &Path) -> Vec<Entry> {
    let parts = fs::read_dir(etc.join("sources.list.d")).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = parts.collect();
    files.sort();
    files.insert(0, etc.join("sources.list"));
    let mut found = Vec::new();
    for file in files {
        let Some(text) = text_of(&file) else { continue };
        let pairs = match file.extension().and_then(|e| e.to_str()) {
            Some("list") => one_line(&text),
            Some("sources") => deb822(&text),
            _ => continue,
        };
        found.extend(pairs.into_iter().map(|(uri, suite)| Entry { uri, suite, file: file.clone() }));
    }
    found.retain(|entry| entry.uri.starts_with("http://") || entry.uri.starts_with("https://"));
    found
}

/// `deb [option=value …] URI SUITE COMPONENT…`
fn one_line(text: &str) -> Vec<(String, String)> {
    let parse = |line: &str| {
        let rest = line.split('#').next()?.trim().strip_prefix("deb")?;
        let rest = rest.strip_prefix([' ', '\t'])?.trim_start();
        let rest = if rest.starts_with('[') { rest.split_once(']')?.1 } else { rest };
        let mut words = rest.split_whitespace();
        Some((words.next()?.to_owned(), words.next()?.to_owned()))
    };
    text.lines().filter_map(parse).collect()
}

/// Stanzas with `Types`, `URIs`, `Suites`, `Enabled`.
fn deb822(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for stanza in StanzaReader::new(text.as_bytes()).map_while(Result::ok) {
        let words = |field| stanza.get(field).unwrap_or_default().split_whitespace();
        let enabled = !matches!(stanza.get("Enabled").map(str::trim), Some("no" | "false" | "0" | "off"));
        if !enabled || !words("Types").any(|word| word == "deb") {
            continue;
        }
        for uri in words("URIs") {
            found.extend(words("Suites").map(|suite| (uri.to_owned(), suite.to_owned())));
        }
    }
    found
}

/// The `Label` in the Release that apt keeps of a source. Its file is named by the address, with `_` for `/`.
fn label_of(lists: &Path, entry: &Entry) -> Option<String> {
    let address = entry.uri.split_once("://")?.1.trim_end_matches('/');
    let name = format!("{address}/dists/{}/", entry.suite).replace('_', "%5f").replace('/', "_");
    let text = ["InRelease", "Release"].iter().find_map(|file| text_of(&lists.join(format!("{name}{file}"))))?;
    text.lines().take(50).find_map(|line| line.strip_prefix("Label:")).map(|label| label.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let text = "# deb http://no.example/ x y\ndeb-src http://no.example/ x y\n\
                    deb [signed-by=/a arch=amd64] http://a.example/debian bookworm main # why\ndeb\thttp://b.example/ x y\n";
        let pair = |uri: &str, suite: &str| (uri.to_owned(), suite.to_owned());
        assert_eq!(one_line(text), [pair("http://a.example/debian", "bookworm"), pair("http://b.example/", "x")]);
        let text = "Types: deb deb-src\nURIs: http://a.example/debian\nSuites: x y\n\nTypes: deb\nURIs: http://b.example\n\
                    Suites: z\nEnabled: no\n\nTypes: deb-src\nURIs: http://c.example\nSuites: z\n";
        assert_eq!(deb822(text), [pair("http://a.example/debian", "x"), pair("http://a.example/debian", "y")]);
    }
}
