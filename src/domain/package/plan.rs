//! The entries of a package: what its recipe says and what its sources hold, laid out as a tree, with every rule checked that needs
//! both.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::model::{Item, PackageRecipe, Tree, What};
use super::source::Source;
use crate::base::{Arch, Digest, redact};
use crate::domain::recipe::{Findings, ImagePath, RecipeError, Span};
use crate::formats::compress::{CompressError, whole};

/// Bytes that are kept elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Blob {
    /// Their digest.
    pub sha256: Digest,
    /// Their number.
    pub size: u64,
}

/// An entry of a part of an archive; folders are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unpacked {
    /// Its path below the part's own; empty for the part itself where that is a file.
    pub path: String,
    /// What it is.
    pub kind: UnpackedKind,
}

/// What an entry of an archive is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnpackedKind {
    /// A file, and whether it is a program.
    File(Blob, bool),
    /// A symbolic link to a relative path.
    Link(String),
}

/// What a recipe's sources hold.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// Whole files.
    pub fetched: BTreeMap<Source, Blob>,
    /// Parts of archives.
    pub trees: BTreeMap<Tree, Vec<Unpacked>>,
}

/// Something in the package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Permission bits.
    pub mode: u32,
    /// What it is.
    pub kind: PlacedKind,
}

/// What something in the package is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlacedKind {
    /// A folder.
    Directory,
    /// A symbolic link, with its text.
    Link(String),
    /// A file whose bytes are here.
    Bytes(Vec<u8>),
    /// A file whose bytes are kept elsewhere, and the entries that it loses where it is a jar that does.
    Blob(Blob, Vec<String>),
}

/// All entries by path, every folder above them included.
pub type Entries = BTreeMap<ImagePath, Placed>;

/// Lays out a package: the one for `arch`, or the one for all platforms.
///
/// # Errors
/// With everything that is wrong: a path that is taken twice or lies below a file, a configuration file that is not shipped, a file
/// below `/etc` that is not one, a part of an archive that is not there, a rule that has no use.
pub fn plan(recipe: &PackageRecipe, arch: Option<Arch>, contents: &Contents) -> Result<Entries, RecipeError> {
    let mut planning =
        Planning { recipe, findings: Findings::default(), places: BTreeMap::new(), jars: BTreeSet::new() };
    for item in recipe.items.iter().filter(|item| item.arch.is_none() || item.arch == arch) {
        planning.item(item, contents);
    }
    planning.documents();
    planning.parents();
    planning.configuration();
    let all = recipe.strips.iter().map(|(jar, strip)| (jar, strip.span));
    for (jar, span) in all.chain(recipe.accepted.iter().map(|(jar, span)| (jar, *span))) {
        if !planning.jars.contains(jar) {
            planning.findings.report(span, format!("no jar `{jar}` is shipped"), "name one that is, or take this out");
        }
    }
    if planning.findings.0.is_empty() {
        Ok(planning.places.into_iter().map(|(path, (placed, _))| (path, placed)).collect())
    } else {
        Err(recipe.document.refuse(planning.findings.0))
    }
}

struct Planning<'a> {
    recipe: &'a PackageRecipe,
    findings: Findings,
    places: BTreeMap<ImagePath, (Placed, Span)>,
    /// File names of jars.
    jars: BTreeSet<String>,
}

impl Planning<'_> {
    fn item(&mut self, item: &Item, contents: &Contents) {
        let span = item.span;
        match &item.what {
            What::Fetched { source, path, mode } => {
                if let Some(blob) = contents.fetched.get(source) {
                    self.blob(path.clone(), *blob, *mode, span);
                }
            }
            What::Local { file, path, mode } => {
                self.blob(path.clone(), Blob { sha256: file.sha256, size: file.size }, *mode, span);
            }
            What::Text { text, path, mode } => {
                self.place(path.clone(), *mode, PlacedKind::Bytes(text.clone().into_bytes()), span);
            }
            What::Link { path, target } => {
                self.place(path.clone(), 0o777, PlacedKind::Link(link(path, target)), span);
            }
            What::Directory { path, mode } => self.place(path.clone(), *mode, PlacedKind::Directory, span),
            What::Tree { tree, into, exclude, mode } => {
                let unpacked = contents.trees.get(tree).map(Vec::as_slice).unwrap_or_default();
                self.tree(span, tree, unpacked, (into, *mode), exclude);
            }
        }
    }

    fn tree(
        &mut self,
        span: Span,
        tree: &Tree,
        unpacked: &[Unpacked],
        (into, mode): (&ImagePath, Option<u32>),
        exclude: &[(Span, Vec<String>)],
    ) {
        if unpacked.is_empty() {
            let message = format!("{} has nothing at `{}`", tree.source, redact::printable(&tree.from));
            self.findings.report(span, message, "a path starts in the archive's one folder at the top");
        }
        let mut used = vec![false; exclude.len()];
        for entry in unpacked {
            let parts: Vec<&str> = entry.path.split('/').collect();
            let hits = |(_, pattern): &(Span, Vec<String>)| {
                pattern.len() <= parts.len() && pattern.iter().zip(&parts).all(|(pattern, part)| fits(pattern, part))
            };
            let mut out = false;
            for (rule, used) in exclude.iter().zip(&mut used) {
                let hit = hits(rule);
                *used |= hit;
                out |= hit;
            }
            if out {
                continue;
            }
            let path = if entry.path.is_empty() { into.to_string() } else { format!("{into}/{}", entry.path) };
            let path = match ImagePath::new(&path) {
                Ok(path) => path,
                Err(rule) => {
                    let shown = redact::printable(&entry.path);
                    self.findings.report(span, format!("`{shown}` in {}: {rule}", tree.source), "exclude it");
                    continue;
                }
            };
            match &entry.kind {
                UnpackedKind::File(blob, executable) => {
                    let own = if *executable { 0o755 } else { 0o644 };
                    self.blob(path, *blob, mode.unwrap_or(own), span);
                }
                UnpackedKind::Link(text) => self.place(path, 0o777, PlacedKind::Link(text.clone()), span),
            }
        }
        for (rule, _) in exclude.iter().zip(used).filter(|(_, used)| !used && !unpacked.is_empty()) {
            let message = format!("nothing in {} is `{}`", tree.source, rule.1.join("/"));
            self.findings.report(rule.0, message, "look at the names in the archive: another version has others");
        }
    }

    fn blob(&mut self, path: ImagePath, blob: Blob, mode: u32, span: Span) {
        let name = path.as_str().rsplit('/').next().unwrap_or_default();
        let mut lost = Vec::new();
        if name.ends_with(".jar") {
            lost = self.recipe.strips.get(name).map(|strip| strip.entries.clone()).unwrap_or_default();
            self.jars.insert(name.to_owned());
        }
        self.place(path, mode, PlacedKind::Blob(blob, lost), span);
    }

    fn place(&mut self, path: ImagePath, mode: u32, kind: PlacedKind, span: Span) {
        match self.places.get(&path) {
            Some((_, first)) => {
                let hint = "keep one of them, or exclude it from a tree";
                self.findings.clash(span, format!("`{path}` is there twice"), *first, "first here", hint);
            }
            None => {
                self.places.insert(path, (Placed { mode, kind }, span));
            }
        }
    }

    /// Changelog and copyright (Policy §12.5, §12.7).
    fn documents(&mut self) {
        let recipe = self.recipe;
        let native = !recipe.version.as_str().contains('-');
        let changelog = if native { "changelog.gz" } else { "changelog.Debian.gz" };
        let folder = format!("/usr/share/doc/{}", recipe.name);
        let gzip = whole::gzip(recipe.changelog.as_bytes());
        let files: [(String, Result<Vec<u8>, CompressError>); 2] =
            [(changelog.to_owned(), gzip), ("copyright".to_owned(), Ok(recipe.copyright.clone()))];
        for (name, bytes) in files {
            let path = ImagePath::new(&format!("{folder}/{name}")).map_err(str::to_owned);
            match (path, bytes) {
                (Ok(path), Ok(bytes)) => self.place(path, 0o644, PlacedKind::Bytes(bytes), Span::default()),
                (Err(rule), _) => self.findings.report(Span::default(), rule, "take a shorter name"),
                (_, Err(error)) => self.findings.report(Span::default(), error.to_string(), "try again"),
            }
        }
    }

    /// Adds the folders above everything, and finds what lies below something else than a folder.
    fn parents(&mut self) {
        let all: Vec<(ImagePath, Span)> = self.places.iter().map(|(path, (_, span))| (path.clone(), *span)).collect();
        for (path, span) in all {
            let mut text = path.as_str();
            while let Some((parent, _)) = text.rsplit_once('/').filter(|(parent, _)| !parent.is_empty()) {
                text = parent;
                let Ok(parent) = ImagePath::new(parent) else { break };
                match self.places.get(&parent) {
                    Some((placed, _)) if placed.kind == PlacedKind::Directory => break,
                    Some((_, first)) => {
                        let message = format!("`{path}` lies below `{parent}`, which is no folder");
                        self.findings.clash(span, message, *first, "this is a file or a link", "move one of them");
                        break;
                    }
                    None => {
                        let placed = Placed { mode: 0o755, kind: PlacedKind::Directory };
                        self.places.insert(parent, (placed, span));
                    }
                }
            }
        }
    }

    fn configuration(&mut self) {
        for (path, span) in &self.recipe.conffiles {
            let problem = match self.places.get(path).map(|(placed, _)| &placed.kind) {
                Some(PlacedKind::Bytes(_) | PlacedKind::Blob(..)) => continue,
                Some(PlacedKind::Directory | PlacedKind::Link(_)) => "is no file",
                None => "is not shipped",
            };
            let message = format!("the configuration file `{path}` {problem}");
            self.findings.report(
                *span,
                message,
                "ship it with `[[file]]` or `[[tree]]`, or take it out of `conffiles`",
            );
        }
        for (path, (placed, span)) in &self.places {
            let file = matches!(placed.kind, PlacedKind::Bytes(_) | PlacedKind::Blob(..));
            if file && path.as_str().starts_with("/etc/") && !self.recipe.conffiles.contains_key(path) {
                let message = format!("`{path}` is no configuration file of the package");
                let hint = "an administrator may change what is below /etc (Policy §10.7): add it to `conffiles`";
                self.findings.report(*span, message, hint);
            }
        }
    }
}

/// The text of a link at `path` to `target`: relative where both are in one folder of the root, else absolute (Policy §10.5).
fn link(path: &ImagePath, target: &ImagePath) -> String {
    let from: Vec<&str> = path.relative().split('/').collect();
    let to: Vec<&str> = target.relative().split('/').collect();
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    if common == 0 {
        return target.to_string();
    }
    // The link's own name is no step; a link to a folder above itself keeps at least that folder's name out of the way.
    let common = common.min(from.len() - 1);
    let up = std::iter::repeat_n("..", from.len() - 1 - common);
    let text = up.chain(to.iter().skip(common).copied()).collect::<Vec<_>>().join("/");
    if text.is_empty() { ".".to_owned() } else { text }
}

/// Whether a name fits a pattern in which `*` stands for anything.
fn fits(pattern: &str, name: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let mut last = None;
    for piece in pieces {
        if let Some(piece) = last.replace(piece) {
            let Some(at) = rest.find(piece) else { return false };
            rest = &rest[at + piece.len()..];
        }
    }
    last.map_or(rest.is_empty(), |last| rest.ends_with(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_relative_within_a_folder_of_the_root() {
        let path = |text| ImagePath::new(text).unwrap();
        for (from, to, text) in [
            ("/usr/share/a/lib/x.jar", "/usr/share/a/common/x.jar", "../common/x.jar"),
            ("/usr/share/a/x", "/usr/share/a/y", "y"),
            ("/usr/bin/hadoop", "/usr/share/hadoop/bin/hadoop", "../share/hadoop/bin/hadoop"),
            ("/opt/spark", "/usr/share/spark", "/usr/share/spark"),
            ("/usr/share/spark/conf", "/etc/spark/conf", "/etc/spark/conf"),
            ("/usr/a/b", "/usr/a", "."),
            ("/usr/a/b/c", "/usr/a", ".."),
        ] {
            assert_eq!(link(&path(from), &path(to)), text, "{from} to {to}");
        }
    }

    #[test]
    fn patterns() {
        for (pattern, name) in
            [("a", "a"), ("*", ""), ("*", "x"), ("a*", "abc"), ("*c", "abc"), ("a*b*c", "a-b-b-c"), ("*.jar", "x.jar")]
        {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("a", "ab"), ("a*", "ba"), ("a*b*c", "acb"), ("*.jar", "jar"), ("ab*bc", "abc")] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }
}
