//! What a recipe itself lays into a tree: files, links, directories, and who may do what with others'.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;

use super::Error;
use crate::base::{Arch, Digest, Epoch};
use crate::domain::install::RecipeFile;
use crate::domain::recipe::{self, Access, DirectoryEntry, FileEntry, ImagePath, Target};
use crate::domain::rootfs::{Content, Kind, Meta, Tree};

/// What a recipe lays over the packages, in the order of paths: a link comes before what lies below it.
pub(super) fn laid(target: &Target, epoch: Epoch) -> Result<Vec<RecipeFile>, Error> {
    let mut all = entries(&target.files, epoch)?;
    all.extend(directories(&target.directories, epoch));
    all.sort_by(|a, b| a.path.split(|byte| *byte == b'/').cmp(b.path.split(|byte| *byte == b'/')));
    Ok(all)
}

/// A recipe's directories.
pub(super) fn directories(
    directories: &BTreeMap<ImagePath, DirectoryEntry>,
    epoch: Epoch,
) -> impl Iterator<Item = RecipeFile> {
    directories.iter().map(move |(path, entry)| RecipeFile {
        path: path.relative().as_bytes().to_vec(),
        kind: Kind::Directory,
        meta: Meta { uid: entry.uid, gid: entry.gid, ..Meta::root(entry.mode, epoch.seconds()) },
        origin: None,
    })
}

/// Says who may do what with something that is there.
pub(super) fn change_access(tree: &mut Tree, path: &ImagePath, change: Access, arch: Arch) -> Result<(), Error> {
    let failed = |source| Error::File { path: path.to_string(), arch, source };
    let real = tree.real_path(path.relative().as_bytes()).map_err(failed)?;
    let real = real.ok_or_else(|| Error::NoSuchPath { path: path.to_string(), arch })?;
    tree.change(&real, |meta| {
        meta.mode = change.mode.unwrap_or(meta.mode);
        (meta.uid, meta.gid) = change.owner.unwrap_or((meta.uid, meta.gid));
    })
    .map_err(failed)
}

/// A recipe's files, read now; each must still be what it was when the recipe was loaded.
pub(super) fn entries(files: &BTreeMap<ImagePath, FileEntry>, epoch: Epoch) -> Result<Vec<RecipeFile>, Error> {
    let mut found = Vec::new();
    for (path, file) in files {
        let kind = match &file.content {
            recipe::Content::Inline(text) => Kind::File(Content::bytes(text.clone().into_bytes())),
            recipe::Content::Symlink(to) => Kind::Symlink(to.as_bytes().into()),
            recipe::Content::Source(source) => {
                let mut bytes = Vec::new();
                let opened =
                    File::open(&source.path).and_then(|file| file.take(source.size + 1).read_to_end(&mut bytes));
                opened.map_err(|error| Error::Read { path: source.path.clone(), source: error })?;
                if bytes.len() as u64 != source.size || Digest::of(&bytes) != source.sha256 {
                    return Err(Error::SourceChanged(source.path.clone()));
                }
                Kind::File(Content::bytes(bytes))
            }
        };
        let meta = Meta { uid: file.uid, gid: file.gid, ..Meta::root(file.mode, epoch.seconds()) };
        let path = path.to_string().trim_start_matches('/').as_bytes().to_vec();
        found.push(RecipeFile { path, kind, meta, origin: None });
    }
    Ok(found)
}
