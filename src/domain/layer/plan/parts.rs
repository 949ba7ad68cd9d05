//! From the tree back to fragments: which entry is still what its artefact shipped, which changed, which is new.

use std::collections::{BTreeMap, BTreeSet};

use super::{Artefact, Generated, Part};
use crate::domain::rootfs::{Content, Kind, Meta, Node, Owner, Position, Tree};
use crate::formats::tar::{self, Entry};

/// Every artefact's part, and what is in none.
pub(super) struct Parts {
    pub(super) of: BTreeMap<u32, Part>,
    pub(super) recipe: Vec<Generated>,
    pub(super) generated: Vec<Generated>,
}

/// The name of an inode that is written as the file itself; the others become hardlinks to it.
struct Leader {
    path: Vec<u8>,
    /// The fragment entry that carries it, if any does.
    at: Option<Position>,
}

/// Compares the tree with the artefacts it was made from.
pub(super) fn split(tree: &Tree, artefacts: &[Artefact<'_>]) -> Parts {
    let shipped = |at: Position| artefacts.get(at.artefact as usize)?.entries.get(at.entry as usize);
    let leaders = leaders(tree, &shipped);
    let mut used: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    let mut altered: BTreeMap<u32, BTreeMap<u32, Entry>> = BTreeMap::new();
    let (mut recipe, mut generated) = (Vec::new(), Vec::new());
    let (mut recipe_links, mut generated_links) = (Vec::new(), Vec::new());
    for (path, node) in tree.walk() {
        let Some(leader) = leaders.get(&node.inode) else { continue };
        let leads = leader.path == path;
        let (at, kind) = if leads {
            (leader.at, tar_kind(node.kind))
        } else {
            // A hardlink stays in its fragment only if what it leads to comes before it in the same one.
            let at = node.origin.filter(|own| {
                let after = |file: Position| file.artefact == own.artefact && file.entry < own.entry;
                leader.at.is_some_and(after) && shipped(*own).is_some_and(is_hardlink)
            });
            (at, tar::Kind::Hardlink(leader.path.clone()))
        };
        let entry = entry(path, kind, node.meta);
        match at {
            Some(at) => {
                used.entry(at.artefact).or_default().insert(at.entry);
                if shipped(at) != Some(&entry) {
                    altered.entry(at.artefact).or_default().insert(at.entry, entry);
                }
            }
            None => {
                let content = match node.kind {
                    Kind::File(content) if leads => Some(content.clone()),
                    _ => None,
                };
                let place = match (from_recipe(&node), leads) {
                    (true, true) => &mut recipe,
                    (true, false) => &mut recipe_links,
                    (false, true) => &mut generated,
                    (false, false) => &mut generated_links,
                };
                place.push(Generated { entry, content });
            }
        }
    }
    recipe.append(&mut recipe_links);
    generated.append(&mut generated_links);
    let part = |(artefact, of): (u32, &Artefact<'_>)| {
        let used = used.remove(&artefact).unwrap_or_default();
        let all = 0..u32::try_from(of.entries.len()).unwrap_or(u32::MAX);
        let dropped = all.filter(|entry| !used.contains(entry)).collect();
        (artefact, Part { artefact, dropped, altered: altered.remove(&artefact).unwrap_or_default() })
    };
    Parts { of: (0..).zip(artefacts).map(part).collect(), recipe, generated }
}

/// For every inode that is no directory, the name that stands for it.
fn leaders<'a>(tree: &Tree, shipped: &impl Fn(Position) -> Option<&'a Entry>) -> BTreeMap<u32, Leader> {
    let mut leaders: BTreeMap<u32, Leader> = BTreeMap::new();
    // Entries whose bytes a file uses under another name than its own, and the file that does.
    let mut orphans: BTreeMap<Position, u32> = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for (path, node) in tree.walk().filter(|(_, node)| !node.is_directory()) {
        // The name is its own entry's, if that entry is the thing itself and its bytes are still those.
        let own = node.origin.filter(|at| {
            let same = match node.kind {
                Kind::File(Content::Entry { at: content, .. }) => content == at,
                Kind::File(Content::Bytes(_)) => false,
                _ => true,
            };
            same && shipped(*at).is_some_and(|entry| !is_hardlink(entry))
        });
        if let Some(at) = own {
            taken.insert(at);
        }
        if let Kind::File(Content::Entry { at, .. }) = node.kind {
            orphans.entry(*at).or_insert(node.inode);
        }
        let leader = leaders.entry(node.inode).or_insert_with(|| Leader { path: path.clone(), at: None });
        if own.is_some() && leader.at.is_none() {
            *leader = Leader { path, at: own };
        }
    }
    // A file whose first name went: its bytes are still the entry's, so the entry is written under the name that is left.
    for (at, inode) in orphans {
        if !taken.contains(&at)
            && let Some(leader) = leaders.get_mut(&inode)
            && leader.at.is_none()
        {
            leader.at = Some(at);
        }
    }
    leaders
}

fn from_recipe(node: &Node<'_>) -> bool {
    node.owners.last() == Some(&Owner::Recipe)
}

fn is_hardlink(entry: &Entry) -> bool {
    matches!(entry.kind, tar::Kind::Hardlink(_))
}

/// A node's header.
pub(super) fn entry(path: Vec<u8>, kind: tar::Kind, meta: &Meta) -> Entry {
    Entry { path, kind, mode: meta.mode, uid: meta.uid, gid: meta.gid, mtime: meta.mtime, xattrs: meta.xattrs.clone() }
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
