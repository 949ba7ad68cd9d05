//! Package recipes into `.deb` files: the whole flow over a repository and an index on loopback, and what must not become a package.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::sync::{Arc, Mutex};

use mokapot::base::Digest;
use mokapot::formats::compress::Checksums;
use mokapot::formats::deb::DebReader;
use mokapot::formats::tar::{Entry, Kind, Limits, writer};

use crate::support::http::{Reply, Request, Server};
use crate::support::jar::jar;
use crate::support::project::{Project, Ran, tree_hash};

const RECIPE: &str = r#"name = "app"
version = "1.0-1"
maintainer = "Tests <tests@example.org>"
section = "java"
homepage = "https://app.example/"
synopsis = "program of a test"
description = """
What it is.

And more.
"""
changelog = "changelog"
copyright = "copyright"
multi-arch = "foreign"
depends = ["java8-runtime-headless | default-jre-headless", "libc6 (>= 2.30)"]
conffiles = ["/etc/app/app.conf"]

[scripts]
postinst = "postinst"

[[maven]]
into = "/usr/share/app/lib"
files = ["org.example:one:1.0", "org.example:two:2.0:tests"]

[[maven]]
into = "/usr/share/app/more"
files = ["org.example:one:1.0"]

[[tree]]
pypi = "Py_App==3.2"
from = "deps/jars"
into = "/usr/share/app/jars"
exclude = ["old-*.jar"]

[[tree]]
pypi = "py-app==3.2"
from = "bin/run"
into = "/usr/share/app/bin/run"

[[tree]]
pypi = "py-app==3.2"
from = "bin/run"
into = "/usr/share/app/bin/read"
mode = "0644"

[[strip]]
jar = "native-1.jar"
entries = ["META-INF/native/"]
reason = "it has natives for one platform"

[[file]]
path = "/etc/app/app.conf"
content = "key = value\n"

[[file]]
path = ["/usr/bin/app", "/usr/bin/app2"]
source = "files/app"
mode = "0755"

[[link]]
path = "/usr/share/app/conf"
target = "/etc/app"

[[directory]]
path = "/var/log/app"
mode = "1777"
"#;

const CHANGELOG: &str = "app (1.0-1) unstable; urgency=medium\n\n  * First.\n\n -- Tests <tests@example.org>  Thu, 01 Jan 2026 00:00:00 +0000\n";

/// The first bytes of a shared object for the machine.
fn elf(machine: u16) -> Vec<u8> {
    let mut bytes = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0".to_vec();
    bytes.extend_from_slice(&machine.to_le_bytes());
    bytes.resize(64, 0);
    bytes
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    mokapot::formats::compress::whole::gzip(plain).unwrap()
}

/// A source distribution of these files.
fn sdist(files: &[(&str, u32, &[u8])]) -> Vec<u8> {
    let mut tar = Vec::new();
    writer::header(&Entry::new("Py_App-3.2", Kind::Directory, 0o755, 1), &mut tar).unwrap();
    for (name, mode, bytes) in files {
        let entry = Entry::new(format!("Py_App-3.2/{name}"), Kind::File { size: bytes.len() as u64 }, *mode, 1);
        writer::header(&entry, &mut tar).unwrap();
        tar.extend_from_slice(bytes);
        tar.resize(tar.len() + writer::padding(bytes.len() as u64), 0);
    }
    tar.extend_from_slice(&writer::END);
    gzip(&tar)
}

type Files = BTreeMap<String, Vec<u8>>;

/// What repository and index serve.
fn served() -> Files {
    let native = jar(&[("A.class", b"class"), ("META-INF/native/linux64/libx.so", &elf(62))]);
    let both = jar(&[("linux/amd64/liby.so", &elf(62)), ("linux/aarch64/liby.so", &elf(183))]);
    let archive = sdist(&[
        ("README", 0o644, b"no part of it"),
        ("bin/run", 0o775, b"#!/bin/sh\n"),
        ("deps/jars/both-1.jar", 0o664, &both),
        ("deps/jars/native-1.jar", 0o600, &native),
        ("deps/jars/old-1.jar", 0o644, b"no jar"),
        ("deps/jars-not/x", 0o644, b"no part of it either"),
    ]);
    let mut files = Files::new();
    let page = format!(
        "<html><a href=\"../../files/Py_App-3.2-py3-none-any.whl\">Py_App-3.2-py3-none-any.whl</a>\n\
         <a href=\"../../files/Py_App-3.2.tar.gz#sha256={}\">Py_App-3.2.tar.gz</a></html>",
        Digest::of(&archive).hex()
    );
    files.insert("simple/py-app/".into(), page.into_bytes());
    files.insert("files/Py_App-3.2.tar.gz".into(), archive);
    for (path, bytes) in [
        ("org/example/one/1.0/one-1.0.jar", jar(&[("One.class", b"one")])),
        ("org/example/two/2.0/two-2.0-tests.jar", jar(&[("Two.class", &[7; 3_000_000])])),
    ] {
        let sha1 = hex::encode(<sha1::Sha1 as sha1::Digest>::digest(&bytes));
        files.insert(format!("m2/{path}.sha1"), sha1.into_bytes());
        files.insert(format!("m2/{path}"), bytes);
    }
    files
}

/// A project with the recipe, and what it is fetched from.
struct World {
    project: Project,
    files: Arc<Mutex<Files>>,
    server: Server,
}

impl World {
    fn new() -> Self {
        Self::with(RECIPE)
    }

    fn with(recipe: &str) -> Self {
        let project = Project::new();
        let files = Arc::new(Mutex::new(served()));
        let shared = Arc::clone(&files);
        let server = Server::start(move |request: &Request| {
            let path = request.path().trim_start_matches('/');
            shared.lock().unwrap().get(path).map_or_else(|| Reply::new(404), |body| Reply::ok(body.clone()))
        });
        let world = Self { project, files, server };
        world.write("package.toml", recipe);
        world.write("changelog", CHANGELOG);
        world.write("copyright", "Tests.\n");
        world.write("postinst", "#!/bin/sh\nset -e\n");
        world.write("files/app", "#!/bin/sh\nexec java\n");
        world
    }

    fn write(&self, name: &str, text: &str) {
        self.project.write(&format!("project/packages/app/{name}"), text);
    }

    fn run(&self, more: &[&str]) -> Ran {
        let maven = format!("maven={}/m2", self.server.url());
        let pypi = format!("pypi={}/simple", self.server.url());
        let command = ["package", "app", "--mirror", &maven, "--mirror", &pypi];
        self.project.mokapot(&[&command, more].concat())
    }

    fn deb(&self, name: &str) -> Vec<u8> {
        fs::read(self.project.path("project/dist/packages").join(name)).unwrap()
    }

    fn lock(&self) -> String {
        fs::read_to_string(self.project.path("project/packages/app/package.lock")).unwrap()
    }

    /// Checks that a run fails, and that nothing in the project changed.
    #[track_caller]
    fn refused(&self, code: i32, named: &[&str]) -> String {
        let before = tree_hash(&self.project.path("project"));
        let ran = self.run(&[]).failed(code, named);
        assert_eq!(tree_hash(&self.project.path("project")), before);
        ran.stderr
    }
}

/// Path, mode, and what is there.
fn listing(deb: &[u8]) -> Vec<String> {
    let mut reader = DebReader::open(deb, Limits::default(), Checksums::Verify).unwrap();
    let mut lines = Vec::new();
    while let Some(entry) = reader.next_entry().unwrap() {
        assert_eq!((entry.uid, entry.gid, entry.mtime), (0, 0, 1_767_225_600), "{}", entry.shown());
        let mut content = Vec::new();
        reader.content().read_to_end(&mut content).unwrap();
        let what = match &entry.kind {
            Kind::Symlink(target) => format!(" -> {}", String::from_utf8_lossy(target)),
            Kind::File { size } => format!(" {size}"),
            _ => "/".to_owned(),
        };
        lines.push(format!("{:04o} {}{what}", entry.mode, entry.shown()));
    }
    reader.finish().unwrap();
    lines
}

#[test]
fn a_recipe_becomes_a_package() {
    let world = World::new();
    let ran = world.run(&[]).ok();
    let deb = world.deb("app_1.0-1_all.deb");
    assert_eq!(ran.stdout, format!("app_1.0-1_all.deb@{}\n", Digest::of(&deb)));
    let lines: Vec<String> =
        listing(&deb).into_iter().filter(|line| !line.contains("native-1.jar") && !line.contains("doc/app/")).collect();
    assert_eq!(
        lines,
        [
            "0755 //",
            "0755 /etc/",
            "0755 /etc/app/",
            "0644 /etc/app/app.conf 12",
            "0755 /usr/",
            "0755 /usr/bin/",
            "0755 /usr/bin/app 20",
            "0777 /usr/bin/app2 -> app",
            "0755 /usr/share/",
            "0755 /usr/share/app/",
            "0755 /usr/share/app/bin/",
            "0644 /usr/share/app/bin/read 10",
            "0755 /usr/share/app/bin/run 10",
            "0777 /usr/share/app/conf -> /etc/app",
            "0755 /usr/share/app/jars/",
            &format!(
                "0644 /usr/share/app/jars/both-1.jar {}",
                jar(&[("linux/amd64/liby.so", &elf(62)), ("linux/aarch64/liby.so", &elf(183))]).len()
            ),
            "0755 /usr/share/app/lib/",
            &format!("0644 /usr/share/app/lib/one-1.0.jar {}", jar(&[("One.class", b"one")]).len()),
            &format!("0644 /usr/share/app/lib/two-2.0-tests.jar {}", jar(&[("Two.class", &[7; 3_000_000])]).len()),
            "0755 /usr/share/app/more/",
            "0777 /usr/share/app/more/one-1.0.jar -> ../lib/one-1.0.jar",
            "0755 /usr/share/doc/",
            "0755 /usr/share/doc/app/",
            "0755 /var/",
            "0755 /var/log/",
            "1777 /var/log/app/",
        ]
        .iter()
        .filter(|line| !line.contains("doc/app/"))
        .map(|line| (*line).to_owned())
        .collect::<Vec<_>>()
    );
    let reader = DebReader::open(&deb[..], Limits::default(), Checksums::Verify).unwrap();
    let control = reader.control();
    let text = |name: &str| String::from_utf8(control.files[name].bytes.clone()).unwrap();
    insta::assert_snapshot!("package-control", text("control"));
    assert_eq!(text("conffiles"), "/etc/app/app.conf\n");
    let sums = text("md5sums");
    assert!(sums.lines().all(|line| !line.contains("etc/app")) && sums.lines().count() == 9, "{sums}");
    assert_eq!((control.files["postinst"].mode, control.files["control"].mode), (0o755, 0o644));
    // The lock says where everything came from, and no address.
    let lock = world.lock();
    assert_eq!(lock.matches("[[source]]").count(), 3, "{lock}");
    for part in ["maven = \"org.example:two:2.0:tests\"", "pypi = \"py-app==3.2\"\nfile = \"Py_App-3.2.tar.gz\""] {
        assert!(lock.contains(part), "{lock}");
    }
    assert!(!lock.contains("127.0.0.1") && !lock.contains("http"), "{lock}");
    world.project.assert_tidy();
}

#[test]
fn nothing_changes_nothing_and_other_machines_make_the_same() {
    let world = World::new();
    let first = world.run(&[]).ok();
    world.server.clear();
    let again = world.run(&["--locked"]).ok();
    assert!(again.stderr.contains("app_1.0-1_all.deb is up to date"), "{}", again.stderr);
    assert_eq!((again.stdout, world.server.requests().len()), (first.stdout.clone(), 0));
    // What is not there any more comes from the store, without the network.
    fs::remove_file(world.project.path("project/dist/packages/app_1.0-1_all.deb")).unwrap();
    assert_eq!(world.run(&["--offline"]).ok().stdout, first.stdout);
    assert_eq!(format!("app_1.0-1_all.deb@{}\n", Digest::of(&world.deb("app_1.0-1_all.deb"))), first.stdout);
    // Another store, another umask, one thread, another time zone.
    let store = world.project.path("other-store").display().to_string();
    let other = world.project.path("other").display().to_string();
    let maven = format!("maven={}/m2", world.server.url());
    let pypi = format!("pypi={}/simple", world.server.url());
    let arguments =
        ["package", "app", "--mirror", &maven, "--mirror", &pypi, "--store", &store, "--output", &other, "--locked"];
    let wrapper = [
        "env",
        "RAYON_NUM_THREADS=1",
        "TZ=Asia/Tokyo",
        "LC_ALL=tr_TR.UTF-8",
        "sh",
        "-c",
        "umask 077; exec \"$@\"",
        "sh",
    ];
    let made = Ran::of(&mut world.project.command(&wrapper, &arguments)).ok();
    assert_eq!(made.stdout, first.stdout);
    // One that was damaged in the store is made again.
    let blobs = world.project.store().join("blobs/sha256");
    let archive = Digest::of(&world.files.lock().unwrap()["files/Py_App-3.2.tar.gz"].clone());
    for entry in fs::read_dir(&blobs).unwrap().map(|entry| entry.unwrap().path()) {
        let bytes = fs::read(&entry).unwrap();
        fs::remove_file(&entry).unwrap();
        let keep = entry.file_name().unwrap().to_str() != Some(&archive.hex());
        fs::write(&entry, if keep { bytes } else { vec![b'x'; bytes.len()] }).unwrap();
    }
    fs::remove_dir_all(world.project.store().join("memo")).unwrap();
    assert_eq!(world.run(&[]).ok().stdout, first.stdout);
}

#[test]
fn recipes_that_are_wrong() {
    for (from, to, named) in [
        ("version = \"1.0-1\"", "version = \"1 0\"", &["version", "package.toml"][..]),
        ("version = \"1.0-1\"", "version = \"1.0-2\"", &["newest entry is for version 1.0-1"]),
        ("name = \"app\"", "name = \"App\"", &["no package name"]),
        ("name = \"app\"", "nane = \"app\"", &["unknown key `nane`", "did you mean `name`"]),
        ("Tests <tests", "Tests tests", &["maintainer is `NAME <ADDRESS>`"]),
        ("libc6 (>= 2.30)", "libc6 (>> )", &["relation"]),
        ("libc6 (>= 2.30)", "libc6, libc7", &["not one relation"]),
        (
            "conffiles = [\"/etc/app/app.conf\"]",
            "conffiles = [\"/etc/app/app.conf\", \"/etc/app/x\"]",
            &["`/etc/app/x` is not shipped"],
        ),
        (
            "conffiles = [\"/etc/app/app.conf\"]",
            "conffiles = [\"/etc/app\"]",
            &["`/etc/app` is no file", "is no configuration file of the package"],
        ),
        (
            "path = \"/etc/app/app.conf\"",
            "path = \"/usr/share/app/jars/both-1.jar\"",
            &["`/usr/share/app/jars/both-1.jar` is there twice", "first here"],
        ),
        ("path = \"/var/log/app\"", "path = \"/usr/bin/app/x\"", &["lies below `/usr/bin/app`, which is no folder"]),
        (
            "\"org.example:two:2.0:tests\"",
            "\"org.example:one:1.0\"",
            &["`/usr/share/app/lib/one-1.0.jar` is there twice"],
        ),
        ("org.example:two:2.0:tests", "org.example:two:2.0-SNAPSHOT", &["may mean other bytes tomorrow"]),
        ("org.example:two:2.0:tests", "org/../example:two:2.0", &["coordinate"]),
        ("Py_App==3.2", "Py_App>=3.2", &["NAME==VERSION"]),
        ("pypi = \"Py_App==3.2\"", "url = \"https://user:secret@host.example/x.tar\"", &["a password in an address"]),
        ("from = \"deps/jars\"", "from = \"deps/none\"", &["has nothing at `deps/none`"]),
        ("from = \"deps/jars\"", "from = \"../deps\"", &["no `.` and no `..`"]),
        ("exclude = [\"old-*.jar\"]", "exclude = [\"older-*.jar\"]", &["is `older-*.jar`"]),
        ("jar = \"native-1.jar\"", "jar = \"native-2.jar\"", &["no jar `native-2.jar` is shipped"]),
        (
            "entries = [\"META-INF/native/\"]",
            "entries = [\"META-INF/other/\"]",
            &["native-1.jar", "no entry `META-INF/other/`"],
        ),
        ("source = \"files/app\"", "source = \"files/none\"", &["cannot read `files/none`"]),
        ("source = \"files/app\"", "source = \"/etc/passwd\"", &["absolute path"]),
        ("postinst = \"postinst\"", "postinst = \"copyright\"", &["starts with `#!`"]),
        ("mode = \"1777\"", "mode = \"9\"", &["is no mode"]),
        ("changelog = \"changelog\"", "changelog = \"copyright\"", &["the first line is"]),
        ("path = \"/var/log/app\"", "path = \"/var/log/ä\"", &["dpkg reads no such name"]),
        ("[[link]]", "[[link]]\narch = \"amd64\"", &["unknown key `arch`"]),
        (
            "into = \"/usr/share/app/more\"",
            "into = \"/usr/share/app/more\"\narch = \"amd64\"",
            &["one package fits all platforms"],
        ),
    ] {
        assert!(RECIPE.contains(from), "{from}");
        let world = World::with(&RECIPE.replacen(from, to, 1));
        let ran = world.run(&[]);
        assert_eq!(ran.code, 3, "{to}: {}{}", ran.stdout, ran.stderr);
        for name in named {
            assert!(ran.stderr.contains(name), "{to}: no {name:?} in {}", ran.stderr);
        }
        assert!(!ran.stderr.contains("secret") && !world.project.path("project/dist").exists(), "{to}: {}", ran.stderr);
    }
    let unknown = World::new().project.mokapot(&["package", "ap"]).failed(2, &["there is no package recipe `ap`"]);
    assert!(unknown.stderr.contains("did you mean `app`?"), "{}", unknown.stderr);
}

#[test]
fn natives_for_one_platform_only() {
    let (head, tail) = RECIPE.split_once("[[strip]]").unwrap();
    let (_, tail) = tail.split_once("[[file]]").unwrap();
    let recipe = format!("{head}[[file]]{tail}");
    let world = World::with(&recipe);
    let message = world
        .run(&[])
        .failed(11, &["native-1.jar has META-INF/native/linux64/libx.so for amd64, and nothing like it for arm64"]);
    assert!(!message.stderr.contains("both-1.jar"), "{}", message.stderr);
    world.write(
        "package.toml",
        &format!("{recipe}\n[[accept-native]]\njar = \"native-1.jar\"\nreason = \"it goes on without\"\n"),
    );
    world.run(&[]).ok();
    // A package for each platform: the one that has the native may have it.
    world.write("package.toml", &recipe.replace("synopsis", "architecture = \"any\"\nsynopsis"));
    world.run(&["--arch", "arm64"]).failed(11, &["nothing like it for arm64"]);
    let ran = world.run(&["--arch", "amd64"]).ok();
    assert!(ran.stdout.starts_with("app_1.0-1_amd64.deb@"), "{}", ran.stdout);
    // Machine code itself is for one platform too.
    let world =
        World::with(&recipe.replace("exclude = [\"old-*.jar\"]", "exclude = [\"old-*.jar\", \"native-1.jar\"]"));
    fs::write(world.project.path("project/packages/app/files/app"), elf(183)).unwrap();
    world.run(&[]).failed(11, &["/usr/bin/app is machine code for arm64, and the package is for all platforms"]);
}

#[test]
fn each_platform_has_its_own_sources() {
    let mut recipe = RECIPE.replace("synopsis", "architecture = \"any\"\nsynopsis");
    recipe += "\n[[maven]]\ninto = \"/usr/lib/app\"\nfiles = [\"org.example:one:1.0\"]\narch = \"arm64\"\n";
    let world = World::with(&recipe);
    let ran = world.run(&[]).ok();
    let names: Vec<&str> = ran.stdout.lines().map(|line| line.split('@').next().unwrap()).collect();
    assert_eq!(names, ["app_1.0-1_amd64.deb", "app_1.0-1_arm64.deb"]);
    let has = |name: &str| listing(&world.deb(name)).iter().any(|line| line.contains("/usr/lib/app/one-1.0.jar"));
    assert!(!has("app_1.0-1_amd64.deb") && has("app_1.0-1_arm64.deb"));
}

#[test]
fn sources_that_are_not_what_they_should_be() {
    let one = "m2/org/example/one/1.0/one-1.0.jar";
    let world = World::new();
    let change = |name: &str, bytes: Option<&[u8]>| {
        let mut files = world.files.lock().unwrap();
        match bytes {
            Some(bytes) => files.insert(name.to_owned(), bytes.to_vec()),
            None => files.remove(name),
        };
    };
    let original = world.files.lock().unwrap()[one].clone();
    let sum = world.files.lock().unwrap()[&format!("{one}.sha1")].clone();
    change(one, Some(b"other bytes"));
    world.refused(6, &["org.example:one:1.0 (maven)", "the repository states", &String::from_utf8_lossy(&sum)]);
    change(one, None);
    world.refused(9, &["cannot fetch org.example:one:1.0 (maven)", "404"]);
    change(one, Some(&original));
    change(&format!("{one}.sha1"), None);
    world.refused(9, &["one-1.0.jar.sha1", "404"]);
    change(&format!("{one}.sha1"), Some(b"<html>please log in</html>"));
    world.refused(9, &["one-1.0.jar.sha1", "no SHA-1"]);
    change(&format!("{one}.sha1"), Some(&sum));
    let archive = world.files.lock().unwrap()["files/Py_App-3.2.tar.gz"].clone();
    change("files/Py_App-3.2.tar.gz", Some(&gzip(b"another")));
    world.refused(6, &["py-app==3.2 (pypi)", "the index states", &Digest::of(&archive).to_string()]);
    let page = world.files.lock().unwrap()["simple/py-app/"].clone();
    change("simple/py-app/", Some(b"<html>nothing</html>"));
    world.refused(3, &["lists no source distribution of py-app==3.2"]);
    change("simple/py-app/", Some(&page));
    change("files/Py_App-3.2.tar.gz", Some(&archive));
    // Once locked, the lock counts.
    world.run(&[]).ok();
    fs::remove_dir_all(world.project.store()).unwrap();
    fs::remove_dir_all(world.project.path("project/dist")).unwrap();
    change(one, Some(&[&original[..original.len() - 1], b"x"].concat()));
    world.refused(6, &["org.example:one:1.0 (maven)", &Digest::of(&original).to_string()]);
}

#[test]
fn locks_and_their_rules() {
    let world = World::new();
    world.run(&["--locked"]).failed(4, &["no lock"]);
    world.run(&["--offline"]).failed(4, &["--offline"]);
    world.run(&[]).ok();
    let lock = world.lock();
    // A source more, a source less.
    world.write("package.toml", &RECIPE.replace(", \"org.example:two:2.0:tests\"", ""));
    world.run(&["--locked"]).failed(4, &["package.lock", "-org.example:two:2.0:tests (maven)"]);
    world.run(&[]).ok();
    assert_eq!(world.lock().matches("[[source]]").count(), 2);
    world.write("package.toml", RECIPE);
    world.run(&[]).ok();
    assert_eq!(world.lock(), lock);
    // What is no lock of ours.
    let twice = lock.clone()
        + lock
            .split_once("\n[[source]]")
            .map(|(_, rest)| rest.split("\n[[").next().unwrap())
            .map(|b| format!("\n[[source]]{b}"))
            .unwrap()
            .as_str();
    for (text, named) in [
        (lock.replace("version = 1", "version = 2"), "knows version 1"),
        (lock.replace("size =", "length ="), "unknown field"),
        (lock.replace("sha256:", "sha1:"), "sha256"),
        (twice, "is locked twice"),
        (lock.replace("\n[[source]]\nmaven", "\n<<<<<<< HEAD\n[[source]]\nmaven"), "conflict marker"),
        (lock.replace("file = \"Py", "file = \"../Py"), "`file`"),
    ] {
        assert_ne!(text, lock, "{named}");
        world.write("package.lock", &text);
        world.refused(4, &["package.lock", named]);
        assert_eq!(world.lock(), text);
    }
}
