//! Maven's central repository: a mirror or a repository of that name in `settings.xml`, or else the one that is built
//! into Maven, read from the parent of all POMs in its own jar.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use roxmltree::{Document, Node, ParsingOptions};

use super::{Clients, Found, text_of};

/// The parent of all POMs, in the jar `maven-model-builder`.
const SUPER_POM: &str = "org/apache/maven/model/pom-4.0.0.xml";

/// More than any POM.
const MAX_POM: u64 = 1 << 20;

/// Where Maven would fetch releases from.
pub(super) fn find(clients: &Clients) -> Found {
    let configured = clients.maven_settings.iter().find_map(|path| {
        let address = in_settings(&text_of(path)?)?;
        Some((address, format!("maven ({})", path.display())))
    });
    configured.or_else(|| {
        jars(&clients.maven_homes).into_iter().find_map(|jar| {
            let address = in_super_pom(&super_pom(&jar)?)?;
            Some((address, format!("maven's built-in repository ({})", jar.display())))
        })
    })
}

/// A mirror of `central`, or else the repository `central` of an active profile.
fn in_settings(text: &str) -> Option<String> {
    let document = parse(text)?;
    let root = document.root_element();
    let all = |name| root.descendants().filter(move |node| is(*node, name));
    let mirror =
        all("mirror").find(|mirror| child(*mirror, "mirrorOf").is_some_and(|pattern| covers_central(&pattern)));
    let active: Vec<String> = all("activeProfile").filter_map(|node| text_in(node)).collect();
    let by_default = |profile: Node<'_, '_>| {
        profile.descendants().any(|n| is(n, "activeByDefault") && text_in(n).is_some_and(|t| t == "true"))
    };
    let profiles = all("profile").filter(|p| child(*p, "id").is_some_and(|id| active.contains(&id)) || by_default(*p));
    let repository = profiles.flat_map(central_repositories).next();
    mirror.and_then(|mirror| child(mirror, "url")).or(repository)
}

fn in_super_pom(text: &str) -> Option<String> {
    central_repositories(parse(text)?.root_element()).into_iter().next()
}

fn central_repositories(node: Node<'_, '_>) -> Vec<String> {
    let repositories = node.descendants().filter(|n| is(*n, "repository"));
    let central = repositories.filter(|n| child(*n, "id").is_some_and(|id| id == "central"));
    central.filter_map(|n| child(n, "url")).collect()
}

/// Whether a `mirrorOf` means the repository `central`: its name, `*` or `external:*`, and not `!central`.
fn covers_central(pattern: &str) -> bool {
    let mut words = pattern.split(',').map(str::trim);
    words.clone().any(|word| matches!(word, "central" | "*" | "external:*")) && words.all(|word| word != "!central")
}

/// XML without entities of its own, as these files are.
fn parse(text: &str) -> Option<Document<'_>> {
    Document::parse_with_options(text, ParsingOptions { allow_dtd: false, ..ParsingOptions::default() }).ok()
}

fn child(node: Node<'_, '_>, name: &str) -> Option<String> {
    node.children().find(|n| is(*n, name)).and_then(text_in)
}

fn text_in(node: Node<'_, '_>) -> Option<String> {
    node.text().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Whether a node is an element of that name, in whatever namespace: these files have several, or none.
fn is(node: Node<'_, '_>, name: &str) -> bool {
    node.is_element() && node.tag_name().name() == name
}

fn jars(homes: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for home in homes {
        let names = fs::read_dir(home.join("lib")).into_iter().flatten().flatten().map(|entry| entry.path());
        let is_builder = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("maven-model-builder") && name.ends_with(".jar")
        };
        let mut builders: Vec<PathBuf> = names.filter(is_builder).collect();
        builders.sort();
        found.extend(builders);
    }
    found
}

fn super_pom(jar: &Path) -> Option<String> {
    let mut archive = zip::ZipArchive::new(File::open(jar).ok()?).ok()?;
    let mut text = String::new();
    archive.by_name(SUPER_POM).ok()?.take(MAX_POM).read_to_string(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors_and_profiles() {
        let mirror = |of: &str| {
            format!(
                "<settings xmlns=\"x\"><!-- <mirror/> --><mirrors><mirror><mirrorOf>{of}</mirrorOf><url> http://a.example/m </url></mirror></mirrors></settings>"
            )
        };
        assert_eq!(in_settings(&mirror("central")).as_deref(), Some("http://a.example/m"));
        assert_eq!(in_settings(&mirror("*,!snapshots")).as_deref(), Some("http://a.example/m"));
        assert_eq!(in_settings(&mirror("*,!central")), None);
        assert_eq!(in_settings(&mirror("other")), None);
        let profile = "<settings><profiles><profile><id>p</id><repositories><repository><id>central</id>\
                       <url>http://b.example</url></repository></repositories></profile></profiles>\
                       <activeProfiles><activeProfile>p</activeProfile></activeProfiles></settings>";
        assert_eq!(in_settings(profile).as_deref(), Some("http://b.example"));
        assert_eq!(in_settings(&profile.replace("<activeProfile>p", "<activeProfile>q")), None);
        assert_eq!(in_settings("<!DOCTYPE x [<!ENTITY e \"e\">]><settings/>"), None);
        assert_eq!(in_settings("not xml"), None);
    }
}
