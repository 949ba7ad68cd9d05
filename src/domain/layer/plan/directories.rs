//! The directories that each layer starts with.

use std::collections::BTreeMap;

use super::parts::entry;
use super::{Artefact, LayerPlan};
use crate::domain::rootfs::{Meta, Owner, Tree};
use crate::formats::tar::{self, Entry};

/// The time of every directory in a layer, see [the rules](super).
const TIME: i64 = 0;

/// Fills in [`LayerPlan::directories`]. `shared` says for each layer whether it may depend on its own artefacts alone.
pub(super) fn fill(tree: &Tree, artefacts: &[Artefact<'_>], layers: &mut [LayerPlan], shared: &[bool]) {
    let last = layers.len().saturating_sub(1);
    // What the layers so far leave a directory as, and the tree's directories that no layer has yet.
    let mut written: BTreeMap<Vec<u8>, Meta> = BTreeMap::new();
    for (i, layer) in layers.iter_mut().enumerate() {
        let own = shipped(tree, artefacts, layer);
        let mut needed: BTreeMap<Vec<u8>, Meta> = BTreeMap::new();
        for path in own.keys().cloned().chain(paths(artefacts, layer).flat_map(|path| parents(&path))) {
            if needed.contains_key(&path) {
                continue;
            }
            let meta = if shared.get(i) == Some(&true) {
                Some(own.get(&path).cloned().unwrap_or_else(|| Meta::root(0o755, TIME)))
            } else {
                final_meta(tree, &path)
            };
            if let Some(meta) = meta {
                needed.insert(path, meta);
            }
        }
        if i == last {
            for (path, node) in tree.walk().filter(|(_, node)| node.is_directory()) {
                let meta = Meta { mtime: TIME, ..node.meta.clone() };
                let known = needed.get(&path).or_else(|| written.get(&path));
                // The root needs no entry unless it is unlike what every runtime makes.
                let implied = path.is_empty() && known.is_none() && meta == Meta::root(0o755, TIME);
                if known != Some(&meta) && !implied {
                    needed.insert(path, meta);
                }
            }
        }
        layer.directories = needed.iter().map(|(path, meta)| entry(path.clone(), tar::Kind::Directory, meta)).collect();
        layer.directories.sort_by(|a, b| a.path.split(slash).cmp(b.path.split(slash)));
        written.append(&mut needed);
    }
}

/// The directories that a layer's artefacts ship, where they stand in the tree, with the numbers of the first that ships
/// each (artefacts are in order of their names).
fn shipped(tree: &Tree, artefacts: &[Artefact<'_>], layer: &LayerPlan) -> BTreeMap<Vec<u8>, Meta> {
    let mut found = BTreeMap::new();
    for part in &layer.parts {
        let Some(artefact) = artefacts.get(part.artefact as usize) else { continue };
        for shipped in artefact.index.directories.iter().filter(|entry| !entry.path.is_empty()) {
            let Ok(Some(place)) = tree.real_path(&shipped.path) else { continue };
            let owned = |owner: &Owner| *owner == Owner::Artefact(part.artefact);
            let named = tree.lookup(&shipped.path).ok().flatten();
            if named.is_some_and(|node| node.owners.iter().any(owned)) {
                found.entry(place).or_insert_with(|| meta_of(shipped));
            }
        }
    }
    found
}

/// The paths of everything in a layer that is no directory.
fn paths<'a>(artefacts: &'a [Artefact<'_>], layer: &'a LayerPlan) -> impl Iterator<Item = Vec<u8>> {
    let parts = layer.parts.iter().filter_map(|part| Some((part, artefacts.get(part.artefact as usize)?)));
    let kept = parts.flat_map(|(part, artefact)| {
        let paths = artefact.index.entries.iter().map(|placed| &placed.entry.path);
        paths.filter(|path| !part.dropped.contains(*path)).cloned()
    });
    kept.chain(layer.generated.iter().map(|generated| generated.entry.path.clone()))
}

/// A path's parents, the root aside.
fn parents(path: &[u8]) -> Vec<Vec<u8>> {
    let ends = path.iter().enumerate().filter(|(_, c)| slash(c)).map(|(i, _)| i);
    ends.filter_map(|end| path.get(..end).map(<[u8]>::to_vec)).collect()
}

fn final_meta(tree: &Tree, path: &[u8]) -> Option<Meta> {
    let node = tree.lookup(path).ok().flatten().filter(|node| node.is_directory())?;
    Some(Meta { mtime: TIME, ..node.meta.clone() })
}

fn meta_of(entry: &Entry) -> Meta {
    Meta { mode: entry.mode, uid: entry.uid, gid: entry.gid, mtime: TIME, xattrs: entry.xattrs.clone() }
}

const fn slash(c: &u8) -> bool {
    *c == b'/'
}
