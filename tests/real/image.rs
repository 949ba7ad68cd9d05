//! The image of `tests/recipes/frozen-jre.toml`, built once for all tests: from the real archives, for both platforms.
//!
//! It is `jre-11` without the suites that still move, so that its lock can be pinned for good: what moves loses old files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock};

use serde_json::Value;

use crate::support::run::{mokapot, repository, scratch, succeed, tool};

/// A built image: where its layout is, its tag and the digest of its index.
pub(crate) struct Built {
    pub(crate) layout: PathBuf,
    pub(crate) tag: &'static str,
    pub(crate) digest: String,
}

impl Built {
    /// `oci:DIR:TAG`, as we and skopeo write it.
    pub(crate) fn reference(&self) -> String {
        format!("oci:{}:{}", self.layout.display(), self.tag)
    }

    /// A JSON blob of the layout.
    pub(crate) fn json(&self, digest: &str) -> Value {
        let path = self.layout.join("blobs/sha256").join(digest.trim_start_matches("sha256:"));
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    }

    /// The descriptor of the manifest for `arch`.
    pub(crate) fn manifest(&self, arch: &str) -> Value {
        let index = self.json(&self.digest);
        let fits = |m: &&Value| m["platform"]["architecture"] == arch;
        index["manifests"].as_array().unwrap().iter().find(fits).unwrap().clone()
    }

    /// A second layout over the same blobs in which each platform has its own tag, named by its architecture: for
    /// clients that cannot choose from an index.
    pub(crate) fn tag_per_platform(&self, name: &str) -> PathBuf {
        let folder = scratch(name);
        std::os::unix::fs::symlink(self.layout.join("blobs"), folder.join("blobs")).unwrap();
        fs::copy(self.layout.join("oci-layout"), folder.join("oci-layout")).unwrap();
        let manifests: Vec<Value> = ["amd64", "arm64"]
            .map(|arch| {
                let mut descriptor = self.manifest(arch);
                descriptor["annotations"] = serde_json::json!({ "org.opencontainers.image.ref.name": arch });
                descriptor
            })
            .into();
        let index = serde_json::json!({ "schemaVersion": 2, "manifests": manifests });
        fs::write(folder.join("index.json"), index.to_string()).unwrap();
        folder
    }
}

/// The store that all tests of this binary share, so that each package is fetched once.
pub(crate) fn shared_store() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("store")
}

/// `mokapot build` of a recipe into `layout`, with the shared store.
pub(crate) fn build(recipe: &str, layout: &Path) -> Command {
    let mut command = mokapot();
    command.args(["build", recipe, "--locked", "--output"]).arg(format!("oci:{}", layout.display()));
    command.arg("--store").arg(shared_store());
    command
}

/// The image with zstd layers.
pub(crate) fn jre() -> &'static Built {
    static BUILT: OnceLock<Built> = OnceLock::new();
    BUILT.get_or_init(|| build_with("zstd"))
}

/// The same image with gzip layers.
pub(crate) fn jre_gzip() -> &'static Built {
    static BUILT: OnceLock<Built> = OnceLock::new();
    BUILT.get_or_init(|| build_with("gzip"))
}

/// The image with gzip layers as umoci unpacks it for `arch`, which checks every DiffID: a folder with a `config.json` for
/// runtimes, and the tree at `rootfs`. Once for all tests, so it is only read.
pub(crate) fn unpacked(arch: &str) -> PathBuf {
    static UNPACKED: OnceLock<PathBuf> = OnceLock::new();
    let unpack = || {
        let layout = jre_gzip().tag_per_platform("umoci-layout");
        let folder = scratch("umoci");
        for arch in ["amd64", "arm64"] {
            let image = format!("{}:{arch}", layout.display());
            succeed(tool("umoci", ["unpack", "--image", &image]).arg(folder.join(arch)));
        }
        folder
    };
    UNPACKED.get_or_init(unpack).join(arch)
}

/// The image of `tests/recipes/NAME.toml`, and its lockfile, made now where none is committed: for suites that move. Built
/// once a name, however many tests ask.
pub(crate) fn build_of(name: &str) -> (&'static Built, PathBuf) {
    build_as(name, name, &|recipe| recipe.to_owned(), None)
}

/// [`build_of`] a recipe changed by `change`, which goes by the name `variant` here, for an epoch.
pub(crate) fn build_as(
    name: &str,
    variant: &str,
    change: &dyn Fn(&str) -> String,
    epoch: Option<i64>,
) -> (&'static Built, PathBuf) {
    static BUILT: Mutex<BTreeMap<String, &'static Built>> = Mutex::new(BTreeMap::new());
    let mut built = BUILT.lock().unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(variant);
    let recipe = folder.join("tests/recipes").join(format!("{name}.toml"));
    let image = *built.entry(variant.to_owned()).or_insert_with(|| {
        let folder = scratch(variant);
        copy_folder(&repository().join("tests/recipes"), &folder.join("tests/recipes"));
        copy_folder(&repository().join("recipes/keys"), &folder.join("recipes/keys"));
        let keyring = "debian-archive-keyring.gpg";
        fs::copy(Path::new("/usr/share/keyrings").join(keyring), folder.join("tests/recipes").join(keyring)).unwrap();
        fs::write(&recipe, change(&fs::read_to_string(&recipe).unwrap())).unwrap();
        let layout = folder.join("oci");
        let mut command = mokapot();
        command.args(["build", &recipe.display().to_string(), "--output"]).arg(format!("oci:{}", layout.display()));
        if let Some(epoch) = epoch {
            command.env("SOURCE_DATE_EPOCH", epoch.to_string());
        }
        let line = succeed(command.arg("--store").arg(shared_store()));
        let tag = Box::leak(name.to_owned().into_boxed_str());
        Box::leak(Box::new(Built { digest: digest_of(&line, name), layout, tag }))
    });
    (image, recipe.with_extension("lock"))
}

fn build_with(compression: &str) -> Built {
    let folder = scratch(&format!("frozen-jre-{compression}"));
    copy_folder(&repository().join("tests/recipes"), &folder.join("tests/recipes"));
    copy_folder(&repository().join("recipes/keys"), &folder.join("recipes/keys"));
    let recipe = folder.join("tests/recipes/frozen-jre.toml");
    let text = fs::read_to_string(&recipe).unwrap();
    assert!(text.contains("compression = \"zstd\""));
    fs::write(&recipe, text.replace("compression = \"zstd\"", &format!("compression = \"{compression}\""))).unwrap();
    let layout = folder.join("oci");
    let line = succeed(&mut build(&recipe.display().to_string(), &layout));
    Built { digest: digest_of(&line, "frozen-jre"), layout, tag: "frozen-jre" }
}

/// The digest in a line `NAME@sha256:…`, which must be all that was printed.
pub(crate) fn digest_of(line: &str, name: &str) -> String {
    let digest = line.trim_end().strip_prefix(name).and_then(|rest| rest.strip_prefix('@'));
    digest.ok_or_else(|| format!("expected {name}@sha256:…, found {line:?}")).unwrap().to_owned()
}

/// Copies a folder and all below it.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target)
        } else {
            fs::copy(entry.path(), target).map(|_| ()).unwrap()
        }
    }
}
