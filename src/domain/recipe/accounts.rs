//! Users and groups of a recipe.

use std::collections::BTreeMap;

use super::at::At;
use super::findings::Findings;
use super::model::User;
use super::path::ImagePath;
use super::source::Span;
use super::wire::{GroupSection, UserSection};

/// The largest number of a user or group: the one above it means "no change" to chown(2).
const LAST_ID: u32 = u32::MAX - 1;

const LOGIN: &str =
    "a name is lower-case letters, digits, `_` and `-`, the first a letter or `_`; 32 characters at most";

/// The rule of adduser(8) and useradd(8).
pub(super) fn is_login(text: &str) -> bool {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_') && text.chars().all(word) && text.len() <= 32
}

/// Groups by name.
pub(super) fn groups(list: &[At<GroupSection>], findings: &mut Findings) -> BTreeMap<String, u32> {
    let mut unique = Unique::default();
    let mut groups = BTreeMap::new();
    for At { value: section, .. } in list {
        unique.see(&section.name, &section.gid, "group", findings);
        let name = findings.text(&section.name, is_login, LOGIN);
        let gid = findings.number(&section.gid, 0, LAST_ID);
        if let (Some(name), Some(gid)) = (name, gid) {
            groups.insert(name, gid);
        }
    }
    groups
}

/// Users by name.
pub(super) fn users(list: &[At<UserSection>], findings: &mut Findings) -> BTreeMap<String, User> {
    let mut unique = Unique::default();
    let mut users = BTreeMap::new();
    for At { value: section, .. } in list {
        unique.see(&section.name, &section.uid, "user", findings);
        let name = findings.text(&section.name, is_login, LOGIN);
        let uid = findings.number(&section.uid, 0, LAST_ID);
        let gid = section.gid.as_ref().map_or(uid, |gid| findings.number(gid, 0, LAST_ID));
        let home = field(section.home.as_ref(), "/nonexistent", findings);
        let shell = field(section.shell.as_ref(), "/usr/sbin/nologin", findings);
        let groups = section.groups.iter().filter_map(|group| findings.text(group, is_login, LOGIN)).collect();
        if let (Some(name), Some(uid), Some(gid), Some(home), Some(shell)) = (name, uid, gid, home, shell) {
            users.insert(name, User { uid, gid, home, shell, groups });
        }
    }
    users
}

/// A path that becomes a field of `/etc/passwd`.
fn field(path: Option<&At<String>>, default: &str, findings: &mut Findings) -> Option<ImagePath> {
    let span = path.map_or_else(Span::default, |path| path.span);
    let text = path.map_or(default, |path| &path.value);
    if text.contains(':') {
        findings.report(span, "a path in `/etc/passwd` may hold no `:`", "choose another path");
        return None;
    }
    findings.take(span, ImagePath::new(text), "write the whole path in its one spelling")
}

/// Finds names and numbers that are given twice.
#[derive(Default)]
struct Unique<'a> {
    names: BTreeMap<&'a str, Span>,
    numbers: BTreeMap<i64, Span>,
}

impl<'a> Unique<'a> {
    fn see(&mut self, name: &'a At<String>, number: &At<i64>, what: &str, findings: &mut Findings) {
        if let Some(first) = self.names.insert(&name.value, name.span) {
            let message = format!("the {what} `{}` is there twice", name.value);
            findings.clash(name.span, message, first, "first here", "keep one of them");
        }
        if let Some(first) = self.numbers.insert(number.value, number.span) {
            let message = format!("two {what}s have the number {}", number.value);
            findings.clash(number.span, message, first, "first here", "give each its own number");
        }
    }
}
