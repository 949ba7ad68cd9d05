//! What a recipe says for one platform: files, effects, answers, and how containers start.

use std::collections::{BTreeMap, BTreeSet};

use super::at::At;
use super::findings::Findings;
use super::model::{Image, ImageUser, Jar, Principal, Target};
use super::named::NamedFiles;
use super::placed::{self, Places, id};
use super::template::{fill, path};
use super::wire::{ImageSection, RecipeFile};
use super::{accounts, debconf, effects};
use crate::base::Arch;

/// What the recipe says for `arch`.
pub(super) fn target(
    arch: Arch,
    recipe: &RecipeFile,
    jars: &[At<Jar>],
    sources: &[&str],
    named: &mut impl NamedFiles,
    findings: &mut Findings,
) -> Target {
    let mut places = Places::default();
    let directories = placed::directories(&recipe.directory, arch, &mut places, findings);
    let access = placed::access(&recipe.access, arch, &mut places, findings);
    let files = placed::files(&recipe.file, arch, &mut places, sources, named, findings);
    jars.iter().for_each(|jar| places.reserve(&jar.value.path, jar.span, findings));
    places.check(findings);
    let effects = effects::effects(&recipe.effect, arch, sources, named, findings);
    let debconf = debconf::answers(&recipe.debconf, arch, findings);
    Target { directories, files, access, image: settings(&recipe.image, arch, findings), effects, debconf }
}

fn settings(section: &ImageSection, arch: Arch, findings: &mut Findings) -> Image {
    let mut image = Image::default();
    if let Some(at) = &section.user {
        let user = user(&at.value).ok_or_else(|| format!("`{}` is no user", at.value));
        image.user = findings.take(at.span, user, "`USER` or `USER:GROUP`, each a number or a login name");
    }
    image.env = table(&section.env, arch, findings, |key| !key.is_empty() && !key.contains('='), ENV);
    let named = |key: &str| !key.is_empty() && !key.chars().any(char::is_whitespace);
    image.labels = table(&section.labels, arch, findings, named, LABEL);
    image.annotations = table(&section.annotations, arch, findings, named, LABEL);
    image.entrypoint = section.entrypoint.as_ref().map(|words| command(words, arch, findings));
    image.cmd = section.cmd.as_ref().map(|words| command(words, arch, findings));
    image.workdir = section.workdir.as_ref().and_then(|at| path(at, arch, findings));
    image.volumes = section.volumes.iter().filter_map(|at| path(at, arch, findings)).collect();
    image.ports = ports(&section.ports, findings);
    let signal = |text: &str| {
        let name = text.strip_prefix("SIG").is_some_and(|name| {
            !name.is_empty()
                && name.bytes().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == b'+' || c == b'-')
        });
        name || text.parse::<u8>().is_ok_and(|number| (1..=64).contains(&number))
    };
    let stop = section.stop_signal.as_ref();
    image.stop_signal = stop.and_then(|at| findings.text(at, signal, "a signal is a name such as SIGINT, or a number"));
    image
}

const ENV: &str =
    "a variable is written `NAME = \"value\"`; a name is not empty and holds no `=` and no control character";
const LABEL: &str = "a name is not empty and holds no white space, such as org.opencontainers.image.source";

fn table(
    entries: &BTreeMap<At<String>, At<String>>,
    arch: Arch,
    findings: &mut Findings,
    holds: impl Fn(&str) -> bool,
    rule: &str,
) -> BTreeMap<String, String> {
    let mut table = BTreeMap::new();
    for (key, value) in entries {
        let plain = |text: &str| holds(text) && !text.chars().any(char::is_control);
        let (key, value) = (findings.text(key, plain, rule), fill(value, arch, findings));
        if let (Some(key), Some(value)) = (key, value) {
            table.insert(key, value);
        }
    }
    table
}

/// The words of a command; the program itself must be named.
fn command(words: &[At<String>], arch: Arch, findings: &mut Findings) -> Vec<String> {
    if let Some(first) = words.first().filter(|first| first.value.is_empty()) {
        findings.report(first.span, "the program has no name", "name the program by its path in the image");
    }
    words.iter().filter_map(|word| fill(word, arch, findings)).collect()
}

fn ports(list: &[At<String>], findings: &mut Findings) -> BTreeSet<String> {
    let mut ports = BTreeSet::new();
    for at in list {
        let (number, protocol) = at.value.split_once('/').unwrap_or((&at.value, "tcp"));
        let number = id(number).filter(|number| (1..=65_535).contains(number) && matches!(protocol, "tcp" | "udp"));
        let port = number.map(|number| format!("{number}/{protocol}"));
        let rule = "a port is a number from 1 to 65535, or that and `/tcp` or `/udp`";
        ports.extend(findings.take(at.span, port.ok_or_else(|| format!("`{}` is no port", at.value)), rule));
    }
    ports
}

fn user(text: &str) -> Option<ImageUser> {
    let principal = |text: &str| match id(text) {
        Some(id) => Some(Principal::Id(id)),
        None => accounts::is_login(text).then(|| Principal::Name(text.to_owned())),
    };
    match text.split_once(':') {
        Some((user, group)) => Some(ImageUser { user: principal(user)?, group: Some(principal(group)?) }),
        None => Some(ImageUser { user: principal(text)?, group: None }),
    }
}
