//! `[python]`: which Python packages an image has.

use std::collections::BTreeSet;

use pep508_rs::VersionOrUrl;
use serde::Serialize;

use super::at::At;
use super::findings::Findings;
use super::named::NamedFiles;
use super::path::ImagePath;
use super::resolve::is_alias;
use super::wire::PythonSection;
use crate::base::Digest;
use crate::domain::python::{Hashed, Interpreter, parse_requirements};
use crate::formats::wheel::Requirement;

/// The Python packages of an image.
#[derive(Clone, Debug, Serialize)]
pub struct Python {
    /// Alias of the index.
    pub mirror: String,
    /// Who runs them; the one interpreter that the image has, where not said.
    #[serde(serialize_with = "text")]
    pub interpreter: Option<Interpreter>,
    /// The folder that they go to; where pip puts them, if not said.
    pub into: Option<ImagePath>,
    /// What is asked for, in the order of the recipe.
    pub requirements: Vec<Requirement>,
    /// The file of pinned requirements, where there is one. Then there are no others.
    pub file: Option<RequirementsFile>,
}

/// A file of pinned requirements with hashes.
#[derive(Clone, Debug, Serialize)]
pub struct RequirementsFile {
    /// SHA-256 of the file.
    pub sha256: Digest,
    /// What it says.
    #[serde(skip)]
    pub hashed: Vec<Hashed>,
}

fn text<S: serde::Serializer>(interpreter: &Option<Interpreter>, serializer: S) -> Result<S::Ok, S::Error> {
    interpreter.map(|interpreter| interpreter.to_string()).serialize(serializer)
}

/// The section, checked.
pub(super) fn python(
    section: &At<PythonSection>,
    sources: &[&str],
    named: &mut impl NamedFiles,
    findings: &mut Findings,
) -> Option<Python> {
    let span = section.span;
    let section = &section.value;
    let alias = section.mirror.as_ref();
    let mirror = alias.map_or_else(
        || Some("pypi".to_owned()),
        |alias| findings.text(alias, is_alias, "an alias is lower-case letters, digits and `-`, such as `pypi`"),
    );
    let interpreter = section
        .interpreter
        .as_ref()
        .and_then(|at| findings.take(at.span, at.value.parse(), "name it as Debian does: `python3.9`, `python3.11`"));
    let into = section.into.as_ref().and_then(|at| {
        let path = ImagePath::new(&at.value).map_err(|rule| format!("`{}`: {rule}", at.value));
        let path = findings.take(at.span, path, "write the whole path in its one spelling, such as /opt/app/python")?;
        if path.relative().is_empty() {
            findings.report(
                at.span,
                "packages go into a folder, not into the root",
                "name one, such as /opt/app/python",
            );
            return None;
        }
        Some(path)
    });
    let requirements: Vec<Requirement> =
        section.requirements.iter().filter_map(|at| requirement(at, findings)).collect();
    let file = section.requirements_file.as_ref().and_then(|at| file(at, sources, named, findings));
    match (&section.requirements_file, section.requirements.first()) {
        (None, None) => {
            findings.report(span, "`[python]` asks for nothing", "add `requirements` or `requirements-file`")
        }
        (Some(file), Some(first)) => findings.clash(
            first.span,
            "requirements stand beside a file of pinned ones".to_owned(),
            file.span,
            "the file",
            "put them into the file: what is not pinned there is not taken",
        ),
        _ => {}
    }
    Some(Python { mirror: mirror?, interpreter, into, requirements, file })
}

/// The packages that a file of the chain asks for by itself.
pub(super) fn names(section: Option<&At<PythonSection>>) -> BTreeSet<String> {
    let mut known = Findings::default();
    let lines = section.into_iter().flat_map(|section| &section.value.requirements);
    lines.filter_map(|at| requirement(at, &mut known)).map(|requirement| requirement.name.to_string()).collect()
}

const REQUIREMENT: &str =
    "as pip takes it: `numpy==1.26.4`, `pandas[parquet]>=1.5,<2`, `six ; python_version < \"3.10\"`";

fn requirement(at: &At<String>, findings: &mut Findings) -> Option<Requirement> {
    let shown: String = at.value.chars().take(80).collect();
    let parsed = at.value.parse::<Requirement>().map_err(|error| {
        format!("`{shown}` is no requirement: {}", error.message.to_string().lines().next().unwrap_or_default())
    });
    let requirement = findings.take(at.span, parsed, REQUIREMENT)?;
    if let Some(VersionOrUrl::Url(_)) = requirement.version_or_url {
        findings.report(
            at.span,
            format!("`{shown}` names an address"),
            "only packages of the index are taken, by name and version",
        );
        return None;
    }
    Some(requirement)
}

fn file(
    at: &At<String>,
    sources: &[&str],
    named: &mut impl NamedFiles,
    findings: &mut Findings,
) -> Option<RequirementsFile> {
    let from = sources.get(at.span.file).copied().unwrap_or_default();
    let bytes = match named.key(from, &at.value) {
        Ok(bytes) => bytes,
        Err(refusal) => {
            findings.report(at.span, refusal.message, refusal.hint);
            return None;
        }
    };
    let text = std::str::from_utf8(&bytes).map_err(|_| format!("`{}` is not UTF-8", at.value));
    let text = findings.take(at.span, text, "name a file as `pip-compile --generate-hashes` writes it")?;
    let hashed = parse_requirements(text).map_err(|(line, what)| format!("{}:{line}: {what}", at.value));
    let hashed = findings.take(
        at.span,
        hashed,
        "every package is pinned and has its hashes: `NAME==VERSION --hash=sha256:…`, as `pip-compile --generate-hashes` writes it",
    )?;
    if hashed.is_empty() {
        findings.report(at.span, format!("`{}` names no package", at.value), "take the key out, or fill the file");
    }
    Some(RequirementsFile { sha256: Digest::of(&bytes), hashed })
}
