//! Why: from a path or a package of an image to the package, its layer, its line in the lock, and the reason it is there.
//!
//! What an image itself knows is its tree and its package database. The lock knows the rest; it is the one of the recipe
//! that the image names, if it still is for what the image was built for.

use serde::Serialize;

use super::Error;
use super::build::{LOCK, RECIPE};
use super::contents::{self, Contents, Remember, layer_of};
use super::inspect::{Layer, PlatformImage};
use super::not_there::NotThere;
use super::project::{Loaded, Project, ProjectError};
use super::scripts::{Done, Origin};
use super::why_wheel::Wheels;
pub use super::why_wheel::{WheelAnswer, WheelLocked};
use crate::base::{Arch, Digest, redact};
use crate::domain::install::Installed;
use crate::domain::install::info::FOLDER;
use crate::domain::install::installed::InstalledPackage;
use crate::domain::lock::{self, JarLock, Lockfile, Root};
use crate::domain::recipe::Jar;
use crate::domain::script::Change;
use crate::formats::deb::PackageName;
use crate::formats::oci::Selector;
use crate::io::registry::Images;
use crate::io::store::Store;

/// How many symbolic links are followed, as Linux has it.
const MAX_LINKS: usize = 40;

/// All that is known of a path or a package.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    /// What was asked for.
    pub asked: String,
    /// The platform that was looked at.
    pub platform: String,
    /// The symbolic links on the way, where a path was asked for.
    pub links: Vec<Link>,
    /// The path that was asked for, or that the links lead to; none for a package.
    pub path: Option<String>,
    /// Whether the last link leads to nothing.
    pub dangling: bool,
    /// Who put it there.
    pub source: Source,
    /// The maintainer script that made it or changed it last, where that is known.
    pub script: Option<Origin>,
    /// The jar's line in the lock, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jar: Option<JarAnswer>,
    /// The packages it is of: one, or those that share a folder, or none.
    pub packages: Vec<PackageAnswer>,
    /// The wheels it is of: one, or those that have the same file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wheels: Vec<WheelAnswer>,
    /// The layer it is in.
    pub layer: Option<LayerAnswer>,
    /// The recipe that the image names.
    pub recipe: Option<String>,
    /// Why nothing is said of the lock, where nothing is.
    pub no_lock: Option<String>,
}

/// A symbolic link that was followed.
#[derive(Clone, Debug, Serialize)]
pub struct Link {
    /// Where it is.
    pub path: String,
    /// Its target, as written.
    pub target: String,
    /// The packages that ship it.
    pub packages: Vec<String>,
}

/// Who put a path there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// A package, or several.
    Package,
    /// A wheel, or several.
    Wheel,
    /// The recipe: `[[file]]`.
    RecipeFile,
    /// The recipe: `[[jar]]`.
    RecipeJar,
    /// The recipe: `[[user]]` and `[[group]]`, in the files of accounts.
    RecipeAccounts,
    /// A maintainer script.
    Script,
    /// The builder: the package database.
    Database,
    /// Nobody: a folder that something below it needs.
    Parent,
    /// The image does not tell.
    Unknown,
}

/// A package.
#[derive(Clone, Debug, Serialize)]
pub struct PackageAnswer {
    /// As the image's database has it.
    #[serde(flatten)]
    pub package: InstalledPackage,
    /// Its line in the lock, if the lock has this version.
    pub locked: Option<LockedAnswer>,
    /// The version that the lock has now, if it is another.
    pub locked_version: Option<String>,
    /// Why it is there.
    pub chain: Option<ChainAnswer>,
}

/// A package's line in the lock.
#[derive(Clone, Debug, Serialize)]
pub struct LockedAnswer {
    /// Where it comes from, for people: mirror and suite, `local`, or `address`.
    #[serde(skip)]
    pub place: String,
    /// Alias of the mirror, where an archive has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mirror: Option<String>,
    /// The suite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suite: Option<String>,
    /// What that has it as: the path below the mirror, the package's name, or its address.
    pub file: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the `.deb`.
    pub sha256: Digest,
}

/// A jar's line in the lock.
#[derive(Clone, Debug, Serialize)]
pub struct JarAnswer {
    /// Who has its bytes, in the order to ask.
    pub places: Vec<String>,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
}

/// The shortest way from what the recipe asks for.
#[derive(Clone, Debug, Serialize)]
pub struct ChainAnswer {
    /// Why the first package is there by itself: `variant`, or what `install` names.
    pub roots: Vec<String>,
    /// Each needs the next.
    pub packages: Vec<String>,
}

/// A layer.
#[derive(Clone, Debug, Serialize)]
pub struct LayerAnswer {
    /// From 1, the lowest first.
    pub number: usize,
    /// What is in it.
    pub title: Option<String>,
    /// Digest of the blob.
    pub digest: Digest,
}

/// Answers for `subject`, a path (if there is a `/` in it) or a package, in one platform of an image.
///
/// # Errors
/// When the image cannot be read, or there is no such path or package.
pub async fn why(
    images: &Images,
    selector: Option<&Selector>,
    arch: Option<Arch>,
    subject: &str,
    project: &Project,
    store: &Store,
) -> Result<Answer, Error> {
    let (platform, contents) = contents::open(images, selector, arch, Remember::DATABASE).await?;
    let installed = contents.installed()?;
    let (lock, no_lock) = Known::find(&platform, project);
    let done = Done::of(&platform.digest, store);
    let asking = Asking {
        platform: &platform,
        contents: &contents,
        installed: &installed,
        lock: lock.as_ref(),
        done: done.as_ref(),
    };
    let mut answer = if subject.contains('/') { asking.path(subject)? } else { asking.name(subject)? };
    answer.no_lock = no_lock;
    Ok(answer)
}

/// The recipe and the lock that an image was built from.
struct Known {
    loaded: Loaded,
    lock: Lockfile,
}

impl Known {
    /// Finds them, or tells why not.
    fn find(image: &PlatformImage, project: &Project) -> (Option<Self>, Option<String>) {
        let no = |why: String| (None, Some(why));
        let (Some(recipe), Some(digest)) = (image.annotations.get(RECIPE), image.annotations.get(LOCK)) else {
            return no("the image does not name a recipe: it was not built by mokapot".into());
        };
        let shown = redact::printable(recipe);
        // The name comes from the image: it may name a recipe of the project, and no path.
        if recipe.contains('/') || recipe.ends_with(".toml") {
            return no(format!("the image's recipe `{shown}` is no name of a recipe"));
        }
        let loaded = match project.load(recipe) {
            Ok(loaded) => loaded,
            Err(ProjectError::Unknown { .. }) => {
                return no(format!("the image's recipe `{shown}` is not in this project"));
            }
            Err(error) => return no(format!("the image's recipe `{shown}` cannot be read: {error}")),
        };
        match loaded.read_lock() {
            Ok(Some(lock)) if lock.meaning().digest().to_string() == *digest => (Some(Self { loaded, lock }), None),
            Ok(Some(_)) => no(format!("{} was made for another request", loaded.lock_path.display())),
            Ok(None) => no(format!("there is no lock at {}", loaded.lock_path.display())),
            Err(error) => no(error.to_string()),
        }
    }
}

/// What answers are looked up in.
struct Asking<'a> {
    platform: &'a PlatformImage,
    contents: &'a Contents,
    installed: &'a Installed,
    lock: Option<&'a Known>,
    done: Option<&'a Done>,
}

impl Asking<'_> {
    fn name(&self, asked: &str) -> Result<Answer, Error> {
        let named = |(_, package): &(&str, &InstalledPackage)| package.name == asked;
        let Some((stem, package)) = self.installed.packages().find(named) else {
            let wheels = Wheels::of(self.contents);
            if let Some(wheel) = wheels.named(asked) {
                let node = self.contents.tree.lookup(&wheel.record).ok().flatten();
                return Ok(Answer {
                    asked: asked.to_owned(),
                    source: Source::Wheel,
                    wheels: vec![wheel.answer(self.locked())],
                    layer: node.and_then(|node| self.layer(layer_of(&node))),
                    ..self.blank()
                });
            }
            // A name without a slash may still be one in the root.
            return self.path(asked);
        };
        let list = format!("{FOLDER}/{stem}.list");
        let node = self.contents.tree.lookup(list.as_bytes()).ok().flatten();
        Ok(Answer {
            asked: asked.to_owned(),
            links: Vec::new(),
            path: None,
            dangling: false,
            source: Source::Package,
            packages: vec![self.package(package)],
            layer: node.and_then(|node| self.layer(layer_of(&node))),
            ..self.blank()
        })
    }

    fn path(&self, asked: &str) -> Result<Answer, Error> {
        let tree = &self.contents.tree;
        let mut links = Vec::new();
        let mut next = asked.trim_matches('/').as_bytes().to_vec();
        let (path, dangling) = loop {
            let place = tree.place_of(&next).ok();
            let found = place.and_then(|place| Some((tree.lookup(&place).ok()??, place)));
            let last = links.last();
            let Some((node, place)) = found else {
                // A link to nothing is there all the same.
                let Some((link, _)) = last else { return Err(self.not_there(asked).into()) };
                break (Vec::clone(link), true);
            };
            match node.target() {
                Some(target) if links.len() < MAX_LINKS => {
                    let target = target.to_vec();
                    next = from(&place, &target);
                    links.push((place, target));
                }
                _ => break (place, false),
            }
        };
        let node = tree.lookup(&path).ok().flatten();
        let owners = self.installed.owners(&path);
        let mut source = self.source(&path, !owners.is_empty());
        let wheels = Wheels::of(self.contents);
        let wheels: Vec<WheelAnswer> =
            wheels.owners(&path).into_iter().map(|wheel| wheel.answer(self.locked())).collect();
        if !wheels.is_empty() && source == Source::Unknown {
            source = Source::Wheel;
        }
        Ok(Answer {
            asked: asked.to_owned(),
            wheels,
            links: links
                .into_iter()
                .map(|(path, target)| Link {
                    packages: self.installed.owners(&path).iter().map(|package| package.name.clone()).collect(),
                    path: shown(&path),
                    target: redact::printable_bytes(&target),
                })
                .collect(),
            dangling,
            source,
            script: self.origin(&path).cloned(),
            jar: self.jar(&path),
            packages: owners.into_iter().map(|package| self.package(package)).collect(),
            layer: node.and_then(|node| self.layer(layer_of(&node))),
            path: Some(shown(&path)),
            ..self.blank()
        })
    }

    fn blank(&self) -> Answer {
        Answer {
            asked: String::new(),
            platform: self.platform.platform.clone(),
            links: Vec::new(),
            path: None,
            dangling: false,
            source: Source::Unknown,
            script: None,
            jar: None,
            packages: Vec::new(),
            wheels: Vec::new(),
            layer: None,
            recipe: self.platform.annotations.get(RECIPE).cloned(),
            no_lock: None,
        }
    }

    /// The lock, and the platform in it.
    fn locked(&self) -> Option<(&Lockfile, Arch)> {
        Some((&self.lock?.lock, self.arch()?))
    }

    fn arch(&self) -> Option<Arch> {
        Arch::ALL.into_iter().find(|arch| contents::is_for(&self.platform.platform, *arch))
    }

    /// Who put a path there.
    fn source(&self, path: &[u8], owned: bool) -> Source {
        let target = self.lock.zip(self.arch()).and_then(|(known, arch)| known.loaded.recipe.targets.get(&arch));
        let place = |file: &str| self.contents.tree.place_of(file.as_bytes()).unwrap_or_else(|_| file.into());
        let files: Vec<Vec<u8>> =
            target.into_iter().flat_map(|target| target.files.keys()).map(|file| place(file.relative())).collect();
        // The recipe comes after the packages.
        if files.iter().any(|file| file == path) {
            return Source::RecipeFile;
        }
        if self.jar(path).is_some() {
            return Source::RecipeJar;
        }
        let ours = self.platform.annotations.contains_key(RECIPE);
        let accounts = [&b"etc/passwd"[..], b"etc/group", b"etc/shadow", b"etc/gshadow"].contains(&path);
        let asks = |known: &Known| !known.loaded.recipe.users.is_empty() || !known.loaded.recipe.groups.is_empty();
        if accounts && self.lock.is_some_and(asks) {
            return Source::RecipeAccounts;
        }
        let folder = self.contents.tree.lookup(path).ok().flatten().is_some_and(|node| node.is_directory());
        match () {
            () if owned => Source::Package,
            () if self.origin(path).is_some() => Source::Script,
            () if ours && path.starts_with(b"var/lib/dpkg/") => Source::Database,
            () if folder => Source::Parent,
            () => Source::Unknown,
        }
    }

    /// The lock of the jar that the recipe puts there.
    fn jar(&self, path: &[u8]) -> Option<JarAnswer> {
        let known = self.lock?;
        let tree = &self.contents.tree;
        let place =
            |jar: &Jar| tree.place_of(jar.path.relative().as_bytes()).unwrap_or_else(|_| jar.path.relative().into());
        let jar = known.loaded.recipe.jars.iter().find(|jar| place(jar) == path)?;
        let JarLock { places, size, sha256 } = known.lock.jar(&jar.source)?;
        Some(JarAnswer { places: places.iter().map(ToString::to_string).collect(), size: *size, sha256: *sha256 })
    }

    /// The script that made a path or changed it last.
    fn origin(&self, path: &[u8]) -> Option<&Origin> {
        self.done?.origin(&shown(path)).filter(|origin| origin.change != Change::Removed)
    }

    fn package(&self, package: &InstalledPackage) -> PackageAnswer {
        let mut answer = PackageAnswer { package: package.clone(), locked: None, locked_version: None, chain: None };
        let Some(((known, arch), name)) = self.lock.zip(self.arch()).zip(package.name.parse::<PackageName>().ok())
        else {
            return answer;
        };
        if let Some(locked) = known.lock.packages_of(arch).find(|locked| locked.name == name) {
            if locked.version.to_string() == package.version {
                let of_archive = match &locked.origin {
                    lock::Origin::Archive { mirror, suite } => Some((mirror, suite)),
                    lock::Origin::Local | lock::Origin::Address => None,
                };
                answer.locked = Some(LockedAnswer {
                    place: locked.origin.to_string(),
                    mirror: of_archive.map(|(mirror, _)| mirror.clone()),
                    suite: of_archive.map(|(_, suite)| suite.clone()),
                    file: locked.filename.clone(),
                    size: locked.size,
                    sha256: locked.sha256,
                });
            } else {
                answer.locked_version = Some(locked.version.to_string());
            }
        }
        answer.chain = known.lock.chain(arch, &name).map(|chain| ChainAnswer {
            roots: chain.roots.iter().map(word).collect(),
            packages: chain.packages.iter().map(ToString::to_string).collect(),
        });
        answer
    }

    fn layer(&self, number: Option<usize>) -> Option<LayerAnswer> {
        let number = number?;
        let Layer { title, digest, .. } = self.platform.layers.get(number)?;
        Some(LayerAnswer { number: number + 1, title: title.clone(), digest: *digest })
    }

    fn not_there(&self, asked: &str) -> NotThere {
        let platform = &self.platform.platform;
        if asked.contains('/') {
            return NotThere::path(asked, platform, self.contents.tree.walk().skip(1).map(|(path, _)| shown(&path)));
        }
        let names = self.installed.packages().map(|(_, found)| found.name.as_str()).collect();
        NotThere { what: "package or path", ..NotThere::package(asked, platform, names) }
    }
}

/// Why a package is there by itself, in one word.
fn word(root: &Root) -> String {
    match root {
        Root::Variant => "variant".to_owned(),
        Root::Asked(asked) => format!("install {asked}"),
        Root::Address => "address".to_owned(),
    }
}

/// Where a link at `place` leads, `..` not resolved yet.
fn from(place: &[u8], target: &[u8]) -> Vec<u8> {
    if let Some(absolute) = target.strip_prefix(b"/") {
        return absolute.to_vec();
    }
    let parent = place.iter().rposition(|c| *c == b'/').map_or(&[][..], |at| place.get(..at).unwrap_or_default());
    if parent.is_empty() { target.to_vec() } else { [parent, target].join(&b'/') }
}

fn shown(path: &[u8]) -> String {
    format!("/{}", redact::printable_bytes(path))
}
