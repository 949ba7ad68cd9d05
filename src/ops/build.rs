//! Build: a recipe and its lock become an image in a layout.
//!
//! ```text
//! recipe, lockfile ──lock──▶ Locked ──fetch──▶ .deb files ──unpack──▶ fragments ──rootfs──▶ Tree ──layers──▶ layers
//! layers ──image──▶ configs, manifests, index ──▶ the layout: blobs first, the tag last
//! ```
//!
//! What an image is made of decides its digest, so a build that was done before is looked up and not done again.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::base::{Arch, Digest, Epoch, Event, Fault, Hasher, Platform};
use crate::domain::image::{self, LayerDescriptor, LayerFormat};
use crate::domain::layer::{Assembled, fragment};
use crate::domain::lock::{self, Locked, Lockfile};
use crate::domain::recipe::{self, Scripts, Target};
use crate::formats::compress::Compression;
use crate::formats::deb::Architecture;
use crate::formats::oci::{Descriptor, Tag};
use crate::io::registry::Layout;
use crate::io::store::StoreError;

use super::fetch::FetchError;
use super::layers::{Layering, Planned};
use super::lock::{Options as LockOptions, Update, lock as make_lock};
use super::project::Loaded;
use super::report::{ImageReport, Report};
use super::rootfs::Rootfs;
use super::scripts::Done;
use super::trees::Trees;
use super::{Error, Inputs, unlisted};

/// The kind of memos that lead from what an image is made of to its digest.
const MEMO: &str = "image";

/// How inputs become an image; part of what every image is remembered by. Any change of the program may change what a script
/// leaves, so it is the program's sources.
const FORMAT: &str = env!("MOKAPOT_SOURCES");

/// Annotation of an index and its manifests: the recipe's name.
pub const RECIPE: &str = "org.mokapot.recipe";
/// Annotation of an index and its manifests: the digest of the lockfile's meaning.
pub const LOCK: &str = "org.mokapot.lock";
/// Annotation of a layer: its packages, `name=version` parted by blanks; wheels are `python:name=version`.
pub const PACKAGES: &str = "org.mokapot.packages";

/// How often damaged inputs are fetched again before giving up.
const REPAIRS: u32 = 3;

/// What to build.
#[derive(Clone, Debug)]
pub struct Options {
    /// The platforms; all of the recipe's when empty.
    pub architectures: Vec<Arch>,
    /// The image's tag in the layout.
    pub tag: Tag,
    /// Whether the lockfile must stay as it is.
    pub locked: bool,
    /// The moment of the image, where the caller says one.
    pub epoch: Option<Epoch>,
}

/// An image that is in the layout now.
#[derive(Clone, Debug)]
pub struct Built {
    /// Its index.
    pub image: Descriptor,
    /// What it was made of.
    pub report: Report,
    /// Whether there was nothing to do.
    pub unchanged: bool,
}

/// Builds the image of a loaded recipe into `layout`.
///
/// # Errors
/// When the lock cannot be made or used, inputs cannot be had, packages do not go together, or a disk refuses. Then the
/// layout's tags are as they were.
pub async fn build(loaded: &Loaded, options: &Options, inputs: &Inputs<'_>, layout: &Layout) -> Result<Built, Error> {
    let mut locked = ensure_lock(loaded, options.locked, inputs).await?;
    if let Some(built) = unchanged(&locked, options, inputs, layout)? {
        return Ok(built);
    }
    let mut repairs = 0;
    let mut replaced = false;
    loop {
        let work = Work::new(&locked, options, inputs, layout)?;
        let outcome = match work.trees.fetch().await {
            Ok(()) => work.build(),
            Err(Error::Fetch(FetchError::Failed { failures })) if !options.locked && !replaced => {
                let gone: Vec<_> = failures.iter().filter(|failure| failure.has_vanished()).collect();
                if gone.len() < failures.len() {
                    return Err(FetchError::Failed { failures }.into());
                }
                replaced = true;
                match replace_vanished(loaded, &locked, inputs).await? {
                    Some(other) => locked = other,
                    None => return Err(FetchError::Failed { failures }.into()),
                }
                continue;
            }
            Err(error) => Err(error),
        };
        match outcome {
            // The store put the damaged entry aside, so what is missing is fetched or made again.
            Err(error) if work.is_damage(&error) && repairs < REPAIRS => {
                repairs += 1;
                inputs.fetcher.progress.emit(Event::Warning(error.to_string()));
            }
            other => return other,
        }
    }
}

/// The recipe with its lock, which is made or completed where it must be and may be.
///
/// # Errors
/// When it must not change and would have to; or as locking fails.
pub async fn ensure_lock(loaded: &Loaded, locked: bool, inputs: &Inputs<'_>) -> Result<Locked, Error> {
    let previous = loaded.read_lock()?;
    match &previous {
        None if locked => return Err(Error::NoLock(loaded.lock_path.clone())),
        None => {}
        Some(lock) => match current(loaded, lock, locked, inputs).await {
            Err(stale @ (Error::Stale { .. } | Error::Local { .. })) if !locked => {
                inputs.fetcher.progress.emit(Event::Note(format!("{stale}; locking again")));
            }
            other => return other,
        },
    }
    let options = LockOptions { update: Update::Nothing, downgrade: false, packages_locked: false };
    let lock = make_lock(loaded, previous.as_ref(), &options, inputs).await?;
    loaded.write_lock(&lock)?;
    let text = format!("locked {} packages in {}", lock.packages().len(), loaded.lock_path.display());
    inputs.fetcher.progress.emit(Event::Note(text));
    lock::check(&loaded.recipe, &lock).map_err(|stale| Error::Stale { path: loaded.lock_path.clone(), stale })
}

/// The recipe with its lock, if it is still the lock of what the recipe says and of what its package recipes make.
///
/// # Errors
/// [`Error::Stale`] or [`Error::Local`] when it is not; or as making packages fails.
pub async fn current(loaded: &Loaded, lock: &Lockfile, locked: bool, inputs: &Inputs<'_>) -> Result<Locked, Error> {
    let path = || loaded.lock_path.clone();
    let current = lock::check(&loaded.recipe, lock).map_err(|stale| Error::Stale { path: path(), stale })?;
    let made = unlisted::make(loaded, locked, inputs).await?;
    match unlisted::change(lock, &made) {
        Some(change) => Err(Error::Local { path: path(), change }),
        None => Ok(current),
    }
}

/// A new lock without the packages that every mirror has lost; none where the archives have nothing else. What was replaced
/// is told.
async fn replace_vanished(loaded: &Loaded, locked: &Locked, inputs: &Inputs<'_>) -> Result<Option<Locked>, Error> {
    let options = LockOptions { update: Update::Everything, downgrade: true, packages_locked: false };
    let lock = make_lock(loaded, Some(locked.lock()), &options, inputs).await?;
    let changes = lock::compare(locked.lock(), &lock);
    if changes.is_empty() {
        return Ok(None);
    }
    loaded.write_lock(&lock)?;
    let text = format!("locked files have vanished from the mirrors; replaced:\n{}", lock::table(&changes).trim_end());
    inputs.fetcher.progress.emit(Event::Note(text));
    let stale = |stale| Error::Stale { path: loaded.lock_path.clone(), stale };
    lock::check(&loaded.recipe, &lock).map(Some).map_err(stale)
}

/// The image as it is in the layout already, if it is: its documents are read again, its layers are looked at only.
fn unchanged(locked: &Locked, options: &Options, inputs: &Inputs<'_>, layout: &Layout) -> Result<Option<Built>, Error> {
    let work = Work::new(locked, options, inputs, layout)?;
    let Some(bytes) = inputs.fetcher.store.memo_get(MEMO, &work.key()) else { return Ok(None) };
    let Ok(report) = serde_json::from_slice::<Report>(&bytes) else { return Ok(None) };
    let image = report.descriptor();
    if !report.blobs().all(|(digest, size)| layout.has_blob(digest, size))
        || layout.document(image.digest, Some(&image.media_type)).is_err()
    {
        return Ok(None);
    }
    let tagged = layout.find(Some(&crate::formats::oci::Selector::Tag(options.tag.clone())));
    if tagged.is_ok_and(|found| found.digest == image.digest) {
        return Ok(Some(Built { image, report, unchanged: true }));
    }
    layout.tag(&options.tag, &image)?;
    Ok(Some(Built { image, report, unchanged: false }))
}

/// One attempt at a build.
struct Work<'a> {
    trees: Trees<'a>,
    options: &'a Options,
    layout: &'a Layout,
}

impl<'a> Work<'a> {
    fn new(
        locked: &'a Locked,
        options: &'a Options,
        inputs: &'a Inputs<'a>,
        layout: &'a Layout,
    ) -> Result<Self, Error> {
        let trees = Trees::new(locked, &options.architectures, options.epoch, inputs)?;
        Ok(Self { trees, options, layout })
    }

    /// What the image is made of: all that its bytes depend on.
    fn key(&self) -> Digest {
        let mut key = Hasher::new();
        let versions = format!("{FORMAT} {:?} {:?}", fragment::FORMAT, self.trees.compression);
        key.update(format!("{versions} {} {:?} ", self.trees.epoch, self.trees.architectures).as_bytes());
        key.update(recipe::meaning_digest(self.trees.locked.recipe()).as_bytes());
        key.update(self.trees.locked.lock().render().as_bytes());
        key.finish().0
    }

    fn build(&self) -> Result<Built, Error> {
        let artefacts = self.trees.artefacts()?;
        let jars = self.trees.jar_fragments();
        let rootfs = self.trees.architectures.par_iter().map(|arch| self.trees.rootfs(*arch, &artefacts, &jars, None));
        // Of two platforms that fail, the first one's failure is told, whichever came first.
        let rootfs: Vec<Result<Rootfs, Error>> = rootfs.collect();
        let rootfs: Vec<Rootfs> = rootfs.into_iter().collect::<Result<_, Error>>()?;
        let planned: Vec<Planned<'_>> = rootfs
            .iter()
            .flat_map(|rootfs| rootfs.layers.iter().map(|plan| Planned { plan, artefacts: &rootfs.fragments }))
            .collect();
        let layering = Layering {
            store: &self.trees.inputs.fetcher.store,
            layout: self.layout,
            progress: &*self.trees.inputs.fetcher.progress,
            compression: self.trees.compression,
            epoch: self.trees.epoch,
        };
        let mut assembled = layering.layers(&planned)?.into_iter();
        let mut manifests = BTreeMap::new();
        let mut reports = Vec::new();
        self.warn_of_waivers(&rootfs);
        for rootfs in &rootfs {
            let layers: Vec<Assembled> = assembled.by_ref().take(rootfs.layers.len()).collect();
            let (manifest, report) = self.manifest(rootfs, &layers)?;
            let done = Done { ledger: rootfs.scripts.clone(), origins: rootfs.origins.clone() };
            done.remember(&manifest.digest, &self.trees.inputs.fetcher.store)?;
            manifests.insert(Platform(rootfs.arch), manifest);
            reports.push(report);
        }
        let index = image::index(&manifests, &self.annotations(None))?;
        self.layout.put_blob(&index.bytes)?;
        let report = Report::new(self.trees.locked, &index.descriptor, self.trees.epoch, reports);
        self.layout.tag(&self.options.tag, &index.descriptor)?;
        let memo = serde_json::to_vec(&report).unwrap_or_default();
        self.trees.inputs.fetcher.store.memo_put(MEMO, &self.key(), &memo);
        Ok(Built { image: index.descriptor, report, unchanged: false })
    }

    /// Tells of waivers that no script has a use for: they may be for one that was renamed, or is shell by now.
    fn warn_of_waivers(&self, made: &[Rootfs]) {
        let recipe = self.trees.locked.recipe();
        if recipe.scripts == Scripts::List {
            return;
        }
        let rows = || made.iter().flat_map(|rootfs| rootfs.scripts.rows());
        for script in recipe.waivers.keys().filter(|script| rows().all(|row| row.label() != **script)) {
            let text = format!("[[waive]] {script}: no package has this script");
            self.trees.inputs.fetcher.progress.emit(Event::Warning(text));
        }
    }

    /// Writes config and manifest of one platform.
    fn manifest(&self, rootfs: &Rootfs, layers: &[Assembled]) -> Result<(Descriptor, ImageReport), Error> {
        let target = self.trees.locked.recipe().targets.get(&rootfs.arch);
        let format = match self.trees.compression {
            Compression::Gzip => LayerFormat::Gzip,
            Compression::Zstd => LayerFormat::Zstd,
        };
        let described: Vec<LayerDescriptor> = rootfs
            .layers
            .iter()
            .zip(layers)
            .map(|(plan, layer)| {
                let names: Vec<String> = plan.parts.iter().filter_map(|part| rootfs.named(part.artefact)).collect();
                let annotations = if names.is_empty() {
                    BTreeMap::new()
                } else {
                    BTreeMap::from([(PACKAGES.to_owned(), names.join(" "))])
                };
                let (digest, diff_id, size) = (layer.digest, layer.diff_id, layer.size);
                LayerDescriptor { digest, diff_id, size, format, title: plan.title.clone(), annotations }
            })
            .collect();
        let settings = target.map(settings).unwrap_or_default();
        let config = image::config(Platform(rootfs.arch), self.trees.epoch, &settings, &described)?;
        let manifest = image::manifest(&config.descriptor, &described, &self.annotations(target));
        self.layout.put_blob(&config.bytes)?;
        self.layout.put_blob(&manifest.bytes)?;
        let report = ImageReport::new(rootfs, &config.descriptor, &manifest.descriptor, &described);
        Ok((manifest.descriptor, report))
    }

    /// The annotations of a platform's manifest, or of the index: the recipe's, and where the image comes from.
    fn annotations(&self, target: Option<&Target>) -> BTreeMap<String, String> {
        let recipe = self.trees.locked.recipe();
        let own = |target: &Target| target.image.annotations.clone();
        let mut annotations = match target {
            Some(target) => own(target),
            // Of the index: what all platforms say alike.
            None => {
                let mut all = recipe.targets.values().map(own);
                let first = all.next().unwrap_or_default();
                all.fold(first, |common, next| common.into_iter().filter(|(k, v)| next.get(k) == Some(v)).collect())
            }
        };
        annotations.insert(RECIPE.to_owned(), recipe.name.clone());
        annotations.insert(LOCK.to_owned(), self.trees.locked.lock().meaning().digest().to_string());
        annotations
    }

    /// Whether a failure comes from an entry of the store that was damaged, and is put aside now.
    fn is_damage(&self, error: &Error) -> bool {
        // Of two platforms that use a damaged entry, one finds the damage and the other that the entry is gone.
        let gone = matches!(error, Error::Store(StoreError::Absent { .. }));
        self.trees.inputs.fetcher.client.is_some()
            && (gone || error.class() == crate::base::Class::Integrity)
            && matches!(error, Error::Store(_) | Error::Memo { .. } | Error::Layer(_))
    }
}

/// Whether a package is the same on both platforms.
pub(super) const fn is_shared(architecture: Architecture) -> bool {
    matches!(architecture, Architecture::All)
}

/// The image's settings in the words of OCI.
fn settings(target: &Target) -> image::Settings {
    let image = &target.image;
    image::Settings {
        user: image.user.as_ref().map(ToString::to_string),
        env: image.env.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        entrypoint: image.entrypoint.clone().unwrap_or_default(),
        cmd: image.cmd.clone().unwrap_or_default(),
        working_dir: image.workdir.as_ref().map(ToString::to_string),
        exposed_ports: image.ports.clone(),
        volumes: image.volumes.iter().map(ToString::to_string).collect(),
        stop_signal: image.stop_signal.clone(),
        labels: image.labels.clone(),
    }
}
