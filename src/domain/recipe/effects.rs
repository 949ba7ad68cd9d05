//! Sections that stand for maintainer scripts which are not interpreted: waivers, and effects that say what a script leaves.

use std::collections::{BTreeMap, BTreeSet};

use super::accounts;
use super::at::{At, OneOrMore};
use super::findings::Findings;
use super::model::Effect;
use super::named::NamedFiles;
use super::placed::{self, Places};
use super::source::Span;
use super::wire::{EffectSection, WaiveSection};
use crate::base::{Arch, Digest};
use crate::formats::deb::PackageName;

/// Reasons by script.
pub(super) fn waivers(list: &[At<WaiveSection>], findings: &mut Findings) -> BTreeMap<String, String> {
    let mut waivers = BTreeMap::new();
    for At { value: section, .. } in list {
        let script = script(&section.script, findings);
        let reason = reason(&section.reason, "say why the image is right without it", findings);
        if let (Some(script), Some(reason)) = (script, reason) {
            waivers.insert(script, reason);
        }
    }
    waivers
}

/// Effects for `arch`, by script.
pub(super) fn effects(
    list: &[At<EffectSection>],
    arch: Arch,
    sources: &[&str],
    named: &mut impl NamedFiles,
    findings: &mut Findings,
) -> BTreeMap<String, Effect> {
    let mut effects = BTreeMap::new();
    for At { value: section, .. } in list {
        let script = script(&section.script, findings);
        let reason = reason(&section.reason, "say how this is known to be what the script leaves", findings);
        let mut places = Places::default();
        let directories = placed::directories(&section.directory, arch, &mut places, findings);
        let files = placed::files(&section.file, arch, &mut places, sources, named, findings);
        places.check(findings);
        let groups = accounts::groups(&section.group, findings);
        let users = accounts::users(&section.user, findings);
        if section.leaves_nothing() {
            let hint = "name files, directories, users or groups; or write a `[[waive]]`";
            findings.report(section.script.span, "the effect leaves nothing", hint);
        }
        let sha256 = section.sha256.as_ref().map(|list| digests(list, findings)).unwrap_or_default();
        if let (Some(script), Some(reason)) = (script, reason) {
            effects.insert(script, Effect { reason, sha256, directories, files, users, groups });
        }
    }
    effects
}

/// Notes scripts that more than one section stands for.
pub(super) fn once(waivers: &[At<WaiveSection>], effects: &[At<EffectSection>], findings: &mut Findings) {
    let waived = waivers.iter().map(|section| (&section.value.script, "is waived"));
    let given = effects.iter().map(|section| (&section.value.script, "is given an effect"));
    let mut seen: BTreeMap<&str, (Span, &str)> = BTreeMap::new();
    for (script, what) in waived.chain(given) {
        let Some((first, before)) = seen.insert(&script.value, (script.span, what)) else { continue };
        let (message, hint) = if before == what {
            (format!("`{}` {what} twice", script.value), "keep one of them")
        } else {
            (format!("`{}` {before} and {what}", script.value), "keep the waiver or the effect")
        };
        findings.clash(script.span, message, first, &format!("it {before} here"), hint);
    }
}

/// `PACKAGE/KIND` of a script that runs while a fresh system is installed.
fn script(at: &At<String>, findings: &mut Findings) -> Option<String> {
    const RULE: &str = "a script is PACKAGE/preinst, PACKAGE/config or PACKAGE/postinst";
    let (package, kind) = at.value.split_once('/').unwrap_or((&at.value, ""));
    findings.take(at.span, package.parse::<PackageName>(), RULE)?;
    let shown: String = at.value.chars().take(80).collect();
    match kind {
        "preinst" | "config" | "postinst" => return Some(at.value.clone()),
        "prerm" | "postrm" => findings.report(
            at.span,
            format!("`{shown}` never runs while an image is made"),
            "take this section out: a fresh install runs preinst, config and postinst",
        ),
        _ => findings.report(at.span, format!("`{shown}` is no script"), RULE),
    }
    None
}

fn reason(at: &At<String>, hint: &str, findings: &mut Findings) -> Option<String> {
    findings.text(at, |text| !text.trim().is_empty(), hint)
}

/// What the script's bytes may be.
fn digests(list: &At<OneOrMore<String>>, findings: &mut Findings) -> BTreeSet<Digest> {
    let rule = "the digest of the script's bytes is `sha256:` and 64 hexadecimal digits in lower case";
    if list.value.0.is_empty() {
        findings.report(list.span, "no script has none of the digests", "name one, or take `sha256` out");
    }
    list.value.0.iter().filter_map(|digest| findings.take(digest.span, digest.value.parse(), rule)).collect()
}
