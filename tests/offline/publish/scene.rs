//! A project that publishes, and a strict reader of what it published.

use std::fs;
use std::path::PathBuf;

use mokapot::base::{Arch, Digest, Epoch};
use mokapot::formats::compress::{Checksums, Codec, Decoder};
use mokapot::formats::deb::{Package, PoolFile, Release, StanzaReader};
use mokapot::formats::openpgp::{Keyring, verify_cleartext, verify_detached};

use crate::support::deb::Deb;
use crate::support::keys::Key;
use crate::support::project::{Project, Ran, noise};
use crate::support::s3::S3;

/// A project with a key, which publishes to the folder `repo`.
pub(super) struct Scene {
    pub(super) project: Project,
    pub(super) key: Key,
}

/// Gives a repository's file.
pub(super) type Files<'a> = &'a dyn Fn(&str) -> Option<Vec<u8>>;

impl Scene {
    pub(super) fn new() -> Self {
        let scene = Self { project: Project::new(), key: Key::new(3) };
        scene.project.write("key.asc", &scene.key.secret(None));
        scene
    }

    /// A package's file; two of one name, version and architecture have the same bytes.
    pub(super) fn deb(&self, name: &str, version: &str, arch: &str) -> String {
        let bytes = package(name, version, arch).build();
        self.put(&format!("debs/{name}_{version}_{arch}.deb"), &bytes)
    }

    pub(super) fn put(&self, path: &str, bytes: &[u8]) -> String {
        let path = self.project.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(super) fn repo(&self) -> PathBuf {
        self.project.path("repo")
    }

    /// The arguments of a publish to the suite `test` of the folder.
    pub(super) fn arguments(&self, more: &[&str]) -> Vec<String> {
        let mut words = vec!["publish".to_owned()];
        words.extend(more.iter().map(|word| (*word).to_owned()));
        let mut set = |name: &str, value: String| {
            if !more.contains(&name) {
                words.extend([name.to_owned(), value]);
            }
        };
        set("--to", self.repo().to_str().unwrap().to_owned());
        set("--suite", "test".into());
        if !more.contains(&"--unsigned") {
            set("--key", self.project.path("key.asc").to_str().unwrap().to_owned());
        }
        words
    }

    pub(super) fn publish(&self, more: &[&str]) -> Ran {
        self.publish_by(&[], more)
    }

    pub(super) fn publish_by(&self, wrapper: &[&str], more: &[&str]) -> Ran {
        let words = self.arguments(more);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Ran::of(&mut self.project.command(wrapper, &words))
    }

    /// As [`Scene::publish`], to `s3://jars/deb`.
    pub(super) fn publish_to(&self, s3: &S3, more: &[&str]) -> Ran {
        let words = self.arguments(&[&["--to", "s3://jars/deb"], more].concat());
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Ran::of(self.project.command(&[], &words).envs(s3.environment()).env("AWS_EC2_METADATA_DISABLED", "true"))
    }

    /// The packages of a suite of the folder; see [`read`].
    #[track_caller]
    pub(super) fn read(&self, suite: &str) -> Vec<String> {
        let repo = self.repo();
        read(&|path| fs::read(repo.join(path)).ok(), suite, &self.key.keyring(), true)
    }

    /// Names of the files below a folder of the repository, by path from it.
    pub(super) fn files(&self, folder: &str) -> Vec<String> {
        let folder = self.repo().join(folder);
        let all = crate::support::project::walk(&folder).into_iter().filter(|path| path.is_file());
        all.map(|path| path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned()).collect()
    }
}

pub(super) fn package(name: &str, version: &str, arch: &str) -> Deb {
    Deb::new(name, version)
        .field("Architecture", arch)
        .field("Section", "java")
        .field("Depends", "libc6 (>= 2.30), java8-runtime-headless | default-jre-headless")
        .field("Description", "package of a test\n It has more lines.\n .\n And an end.")
        .directory("usr")
        .file(&format!("usr/share/{name}"), &noise(&format!("{name}{version}{arch}"), 2000))
        .symlink(&format!("usr/bin/{name}"), "../share/x")
}

/// What a reader finds in a suite: lines `NAME VERSION ARCH@LIST`. It begins with `InRelease`, takes indexes by their hash, and fetches
/// every package. Where all is `done`, the other names must have the same bytes.
#[track_caller]
pub(super) fn read(files: Files<'_>, suite: &str, keyring: &Keyring, done: bool) -> Vec<String> {
    let now: Epoch = "4000000000".parse().unwrap();
    let get = |path: &str| files(path).ok_or_else(|| format!("{path} is not there")).unwrap();
    let dists = format!("dists/{suite}");
    let verified = verify_cleartext(&get(&format!("{dists}/InRelease")), keyring, now).unwrap();
    if done {
        let text = get(&format!("{dists}/Release"));
        assert_eq!(String::from_utf8(text.clone()).unwrap(), verified.text);
        verify_detached(&text, &get(&format!("{dists}/Release.gpg")), keyring, now).unwrap();
    }
    packages(files, suite, &verified.text, done)
}

/// What the text of a suite's Release leads to; as [`read`].
#[track_caller]
pub(super) fn packages(files: Files<'_>, suite: &str, release: &str, done: bool) -> Vec<String> {
    let get = |path: &str| files(path).ok_or_else(|| format!("{path} is not there")).unwrap();
    let dists = format!("dists/{suite}");
    let release = Release::parse(release).unwrap();
    assert!(release.acquire_by_hash && release.is_called(suite));
    let mut found = Vec::new();
    for (path, file) in &release.files {
        let sha256 = file.sha256.unwrap();
        let (folder, name) = path.rsplit_once('/').unwrap();
        let bytes = get(&format!("{dists}/{folder}/by-hash/SHA256/{}", sha256.hex()));
        assert_eq!((bytes.len() as u64, Digest::of(&bytes)), (file.size, sha256), "{path}");
        if done {
            assert!(get(&format!("{dists}/{path}")) == bytes, "{path} is not what its hash leads to");
        }
        let Some(arch) = folder.rsplit_once("/binary-").map(|(_, arch)| arch.parse::<Arch>().unwrap()) else {
            continue;
        };
        let codec = name.rsplit_once('.').map_or(Codec::None, |(_, end)| Codec::from_extension(end).unwrap());
        let plain = Decoder::new(codec, &bytes[..], Checksums::Verify).unwrap();
        for stanza in StanzaReader::new(std::io::BufReader::new(plain)) {
            let stanza = stanza.unwrap();
            let (package, pool) = (Package::from_stanza(&stanza).unwrap(), PoolFile::from_stanza(&stanza).unwrap());
            let bytes = get(&pool.filename);
            assert_eq!((bytes.len() as u64, Digest::of(&bytes)), (pool.size, pool.sha256), "{}", pool.filename);
            if name == "Packages.xz" {
                found.push(format!("{} {} {}@{arch}", package.name, package.version.as_str(), package.architecture));
            }
        }
    }
    found
}
