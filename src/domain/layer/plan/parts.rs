//! From the tree back to fragments: which entry is still what its artefact shipped, and what is not in a fragment.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::{Artefact, Generated};
use crate::domain::rootfs::{Content, Kind, Meta, Node, Owner, Position, Tree};
use crate::formats::tar::{self, Entry};

/// What the layers are made of.
#[derive(Default)]
pub(super) struct Parts {
    /// Of every artefact, the paths of its fragment that are left out.
    pub(super) dropped: BTreeMap<u32, BTreeSet<Vec<u8>>>,
    /// What follows an artefact's fragment: its entries that stand elsewhere or have other numbers now.
    pub(super) moved: BTreeMap<u32, Vec<Generated>>,
    /// What the recipe put there.
    pub(super) recipe: Vec<Generated>,
    /// Everything else.
    pub(super) generated: Vec<Generated>,
}

/// Where an entry that is in no fragment is written.
#[derive(Clone, Copy)]
enum Place {
    Artefact(u32),
    Recipe,
    Last,
}

/// The name of an inode that carries the file; its other names are hardlinks to it.
struct Leader {
    path: Vec<u8>,
    place: Place,
    /// Its entry, if a fragment has it.
    kept: Option<Position>,
}

/// Compares the tree with the artefacts it was made from.
pub(super) fn split(tree: &Tree, artefacts: &[Artefact<'_>]) -> Parts {
    let fragments = Fragments::new(artefacts);
    let leaders = leaders(tree, &fragments);
    let mut kept: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    let mut parts = Parts::default();
    // Hardlinks come after all that they can lead to.
    let mut links: Vec<(Place, Generated)> = Vec::new();
    for (path, node) in tree.walk() {
        let Some(leader) = leaders.get(&node.inode) else { continue };
        if let Some(at) = fragments.still_there(&path, &node) {
            kept.entry(at.artefact).or_default().insert(at.entry);
        } else if leader.path == path {
            let content = match node.kind {
                Kind::File(content) => Some(content.clone()),
                _ => None,
            };
            let entry = entry(path, tar_kind(node.kind), node.meta);
            parts.list(leader.place).push(Generated { entry, content });
        } else {
            let entry = entry(path, tar::Kind::Hardlink(leader.path.clone()), node.meta);
            links.push((leader.place, Generated { entry, content: None }));
        }
    }
    for (place, link) in links {
        parts.list(place).push(link);
    }
    for (number, artefact) in (0..).zip(artefacts) {
        let kept = kept.remove(&number).unwrap_or_default();
        let dropped = (0..).zip(&artefact.index.entries).filter(|(i, _)| !kept.contains(i));
        parts.dropped.insert(number, dropped.map(|(_, placed)| placed.entry.path.clone()).collect());
    }
    parts
}

impl Parts {
    /// What is left out of an artefact's fragment, and what follows it.
    pub(super) fn whole(&mut self, artefact: u32) -> (BTreeSet<Vec<u8>>, Vec<Generated>) {
        let dropped = self.dropped.remove(&artefact).unwrap_or_default();
        (dropped, self.moved.remove(&artefact).unwrap_or_default())
    }

    /// The same of a run of its entries. What follows the fragment is with the last run; but a hard link is with what it leads to.
    pub(super) fn piece(
        &mut self,
        artefact: u32,
        artefacts: &[Artefact<'_>],
        run: &Range<usize>,
        last: bool,
    ) -> (BTreeSet<Vec<u8>>, Vec<Generated>) {
        let gone = self.dropped.get(&artefact).cloned().unwrap_or_default();
        let entries = artefacts.get(artefact as usize).map_or(&[][..], |artefact| &artefact.index.entries);
        let paths = |inside: bool| {
            let here = entries.iter().enumerate().filter(move |(at, _)| run.contains(at) == inside);
            here.map(|(_, placed)| placed.entry.path.as_slice())
        };
        let kept: BTreeSet<&[u8]> = paths(true).filter(|path| !gone.contains(*path)).collect();
        let moved = self.moved.entry(artefact).or_default();
        let here = moved.extract_if(.., |generated| match &generated.entry.kind {
            tar::Kind::Hardlink(target) => kept.contains(target.as_slice()) || last,
            _ => last,
        });
        let here = here.collect();
        (paths(false).map(<[u8]>::to_vec).chain(gone).collect(), here)
    }

    fn list(&mut self, place: Place) -> &mut Vec<Generated> {
        match place {
            Place::Artefact(number) => self.moved.entry(number).or_default(),
            Place::Recipe => &mut self.recipe,
            Place::Last => &mut self.generated,
        }
    }
}

/// The artefacts' entries.
struct Fragments<'a> {
    artefacts: &'a [Artefact<'a>],
    /// The entries that some hardlink of the same fragment leads to, by path.
    targets: Vec<BTreeMap<&'a [u8], u32>>,
}

impl<'a> Fragments<'a> {
    fn new(artefacts: &'a [Artefact<'a>]) -> Self {
        let targets = |artefact: &Artefact<'a>| {
            let entries = &artefact.index.entries;
            let named: BTreeSet<&[u8]> = entries
                .iter()
                .filter_map(|placed| match &placed.entry.kind {
                    tar::Kind::Hardlink(target) => Some(target.as_slice()),
                    _ => None,
                })
                .collect();
            let numbered = (0..).zip(entries).map(|(i, placed)| (placed.entry.path.as_slice(), i));
            numbered.filter(|(path, _)| named.contains(path)).collect()
        };
        Self { artefacts, targets: artefacts.iter().map(targets).collect() }
    }

    fn entry(&self, at: Position) -> Option<&'a Entry> {
        Some(&self.artefacts.get(at.artefact as usize)?.index.entries.get(at.entry as usize)?.entry)
    }

    /// The fragment's entry for a name of the tree, if it is still right: path, numbers and content. A hardlink is right if
    /// what it leads to is: should that be left out, filtering the fragment puts the file under the link's name.
    fn still_there(&self, path: &[u8], node: &Node<'_>) -> Option<Position> {
        let at = node.origin?;
        let own = self.entry(at)?;
        if own.path != path || !same_numbers(own, node.meta) {
            return None;
        }
        let (mut file, mut file_at) = (own, at);
        while let tar::Kind::Hardlink(target) = &file.kind {
            let number = *self.targets.get(at.artefact as usize)?.get(target.as_slice())?;
            // Links lead backwards, so this ends.
            if number >= file_at.entry {
                return None;
            }
            file_at = Position { entry: number, ..at };
            file = self.entry(file_at)?;
        }
        let same = match node.kind {
            Kind::File(Content::Entry { at: content, .. }) => *content == file_at,
            Kind::File(Content::Bytes(_)) => false,
            other => tar_kind(other) == file.kind,
        };
        (same && same_numbers(file, node.meta)).then_some(at)
    }
}

/// For every inode that is no directory, the name that stands for it: the first one in a fragment, or the first of all.
fn leaders(tree: &Tree, fragments: &Fragments<'_>) -> BTreeMap<u32, Leader> {
    let mut leaders: BTreeMap<u32, Leader> = BTreeMap::new();
    for (path, node) in tree.walk().filter(|(_, node)| !node.is_directory()) {
        let kept = fragments.still_there(&path, &node);
        let found = Leader { place: place(&node), kept, path };
        match leaders.get_mut(&node.inode) {
            None => {
                leaders.insert(node.inode, found);
            }
            Some(leader) => {
                if kept.is_some() && leader.kept.is_none_or(|before| kept < Some(before)) {
                    *leader = found;
                }
            }
        }
    }
    leaders
}

/// The layer for a node that is in no fragment: that of the artefact whose bytes it has, or that of who made it.
fn place(node: &Node<'_>) -> Place {
    match (node.kind, node.origin) {
        _ if node.owners.last() == Some(&Owner::Recipe) => Place::Recipe,
        (Kind::File(Content::Entry { at, .. }), _) => Place::Artefact(at.artefact),
        (Kind::File(Content::Bytes(_)), _) | (_, None) => Place::Last,
        (_, Some(at)) => Place::Artefact(at.artefact),
    }
}

fn same_numbers(entry: &Entry, meta: &Meta) -> bool {
    (entry.mode, entry.uid, entry.gid, entry.mtime) == (meta.mode, meta.uid, meta.gid, meta.mtime)
        && entry.xattrs == meta.xattrs
}

/// A node's header.
pub(super) fn entry(path: Vec<u8>, kind: tar::Kind, meta: &Meta) -> Entry {
    let Meta { mode, uid, gid, mtime, xattrs } = meta.clone();
    Entry { path, kind, mode, uid, gid, mtime, xattrs }
}

fn tar_kind(kind: &Kind) -> tar::Kind {
    match kind {
        Kind::File(content) => tar::Kind::File { size: content.len() },
        Kind::Directory => tar::Kind::Directory,
        Kind::Symlink(target) => tar::Kind::Symlink(target.to_vec()),
        Kind::CharDevice(major, minor) => tar::Kind::CharDevice { major: *major, minor: *minor },
        Kind::BlockDevice(major, minor) => tar::Kind::BlockDevice { major: *major, minor: *minor },
        Kind::Fifo => tar::Kind::Fifo,
    }
}
