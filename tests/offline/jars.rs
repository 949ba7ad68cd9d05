//! Jars of recipes: from Maven repositories, addresses and S3 into images, and into buckets.

use std::fs;
use std::sync::{Arc, Mutex};

use mokapot::base::Digest;
use serde_json::Value;
use sha1::{Digest as _, Sha1};

use crate::support::http::{Reply, Request, Server};
use crate::support::project::{Project, Ran, layout_is_sound, noise};
use crate::support::s3::S3;

/// Files by their paths.
type Files = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// A repository of files by their paths, that can change.
struct Repository {
    files: Files,
    server: Server,
}

impl Repository {
    fn new() -> Self {
        let files = Files::default();
        let served = Arc::clone(&files);
        let server = Server::start(move |request: &Request| {
            let files = served.lock().unwrap();
            let found = files.iter().rev().find(|(path, _)| request.path() == format!("/m2/{path}"));
            found.map_or_else(|| Reply::new(404), |(_, bytes)| Reply::ranged(bytes, request))
        });
        Self { files, server }
    }

    fn put(&self, path: &str, bytes: &[u8]) {
        self.files.lock().unwrap().push((path.into(), bytes.into()));
    }

    /// An artefact `g:ARTIFACT:VERSION` with its checksum.
    fn deploy(&self, artifact: &str, version: &str, bytes: &[u8]) {
        let path = format!("g/{artifact}/{version}/{artifact}-{version}.jar");
        self.put(&path, bytes);
        self.put(&format!("{path}.sha1"), hex::encode(Sha1::digest(bytes)).as_bytes());
    }
}

/// A project whose recipe has these sections too.
fn project(sections: &str) -> Project {
    let project = Project::new();
    add(&project, sections);
    project
}

fn add(project: &Project, sections: &str) {
    let recipe = crate::support::project::RECIPE;
    project.write("project/recipes/app.toml", &format!("{recipe}\n{sections}"));
}

/// Runs a command with a Maven repository and a service of objects.
fn run(project: &Project, repository: &Repository, s3: Option<&S3>, arguments: &[&str]) -> Ran {
    let mut command = project.command(&[], arguments);
    command.arg("--mirror").arg(format!("maven={}/m2", repository.server.url()));
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    command.envs(s3.map(S3::environment).unwrap_or_default());
    Ran::of(&mut command)
}

fn build(project: &Project, repository: &Repository, s3: Option<&S3>, more: &[&str]) -> Ran {
    let output = format!("oci:{}", project.layout().display());
    run(project, repository, s3, &[&["build", "app", "--output", &output], more].concat())
}

fn jar(seed: &str, length: usize) -> Vec<u8> {
    [b"PK\x03\x04".to_vec(), noise(seed, length)].concat()
}

/// Titles and digests of the layers of a platform.
fn layers(project: &Project, index: &str, arch: &str) -> Vec<(String, String)> {
    let manifest = project.json(&project.manifest(index, arch));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let layers = manifest["layers"].as_array().unwrap();
    let title = |layer: &Value| text(&layer["annotations"]["org.opencontainers.image.title"]);
    layers.iter().map(|layer| (title(layer), text(&layer["digest"]))).collect()
}

const ONE: &str = "[[jar]]\nmaven = \"g:one:1.0\"\ninto = \"/opt/spark/jars\"\n";

#[test]
fn a_jar_is_one_file_in_one_layer_of_both_platforms() {
    let (repository, project) = (Repository::new(), project(ONE));
    let bytes = jar("one", 100_000);
    repository.deploy("one", "1.0", &bytes);
    let index = build(&project, &repository, None, &[]).digest("app");
    let [amd64, arm64] = ["amd64", "arm64"].map(|arch| layers(&project, &index, arch));
    let of = |layers: &[(String, String)]| {
        layers.iter().filter(|(title, _)| title == "app: jars").cloned().collect::<Vec<_>>()
    };
    assert_eq!(of(&amd64).len(), 1, "{amd64:?}");
    assert_eq!(of(&amd64), of(&arm64), "the same blob");
    let lock = fs::read_to_string(project.lock_path()).unwrap();
    let block = format!(
        "[[jar]]\nplaces = [\"maven:g:one:1.0\"]\nsize = {}\nsha256 = \"{}\"\n",
        bytes.len(),
        Digest::of(&bytes)
    );
    assert!(lock.ends_with(&block), "{lock}");
    assert!(lock.contains("[[request.jar]]\nplaces = [\"maven:g:one:1.0\"]\n"), "{lock}");

    let layout = format!("oci:{}:app", project.layout().display());
    let said = run(&project, &repository, None, &["why", &layout, "/opt/spark/jars/one-1.0.jar"]).ok().stdout;
    assert!(said.contains("from      [[jar]] of recipe `app`"), "{said}");
    assert!(
        said.contains(&format!("locked    maven:g:one:1.0 {} bytes {}", bytes.len(), Digest::of(&bytes))),
        "{said}"
    );
    let said = run(&project, &repository, None, &["files", &layout]).ok().stdout;
    assert!(said.contains("opt/spark/jars/one-1.0.jar"), "{said}");

    // Nothing is asked a second time; without a network neither.
    repository.server.clear();
    assert_eq!(build(&project, &repository, None, &["--locked", "--offline"]).digest("app"), index);
    fs::remove_dir_all(project.layout()).unwrap();
    assert_eq!(build(&project, &repository, None, &["--locked", "--offline"]).digest("app"), index);
    assert_eq!(repository.server.requests().len(), 0);
    // A store that has lost it gets it again, and only the jar itself.
    fs::remove_dir_all(project.layout()).unwrap();
    fs::remove_dir_all(project.store()).unwrap();
    assert_eq!(build(&project, &repository, None, &["--locked"]).digest("app"), index);
    assert_eq!(repository.server.requests().len(), 1);
    project.assert_tidy();
}

#[test]
fn a_new_version_changes_only_the_layer_of_jars() {
    let two = "[[jar]]\nmaven = \"g:two:2.0\"\ninto = \"/opt/spark/jars\"\nname = \"two.jar\"\nmode = \"0600\"\n";
    let (repository, project) = (Repository::new(), project(&format!("{ONE}{two}")));
    repository.deploy("one", "1.0", &jar("one", 10_000));
    repository.deploy("one", "1.1", &jar("new", 10_000));
    repository.deploy("two", "2.0", &jar("two", 10_000));
    let before = build(&project, &repository, None, &[]).digest("app");
    add(&project, &format!("{}{two}", ONE.replace("1.0", "1.1")));
    let locked =
        build(&project, &repository, None, &["--locked"]).failed(4, &["jar: -maven:g:one:1.0 +maven:g:one:1.1"]);
    assert!(locked.stdout.is_empty());
    repository.server.clear();
    let after = build(&project, &repository, None, &[]).digest("app");
    let asked: Vec<String> = repository.server.requests().iter().map(|r| r.path().to_owned()).collect();
    assert!(asked.iter().all(|path| path.contains("/one/1.1/")), "the lock keeps what stays: {asked:?}");
    let [old, new] = [&before, &after].map(|index| layers(&project, index, "arm64"));
    let changed: Vec<_> = old.iter().zip(&new).filter(|(a, b)| a != b).map(|(a, _)| a.0.as_str()).collect();
    assert_eq!(changed, ["app: jars"]);
}

#[test]
fn a_jar_stands_where_a_link_of_the_tree_leads() {
    let link = "[[jar]]\nmaven = \"g:one:1.0\"\ninto = \"/lib/jars\"\n"; // /lib -> usr/lib
    let (repository, project) = (Repository::new(), project(link));
    repository.deploy("one", "1.0", &jar("one", 1_000));
    build(&project, &repository, None, &[]).digest("app");
    let layout = format!("oci:{}:app", project.layout().display());
    let said = run(&project, &repository, None, &["why", &layout, "/lib/jars/one-1.0.jar"]).ok().stdout;
    assert!(said.contains("path      /usr/lib/jars/one-1.0.jar") && said.contains("app: jars"), "{said}");
    assert!(said.contains("locked    maven:g:one:1.0"), "{said}");
}

#[test]
fn bad_sections_are_shown_where_they_stand() {
    for (section, says) in [
        ("[[jar]]\ninto = \"/opt\"\n", "a jar needs a place that has it"),
        ("[[jar]]\nmaven = \"g:one:LATEST\"\ninto = \"/opt\"\n", "may mean other bytes tomorrow"),
        ("[[jar]]\nmaven = \"g:../one:1\"\ninto = \"/opt\"\n", "is no artefact of a Maven coordinate"),
        ("[[jar]]\nurl = \"https://x.example/a.jar\"\ninto = \"/opt\"\n", "nothing says what is at an address"),
        (
            "[[jar]]\nurl = \"https://me:pw@x.example/a.jar\"\ninto = \"/opt\"\n",
            "what looks like a password in an address",
        ),
        (
            "[[jar]]\nurl = \"https://x.example/a.jar?token=1\"\ninto = \"/opt\"\n",
            "no user, password, query or fragment",
        ),
        ("[[jar]]\ns3 = \"s3://B/x\"\ninto = \"/opt\"\n", "names no object of S3"),
        ("[[jar]]\nmaven = \"g:one:1\"\ninto = \"/opt/{arch}\"\n", "its folder must be one too"),
        ("[[jar]]\nmaven = \"g:one:1\"\ninto = \"/opt\"\nname = \"../x\"\n", "is no name of a file"),
        ("[[jar]]\nmaven = \"g:one:1\"\ninto = \"/opt\"\nname = \"run.sh\"\n", "`/opt/run.sh` is there twice"),
        ("[[jar]]\nmaven = \"g:one:1\"\ninto = \"/opt/run.sh\"\n", "lies below `/opt/run.sh`"),
        ("[[jar]]\nmavne = \"g:one:1\"\ninto = \"/opt\"\n", "mavne"),
        ("[[jar]]\nmaven = \"g:one:1\"\nsha256 = \"sha256:00\"\ninto = \"/opt\"\n", "64 hexadecimal digits"),
    ] {
        let project = project(section);
        let ran = project.lock(&[]).failed(3, &[says, "app.toml:"]);
        assert!(!ran.stderr.contains("pw@"), "{}", ran.stderr);
    }
}

#[test]
fn src_01_02_what_nothing_vouches_for_is_not_locked() {
    let project = project(ONE);
    let path = "g/one/1.0/one-1.0.jar";
    let bytes = jar("one", 1_000);
    let sha1 = hex::encode(Sha1::digest(&bytes));
    for (sidecar, body, says) in [
        (None, bytes.clone(), "nothing vouches for its bytes"),
        (Some("<html>login</html>".to_owned()), bytes.clone(), "is no SHA-1 of this file"),
        (Some(format!("{sha1}  other-1.0.jar")), bytes.clone(), "is no SHA-1 of this file"),
        (Some("0".repeat(40)), bytes.clone(), "its own .sha1 file says SHA-1 0000"),
        (Some(sha1.clone()), b"<html>a web page".to_vec(), "is no jar: it begins with"),
    ] {
        let repository = Repository::new();
        repository.put(path, &body);
        if let Some(text) = sidecar {
            repository.put(&format!("{path}.sha1"), text.as_bytes());
        }
        let ran = run(&project, &repository, None, &["lock", "app"]).failed(6, &[says, "maven:g:one:1.0"]);
        assert!(!project.lock_path().exists(), "{}", ran.stderr);
    }
    // With a name behind it, as `sha1sum` writes it, it is fine.
    let repository = Repository::new();
    repository.put(path, &bytes);
    repository.put(&format!("{path}.sha1"), format!("{sha1} *one-1.0.jar\n").as_bytes());
    run(&project, &repository, None, &["lock", "app"]).ok();
}

#[test]
fn a_coordinate_that_is_gone_is_named() {
    let (repository, project) = (Repository::new(), project(ONE));
    run(&project, &repository, None, &["lock", "app"])
        .failed(9, &["cannot lock the jar maven:g:one:1.0", "status 404"]);
    repository.deploy("one", "1.0", &jar("one", 1_000));
    run(&project, &repository, None, &["lock", "app"]).ok();
    fs::remove_dir_all(project.store()).unwrap();
    repository.files.lock().unwrap().clear();
    build(&project, &repository, None, &["--locked"]).failed(9, &["cannot fetch maven:g:one:1.0", "status 404"]);
}

#[test]
fn other_bytes_under_a_locked_coordinate_are_not_used() {
    let (repository, project) = (Repository::new(), project(ONE));
    let (old, new) = (jar("one", 1_000), jar("two", 1_000));
    repository.deploy("one", "1.0", &old);
    run(&project, &repository, None, &["lock", "app"]).ok();
    fs::remove_dir_all(project.store()).unwrap();
    repository.deploy("one", "1.0", &new);
    let ran = build(&project, &repository, None, &[]).failed(6, &[&Digest::of(&old).hex(), &Digest::of(&new).hex()]);
    assert!(ran.stdout.is_empty() && layout_is_sound(&project.layout()).is_empty());
    // An update takes them, and says so.
    let ran = run(&project, &repository, None, &["lock", "app", "--update"]).ok();
    assert!(ran.stderr.contains("locked were") && ran.stdout.contains("replaced  maven:g:one:1.0"), "{ran:?}");
    // And one that finds the same bytes asks for their checksum only.
    repository.server.clear();
    run(&project, &repository, None, &["lock", "app", "--update"]).ok();
    let asked: Vec<String> = repository.server.requests().iter().map(|r| r.path().to_owned()).collect();
    assert_eq!(asked, ["/m2/g/one/1.0/one-1.0.jar.sha1"]);
}

const BOTH: &str = "[[jar]]\ns3 = \"s3://jars/x/one.jar\"\nmaven = \"g:one:1.0\"\ninto = \"/opt/spark/jars\"\n";

#[test]
fn places_are_asked_in_order_and_must_agree() {
    let (repository, project, s3) = (Repository::new(), project(BOTH), S3::start());
    let bytes = jar("one", 50_000);
    repository.deploy("one", "1.0", &bytes);
    // The bucket is empty: Maven has it.
    let index = build(&project, &repository, Some(&s3), &[]).digest("app");
    let name = "/opt/spark/jars/one.jar";
    let layout = format!("oci:{}:app", project.layout().display());
    run(&project, &repository, Some(&s3), &["why", &layout, name]).ok();
    // The bucket has it: nobody else is asked.
    s3.put("jars/x/one.jar", &bytes);
    fs::remove_dir_all(project.store()).unwrap();
    fs::remove_dir_all(project.layout()).unwrap();
    repository.server.clear();
    assert_eq!(build(&project, &repository, Some(&s3), &["--locked"]).digest("app"), index);
    assert_eq!(repository.server.requests().len(), 0);
    // The bucket has other bytes: nothing is used, and both digests are named.
    let other = jar("other", 50_000);
    s3.put("jars/x/one.jar", &other);
    fs::remove_dir_all(project.store()).unwrap();
    fs::remove_dir_all(project.layout()).unwrap();
    let both = [Digest::of(&bytes).hex(), Digest::of(&other).hex()];
    let ran =
        build(&project, &repository, Some(&s3), &["--locked"]).failed(6, &[&both[0], &both[1], "s3://jars/x/one.jar"]);
    assert!(!ran.stderr.contains(crate::support::s3::SECRET) && !ran.stderr.contains("X-Amz"), "{}", ran.stderr);
    assert!(layout_is_sound(&project.layout()).is_empty());
    // Without a lock, what the bucket gave is held against the repository's checksum.
    fs::remove_file(project.lock_path()).unwrap();
    run(&project, &repository, Some(&s3), &["lock", "app"])
        .failed(6, &["has bytes with SHA-1", &both[1], "maven:g:one:1.0 says"]);
    // No bucket, no repository: what happened at each is told.
    s3.state.lock().unwrap().objects.clear();
    repository.files.lock().unwrap().clear();
    run(&project, &repository, Some(&s3), &["lock", "app"]).failed(9, &["NoSuchKey", "status 404"]);
}

#[test]
fn a_bucket_is_filled_from_the_other_places() {
    let two = "[[jar]]\ns3 = \"s3://jars/two.jar\"\nmaven = \"g:two:2.0\"\ninto = \"/opt/spark/jars\"\n";
    let (repository, project, s3) = (Repository::new(), project(&format!("{BOTH}{two}")), S3::start());
    let (one, second) = (jar("one", 50_000), jar("two", 9 << 20));
    repository.deploy("one", "1.0", &one);
    repository.deploy("two", "2.0", &second);
    let push = |more: &[&str]| run(&project, &repository, Some(&s3), &[&["jars", "push", "app"], more].concat());
    push(&[]).failed(4, &["there is no lock"]);
    run(&project, &repository, Some(&s3), &["lock", "app"]).ok();
    let plan: Value = serde_json::from_str(&push(&["--dry-run", "--format", "json"]).ok().stdout).unwrap();
    let actions: Vec<&str> =
        plan["objects"].as_array().unwrap().iter().map(|o| o["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["put", "put"], "{plan}");
    assert_eq!(plan["objects"][0]["object"], "s3://jars/two.jar");
    assert!(s3.calls().iter().all(|call| !call.starts_with("PUT")), "a plan puts nothing");
    let ran = push(&[]).ok();
    assert!(ran.stdout.contains("2 new, of 2"), "{}", ran.stdout);
    assert_eq!((s3.get("jars/x/one.jar"), s3.get("jars/two.jar")), (Some(one), Some(second)));
    // Again: nothing to do, whether heads tell digests or not.
    for mute in [false, true] {
        s3.state.lock().unwrap().mute = mute;
        s3.server.clear();
        assert!(push(&[]).ok().stdout.contains("0 new, of 2"));
        assert!(s3.calls().iter().all(|call| !call.starts_with("PUT")));
    }
    // One that is missing, one that differs: the push ends before its first byte.
    s3.state.lock().unwrap().objects.remove("jars/x/one.jar");
    s3.put("jars/two.jar", b"PK something else");
    s3.state.lock().unwrap().mute = false;
    push(&[]).failed(6, &["s3://jars/two.jar has other bytes", &Digest::of(b"PK something else").hex()]);
    assert_eq!(s3.get("jars/x/one.jar"), None);
}
