//! The order of dpkg's hash table of names, which is that of `--pending`.

use std::collections::BTreeMap;

use crate::formats::deb::Package;

/// All packages in the order in which dpkg walks its hash table: by the FNV-1a hash of the name modulo the number of its
/// bins; in one bin, by where the database mentions a name first.
pub(super) fn hashed(packages: &[&Package]) -> Vec<usize> {
    let mut sorted: Vec<(usize, &Package)> = packages.iter().copied().enumerate().collect();
    sorted.sort_by(|(_, a), (_, b)| a.name.cmp(&b.name));
    let mut mentioned: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, package) in &sorted {
        let fields = [
            &package.replaces,
            &package.provides,
            &package.depends,
            &package.pre_depends,
            &package.recommends,
            &package.suggests,
            &package.breaks,
            &package.conflicts,
        ];
        let names = fields.into_iter().flatten().flatten().map(|relation| relation.name.as_str());
        for name in [package.name.as_str()].into_iter().chain(names) {
            let next = mentioned.len();
            mentioned.entry(name).or_insert(next);
        }
    }
    sorted.sort_by_key(|(_, package)| (fnv1a(package.name.as_str()) % BINS, mentioned.get(package.name.as_str())));
    sorted.into_iter().map(|(place, _)| place).collect()
}

/// The bins of dpkg's table of package names.
const BINS: u32 = 65_521;

fn fnv1a(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_fnv_1a() {
        assert_eq!((fnv1a(""), fnv1a("a"), fnv1a("foobar")), (0x811c_9dc5, 0xe40c_292c, 0xbf9c_f968));
    }
}
