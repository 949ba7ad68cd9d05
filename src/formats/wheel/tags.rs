//! What an interpreter on a platform can use, and what of it fits best: "Platform compatibility tags" on packaging.python.org, in the
//! order that `packaging` 23 has (`cpython_tags`, then `compatible_tags`), which pip goes by.

use std::collections::HashMap;

use super::name::{Tag, WheelName};
use crate::base::Arch;

/// The tags that fit CPython of some version on Linux with some glibc.
#[derive(Clone, Debug)]
pub struct Supported {
    ranks: HashMap<Tag, usize>,
}

impl Supported {
    /// Of CPython `3.minor` on `arch` with glibc `2.glibc`. There is no musl: Debian has glibc.
    #[must_use]
    pub fn cpython(minor: u8, arch: Arch, glibc: u32) -> Self {
        let own = format!("cp3{minor}");
        let abi = if minor < 8 { format!("{own}m") } else { own.clone() };
        let platforms = platforms(arch, glibc);
        let mut tags = Vec::new();
        for abi in [abi.as_str(), "abi3", "none"] {
            tags.extend(platforms.iter().map(|platform| Tag::new(&own, abi, platform)));
        }
        for older in (2..minor).rev() {
            tags.extend(platforms.iter().map(|platform| Tag::new(format!("cp3{older}"), "abi3", platform)));
        }
        let generic: Vec<String> = [format!("py3{minor}"), "py3".to_owned()]
            .into_iter()
            .chain((0..minor).rev().map(|older| format!("py3{older}")))
            .collect();
        for python in &generic {
            tags.extend(platforms.iter().map(|platform| Tag::new(python, "none", platform)));
        }
        tags.push(Tag::new(&own, "none", "any"));
        tags.extend(generic.iter().map(|python| Tag::new(python, "none", "any")));
        let mut ranks = HashMap::new();
        for (rank, tag) in tags.into_iter().enumerate() {
            ranks.entry(tag).or_insert(rank);
        }
        Self { ranks }
    }

    /// How well a wheel fits: less is better; none where it does not.
    #[must_use]
    pub fn rank(&self, wheel: &WheelName) -> Option<usize> {
        wheel.tags.iter().filter_map(|tag| self.ranks.get(tag).copied()).min()
    }
}

/// Platforms of glibc, the newest first (PEP 600, with the old names of PEP 513, 571 and 599), and last the plain one.
fn platforms(arch: Arch, glibc: u32) -> Vec<String> {
    let (machine, oldest) = match arch {
        Arch::Amd64 => ("x86_64", 5),
        Arch::Arm64 => ("aarch64", 17),
    };
    let mut found = Vec::new();
    for minor in (oldest..=glibc).rev() {
        found.push(format!("manylinux_2_{minor}_{machine}"));
        match minor {
            17 => found.push(format!("manylinux2014_{machine}")),
            12 => found.push(format!("manylinux2010_{machine}")),
            5 => found.push(format!("manylinux1_{machine}")),
            _ => {}
        }
    }
    found.push(format!("linux_{machine}"));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_best_comes_first() {
        let bullseye = |arch| Supported::cpython(9, arch, 31);
        let rank = |arch, name: &str| bullseye(arch).rank(&name.parse().unwrap());
        let amd64 = |tags: &str| rank(Arch::Amd64, &format!("a-1-{tags}.whl"));
        let ordered = [
            "cp39-cp39-manylinux_2_31_x86_64",
            "cp39-cp39-manylinux_2_17_x86_64.manylinux2014_x86_64",
            "cp39-cp39-manylinux1_x86_64",
            "cp39-abi3-manylinux2014_x86_64",
            "cp36-abi3-manylinux2014_x86_64",
            "py3-none-manylinux2014_x86_64",
            "cp39-none-any",
            "py2.py3-none-any",
            "py30-none-any",
        ];
        let ranks: Vec<usize> = ordered.iter().map(|tags| amd64(tags).unwrap()).collect();
        assert!(ranks.is_sorted_by(|a, b| a < b), "{ranks:?}");
        for other in [
            "cp39-cp39-manylinux_2_32_x86_64",
            "cp39-cp39-manylinux2014_aarch64",
            "cp310-cp310-manylinux2014_x86_64",
            "cp39-cp39-musllinux_1_1_x86_64",
            "cp310-abi3-manylinux2014_x86_64",
            "py2-none-any",
            "cp39-cp39-win_amd64",
            "cp39-cp39t-linux_x86_64",
        ] {
            assert_eq!(amd64(other), None, "{other}");
        }
        assert!(rank(Arch::Arm64, "a-1-cp39-cp39-manylinux2014_aarch64.whl").is_some());
        assert!(rank(Arch::Arm64, "a-1-cp39-cp39-manylinux_2_12_aarch64.whl").is_none());
        assert!(
            Supported::cpython(7, Arch::Amd64, 31)
                .rank(&"a-1-cp37-cp37m-manylinux1_x86_64.whl".parse().unwrap())
                .is_some()
        );
    }
}
