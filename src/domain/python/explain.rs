//! Why nothing satisfies a request, for people.

use std::collections::BTreeSet;

use pep440_rs::Version;
use pubgrub::{DefaultStringReporter, DerivationTree, External, Ranges, Reporter as _};

use super::provider::{Node, Provider};
use crate::base::Platform;

/// How many lines a reason has.
const MOST_LINES: usize = 40;

/// The resolver's reasoning, and what the index has of the packages that it names.
pub(super) fn reasons(mut tree: DerivationTree<Node, Ranges<Version>, String>, provider: &Provider<'_>) -> Vec<String> {
    let mut notes = BTreeSet::new();
    missing(&tree, provider, &mut notes);
    tree.collapse_no_versions();
    let text = DefaultStringReporter::report(&tree);
    let text: Vec<String> = text.lines().map(crate::base::redact::printable).collect();
    notes.into_iter().chain(text).take(MOST_LINES).collect()
}

/// Of every package of which there is no version: what there is of it.
fn missing(
    tree: &DerivationTree<Node, Ranges<Version>, String>,
    provider: &Provider<'_>,
    notes: &mut BTreeSet<String>,
) {
    let mut open = vec![tree];
    while let Some(tree) = open.pop() {
        match tree {
            DerivationTree::External(External::NoVersions(node, range)) => {
                let arch = match node {
                    Node::On { arch, .. } => Some(*arch),
                    Node::Recipe | Node::Package(_) => provider.request.environments.first().map(|first| first.arch),
                };
                if let (Some(name), Some(arch)) = (node.name(), arch) {
                    notes.extend(note(provider, name, arch, range));
                }
            }
            DerivationTree::External(_) => {}
            DerivationTree::Derived(derived) => open.extend([&*derived.cause1, &*derived.cause2]),
        }
    }
}

fn note(
    provider: &Provider<'_>,
    name: &pep508_rs::PackageName,
    arch: crate::base::Arch,
    range: &Ranges<Version>,
) -> Option<String> {
    let Some(project) = provider.known.projects.get(name) else {
        return Some(format!("{name}: the index has no such package"));
    };
    let here = Platform(arch);
    if project.wheels.is_empty() {
        let what =
            if project.others { "no wheel of any version, and only wheels are taken" } else { "no such package" };
        return Some(format!("{name}: the index has {what}"));
    }
    let admitted = |version: &&Version| range.contains(version);
    let latest = project.wheels.iter().map(|(wheel, _)| &wheel.version).filter(admitted).max()?;
    let of_it: Vec<_> = project.wheels.iter().filter(|(wheel, _)| wheel.version == *latest).collect();
    let elsewhere = provider.request.environments.iter().find_map(|environment| {
        let fits = |(wheel, _): &&&(_, _)| environment.arch != arch && environment.rank(wheel).is_some();
        of_it.iter().find(fits).map(|(wheel, _)| format!(" for {} it has {wheel}", Platform(environment.arch)))
    });
    let python =
        provider.request.environments.first().map(|environment| environment.python.to_string()).unwrap_or_default();
    let elsewhere = elsewhere.map_or_else(String::new, |text| format!(";{text}"));
    Some(format!("{name} {latest} has no wheel that fits {here}, Python {python} and the image's C library{elsewhere}"))
}
