//! What sources hold: parts of archives unpacked into the store, and jars without entries that they lose. Both are made once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::super::Error;
use super::super::unpack::LIMITS;
use super::PackageError;
use crate::base::{Digest, Hasher};
use crate::domain::package::{Blob, Contents, LockedPackage, LockedSource, Source, Tree, Unpacked, UnpackedKind, jar};
use crate::formats::compress::{Checksums, Codec, Decoder};
use crate::formats::tar::{self, Kind};
use crate::io::store::{Store, StoreError};

/// The kind of memos that lead from a part of an archive to its entries.
const TREE: &str = "package-tree";

/// The kind of memos that lead from a jar and the entries that it loses to what is left.
const STRIP: &str = "package-strip";

/// The version of both: raise it, and they are made anew.
const FORMAT: u32 = 1;

/// Keeps `value` among the records of `kind`.
pub(super) fn remember(store: &Store, kind: &str, key: &Digest, value: &impl Serialize) {
    store.memo_put(kind, key, &serde_json::to_vec(value).unwrap_or_default());
}

/// The record of `kind`, if there is one.
pub(super) fn recall<T: DeserializeOwned>(store: &Store, kind: &str, key: &Digest) -> Option<T> {
    serde_json::from_slice(&store.memo_get(kind, key)?).ok()
}

/// What the locked sources hold; they must be in the store.
///
/// # Errors
/// When an archive is malformed or the store fails.
pub(super) fn contents(locked: &LockedPackage, store: &Store) -> Result<Contents, Error> {
    let sources = &locked.lock().sources;
    let fetched = sources.iter().map(|(source, lock)| (source.clone(), Blob { sha256: lock.sha256, size: lock.size }));
    let mut contents = Contents { fetched: fetched.collect(), trees: BTreeMap::new() };
    let mut todo: BTreeMap<&Source, Vec<&Tree>> = BTreeMap::new();
    for tree in locked.recipe().trees() {
        let Some(lock) = sources.get(&tree.source) else { continue };
        match recall::<Vec<Unpacked>>(store, TREE, &tree_key(lock, tree)).filter(|entries| are_there(entries, store)) {
            Some(entries) => {
                contents.trees.insert(tree.clone(), entries);
            }
            None => todo.entry(&tree.source).or_default().push(tree),
        }
    }
    for (source, trees) in todo {
        let Some(lock) = sources.get(source) else { continue };
        for (tree, entries) in unpack(source, lock, &trees, store)? {
            remember(store, TREE, &tree_key(lock, tree), &entries);
            contents.trees.insert(tree.clone(), entries);
        }
    }
    Ok(contents)
}

fn tree_key(lock: &LockedSource, tree: &Tree) -> Digest {
    let mut key = Hasher::new();
    key.update(format!("{FORMAT} {} {}", lock.sha256, tree.from).as_bytes());
    key.finish().0
}

fn are_there(entries: &[Unpacked], store: &Store) -> bool {
    let files = entries.iter().filter_map(|entry| match &entry.kind {
        UnpackedKind::File(blob, _) => Some(blob),
        UnpackedKind::Link(_) => None,
    });
    files.into_iter().all(|blob| store.contains(&blob.sha256, Some(blob.size)))
}

/// Unpacks parts of one archive, in one pass.
fn unpack<'t>(
    source: &Source,
    lock: &LockedSource,
    trees: &[&'t Tree],
    store: &Store,
) -> Result<Vec<(&'t Tree, Vec<Unpacked>)>, Error> {
    let mut blob = store.reader(&lock.sha256, lock.size)?;
    let outcome = entries(source, trees, &mut blob, store);
    // Whatever was found wrong: the archive's fault it is only if the store gave the bytes that are locked.
    blob.check()?;
    let found = outcome?;
    Ok(trees.iter().copied().zip(found).collect())
}

fn entries(source: &Source, trees: &[&Tree], blob: &mut impl Read, store: &Store) -> Result<Vec<Vec<Unpacked>>, Error> {
    let wrong = |error: io::Error| StoreError::inside(error, store.root());
    let refuse =
        |entry: &tar::Entry, rule| PackageError::Entry { source_name: source.clone(), entry: entry.shown(), rule };
    let mut head = [0; 8];
    let mut filled = 0;
    while filled < head.len() {
        match blob.read(&mut head[filled..]).map_err(wrong)? {
            0 => break,
            n => filled += n,
        }
    }
    let codec = Codec::sniff(&head[..filled]).unwrap_or(Codec::None);
    let input = BufReader::with_capacity(1 << 20, io::Cursor::new(head[..filled].to_vec()).chain(blob));
    let decoder = Decoder::new(codec, input, Checksums::Verify).map_err(wrong)?;
    let mut reader = tar::Reader::new(decoder, LIMITS);
    let unpack = |error| PackageError::Unpack { source_name: source.clone(), source: error };
    let mut found = vec![Vec::new(); trees.len()];
    let mut seen = vec![BTreeSet::new(); trees.len()];
    while let Some(entry) = reader.next_entry().map_err(unpack)? {
        let path = std::str::from_utf8(&entry.path).unwrap_or_default();
        // The one folder at the top has the release's name.
        let Some((_, inner)) = path.split_once('/') else { continue };
        let hits = trees.iter().enumerate().filter_map(|(at, tree)| {
            let rest = inner.strip_prefix(tree.from.as_str())?;
            if rest.is_empty() { Some((at, "")) } else { rest.strip_prefix('/').map(|rest| (at, rest)) }
        });
        let hits: Vec<(usize, String)> = hits.map(|(at, rest)| (at, rest.to_owned())).collect();
        if hits.is_empty() {
            continue;
        }
        let kind = match &entry.kind {
            Kind::Directory => continue,
            Kind::File { .. } => {
                let mut writer = store.writer(None)?;
                io::copy(&mut reader.content(), &mut writer).map_err(wrong)?;
                let (sha256, size) = writer.commit()?;
                UnpackedKind::File(Blob { sha256, size }, entry.mode & 0o111 != 0)
            }
            Kind::Symlink(target) => match std::str::from_utf8(target) {
                Ok(target) if !target.starts_with('/') && !target.split('/').any(|part| part == "..") => {
                    UnpackedKind::Link(target.to_owned())
                }
                _ => return Err(refuse(&entry, "a link that leads out of its folder").into()),
            },
            _ => return Err(refuse(&entry, "neither a file nor a folder nor a symbolic link").into()),
        };
        for (at, path) in hits {
            if !seen[at].insert(path.clone()) {
                return Err(refuse(&entry, "it is in the archive twice").into());
            }
            found[at].push(Unpacked { path, kind: kind.clone() });
        }
    }
    found.iter_mut().for_each(|entries| entries.sort_by(|a, b| a.path.cmp(&b.path)));
    Ok(found)
}

/// A jar without `entries`.
///
/// # Errors
/// When it cannot lose them, or the store fails.
pub(super) fn stripped(name: &str, blob: Blob, entries: &[String], store: &Store) -> Result<Blob, Error> {
    let mut key = Hasher::new();
    key.update(format!("{FORMAT} {} {}", blob.sha256, entries.join("\n")).as_bytes());
    let key = key.finish().0;
    if let Some(known) =
        recall::<Blob>(store, STRIP, &key).filter(|known| store.contains(&known.sha256, Some(known.size)))
    {
        return Ok(known);
    }
    let wrong = |error: io::Error| StoreError::inside(error, store.root());
    let jar = BufReader::new(store.file(&blob.sha256, blob.size)?);
    let out: File = tempfile::tempfile_in(store.root().join("tmp")).or_else(|_| tempfile::tempfile()).map_err(wrong)?;
    let out = io::BufWriter::new(out);
    let out = jar::strip(jar, entries, out).map_err(|source| PackageError::Strip { jar: name.to_owned(), source })?;
    let mut out = out.into_inner().map_err(|error| wrong(error.into_error()))?;
    out.rewind().map_err(wrong)?;
    let mut writer = store.writer(None)?;
    io::copy(&mut out, &mut writer).map_err(wrong)?;
    writer.flush().map_err(wrong)?;
    let (sha256, size) = writer.commit()?;
    let made = Blob { sha256, size };
    remember(store, STRIP, &key, &made);
    Ok(made)
}
