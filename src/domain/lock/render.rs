//! Writing lockfiles. Version 1 is TOML in this shape:
//!
//! ```toml
//! # … a comment that says who writes the file
//! version = 1
//! recipe = "sha256:…"                  # digest of the request below, as `LockMeaning::digest` makes it
//!
//! [request]                            # what the lock was made for: `LockMeaning`
//! platforms = ["linux/amd64", "linux/arm64"]
//! variant = "essential"
//! install = ["tini"]
//! recommends = false
//! accept-skew = []
//!
//! [[request.archive]]                  # in the order of the recipe
//! mirror = "debian"
//! suites = ["bookworm"]
//! components = ["main"]
//! keys = ["sha256:…"]                  # and only, priority, max-age-days, accept-expired where the recipe says them
//!
//! [[request.jar]]                      # where there are any: sorted
//! places = ["s3://…", "maven:…"]       # in the order to ask
//! sha256 = "sha256:…"                  # where the recipe says it
//!
//! [request.python]                     # where the recipe has one: mirror, interpreter, requirements, requirements-file
//!
//! [[release]]                          # sorted by mirror and suite
//! mirror = "debian"
//! suite = "bookworm"
//! date = 2026-07-11T10:16:37Z
//! valid-until = 2026-07-18T10:16:37Z   # where there is one
//! sha256 = "sha256:…"                  # of InRelease
//! size = 151078
//! signers = ["4CB5…"]
//!
//! [[package]]                          # sorted by name
//! name = "tini"
//! version = "0.19.0-1"
//! priority = "required"                # the index's `Priority`, where it is not `optional`
//! mirror = "debian"
//! suite = "bookworm"
//! via = ["(recipe)"]                   # the shortest way from the request; see `graph.rs`
//! depends = ["libc6"]                  # and recommends, where there are any
//!
//! [package.amd64]
//! file = "pool/main/t/tini/tini_0.19.0-1_amd64.deb"
//! size = 255804
//! sha256 = "sha256:…"
//! ```
//!
//! And after the packages, where there are any, sorted by their places:
//!
//! ```toml
//! [[jar]]
//! places = ["s3://…", "maven:…"]       # a source of the request
//! size = 1089312
//! sha256 = "sha256:…"
//! ```
//!
//! A package that is in no archive has `from = "local"` (a package recipe of the project; `file` is the package's name) or `from =
//! "address"` (`file` is the address) in place of `mirror` and `suite`.
//!
//! A block is a package of one version and priority from one suite, for all platforms that lock it so. `file`, `size` and `sha256` stand in the
//! block itself for `Architecture: all`, else in the platform's table. `via`, `depends` and `recommends` stand in the block when they are
//! the same on all its platforms, else in their tables. `platforms` names the block's platforms when they are not the lock's and the
//! tables do not tell. Lists are sorted, one item a line when they are longer than a line. No key is written that holds nothing,
//! but `install` and `accept-skew`. Wheels follow the packages; their blocks are described in [`super::wheel`].

use std::fmt::Write as _;

use super::graph::Reach;
use super::model::{Lockfile, Origin, PackageLock};
use super::parse::VERSION;
use super::wheel;
use crate::base::{Arch, Platform};
use crate::formats::deb::package::Architecture;
use crate::formats::deb::priority::Priority;

const HEAD: &str =
    "# Written by `mokapot lock`. Read it in review; to change it, change the recipe and run `mokapot lock` again.\n";

impl Lockfile {
    /// The lockfile's text, in the newest version of the format. The same lock gives the same bytes.
    #[must_use]
    pub fn render(&self) -> String {
        let mut out = Text(HEAD.to_owned());
        let meaning = self.meaning();
        out.line("version", VERSION);
        out.string("recipe", &meaning.digest());
        out.section("[request]");
        out.list("platforms", &meaning.platforms);
        out.string("variant", &serde_plain(&meaning.variant));
        out.list("install", &meaning.install);
        out.some_list("local", &meaning.local);
        out.line("recommends", meaning.recommends);
        out.list("accept-skew", &meaning.accept_skew);
        for archive in &meaning.archives {
            out.section("[[request.archive]]");
            out.string("mirror", &archive.mirror);
            out.list("suites", &archive.suites);
            out.list("components", &archive.components);
            out.list("keys", &archive.keys);
            archive.only.iter().for_each(|only| out.list("only", only));
            archive.priority.iter().for_each(|priority| out.line("priority", priority));
            archive.max_age_days.iter().for_each(|days| out.line("max-age-days", days));
            if archive.accept_expired {
                out.line("accept-expired", true);
            }
        }
        for deb in &meaning.debs {
            out.section("[[request.deb]]");
            out.string("platform", &deb.platform);
            out.string("url", &deb.url);
            out.string("sha256", &deb.sha256);
        }
        for jar in &meaning.jars {
            out.section("[[request.jar]]");
            out.list("places", &jar.places);
            jar.sha256.iter().for_each(|sha256| out.string("sha256", sha256));
        }
        if let Some(python) = &meaning.python {
            out.section("[request.python]");
            out.string("mirror", &python.mirror);
            python.interpreter.iter().for_each(|interpreter| out.string("interpreter", interpreter));
            out.list("requirements", &python.requirements);
            python.requirements_file.iter().for_each(|file| out.string("requirements-file", file));
        }
        for release in self.releases() {
            out.section("[[release]]");
            out.string("mirror", &release.mirror);
            out.string("suite", &release.suite);
            out.line("date", release.date.rfc3339());
            release.valid_until.iter().for_each(|until| out.line("valid-until", until.rfc3339()));
            out.string("sha256", &release.sha256);
            out.line("size", release.size);
            out.list("signers", &release.signers);
        }
        self.render_packages(&mut out);
        for jar in self.jars() {
            out.section("[[jar]]");
            out.list("places", &jar.places);
            out.line("size", jar.size);
            out.string("sha256", &jar.sha256);
        }
        wheel::render(self.wheels(), meaning, &mut out);
        out.0
    }

    fn render_packages(&self, out: &mut Text) {
        let reach: Vec<(Arch, Reach<'_>)> =
            Arch::ALL.map(|arch| (arch, Reach::of(self.meaning(), self.packages_of(arch)))).into();
        let via = |package: &PackageLock| {
            let here = reach.iter().find(|(arch, _)| *arch == package.arch);
            here.map(|(_, reach)| reach.via(&package.name)).unwrap_or_default()
        };
        let mut blocks: Vec<Vec<&PackageLock>> = Vec::new();
        for package in self.packages() {
            match blocks.last_mut() {
                Some(block) if block.last().is_some_and(|last| shares_block(last, package)) => block.push(package),
                _ => blocks.push(vec![package]),
            }
        }
        for block in blocks {
            let Some(first) = block.first() else { continue };
            out.section("[[package]]");
            out.string("name", &first.name);
            out.string("version", &first.version);
            if first.priority != Priority::default() {
                out.string("priority", &first.priority);
            }
            match &first.origin {
                Origin::Archive { mirror, suite } => {
                    out.string("mirror", mirror);
                    out.string("suite", suite);
                }
                other => out.string("from", other),
            }
            let all = first.architecture == Architecture::All;
            if all && block.len() < self.meaning().platforms.len() {
                out.list("platforms", &block.iter().map(|package| Platform(package.arch)).collect::<Vec<_>>());
            }
            let same_via = block.iter().all(|package| via(package) == via(first));
            let same_edges = block
                .iter()
                .all(|package| (&package.depends, &package.recommends) == (&first.depends, &first.recommends));
            let edges = |out: &mut Text, package: &PackageLock| {
                out.some_list("depends", &package.depends);
                out.some_list("recommends", &package.recommends);
            };
            if same_via {
                out.list("via", &via(first));
            }
            if same_edges {
                edges(out, first);
            }
            if all {
                file(out, first);
            }
            for package in &block {
                if all && same_via && same_edges {
                    continue;
                }
                out.section(&format!("[package.{}]", package.arch));
                if !same_via {
                    out.list("via", &via(package));
                }
                if !same_edges {
                    edges(out, package);
                }
                if !all {
                    file(out, package);
                }
            }
        }
    }
}

/// Whether two packages that follow each other are one block.
fn shares_block(a: &PackageLock, b: &PackageLock) -> bool {
    let text = |package: &PackageLock| package.version.to_string();
    let all = a.architecture == Architecture::All;
    (&a.name, text(a), a.priority, &a.origin) == (&b.name, text(b), b.priority, &b.origin)
        && all == (b.architecture == Architecture::All)
        && (!all || (&a.filename, a.size, a.sha256) == (&b.filename, b.size, b.sha256))
}

fn file(out: &mut Text, package: &PackageLock) {
    out.string("file", &package.filename);
    out.line("size", package.size);
    out.string("sha256", &package.sha256);
}

/// The word that serde writes for a variant without data.
fn serde_plain(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// The text so far.
pub(super) struct Text(String);

impl Text {
    pub(super) fn section(&mut self, head: &str) {
        let _ = write!(self.0, "\n{head}\n");
    }

    pub(super) fn line(&mut self, key: &str, value: impl std::fmt::Display) {
        let _ = writeln!(self.0, "{key} = {value}");
    }

    pub(super) fn string(&mut self, key: &str, value: &impl ToString) {
        self.line(key, quoted(value));
    }

    pub(super) fn list<'a, T: ToString + 'a>(&mut self, key: &str, items: impl IntoIterator<Item = &'a T>) {
        let items: Vec<String> = items.into_iter().map(quoted).collect();
        let one_line = format!("[{}]", items.join(", "));
        if key.len() + 3 + one_line.len() <= 100 {
            return self.line(key, one_line);
        }
        let _ = writeln!(self.0, "{key} = [");
        for item in items {
            let _ = writeln!(self.0, "  {item},");
        }
        self.0.push_str("]\n");
    }

    pub(super) fn some_list<'a, T: ToString + 'a>(
        &mut self,
        key: &str,
        items: impl IntoIterator<Item = &'a T, IntoIter: ExactSizeIterator>,
    ) {
        let items = items.into_iter();
        if items.len() > 0 {
            self.list(key, items);
        }
    }
}

pub(super) fn quoted(value: &impl ToString) -> String {
    toml::Value::String(value.to_string()).to_string()
}
