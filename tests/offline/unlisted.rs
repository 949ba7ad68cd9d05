//! Packages that no archive has, in images: those of the project's package recipes, and those at addresses.

use std::fs;

use mokapot::base::Digest;

use crate::support::deb::Deb;
use crate::support::http::{Reply, Request, Server};
use crate::support::project::{Project, RECIPE, noise};

const OURS: &str = r#"name = "ours"
version = "1.0-1"
maintainer = "Tests <tests@example.org>"
section = "java"
synopsis = "package of a test"
description = "What it is."
changelog = "changelog"
copyright = "copyright"
depends = ["tool"]

[[file]]
path = "/usr/share/ours/data"
content = "one"
"#;

const CHANGELOG: &str = "ours (1.0-1) unstable; urgency=medium\n\n  * First.\n\n -- Tests <tests@example.org>  Thu, 01 Jan 2026 00:00:00 +0000\n";

/// A project whose recipe has these lines too, after its table of packages.
fn project(packages: &str, sections: &str) -> Project {
    let project = Project::new();
    let recipe = RECIPE.replace("install = [\"app\"]\n", &format!("install = [\"app\"]\n{packages}\n"));
    project.write("project/recipes/app.toml", &format!("{recipe}\n{sections}"));
    project
}

fn with_package() -> Project {
    let project = project("local = [\"ours\"]", "");
    project.write("project/packages/ours/package.toml", OURS);
    project.write("project/packages/ours/changelog", CHANGELOG);
    project.write("project/packages/ours/copyright", "Tests.\n");
    project
}

fn lock(project: &Project) -> String {
    fs::read_to_string(project.lock_path()).unwrap()
}

fn image(project: &Project) -> String {
    format!("oci:{}:app", project.layout().display())
}

#[test]
fn a_package_of_ours_is_made_locked_and_installed() {
    let project = with_package();
    let index = project.built();
    let made = project.mokapot(&["package", "ours"]).ok();
    let digest = made.stdout.trim_end().split_once('@').unwrap().1.to_owned();
    let locked = lock(&project);
    assert!(locked.contains("local = [\"ours\"]\n"), "{locked}");
    let head = "[[package]]\nname = \"ours\"\nversion = \"1.0-1\"\nfrom = \"local\"\nvia = [\"(recipe)\"]\ndepends = [\"tool\"]\nfile = \"ours_1.0-1_all.deb\"\n";
    assert!(locked.contains(head) && locked.contains(&format!("sha256 = \"{digest}\"")), "{digest}: {locked}");

    let files = project.mokapot(&["files", &image(&project)]).ok().stdout;
    assert!(files.contains("usr/share/ours/data"), "{files}");
    let why = project.mokapot(&["why", &image(&project), "/usr/share/ours/data"]).ok().stdout;
    assert!(why.contains("locked    local ours_1.0-1_all.deb") && why.contains("the recipe installs ours"), "{why}");

    // Nothing to do, whoever asks; and nothing is asked of the archive.
    project.server.clear();
    let again = project.build(&["--locked"]).ok();
    assert!(again.stderr.contains("app is up to date"), "{}", again.stderr);
    assert_eq!(project.server.requests().len(), 0);
    project.lock(&["--check"]).ok();
    assert_eq!(project.built(), index);
    project.assert_tidy();
}

#[test]
fn a_package_of_ours_that_changed_is_locked_again_unless_it_must_not_be() {
    let project = with_package();
    let before = project.built();
    let old = lock(&project);
    project.write("project/packages/ours/package.toml", &OURS.replace("content = \"one\"", "content = \"two\""));
    let refused = project.build(&["--locked"]);
    let said = refused.failed(4, &["app.lock: package recipe `ours` makes sha256:", "locked was sha256:"]).stderr;
    assert!(said.contains("hint: run `mokapot lock`"), "{said}");
    assert_eq!(lock(&project), old, "nothing was written");

    let ran = project.build(&[]);
    assert!(
        ran.stderr.contains("package recipe `ours` makes sha256:") && ran.stderr.contains("locking again"),
        "{}",
        ran.stderr
    );
    assert_ne!(ran.digest("app"), before);
    assert_ne!(lock(&project), old);
    project.build(&["--locked"]).ok();

    // `mokapot lock` sees it too.
    project.write("project/packages/ours/package.toml", OURS);
    assert!(project.lock(&[]).ok().stdout.contains("app.lock"));
    assert_eq!(project.built(), before, "the same bytes are the same image");
}

#[test]
fn a_package_of_ours_is_taken_before_that_of_an_archive() {
    let mut project = with_package();
    project.archive.add("fake", &Deb::new("ours", "9.0").stanza(), &Deb::new("ours", "9.0").build());
    project.publish();
    project.built();
    assert!(lock(&project).contains("name = \"ours\"\nversion = \"1.0-1\"\nfrom = \"local\""), "{}", lock(&project));
}

/// Packages at addresses on a server of ours.
struct Address {
    server: Server,
    debs: Vec<(&'static str, Vec<u8>)>,
}

impl Address {
    fn new() -> Self {
        let agent = |arch: &str| {
            Deb::new("agent", "3.1")
                .field("Architecture", arch)
                .field("Depends", "tool")
                .directory("opt")
                .file("opt/agent", &noise(arch, 5000))
                .build()
        };
        let debs = vec![("amd64", agent("amd64")), ("arm64", agent("arm64"))];
        let served = debs.clone();
        let server = Server::start(move |request: &Request| {
            let found = served.iter().find(|(arch, _)| request.path() == format!("/agent_3.1_{arch}.deb"));
            found.map_or_else(|| Reply::new(404), |(_, bytes)| Reply::ranged(bytes, request))
        });
        Self { server, debs }
    }

    fn section(&self, hint: &str) -> String {
        let digest = |at: usize| Digest::of(&self.debs[at].1);
        let url = self.server.url();
        format!(
            "[[deb]]\nurl = \"{url}/agent_3.1_{{arch}}.deb\"\namd64 = \"{}\"\narm64 = \"{}\"\n{hint}",
            digest(0),
            digest(1)
        )
    }
}

#[test]
fn a_package_at_an_address_is_locked_and_installed() {
    let address = Address::new();
    let project = project("", &address.section(""));
    project.built();
    let locked = lock(&project);
    let url = format!("{}/agent_3.1_arm64.deb", address.server.url());
    for part in [
        "name = \"agent\"\nversion = \"3.1\"\nfrom = \"address\"\nvia = [\"(address)\"]\ndepends = [\"tool\"]\n"
            .to_owned(),
        format!("[package.arm64]\nfile = \"{url}\"\n"),
        format!("[[request.deb]]\nplatform = \"linux/arm64\"\nurl = \"{url}\"\n"),
    ] {
        assert!(locked.contains(&part), "no {part:?} in {locked}");
    }
    let why = project.mokapot(&["why", &image(&project), "agent"]).ok().stdout;
    assert!(why.contains("locked    address http") && why.contains("the recipe names the address of agent"), "{why}");
    // Each was fetched once; with the store, no more.
    assert_eq!(address.server.requests().len(), 2);
    project.build(&["--locked", "--offline"]).ok();
    // Another store takes the locked bytes from there.
    let store = project.path("other").display().to_string();
    project.build(&["--locked", "--store", &store]).ok();
    assert_eq!(address.server.requests().len(), 4);
}

#[test]
fn what_is_not_at_an_address_is_told_with_the_recipe_s_hint() {
    let address = Address::new();
    let hint = "hint = \"the recipe other goes without it\"\n";
    let gone = address.section(hint).replace("agent_3.1", "agent_9");
    let project = project("", &gone);
    let told = ["cannot fetch http", "/agent_9_amd64.deb", "404", "hint: the recipe other goes without it"];
    project.build(&[]).failed(9, &told);
    assert!(!project.lock_path().exists());

    // Other bytes than the recipe says: both digests are named, and nothing is used.
    let (amd64, arm64) = (Digest::of(&address.debs[0].1), Digest::of(&address.debs[1].1));
    let swapped = address.section("").replace(&arm64.to_string(), &amd64.to_string());
    let project = self::project("", &swapped);
    project.build(&[]).failed(6, &[&amd64.to_string(), &arm64.to_string()]);
    assert!(!project.lock_path().exists());

    // The right bytes, but a package for another platform.
    let foreign = format!("[[deb]]\nurl = \"{}/agent_3.1_arm64.deb\"\nsha256 = \"{arm64}\"\n", address.server.url());
    let project = self::project("", &foreign);
    project.build(&[]).failed(3, &["is a package for arm64, and the recipe takes it for amd64"]);
}

#[test]
fn directories_and_access_are_as_the_recipe_says() {
    let sections = "[[file]]\npath = \"/opt/link\"\nsymlink = \"/usr/share/docs\"\n\
        [[file]]\npath = \"/opt/link/own\"\ncontent = \"x\"\n\
        [[directory]]\npath = \"/opt/link/work\"\nmode = \"1777\"\nowner = \"185:0\"\n\
        [[access]]\npath = \"/etc/passwd\"\nmode = \"0664\"\n";
    let project = project("", sections);
    project.built();
    let listed = project.mokapot(&["files", &image(&project), "--format", "json"]).ok().stdout;
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let of = |path: &str| {
        let all = listed["files"].as_array().unwrap();
        all.iter().find(|file| file["path"] == path).unwrap_or_else(|| panic!("no {path} in {listed}")).clone()
    };
    let work = of("/usr/share/docs/work");
    assert_eq!((&work["mode"], &work["uid"], &work["gid"]), (&"1777".into(), &185.into(), &0.into()), "{work}");
    assert_eq!(of("/etc/passwd")["mode"], "0664");
    assert_eq!(of("/usr/share/docs/own")["size"], 1);

    let nowhere = self::project("", "[[access]]\npath = \"/nowhere\"\nmode = \"0664\"\n");
    nowhere.build(&[]).failed(3, &["[[access]] /nowhere (amd64): there is nothing at this path"]);
}

#[test]
fn a_recipe_takes_more_from_the_archive_of_the_one_that_it_extends() {
    let archive = |only: &str| {
        format!("[[archive]]\nmirror = \"debian\"\nsuites = [\"fake\"]\nsigned-by = \"keys/fake.asc\"\n{only}\n")
    };
    let project = Project::new();
    let base = "only = [\"libc6\", \"docs\", \"tool\", \"base-files\"]";
    project.write(
        "project/recipes/base.toml",
        &format!("name = \"base\"\nscripts = \"list\"\n{}[packages]\ninstall = [\"docs\"]\n", archive(base)),
    );
    let nearer =
        |only: &str| format!("name = \"app\"\nextends = \"base\"\n{}[packages]\ninstall = [\"app\"]\n", archive(only));
    project.write("project/recipes/app.toml", &nearer("only = [\"app\"]"));
    project.built();
    assert_eq!(lock(&project).matches("[[request.archive]]").count(), 1);
    // All of an archive, beside some of it, is a contradiction.
    project.write("project/recipes/app.toml", &nearer(""));
    project.build(&[]).failed(3, &["`fake` of `debian` is there twice"]);
}
