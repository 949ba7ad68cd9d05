//! Recipes: what is accepted, and what it says. How mistakes are shown, what a recipe means, the schema and what any bytes do
//! have files of their own.

mod fuzz;
mod meaning;
mod mistakes;
mod schema;

use std::collections::BTreeMap;

use mokapot::base::{Arch, Digest, Fault};
use mokapot::domain::recipe::{
    Chain, Content, ImagePath, NamedFiles, Recipe, RecipeError, Refusal, Scripts, SourceFile, meaning_digest,
};

/// Files that a recipe names, in memory.
pub(crate) struct Memory(pub(crate) BTreeMap<&'static str, &'static [u8]>);

impl Memory {
    fn get(&self, path: &str) -> Result<&'static [u8], Refusal> {
        let missing = || Refusal { message: format!("cannot read `{path}`: no such file"), hint: "add it".into() };
        self.0.get(path).copied().ok_or_else(missing)
    }
}

impl NamedFiles for Memory {
    fn key(&mut self, _: &str, path: &str) -> Result<Vec<u8>, Refusal> {
        self.get(path).map(<[u8]>::to_vec)
    }

    fn source(&mut self, _: &str, path: &str) -> Result<SourceFile, Refusal> {
        let bytes = self.get(path)?;
        Ok(SourceFile { path: path.into(), size: bytes.len() as u64, sha256: Digest::of(bytes) })
    }

    fn package(&mut self, _: &str, name: &str) -> Result<(), Refusal> {
        let missing = || Refusal {
            message: format!("there is no package recipe `{name}`: packages/{name}/package.toml"),
            hint: "add it".into(),
        };
        (name == "ours").then_some(()).ok_or_else(missing)
    }
}

/// Resolves a chain of texts, the recipe to build first.
pub(crate) fn recipe(texts: &[&str]) -> Result<Recipe, RecipeError> {
    let mut chain = Chain::new();
    for (number, text) in texts.iter().enumerate() {
        chain.push(&format!("recipe-{number}.toml"), text.as_bytes())?;
    }
    chain.resolve(&mut Memory(BTreeMap::from([
        ("key.asc", &b"key"[..]),
        ("other.asc", &b"other"[..]),
        ("run.sh", &b"#!/bin/sh\n"[..]),
    ])))
}

/// A whole recipe around some lines of its own.
pub(crate) fn whole(lines: &str) -> String {
    format!("name = \"tools\"\nscripts = \"list\"\npackages.variant = \"none\"\n{lines}\n")
}

const FULL: &str = r#"
name = "tools"
platforms = ["linux/arm64", "linux/amd64"]
scripts = "list"

[[archive]]
mirror = "debian"
suites = ["bookworm"]
signed-by = ["key.asc", "other.asc"]
only = ["tini", "curl"]
priority = -1
max-age-days = 30
accept-expired = "it no longer moves"

[packages]
variant = "apt"
install = ["tini", "curl=7.88.1-10", "vim/bookworm", "nano-", "tini"]
recommends = true
accept-skew = ["libc6"]

[[file]]
path = "/opt/run-{arch}.sh"
source = "run.sh"
mode = "0755"
owner = "185:0"

[[file]]
path = "/etc/motd"
content = "hello {arch}"

[[file]]
path = "/opt/lib"
symlink = "/usr/lib/{triplet}"

[[group]]
name = "spark"
gid = 185

[[user]]
name = "spark"
uid = 185
home = "/opt/spark"
groups = ["staff"]

[image]
user = "spark:0"
env = { HOME = "/opt", JAVA_HOME = "/usr/lib/jvm/j-{arch}", OPTS = "${{X}}" }
labels = { "a.b" = "c" }
entrypoint = ["/opt/run-{arch}.sh"]
cmd = []
workdir = "/opt"
ports = ["80", "53/udp"]
volumes = ["/data"]
stop-signal = "SIGRTMIN+3"
annotations = { "org.opencontainers.image.title" = "tools" }
compression = "gzip"
epoch = 1700000000

[[waive]]
script = "tini/postinst"
reason = "it only prints"

[[effect]]
script = "curl/preinst"
reason = "compared with a system that apt installed"
sha256 = ["sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]
directory = [{ path = "/var/lib/curl-{arch}", mode = "0700", owner = "101:102" }]
user = [{ name = "curl", uid = 101, gid = 102 }]
group = [{ name = "curl", gid = 102 }]

[[effect.file]]
path = "/etc/curl/{triplet}"
symlink = "/run/{arch}"

[[effect.file]]
path = "/etc/curl/run"
source = "run.sh"
mode = "0755"

[debconf.tzdata]
"tzdata/Areas" = "Europe"
"tzdata/Zones/Europe" = "Berlin {arch}"

[debconf.man-db]
"man-db/install-setuid" = true
"#;

#[test]
fn a_full_recipe_is_read() {
    let recipe = recipe(&[FULL]).unwrap_or_else(|error| panic!("{}", error.render(false)));
    let platforms: Vec<String> = recipe.platforms().map(|platform| platform.to_string()).collect();
    assert_eq!(platforms, ["linux/amd64", "linux/arm64"]);
    let requests: Vec<String> = recipe.packages.install.iter().map(ToString::to_string).collect();
    assert_eq!(requests, ["tini", "curl=7.88.1-10", "vim/bookworm", "nano-"]);
    let arm = &recipe.targets[&Arch::Arm64];
    let paths: Vec<String> = arm.files.keys().map(ToString::to_string).collect();
    assert_eq!(paths, ["/etc/motd", "/opt/lib", "/opt/run-arm64.sh"]);
    let contents: Vec<&Content> = arm.files.values().map(|file| &file.content).collect();
    assert!(matches!(contents[0], Content::Inline(text) if text == "hello {arch}"), "contents are not templates");
    assert!(matches!(contents[1], Content::Symlink(link) if link == "/usr/lib/aarch64-linux-gnu"));
    assert_eq!(arm.image.env["JAVA_HOME"], "/usr/lib/jvm/j-arm64");
    assert_eq!(arm.image.env["OPTS"], "${X}");
    assert_eq!(arm.image.ports.iter().collect::<Vec<_>>(), ["53/udp", "80/tcp"]);
    assert_eq!(arm.image.user.as_ref().map(ToString::to_string).as_deref(), Some("spark:0"));
    assert_eq!(arm.image.user.as_ref().and_then(|user| user.user.name()), Some("spark"));
    assert_eq!(recipe.users["spark"].gid, 185);
    assert_eq!(recipe.waivers["tini/postinst"], "it only prints");
    let effect = &arm.effects["curl/preinst"];
    assert_eq!(effect.reason, "compared with a system that apt installed");
    assert_eq!(effect.sha256, [Digest::of(b"")].into());
    let (path, directory) = effect.directories.first_key_value().unwrap();
    assert_eq!((path.as_str(), directory.mode), ("/var/lib/curl-arm64", 0o700));
    assert_eq!((directory.uid, directory.gid), (101, 102));
    let paths: Vec<&str> = effect.files.keys().map(ImagePath::as_str).collect();
    assert_eq!(paths, ["/etc/curl/aarch64-linux-gnu", "/etc/curl/run"]);
    let contents: Vec<&Content> = effect.files.values().map(|file| &file.content).collect();
    assert!(matches!(contents[0], Content::Symlink(to) if to == "/run/arm64"));
    assert!(matches!(contents[1], Content::Source(file) if file.sha256 == Digest::of(b"#!/bin/sh\n")));
    assert_eq!((effect.users["curl"].uid, effect.groups["curl"]), (101, 102));
    let answer = |package: &str, question: &str| arm.debconf[&package.parse().unwrap()][question].as_str();
    assert_eq!(answer("tzdata", "tzdata/Areas"), "Europe");
    assert_eq!(answer("tzdata", "tzdata/Zones/Europe"), "Berlin arm64");
    assert_eq!(answer("man-db", "man-db/install-setuid"), "true");
}

#[test]
fn what_stands_for_scripts_goes_through_a_chain() {
    let base = whole(
        "[[waive]]\nscript = \"ab/preinst\"\nreason = \"x\"\n[[effect]]\nscript = \"ab/config\"\nreason = \"x\"\n\
         file = [{ path = \"/a\", content = \"\" }]\n[debconf.ab]\n\"ab/one\" = \"far\"\n\"ab/two\" = \"far\"",
    );
    let near = "name = \"near\"\nextends = \"base\"\n[[waive]]\nscript = \"ab/postinst\"\nreason = \"y\"\n\
                [[effect]]\nscript = \"cd/config\"\nreason = \"x\"\nuser = [{ name = \"u\", uid = 7 }]\n\
                [debconf.ab]\n\"ab/two\" = false\n[debconf.cd]\n[debconf.ef]\n\"ef/x\" = \"{{}}\"";
    let recipe = recipe(&[near, &base]).unwrap_or_else(|error| panic!("{}", error.render(false)));
    assert_eq!(recipe.waivers.keys().collect::<Vec<_>>(), ["ab/postinst", "ab/preinst"], "lists append");
    let target = &recipe.targets[&Arch::Amd64];
    assert_eq!(target.effects.keys().collect::<Vec<_>>(), ["ab/config", "cd/config"]);
    assert_eq!(
        serde_json::to_string(&target.debconf).unwrap(),
        r#"{"ab":{"ab/one":"far","ab/two":"false"},"ef":{"ef/x":"{}"}}"#
    );
}

#[test]
fn a_script_is_accounted_for_once() {
    let base = whole("[[waive]]\nscript = \"ab/postinst\"\nreason = \"x\"");
    let near = "name = \"near\"\nextends = \"base\"\n[[effect]]\nscript = \"ab/postinst\"\nreason = \"y\"\n\
                user = [{ name = \"u\", uid = 7 }]";
    insta::assert_snapshot!(recipe(&[near, &base]).unwrap_err().render(false), @r#"
error: `ab/postinst` is waived and is given an effect
 --> recipe-0.toml:4:10
  |
4 | script = "ab/postinst"
  |          ^^^^^^^^^^^^^
  |
 ::: recipe-1.toml:5:10
  |
5 | script = "ab/postinst"
  |          ------------- it is waived here
  |
  = hint: keep the waiver or the effect
"#);
}

#[test]
fn a_chain_merges() {
    let base = whole("install = []\nplatforms = [\"linux/amd64\", \"linux/arm64\"]\n[image]\nenv = { A = \"1\", B = \"1\" }\ncmd = [\"/a\", \"b\"]\n\
                      [[file]]\npath = \"/a\"\ncontent = \"\"")
        .replace("install = []\n", "");
    let near = "name = \"near\"\nextends = \"base\"\nplatforms = [\"linux/arm64\"]\npackages.install = [\"tini\"]\n[image]\nenv = { B = \"2\", C = \"2\" }\ncmd = [\"/c\"]\n\
                [[file]]\npath = \"/b\"\ncontent = \"\"";
    let recipe = recipe(&[near, &base]).unwrap_or_else(|error| panic!("{}", error.render(false)));
    assert_eq!(recipe.name, "near");
    assert_eq!(recipe.platforms().count(), 1, "a platform list is one value");
    let target = &recipe.targets[&Arch::Arm64];
    assert_eq!(target.image.env.values().collect::<Vec<_>>(), ["1", "2", "2"], "tables merge");
    assert_eq!(target.image.cmd.as_deref(), Some(&["/c".to_owned()][..]), "a command line is one value");
    assert_eq!(target.files.len(), 2, "lists append");
}

#[test]
fn scripts_are_interpreted_unless_a_recipe_says_otherwise() {
    let silent = "name = \"x\"\npackages.variant = \"none\"";
    let near = |scripts: &str| format!("name = \"near\"\nextends = \"x\"\n{scripts}");
    assert_eq!(recipe(&[silent]).unwrap().scripts, Scripts::Interpret);
    assert_eq!(recipe(&[&whole("")]).unwrap().scripts, Scripts::List);
    assert_eq!(recipe(&[&near(""), &whole("")]).unwrap().scripts, Scripts::List, "a chain keeps what its base says");
    let nearer = near("scripts = \"interpret\"");
    assert_eq!(recipe(&[&nearer, &whole("")]).unwrap().scripts, Scripts::Interpret, "the nearer value wins");
    let said = format!("{silent}\nscripts = \"interpret\"");
    assert_eq!(meaning_digest(&recipe(&[&said]).unwrap()), meaning_digest(&recipe(&[silent]).unwrap()));
    let listed = format!("{silent}\nscripts = \"list\"");
    assert_ne!(meaning_digest(&recipe(&[&listed]).unwrap()), meaning_digest(&recipe(&[silent]).unwrap()));
    let wrong = recipe(&[&format!("{silent}\nscripts = \"lists\"")]).unwrap_err();
    assert_eq!(wrong.to_string(), "recipe-0.toml:3:11: `scripts`: unknown value `lists`");
    assert_eq!(wrong.hint().as_deref(), Some("did you mean `list`?"));
}
