//! Mirrors by alias, on machines made of files.

use std::fs;
use std::io::Write;
use std::path::Path;

use mokapot::base::Fault;
use mokapot::io::sources::credentials;
use mokapot::io::sources::mirrors::{Clients, Mirrors, Settings};
use tempfile::TempDir;

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A machine with all clients.
fn machine() -> TempDir {
    let root = TempDir::new().unwrap();
    write(
        root.path(),
        "etc/apt/sources.list.d/debian.sources",
        "Types: deb\nURIs: http://apt.example/debian\nSuites: bookworm\nComponents: main\n\n\
         Types: deb\nURIs: http://apt.example/debian-security\nSuites: bookworm-security\nComponents: main\n",
    );
    write(root.path(), "etc/apt/sources.list.d/off.list.disabled", "deb http://off.example/debian bookworm main\n");
    write(
        root.path(),
        "usr/lib/python3/dist-packages/pip/_internal/models/index.py",
        "PyPI = PackageIndex(\"https://pip.example/\")\n",
    );
    write(root.path(), "usr/local/go/go.env", "GOPROXY=https://go.example,direct\n");
    fs::create_dir_all(root.path().join("usr/share/maven/lib")).unwrap();
    let jar = fs::File::create(root.path().join("usr/share/maven/lib/maven-model-builder-3.x.jar")).unwrap();
    let mut jar = zip::ZipWriter::new(jar);
    jar.start_file("org/apache/maven/model/pom-4.0.0.xml", zip::write::SimpleFileOptions::default()).unwrap();
    jar.write_all(b"<project><repositories><repository><id>central</id><url>https://maven.example/m2</url></repository></repositories></project>").unwrap();
    jar.finish().unwrap();
    root
}

fn settings(root: &Path) -> Settings {
    Settings { clients: Clients::usual(root, Some(&root.join("home"))), ..Settings::default() }
}

fn address(settings: &Settings, alias: &str) -> String {
    Mirrors::discover(settings).unwrap().get(alias).unwrap().url.into()
}

#[test]
fn every_client_is_asked() {
    let root = machine();
    let mirrors = Mirrors::discover(&settings(root.path())).unwrap();
    let all: Vec<(String, String)> =
        mirrors.all().into_iter().map(|m| m.unwrap()).map(|m| (m.alias, m.url.into())).collect();
    let pair = |alias: &str, url: &str| (alias.to_owned(), url.to_owned());
    assert_eq!(
        all,
        [
            pair("debian", "http://apt.example/debian"),
            pair("debian-security", "http://apt.example/debian-security"),
            pair("go", "https://go.example/"),
            pair("maven", "https://maven.example/m2"),
            pair("pypi", "https://pip.example/simple"),
        ]
    );
    let found = mirrors.get("debian").unwrap().found;
    assert!(found.starts_with("apt (") && found.ends_with("debian.sources)"), "{found}");
}

#[test]
fn who_has_the_say() {
    let root = machine();
    let mut settings = settings(root.path());
    let home = root.path().join("home");
    write(&home, ".config/go/env", "GOPROXY=https://go-user.example\n");
    write(&home, ".config/pip/pip.conf", "[global]\nindex-url = https://pip-user.example/simple\n");
    write(
        &home,
        ".m2/settings.xml",
        "<settings><mirrors><mirror><mirrorOf>*</mirrorOf><url>https://maven-user.example</url></mirror></mirrors></settings>",
    );
    assert_eq!(address(&settings, "go"), "https://go-user.example/");
    assert_eq!(address(&settings, "pypi"), "https://pip-user.example/simple");
    assert_eq!(address(&settings, "maven"), "https://maven-user.example/");
    settings.clients.goproxy = Some("https://go-env.example".into());
    assert_eq!(address(&settings, "go"), "https://go-env.example/");
    settings.clients.goproxy = Some("off".into());
    assert!(Mirrors::discover(&settings).unwrap().get("go").is_err());

    write(
        root.path(),
        "project/mirrors.toml",
        "debian = \"https://project.example/debian\"\nours = \"https://ours.example\"\n",
    );
    write(root.path(), "user/mirrors.toml", "debian = \"https://user.example/debian\"\n");
    settings.files = vec![root.path().join("project/mirrors.toml"), root.path().join("user/mirrors.toml")];
    assert_eq!(address(&settings, "debian"), "https://project.example/debian");
    assert_eq!(address(&settings, "ours"), "https://ours.example/");
    for (name, alias) in [
        ("MOKAPOT_MIRROR_DEBIAN", "debian"),
        ("MOKAPOT_MIRROR_DEBIAN_SECURITY", "debian-security"),
        ("MOKAPOT_MIRROR_OUR_OWN", "our-own"),
        ("MOKAPOT_MIRROR_OURS", "ours"),
    ] {
        settings.environment.insert(name.into(), format!("https://env.example/{alias}"));
        assert_eq!(address(&settings, alias), format!("https://env.example/{alias}"));
    }
    settings.arguments.insert("debian".into(), "https://flag.example/".into());
    assert_eq!(address(&settings, "debian"), "https://flag.example/");
}

#[test]
fn labels_tell_debian_from_those_who_sound_like_it() {
    let root = machine();
    write(
        root.path(),
        "etc/apt/sources.list",
        "deb https://vendor.example/debian stable main\ndeb http://own.example/mirror_1 bookworm main\n",
    );
    write(
        root.path(),
        "var/lib/apt/lists/vendor.example_debian_dists_stable_InRelease",
        "Hash: SHA256\n\nLabel: Vendor\n",
    );
    write(
        root.path(),
        "var/lib/apt/lists/own.example_mirror%5f1_dists_bookworm_InRelease",
        "Hash: SHA256\n\nLabel: Debian\n",
    );
    assert_eq!(address(&settings(root.path()), "debian"), "http://own.example/mirror_1");
}

#[test]
fn what_nobody_knows_says_who_was_asked_and_what_would_help() {
    let root = TempDir::new().unwrap();
    let mirrors = Mirrors::discover(&settings(root.path())).unwrap();
    assert_eq!(mirrors.all().iter().filter(|m| m.is_err()).count(), 5);
    let error = mirrors.get("debian-security").unwrap_err();
    assert_eq!(error.to_string(), "no address is known for the mirror `debian-security`: apt's sources name none");
    let hint = error.hint().unwrap();
    assert!(
        hint.contains("--mirror debian-security=URL") && hint.contains("MOKAPOT_MIRROR_DEBIAN_SECURITY=URL"),
        "{hint}"
    );
    assert!(mirrors.get("unheard-of").is_err());
}

#[test]
fn addresses_and_files_that_are_none() {
    let root = TempDir::new().unwrap();
    for bad in ["", "nonsense", "file:///srv/debian", "ftp://x.example/", "https://x.example/?key=canary"] {
        let mut settings = settings(root.path());
        settings.arguments.insert("debian".into(), bad.into());
        let error = Mirrors::discover(&settings).unwrap_err().to_string();
        assert!(error.starts_with("--mirror debian: ") && !error.contains("canary"), "{error}");
    }
    write(root.path(), "mirrors.toml", "debian = 7\n");
    let settings = Settings { files: vec![root.path().join("mirrors.toml")], ..settings(root.path()) };
    assert!(Mirrors::discover(&settings).unwrap_err().to_string().contains("mirrors.toml: "));
}

#[test]
fn credentials_are_read_from_their_files() {
    let root = TempDir::new().unwrap();
    write(root.path(), "apt/auth.conf", "machine a.example login one password x\n");
    write(root.path(), "apt/auth.conf.d/10.conf", "machine b.example/debian login two password y\n");
    write(root.path(), "apt/auth.conf.d/20.conf.bak", "machine c.example login no password y\n");
    write(root.path(), "netrc", "machine d.example login three password z\n");
    let known = credentials::read(Some(&root.path().join("apt")), Some(&root.path().join("netrc")));
    let login = |url: &str| known.find(&url.parse().unwrap()).map(|(login, _)| login.to_owned());
    assert_eq!(login("https://a.example/").as_deref(), Some("one"));
    assert_eq!(login("https://b.example/debian/x").as_deref(), Some("two"));
    assert_eq!(login("https://c.example/"), None);
    assert_eq!(login("http://d.example/").as_deref(), Some("three"));
}
