//! What a recipe or an effect lays into the image: files, links and directories, and the rules of their places.

use std::collections::BTreeMap;

use super::at::At;
use super::findings::Findings;
use super::model::{Access, Content, DirectoryEntry, FileEntry};
use super::named::NamedFiles;
use super::path::ImagePath;
use super::source::Span;
use super::template::{fill, path};
use super::wire::{AccessSection, DirectorySection, FileSection};
use crate::base::Arch;

/// Paths that are taken, with where the recipe says so. A path is taken once, and a file holds nothing.
#[derive(Default)]
pub(super) struct Places(BTreeMap<ImagePath, Place>);

struct Place {
    span: Span,
    what: What,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    File,
    /// It may lead to a directory; the tree tells.
    Link,
    Directory,
}

impl Places {
    /// The path that is meant for `arch`, if it can be one of this tree.
    fn take(&mut self, at: &At<String>, arch: Arch, what: What, findings: &mut Findings) -> Option<ImagePath> {
        let path = path(at, arch, findings)?;
        if path.relative().is_empty() {
            findings.report(at.span, "`/` is no place for a file or a directory", "write a path below it");
        }
        self.insert(&path, Place { span: at.span, what }, findings);
        Some(path)
    }

    /// Notes that a file of another section stands there.
    pub(super) fn reserve(&mut self, path: &ImagePath, span: Span, findings: &mut Findings) {
        self.insert(path, Place { span, what: What::File }, findings);
    }

    fn insert(&mut self, path: &ImagePath, place: Place, findings: &mut Findings) {
        let span = place.span;
        if let Some(first) = self.0.insert(path.clone(), place).filter(|first| first.span != span) {
            findings.clash(span, format!("`{path}` is there twice"), first.span, "first here", "keep one of them");
        }
    }

    /// Paths that lie below a file.
    pub(super) fn check(&self, findings: &mut Findings) {
        let mut above: Vec<(&ImagePath, Span)> = Vec::new();
        let mut ordered: Vec<_> = self.0.iter().collect();
        ordered.sort_by_key(|(path, _)| path.as_str().split('/').collect::<Vec<_>>());
        for (path, place) in ordered {
            while above.last().is_some_and(|(parent, _)| !path.is_below(parent)) {
                above.pop();
            }
            if let Some((parent, first)) = above.last() {
                let message = format!("`{path}` lies below `{parent}`, which is no folder");
                findings.clash(place.span, message, *first, "this is a file", "move one of them");
            }
            if place.what == What::File {
                above.push((path, place.span));
            }
        }
    }
}

/// Files and links for `arch`, by path.
pub(super) fn files(
    list: &[At<FileSection>],
    arch: Arch,
    places: &mut Places,
    sources: &[&str],
    named: &mut impl NamedFiles,
    findings: &mut Findings,
) -> BTreeMap<ImagePath, FileEntry> {
    let mut entries = BTreeMap::new();
    for At { span, value: section } in list {
        let what = if section.symlink.is_some() { What::Link } else { What::File };
        let path = places.take(&section.path, arch, what, findings);
        let entry = file(section, *span, arch, sources, named, findings);
        if let (Some(path), Some(entry)) = (path, entry) {
            entries.insert(path, entry);
        }
    }
    entries
}

/// Directories for `arch`, by path.
pub(super) fn directories(
    list: &[At<DirectorySection>],
    arch: Arch,
    places: &mut Places,
    findings: &mut Findings,
) -> BTreeMap<ImagePath, DirectoryEntry> {
    let mut entries = BTreeMap::new();
    for At { value: section, .. } in list {
        let path = places.take(&section.path, arch, What::Directory, findings);
        let mode = mode(section.mode.as_ref(), 0o755, findings);
        let owner = owner_or_root(section.owner.as_ref(), findings);
        if let (Some(path), Some(mode), Some((uid, gid))) = (path, mode, owner) {
            entries.insert(path, DirectoryEntry { mode, uid, gid });
        }
    }
    entries
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
    let mode = mode(section.mode.as_ref(), 0o644, findings);
    let owner = owner_or_root(section.owner.as_ref(), findings);
    let mode = if section.symlink.is_some() { Some(0o777) } else { mode };
    let ((uid, gid), mode, content) = (owner?, mode?, content?);
    Some(FileEntry { content, mode, uid, gid })
}

/// Modes and owners for `arch`, by path.
pub(super) fn access(
    list: &[At<AccessSection>],
    arch: Arch,
    places: &mut Places,
    findings: &mut Findings,
) -> BTreeMap<ImagePath, Access> {
    let mut entries = BTreeMap::new();
    for At { span, value: section } in list {
        let path = places.take(&section.path, arch, What::Link, findings);
        let mode = section.mode.as_ref().map(|at| bits(at, findings));
        let owner = section.owner.as_ref().map(|at| owner(at, findings));
        if mode.is_none() && owner.is_none() {
            findings.report(*span, "nothing is said of who may do what", "say `mode`, `owner` or both");
        }
        if let Some(path) = path {
            entries.insert(path, Access { mode: mode.flatten(), owner: owner.flatten() });
        }
    }
    entries
}

pub(super) fn mode(at: Option<&At<String>>, default: u32, findings: &mut Findings) -> Option<u32> {
    at.map_or(Some(default), |at| bits(at, findings))
}

/// Permission bits.
fn bits(at: &At<String>, findings: &mut Findings) -> Option<u32> {
    let digits = |text: &str| matches!(text.len(), 3..=5) && text.bytes().all(|c| (b'0'..=b'7').contains(&c));
    let mode = u32::from_str_radix(&at.value, 8).ok().filter(|mode| digits(&at.value) && *mode <= 0o7777);
    let mode = mode.ok_or_else(|| format!("`{}` is no mode", at.value));
    findings.take(at.span, mode, "a mode is a string of octal digits, such as \"0755\"")
}

/// The numbers of user and group; root's where not said.
fn owner_or_root(at: Option<&At<String>>, findings: &mut Findings) -> Option<(u32, u32)> {
    at.map_or(Some((0, 0)), |at| owner(at, findings))
}

/// The numbers of user and group.
fn owner(at: &At<String>, findings: &mut Findings) -> Option<(u32, u32)> {
    let owner = at.value.split_once(':').and_then(|(uid, gid)| Some((id(uid)?, id(gid)?)));
    let owner = owner.ok_or_else(|| format!("`{}` is no owner", at.value));
    findings.take(at.span, owner, "an owner is two numbers, \"UID:GID\", since names may differ between images")
}

/// A number of a user or group, in decimal digits.
pub(super) fn id(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    text.parse().ok().filter(|id| digits && *id != u32::MAX)
}
