//! Which artefacts go together.

use super::{Artefact, BIG, MOST_BIG};
use crate::base::Digest;

/// No layer is more than this part of the image up to its level, where it can be split.
const LARGEST_PERCENT: u64 = 40;
/// A group below this many compressed bytes is not worth splitting: one request more costs more than it gains.
const WORTH_SPLITTING: u64 = 16 << 20;

/// The artefacts of one layer, in order of their names.
pub(super) struct Group {
    pub(super) title: String,
    pub(super) members: Vec<u32>,
    pub(super) shared: bool,
}

/// All groups, in the order of their layers.
pub(super) fn groups(artefacts: &[Artefact<'_>], levels: &[&str]) -> Vec<Group> {
    let mut sorted: Vec<(u32, &Artefact<'_>)> = (0..).zip(artefacts).collect();
    sorted.sort_by_key(|(number, artefact)| (artefact.level, artefact.name, *number));
    let mut groups = Vec::new();
    let mut image = 0;
    for level in sorted.chunk_by(|(_, a), (_, b)| a.level == b.level) {
        let Some((_, first)) = level.first() else { continue };
        let recipe = levels.get(first.level).copied().unwrap_or("image");
        image += level.iter().map(|(_, artefact)| artefact.index.size).sum::<u64>();
        // Which ones are big enough must not depend on the platform for those that are shared.
        for shared in [true, false] {
            let mut rest: Vec<_> = level.iter().copied().filter(|(_, artefact)| artefact.shared == shared).collect();
            let big = take_big(&mut rest);
            let limit = if shared { BIG } else { (image * LARGEST_PERCENT / 100).max(WORTH_SPLITTING) };
            let bins = split(rest, limit);
            let count = bins.iter().filter(|bin| !bin.is_empty()).count();
            let what = if shared { "packages for all architectures" } else { "packages" };
            for (i, bin) in bins.into_iter().filter(|bin| !bin.is_empty()).enumerate() {
                let number = if count > 1 { format!(" {}/{count}", i + 1) } else { String::new() };
                let members = bin.into_iter().map(|(number, _)| number).collect();
                groups.push(Group { title: format!("{recipe}: {what}{number}"), members, shared });
            }
            groups.extend(big.into_iter().map(|(number, artefact)| Group {
                title: format!("{recipe}: {}", artefact.name),
                members: vec![number],
                shared,
            }));
        }
    }
    groups
}

/// Takes the artefacts out that get layers of their own, in order of their names.
fn take_big<'a>(rest: &mut Vec<(u32, &'a Artefact<'a>)>) -> Vec<(u32, &'a Artefact<'a>)> {
    let mut sizes: Vec<u64> = rest.iter().map(|(_, artefact)| artefact.index.size).filter(|size| *size > BIG).collect();
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    let Some(least) = sizes.get(..sizes.len().min(MOST_BIG)).and_then(<[u64]>::last).copied() else {
        return Vec::new();
    };
    let mut left = MOST_BIG;
    rest.extract_if(.., |(_, artefact)| {
        let take = artefact.index.size >= least && left > 0;
        left -= usize::from(take);
        take
    })
    .collect()
}

/// One, two or four bins, the fewest that stay within `limit` bytes each, or four.
fn split<'a>(members: Vec<(u32, &'a Artefact<'a>)>, limit: u64) -> Vec<Vec<(u32, &'a Artefact<'a>)>> {
    for count in [1u8, 2, 4] {
        let mut bins = vec![Vec::new(); usize::from(count)];
        for member in &members {
            if let Some(bin) = bins.get_mut(usize::from(bin_of(member.1.name) % count)) {
                bin.push(*member);
            }
        }
        let fits = |bin: &Vec<(u32, &Artefact<'_>)>| bin.iter().map(|(_, a)| a.index.size).sum::<u64>() <= limit;
        if count == 4 || bins.iter().all(fits) {
            return bins;
        }
    }
    vec![members]
}

/// A number that follows from the name alone, evenly spread.
fn bin_of(name: &str) -> u8 {
    let [first, ..] = *Digest::of(name.as_bytes()).as_bytes();
    first
}
