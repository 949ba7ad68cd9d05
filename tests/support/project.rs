//! A whole project in a folder of its own: a recipe, its keys and files, a signed archive that is being served, a store and a
//! layout; and what must be true of them whatever happens.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use mokapot::base::Digest;
use mokapot::formats::tar::{Entry, Kind};
use serde_json::Value;
use tempfile::TempDir;

use super::archive::{Archive, Files, answer};
use super::deb::{Deb, MTIME};
use super::http::{Reply, Request, Server};
use super::run;

/// The recipe of every project.
pub const RECIPE: &str = r#"name = "app"
scripts = "list"

[[archive]]
mirror = "debian"
suites = ["fake"]
signed-by = "keys/fake.asc"

[packages]
install = ["app"]

[[file]]
path = "/opt/run.sh"
source = "files/run.sh"
mode = "0755"
owner = "185:0"

[[file]]
path = "/opt/native"
symlink = "/usr/lib/{triplet}"

[[group]]
name = "data"
gid = 200

[[user]]
name = "app"
uid = 185
home = "/srv/app"
groups = ["data"]

[image]
user = "app"
env = { APP_ARCH = "{arch}", APP_LIB = "/usr/lib/{triplet}" }
entrypoint = ["/opt/run.sh"]
labels = { maintainer = "tests" }
"#;

/// A recipe that has most of its packages in common with [`RECIPE`].
pub const OTHER: &str = r#"name = "other"
scripts = "list"

[[archive]]
mirror = "debian"
suites = ["fake"]
signed-by = "keys/fake.asc"

[packages]
install = ["tool", "docs"]
"#;

/// A project, and the server of its archive.
pub struct Project {
    folder: TempDir,
    pub archive: Archive,
    served: Arc<Mutex<Files>>,
    pub server: Server,
}

/// How a run ended.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; of a run that a signal ended, the signal's number below zero.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Project {
    /// A project whose archive was never locked.
    pub fn new() -> Self {
        let mut archive = Archive::new(7);
        for deb in packages() {
            archive.add("fake", &deb.stanza(), &deb.build());
        }
        Self::over(archive)
    }

    /// A project over another archive, which has a suite `fake`.
    pub fn over(archive: Archive) -> Self {
        let folder = TempDir::with_prefix("mokapot-test-").unwrap();
        // Other users come here too.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let served = Arc::new(Mutex::new(archive.files()));
        let files = Arc::clone(&served);
        let server = Server::start(move |request: &Request| -> Reply { answer(&files.lock().unwrap(), request) });
        let project = Self { folder, archive, served, server };
        project.write("project/recipes/app.toml", RECIPE);
        project.write("project/recipes/other.toml", OTHER);
        project.write("project/recipes/keys/fake.asc", &project.archive.key.armoured());
        project.write("project/recipes/files/run.sh", "#!/bin/sh\nexec /usr/bin/app \"$@\"\n");
        fs::create_dir(project.path("tmp")).unwrap();
        fs::create_dir(project.path("home")).unwrap();
        project
    }

    /// A path below the folder that holds everything.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The default layout.
    pub fn layout(&self) -> PathBuf {
        self.path("oci")
    }

    /// The store.
    pub fn store(&self) -> PathBuf {
        self.path("store")
    }

    /// The lockfile of the recipe `app`.
    pub fn lock_path(&self) -> PathBuf {
        self.path("project/recipes/app.lock")
    }

    /// Writes a file below the folder.
    pub fn write(&self, name: &str, content: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Serves the archive as it is now.
    pub fn publish(&self) {
        *self.served.lock().unwrap() = self.archive.files();
    }

    /// Changes what is served, without the archive's knowing.
    pub fn serve(&self, change: impl FnOnce(&mut Files)) {
        change(&mut self.served.lock().unwrap());
    }

    /// Publishes a newer version of `app`, an hour later.
    pub fn release_newer(&mut self) {
        for arch in ["amd64", "arm64"] {
            let deb = app("2.0", arch);
            self.archive.add("fake", &deb.stanza(), &deb.build());
        }
        self.archive.suite("fake").set("Date", "Thu, 01 Jan 2026 01:00:00 UTC");
        self.publish();
    }

    /// Our program, run by `wrapper` unless that is empty, with nothing in its environment that this test did not put there.
    #[expect(clippy::disallowed_methods, reason = "the wrappers and helpers of tests are found on this machine's PATH")]
    pub fn command(&self, wrapper: &[&str], arguments: &[&str]) -> Command {
        let program = env!("CARGO_BIN_EXE_mokapot");
        let mut command = match wrapper.split_first() {
            None => Command::new(program),
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(program);
                command
            }
        };
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.path("home")).env("TMPDIR", self.path("tmp")).env("NO_COLOR", "1");
        command.current_dir(self.folder.path()).args(arguments);
        command.arg("--project").arg(self.path("project"));
        if !arguments.contains(&"--store") {
            command.arg("--store").arg(self.store());
        }
        command.arg("--mirror").arg(format!("debian={}", self.server.url()));
        command
    }

    /// `mokapot ARGUMENTS`.
    pub fn mokapot(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(&[], arguments))
    }

    /// The command of `mokapot build app`, into the default layout.
    pub fn build_command(&self, wrapper: &[&str], more: &[&str]) -> Command {
        let output = format!("oci:{}", self.layout().display());
        let mut arguments = vec!["build", "app"];
        arguments.extend(more);
        if !more.contains(&"--output") {
            arguments.extend(["--output", &output]);
        }
        self.command(wrapper, &arguments)
    }

    /// `mokapot build app`, into the default layout.
    pub fn build(&self, more: &[&str]) -> Ran {
        Ran::of(&mut self.build_command(&[], more))
    }

    /// `mokapot lock app`.
    pub fn lock(&self, more: &[&str]) -> Ran {
        self.mokapot(&[&["lock", "app"], more].concat())
    }

    /// Locks and builds; the digest of the index.
    pub fn built(&self) -> String {
        self.build(&[]).digest("app")
    }

    /// A JSON blob of the default layout.
    pub fn json(&self, digest: &str) -> Value {
        let hex = digest.trim_start_matches("sha256:");
        serde_json::from_slice(&fs::read(self.layout().join("blobs/sha256").join(hex)).unwrap()).unwrap()
    }

    /// The manifest's digest of a platform in an index of the default layout.
    pub fn manifest(&self, index: &str, arch: &str) -> String {
        let index = self.json(index);
        let fits = |m: &&Value| m["platform"]["architecture"] == arch;
        let found = index["manifests"].as_array().unwrap().iter().find(fits).unwrap();
        found["digest"].as_str().unwrap().to_owned()
    }

    /// What must be true after every run that came to its end: layout and store are sound, and no temporary file is left.
    pub fn assert_tidy(&self) {
        layout_is_sound(&self.layout());
        blobs_are_sound(&self.store().join("blobs/sha256"));
        no_temporaries(self.folder.path());
    }
}

impl Ran {
    /// Runs a command to its end.
    pub fn of(command: &mut Command) -> Self {
        Self::from(run::run(command))
    }

    /// Checks that it succeeded.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{}{}", self.stdout, self.stderr);
        self
    }

    /// Checks that it failed with this code, and that the message names all of `named`.
    #[track_caller]
    pub fn failed(self, code: i32, named: &[&str]) -> Self {
        assert_eq!(self.code, code, "{}{}", self.stdout, self.stderr);
        for name in named {
            assert!(self.stderr.contains(name), "no {name:?} in {}", self.stderr);
        }
        self
    }

    /// The digest of the only line of its stdout, `NAME@sha256:…`.
    #[track_caller]
    pub fn digest(self, name: &str) -> String {
        let ran = self.ok();
        let line = ran.stdout.strip_suffix('\n').unwrap_or(&ran.stdout);
        let digest = line.strip_prefix(name).and_then(|rest| rest.strip_prefix('@')).unwrap_or_default();
        assert!(digest.parse::<Digest>().is_ok(), "expected {name}@sha256:…, found {:?}", ran.stdout);
        digest.to_owned()
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or_else(|| -output.status.signal().unwrap_or_default()),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// The packages of the archive: seven, of which two are for all architectures.
fn packages() -> Vec<Deb> {
    let mut all = vec![
        tree(Deb::new("base-files", "12"), &["etc", "usr/bin", "usr/lib", "var/lib"])
            .field("Essential", "yes")
            .symlink("bin", "usr/bin")
            .symlink("lib", "usr/lib")
            .file("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n")
            .file("etc/group", b"root:x:0:\n")
            .file("etc/shadow", b"root:*:19000:0:99999:7:::\n"),
        tree(Deb::new("docs", "1.0-1"), &["usr/share/docs"])
            .file("usr/share/docs/guide", "How it is done.\n".repeat(3000).as_bytes())
            .hardlink("usr/share/docs/handbook", "usr/share/docs/guide"),
    ];
    for (arch, triplet) in [("amd64", "x86_64-linux-gnu"), ("arm64", "aarch64-linux-gnu")] {
        let library = format!("usr/lib/{triplet}");
        all.push(
            tree(Deb::new("libc6", "2.36-9"), &[&library])
                .field("Architecture", arch)
                .file(&format!("{library}/libc.so.6"), &noise(arch, 60_000)),
        );
        let program = noise(&format!("{arch} tool"), 9_000);
        let set_uid = Entry::new("usr/bin/become", Kind::File { size: 9_000 }, 0o4755, MTIME);
        all.push(
            tree(Deb::new("tool", "5.36"), &["usr/bin"])
                .field("Architecture", arch)
                .field("Essential", "yes")
                .field("Pre-Depends", "libc6")
                .control("postinst", "#!/bin/sh\nset -e\n")
                .entry(set_uid, &program)
                .file("usr/bin/tool", &program)
                .hardlink("usr/bin/tool5.36", "usr/bin/tool"),
        );
        all.push(app("1.0", arch));
    }
    all
}

/// The package that the recipe asks for.
pub fn app(version: &str, arch: &str) -> Deb {
    tree(Deb::new("app", version), &["etc", "usr/bin"])
        .field("Architecture", arch)
        .field("Depends", "libc6 (>= 2.30), docs")
        .control("conffiles", "/etc/app.conf\n")
        .control("postinst", "#!/bin/sh\nset -e\nldconfig\n")
        .file("etc/app.conf", format!("version = {version}\n").as_bytes())
        .entry(
            Entry::new("usr/bin/app", Kind::File { size: 5_000 }, 0o755, MTIME),
            &noise(&format!("{arch}{version}"), 5_000),
        )
}

/// Ships folders and all above them.
pub fn tree(mut deb: Deb, folders: &[&str]) -> Deb {
    let mut known = BTreeSet::new();
    for folder in folders {
        for (at, _) in format!("{folder}/").match_indices('/') {
            if known.insert(folder[..at].to_owned()) {
                deb = deb.directory(&folder[..at]);
            }
        }
    }
    deb
}

/// Bytes that do not compress, the same for the same seed.
pub fn noise(seed: &str, length: usize) -> Vec<u8> {
    let blocks = (0..length.div_ceil(32)).flat_map(|at| *Digest::of(format!("{seed} {at}").as_bytes()).as_bytes());
    blocks.take(length).collect()
}

/// A digest of everything below a folder: names, modes, what links point to, and bytes. Times are left out.
pub fn tree_hash(folder: &Path) -> String {
    let mut text = String::new();
    for path in walk(folder) {
        let metadata = fs::symlink_metadata(&path).unwrap();
        let content = if metadata.is_symlink() {
            fs::read_link(&path).unwrap().display().to_string()
        } else if metadata.is_file() {
            Digest::of(&fs::read(&path).unwrap()).hex()
        } else {
            String::new()
        };
        let name = path.strip_prefix(folder).unwrap().display();
        writeln!(text, "{name} {:o} {content}", metadata.mode()).unwrap();
    }
    Digest::of(text.as_bytes()).hex()
}

/// Everything below a folder, sorted; links are not followed.
pub fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            if entry.file_type().unwrap().is_dir() {
                open.push(entry.path());
            }
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

/// Checks that every file of a folder of blobs hashes to its name; temporary files of killed runs have no digest as name.
#[track_caller]
pub fn blobs_are_sound(folder: &Path) {
    for path in walk(folder) {
        let name = path.file_name().unwrap().to_str().unwrap();
        if !name.starts_with('.') {
            assert_eq!(Digest::of(&fs::read(&path).unwrap()).hex(), name, "{}", path.display());
        }
    }
}

/// Checks that every blob of a layout is what its name says, and that of each tagged image all is there. Returns the tags
/// and their digests; a layout that is not there yet has none.
#[track_caller]
pub fn layout_is_sound(dir: &Path) -> Vec<(String, String)> {
    let blobs = dir.join("blobs/sha256");
    blobs_are_sound(&blobs);
    let Ok(bytes) = fs::read(dir.join("index.json")) else { return Vec::new() };
    assert!(dir.join("oci-layout").is_file());
    let index: Value = serde_json::from_slice(&bytes).unwrap();
    let mut tags = Vec::new();
    let mut open = Vec::new();
    for entry in index["manifests"].as_array().unwrap() {
        let tag = entry["annotations"]["org.opencontainers.image.ref.name"].as_str().unwrap();
        tags.push((tag.to_owned(), entry["digest"].as_str().unwrap().to_owned()));
        open.push(entry.clone());
    }
    while let Some(descriptor) = open.pop() {
        let path = blobs.join(descriptor["digest"].as_str().unwrap().trim_start_matches("sha256:"));
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(Some(bytes.len() as u64), descriptor["size"].as_u64());
        let media_type = descriptor["mediaType"].as_str().unwrap();
        if media_type.contains("index") || media_type.contains("manifest") {
            let document: Value = serde_json::from_slice(&bytes).unwrap();
            let list = |key: &str| document[key].as_array().cloned().unwrap_or_default();
            open.extend(list("manifests").into_iter().chain(list("layers")));
            open.extend(document.get("config").cloned());
        }
    }
    tags
}

/// Checks that nothing below a folder is a temporary file of ours.
#[track_caller]
pub fn no_temporaries(folder: &Path) {
    for path in walk(folder) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let parent = path.parent().unwrap().file_name().unwrap();
        let ours = name.starts_with(".mokapot-") || name.ends_with(".tmp") || parent == "tmp";
        assert!(!ours, "{} was left", path.display());
    }
}
