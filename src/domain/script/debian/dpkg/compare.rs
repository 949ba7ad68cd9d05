//! `dpkg --compare-versions`: a relation between two versions, either of which may be empty.

use std::cmp::Ordering;

use super::super::super::process::Process;
use super::super::super::stop::Stop;
use super::super::super::system::System;
use super::super::failure::{Failure, text};
use crate::formats::deb::Version;

/// Whether the relation holds: status 0 or 1.
pub(super) fn compare(system: &mut System<'_>, process: &mut Process, operands: &[Vec<u8>]) -> Result<u8, Failure> {
    let [a, relation, b] = operands else {
        let text = "--compare-versions takes three arguments: <version> <relation> <version>";
        return Err(super::usage(process, text));
    };
    let Some((holds, empty_is_last, obsolete)) = relation_of(relation) else {
        return Err(super::usage(process, "--compare-versions bad relation"));
    };
    if obsolete {
        let text = format!("warning: --compare-versions used with obsolete relation operator '{}'", text(relation));
        process.complain(system, &text)?;
    }
    let a = side(system, process, a)?;
    let b = side(system, process, b)?;
    let order = match (a, b) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) if empty_is_last => Ordering::Greater,
        (Some(_), None) if empty_is_last => Ordering::Less,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (Some(a), Some(b)) => order(&a, &b),
    };
    Ok(u8::from(!holds.contains(&order)))
}

/// The orders that a relation allows, whether an empty version is later than any, and whether nobody should write it.
fn relation_of(relation: &[u8]) -> Option<(&'static [Ordering], bool, bool)> {
    use Ordering::{Equal, Greater, Less};
    Some(match relation {
        b"lt" | b"<<" => (&[Less], false, false),
        b"le" | b"<=" => (&[Less, Equal], false, false),
        b"eq" | b"=" => (&[Equal], false, false),
        b"ne" => (&[Less, Greater], false, false),
        b"ge" | b">=" => (&[Greater, Equal], false, false),
        b"gt" | b">>" => (&[Greater], false, false),
        b"<" => (&[Less, Equal], false, true),
        b">" => (&[Greater, Equal], false, true),
        b"lt-nl" => (&[Less], true, false),
        b"le-nl" => (&[Less, Equal], true, false),
        b"ge-nl" => (&[Greater, Equal], true, false),
        b"gt-nl" => (&[Greater], true, false),
        _ => return None,
    })
}

/// A version of the command line: `None` for an empty one; one that starts with no digit is warned about and taken.
fn side(system: &mut System<'_>, process: &mut Process, version: &[u8]) -> Result<Option<String>, Failure> {
    let version = text(version).trim().to_owned();
    if version.is_empty() {
        return Ok(None);
    }
    match version.parse::<Version>() {
        Ok(_) => Ok(Some(version)),
        Err(_) if lenient(&version).parse::<Version>().is_ok() => {
            let text = format!("warning: version '{version}' has bad syntax: version number does not start with digit");
            process.complain(system, &text)?;
            Ok(Some(version))
        }
        Err(_) if version.contains(char::is_whitespace) => {
            Err(Failure::dpkg(format!("version '{version}' has bad syntax: version string has embedded spaces")))
        }
        Err(_) => Err(Failure::dpkg(format!("version '{version}' has bad syntax"))),
    }
}

fn order(a: &str, b: &str) -> Ordering {
    let parse = |a: &str, b: &str| Some(a.parse::<Version>().ok()?.cmp(&b.parse().ok()?));
    parse(a, b).or_else(|| parse(&lenient(a), &lenient(b))).unwrap_or(Ordering::Equal)
}

/// A version with `0x` before its upstream part: it starts with a digit, and the order of two such is that of the two
/// without.
fn lenient(version: &str) -> String {
    match version.split_once(':') {
        Some((epoch, rest)) => format!("{epoch}:0x{rest}"),
        None => format!("0x{version}"),
    }
}

/// `dpkg --validate-version` and `--validate-pkgname`, `--validate-archname`, `--validate-trigname`.
pub(super) fn validate(what: &str, value: &[u8]) -> Result<u8, Failure> {
    let value = text(value);
    let invalid = |what: &str, reason: &str| Err(Failure::dpkg(format!("{what} '{value}' is invalid: {reason}")));
    let name = |allowed: &dyn Fn(char) -> bool| value.chars().find(|c| !c.is_ascii_alphanumeric() && !allowed(*c));
    let starts = value.starts_with(|c: char| c.is_ascii_alphanumeric());
    match what {
        "version" => match value.parse::<Version>() {
            Ok(_) => Ok(0),
            Err(_) => Err(Failure::dpkg(format!("version '{value}' has bad syntax"))),
        },
        "pkgname" if value.is_empty() => invalid("package name", "may not be empty string"),
        "pkgname" if !starts => invalid("package name", "must start with an alphanumeric character"),
        "pkgname" => match name(&|c| "-+._".contains(c)) {
            Some(c) => invalid(
                "package name",
                &format!("character '{c}' not allowed (only letters, digits and characters '-+._')"),
            ),
            None => Ok(0),
        },
        "archname" if value.is_empty() => invalid("architecture name", "may not be empty string"),
        "archname" if !starts => invalid("architecture name", "must start with an alphanumeric"),
        "archname" => match name(&|c| c == '-') {
            Some(c) => invalid(
                "architecture name",
                &format!("character '{c}' not allowed (only letters, digits and characters '-')"),
            ),
            None => Ok(0),
        },
        _ if value.is_empty() => invalid("trigger name", "empty trigger names are not permitted"),
        _ if !value.bytes().all(|byte| (0x21..0x7f).contains(&byte)) => {
            invalid("trigger name", "trigger name contains invalid character")
        }
        _ => Ok(0),
    }
}

/// `--assert-FEATURE`: whether dpkg can do it.
pub(super) fn assert(process: &Process, feature: &str) -> Result<u8, Failure> {
    match feature {
        "support-predepends" | "working-epoch" | "long-filenames" | "multi-conrep" | "multi-arch"
        | "versioned-provides" | "protected-field" => Ok(0),
        "help" => Err(Stop::unsupported("dpkg", "option --assert-help").into()),
        _ => Err(super::usage(process, "unknown --assert-<feature>")),
    }
}
