//! A Debian archive made in code: packages in, signed suites out, served by [`Server`](super::http::Server).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;

use mokapot::base::Digest;
use mokapot::formats::openpgp::Keyring;
use url::Url;

use super::http::{Reply, Request, Server};
use super::keys::Key;

/// The moment that fake archives live in: a minute after their Release. 2026-01-01.
pub const NOW: i64 = 1_767_225_660;

/// An archive with one key, several suites, and a pool.
pub struct Archive {
    pub key: Key,
    suites: BTreeMap<String, Suite>,
    pool: BTreeMap<String, Vec<u8>>,
}

/// One suite: what its Release says, and its packages.
#[derive(Clone, Default)]
pub struct Suite {
    /// The fields of the Release before the lists, by name; an empty value leaves the field out.
    pub fields: BTreeMap<String, String>,
    /// The stanzas of each `COMPONENT/binary-ARCH`.
    pub indexes: BTreeMap<String, String>,
    /// Which checksums the Release lists: `SHA256`, `SHA512`, `MD5Sum`.
    pub checksums: Vec<&'static str>,
}

/// The bytes of an archive by path below its root. Tests change them at will before they are served.
pub type Files = BTreeMap<String, Vec<u8>>;

impl Archive {
    /// An empty archive, whose key is that of the seed.
    pub fn new(seed: u64) -> Self {
        Self { key: Key::new(seed), suites: BTreeMap::new(), pool: BTreeMap::new() }
    }

    /// The keyring that holds the archive's key.
    pub fn keyring(&self) -> Keyring {
        self.key.keyring()
    }

    /// A suite, made if there is none of that name; it always has both architectures' indexes of `main`.
    pub fn suite(&mut self, name: &str) -> &mut Suite {
        self.suites.entry(name.into()).or_insert_with(|| {
            let field = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
            let fields = [
                ("Origin", "Fake"),
                ("Label", "Fake"),
                ("Suite", "stable"),
                ("Codename", name),
                ("Date", "Thu, 01 Jan 2026 00:00:00 UTC"),
                ("Acquire-By-Hash", "yes"),
                ("No-Support-for-Architecture-all", "Packages"),
                ("Architectures", "all amd64 arm64"),
                ("Components", "main"),
            ];
            let indexes = ["amd64", "arm64"].map(|arch| (format!("main/binary-{arch}"), String::new()));
            Suite { fields: fields.map(field).into(), indexes: indexes.into(), checksums: vec!["SHA256"] }
        })
    }

    /// Adds a package to a suite's `main`: the bytes of a `.deb`, and its `control` stanza. Packages of all
    /// architectures are listed in each index. Returns its path in the pool.
    pub fn add(&mut self, suite: &str, control: &str, deb: &[u8]) -> String {
        let field = |name: &str| {
            let value = control.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
            value.ok_or_else(|| format!("no {name} in {control}")).unwrap().to_owned()
        };
        let (name, version, arch) = (field("Package"), field("Version"), field("Architecture"));
        let version = version.split_once(':').map_or(version.as_str(), |(_, rest)| rest);
        let path = format!("pool/main/{}/{name}/{name}_{version}_{arch}.deb", &name[..1]);
        let (size, digest) = (deb.len(), Digest::of(deb).hex());
        let stanza = format!("{}\nFilename: {path}\nSize: {size}\nSHA256: {digest}\n\n", control.trim_end());
        let all = ["amd64", "arm64"];
        let archs: Vec<&str> = if arch == "all" { all.to_vec() } else { vec![arch.as_str()] };
        for arch in archs {
            self.suite(suite).indexes.entry(format!("main/binary-{arch}")).or_default().push_str(&stanza);
        }
        self.pool.insert(path.clone(), deb.to_vec());
        path
    }

    /// All files of the archive: the pool, and for each suite InRelease, Release, Release.gpg and the indexes, plain, as
    /// `.gz` and `.xz`, by name and by hash.
    pub fn files(&self) -> Files {
        let mut files = self.pool.clone();
        for (name, suite) in &self.suites {
            let mut listed = Files::new();
            for (folder, stanzas) in &suite.indexes {
                let plain = stanzas.as_bytes();
                listed.insert(format!("{folder}/Packages"), plain.to_vec());
                listed.insert(format!("{folder}/Packages.gz"), gzip(plain));
                listed.insert(format!("{folder}/Packages.xz"), xz(plain));
            }
            let release = suite.release(&listed);
            let at = |path: &str| format!("dists/{name}/{path}");
            files.insert(at("InRelease"), self.key.cleartext(&release).into_bytes());
            files.insert(at("Release.gpg"), self.key.detached(&release).into_bytes());
            files.insert(at("Release"), release.into_bytes());
            for (path, bytes) in listed {
                let folder = path.rsplit_once('/').unwrap().0;
                files.insert(at(&format!("{folder}/by-hash/SHA256/{}", Digest::of(&bytes).hex())), bytes.clone());
                files.insert(at(&path), bytes);
            }
        }
        files
    }

    /// Serves the archive; see [`serve`].
    pub fn serve(&self) -> Server {
        serve(self.files())
    }
}

impl Suite {
    /// The text of the Release over the given files.
    pub fn release(&self, files: &Files) -> String {
        let mut text = String::new();
        for (name, value) in self.fields.iter().filter(|(_, value)| !value.is_empty()) {
            writeln!(text, "{name}: {value}").unwrap();
        }
        for algorithm in &self.checksums {
            writeln!(text, "{algorithm}:").unwrap();
            for (path, bytes) in files {
                writeln!(text, " {} {:>8} {path}", checksum(algorithm, bytes), bytes.len()).unwrap();
            }
        }
        text
    }

    /// Sets a field of the Release; an empty value leaves it out.
    pub fn set(&mut self, field: &str, value: &str) -> &mut Self {
        self.fields.insert(field.into(), value.into());
        self
    }
}

/// Serves files as a good mirror does: ranges, an entity tag for each, 404 for the rest.
pub fn serve(files: Files) -> Server {
    let files = Arc::new(files);
    Server::start(move |request| answer(&files, request))
}

/// A good mirror's answer to one request.
pub fn answer(files: &Files, request: &Request) -> Reply {
    match files.get(request.path().trim_start_matches('/')) {
        Some(bytes) => {
            let tag = format!("\"{}\"", &Digest::of(bytes).hex()[..16]);
            let current = request.header("if-range").is_none_or(|asked| asked == tag);
            let reply = if current { Reply::ranged(bytes, request) } else { Reply::ok(bytes.clone()) };
            reply.header("etag", tag)
        }
        None => Reply::new(404).body("no such file"),
    }
}

/// The address of a server as a URL.
pub fn root(server: &Server) -> Url {
    server.url().parse().unwrap()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 0);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn checksum(algorithm: &str, bytes: &[u8]) -> String {
    use sha2::Digest as _;
    match algorithm {
        "SHA256" => Digest::of(bytes).hex(),
        "SHA512" => hex::encode(sha2::Sha512::digest(bytes)),
        // Weak, and refused for that alone: any digits will do.
        _ => "0".repeat(32),
    }
}
