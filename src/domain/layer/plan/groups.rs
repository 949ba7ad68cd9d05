//! Which artefacts go together.

use std::ops::Range;

use super::{Artefact, ArtefactKind, BIG, MOST_BIG, MOST_LEVELS, pieces};
use crate::base::Digest;
use crate::domain::layer::Index;

/// No layer is more than this part of the image up to its level, where it can be split.
const LARGEST_PERCENT: u64 = 40;
/// How many layers a group can be split into; at each step before, half as many.
const MOST_BINS: u8 = 4;
/// The most groups a level can have: bins and big artefacts, of each kind.
pub(super) const MOST: usize = KINDS.len() * (MOST_BINS as usize + MOST_BIG);
/// The kinds in the order of their layers, and what a person calls them.
const KINDS: [(ArtefactKind, &str); 3] = [
    (ArtefactKind::All, "packages for all architectures"),
    (ArtefactKind::Platform, "packages"),
    (ArtefactKind::Jar, "jars"),
];
/// A group below this many compressed bytes is not worth splitting: one request more costs more than it gains.
const WORTH_SPLITTING: u64 = 16 << 20;

/// The artefacts of one layer, in order of their names.
pub(super) struct Group {
    pub(super) title: String,
    pub(super) members: Vec<u32>,
    pub(super) shared: bool,
    /// Of a big artefact that was cut, the entries that this layer has, and whether they are the last of it.
    pub(super) piece: Option<Piece>,
}

/// A run of entries.
pub(super) struct Piece {
    pub(super) entries: Range<usize>,
    pub(super) last: bool,
}

/// All groups, in the order of their layers.
pub(super) fn groups(artefacts: &[Artefact<'_>], levels: &[&str]) -> Vec<Group> {
    let mut sorted: Vec<(u32, &Artefact<'_>)> = (0..).zip(artefacts).collect();
    let level_of = |artefact: &Artefact<'_>| artefact.level.min(MOST_LEVELS - 1);
    sorted.sort_by_key(|(number, artefact)| (level_of(artefact), artefact.name, *number));
    let mut groups = Vec::new();
    let mut image = 0;
    for level in sorted.chunk_by(|(_, a), (_, b)| level_of(a) == level_of(b)) {
        // The one that is named is the last: only where a chain is too long are there more.
        let Some(last) = level.iter().map(|(_, artefact)| artefact.level).max() else { continue };
        let recipe = levels.get(last).copied().unwrap_or("image");
        image += level.iter().map(|(_, artefact)| artefact.index.size).sum::<u64>();
        // Which ones are big enough must not depend on the platform for those that are shared.
        for (kind, what) in KINDS {
            let shared = kind.is_shared();
            let mut rest: Vec<_> = level.iter().copied().filter(|(_, artefact)| artefact.kind == kind).collect();
            let big = take_big(&mut rest);
            let limit = if shared { BIG } else { (image * LARGEST_PERCENT / 100).max(WORTH_SPLITTING) };
            let bins = split(rest, limit);
            let count = bins.iter().filter(|bin| !bin.is_empty()).count();
            for (i, bin) in bins.into_iter().filter(|bin| !bin.is_empty()).enumerate() {
                let number = if count > 1 { format!(" {}/{count}", i + 1) } else { String::new() };
                let members = bin.into_iter().map(|(number, _)| number).collect();
                groups.push(Group { title: format!("{recipe}: {what}{number}"), members, shared, piece: None });
            }
            let indexes: Vec<&Index> = big.iter().map(|(_, artefact)| artefact.index).collect();
            for ((number, artefact), ends) in big.into_iter().zip(pieces::cut(&indexes, MOST_BIG)) {
                let count = ends.len();
                let starts = [0].into_iter().chain(ends.clone());
                for (at, entries) in (1..).zip(starts.zip(ends).map(|(start, end)| start..end)) {
                    let part = if count > 1 { format!(" {at}/{count}") } else { String::new() };
                    let title = format!("{recipe}: {}{part}", artefact.name.trim_end_matches(':'));
                    let piece = (count > 1).then_some(Piece { entries, last: at == count });
                    groups.push(Group { title, members: vec![number], shared, piece });
                }
            }
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

/// One, two or four bins, the fewest that stay within `limit` bytes each, or [`MOST_BINS`].
fn split<'a>(members: Vec<(u32, &'a Artefact<'a>)>, limit: u64) -> Vec<Vec<(u32, &'a Artefact<'a>)>> {
    for count in [1, MOST_BINS / 2, MOST_BINS] {
        let mut bins = vec![Vec::new(); usize::from(count)];
        for member in &members {
            if let Some(bin) = bins.get_mut(usize::from(bin_of(member.1.name) % count)) {
                bin.push(*member);
            }
        }
        let fits = |bin: &Vec<(u32, &Artefact<'_>)>| bin.iter().map(|(_, a)| a.index.size).sum::<u64>() <= limit;
        if count == MOST_BINS || bins.iter().all(fits) {
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

#[cfg(test)]
mod tests {
    use super::super::MOST_LAYERS;
    use super::*;
    use crate::formats::compress::Compression;

    fn index(size: u64) -> Index {
        let digest = Digest::of(b"");
        let (members, directories, entries) = (Vec::new(), Vec::new(), Vec::new());
        Index { compression: Compression::Zstd, digest, size, members, directories, entries }
    }

    /// Titles and members by name.
    fn grouped(artefacts: &[Artefact<'_>], levels: &[&str]) -> Vec<(String, Vec<String>)> {
        let name = |number: &u32| artefacts[*number as usize].name.to_owned();
        let groups = groups(artefacts, levels).into_iter();
        groups.map(|group| (group.title, group.members.iter().map(name).collect())).collect()
    }

    #[test]
    fn a_chain_of_any_length_stays_within_what_runtimes_take() {
        const { assert!(MOST_LAYERS <= 125, "Docker takes no more") };
        // As many layers as each level can ask for: more big ones than get layers of their own, and four full bins.
        let (big, small) = (index(BIG + 1), index(WORTH_SPLITTING));
        let names: Vec<String> = (0..64).map(|number| format!("package-{number}")).collect();
        let recipes: Vec<String> = (0..200).map(|level| format!("recipe-{level}")).collect();
        let levels: Vec<&str> = recipes.iter().map(String::as_str).collect();
        let mut artefacts = Vec::new();
        for level in 0..levels.len() {
            for (number, name) in names.iter().enumerate() {
                let index = if number % 8 < 2 { &big } else { &small };
                let kind = KINDS[number % KINDS.len()].0;
                artefacts.push(Artefact { name, level, kind, index });
            }
        }
        let all = grouped(&artefacts, &levels);
        assert!(all.len() <= MOST_LEVELS * MOST, "{} groups", all.len());
        assert_eq!(
            all.iter().map(|(_, members)| members.len()).sum::<usize>(),
            artefacts.len(),
            "each is in one layer"
        );
        assert!(all.last().is_some_and(|(title, _)| title.starts_with("recipe-199: ")), "{:?}", all.last());

        // What comes before the last level that has layers of its own does not depend on what comes after.
        let few: Vec<Artefact<'_>> = artefacts.iter().copied().filter(|a| a.level < MOST_LEVELS - 1).collect();
        let few = grouped(&few, &levels[..MOST_LEVELS - 1]);
        assert_eq!(few[..], all[..few.len()]);
    }

    #[test]
    fn a_small_recipe_has_a_layer_for_what_is_shared_and_one_for_what_is_not() {
        let small = index(1);
        let artefact = |name, kind| Artefact { name, level: 0, kind, index: &small };
        let artefacts = [
            artefact("g:jar", ArtefactKind::Jar),
            artefact("tzdata", ArtefactKind::All),
            artefact("libc6", ArtefactKind::Platform),
            artefact("bash", ArtefactKind::Platform),
        ];
        let expected = [
            ("base: packages for all architectures".to_owned(), vec!["tzdata".to_owned()]),
            ("base: packages".to_owned(), vec!["bash".to_owned(), "libc6".to_owned()]),
            ("base: jars".to_owned(), vec!["g:jar".to_owned()]),
        ];
        assert_eq!(grouped(&artefacts, &["base"]), expected);
    }
}
