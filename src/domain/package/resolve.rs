//! From the sections of a package recipe to its value. Everything wrong is found in one go.

use std::collections::{BTreeMap, BTreeSet};

use super::changelog;
use super::model::{Item, PackageRecipe, Strip, Tree, What};
use super::source::Source;
use super::wire::{Fits, PackageFile, Serves, TreeSection};
use crate::base::{Arch, Digest};
use crate::domain::recipe::{At, Document, Findings, ImagePath, NamedFiles, RecipeError, Span};
use crate::formats::deb::{PackageName, Version, relation};
use crate::formats::maven::Coordinate;

/// The longest synopsis (Policy §3.4.1).
const SYNOPSIS: usize = 80;

impl PackageRecipe {
    /// Reads a package recipe. `name` is how errors show its file, and what `files` are asked from.
    ///
    /// # Errors
    /// With everything that is wrong with it or with the files that it names: first what keeps sections from being read, else all
    /// broken rules at once.
    pub fn parse(name: &str, bytes: &[u8], files: &mut impl NamedFiles) -> Result<Self, RecipeError> {
        let document = Document::parse(name, bytes)?;
        let sections: PackageFile = document.read()?;
        let mut resolving = Resolving { file: name, files, findings: Findings::default() };
        let resolved = resolving.package(&document, sections);
        match resolved {
            Some(recipe) if resolving.findings.0.is_empty() => Ok(recipe),
            _ => Err(document.refuse(resolving.findings.0)),
        }
    }
}

struct Resolving<'a, F> {
    file: &'a str,
    files: &'a mut F,
    findings: Findings,
}

const PATH: &str = "write the whole path in its one spelling, such as /usr/share/app/run.sh";

impl<F: NamedFiles> Resolving<'_, F> {
    fn package(&mut self, document: &Document, sections: PackageFile) -> Option<PackageRecipe> {
        let name = self.findings.take(
            sections.name.span,
            sections.name.value.parse::<PackageName>(),
            "a name is lower-case letters, digits, `+`, `-` and `.`",
        );
        let version = self.version(&sections.version);
        let platforms = match sections.architecture.as_ref().map(|at| at.value) {
            None | Some(Fits::All) => BTreeSet::new(),
            Some(Fits::Any) => Arch::ALL.into(),
        };
        let (changelog, epoch) = self.changelog(&sections, name.as_ref(), version.as_ref())?;
        let copyright = self.named(&sections.copyright);
        let fields = self.fields(&sections);
        let description = self.description(&sections);
        let conffiles = self.conffiles(&sections.conffiles);
        let mut scripts = BTreeMap::new();
        let wanted = &sections.scripts;
        for (name, at) in [
            ("preinst", &wanted.preinst),
            ("postinst", &wanted.postinst),
            ("prerm", &wanted.prerm),
            ("postrm", &wanted.postrm),
        ] {
            let Some(at) = at else { continue };
            let Some(bytes) = self.named(at) else { continue };
            if !bytes.starts_with(b"#!") {
                self.findings.report(
                    at.span,
                    "a maintainer script starts with `#!`",
                    "name its interpreter in its first line",
                );
            }
            scripts.insert(name, bytes);
        }
        let mut pinned = BTreeMap::new();
        let items = self.items(&sections, !platforms.is_empty(), &mut pinned);
        let mut strips: BTreeMap<String, Strip> = BTreeMap::new();
        for At { span, value } in &sections.strip {
            let entries = value.entries.iter().map(|entry| entry.value.clone()).collect();
            let Some(jar) = self.jar(&value.jar) else { continue };
            self.reason(&value.reason);
            if let Some(first) = strips.insert(jar.clone(), Strip { span: *span, entries }) {
                let message = format!("`{jar}` is there twice");
                self.findings.clash(value.jar.span, message, first.span, "first here", "put the two together");
            }
        }
        let mut accepted = BTreeMap::new();
        for At { span, value } in &sections.accept_native {
            self.reason(&value.reason);
            accepted.extend(self.jar(&value.jar).map(|jar| (jar, *span)));
        }
        Some(PackageRecipe {
            document: document.clone(),
            name: name?,
            version: version?,
            platforms,
            fields,
            description: description?,
            compression: sections.compression.map(|at| at.value).unwrap_or_default(),
            epoch,
            changelog,
            copyright: copyright?,
            scripts,
            conffiles,
            items,
            strips,
            accepted,
            pinned,
        })
    }

    fn version(&mut self, at: &At<String>) -> Option<Version> {
        self.findings.take(at.span, at.value.parse::<Version>(), "a version is as deb-version(7) says, such as 3.2.4-1")
    }

    /// A file beside the recipe, whole.
    fn named(&mut self, at: &At<String>) -> Option<Vec<u8>> {
        match self.files.key(self.file, &at.value) {
            Ok(bytes) => Some(bytes),
            Err(refusal) => {
                self.findings.report(at.span, refusal.message, refusal.hint);
                None
            }
        }
    }

    fn changelog(
        &mut self,
        sections: &PackageFile,
        name: Option<&PackageName>,
        version: Option<&Version>,
    ) -> Option<(String, crate::base::Epoch)> {
        let at = &sections.changelog;
        let text = String::from_utf8(self.named(at)?).map_err(|_| "it is not UTF-8");
        let newest = text.and_then(|text| Ok((changelog::newest(&text)?, text)));
        let (newest, text) = match newest {
            Ok(found) => found,
            Err(rule) => {
                self.findings.report(
                    at.span,
                    format!("`{}`: {rule}", at.value),
                    "deb-changelog(5) describes the format",
                );
                return None;
            }
        };
        if name.is_some_and(|name| name.as_str() != newest.name) {
            let message = format!("the changelog is that of `{}`", newest.name);
            self.findings.clash(at.span, message, sections.name.span, "this is the package", "name this package's own");
        }
        // As texts: `1.0` and `1.00` are one version, and two file names.
        if version.is_some_and(|version| version.as_str() != newest.version.as_str()) {
            let message = format!("the changelog's newest entry is for version {}", newest.version);
            let hint = "every version has its entry: add one, or take the version from it";
            self.findings.clash(at.span, message, sections.version.span, "this is the version", hint);
        }
        Some((text, newest.date))
    }

    fn fields(&mut self, sections: &PackageFile) -> Vec<(&'static str, String)> {
        let mut fields = Vec::new();
        let person = |text: &str| {
            let address = text.strip_suffix('>').and_then(|text| text.split_once(" <"));
            line(text) && address.is_some_and(|(name, address)| !name.is_empty() && address.contains('@'))
        };
        let maintainer = self.findings.text(&sections.maintainer, person, "a maintainer is `NAME <ADDRESS>`");
        fields.extend(maintainer.map(|text| ("Maintainer", text)));
        let section =
            |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_lowercase() || c == b'/' || c == b'-');
        let section = match &sections.section {
            Some(at) => self.findings.text(at, section, "a section is a word such as `java`"),
            None => Some("misc".to_owned()),
        };
        fields.extend(section.map(|text| ("Section", text)));
        fields.push(("Priority", "optional".to_owned()));
        if let Some(Serves::Foreign) = sections.multi_arch.as_ref().map(|at| at.value) {
            fields.push(("Multi-Arch", "foreign".to_owned()));
        }
        let homepage = |text: &str| line(text) && Source::url(text).is_ok();
        let homepage =
            sections.homepage.as_ref().and_then(|at| self.findings.text(at, homepage, "a homepage is an address"));
        fields.extend(homepage.map(|text| ("Homepage", text)));
        for (field, list) in [
            ("Pre-Depends", &sections.pre_depends),
            ("Depends", &sections.depends),
            ("Recommends", &sections.recommends),
            ("Suggests", &sections.suggests),
            ("Conflicts", &sections.conflicts),
            ("Breaks", &sections.breaks),
            ("Replaces", &sections.replaces),
            ("Provides", &sections.provides),
        ] {
            for at in list {
                let one = relation::parse_field(&at.value).map_err(|error| error.to_string());
                let one = one.and_then(|all| if all.len() == 1 { Ok(()) } else { Err("not one relation".to_owned()) });
                self.findings.take(at.span, one, "one relation an item, such as \"tini (>= 0.19) | dumb-init\"");
            }
            let text = list.iter().map(|at| at.value.trim().to_owned()).collect::<Vec<_>>().join(", ");
            if !list.is_empty() {
                fields.push((field, text));
            }
        }
        fields
    }

    fn description(&mut self, sections: &PackageFile) -> Option<String> {
        let short = |text: &str| line(text) && text.chars().count() <= SYNOPSIS && !text.ends_with('.');
        let rule = "a synopsis is one line of at most 80 characters, without a full stop";
        let mut text = self.findings.text(&sections.synopsis, short, rule)?;
        let long = |text: &str| !text.trim().is_empty() && text.chars().all(|c| c == '\n' || !c.is_control());
        let body = self.findings.text(&sections.description, long, "a description is some lines of text")?;
        for line in body.trim().lines() {
            text += match line.trim_end() {
                "" => "\n .".to_owned(),
                line => format!("\n {line}"),
            }
            .as_str();
        }
        Some(text)
    }

    fn conffiles(&mut self, list: &[At<String>]) -> BTreeMap<ImagePath, Span> {
        let mut conffiles = BTreeMap::new();
        for at in list {
            let Some(path) = self.path(at) else { continue };
            if let Some(first) = conffiles.insert(path, at.span) {
                self.findings.clash(at.span, format!("`{}` is there twice", at.value), first, "first here", "keep one");
            }
        }
        conffiles
    }

    fn path(&mut self, at: &At<String>) -> Option<ImagePath> {
        let shown: String = at.value.chars().take(80).collect();
        let path = ImagePath::new(&at.value).map_err(|rule| format!("`{shown}`: {rule}"));
        let path = self.findings.take(at.span, path, PATH)?;
        if path.relative().is_empty() {
            self.findings.report(at.span, "`/` is no place for a file or a directory", "write a path below it");
            return None;
        }
        Some(path)
    }

    fn below(&mut self, folder: &ImagePath, name: &str, span: Span) -> Option<ImagePath> {
        let path = ImagePath::new(&format!("{folder}/{name}"));
        self.findings.take(span, path.map_err(|rule| format!("`{name}`: {rule}")), PATH)
    }

    fn mode(&mut self, at: Option<&At<String>>, default: u32) -> u32 {
        let Some(at) = at else { return default };
        let digits = |text: &str| matches!(text.len(), 3..=5) && text.bytes().all(|c| (b'0'..=b'7').contains(&c));
        let mode = u32::from_str_radix(&at.value, 8).ok().filter(|mode| digits(&at.value) && *mode <= 0o7777);
        let mode = mode.ok_or_else(|| format!("`{}` is no mode", at.value));
        self.findings.take(at.span, mode, "a mode is a string of octal digits, such as \"0755\"").unwrap_or(default)
    }

    fn jar(&mut self, at: &At<String>) -> Option<String> {
        self.findings.text(at, |text| text.ends_with(".jar") && !text.contains('/'), "name a jar by its file name")
    }

    fn reason(&mut self, at: &At<String>) {
        self.findings.text(at, |text| !text.trim().is_empty(), "say why that is fine");
    }

    fn arch(&mut self, at: Option<&At<String>>, several: bool) -> Option<Arch> {
        let at = at?;
        if !several {
            let hint = "take `arch` out, or set `architecture = \"any\"`";
            self.findings.report(at.span, "one package fits all platforms here", hint);
        }
        let arch = Arch::ALL.into_iter().find(|arch| arch.name() == at.value);
        self.findings.take(at.span, arch.ok_or_else(|| format!("`{}` is no platform", at.value)), "amd64 or arm64")
    }

    fn pin(&mut self, at: Option<&At<String>>, source: &Source, pinned: &mut BTreeMap<Source, Digest>) {
        let Some(at) = at else { return };
        let digest = at.value.parse::<Digest>();
        let Some(digest) = self.findings.take(at.span, digest, "a digest is `sha256:` and 64 hexadecimal digits")
        else {
            return;
        };
        if pinned.insert(source.clone(), digest).is_some_and(|other| other != digest) {
            self.findings.report(at.span, "another digest is said elsewhere for the same file", "say it once");
        }
    }

    fn items(&mut self, sections: &PackageFile, several: bool, pinned: &mut BTreeMap<Source, Digest>) -> Vec<Item> {
        let mut items = Vec::new();
        let mut homes: BTreeMap<(Source, Option<Arch>), ImagePath> = BTreeMap::new();
        for At { value: section, .. } in &sections.maven {
            let arch = self.arch(section.arch.as_ref(), several);
            let Some(into) = self.path(&section.into) else { continue };
            for at in &section.files {
                let hint = "look the coordinate up again: a repository's page of the project shows it";
                let Some(coordinate) = self.findings.take(at.span, at.value.parse::<Coordinate>(), hint) else {
                    continue;
                };
                let Some(path) = self.below(&into, &coordinate.file_name(), at.span) else { continue };
                let source = Source::Maven(Box::new(coordinate));
                let home = homes.entry((source.clone(), arch)).or_insert_with(|| path.clone());
                let what = if *home == path {
                    What::Fetched { source, path, mode: 0o644 }
                } else {
                    What::Link { path, target: home.clone() }
                };
                items.push(Item { span: at.span, arch, what });
            }
        }
        for At { span, value: section } in &sections.tree {
            let arch = self.arch(section.arch.as_ref(), several);
            if let Some(what) = self.tree(section, *span, pinned) {
                items.push(Item { span: *span, arch, what });
            }
        }
        for At { span, value: section } in &sections.file {
            let arch = self.arch(section.arch.as_ref(), several);
            let mode = self.mode(section.mode.as_ref(), 0o644);
            let paths = &section.path.value.0;
            let mut places =
                paths.iter().filter_map(|at| Some((at.span, self.path(at)?))).collect::<Vec<_>>().into_iter();
            let Some((_, path)) = places.next() else {
                self.findings.report(section.path.span, "a file needs a place", PATH);
                continue;
            };
            for (span, other) in places {
                items.push(Item { span, arch, what: What::Link { path: other, target: path.clone() } });
            }
            let what = match (&section.source, &section.content, &section.url) {
                (Some(at), None, None) => match self.files.source(self.file, &at.value) {
                    Ok(file) => What::Local { file, path, mode },
                    Err(refusal) => {
                        self.findings.report(at.span, refusal.message, refusal.hint);
                        continue;
                    }
                },
                (None, Some(at), None) => What::Text { text: at.value.clone(), path, mode },
                (None, None, Some(at)) => {
                    let hint = "write the address of the project's own site";
                    let Some(source) = self.findings.take(at.span, Source::url(&at.value), hint) else { continue };
                    self.pin(section.sha256.as_ref(), &source, pinned);
                    What::Fetched { source, path, mode }
                }
                _ => {
                    let hint = "say exactly one of `source`, `content` and `url`";
                    self.findings.report(*span, "a file needs its content, once", hint);
                    continue;
                }
            };
            items.push(Item { span: *span, arch, what });
        }
        for At { span, value: section } in &sections.link {
            if let (Some(path), Some(target)) = (self.path(&section.path), self.path(&section.target)) {
                items.push(Item { span: *span, arch: None, what: What::Link { path, target } });
            }
        }
        for At { span, value: section } in &sections.directory {
            let mode = self.mode(section.mode.as_ref(), 0o755);
            if let Some(path) = self.path(&section.path) {
                items.push(Item { span: *span, arch: None, what: What::Directory { path, mode } });
            }
        }
        items
    }

    fn tree(&mut self, section: &TreeSection, span: Span, pinned: &mut BTreeMap<Source, Digest>) -> Option<What> {
        let source = match (&section.pypi, &section.url) {
            (Some(at), None) => {
                let sdist = at.value.parse().map(Source::Sdist);
                self.findings.take(at.span, sdist, "name one release, such as \"pyspark==3.2.4\"")?
            }
            (None, Some(at)) => {
                self.findings.take(at.span, Source::url(&at.value), "write the address of the project's own site")?
            }
            _ => {
                let hint = "say exactly one of `pypi` and `url`";
                self.findings.report(span, "a tree needs its archive, once", hint);
                return None;
            }
        };
        self.pin(section.sha256.as_ref(), &source, pinned);
        let rule = "a path in the archive has no `/` at its ends, no empty component, no `.` and no `..`";
        let plain = |text: &str| ImagePath::new(&format!("/{text}")).is_ok() && !text.is_empty();
        let from = self.findings.text(&section.from, plain, rule)?;
        let exclude = section.exclude.iter().filter_map(|at| {
            let text = self.findings.text(at, plain, rule)?;
            Some((at.span, text.split('/').map(str::to_owned).collect()))
        });
        let exclude = exclude.collect();
        let into = self.path(&section.into)?;
        let mode = section.mode.as_ref().map(|mode| self.mode(Some(mode), 0o644));
        Some(What::Tree { tree: Tree { source, from }, into, exclude, mode })
    }
}

/// One line that says something.
fn line(text: &str) -> bool {
    !text.trim().is_empty() && !text.chars().any(char::is_control)
}
