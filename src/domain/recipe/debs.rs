//! Packages at addresses: one file for all platforms, or one for each.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use super::at::At;
use super::findings::Findings;
use super::model::Deb;
use super::place::Place;
use super::template;
use super::wire::DebSection;
use crate::base::{Arch, Digest, Platform};

/// The packages that the sections name for `platforms`. A section need not have a file for every platform, but must have one for one.
pub(super) fn debs(list: &[At<DebSection>], platforms: &BTreeSet<Arch>, findings: &mut Findings) -> BTreeSet<Deb> {
    list.iter().flat_map(|at| section(at, platforms, findings)).collect()
}

/// What the sections hint at, by address.
pub(super) fn hints(
    list: &[At<DebSection>],
    platforms: &BTreeSet<Arch>,
    findings: &mut Findings,
) -> BTreeMap<Url, String> {
    let mut hints = BTreeMap::new();
    for at in list {
        let Some(hint) = &at.value.hint else { continue };
        let rule = "say in a line what to do where the address cannot be reached";
        let Some(text) = findings.text(hint, |text| !text.trim().is_empty() && !text.contains('\n'), rule) else {
            continue;
        };
        let debs = section(at, platforms, &mut Findings::default());
        hints.extend(debs.into_iter().map(|deb| (deb.url, text.clone())));
    }
    hints
}

fn section(at: &At<DebSection>, platforms: &BTreeSet<Arch>, findings: &mut Findings) -> Vec<Deb> {
    let DebSection { url, sha256, amd64, arm64, hint: _ } = &at.value;
    let each = BTreeMap::from([(Arch::Amd64, amd64.as_ref()), (Arch::Arm64, arm64.as_ref())]);
    if sha256.is_some() && each.values().any(Option::is_some) {
        let hint = "say `sha256` where one file is for all platforms, else `amd64` and `arm64`";
        findings.report(at.span, "there is a digest for all platforms, and one for some", hint);
    }
    if sha256.is_none() && each.values().all(Option::is_none) {
        let hint =
            "add `amd64` and `arm64`, or `sha256` where one file is for all platforms: from whoever publishes it";
        findings.report(at.span, "nothing says what is at the address", hint);
    }
    let mut debs = Vec::new();
    for arch in platforms {
        let Some(digest) = sha256.as_ref().or_else(|| each.get(arch).copied().flatten()) else { continue };
        let rule = "the digest of the file's bytes is `sha256:` and 64 hexadecimal digits in lower case";
        let sha256 = findings.take(digest.span, digest.value.parse::<Digest>(), rule);
        let place = template::fill(url, *arch, findings).and_then(|text| {
            findings.take(url.span, Place::url(&text), "write the plain address; credentials come from netrc")
        });
        if let (Some(sha256), Some(Place::Url(url))) = (sha256, place) {
            debs.push(Deb { platform: Platform(*arch), url, sha256 });
        }
    }
    debs
}
