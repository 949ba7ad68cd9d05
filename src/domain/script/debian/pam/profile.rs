//! Profiles in `/usr/share/pam-configs`: what a package wants in the stacks, a field a stack.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::super::pattern::{lines, split};
use crate::domain::script::stop::Stop;
use crate::domain::script::system::System;

/// Modules that no longer exist; a profile that names one counts for nothing.
const GONE: [&[u8]; 1] = [b"pam_tally"];

/// A profile: fields by name, in the order that matters to nobody.
#[derive(Default)]
pub(super) struct Profile {
    fields: BTreeMap<Vec<u8>, Vec<u8>>,
    conflicts: BTreeSet<Vec<u8>>,
}

/// All profiles by name.
pub(super) type Profiles = BTreeMap<Vec<u8>, Profile>;

impl Profile {
    /// Reads a profile, deb822 in a way: a line that starts a field, lines that go on with it. `None` where it names a
    /// module that is gone. `answered`: `Session-Interactive-Only` counts only when it says `yes`.
    fn parse(text: &[u8], answered: bool) -> Option<Self> {
        let mut profile = Self::default();
        let mut name = Vec::new();
        for line in lines(text) {
            let end = line.iter().position(u8::is_ascii_whitespace);
            let head = end.and_then(|end| line.get(..end)?.strip_suffix(b":")).filter(|head| !head.is_empty());
            let Some(head) = head else {
                profile.go_on(&name, line.trim_ascii());
                if profile.fields.get(&name).is_some_and(|value| GONE.iter().any(|gone| contains(value, gone))) {
                    return None;
                }
                continue;
            };
            // What the first profiles called final needs no other name now.
            name = head.strip_suffix(b"-Final").unwrap_or(head).to_vec();
            let value = line.get(head.len() + 1..).unwrap_or_default().trim_ascii_start();
            let value = value.strip_suffix(b"\n").unwrap_or(value);
            if name == b"Conflicts" {
                profile.conflicts.extend(split(value, b", "));
            } else {
                profile.fields.insert(name.clone(), value.to_vec());
            }
        }
        let interactive = profile.fields.get(&b"Session-Interactive-Only"[..]);
        if interactive.is_none_or(|value| answered && value != b"yes") {
            for suffix in ["-Type", "", "-Initial"] {
                let from = format!("Session{suffix}").into_bytes();
                if let Some(value) = profile.fields.get(&from).cloned() {
                    profile.fields.insert(format!("Session-noninteractive{suffix}").into_bytes(), value);
                }
            }
        }
        Some(profile)
    }

    /// Adds a line to a field.
    fn go_on(&mut self, name: &[u8], line: &[u8]) {
        let value = self.fields.entry(name.to_vec()).or_default();
        if !line.is_empty() && line != b"0" {
            value.push(b'\n');
            value.extend(line);
        }
        *value = value.trim_ascii_start().to_vec();
    }

    fn field(&self, name: &str) -> &[u8] {
        self.fields.get(name.as_bytes()).map(Vec::as_slice).unwrap_or_default()
    }

    /// What debconf shows for it.
    pub(super) fn title(&self) -> &[u8] {
        self.field("Name")
    }

    /// Whether it is chosen where nobody chose.
    pub(super) fn is_default(&self) -> bool {
        self.field("Default") == b"yes"
    }

    /// Whether it cannot stand beside another one.
    pub(super) fn conflicts_with(&self, other: &[u8]) -> bool {
        self.conflicts.contains(other)
    }

    /// The block that it wants to be in, of a stack (`Auth`, `Session-noninteractive`); empty for none.
    pub(super) fn block(&self, stack: &str) -> &[u8] {
        self.field(&format!("{stack}-Type"))
    }

    /// Its lines for a stack; where it is the first of its block, those it has for that case.
    pub(super) fn lines(&self, stack: &str, first: bool) -> &[u8] {
        let initial = self.fields.get(format!("{stack}-Initial").as_bytes());
        match initial.filter(|lines| first && !lines.is_empty() && *lines != b"0") {
            Some(lines) => lines,
            None => self.field(stack),
        }
    }

    /// Its priority, as Perl reads a number.
    fn priority(&self) -> i64 {
        let text = self.field("Priority").trim_ascii_start();
        let digits =
            text.iter().enumerate().take_while(|(at, byte)| byte.is_ascii_digit() || (*at == 0 && **byte == b'-'));
        text.get(..digits.count()).and_then(|number| std::str::from_utf8(number).ok()?.parse().ok()).unwrap_or_default()
    }
}

/// Reads all profiles of a folder.
///
/// # Errors
/// The folder's own, as a message.
pub(super) fn read(system: &mut System<'_>, folder: &[u8], answered: bool) -> Result<Result<Profiles, String>, Stop> {
    let names = match system.names(folder) {
        Ok(names) => names,
        Err(error) => return Ok(Err(format!("could not open config directory: {error}"))),
    };
    let mut profiles = Profiles::new();
    for name in names {
        system.budget.step(1)?;
        if name.ends_with(b"~") || (name.len() > 2 && name.starts_with(b"#") && name.ends_with(b"#")) {
            continue;
        }
        let text = system.read(&[folder, b"/", &name].concat()).unwrap_or_default();
        if let Some(profile) = Profile::parse(&text, answered) {
            profiles.insert(name, profile);
        }
    }
    Ok(Ok(profiles))
}

/// Names by falling priority, those of the same priority by falling name.
pub(super) fn sort(names: &mut [Vec<u8>], profiles: &Profiles) {
    names.sort_by_key(|name| Reverse((profiles.get(name).map_or(0, Profile::priority), name.clone())));
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_the_program_reads_them() {
        let text = b"Name: Some thing \nDefault: yes\nPriority: 192\nConflicts: a, b\nAuth-Type: Primary\n\
                     Auth-Final:\n\t[success=end default=ignore]\tpam_x.so\n\n\tother\nAuth-Initial:\n\tfirst\nSession-Type: \
                     Additional\nSession:\n\trequired pam_y.so\n";
        let profile = Profile::parse(text, false).unwrap();
        assert_eq!(profile.title(), b"Some thing ");
        assert!(profile.is_default() && profile.conflicts_with(b"b") && !profile.conflicts_with(b"c"));
        assert_eq!(profile.priority(), 192);
        assert_eq!(profile.lines("Auth", false), b"[success=end default=ignore]\tpam_x.so\nother");
        assert_eq!(profile.lines("Auth", true), b"first");
        assert_eq!(profile.block("Session-noninteractive"), b"Additional");
        assert!(Profile::parse(b"Auth:\n\trequired pam_tally2.so\n", false).is_none());
        let only = b"Session-Type: Additional\nSession-Interactive-Only: no\n";
        assert_eq!(Profile::parse(only, false).unwrap().block("Session-noninteractive"), b"");
        assert_eq!(Profile::parse(only, true).unwrap().block("Session-noninteractive"), b"Additional");
    }
}
