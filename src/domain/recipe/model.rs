//! A recipe that holds: merged, checked, its named files digested, its placeholders filled in for each platform.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use super::path::ImagePath;
use super::place::Place;
use super::python::Python;
use crate::base::{Arch, Digest, Epoch, Platform};
use crate::formats::compress::Compression;
use crate::formats::deb::{PackageName, Selection, Variant};

/// One image. Only [`super::Chain::resolve`] makes one.
#[derive(Clone, Debug, Serialize)]
pub struct Recipe {
    /// Its name: lower-case letters and digits, parted by single `.`, `_` or `-`; fits a repository name and a tag.
    pub name: String,
    /// The recipes of the chain and what each asks for by itself, the farthest first and this one last. Layers follow them, so
    /// that images which extend one base share its layers.
    pub levels: Vec<Level>,
    /// What happens to maintainer scripts.
    pub scripts: Scripts,
    /// Archives in the order of the chain, the farthest recipe's first. A mirror and a suite stand together once.
    pub archives: Vec<Archive>,
    /// What to install.
    pub packages: Packages,
    /// Packages at addresses, to install too; sorted. A platform may have none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub debs: Vec<Deb>,
    /// What to do where the package at an address cannot be had, where the recipe says it.
    #[serde(skip)]
    pub deb_hints: BTreeMap<Url, String>,
    /// Python packages, where the recipe asks for any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub python: Option<Python>,
    /// Jars, in the order of the chain. No path is there twice.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub jars: Vec<Jar>,
    /// Users, by name. Names and numbers are unique.
    pub users: BTreeMap<String, User>,
    /// Numbers of groups, by name. Numbers are unique.
    pub groups: BTreeMap<String, u32>,
    /// How layers are compressed.
    pub compression: Compression,
    /// The moment of the image, where the recipe says one.
    pub epoch: Option<Epoch>,
    /// Reasons why a script is left out, by script: `PACKAGE/KIND`, the kind one of preinst, config and postinst.
    pub waivers: BTreeMap<String, String>,
    /// What differs between platforms. Never empty.
    pub targets: BTreeMap<Arch, Target>,
}

impl Recipe {
    /// The platforms to build for, in the order of their names. Never empty.
    pub fn platforms(&self) -> impl Iterator<Item = Platform> + '_ {
        self.targets.keys().copied().map(Platform)
    }
}

/// A recipe of the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Level {
    /// Its name.
    pub name: String,
    /// The packages that its own `install` and `local` name.
    pub install: BTreeSet<PackageName>,
    /// The packages at addresses that it names itself.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub debs: BTreeSet<Url>,
    /// The Python packages that its own `requirements` name.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub requirements: BTreeSet<String>,
    /// The paths of the jars that it names itself.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub jars: BTreeSet<ImagePath>,
}

/// What happens to maintainer scripts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scripts {
    /// They are interpreted over the image's tree; one that cannot be stops the build.
    #[default]
    Interpret,
    /// They are listed in the build's report, not interpreted.
    List,
}

/// Some suites of a Debian archive.
#[derive(Clone, Debug, Serialize)]
pub struct Archive {
    /// Alias of the mirror: lower-case letters, digits and `-`.
    pub mirror: String,
    /// Suites or codenames, as written; never empty.
    pub suites: Vec<String>,
    /// Components, as written; never empty.
    pub components: Vec<String>,
    /// Files with the keys that may sign; never empty.
    pub keys: Vec<KeyFile>,
    /// The only packages to be taken; `None` is all of them.
    pub only: Option<BTreeSet<PackageName>>,
    /// Pin priority, where the recipe says one; see apt_preferences(5).
    pub priority: Option<i16>,
    /// Release files older than so many days are refused.
    pub max_age_days: Option<u32>,
    /// Why a Release file is taken after its `Valid-Until` too; `None` refuses it.
    pub accept_expired: Option<String>,
}

/// A file of OpenPGP keys that a recipe names.
#[derive(Clone, Debug, Serialize)]
pub struct KeyFile {
    /// The path as the recipe writes it, for messages.
    #[serde(skip)]
    pub named: String,
    /// SHA-256 of the bytes.
    pub sha256: Digest,
    /// The bytes, armoured or binary.
    #[serde(skip)]
    pub bytes: Vec<u8>,
}

/// What to install.
#[derive(Clone, Debug, Serialize)]
pub struct Packages {
    /// What comes before the recipe's own packages.
    pub variant: Variant,
    /// What the recipe asks for, in its order, each package once. Where two could serve a dependency, the order can decide.
    pub install: Vec<Selection>,
    /// Package recipes of the project whose packages are installed too, each once. None is named by `install`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub local: Vec<PackageName>,
    /// Whether recommended packages are installed too.
    pub recommends: bool,
    /// Packages that may differ in version between the platforms.
    pub accept_skew: BTreeSet<PackageName>,
}

/// A package for one platform that is in no archive.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deb {
    /// The platform.
    pub platform: Platform,
    /// The address of its file: http or https, without user, query and fragment.
    pub url: Url,
    /// SHA-256 of the file.
    pub sha256: Digest,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct User {
    /// Number.
    pub uid: u32,
    /// Number of the primary group.
    pub gid: u32,
    /// Home folder.
    pub home: ImagePath,
    /// Login shell.
    pub shell: ImagePath,
    /// Names of more groups, of the recipe or of the packages.
    pub groups: BTreeSet<String>,
}

/// What a recipe says for one platform.
#[derive(Clone, Debug, Serialize)]
pub struct Target {
    /// Directories, by their path in the image.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub directories: BTreeMap<ImagePath, DirectoryEntry>,
    /// Files, by their path in the image. What lies below one lies below a symbolic link.
    pub files: BTreeMap<ImagePath, FileEntry>,
    /// Modes and owners of what is there when all else is, by path. None is of a file or directory of the recipe.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub access: BTreeMap<ImagePath, Access>,
    /// How containers start.
    pub image: Image,
    /// What stands for scripts that cannot be interpreted, by script as in [`Recipe::waivers`]. None of them is waived.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub effects: BTreeMap<String, Effect>,
    /// Answers to questions of debconf, by the package that asks and the question. A question has one answer, whoever asks.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub debconf: BTreeMap<PackageName, BTreeMap<String, String>>,
}

/// What a maintainer script leaves behind, said by the recipe, since the script itself is not interpreted.
#[derive(Clone, Debug, Serialize)]
pub struct Effect {
    /// How it is known that the script leaves this.
    pub reason: String,
    /// Digests that the script's bytes may have; any where there is none. With another script the effect does not hold.
    pub sha256: BTreeSet<Digest>,
    /// Directories, by their path in the image. They are there before the files.
    pub directories: BTreeMap<ImagePath, DirectoryEntry>,
    /// Files, by their path in the image. Nothing lies below one.
    pub files: BTreeMap<ImagePath, FileEntry>,
    /// Users, by name. Names and numbers are unique within the effect.
    pub users: BTreeMap<String, User>,
    /// Numbers of groups, by name. Numbers are unique within the effect.
    pub groups: BTreeMap<String, u32>,
}

/// A directory of our own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DirectoryEntry {
    /// Permission bits, `0o7777` at most.
    pub mode: u32,
    /// Owner's number.
    pub uid: u32,
    /// Group's number.
    pub gid: u32,
}

/// Who may do what; what is not said stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Access {
    /// Permission bits, `0o7777` at most.
    pub mode: Option<u32>,
    /// Numbers of user and group.
    pub owner: Option<(u32, u32)>,
}

/// A file of our own.
#[derive(Clone, Debug, Serialize)]
pub struct FileEntry {
    /// What it is.
    pub content: Content,
    /// Permission bits, `0o7777` at most; `0o777` for links.
    pub mode: u32,
    /// Owner's number.
    pub uid: u32,
    /// Group's number.
    pub gid: u32,
}

/// What a file of our own holds.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Content {
    /// The bytes of a file beside the recipe.
    Source(SourceFile),
    /// This text.
    Inline(String),
    /// A symbolic link to this target.
    Symlink(String),
}

/// A file beside the recipe. Whoever reads it again must find this size and digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceFile {
    /// Where it is on this machine.
    #[serde(skip)]
    pub path: PathBuf,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the bytes.
    pub sha256: Digest,
}

/// A jar: the same file on all platforms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Jar {
    /// Where it is in the image.
    pub path: ImagePath,
    /// Permission bits, `0o7777` at most.
    pub mode: u32,
    /// Who has its bytes.
    pub source: JarSource,
}

/// Who has a jar's bytes, and what is known of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JarSource {
    /// In the order to ask; never empty.
    pub places: Vec<Place>,
    /// SHA-256 of the bytes, where the recipe says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Digest>,
}

/// How containers start: the fields of the OCI image configuration and the annotations.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Image {
    /// Who runs; root where not said.
    pub user: Option<ImageUser>,
    /// Environment variables.
    pub env: BTreeMap<String, String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Program and first arguments.
    pub entrypoint: Option<Vec<String>>,
    /// Arguments that a container's own replace.
    pub cmd: Option<Vec<String>>,
    /// Where containers start.
    pub workdir: Option<ImagePath>,
    /// `PORT/tcp` or `PORT/udp`, as `ExposedPorts` has them.
    pub ports: BTreeSet<String>,
    /// Folders that hold data of containers.
    pub volumes: BTreeSet<ImagePath>,
    /// The signal that stops a container.
    pub stop_signal: Option<String>,
    /// Annotations of manifests and index.
    pub annotations: BTreeMap<String, String>,
}

/// `image.user`: names must be in the finished tree's `/etc/passwd` and `/etc/group`, numbers need not (conversion.md of the
/// image specification).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImageUser {
    /// The user.
    pub user: Principal,
    /// The group, where said.
    pub group: Option<Principal>,
}

/// A user or a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Principal {
    /// By number.
    Id(u32),
    /// By name.
    Name(String),
}

impl Principal {
    /// The name, where it is one and must be found in the tree.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Id(_) => None,
            Self::Name(name) => Some(name),
        }
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for ImageUser {
    /// As the image configuration writes it: `user` or `user:group`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.user.fmt(f)?;
        self.group.iter().try_for_each(|group| write!(f, ":{group}"))
    }
}
