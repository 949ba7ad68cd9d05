//! A published repository in the eyes of others: `gpgv`, `dpkg-scanpackages`, `apt` for both architectures, moto's S3; and of our own reader.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use crate::support::deb::Deb;
use crate::support::http::{Reply, Server};
use crate::support::run::{Daemon, both, free_port, listening, mokapot, run, scratch, succeed, tool};

/// Secret and public keys that `gpg` makes, in a folder; a path is short enough for its agent's socket.
pub(crate) struct Keys {
    home: tempfile::TempDir,
}

impl Keys {
    pub(crate) fn new() -> Self {
        Self { home: tempfile::Builder::new().prefix("gpg").tempdir_in("/tmp").unwrap() }
    }

    fn gpg(&self, arguments: &[&str]) -> String {
        let always = ["--batch", "--quiet", "--no-tty", "--pinentry-mode", "loopback"];
        succeed(tool("gpg", always).args(arguments).env("GNUPGHOME", self.home.path()))
    }

    /// Makes a key, and exports both halves: the secret one as `options` say.
    pub(crate) fn make(&self, name: &str, algorithm: &str, usage: &str, passphrase: &str) {
        self.gpg(&["--passphrase", passphrase, "--quick-gen-key", name, algorithm, usage, "never"]);
    }

    pub(crate) fn secret(&self, name: &str, how: &str, passphrase: &str) -> PathBuf {
        let file = self.home.path().join(format!("{name}.key"));
        let path = file.to_str().unwrap();
        self.gpg(&["--yes", "--passphrase", passphrase, "--output", path, how, name]);
        file
    }

    pub(crate) fn public(&self, name: &str) -> PathBuf {
        let file = self.home.path().join(format!("{name}.asc"));
        self.gpg(&["--yes", "--armor", "--output", file.to_str().unwrap(), "--export", name]);
        file
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        let _ = Command::new("gpgconf").args(["--kill", "all"]).env("GNUPGHOME", self.home.path()).status();
    }
}

fn deb(folder: &Path, name: &str, version: &str, arch: &str) -> PathBuf {
    let deb = Deb::new(name, version)
        .field("Architecture", arch)
        .field("Section", "java")
        .field("Priority", "optional")
        .field("Installed-Size", "12")
        .field("Description", "package of a test\n It has more lines.\n .\n And an end.")
        .directory("usr")
        .directory("usr/share")
        .file(&format!("usr/share/{name}"), format!("{name} {version} {arch}\n").as_bytes());
    let path = folder.join(format!("{name}_{}_{arch}.deb", version.replace(':', "%3a")));
    fs::write(&path, deb.build()).unwrap();
    path
}

fn publish(folder: &Path, to: &Path, key: &Path, debs: &[&Path]) -> Command {
    let mut command = mokapot();
    command.arg("publish").args(debs).args(["--suite", "test", "--to"]).arg(to).arg("--key").arg(key);
    command.arg("--project").arg(folder).arg("--store").arg(folder.join("store"));
    command.env("AWS_EC2_METADATA_DISABLED", "true").env("HOME", folder);
    command
}

/// Keys as people have them: modern, RSA with a passphrase in a binary file, and one whose primary key is elsewhere.
#[test]
fn gpgv_knows_the_signatures_of_every_kind_of_key() {
    let folder = scratch("publish-gpgv");
    let keys = Keys::new();
    keys.make("ed@example.org", "ed25519", "sign", "");
    keys.make("rsa@example.org", "rsa3072", "sign", "hunter2");
    keys.make("nist@example.org", "nistp256", "sign", "");
    keys.make("sub@example.org", "ed25519", "cert", "");
    let listing = keys.gpg(&["--with-colons", "--list-keys", "sub@example.org"]);
    let fingerprint = listing.lines().find_map(|line| line.strip_prefix("fpr:::::::::")).unwrap().trim_end_matches(':');
    keys.gpg(&["--passphrase", "", "--quick-add-key", fingerprint, "rsa2048", "sign", "never"]);
    let app = deb(&folder, "app", "1.0", "all");
    for (name, how, passphrase) in [
        ("ed@example.org", "--export-secret-keys", ""),
        ("rsa@example.org", "--export-secret-keys", "hunter2"),
        ("nist@example.org", "--export-secret-keys", ""),
        ("sub@example.org", "--export-secret-keys", ""),
        ("sub@example.org", "--export-secret-subkeys", ""),
    ] {
        let key = keys.secret(name, how, passphrase);
        let to = folder.join(format!("{name}{how}"));
        let mut command = publish(&folder, &to, &key, &[&app]);
        succeed(command.env("MOKAPOT_KEY_PASSPHRASE", passphrase));
        let keyring = folder.join("keyring.gpg");
        let _ = fs::remove_file(&keyring);
        succeed(tool("gpg", ["--batch", "--dearmor", "--output"]).arg(&keyring).arg(keys.public(name)));
        let verify = |files: &[&str]| {
            let files = files.iter().map(|file| to.join("dists/test").join(file));
            run(tool("gpgv", ["--keyring"]).arg(&keyring).args(files))
        };
        for files in [&["InRelease"][..], &["Release.gpg", "Release"]] {
            let verified = verify(files);
            assert!(verified.status.success() && both(&verified).contains("Good signature"), "{}", both(&verified));
        }
        let release = to.join("dists/test/Release");
        let text = fs::read_to_string(&release).unwrap();
        fs::write(&release, text.replace("Origin", "Origan")).unwrap();
        assert!(!verify(&["Release.gpg", "Release"]).status.success(), "gpgv takes anything");
    }
}

/// Fields by name, of every stanza, by file.
fn stanzas(text: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let one = |stanza: &str| -> BTreeMap<String, String> {
        let joined = stanza.replace("\n ", "\u{1}");
        let fields = joined.lines().filter_map(|line| line.split_once(':'));
        fields.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect()
    };
    let all = text.split("\n\n").map(str::trim).filter(|stanza| !stanza.is_empty()).map(one);
    all.map(|fields| (fields["Filename"].trim_start_matches("./").to_owned(), fields)).collect()
}

#[test]
fn the_index_is_that_of_dpkg_scanpackages() {
    let folder = scratch("publish-scan");
    let keys = Keys::new();
    keys.make("ed@example.org", "ed25519", "sign", "");
    let key = keys.secret("ed@example.org", "--export-secret-keys", "");
    let real = crate::support::debs::download(&folder, "amd64", &["base-files", "hello", "libc6"]);
    let mut all: Vec<&Path> = real.iter().map(PathBuf::as_path).collect();
    let own = [deb(&folder, "app", "1:1.0~rc1", "all"), deb(&folder, "app", "1:1.0", "all")];
    all.extend(own.iter().map(PathBuf::as_path));
    let repo = folder.join("repo");
    succeed(&mut publish(&folder, &repo, &key, &all));
    let theirs = succeed(tool("dpkg-scanpackages", ["--multiversion", "--arch", "amd64", "pool"]).current_dir(&repo));
    let mut theirs = stanzas(&theirs);
    for fields in theirs.values_mut() {
        fields.retain(|name, _| name != "MD5sum" && name != "SHA1");
    }
    let ours = stanzas(&fs::read_to_string(repo.join("dists/test/main/binary-amd64/Packages")).unwrap());
    assert_eq!(ours.len(), 5);
    assert_eq!(ours, theirs);
    // The files of libc6, as dpkg-deb lists them.
    let contents = succeed(&mut tool("zcat", [repo.join("dists/test/main/Contents-amd64.gz")]));
    let libc = real.iter().find(|path| path.to_string_lossy().contains("libc6_")).unwrap();
    let tar =
        tool("sh", ["-c", "dpkg-deb --fsys-tarfile \"$0\" | tar -t | grep -v '/$' | sed 's,^\\./,,' | LC_ALL=C sort"]);
    let mut tar = tar;
    let listed: Vec<String> = succeed(tar.arg(libc)).lines().map(str::to_owned).collect();
    let ours: Vec<&str> = contents.lines().filter_map(|line| line.strip_suffix("\tlibs/libc6")).collect();
    assert_eq!(ours, listed);
}

/// apt with folders of its own and one archive.
struct Apt {
    root: PathBuf,
}

impl Apt {
    fn new(folder: &Path, name: &str, arch: &str, source: &str) -> Self {
        let root = folder.join(name);
        for path in ["etc/preferences.d", "etc/apt.conf.d", "state/lists/partial", "cache/archives/partial", "debs"] {
            fs::create_dir_all(root.join(path)).unwrap();
        }
        fs::write(root.join("status"), "").unwrap();
        fs::write(root.join("etc/sources.list"), source).unwrap();
        let at = root.display();
        let config = format!(
            "APT::Architecture \"{arch}\";\nAPT::Architectures {{ \"{arch}\"; }};\nDir::Etc \"{at}/etc\";\n\
             Dir::Etc::sourcelist \"{at}/etc/sources.list\";\nDir::Etc::sourceparts \"/dev/null\";\nDir::Etc::trusted \"/dev/null\";\n\
             Dir::Etc::trustedparts \"/dev/null\";\nDir::State \"{at}/state\";\nDir::State::status \"{at}/status\";\n\
             Dir::Cache \"{at}/cache\";\nAPT::Sandbox::User \"root\";\nAcquire::Languages \"none\";\nAcquire::Retries \"0\";\n\
             APT::Update::Error-Mode \"any\";\nAcquire::IndexTargets::deb::Contents-deb {{\n\
             MetaKey \"$(COMPONENT)/Contents-$(ARCHITECTURE)\"; ShortDescription \"Contents\"; Description \"Contents\"; }};\n"
        );
        fs::write(root.join("apt.conf"), config).unwrap();
        Self { root }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = tool("apt-get", ["-q"]);
        command.args(arguments).env("APT_CONFIG", self.root.join("apt.conf")).env("LC_ALL", "C.UTF-8");
        command.current_dir(self.root.join("debs"));
        command
    }

    /// What apt would install for `package`: its words.
    fn simulate(&self, package: &str) -> String {
        succeed(&mut self.command(&["install", "--simulate", package]))
    }
}

/// Serves a folder, with a list of what was asked for.
fn serve(folder: &Path) -> Server {
    let folder = folder.to_owned();
    Server::start(move |request| {
        let path = crate::support::s3::decoded(request.path().trim_start_matches('/'));
        fs::read(folder.join(path)).map_or_else(|_| Reply::new(404), |bytes| Reply::ranged(&bytes, request))
    })
}

#[test]
fn apt_reads_the_repository_for_both_architectures() {
    let folder = scratch("publish-apt");
    let keys = Keys::new();
    keys.make("ed@example.org", "ed25519", "sign", "");
    keys.make("other@example.org", "ed25519", "sign", "");
    let key = keys.secret("ed@example.org", "--export-secret-keys", "");
    let (public, other) = (keys.public("ed@example.org"), keys.public("other@example.org"));
    let debs = [
        deb(&folder, "app", "1:1.0-1", "all"),
        deb(&folder, "libtool+x", "2.0~rc1", "amd64"),
        deb(&folder, "libtool+x", "2.0~rc1", "arm64"),
    ];
    let debs: Vec<&Path> = debs.iter().map(PathBuf::as_path).collect();
    let repo = folder.join("repo");
    succeed(&mut publish(&folder, &repo, &key, &debs));
    let server = serve(&repo);
    let newer = [deb(&folder, "app", "1:1.0-2", "all")];
    let mut apts = Vec::new();
    for arch in ["amd64", "arm64"] {
        for (way, url) in [("file", format!("file:{}", repo.display())), ("http", server.url())] {
            let source = format!("deb [signed-by={}] {url} test main\n", public.display());
            let apt = Apt::new(&folder, &format!("{way}-{arch}"), arch, &source);
            let said = run(&mut apt.command(&["update"]));
            assert!(said.status.success() && !both(&said).contains("W:"), "{}", both(&said));
            succeed(&mut apt.command(&["download", "app", "libtool+x"]));
            for original in [&debs[0], if arch == "amd64" { &debs[1] } else { &debs[2] }] {
                let stem = original.file_name().unwrap().to_str().unwrap();
                let files = fs::read_dir(apt.root.join("debs")).unwrap().map(|entry| entry.unwrap().path());
                let wanted = fs::read(original).unwrap();
                assert!(files.into_iter().any(|file| fs::read(file).unwrap() == wanted), "apt has not got {stem}");
            }
            assert!(
                apt.simulate("libtool+x").contains("Inst libtool+x (2.0~rc1 Mokapot:test"),
                "{}",
                apt.simulate("libtool+x")
            );
            let lists = fs::read_dir(apt.root.join("state/lists")).unwrap();
            let lists: Vec<String> = lists.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            assert!(
                way == "file" || lists.iter().any(|list| list.contains(&format!("main_Contents-{arch}"))),
                "{lists:?}"
            );
            apts.push(apt);
        }
    }
    let asked: Vec<String> = server.requests().iter().map(|request| request.target.clone()).collect();
    assert!(asked.iter().any(|path| path.contains("binary-arm64/by-hash/SHA256/")), "{asked:?}");
    assert!(!asked.iter().any(|path| path.contains("Packages")), "indexes are asked for by their hash: {asked:?}");

    // Another key is another archive.
    let source = format!("deb [signed-by={}] {} test main\n", other.display(), server.url());
    let apt = Apt::new(&folder, "other", "amd64", &source);
    let said = run(&mut apt.command(&["update"]));
    assert!(!said.status.success() && both(&said).contains("NO_PUBKEY"), "{}", both(&said));

    succeed(&mut publish(&folder, &repo, &key, &[&newer[0]]));
    for apt in &apts {
        succeed(&mut apt.command(&["update"]));
        let said = apt.simulate("app");
        assert!(said.contains("Inst app (1:1.0-2 "), "{said}");
        let said = succeed(&mut apt.command(&["install", "--simulate", "app=1:1.0-1"]));
        assert!(said.contains("Inst app (1:1.0-1 "), "several versions are kept: {said}");
    }
}

/// apt has fetched `InRelease` when the next publish happens, which is what by-hash and the generation that is kept are for.
#[test]
fn apt_finishes_what_it_began_while_others_publish() {
    let folder = scratch("publish-race");
    let keys = Keys::new();
    keys.make("ed@example.org", "ed25519", "sign", "");
    let key = keys.secret("ed@example.org", "--export-secret-keys", "");
    let repo = folder.join("repo");
    succeed(&mut publish(&folder, &repo, &key, &[&deb(&folder, "app", "1", "all")]));
    let next = deb(&folder, "app", "2", "all");
    let between = Arc::new(Mutex::new(Some(publish(&folder, &repo, &key, &[&next]))));
    between.lock().unwrap().as_mut().unwrap().args(["--keep", "1"]);
    let (hook, at) = (Arc::clone(&between), repo.clone());
    let server = Server::start(move |request| {
        let path = crate::support::s3::decoded(request.path().trim_start_matches('/'));
        if path.contains("by-hash")
            && let Some(mut command) = hook.lock().unwrap().take()
        {
            succeed(&mut command);
        }
        fs::read(at.join(path)).map_or_else(|_| Reply::new(404), |bytes| Reply::ranged(&bytes, request))
    });
    let source = format!("deb [signed-by={}] {} test main\n", keys.public("ed@example.org").display(), server.url());
    let apt = Apt::new(&folder, "apt", "amd64", &source);
    let said = run(&mut apt.command(&["update"]));
    assert!(said.status.success() && !both(&said).contains("W:"), "{}", both(&said));
    assert!(between.lock().unwrap().is_none(), "nothing was published meanwhile");
    assert!(apt.simulate("app").contains("Inst app (1 "), "the state that it began with");
    succeed(&mut apt.command(&["download", "app"]));
    succeed(&mut apt.command(&["update"]));
    assert!(apt.simulate("app").contains("Inst app (2 "));
}

/// An image recipe installs from it as from any archive, by its own reader.
#[test]
fn an_image_recipe_installs_from_it() {
    let folder = scratch("publish-image");
    let keys = Keys::new();
    keys.make("ed@example.org", "ed25519", "sign", "");
    let key = keys.secret("ed@example.org", "--export-secret-keys", "");
    let repo = folder.join("repo");
    let debs = [deb(&folder, "app", "1", "amd64"), deb(&folder, "app", "1", "arm64")];
    succeed(&mut publish(&folder, &repo, &key, &[&debs[0], &debs[1]]));
    let recipes = folder.join("recipes");
    fs::create_dir_all(&recipes).unwrap();
    fs::copy(keys.public("ed@example.org"), recipes.join("moka.asc")).unwrap();
    let recipe = "name = \"image\"\n[[archive]]\nmirror = \"moka\"\nsuites = [\"test\"]\ncomponents = [\"main\"]\nsigned-by = \"moka.asc\"\n\
                  [packages]\nvariant = \"none\"\ninstall = [\"app\"]\n";
    fs::write(recipes.join("image.toml"), recipe).unwrap();
    let server = serve(&repo);
    let mut build = mokapot();
    build.args(["build", "image", "--mirror", &format!("moka={}", server.url())]);
    build.arg("--project").arg(&folder).arg("--store").arg(folder.join("store"));
    assert!(succeed(&mut build).starts_with("image@sha256:"));
    let asked: Vec<String> = server.requests().iter().map(|request| request.target.clone()).collect();
    assert!(asked.iter().any(|path| path.contains("binary-arm64/by-hash/SHA256/")), "{asked:?}");
    assert!(!asked.iter().any(|path| path.contains("Packages")), "{asked:?}");
}

/// Somebody else's S3 honours the conditions that two publishers need.
#[test]
fn a_bucket_of_moto_is_published_to() {
    let folder = scratch("publish-moto");
    let keys = Keys::new();
    keys.make("ed@example.org", "ed25519", "sign", "");
    let key = keys.secret("ed@example.org", "--export-secret-keys", "");
    let port = free_port();
    let log = folder.join("moto.log");
    let mut daemon = Daemon::start(tool("moto_server", ["-H", "127.0.0.1", "-p"]).arg(port.to_string()), &log);
    daemon.wait(&log, || listening(port));
    let endpoint = format!("http://127.0.0.1:{port}");
    let curl = |arguments: &[&str]| {
        let mut curl = tool("curl", ["-sS", "-o", "/dev/null", "-w", "%{http_code}", "--user", "testing:testing"]);
        succeed(curl.args(["--aws-sigv4", "aws:amz:us-east-1:s3"]).args(arguments))
    };
    assert_eq!(curl(&["-X", "PUT", &format!("{endpoint}/apt")]), "200");
    let object = format!("{endpoint}/apt/probe");
    assert_eq!(curl(&["-X", "PUT", "-d", "one", "-H", "If-None-Match: *", &object]), "200");
    assert_eq!(curl(&["-X", "PUT", "-d", "two", "-H", "If-None-Match: *", &object]), "412");
    assert_eq!(curl(&["-X", "PUT", "-d", "two", "-H", "If-Match: \"0\"", &object]), "412");
    let to = Path::new("s3://apt/moka/debian");
    let with = |debs: &[&Path]| {
        let mut command = publish(&folder, to, &key, debs);
        command.env("AWS_ACCESS_KEY_ID", "testing").env("AWS_SECRET_ACCESS_KEY", "testing");
        command.env("AWS_ENDPOINT_URL_S3", &endpoint);
        command
    };
    let app = deb(&folder, "app", "1", "all");
    assert!(succeed(&mut with(&[&app])).contains("2 added"));
    assert!(succeed(&mut with(&[&app])).contains("nothing to do"));
    let many: Vec<PathBuf> = (0..3).map(|n| deb(&folder, &format!("more{n}"), "1", "amd64")).collect();
    let running: Vec<_> = many.iter().map(|deb| with(&[deb]).spawn().unwrap()).collect();
    for mut child in running {
        assert!(child.wait().unwrap().success());
    }
    assert!(succeed(with(&[&deb(&folder, "app", "2", "all")]).args(["--keep", "1"])).contains("2 removed"));

    // A bucket that everybody may read, as a web server for apt.
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::apt/*"}]}"#;
    let policy = ["-X", "PUT", "-H", "Content-Type: application/json", "-d", policy, &format!("{endpoint}/apt?policy")];
    assert!(curl(&policy).starts_with('2'));
    let public = keys.public("ed@example.org");
    let source = format!("deb [signed-by={}] {endpoint}/apt/moka/debian test main\n", public.display());
    let apt = Apt::new(&folder, "apt", "amd64", &source);
    let said = run(&mut apt.command(&["update"]));
    assert!(said.status.success() && !both(&said).contains("W:"), "{}", both(&said));
    for package in ["app", "more0", "more1", "more2"] {
        succeed(&mut apt.command(&["download", package]));
    }
    assert!(apt.simulate("app").contains("Inst app (2 "));
}
