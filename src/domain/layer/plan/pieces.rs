//! An artefact that is too large for one layer, cut into runs of entries.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::domain::layer::Index;
use crate::formats::tar::Kind;

/// A run below this many compressed bytes is not cut: one request more costs more than it gains.
const WORTH_CUTTING: u64 = 96 << 20;

/// Cuts artefacts into at most `most` runs of entries altogether, at least one each, so that the largest run is as small as entries and
/// `most` allow. Of each artefact, the numbers of the entries where a run ends and the next begins; the last is that of its entries.
/// They follow from the indexes alone.
pub(super) fn cut(indexes: &[&Index], most: usize) -> Vec<Vec<usize>> {
    let weights: Vec<Vec<u64>> = indexes.iter().map(|index| weights(index)).collect();
    let mut ends: Vec<Vec<usize>> = weights.iter().map(|own| into(own, 1)).collect();
    let mut closed = vec![false; ends.len()];
    while ends.iter().map(Vec::len).sum::<usize>() < most {
        let open = (0..ends.len()).filter(|at| !closed[*at]);
        let sizes = open.map(|at| (largest(&weights[at], &ends[at]), Reverse(at)));
        let Some((size, Reverse(at))) = sizes.max().filter(|(size, _)| *size > WORTH_CUTTING) else { break };
        let more = into(&weights[at], ends[at].len() + 1);
        if largest(&weights[at], &more) < size {
            ends[at] = more;
        } else {
            closed[at] = true; // one entry is as large as that
        }
    }
    ends
}

/// Compressed bytes of every entry, about: its share of the members that it lies in. An entry that hard links after it lead back to is
/// weighed with all up to the last of them, at the last: nothing between is a place to cut.
fn weights(index: &Index) -> Vec<u64> {
    let mut ends = Vec::with_capacity(index.members.len() + 1);
    let (mut plain, mut stored) = (0, 0);
    ends.push((plain, stored));
    for member in &index.members {
        plain += member.plain;
        stored += member.compressed;
        ends.push((plain, stored));
    }
    let stored_up_to = |position: u64| -> u64 {
        let after = ends.partition_point(|(plain, _)| *plain <= position);
        let (Some(from), to) = (ends.get(after.saturating_sub(1)), ends.get(after)) else { return 0 };
        let Some(to) = to else { return from.1 };
        let share = u128::from(to.1 - from.1) * u128::from(position - from.0) / u128::from((to.0 - from.0).max(1));
        from.1 + u64::try_from(share).unwrap_or(u64::MAX)
    };
    let mut weights: Vec<u64> =
        index.entries.iter().map(|placed| stored_up_to(placed.end()) - stored_up_to(placed.position)).collect();
    let at: BTreeMap<&[u8], usize> =
        index.entries.iter().enumerate().map(|(at, placed)| (placed.entry.path.as_slice(), at)).collect();
    let links = index.entries.iter().enumerate().filter_map(|(link, placed)| match &placed.entry.kind {
        Kind::Hardlink(target) => Some((*at.get(target.as_slice())?, link)),
        _ => None,
    });
    // Of every entry, the last link that leads to it; whatever stands before the furthest one so far cannot end a run.
    let mut last = vec![0; weights.len()];
    for (target, link) in links {
        last[target] = last[target].max(link);
    }
    let mut reach = 0;
    for at in 1..weights.len() {
        reach = reach.max(last[at - 1]);
        if at <= reach {
            weights[at] += std::mem::take(&mut weights[at - 1]);
            weights[at - 1] = TIED;
        }
    }
    weights
}

/// The weight of an entry after which no run may end.
const TIED: u64 = u64::MAX;

fn total(weights: &[u64]) -> u64 {
    weights.iter().filter(|weight| **weight != TIED).sum()
}

/// The weight of the heaviest run.
fn largest(weights: &[u64], ends: &[usize]) -> u64 {
    let starts = [0].iter().chain(ends);
    let runs = starts.zip(ends).map(|(start, end)| total(weights.get(*start..*end).unwrap_or_default()));
    runs.max().unwrap_or_default()
}

/// The ends of at most `count` runs, whose largest is the smallest that it can be.
fn into(weights: &[u64], count: usize) -> Vec<usize> {
    let (mut low, mut high) = (0, total(weights));
    while low < high {
        let middle = low + (high - low) / 2;
        if runs(weights, middle).is_some_and(|ends| ends.len() <= count) { high = middle } else { low = middle + 1 }
    }
    runs(weights, high).unwrap_or_else(|| vec![weights.len()])
}

/// The ends of the fewest runs of at most `limit` bytes, the first ones full; none where one entry is more than that.
fn runs(weights: &[u64], limit: u64) -> Option<Vec<usize>> {
    let (mut ends, mut size) = (Vec::new(), 0);
    let mut since = 0; // where what is tied together begins
    for (at, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight != TIED) {
        if *weight > limit {
            return None;
        }
        if size + weight > limit {
            ends.push(since);
            size = 0;
        }
        size += weight;
        since = at + 1;
    }
    ends.push(weights.len());
    Some(ends)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Digest;
    use crate::domain::layer::index::{Member, Placed};
    use crate::formats::compress::Compression;
    use crate::formats::tar::Entry;

    const MIB: u64 = 1 << 20;

    /// An index with files of these sizes in MiB, or with hard links to the file of a number; stored as large as they are.
    fn index(files: &[Result<u64, usize>]) -> Index {
        let mut position = 0;
        let mut entries = Vec::new();
        for (at, file) in files.iter().enumerate() {
            let kind = match file {
                Ok(size) => Kind::File { size: size * MIB },
                Err(target) => Kind::Hardlink(format!("{target}").into_bytes()),
            };
            let entry = Entry {
                path: format!("{at}").into_bytes(),
                kind,
                mode: 0o644,
                uid: 0,
                gid: 0,
                mtime: 0,
                xattrs: BTreeMap::default(),
            };
            entries.push(Placed { entry, position, content: position });
            position += file.unwrap_or_default() * MIB;
        }
        let members = (0..position / (4 * MIB)).map(|_| Member { compressed: 4 * MIB, plain: 4 * MIB }).collect();
        let (compression, digest, size) = (Compression::Zstd, Digest::of(b""), position);
        Index { compression, digest, size, members, directories: Vec::new(), entries }
    }

    #[test]
    fn the_largest_is_cut_first_and_never_within_an_entry() {
        let one = index(&[Ok(40), Ok(40), Ok(280)]);
        let two = index(&[Ok(60), Ok(60), Ok(60), Ok(20)]);
        assert_eq!(cut(&[&one, &two], 2), [vec![3], vec![4]], "there is no room");
        assert_eq!(cut(&[&one, &two], 3), [vec![2, 3], vec![4]]);
        assert_eq!(cut(&[&one, &two], 9), [vec![2, 3], vec![1, 2, 4]], "nothing is left to cut");
        assert_eq!(cut(&[&index(&[Ok(50), Ok(40)])], 4), [vec![2]], "it is small enough");
    }

    #[test]
    fn hard_links_stay_with_what_they_lead_to() {
        let linked = index(&[Ok(80), Ok(80), Err(0), Ok(80)]);
        assert_eq!(cut(&[&linked], 4), [vec![3, 4]]);
        let none = index(&[]);
        assert_eq!(cut(&[&none], 4), [vec![0]]);
    }
}
