//! What a recipe says for one platform: files, and how containers start, with placeholders filled in.

use std::collections::{BTreeMap, BTreeSet};

use super::at::At;
use super::findings::Findings;
use super::model::{Content, FileEntry, Image, ImageUser, Principal, Target};
use super::named::NamedFiles;
use super::path::ImagePath;
use super::source::Span;
use super::wire::{FileSection, ImageSection};
use super::{accounts, template};
use crate::base::Arch;

const PATH: &str = "write the whole path in its one spelling, such as /opt/app/run.sh";

/// The recipe's files and image settings for `arch`.
pub(super) fn target(
    arch: Arch,
    files: &[At<FileSection>],
    image: &ImageSection,
    sources: &[&str],
    named: &mut impl NamedFiles,
    findings: &mut Findings,
) -> Target {
    let mut entries: BTreeMap<ImagePath, FileEntry> = BTreeMap::new();
    let mut places: BTreeMap<ImagePath, Span> = BTreeMap::new();
    for At { span, value: section } in files {
        let path = path(&section.path, arch, findings);
        let entry = file(section, *span, arch, sources, named, findings);
        let Some(path) = path else { continue };
        if path.relative().is_empty() {
            findings.report(section.path.span, "`/` is no place for a file", PATH);
        }
        if let Some(first) = places.insert(path.clone(), section.path.span) {
            let message = format!("`{path}` is there twice");
            findings.clash(section.path.span, message, first, "first here", "keep one of them");
        }
        if let Some(entry) = entry {
            entries.insert(path, entry);
        }
    }
    nested(&places, findings);
    Target { files: entries, image: settings(image, arch, findings) }
}

/// Paths of which one lies below another, which is a file or a link and can hold nothing.
fn nested(places: &BTreeMap<ImagePath, Span>, findings: &mut Findings) {
    let mut above: Vec<(&ImagePath, Span)> = Vec::new();
    let mut ordered: Vec<_> = places.iter().collect();
    ordered.sort_by_key(|(path, _)| path.as_str().split('/').collect::<Vec<_>>());
    for (path, span) in ordered {
        while above.last().is_some_and(|(parent, _)| !path.is_below(parent)) {
            above.pop();
        }
        if let Some((parent, first)) = above.last() {
            let message = format!("`{path}` lies below `{parent}`, which is no folder");
            findings.clash(*span, message, *first, "this is a file or a link", "move one of them");
        }
        above.push((path, *span));
    }
}

/// The text with its placeholders filled in.
fn fill(at: &At<String>, arch: Arch, findings: &mut Findings) -> Option<String> {
    match template::fill(&at.value, arch) {
        Ok(text) if !text.contains('\0') => Some(text),
        Ok(_) => {
            findings.report(at.span, "a value may hold no NUL", "take it out");
            None
        }
        Err((message, hint)) => {
            findings.report(at.span, message, hint);
            None
        }
    }
}

fn path(at: &At<String>, arch: Arch, findings: &mut Findings) -> Option<ImagePath> {
    let text = fill(at, arch, findings)?;
    let shown: String = text.chars().take(80).collect();
    findings.take(at.span, ImagePath::new(&text).map_err(|rule| format!("`{shown}`: {rule}")), PATH)
}

fn file(
    section: &FileSection,
    span: Span,
    arch: Arch,
    sources: &[&str],
    named: &mut impl NamedFiles,
    findings: &mut Findings,
) -> Option<FileEntry> {
    let content = match (&section.source, &section.content, &section.symlink) {
        (Some(source), None, None) => {
            let from = sources.get(source.span.file).copied().unwrap_or_default();
            match named.source(from, &fill(source, arch, findings)?) {
                Ok(file) => Some(Content::Source(file)),
                Err(refusal) => {
                    findings.report(source.span, refusal.message, refusal.hint);
                    None
                }
            }
        }
        (None, Some(text), None) => Some(Content::Inline(text.value.clone())),
        (None, None, Some(link)) => {
            if let Some(at) = section.mode.as_ref().or(section.owner.as_ref()).filter(|_| section.mode.is_some()) {
                findings.report(at.span, "a symbolic link has no mode of its own", "take `mode` out");
            }
            let rule = "a link points somewhere: 1 to 4095 bytes without control characters";
            let target = At { span: link.span, value: fill(link, arch, findings)? };
            let holds = |text: &str| (1..4096).contains(&text.len()) && !text.chars().any(char::is_control);
            findings.text(&target, holds, rule).map(Content::Symlink)
        }
        _ => {
            let hint = "say exactly one of `source`, `content` and `symlink`";
            findings.report(span, "a file needs its content, once", hint);
            None
        }
    };
    let mode = section.mode.as_ref().map_or(Some(0o644), |at| {
        let digits = |text: &str| matches!(text.len(), 3..=5) && text.bytes().all(|c| (b'0'..=b'7').contains(&c));
        let mode = u32::from_str_radix(&at.value, 8).ok().filter(|mode| digits(&at.value) && *mode <= 0o7777);
        findings.take(
            at.span,
            mode.ok_or_else(|| format!("`{}` is no mode", at.value)),
            "a mode is a string of octal digits, such as \"0755\"",
        )
    });
    let owner = section.owner.as_ref().map_or(Some((0, 0)), |at| {
        let owner = at.value.split_once(':').and_then(|(uid, gid)| Some((id(uid)?, id(gid)?)));
        findings.take(
            at.span,
            owner.ok_or_else(|| format!("`{}` is no owner", at.value)),
            "an owner is two numbers, \"UID:GID\", since names may differ between images",
        )
    });
    let mode = if section.symlink.is_some() { Some(0o777) } else { mode };
    let ((uid, gid), mode, content) = (owner?, mode?, content?);
    Some(FileEntry { content, mode, uid, gid })
}

/// A number of a user or group, in decimal digits.
fn id(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    text.parse().ok().filter(|id| digits && *id != u32::MAX)
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
