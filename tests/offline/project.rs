//! Recipes on disk: finding them, reading what they name, and writing lockfiles.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use mokapot::base::{Class, Digest, Fault};
use mokapot::domain::lock::Lockfile;
use mokapot::domain::recipe::{Content, schema};
use mokapot::ops::project::{Loaded, Project, ProjectError};

use pgp::composed::{Deserializable, SignedPublicKey};
use pgp::types::KeyDetails;

use super::lock::{lockfile, tools_text};
use super::recipe::whole;

/// A project in a temporary folder.
struct Disk(tempfile::TempDir);

impl Disk {
    fn new(files: &[(&str, &str)]) -> Self {
        let disk = Self(tempfile::tempdir().unwrap());
        for (path, text) in files {
            let path = disk.path(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        disk
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn load(&self, recipe: &str) -> Result<Loaded, ProjectError> {
        Project::new(self.0.path()).load(recipe)
    }

    fn refusal(&self, recipe: &str) -> String {
        self.load(recipe).expect_err("it was accepted").to_string()
    }

    /// Names below `recipes/`.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("recipes")).unwrap();
        let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn file(source: &str) -> String {
    whole(&format!("[[file]]\npath = \"/a\"\nsource = \"{source}\""))
}

#[test]
fn shipped_recipes_load_and_fit_the_schema() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let project = Project::new(root);
    let names = project.recipes();
    assert!(names.contains(&"base".to_owned()) && names.contains(&"jre-11".to_owned()), "{names:?}");
    for name in names {
        let loaded = project.load(&name).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(loaded.recipe.name, name, "a shipped recipe is named as its file");
        let table: toml::Table = fs::read_to_string(&loaded.path).unwrap().parse().unwrap();
        let value = serde_json::to_value(table).unwrap();
        assert!(validator.is_valid(&value), "{name}: {:?}", validator.validate(&value));
        for archive in &loaded.recipe.archives {
            for key in &archive.keys {
                assert!(key.bytes.starts_with(b"-----BEGIN PGP PUBLIC KEY BLOCK-----"), "{}", key.named);
            }
        }
    }
}

/// The keys in `recipes/keys` are those whose fingerprints stand in the comments of the recipes that name them.
#[test]
fn shipped_keys_are_the_ones_that_the_recipes_tell() {
    let project = Project::new(env!("CARGO_MANIFEST_DIR"));
    let mut seen = 0;
    for name in project.recipes() {
        let loaded = project.load(&name).unwrap_or_else(|error| panic!("{error}"));
        let chain: String =
            project.recipes().iter().map(|name| fs::read_to_string(project.recipe_path(name)).unwrap()).collect();
        for key in loaded.recipe.archives.iter().flat_map(|archive| &archive.keys) {
            let (certificate, _) = SignedPublicKey::from_armor_single(&key.bytes[..]).unwrap();
            let subkeys = certificate.public_subkeys.iter().map(KeyDetails::fingerprint);
            for fingerprint in subkeys.chain([certificate.fingerprint()]) {
                let shown = format!("{fingerprint:X}");
                assert!(chain.contains(&shown), "{} holds {shown}, which no recipe tells", key.named);
                seen += 1;
            }
        }
    }
    assert!(seen >= 8, "{seen}");
}

#[test]
fn names_and_paths_find_recipes() {
    let disk = Disk::new(&[("recipes/tools.toml", &whole("")), ("other/x.toml", &whole(""))]);
    let loaded = disk.load("tools").unwrap();
    assert_eq!(loaded.path, disk.path("recipes/tools.toml"));
    assert_eq!(loaded.lock_path, disk.path("recipes/tools.lock"));
    assert!(disk.load(&disk.path("other/x.toml").to_string_lossy()).is_ok());
    for root in ["", "."] {
        // Tests run in the crate's folder, which is a project.
        assert!(Project::new(root).load("jre-11").is_ok_and(|loaded| loaded.path.ends_with("recipes/jre-11.toml")));
    }
    let error = disk.load("tool").unwrap_err();
    assert_eq!(error.class(), Class::Usage);
    assert_eq!(error.hint().as_deref(), Some("did you mean `tools`?"));
    assert!(error.to_string().contains("recipes/tool.toml does not exist"), "{error}");
    assert!(disk.load("a\u{1b}[31m").unwrap_err().to_string().contains("recipes/a\\u{1b}[31m.toml"));
}

#[test]
fn a_chain_is_followed_and_its_files_are_relative_to_who_names_them() {
    let base = whole("[[file]]\npath = \"/a\"\nsource = \"data/a-{arch}\"").replace("tools", "base");
    let near = "name = \"near\"\nextends = \"../recipes/base.toml\"\n[[file]]\npath = \"/b\"\nsource = \"b\"";
    let disk = Disk::new(&[
        ("recipes/base.toml", &base),
        ("recipes/data/a-amd64", "amd"),
        ("recipes/data/a-arm64", "arm"),
        ("more/near.toml", near),
        ("more/b", "b"),
    ]);
    let loaded = disk.load(&disk.path("more/near.toml").to_string_lossy()).unwrap_or_else(|error| panic!("{error}"));
    let digests: Vec<Digest> = loaded
        .recipe
        .targets
        .values()
        .flat_map(|target| target.files.values())
        .map(|file| match &file.content {
            Content::Source(source) => source.sha256,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(digests, [b"amd".as_slice(), b"b", b"arm", b"b"].map(Digest::of));
}

#[test]
fn a_broken_chain_shows_the_line() {
    let extends = |name: &str, of: &str| format!("name = \"{name}\"\nextends = \"{of}\"\n");
    let disk = Disk::new(&[
        ("recipes/a.toml", &extends("a", "b")),
        ("recipes/b.toml", &extends("b", "./a.toml")),
        ("recipes/c.toml", &extends("c", "gone")),
        ("recipes/d.toml", &extends("d", "c")),
    ]);
    let circle = disk.refusal("a");
    assert_eq!(
        circle,
        "recipes/b.toml:2:11: `extends` goes in a circle: recipes/a.toml → recipes/b.toml → recipes/a.toml"
    );
    assert!(disk.refusal("d").starts_with("recipes/c.toml:2:11: cannot read `"), "{}", disk.refusal("d"));
    assert!(disk.refusal("d").contains("gone.toml"));
}

/// REC-17: each is refused with its path and the reason; a pipe does not hang.
#[test]
fn named_files_must_be_readable_files() {
    let disk = Disk::new(&[
        ("recipes/gone.toml", &file("gone")),
        ("recipes/folder.toml", &file("folder")),
        ("recipes/pipe.toml", &file("pipe")),
        ("recipes/socket.toml", &file("socket")),
        ("recipes/absolute.toml", &file("/etc/passwd")),
        ("recipes/out.toml", &file("../../../../../../../../etc/passwd")),
        ("recipes/link.toml", &file("link")),
        ("recipes/near.toml", &file("near")),
        ("recipes/real", "x"),
    ]);
    fs::create_dir(disk.path("recipes/folder")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(disk.path("recipes/pipe")).status().unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(disk.path("recipes/socket")).unwrap();
    symlink("/etc/passwd", disk.path("recipes/link")).unwrap();
    symlink("real", disk.path("recipes/near")).unwrap();
    for (recipe, message) in [
        ("gone", "cannot read `gone`: No such file or directory (os error 2)"),
        ("folder", "cannot read `folder`: it is a folder, not a file"),
        ("pipe", "cannot read `pipe`: it is a named pipe, not a file"),
        ("socket", "cannot read `socket`: it is a socket, not a file"),
        ("absolute", "`/etc/passwd` is an absolute path"),
        ("out", "leads to /etc/passwd, out of the project"),
        ("link", "`link` leads to /etc/passwd, out of the project"),
    ] {
        let error = disk.refusal(recipe);
        assert!(error.starts_with(&format!("recipes/{recipe}.toml:6:10: ")) && error.contains(message), "{error}");
    }
    assert!(disk.load("near").is_ok(), "a link inside the project is fine");
}

#[test]
fn a_file_that_may_not_be_read_says_so() {
    let disk = Disk::new(&[("recipes/secret.toml", &file("secret")), ("recipes/secret", "x")]);
    fs::set_permissions(disk.path("recipes/secret"), fs::Permissions::from_mode(0o0)).unwrap();
    if fs::read(disk.path("recipes/secret")).is_err() {
        let error = disk.refusal("secret");
        assert!(error.contains("cannot read `secret`: Permission denied"), "{error}");
    }
}

#[test]
fn a_recipe_itself_may_be_no_pipe_and_no_folder() {
    let disk = Disk::new(&[("recipes/x.toml/y", "")]);
    assert!(std::process::Command::new("mkfifo").arg(disk.path("recipes/pipe.toml")).status().unwrap().success());
    assert!(disk.refusal("x").ends_with("it is a folder, not a file"));
    assert!(disk.refusal("pipe").ends_with("it is a named pipe, not a file"));
    let large = Disk::new(&[("recipes/x.toml", &"#".repeat((1 << 20) + 1))]);
    assert!(large.refusal("x").contains("larger than the limit of 1048576 bytes"));
}

/// A project whose recipe is that of `lockfile()`.
fn lockable() -> (Disk, Loaded) {
    let disk = Disk::new(&[("recipes/tools.toml", &tools_text()), ("recipes/key.asc", "key")]);
    let loaded = disk.load("tools").unwrap_or_else(|error| panic!("{error}"));
    (disk, loaded)
}

#[test]
fn locks_are_written_and_read() {
    let (disk, loaded) = lockable();
    assert!(loaded.read_lock().unwrap().is_none());
    assert!(loaded.write_lock(&lockfile()).unwrap());
    assert_eq!(loaded.read_lock().unwrap(), Some(lockfile()));
    assert!(!loaded.write_lock(&lockfile()).unwrap(), "the same lock changes nothing");
    assert_eq!(disk.names(), ["key.asc", "tools.lock", "tools.toml"]);
    fs::write(disk.path("recipes/tools.lock"), "garbage").unwrap();
    let error = loaded.read_lock().unwrap_err();
    assert_eq!(error.class(), Class::Lock);
    assert!(error.to_string().contains("recipes/tools.lock:1: "), "{error}");
    fs::write(disk.path("recipes/.tools.lock.abc.tmp"), "what a killed run left").unwrap();
    assert!(loaded.write_lock(&lockfile()).unwrap());
    assert_eq!(disk.names(), ["key.asc", "tools.lock", "tools.toml"]);
}

/// LCK-17 and promise 10: what is not replaced stays as it is.
#[test]
fn what_is_no_lockfile_of_ours_is_not_replaced() {
    let (disk, loaded) = lockable();
    let path = disk.path("recipes/tools.lock");
    let refused = || {
        let error = loaded.write_lock(&lockfile()).unwrap_err();
        assert!(error.hint().is_some() && error.class() == Class::Lock);
        error.to_string()
    };

    fs::write(disk.path("target"), "kept").unwrap();
    symlink("../target", &path).unwrap();
    assert!(refused().ends_with("tools.lock: it is a symbolic link"));
    assert_eq!(fs::read_to_string(disk.path("target")).unwrap(), "kept");
    fs::remove_file(&path).unwrap();

    fs::create_dir(&path).unwrap();
    assert!(refused().ends_with("it is a folder"));
    fs::remove_dir(&path).unwrap();

    fs::write(&path, "kept").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    assert!(refused().ends_with("it is read-only"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();

    let newer = lockfile().render().replace("version = 1", "version = 7");
    fs::write(&path, &newer).unwrap();
    assert!(refused().contains("version 7; this program knows versions up to 1"));
    assert_eq!(fs::read_to_string(&path).unwrap(), newer);
    assert!(Lockfile::parse(&newer, "x").is_err());
    assert_eq!(disk.names(), ["key.asc", "tools.lock", "tools.toml"]);
}
