//! Package universes from a few lines of text.
//!
//! ```text
//! @bookworm 500                     an archive: codename, priority, and maybe the only names it supplies
//! nginx 1.22-1 required; Depends: libc6 (>= 2), awk | gawk; Conflicts: apache2
//! ```
//! A package line is a name, a version, words (`essential`, `protected`, `all`, `same`, `foreign`, `allowed`, `required`,
//! `important`, or `file=x` for other bytes under the same version), then fields of a stanza, parted by `;`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use mokapot::base::{Arch, Digest};
use mokapot::domain::resolve::{
    Archive, Refusal, Request, Resolution, Universe, UniverseBuilder, UniverseError, resolve,
};
use mokapot::formats::deb::{Package, PoolFile, Stanza, Variant};
use proptest::prelude::*;

/// One package line as a stanza of an index.
pub fn stanza(line: &str) -> String {
    let (head, fields) = line.split_once(';').unwrap_or((line, ""));
    let mut words = head.split_whitespace();
    let (name, version) = (words.next().unwrap(), words.next().unwrap());
    let (mut arch, mut file, mut priority, mut text) = ("amd64", "", "optional", String::new());
    for word in words {
        match word {
            "essential" => text.push_str("Essential: yes\n"),
            "protected" => text.push_str("Protected: yes\n"),
            "all" => arch = "all",
            "arm64" => arch = "arm64",
            "same" | "foreign" | "allowed" => writeln!(text, "Multi-Arch: {word}").unwrap(),
            "required" | "important" | "standard" => priority = word,
            other => file = other.strip_prefix("file=").unwrap(),
        }
    }
    for field in fields.split(';').map(str::trim).filter(|field| !field.is_empty() && !field.ends_with(':')) {
        writeln!(text, "{field}").unwrap();
    }
    let sha256 = Digest::of(format!("{name} {version} {file}").as_bytes());
    writeln!(text, "Package: {name}\nVersion: {version}\nArchitecture: {arch}\nPriority: {priority}").unwrap();
    writeln!(text, "Filename: pool/{name}{file}.deb\nSize: 1\nSHA256: {}", sha256.hex()).unwrap();
    text
}

/// One package line as what an index gives.
pub fn package(line: &str) -> (Package, PoolFile) {
    let text = stanza(line);
    let stanza = Stanza::parse_one(text.as_bytes()).unwrap();
    (Package::from_stanza(&stanza).unwrap(), PoolFile::from_stanza(&stanza).unwrap())
}

/// The universe of a text.
pub fn universe_of(text: &str) -> Result<Universe, UniverseError> {
    let mut builder = UniverseBuilder::new(Arch::Amd64);
    let mut archive = None;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(line) = line.strip_prefix('@') {
            let mut words = line.split_whitespace();
            let codename: Box<str> = words.next().unwrap().into();
            let priority = words.next().map_or(500, |word| word.parse().unwrap());
            let only: std::collections::BTreeSet<_> = words.map(|word| word.parse().unwrap()).collect();
            let only = (!only.is_empty()).then_some(only);
            archive = Some(builder.archive(Archive { suite: codename.clone(), codename, priority, only })?);
            continue;
        }
        let archive = match archive {
            Some(archive) => archive,
            None => {
                let (suite, codename) = ("stable".into(), "bookworm".into());
                *archive.insert(builder.archive(Archive { suite, codename, priority: 500, only: None })?)
            }
        };
        let (package, file) = package(line);
        builder.push(archive, &package, &file)?;
    }
    builder.finish()
}

/// A request: `variant: package …`, with recommendations as `variant+r: …`.
pub fn request(text: &str) -> Request {
    let (variant, packages) = text.split_once(':').unwrap();
    let (variant, recommends) = variant.strip_suffix("+r").map_or((variant, false), |variant| (variant, true));
    let variant: Variant = serde_json::from_value(serde_json::Value::from(variant)).unwrap();
    Request { variant, install: packages.split_whitespace().map(|word| word.parse().unwrap()).collect(), recommends }
}

/// The answer to a request, in a universe that must be sound.
pub fn answer(universe: &str, asked: &str) -> Result<Resolution, Refusal> {
    resolve(&universe_of(universe).unwrap(), &request(asked))
}

/// The answer as `name=version …`.
pub fn chosen(universe: &str, asked: &str) -> String {
    match answer(universe, asked) {
        Ok(resolution) => {
            let packages = resolution.packages.iter();
            packages.map(|chosen| format!("{}={}", chosen.name, chosen.version)).collect::<Vec<_>>().join(" ")
        }
        Err(refusal) => panic!("{asked}: {refusal}"),
    }
}

/// The words of a refusal.
pub fn refused(universe: &str, asked: &str) -> String {
    match answer(universe, asked) {
        Ok(resolution) => panic!("{asked}: {:?}", resolution.packages),
        Err(refusal) => refusal.to_string(),
    }
}

/// A universe of up to twelve names, with whatever relations.
pub fn any_universe() -> impl Strategy<Value = Vec<String>> {
    let name = || (0..12_u8).prop_map(|n| format!("n{n}"));
    let relation = move || {
        let version = prop_oneof![8 => Just(String::new()), 1 => (1..4_u8).prop_map(|v| format!(" (>= {v})")), 1 => (1..4_u8).prop_map(|v| format!(" (<< {v})"))];
        (name(), version).prop_map(|(name, version)| name + &version)
    };
    let group = move || prop::collection::vec(relation(), 1..3).prop_map(|all| all.join(" | "));
    let groups = move |most: usize| prop::collection::vec(group(), 0..most).prop_map(|all| all.join(", "));
    let single = move |most: usize| prop::collection::vec(relation(), 0..most).prop_map(|all| all.join(", "));
    let provided = prop::collection::vec(name(), 0..2).prop_map(|all| all.join(", "));
    let words = prop_oneof![6 => Just(""), 1 => Just("essential"), 1 => Just("required"), 1 => Just("allowed")];
    let line = (name(), 1..4_u8, words, groups(3), groups(3), single(2), single(2), provided).prop_map(
        |(name, version, words, depends, recommends, conflicts, breaks, provides)| {
            format!("{name} {version} {words}; Depends: {depends}; Recommends: {recommends}; Conflicts: {conflicts}; Breaks: {breaks}; Provides: {provides}")
        },
    );
    prop::collection::vec(line, 8..32).prop_map(|lines| {
        // One line a name and version.
        let heads = lines.into_iter().map(|line| {
            let key: Vec<String> = line.split_whitespace().take(2).map(str::to_owned).collect();
            (key, line)
        });
        heads.collect::<BTreeMap<_, _>>().into_values().collect()
    })
}
