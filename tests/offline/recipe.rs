//! Recipes: what is accepted, what it means, and how each mistake is shown.

use std::collections::BTreeMap;

use mokapot::base::{Arch, Class, Digest, Fault};
use mokapot::domain::recipe::{
    Chain, Content, ImagePath, LockMeaning, NamedFiles, Recipe, RecipeError, Refusal, Scripts, SourceFile,
    meaning_digest, schema,
};
use proptest::prelude::*;

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

/// REC-01, 02, 05, 07, 08, 10, 11, 14, 16, 20, 26 and more of their kinds: the text, its place, and what the message says.
const WRONG: &[(&str, &str, &str)] = &[
    // syntax and shape
    ("x = \"unterminated", "4:18", "this is no TOML"),
    ("x = [1,\n\ty = 2", "5:2", "this is no TOML"),
    ("name = \"twice\"", "4:1", "duplicate key"),
    ("[pacakges]", "4:2", "unknown key `pacakges`"),
    ("[image]\nenvironment = {}", "5:1", "`image`: unknown key `environment`"),
    ("[[jars]]\ns3 = \"\"", "4:3", "unknown key `jars`"),
    ("platforms = \"linux/amd64\"", "4:13", "`platforms`: expected a list, found a string"),
    ("platforms = 1.5", "4:13", "`platforms`: expected a list, found a number with a fraction"),
    ("file = [1]", "4:9", "`file`: expected a table, found a number"),
    ("[[user]]\nname = \"x\"", "4:1", "`user`: the key `uid` is missing"),
    ("image.compression = \"zst\"", "4:21", "`image.compression`: unknown value `zst`"),
    // platforms
    ("platforms = []", "4:13", "no platform"),
    ("platforms = [\"linux/amd65\"]", "4:14", "unknown platform `linux/amd65`: one of linux/amd64, linux/arm64"),
    ("platforms = [\"linux/arm/v9\"]", "4:14", "unknown platform"),
    ("platforms = [\"linux/amd64\", \"linux/amd64\"]", "4:29", "linux/amd64 is there twice"),
    // packages
    ("packages.install = [\"а\u{301}pt\"]", "4:21", "is no package name"),
    ("packages.install = [\"a b\"]", "4:21", "is no package name"),
    ("packages.install = [\"ab;rm\"]", "4:21", "is no package name"),
    ("packages.install = [\"--option\"]", "4:21", "is no package name"),
    ("packages.install = [\"-ab\"]", "4:21", "is no package name"),
    ("packages.install = [\"ab=\"]", "4:21", "malformed version"),
    ("packages.install = [\"ab/../x\"]", "4:21", "is no suite"),
    ("packages.accept-skew = [\"A\"]", "4:25", "is no package name"),
    // archives
    (
        "[[archive]]\nmirror = \"https://x\"\nsuites = [\"a\"]\nsigned-by = \"key.asc\"",
        "5:10",
        "`https://x` breaks a rule",
    ),
    ("[[archive]]\nmirror = \"x\"\nsuites = []\nsigned-by = \"key.asc\"", "4:1", "an archive needs suites"),
    ("[[archive]]\nmirror = \"x\"\nsuites = [\"../a\"]\nsigned-by = \"key.asc\"", "6:11", "breaks a rule"),
    (
        "[[archive]]\nmirror = \"x\"\nsuites = [\"a\", \"a\"]\nsigned-by = \"key.asc\"",
        "6:16",
        "`a` of `x` is there twice",
    ),
    ("[[archive]]\nmirror = \"x\"\nsuites = [\"a\"]\nsigned-by = []", "7:13", "no key may sign"),
    ("[[archive]]\nmirror = \"x\"\nsuites = [\"a\"]\nsigned-by = \"gone.asc\"", "7:13", "cannot read `gone.asc`"),
    (
        "[[archive]]\nmirror = \"x\"\nsuites = [\"a\"]\nsigned-by = \"key.asc\"\npriority = 40000",
        "8:12",
        "out of range",
    ),
    (
        "[[archive]]\nmirror = \"x\"\nsuites = [\"a\"]\nsigned-by = \"key.asc\"\naccept-expired = \" \"",
        "8:18",
        "breaks a rule",
    ),
    // files
    ("[[file]]\npath = \"opt\"\ncontent = \"\"", "5:8", "starts with `/`"),
    ("[[file]]\npath = \"/a/../b\"\ncontent = \"\"", "5:8", "`..`"),
    ("[[file]]\npath = \"/a\\u0000b\"\ncontent = \"\"", "5:8", "NUL"),
    ("[[file]]\npath = \"/a\\nb\"\ncontent = \"\"", "5:8", "`/a\\nb`: a path may hold no NUL, newline"),
    ("[[file]]\npath = \"/\"\ncontent = \"\"", "5:8", "`/` is no place"),
    ("[[file]]\npath = \"/a/.wh.x\"\ncontent = \"\"", "5:8", "reserved by the OCI layer format"),
    ("[[file]]\npath = \"/.wh..wh..opq\"\ncontent = \"\"", "5:8", "reserved by the OCI layer format"),
    ("[[file]]\npath = \"/a\"", "4:1", "needs its content"),
    ("[[file]]\npath = \"/a\"\ncontent = \"\"\nsource = \"run.sh\"", "4:1", "needs its content, once"),
    ("[[file]]\npath = \"/a\"\nsource = \"gone\"", "6:10", "cannot read `gone`"),
    ("[[file]]\npath = \"/a\"\ncontent = \"\"\nmode = \"888\"", "7:8", "is no mode"),
    ("[[file]]\npath = \"/a\"\ncontent = \"\"\nmode = 755", "7:8", "expected a string"),
    ("[[file]]\npath = \"/a\"\ncontent = \"\"\nowner = \"root:root\"", "7:9", "is no owner"),
    ("[[file]]\npath = \"/a\"\nsymlink = \"\"", "6:11", "breaks a rule"),
    ("[[file]]\npath = \"/a\"\nsymlink = \"b\"\nmode = \"0644\"", "7:8", "no mode of its own"),
    ("[[file]]\npath = \"/a\"\ncontent = \"\"\n[[file]]\npath = \"/a\"\ncontent = \"\"", "8:8", "`/a` is there twice"),
    (
        "[[file]]\npath = \"/a\"\nsymlink = \"b\"\n[[file]]\npath = \"/a/b/c\"\ncontent = \"\"",
        "8:8",
        "`/a/b/c` lies below `/a`",
    ),
    // accounts
    ("[[user]]\nname = \"Root\"\nuid = 1", "5:8", "breaks a rule"),
    ("[[user]]\nname = \"x\"\nuid = -1", "6:7", "out of range"),
    ("[[user]]\nname = \"x\"\nuid = 4294967295", "6:7", "out of range"),
    ("[[user]]\nname = \"x\"\nuid = 1\nhome = \"/a:b\"", "7:8", "no `:`"),
    ("[[user]]\nname = \"x\"\nuid = 1\n[[user]]\nname = \"y\"\nuid = 1", "9:7", "two users have the number 1"),
    ("[[group]]\nname = \"x\"\ngid = 1\n[[group]]\nname = \"x\"\ngid = 2", "8:8", "the group `x` is there twice"),
    // the image
    ("[image]\nenv = [\"FOO\"]", "5:7", "`image.env`: expected a table, found a list"),
    ("[image]\nenv = { \"=x\" = \"\" }", "5:9", "breaks a rule"),
    ("[image]\nenv = { \"\" = \"x\" }", "5:9", "breaks a rule"),
    ("[image]\nenv = { A = 1 }", "5:13", "`image.env.A`: expected a string"),
    ("[image]\nenv = { A = \"{ARCH}\" }", "5:13", "unknown placeholder `{ARCH}`"),
    ("[image]\nenv = { A = \"a{\" }", "5:13", "a brace stands alone"),
    ("[image]\nuser = \"a:b:c\"", "5:8", "is no user"),
    ("[image]\nuser = \"4294967295\"", "5:8", "is no user"),
    ("[image]\nentrypoint = [\"\"]", "5:15", "no name"),
    ("[image]\nworkdir = \"opt\"", "5:11", "starts with `/`"),
    ("[image]\nports = [\"0\"]", "5:10", "is no port"),
    ("[image]\nports = [\"80/sctp\"]", "5:10", "is no port"),
    ("[image]\nstop-signal = \"TERM\"", "5:15", "breaks a rule"),
    ("[image]\nepoch = -1", "5:9", "no time in seconds"),
    // waivers
    ("[[waive]]\nscript = \"tini\"\nreason = \"x\"", "5:10", "`tini` is no script"),
    ("[[waive]]\nscript = \"Tini/postinst\"\nreason = \"x\"", "5:10", "`Tini` is no package name"),
    ("[[waive]]\nscript = \"tini/triggers\"\nreason = \"x\"", "5:10", "`tini/triggers` is no script"),
    ("[[waive]]\nscript = \"tini/a/postinst\"\nreason = \"x\"", "5:10", "`tini/a/postinst` is no script"),
    ("[[waive]]\nscript = \"tini/prerm\"\nreason = \"x\"", "5:10", "`tini/prerm` never runs"),
    ("[[waive]]\nscript = \"tini/postinst\"", "4:1", "`waive`: the key `reason` is missing"),
    (
        "[[waive]]\nscript = \"ab/config\"\nreason = \"x\"\n[[waive]]\nscript = \"ab/config\"\nreason = \"x\"",
        "8:10",
        "`ab/config` is waived twice",
    ),
    ("[[waive]]\nscript = \"tini/postinst\"\nreason = \"\"", "6:10", "breaks a rule"),
    // effects
    ("[[effect]]\nscript = \"tini/postrm\"\nreason = \"x\"\nuser = []", "5:10", "`tini/postrm` never runs"),
    ("[[effect]]\nscript = \"tini/postinst\"\nreason = \"x\"", "5:10", "the effect leaves nothing"),
    (
        "[[effect]]\nscript = \"tini/postinst\"\nreason = \" \"\nuser = [{ name = \"x\", uid = 1 }]",
        "6:10",
        "breaks a rule",
    ),
    ("[[effect]]\nscript = \"tini/postinst\"\nreason = \"x\"\nsha256 = \"e3b0\"", "7:10", "weak or unsupported digest"),
    ("[[effect]]\nscript = \"tini/postinst\"\nreason = \"x\"\nsha256 = []", "7:10", "none of the digests"),
    ("[[effect]]\nscript = \"tini/postinst\"\nreason = \"x\"\nfiles = []", "7:1", "unknown key `files`"),
    (
        "[[effect]]\nscript = \"tini/postinst\"\nreason = \"x\"\nfile = [{ path = \"/a\", source = \"gone\" }]",
        "7:33",
        "cannot read `gone`",
    ),
    (
        "[[effect]]\nscript = \"tini/postinst\"\nreason = \"x\"\ndirectory = [{ path = \"/a\", mode = \"drwx\" }]",
        "7:36",
        "is no mode",
    ),
    (
        "[[effect]]\nscript = \"tini/postinst\"\nreason = \"x\"\ndirectory = [{ path = \"/a\" }, { path = \"/a/b\" }, { path = \"/a/b/c/d\" }]\n\
         file = [{ path = \"/a/b/c\", content = \"\" }]",
        "7:59",
        "`/a/b/c/d` lies below `/a/b/c`",
    ),
    (
        "[[effect]]\nscript = \"tini/postinst\"\nreason = \"x\"\ndirectory = [{ path = \"/a\" }]\nfile = [{ path = \"/a\", content = \"\" }]",
        "8:18",
        "`/a` is there twice",
    ),
    (
        "[[effect]]\nscript = \"ab/config\"\nreason = \"x\"\nuser = [{ name = \"x\", uid = 1 }]\n\
         [[effect]]\nscript = \"ab/config\"\nreason = \"x\"\ngroup = [{ name = \"x\", gid = 1 }]",
        "9:10",
        "`ab/config` is given an effect twice",
    ),
    // debconf
    ("[debconf]\ntzdata = \"x\"", "5:10", "`debconf.tzdata`: expected a table, found a string"),
    ("[debconf.Tzdata]\n\"a/b\" = \"x\"", "4:10", "`Tzdata` is no package name"),
    ("[debconf.tzdata]\n\"a b\" = \"x\"", "5:1", "`a b` breaks a rule"),
    ("[debconf.tzdata]\n\"\" = \"x\"", "5:1", "breaks a rule"),
    ("[debconf.tzdata]\n\"a/b\" = 1", "5:9", "`debconf.tzdata.a/b`: expected a string, true or false, found a number"),
    ("[debconf.tzdata]\n\"a/b\" = \"{x}\"", "5:9", "unknown placeholder"),
    ("[debconf.tzdata]\n\"a/b\" = \"x\\ny\"", "5:9", "breaks a rule"),
    ("[debconf.ab]\n\"a/b\" = true\n[debconf.cd]\n\"a/b\" = false", "7:1", "`a/b` is answered in two ways"),
];

#[test]
fn mistakes_are_shown_where_they_are() {
    for (lines, place, message) in WRONG {
        let error = match recipe(&[&whole(lines)]) {
            Ok(_) => panic!("accepted:\n{lines}"),
            Err(error) => error,
        };
        assert_eq!(error.class(), Class::Recipe);
        let found = error.diagnostics();
        let fits = |d: &&mokapot::domain::recipe::Diagnostic| {
            format!("{}:{}", d.line, d.column) == *place && d.message.contains(message)
        };
        assert!(found.iter().any(|d| fits(&d)), "for\n{lines}\nexpected {place} {message}\nfound {found:#?}");
        assert!(found.iter().all(|d| !d.hint.is_empty() && d.file == "recipe-0.toml"), "{found:?}");
        let shown = error.render(false);
        assert!(shown.contains("= hint: ") && shown.contains(&format!("recipe-0.toml:{place}")), "{shown}");
    }
}

#[test]
fn a_mistake_reads_like_a_compilers() {
    let lines = "[image]\nenv = { A = \"{foo}\" }\n[[file]]\npath = \"/a\"\nsymlink = \"b\"\n[[file]]\npath = \"/a/b\"\ncontent = \"\"";
    let shown = recipe(&[&whole(lines)]).unwrap_err().render(false);
    insta::assert_snapshot!(shown, @r#"
error: unknown placeholder `{foo}`
 --> recipe-0.toml:5:13
  |
5 | env = { A = "{foo}" }
  |             ^^^^^^^
  |
  = hint: `{arch}` and `{triplet}` exist; write `{{` and `}}` where a brace is meant

error: `/a/b` lies below `/a`, which is no folder
  --> recipe-0.toml:10:8
   |
 7 | path = "/a"
   |        ---- this is a file or a link
...
10 | path = "/a/b"
   |        ^^^^^^
   |
   = hint: move one of them
"#);
}

#[test]
fn a_clash_between_two_files_shows_both() {
    let base = whole("[[file]]\npath = \"/a\"\ncontent = \"\"");
    let near = "name = \"near\"\nextends = \"base\"\n[[file]]\npath = \"/a\"\ncontent = \"\"";
    insta::assert_snapshot!(recipe(&[near, &base]).unwrap_err().render(false), @r#"
error: `/a` is there twice
 --> recipe-0.toml:4:8
  |
4 | path = "/a"
  |        ^^^^
  |
 ::: recipe-1.toml:5:8
  |
5 | path = "/a"
  |        ---- first here
  |
  = hint: keep one of them
"#);
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

#[test]
fn circles_and_long_chains_are_refused() {
    let mut chain = Chain::new();
    let text = |extends: &str| format!("name = \"x\"\nextends = \"{extends}\"\n");
    assert_eq!(chain.push("a", text("b").as_bytes()).unwrap(), Some("b"));
    chain.push("b", text("a").as_bytes()).unwrap();
    let error = chain.push("a", text("b").as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), "b:2:11: `extends` goes in a circle: a → b → a");

    let mut chain = Chain::new();
    let error = (0..100).find_map(|n| chain.push(&format!("r{n}"), text("next").as_bytes()).err()).unwrap();
    assert!(error.to_string().contains("more than 16 recipes"), "{error}");
}

#[test]
fn nesting_is_bounded() {
    let deep = format!("x = {}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(recipe(&[&deep]).unwrap_err().to_string().contains("max recursion depth"));
    let dotted = format!("{} = 1", vec!["a"; 40].join("."));
    assert!(recipe(&[&whole(&dotted)]).unwrap_err().to_string().contains("deeper than the limit of 16"));
}

#[test]
fn size_is_bounded() {
    let large = format!("name = \"x\"\n# {}", "x".repeat(50 << 20));
    let error = recipe(&[&large]).unwrap_err();
    assert!(error.to_string().contains("larger than the limit of 1048576 bytes"), "{error}");
    assert!(error.render(false).len() < 1000);
}

#[test]
fn encodings_are_told_apart() {
    let push = |bytes: &[u8]| Chain::new().push("r.toml", bytes).map(|_| ()).map_err(|error| error.to_string());
    assert_eq!(push(b"\xef\xbb\xbfname = \"x\"\r\n"), Ok(()));
    let utf16: Vec<u8> = "name = 1".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(push(&utf16).unwrap_err().contains("UTF-16"));
    assert!(push(&[&[0xff, 0xfe][..], &utf16].concat()).unwrap_err().contains("UTF-16"));
    assert_eq!(push(b"# ok\nx = \"caf\xe9\"").unwrap_err(), "r.toml:2:9: the file is not UTF-8: byte 0xe9 (Latin-1?)");
}

#[test]
fn credentials_are_refused_and_never_shown() {
    let keys = [
        "image.env.K = \"AKIAIOSFODNN7EXAMPLE\" # canary-secret",
        "x = '''\n-----BEGIN RSA PRIVATE KEY-----\ncanary-secret\n-----END RSA PRIVATE KEY-----\n'''",
        "x = \"-----BEGIN PGP PRIVATE KEY BLOCK-----canary-secret",
        "# ASIAIOSFODNN7EXAMPLE canary-secret \u{e9}",
    ];
    for lines in keys {
        let text = whole(lines);
        let latin: Vec<u8> = text.chars().flat_map(|c| u8::try_from(u32::from(c)).ok()).collect();
        for bytes in [text.as_bytes(), &latin] {
            let error = Chain::new().push("r.toml", bytes).unwrap_err();
            let shown = format!("{error}\n{}\n{:?}\n{error:?}", error.render(false), error.diagnostics());
            assert!(shown.contains("what looks like a"), "{shown}");
            assert!(!shown.contains("canary") && !shown.contains("EXAMPLE"), "{shown}");
        }
    }
    assert!(recipe(&[&whole("# AKIA is how they start; -----BEGIN PGP PUBLIC KEY BLOCK-----")]).is_ok());
}

#[test]
fn meaning_is_not_formatting() {
    let one = recipe(&[FULL]).unwrap();
    let reformatted = FULL.replace("\n", "\r\n# a comment\r\n").replace(" = ", "   =  ");
    assert_eq!(meaning_digest(&one), meaning_digest(&recipe(&[&reformatted]).unwrap()));
    let (far, near) = FULL.split_once("\n[image]").unwrap();
    let near = format!("name = \"tools\"\nextends = \"far\"\n[image]{near}");
    let mut chain = recipe(&[&near, far]).unwrap();
    assert_eq!(LockMeaning::of(&one), LockMeaning::of(&chain), "a chain is its merged text");
    assert_ne!(meaning_digest(&one), meaning_digest(&chain), "layers follow the chain");
    chain.levels = one.levels.clone();
    assert_eq!(meaning_digest(&one), meaning_digest(&chain), "and nothing else does");
}

/// The keys that stand for scripts are no part of the meaning of a recipe that has none of them, and what such a recipe means
/// never changes: a build that knows it need not be made again.
#[test]
fn meaning_of_a_recipe_without_new_keys_stays() {
    let silent = recipe(&[&whole("[image]\nenv = { A = \"1\" }\n[[file]]\npath = \"/a\"\ncontent = \"\"")]).unwrap();
    insta::assert_snapshot!(meaning_digest(&silent), @"sha256:c54b2be93865bac7043ef1026cdb6e668404c0e58105440ebe2c9894e55ee550");
    let written = whole(
        "debconf.ab = {}\neffect = []\nwaive = []\nimage.env.A = \"1\"\nfile = [{ path = \"/a\", content = \"\" }]",
    );
    assert_eq!(meaning_digest(&silent), meaning_digest(&recipe(&[&written]).unwrap()));
    let quoted = FULL.replace("setuid\" = true", "setuid\" = \"true\"");
    assert_eq!(meaning_digest(&recipe(&[FULL]).unwrap()), meaning_digest(&recipe(&[&quoted]).unwrap()));
}

#[test]
fn meaning_is_every_key() {
    let one = recipe(&[FULL]).unwrap();
    let lock = LockMeaning::of(&one);
    let edits = [
        ("\"apt\"", "\"none\"", true),
        ("\"tini\", \"curl=7", "\"curl=7", true),
        ("recommends = true", "", true),
        ("key.asc\", \"other.asc", "other.asc\", \"key.asc", true),
        ("priority = -1", "priority = 1", true),
        ("[\"linux/arm64\", ", "[", true),
        ("accept-skew = [\"libc6\"]", "", true),
        ("hello", "bye", false),
        ("185:0", "0:0", false),
        ("ports = [\"80\"", "ports = [\"81\"", false),
        ("c\" }", "d\" }", false),
        ("gzip", "zstd", false),
        ("1700000000", "1700000001", false),
        ("it only prints", "it prints", false),
        ("tini/postinst", "tini/preinst", false),
        ("compared with", "like", false),
        ("curl/preinst", "curl/config", false),
        ("sha256 = [\"sha256:e3", "sha256 = [\"sha256:f3", false),
        ("\"0700\", owner", "\"0750\", owner", false),
        ("symlink = \"/run", "symlink = \"/srv", false),
        ("\"curl\", uid = 101", "\"curl\", uid = 103", false),
        ("\"curl\", gid = 102", "\"curl\", gid = 103", false),
        ("\"Europe\"", "\"Asia\"", false),
        ("setuid\" = true", "setuid\" = \"true \"", false),
        ("[\"staff\"]", "[]", false),
    ];
    for (from, to, locked) in edits {
        let text = FULL.replacen(from, to, 1);
        assert_ne!(text, FULL, "{from}");
        let other = recipe(&[&text]).unwrap_or_else(|error| panic!("{}", error.render(false)));
        assert_ne!(meaning_digest(&one), meaning_digest(&other), "{from} → {to}");
        assert_eq!(lock != LockMeaning::of(&other), locked, "{from} → {to}");
    }
}

#[test]
fn the_schema_and_the_reader_agree() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let json =
        |text: &str| -> Option<serde_json::Value> { serde_json::to_value(text.parse::<toml::Table>().ok()?).ok() };
    assert!(validator.is_valid(&json(FULL).unwrap()), "{:?}", validator.validate(&json(FULL).unwrap()));
    // Rules that a schema cannot say: files that must exist, things that go together, placeholders, limits of bytes.
    let beyond = [
        "twice",
        "cannot read",
        "lies below",
        "placeholder",
        "brace",
        "no place",
        "of its own",
        "two users",
        "reserved",
        "`..`",
        "NUL",
        "no `:`",
        "user = \"4294967295\"",
        "two ways",
        "x\\ny",
    ];
    for (lines, _, message) in WRONG {
        let Some(value) = json(&whole(lines)) else { continue };
        if !beyond.iter().any(|word| message.contains(word) || lines.contains(word)) {
            assert!(!validator.is_valid(&value), "the schema accepts\n{lines}");
        }
    }
}

/// Pieces that recipes are made of, right ones and wrong ones.
fn pieces() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "name",
        "scripts",
        "extends",
        "platforms",
        "[[archive]]",
        "[packages]",
        "[image]",
        "[[file]]",
        "[[user]]",
        "[[waive]]",
        "[[effect]]",
        "[debconf.tini]",
        "script",
        "reason",
        "\"tini/postinst\"",
        "\"a/b\"",
        "env",
        "path",
        "=",
        ".",
        "\"\"",
        "\"/a/{arch}\"",
        "\"list\"",
        "\"{{\"",
        "'''",
        "\"\"\"",
        "[",
        "]",
        "{",
        "}",
        ",",
        "\n",
        "#",
        "1",
        "-1",
        "true",
        "1.5",
        "2020-01-01",
        "é",
        "\u{202e}",
        "\u{0}",
        "AKIAIOSFODNN7EXAMPLE",
        "-----BEGIN PRIVATE KEY-----",
        "<<<<<<<",
    ]);
    prop::collection::vec(words, 0..40).prop_map(|words| words.join(" "))
}

/// Whatever the bytes are: a recipe, or an error that can be shown.
fn survives(texts: &[&[u8]]) {
    let mut chain = Chain::new();
    let pushed = texts.iter().enumerate().try_for_each(|(n, bytes)| chain.push(&format!("{n}"), bytes).map(|_| ()));
    let files = BTreeMap::from([("key.asc", &b"key"[..]), ("other.asc", b"other"), ("run.sh", b"")]);
    match pushed.and_then(|()| chain.resolve(&mut Memory(files))) {
        Ok(recipe) => assert_eq!(meaning_digest(&recipe), meaning_digest(&recipe.clone())),
        Err(error) => {
            let found = error.diagnostics();
            assert!(!found.is_empty() && found.iter().all(|d| d.line > 0 && d.column > 0));
            assert!(!error.render(true).is_empty() && !error.to_string().is_empty());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400), text in pieces(), base in pieces()) {
        survives(&[&bytes]);
        survives(&[text.as_bytes(), base.as_bytes()]);
    }

    #[test]
    fn any_damage_to_a_recipe_is_survived(at in 0..FULL.len(), length in 0..80_usize, patch in pieces(), raw in any::<[u8; 3]>()) {
        let mut damaged = FULL.as_bytes().to_vec();
        let end = (at + length).min(damaged.len());
        damaged.splice(at..end, patch.bytes());
        survives(&[&damaged]);
        damaged.splice(at..at, raw);
        survives(&[FULL.as_bytes(), &damaged]);
    }
}
