//! Mirrors by alias. No address of a package registry stands in recipes, locks or this code: an alias becomes an
//! address from the command line, the environment, a `mirrors.toml`, or what this machine's own clients use.

mod apt;
mod go;
mod maven;
mod pip;
mod table;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

pub use table::{Mirror, MirrorError, Mirrors, Settings, variable};

/// The aliases that clients of the machine can tell the address of.
pub const ALIASES: [&str; 5] = ["debian", "debian-security", "go", "maven", "pypi"];

/// Where this machine's package clients keep their settings, and what the environment says to them. What does not exist
/// is skipped.
#[derive(Clone, Debug, Default)]
pub struct Clients {
    /// apt's folder of settings.
    pub apt_etc: Option<PathBuf>,
    /// apt's folder of indexes, from which the labels of its sources are known.
    pub apt_lists: Option<PathBuf>,
    /// `PIP_INDEX_URL`.
    pub pip_index_url: Option<String>,
    /// pip's configuration files, the one that counts most first.
    pub pip_configs: Vec<PathBuf>,
    /// Folders in which Python keeps packages, or that hold such folders as `python3.11/site-packages`.
    pub python_libs: Vec<PathBuf>,
    /// Maven's `settings.xml` files, the one that counts most first.
    pub maven_settings: Vec<PathBuf>,
    /// Folders that Maven may be installed in.
    pub maven_homes: Vec<PathBuf>,
    /// `GOPROXY`.
    pub goproxy: Option<String>,
    /// Go's files of settings: the user's, then those of the installations.
    pub go_env: Vec<PathBuf>,
}

impl Clients {
    /// The usual places below `root` (usually `/`) and in the user's `home`. Values of the environment are left for the
    /// caller to fill in.
    #[must_use]
    pub fn usual(root: &Path, home: Option<&Path>) -> Self {
        let at = |path: &str| root.join(path);
        let homes = |path: &str| home.map(|home| home.join(path));
        let listed = |paths: &[Option<PathBuf>]| paths.iter().flatten().cloned().collect::<Vec<_>>();
        Self {
            apt_etc: Some(at("etc/apt")),
            apt_lists: Some(at("var/lib/apt/lists")),
            pip_configs: listed(&[homes(".config/pip/pip.conf"), homes(".pip/pip.conf"), Some(at("etc/pip.conf"))]),
            python_libs: listed(&[
                homes(".local/lib"),
                Some(at("usr/local/lib")),
                Some(at("usr/lib/python3/dist-packages")),
                Some(at("usr/lib")),
            ]),
            maven_settings: listed(&[
                homes(".m2/settings.xml"),
                Some(at("usr/share/maven/conf/settings.xml")),
                Some(at("etc/maven/settings.xml")),
            ]),
            maven_homes: vec![at("usr/share/maven"), at("opt/maven"), at("usr/local/maven")],
            go_env: listed(&[homes(".config/go/env"), Some(at("usr/local/go/go.env")), Some(at("usr/lib/go/go.env"))]),
            ..Self::default()
        }
    }
}

/// An address that a client uses, and where it says so.
type Found = Option<(String, String)>;

/// More than any file of settings.
const MAX_FILE: u64 = 4 << 20;

/// A file's text, if it is there, small enough and UTF-8.
fn text_of(path: &Path) -> Option<String> {
    let mut text = String::new();
    let file = fs::File::open(path).ok()?;
    file.metadata().ok().filter(fs::Metadata::is_file)?;
    file.take(MAX_FILE).read_to_string(&mut text).ok()?;
    Some(text)
}
