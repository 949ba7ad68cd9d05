//! The entries of a package into its file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};

use rayon::prelude::*;

use super::super::Error;
use super::look::{self, Look};
use super::{PackageError, contents};
use crate::base::{Arch, Digest, Event, Phase, Progress};
use crate::domain::audit::native::Missing;
use crate::domain::package::{Contents, PackageRecipe, Placed, PlacedKind, file_name, parts, plan};
use crate::domain::recipe::{ImagePath, SourceFile};
use crate::formats::deb::writer::{DataWriter, WriteError, head};
use crate::formats::tar::{Entry, Kind};
use crate::io::store::{Store, StoreError};

/// Takes a file beside the recipe into the store.
///
/// # Errors
/// When it is not what it was when the recipe was read, or cannot be read.
pub(super) fn local(file: &SourceFile, store: &Store) -> Result<(), Error> {
    if store.contains(&file.sha256, Some(file.size)) {
        return Ok(());
    }
    let failed = |source| Error::Read { path: file.path.clone(), source };
    let mut input = File::open(&file.path).map_err(failed)?;
    let mut writer = store.writer(None)?;
    io::copy(&mut input, &mut writer).map_err(failed)?;
    match writer.commit()? {
        (sha256, size) if (sha256, size) == (file.sha256, file.size) => Ok(()),
        _ => Err(Error::SourceChanged(file.path.clone())),
    }
}

/// Writes the package for `arch`, or for all platforms, into the store; its digest and size.
///
/// # Errors
/// When the recipe is wrong beside what its sources hold, native code is missing, or the store fails.
pub(super) fn write(
    recipe: &PackageRecipe,
    arch: Option<Arch>,
    contents: &Contents,
    store: &Store,
    progress: &dyn Progress,
) -> Result<(Digest, u64), Error> {
    let mut entries = plan(recipe, arch, contents).map_err(super::super::project::ProjectError::from)?;
    strip(&mut entries, store)?;
    let looks = looks(&entries, store)?;
    audit(recipe, arch, &looks)?;
    let sums: BTreeMap<&ImagePath, ([u8; 16], u64)> = entries
        .iter()
        .filter_map(|(path, placed)| match &placed.kind {
            PlacedKind::Bytes(bytes) => Some((path, (look::md5(bytes), bytes.len() as u64))),
            PlacedKind::Blob(blob, _) => Some((path, (looks.get(path)?.md5, blob.size))),
            PlacedKind::Directory | PlacedKind::Link(_) => None,
        })
        .collect();
    let parts = parts(recipe, arch, &entries, &sums);
    let file = file_name(recipe, arch);
    let failed = |source: WriteError| match source {
        WriteError::Io(error) => Error::from(StoreError::inside(error, store.root())),
        source => PackageError::Write { file: file.clone(), source }.into(),
    };
    let wrong = |error: io::Error| Error::from(StoreError::inside(error, store.root()));
    let mtime = recipe.epoch.seconds();
    let head = |size| head(&parts, mtime, recipe.compression, size).map_err(failed);
    let phase = Phase::Package;
    progress.emit(Event::Begin { phase, total: Some(sums.values().map(|(_, size)| size).sum()) });
    let mut out = BufWriter::with_capacity(1 << 20, store.spool()?);
    out.write_all(&head(0)?).map_err(wrong)?;
    let mut data = DataWriter::new(out, recipe.compression).map_err(failed)?;
    data.push(&Entry::new(*b"", Kind::Directory, 0o755, mtime), &mut io::empty()).map_err(failed)?;
    for (path, placed) in &entries {
        let name = path.relative().as_bytes();
        let push = |kind| Entry::new(name, kind, placed.mode, mtime);
        match &placed.kind {
            PlacedKind::Directory => data.push(&push(Kind::Directory), &mut io::empty()),
            PlacedKind::Link(text) => data.push(&push(Kind::Symlink(text.clone().into_bytes())), &mut io::empty()),
            PlacedKind::Bytes(bytes) => {
                data.push(&push(Kind::File { size: bytes.len() as u64 }), &mut bytes.as_slice())
            }
            PlacedKind::Blob(blob, _) => {
                let reader = store.reader(&blob.sha256, blob.size)?;
                let mut reader = Counted { reader, progress };
                data.push(&push(Kind::File { size: blob.size }), &mut reader)
            }
        }
        .map_err(failed)?;
    }
    let (out, size) = data.finish().map_err(failed)?;
    let mut spool = out.into_inner().map_err(|error| wrong(error.into_error()))?;
    spool.rewrite_head(&head(size)?).map_err(wrong)?;
    let (digest, size) = spool.digest().map_err(wrong)?;
    spool.name(digest)?;
    progress.emit(Event::End { phase });
    Ok((digest, size))
}

/// Puts what is left of jars in their places.
fn strip(entries: &mut BTreeMap<ImagePath, Placed>, store: &Store) -> Result<(), Error> {
    for (path, placed) in entries {
        if let PlacedKind::Blob(blob, lost) = &mut placed.kind
            && !lost.is_empty()
        {
            let name = path.as_str().rsplit('/').next().unwrap_or_default();
            *blob = contents::stripped(name, *blob, lost, store)?;
            lost.clear();
        }
    }
    Ok(())
}

fn looks<'e>(entries: &'e BTreeMap<ImagePath, Placed>, store: &Store) -> Result<BTreeMap<&'e ImagePath, Look>, Error> {
    let blobs: Vec<_> = entries
        .iter()
        .filter_map(|(path, placed)| match &placed.kind {
            PlacedKind::Blob(blob, _) => Some((path, *blob)),
            _ => None,
        })
        .collect();
    blobs.par_iter().map(|(path, blob)| Ok((*path, look::look(path.as_str(), *blob, store)?))).collect()
}

/// Refuses native code that is for some platforms only, unless the recipe says why that is fine.
fn audit(recipe: &PackageRecipe, arch: Option<Arch>, looks: &BTreeMap<&ImagePath, Look>) -> Result<(), Error> {
    let mut found: Vec<(String, Missing)> = Vec::new();
    for (path, look) in looks {
        let missing = look::missing(path.as_str(), look, arch)?;
        if !recipe.accepts(path.as_str().rsplit('/').next().unwrap_or_default()) {
            found.extend(missing.into_iter().map(|missing| (path.to_string(), missing)));
        }
    }
    if found.is_empty() { Ok(()) } else { Err(PackageError::Natives { missing: found }.into()) }
}

/// Reports what is read as progress.
struct Counted<'a, R> {
    reader: R,
    progress: &'a dyn Progress,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.reader.read(buffer)?;
        self.progress.emit(Event::Advance { phase: Phase::Package, amount: n as u64 });
        Ok(n)
    }
}
