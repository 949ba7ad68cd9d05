//! Against Debian's `docker-registry` and `skopeo`: what independent programs make of our images, and we of theirs.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use base64::Engine as _;
use mokapot::base::Fault as _;
use mokapot::formats::oci::{Descriptor, Selector, media_type};
use mokapot::io::registry::{Access, Images, Layout, Options, archive};
use mokapot::ops::push::{self, Request};

use crate::servers::DockerRegistry;
use crate::support::client::{Recorder, connect, hasty, push, run};
use crate::support::http::{Reply, Server};
use crate::support::image;
use crate::support::run::{Daemon, free_port, listening, tool};

fn skopeo(arguments: &[&str]) {
    let output = Command::new("skopeo")
        .arg("--insecure-policy")
        .args(arguments)
        .output()
        .expect("this test needs the Debian package skopeo");
    assert!(output.status.success(), "skopeo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn sample(dir: &Path, size: usize) -> (Arc<Layout>, Descriptor) {
    let layout = Layout::create(dir).unwrap();
    let image = image::sized(&layout, "sample", size);
    layout.tag(&"t".parse().unwrap(), &image).unwrap();
    (Arc::new(layout), image)
}

/// A Docker configuration with the login that the registry knows.
fn login(dir: &Path, host: &str) -> PathBuf {
    let config = dir.join("config.json");
    let auth = base64::engine::general_purpose::STANDARD.encode("moka:pot");
    fs::write(&config, format!(r#"{{"auths":{{"{host}":{{"auth":"{auth}"}}}}}}"#)).unwrap();
    config
}

/// Copies from the registry into a new layout with our own code.
fn pull(host: &str, path: &str, tag: &str, dir: &Path, options: &Options) -> Arc<Layout> {
    let layout = Arc::new(Layout::create(dir).unwrap());
    run(async {
        let request = Request {
            source: Images::Repository(connect(host, path, Access::Pull, options, &Arc::default())),
            image: Some(Selector::Tag(tag.parse().unwrap())),
            destination: Images::Layout(Arc::clone(&layout)),
            tag: Some("back".parse().unwrap()),
            digest: None,
        };
        let plan = push::plan(request).await.unwrap();
        plan.execute(&Recorder::default(), std::future::pending()).await.unwrap();
    });
    layout
}

#[test]
fn docker_registry_takes_a_push_with_and_without_a_login() {
    for account in [None, Some("moka:pot")] {
        let dir = tempfile::tempdir().unwrap();
        let registry = DockerRegistry::start(dir.path(), account);
        // three parts a layer
        let (layout, image) = sample(&dir.path().join("layout"), 5 << 20);
        let docker_config = account.map(|_| login(dir.path(), &registry.host));
        let options = Options { docker_config, chunk: 2 << 20, ..Options::default() };
        let pushed = push(&layout, &registry.host, "moka/sample", "v1", &options).unwrap();
        assert_eq!((pushed.sent, pushed.documents), (5, 3));
        let again = push(&layout, &registry.host, "moka/sample", "v1", &options).unwrap();
        // only the tag is set again
        assert_eq!((again.sent, again.documents), (0, 1));
        let back = pull(&registry.host, "moka/sample", "v1", &dir.path().join("back"), &options);
        assert_eq!(back.find(None).unwrap().digest, image.digest);
        if account.is_some() {
            let error = push(&layout, &registry.host, "moka/sample", "v2", &Options::default()).unwrap_err();
            assert!(error.to_string().contains("no credentials were found"), "{error}");
        }
    }
}

#[test]
fn docker_registry_mounts_between_repositories() {
    let dir = tempfile::tempdir().unwrap();
    let registry = DockerRegistry::start(dir.path(), None);
    let (layout, image) = sample(&dir.path().join("layout"), 1000);
    push(&layout, &registry.host, "dev/sample", "v1", &Options::default()).unwrap();
    let pushed = run(async {
        let options = Options::default();
        let access = Access::Push { mount_from: Some("dev/sample".into()) };
        let request = Request {
            source: Images::Repository(connect(&registry.host, "dev/sample", Access::Pull, &options, &Arc::default())),
            image: Some(Selector::Tag("v1".parse().unwrap())),
            destination: Images::Repository(connect(&registry.host, "prod/sample", access, &options, &Arc::default())),
            tag: Some("v1".parse().unwrap()),
            digest: Some(image.digest),
        };
        push::plan(request).await.unwrap().execute(&Recorder::default(), std::future::pending()).await.unwrap()
    });
    assert_eq!((pushed.mounted, pushed.sent), (5, 0));
}

#[test]
fn skopeo_carries_an_image_there_and_back_with_its_digest() {
    let dir = tempfile::tempdir().unwrap();
    let registry = DockerRegistry::start(dir.path(), None);
    let at = |name: &str| format!("oci:{}", dir.path().join(name).display());
    let (_, image) = sample(&dir.path().join("layout"), 1000);
    // theirs to the registry, ours back
    let remote = format!("docker://{}/by/skopeo:v1", registry.host);
    skopeo(&[
        "copy",
        "--all",
        "--preserve-digests",
        "--dest-tls-verify=false",
        &format!("{}:t", at("layout")),
        &remote,
    ]);
    let back = pull(&registry.host, "by/skopeo", "v1", &dir.path().join("ours"), &Options::default());
    assert_eq!(back.find(None).unwrap().digest, image.digest);
    // ours to the registry, theirs back
    push(&back, &registry.host, "by/mokapot", "v1", &Options::default()).unwrap();
    let remote = format!("docker://{}/by/mokapot:v1", registry.host);
    skopeo(&["copy", "--all", "--preserve-digests", "--src-tls-verify=false", &remote, &format!("{}:t", at("theirs"))]);
    let theirs = Layout::open(&dir.path().join("theirs")).unwrap();
    assert_eq!(theirs.find(None).unwrap().digest, image.digest);
}

#[test]
fn archives_are_read_by_skopeo_and_those_of_skopeo_by_us() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, image) = sample(&dir.path().join("layout"), 1000);
    let at = |name: &str| dir.path().join(name).display().to_string();
    archive::write(&layout, &image, &"t".parse().unwrap(), &dir.path().join("ours.tar")).unwrap();
    skopeo(&[
        "copy",
        "--all",
        "--preserve-digests",
        &format!("oci-archive:{}:t", at("ours.tar")),
        &format!("oci:{}:t", at("a")),
    ]);
    assert_eq!(Layout::open(&dir.path().join("a")).unwrap().find(None).unwrap().digest, image.digest);
    skopeo(&[
        "copy",
        "--all",
        "--preserve-digests",
        &format!("oci:{}:t", at("a")),
        &format!("oci-archive:{}:t", at("theirs.tar")),
    ]);
    let read = archive::read(&dir.path().join("theirs.tar"), &dir.path().join("b")).unwrap();
    assert_eq!(read[0].1.digest, image.digest);
}

/// REG-23: a certificate that nobody vouches for is an error that says so, and no reason to do without TLS.
#[test]
fn a_self_signed_certificate_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name).display().to_string();
    let port = free_port();
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"])
        .args(["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", &file("key"), "-out", &file("cert")])
        .output()
        .expect("this test needs the Debian package openssl");
    assert!(made.status.success());
    let serve = ["s_server", "-quiet", "-www", "-key", &file("key"), "-cert", &file("cert"), "-accept"];
    let log = dir.path().join("log");
    let mut daemon = Daemon::start(tool("openssl", serve).arg(port.to_string()), &log);
    daemon.wait(&log, || listening(port));
    // a registry on loopback is spoken to without TLS; it may send us to a store that has it
    let store = format!("https://127.0.0.1:{port}/blob?signature=canary");
    let registry = Server::start(move |_| Reply::new(307).header("location", store.clone()));
    let blob = Descriptor::of(media_type::LAYER, b"x");
    let error = run(async {
        let repository = connect(registry.address(), "a", Access::Pull, &hasty(), &Arc::default());
        repository.blob(&blob).await.err().unwrap()
    });
    let text = format!("{error} {error:?}");
    assert!(text.contains("certificate") && !text.contains("canary"), "{text}");
    assert!(error.hint().unwrap().contains("system clock"), "{text}");
}
