//! A package's paragraph in `/var/lib/dpkg/status`, byte for byte as dpkg writes it.
//!
//! dpkg reads a `control` file into a structure and prints that: fields it knows come in its own order, relations are
//! printed anew (`name:arch (op version)`, one blank after each comma and around each bar, an epoch of 0 left out),
//! `Essential: no` and `Multi-Arch: no` vanish; fields it does not know follow in the order read.

use std::fmt::Write as _;

use super::conditions::Condition;
use super::database::State;
use super::facts::Facts;
use crate::formats::deb::Version;
use crate::formats::deb::relation::{self, ParseRelationError};

/// Fields that dpkg knows, in the order in which it writes them (`fieldinfos` in its `lib/dpkg/parse.c`).
const KNOWN: [(&str, Form); 24] = [
    ("Package", Form::Text),
    ("Essential", Form::Yes),
    ("Protected", Form::Yes),
    ("Status", Form::Status),
    ("Priority", Form::Text),
    ("Section", Form::Text),
    ("Installed-Size", Form::Text),
    ("Origin", Form::Text),
    ("Maintainer", Form::Text),
    ("Bugs", Form::Text),
    ("Architecture", Form::Text),
    ("Multi-Arch", Form::MultiArch),
    ("Source", Form::Text),
    ("Version", Form::Version),
    ("Replaces", Form::Relations),
    ("Provides", Form::Relations),
    ("Depends", Form::Relations),
    ("Pre-Depends", Form::Relations),
    ("Recommends", Form::Relations),
    ("Suggests", Form::Relations),
    ("Breaks", Form::Relations),
    ("Conflicts", Form::Relations),
    ("Enhances", Form::Relations),
    ("Conffiles", Form::Conffiles),
];

/// Fields of the database itself: a `control` file that carries them would speak in dpkg's name, so they are left out
/// (dpkg ignores or refuses them there, too). `Description` is known, and comes after all the others that are.
const NEVER: [&str; 8] = [
    "Config-Version",
    "Filename",
    "Size",
    "MD5sum",
    "MSDOS-Filename",
    "Triggers-Pending",
    "Triggers-Awaited",
    "Revision",
];

/// How a field is printed.
#[derive(Clone, Copy)]
enum Form {
    /// As it was read.
    Text,
    /// A version, an epoch of 0 left out.
    Version,
    /// Only if it is `yes`.
    Yes,
    /// Only if it is not `no`.
    MultiArch,
    /// Ours, not the package's.
    Status,
    /// Relations, printed anew.
    Relations,
    /// Ours, not the package's.
    Conffiles,
}

/// Appends the paragraph of a package, with the empty line that ends it.
///
/// # Errors
/// When one of the relations is malformed.
pub fn write(facts: &Facts, state: State, out: &mut String) -> Result<(), ParseRelationError> {
    paragraph(facts, state.words(), state, &[], out)
}

/// Appends the paragraph of a package that dpkg is at work with: nothing if it is not there, a few fields while it is
/// unpacked, later all of them, with the triggers that wait for it (`pending`) and the packages whose triggers it awaits.
///
/// # Errors
/// As [`write()`].
pub fn write_condition(
    facts: &Facts,
    condition: Condition,
    pending: &[String],
    awaited: &[&str],
    out: &mut String,
) -> Result<(), ParseRelationError> {
    let state = match condition {
        Condition::NotInstalled => return Ok(()),
        Condition::HalfInstalled => {
            let few = ["Package", "Priority", "Section", "Architecture", "Multi-Arch", "Version"];
            let fields = facts.fields.iter().filter(|(name, _)| few.iter().any(|few| few.eq_ignore_ascii_case(name)));
            let few = Facts { fields: fields.cloned().collect(), ..Facts::default() };
            return paragraph(&few, condition.words(), State::Unpacked, &[], out);
        }
        Condition::Unpacked => State::Unpacked,
        _ => State::Installed,
    };
    let triggers = [("Triggers-Pending", pending.join(" ")), ("Triggers-Awaited", awaited.join(" "))];
    paragraph(facts, condition.words(), state, &triggers, out)
}

fn paragraph(
    facts: &Facts,
    status: &str,
    state: State,
    triggers: &[(&str, String)],
    out: &mut String,
) -> Result<(), ParseRelationError> {
    let get = |name: &str| facts.fields.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str());
    for (name, form) in KNOWN {
        match form {
            Form::Status => line(out, name, status),
            Form::Conffiles => conffiles(out, facts, state),
            Form::Text | Form::Version | Form::Yes | Form::MultiArch | Form::Relations => {
                let Some(value) = get(name) else { continue };
                match form {
                    Form::Yes if value != "yes" => {}
                    Form::MultiArch if value == "no" => {}
                    Form::Version => match value.parse() {
                        Ok(version) => line(out, name, shown(&version)),
                        Err(_) => line(out, name, value),
                    },
                    Form::Relations => {
                        let text = relations(value)?;
                        if !text.is_empty() {
                            line(out, name, &text);
                        }
                    }
                    _ => line(out, name, value),
                }
            }
        }
    }
    if let Some(text) = get("Description") {
        line(out, "Description", text);
    }
    for (name, text) in triggers.iter().filter(|(_, text)| !text.is_empty()) {
        line(out, name, text);
    }
    for (name, value) in &facts.fields {
        let known = KNOWN.iter().map(|(known, _)| *known).chain(NEVER).chain(["Description"]);
        if !known.into_iter().any(|known| known.eq_ignore_ascii_case(name)) {
            line(out, name, value);
        }
    }
    out.push('\n');
    Ok(())
}

fn line(out: &mut String, name: &str, value: &str) {
    out.push_str(name);
    out.push_str(": ");
    // A value that brought an empty line or an unindented one would start something new: it cannot, whatever was parsed.
    for (i, part) in value.lines().enumerate() {
        match (i, part.trim_start().is_empty()) {
            (0, _) => out.push_str(part),
            (_, true) => out.push_str("\n ."),
            (_, false) if part.starts_with([' ', '\t']) => {
                out.push('\n');
                out.push_str(part);
            }
            (_, false) => {
                out.push_str("\n ");
                out.push_str(part);
            }
        }
    }
    out.push('\n');
}

fn conffiles(out: &mut String, facts: &Facts, state: State) {
    if facts.conffiles.is_empty() {
        return;
    }
    out.push_str("Conffiles:\n");
    for conffile in &facts.conffiles {
        let hash = match (&conffile.md5, state) {
            (Some(md5), State::Installed) => md5,
            (Some(_), State::Unpacked) => "newconffile",
            (None, _) => "newconffile remove-on-upgrade",
        };
        let _ = writeln!(out, " {} {hash}", conffile.path);
    }
}

fn relations(value: &str) -> Result<String, ParseRelationError> {
    let mut text = String::new();
    for (i, group) in relation::parse_field(value)?.iter().enumerate() {
        text.push_str(if i == 0 { "" } else { ", " });
        for (j, relation) in group.iter().enumerate() {
            text.push_str(if j == 0 { "" } else { " | " });
            text.push_str(relation.name.as_str());
            if let Some(qualifier) = &relation.qualifier {
                let _ = write!(text, ":{qualifier}");
            }
            if let Some((operator, version)) = &relation.version {
                let _ = write!(text, " ({operator} {})", shown(version));
            }
        }
    }
    Ok(text)
}

/// A version as dpkg prints it.
fn shown(version: &Version) -> &str {
    if version.epoch() == 0 { version.without_epoch() } else { version.as_str() }
}
