//! Jars: where each comes from, and where it goes.

use std::collections::BTreeSet;

use super::at::At;
use super::findings::Findings;
use super::model::{Jar, JarSource};
use super::path::ImagePath;
use super::place::Place;
use super::placed;
use super::template;
use super::wire::JarSection;
use crate::base::{Arch, Digest};
use crate::formats::maven::Coordinate;
use crate::formats::s3::ObjectName;

/// The jars in the order of the sections, each with the section's place. Paths are the same on all of `platforms`.
pub(super) fn jars(list: &[At<JarSection>], platforms: &BTreeSet<Arch>, findings: &mut Findings) -> Vec<At<Jar>> {
    list.iter().filter_map(|at| Some(At { span: at.span, value: jar(at, platforms, findings)? })).collect()
}

fn jar(at: &At<JarSection>, platforms: &BTreeSet<Arch>, findings: &mut Findings) -> Option<Jar> {
    let section = &at.value;
    let source = source(at, findings);
    let folder = folder(&section.into, platforms, findings);
    let mode = placed::mode(section.mode.as_ref(), 0o644, findings);
    let (source, folder, mode) = (source?, folder?, mode?);
    let (span, name) = match &section.name {
        Some(name) => (name.span, name.value.clone()),
        None => match source.places.iter().find_map(Place::file_name) {
            Some(name) => (at.span, name),
            None => {
                findings.report(at.span, "no place of the jar gives it a name", "say its `name`");
                return None;
            }
        },
    };
    if name.contains('/') {
        findings.report(span, format!("`{name}` is no name of a file"), "a name has no `/`; the folder is `into`");
        return None;
    }
    let path = ImagePath::new(&format!("{}/{name}", folder.as_str().trim_end_matches('/')));
    let path = findings.take(span, path.map_err(|rule| format!("`{name}`: {rule}")), "say another `name`")?;
    Some(Jar { path, mode, source })
}

/// The folder, which is the same for all platforms as the jar is.
fn folder(at: &At<String>, platforms: &BTreeSet<Arch>, findings: &mut Findings) -> Option<ImagePath> {
    let mut found: Option<ImagePath> = None;
    for arch in platforms {
        let path = template::path(at, *arch, findings)?;
        if found.as_ref().is_some_and(|found| *found != path) {
            let hint = "write a folder without placeholders; a symbolic link can lead from another one to it";
            findings.report(at.span, "a jar is one file for all platforms, so its folder must be one too", hint);
            return None;
        }
        found = Some(path);
    }
    found
}

fn source(at: &At<JarSection>, findings: &mut Findings) -> Option<JarSource> {
    let section = &at.value;
    let mut places = Vec::new();
    for object in section.s3.iter().flat_map(|list| &list.value.0) {
        let name = findings.take(object.span, object.value.parse::<ObjectName>(), "an object is s3://BUCKET/KEY");
        places.extend(name.map(Place::S3));
    }
    if let Some(maven) = &section.maven {
        let hint = "a coordinate names one version for ever: GROUP:ARTIFACT:VERSION[:CLASSIFIER][@EXTENSION]";
        places.extend(findings.take(maven.span, maven.value.parse::<Coordinate>(), hint).map(Place::Maven));
    }
    if let Some(url) = &section.url {
        let hint = "write the plain address; credentials come from netrc";
        places.extend(findings.take(url.span, Place::url(&url.value), hint));
        if section.sha256.is_none() {
            let hint = "add `sha256`, from whoever publishes the file";
            findings.report(url.span, "nothing says what is at an address", hint);
        }
    }
    let rule = "the digest of the jar's bytes is `sha256:` and 64 hexadecimal digits in lower case";
    let sha256 = section.sha256.as_ref().map(|digest| findings.take(digest.span, digest.value.parse::<Digest>(), rule));
    if section.s3.is_none() && section.maven.is_none() && section.url.is_none() {
        findings.report(at.span, "a jar needs a place that has it", "say one or more of `s3`, `maven` and `url`");
    }
    let sha256 = match sha256 {
        None => None,
        Some(digest) => Some(digest?),
    };
    (!places.is_empty()).then_some(JarSource { places, sha256 })
}
