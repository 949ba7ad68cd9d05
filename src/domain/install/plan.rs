//! In which calls of dpkg a fresh system comes to be, as mmdebstrap makes them.
//!
//! 1. The *base* (what `Essential` packages need) is extracted without any script, then installed by one
//!    `dpkg --install --force-depends`, in the order in which apt would unpack it on an empty system.
//! 2. `apt-get install` brings the rest on top: runs of `dpkg --unpack` and `dpkg --configure NAME…`, both with
//!    `--no-triggers`, and at the end `dpkg --configure --pending`.
//!
//! What order dpkg itself keeps within a call is for [`super::dpkg_order`] to say.

use std::collections::BTreeSet;

use super::apt_order::Known;
use super::apt_steps::{Deed, deeds};
use super::relations::Satisfiers;
use crate::formats::deb::Package;

/// One call of dpkg. Packages are known by their places in the slice that was planned for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// `dpkg --install --force-depends FILE…`
    Install(Vec<usize>),
    /// `dpkg --no-triggers --unpack FILE…`
    Unpack(Vec<usize>),
    /// `dpkg --no-triggers --configure NAME…`
    Configure(Vec<usize>),
    /// `dpkg --configure --pending`
    ConfigurePending,
}

/// The calls for `packages`, of which `base` are the base's: see [`base`]; for a variant without `Essential` packages
/// mmdebstrap (`--variant=custom`) takes all. A package's `Priority` should be the archive's, which apt goes by, and which
/// differs from the control file's now and then. Every package is in exactly one [`Call::Install`] or
/// [`Call::Unpack`]. The order of the slice does not matter.
#[must_use]
pub fn plan(packages: &[&Package], base: &BTreeSet<usize>) -> Vec<Call> {
    let mut calls = Vec::new();
    let (places, members): (Vec<usize>, Vec<&Package>) =
        packages.iter().enumerate().filter(|(i, _)| base.contains(i)).map(|(i, package)| (i, *package)).unzip();
    if !members.is_empty() {
        let nothing = vec![false; members.len()];
        // apt has the base alone before it, so what else is to come has no say.
        let order = deeds(&Known::new(&members, &nothing)).into_iter().filter_map(|deed| match deed {
            Deed::Unpack(i) => places.get(i).copied(),
            Deed::Configure(_) => None,
        });
        calls.push(Call::Install(order.collect()));
    }
    let installed: Vec<bool> = (0..packages.len()).map(|i| base.contains(&i)).collect();
    if installed.contains(&false) {
        for deed in deeds(&Known::new(packages, &installed)) {
            match (deed, calls.last_mut()) {
                (Deed::Unpack(i), Some(Call::Unpack(list))) | (Deed::Configure(i), Some(Call::Configure(list))) => {
                    list.push(i);
                }
                (Deed::Unpack(i), _) => calls.push(Call::Unpack(vec![i])),
                (Deed::Configure(i), _) => calls.push(Call::Configure(vec![i])),
            }
        }
        calls.push(Call::ConfigurePending);
    }
    calls
}

/// The base of a set of packages: the `Essential` ones and what satisfies their dependencies. Of several that satisfy
/// one, what the base has already is preferred, then what the first alternative names, then what provides it.
#[must_use]
pub fn base(packages: &[&Package]) -> BTreeSet<usize> {
    let satisfiers = Satisfiers::new(packages);
    let mut base: BTreeSet<usize> =
        (0..packages.len()).filter(|i| packages.get(*i).is_some_and(|p| p.essential)).collect();
    let mut open: Vec<usize> = base.iter().rev().copied().collect();
    // Dependencies that leave a choice are settled last, when most of the base is known.
    let mut choices = Vec::new();
    loop {
        let Some(next) = open.pop() else {
            let Some(targets): Option<Vec<usize>> = choices.pop() else { break };
            if !targets.iter().any(|target| base.contains(target))
                && let Some(first) = targets.first()
            {
                base.insert(*first);
                open.push(*first);
            }
            continue;
        };
        let Some(package) = packages.get(next) else { continue };
        for group in package.pre_depends.iter().chain(&package.depends) {
            let targets: Vec<usize> = group.iter().flat_map(|relation| satisfiers.targets(relation)).collect();
            match targets.as_slice() {
                [] => {}
                [only] => {
                    if base.insert(*only) {
                        open.push(*only);
                    }
                }
                _ => choices.push(targets),
            }
        }
    }
    base
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::deb::Stanza;

    fn planned(stanzas: &[&str]) -> Vec<String> {
        let parse = |text: &&str| Package::from_stanza(&Stanza::parse_one(text.as_bytes()).unwrap()).unwrap();
        let packages: Vec<Package> = stanzas.iter().map(parse).collect();
        let packages: Vec<&Package> = packages.iter().collect();
        let names = |list: &[usize]| list.iter().map(|i| packages[*i].name.as_str()).collect::<Vec<_>>().join(" ");
        let shown = |call: &Call| match call {
            Call::Install(list) => format!("install {}", names(list)),
            Call::Unpack(list) => format!("unpack {}", names(list)),
            Call::Configure(list) => format!("configure {}", names(list)),
            Call::ConfigurePending => "pending".into(),
        };
        plan(&packages, &base(&packages)).iter().map(shown).collect()
    }

    #[test]
    fn the_base_comes_first_and_pre_depends_are_configured_before() {
        let calls = planned(&[
            "Package: app\nVersion: 1\nArchitecture: all\nPre-Depends: tool\nDepends: lib\n",
            "Package: bash\nVersion: 1\nArchitecture: all\nEssential: yes\nDepends: libc | other\n",
            "Package: lib\nVersion: 1\nArchitecture: all\n",
            "Package: libc\nVersion: 1\nArchitecture: all\n",
            "Package: tool\nVersion: 1\nArchitecture: all\n",
        ]);
        assert_eq!(calls, ["install libc bash", "unpack tool lib", "configure tool", "unpack app", "pending"]);
        assert!(planned(&[]).is_empty());
    }

    #[test]
    fn a_chain_without_end_in_sight_is_planned_all_the_same() {
        let stanza = |i: usize| {
            let next = i + 1;
            format!("Package: p{i}\nVersion: 1\nArchitecture: all\nPre-Depends: p{next}\nDepends: p{next}\n")
        };
        let stanzas: Vec<String> = (0..2_500).map(stanza).collect();
        let calls = planned(&stanzas.iter().map(String::as_str).collect::<Vec<_>>());
        let unpacked: usize =
            calls.iter().filter(|call| call.starts_with("unpack ")).map(|call| call.split(' ').count() - 1).sum();
        assert_eq!(unpacked, 2_500);
    }
}
