//! Reading from registries and layouts: everything is verified, every list is bounded, credentials are found.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::TryStreamExt as _;
use mokapot::base::{Class, Digest, Fault as _};
use mokapot::formats::oci::{Descriptor, Selector, media_type};
use mokapot::io::registry::{Access, Error, Images, Layout, Options, Repository};
use mokapot::ops::inspect::inspect;

use crate::support::client::{Recorder, connect, hasty, push, run};
use crate::support::http::{Fault, Reply, Request, Server};
use crate::support::image;
use crate::support::registry::{Behaviour, Endpoint, Registry, State};

fn pull(host: &str) -> Arc<Repository> {
    connect(host, "a", Access::Pull, &hasty(), &Arc::default())
}

/// A registry with one image under `a:v1`, and its index.
fn filled(behaviour: Behaviour) -> (Registry, Descriptor) {
    let dir = tempfile::tempdir().unwrap();
    let layout = Arc::new(Layout::create(dir.path()).unwrap());
    let image = image::write(&layout, "one");
    layout.tag(&"t".parse().unwrap(), &image).unwrap();
    let registry = Registry::start(behaviour);
    push(&layout, registry.host(), "a", "v1", &hasty()).unwrap();
    registry.forget();
    (registry, image)
}

fn tag(text: &str) -> Selector {
    Selector::Tag(text.parse().unwrap())
}

async fn read(repository: &Arc<Repository>, blob: &Descriptor) -> Result<Vec<u8>, Error> {
    let parts: Vec<_> = repository.blob(blob).await?.try_collect().await?;
    Ok(parts.concat())
}

/// BAS-01: bytes of another digest are not even parsed.
#[test]
fn a_manifest_must_be_its_digest() {
    let (registry, image) = filled(Behaviour::default());
    run(async {
        let repository = pull(registry.host());
        assert_eq!(repository.manifest(&tag("v1"), None).await.unwrap().digest(), image.digest);
        registry.fail(Endpoint::GetManifest, 1, Reply::ok("not JSON at all"));
        let error = repository.manifest(&Selector::Digest(image.digest), None).await.unwrap_err();
        let Error::Digest { expected, got, .. } = &error else { panic!("{error}") };
        assert_eq!((*expected, *got), (image.digest, Digest::of(b"not JSON at all")));
        // a tag whose header names other bytes than those that come
        registry.fail(Endpoint::GetTag, 1, Reply::ok("{}").header("docker-content-digest", image.digest.to_string()));
        assert!(matches!(repository.manifest(&tag("v1"), None).await, Err(Error::Digest { .. })));
    });
}

/// BAS-04, BAS-05: what is no manifest.
#[test]
fn documents_that_are_none_are_named() {
    let (registry, _) = filled(Behaviour::default());
    let schema1 = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    for (kind, body, says) in [
        (schema1, "{\"schemaVersion\":1}", "unsupported media type `application/vnd.docker.distribution.manifest.v1"),
        ("application/octet-stream", "{}", "unsupported media type `application/octet-stream`"),
        ("text/html", "<html>", "no valid JSON"),
        (media_type::INDEX, "{\"schemaVersion\":2,\"schemaVersion\":2}", "duplicate member `/schemaVersion`"),
        (media_type::INDEX, "{\"schemaVersion\":2,\"manifests\":[]} x", "no valid JSON at line 1"),
        (media_type::MANIFEST, "{\"schemaVersion\":2}", "`/config`: expected a descriptor, found nothing"),
    ] {
        registry.fail(Endpoint::GetTag, 1, Reply::ok(body).header("content-type", kind));
        let error = run(async { pull(registry.host()).manifest(&tag("v1"), None).await.unwrap_err() });
        assert!(error.to_string().contains(says), "{error}");
        assert!(error.to_string().contains("/a:v1"), "{error}");
        assert_eq!(error.class(), Class::Integrity);
    }
    for reply in [Reply::ok(vec![b' '; (4 << 20) + 1]), Reply::new(200).fault(Fault::Endless)] {
        registry.fail(Endpoint::GetTag, 1, reply);
        let error = run(async { pull(registry.host()).manifest(&tag("v1"), None).await.unwrap_err() });
        assert!(error.to_string().contains("longer than 4194304 bytes"), "{error}");
    }
}

/// BAS-02: size first, then the digest.
#[test]
fn a_blob_must_be_its_descriptor() {
    let bytes: Vec<u8> = (0..100_000_u32).map(|i| (i % 253) as u8).collect();
    let blob = Descriptor::of(media_type::LAYER, &bytes);
    let registry = Registry::start(Behaviour::default());
    registry.with(|state| state.blobs.insert(("a".into(), blob.digest.to_string()), bytes.clone()));
    run(async {
        let repository = pull(registry.host());
        assert_eq!(read(&repository, &blob).await.unwrap(), bytes);
        for (size, longer) in [(99_999, true), (100_001, false)] {
            let error = read(&repository, &Descriptor { size, ..blob.clone() }).await.unwrap_err();
            assert!(matches!(error, Error::Size { .. }), "{error}");
            assert_eq!(error.to_string().contains("got more"), longer, "{error}");
        }
        registry.fail(Endpoint::GetBlob, 1, Reply::new(200).fault(Fault::Endless));
        assert!(matches!(read(&repository, &blob).await, Err(Error::Size { .. })));
        let mut other = bytes.clone();
        other[77] ^= 1;
        registry.fail(Endpoint::GetBlob, 1, Reply::ok(other));
        assert!(matches!(read(&repository, &blob).await, Err(Error::Digest { .. })));
        registry.fail(Endpoint::GetBlob, 1, Reply::new(404));
        assert!(matches!(read(&repository, &blob).await, Err(Error::NoBlob { .. })));
    });
}

#[test]
fn a_broken_download_is_resumed() {
    let bytes: Vec<u8> = (0..500_000_u32).map(|i| (i % 251) as u8).collect();
    let blob = Descriptor::of(media_type::LAYER, &bytes);
    for ranges in [true, false] {
        let cuts = Arc::new(AtomicUsize::new(0));
        let (body, counter) = (bytes.clone(), Arc::clone(&cuts));
        let server = Server::start(move |request: &Request| {
            let reply = if ranges { Reply::ranged(&body, request) } else { Reply::ok(body.clone()) };
            if counter.fetch_add(1, Ordering::SeqCst) < 3 { reply.fault(Fault::CutAfter(100_000)) } else { reply }
        });
        let got = run(async { read(&pull(server.address()), &blob).await.unwrap() });
        assert!(got == bytes, "the resumed download differs");
        assert_eq!(cuts.load(Ordering::SeqCst), 4);
    }
}

/// REG-22: a body that trickles.
#[test]
fn a_trickle_is_a_stall() {
    let server = Server::start(|_| Reply::ok("x".repeat(100)).fault(Fault::StallAfterHeaders(Duration::from_secs(60))));
    let mut options = hasty();
    options.http.stall_timeout = Duration::from_millis(100);
    options.http.attempts = 2;
    let repository = run(async { connect(server.address(), "a", Access::Pull, &options, &Arc::default()) });
    let blob = Descriptor { size: 100, ..Descriptor::of(media_type::LAYER, b"") };
    let error = run(async { read(&repository, &blob).await.unwrap_err() });
    assert!(error.to_string().contains("stalled"), "{error}");
}

/// Redirects: to another host without the login, never in circles, never to another kind of URL.
#[test]
fn redirects_of_blobs() {
    let bytes = b"abc".to_vec();
    let blob = Descriptor::of(media_type::LAYER, &bytes);
    let store = Server::start(move |_| Reply::ok(bytes.clone()));
    let registry = Registry::start(Behaviour::default());
    let to = |target: String| Reply::new(307).header("location", target);
    run(async {
        let repository = pull(registry.host());
        registry.fail(Endpoint::GetBlob, 1, to(format!("{}/signed?key=canary", store.url())));
        assert_eq!(read(&repository, &blob).await.unwrap(), b"abc");
        for (target, says) in [
            (format!("/v2/a/blobs/{}", blob.digest), "in a circle"),
            ("file:///etc/passwd".to_owned(), "neither http nor https"),
            ("gopher://127.0.0.1/canary".to_owned(), "neither http nor https"),
        ] {
            registry.fail(Endpoint::GetBlob, 10, to(target));
            let error = read(&repository, &blob).await.unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
            registry.with(State::heal);
        }
        // REG-23: TLS where there is none is an error, not a reason to do without
        let tls = store.url().replace("http:", "https:") + "/signed?key=canary";
        registry.fail(Endpoint::GetBlob, 10, to(tls));
        let error = read(&repository, &blob).await.unwrap_err();
        assert!(matches!(error, Error::Unreachable { .. }), "{error}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
        assert!(error.hint().is_some_and(|hint| hint.contains("does not speak TLS")), "{error}");
    });
    assert!(store.requests().iter().all(|request| request.header("authorization").is_none()));
}

/// REG-10: pages.
#[test]
fn lists_of_tags_in_pages() {
    let tags = |last: Option<&str>| match last {
        None => Reply::ok(r#"{"tags":["a","b"]}"#).header("link", "</v2/a/tags/list?last=b&n=2>; rel=\"next\""),
        Some("b") => Reply::ok(r#"{"tags":["c"]}"#).header("link", "<?last=c>; rel=next"),
        _ => Reply::ok(r#"{"tags":null}"#),
    };
    let list = |server: &Server| run(async { pull(server.address()).tags().await });
    let good = Server::start(move |request| tags(request.query("last")));
    assert_eq!(list(&good).unwrap(), ["a", "b", "c"]);

    let circle =
        Server::start(|_| Reply::ok(r#"{"tags":[]}"#).header("link", "</v2/a/tags/list?last=x>; rel=\"next\""));
    assert!(list(&circle).unwrap_err().to_string().contains("in a circle"));

    let count = AtomicUsize::new(0);
    let endless = Server::start(move |_| {
        let next = format!("</v2/a/tags/list?last={}>; rel=\"next\"", count.fetch_add(1, Ordering::SeqCst));
        Reply::ok(r#"{"tags":["x"]}"#).header("link", next)
    });
    assert!(list(&endless).unwrap_err().to_string().contains("more than 100 pages"));
    assert_eq!(endless.requests().len(), 100);

    let elsewhere = good.url();
    let stray = Server::start(move |_| Reply::ok("{}").header("link", format!("<{elsewhere}/v2/>; rel=\"next\"")));
    let error = list(&stray).unwrap_err();
    assert!(matches!(error, Error::Forbidden { .. }), "{error}");
}

/// A missing image is told from a refusal, and the tags that are there help.
#[test]
fn missing_images_name_those_that_are_there() {
    let (registry, _) = filled(Behaviour::default());
    let error = run(async { pull(registry.host()).manifest(&tag("v2"), None).await.unwrap_err() });
    assert!(error.to_string().ends_with("/a has no image `v2`; it has v1"), "{error}");
    registry.fail(Endpoint::GetTag, 1, Reply::new(403));
    let error = run(async { pull(registry.host()).manifest(&tag("v1"), None).await.unwrap_err() });
    assert_eq!(error.refused(403).map(|refusal| refusal.tries), Some(1), "{error}");
    assert_eq!(error.class(), Class::Policy);
}

/// REG-26, REG-28, REG-29: referrers by the API and by the tag in its place; what only claims to be one is left out.
#[test]
fn referrers() {
    for no_referrers in [false, true] {
        let (registry, image) = filled(Behaviour { no_referrers, careless: true, ..Behaviour::default() });
        let signature = |subject: Digest| {
            format!(
                r#"{{"schemaVersion":2,"mediaType":"{0}","artifactType":"x/sig","config":{{"mediaType":"application/vnd.oci.empty.v1+json","digest":"{1}","size":2}},"layers":[],"subject":{{"mediaType":"{2}","digest":"{subject}","size":1}}}}"#,
                media_type::MANIFEST,
                Digest::of(b"{}"),
                media_type::INDEX,
            )
        };
        let (good, stray) = (signature(image.digest), signature(Digest::of(b"another")));
        let entry = |text: &str| {
            format!(
                r#"{{"mediaType":"{}","digest":"{}","size":{},"artifactType":"x/sig"}}"#,
                media_type::MANIFEST,
                Digest::of(text.as_bytes()),
                text.len()
            )
        };
        let list = format!(
            r#"{{"schemaVersion":2,"mediaType":"{}","manifests":[{},{}]}}"#,
            media_type::INDEX,
            entry(&good),
            entry(&stray)
        );
        registry.with(|state| {
            for (kind, text) in
                [(media_type::MANIFEST, &good), (media_type::MANIFEST, &stray), (media_type::INDEX, &list)]
            {
                let digest = Digest::of(text.as_bytes()).to_string();
                state.manifests.insert(("a".into(), digest), (kind.into(), text.clone().into_bytes()));
            }
            let fallback = format!("sha256-{}", image.digest.hex());
            state.tags.insert(("a".into(), fallback), Digest::of(list.as_bytes()).to_string());
        });
        if !no_referrers {
            registry.fail(Endpoint::Referrers, 3, Reply::ok(list.clone()).header("content-type", "text/plain"));
        }
        let recorder = Arc::new(Recorder::default());
        let (all, none) = run(async {
            let repository = connect(registry.host(), "a", Access::Pull, &hasty(), &recorder);
            let all = repository.referrers(image.digest, None).await.unwrap();
            (all, repository.referrers(image.digest, Some("x/sbom")).await.unwrap())
        });
        assert_eq!(all.iter().map(|entry| entry.digest).collect::<Vec<_>>(), [Digest::of(good.as_bytes())]);
        assert!(none.is_empty());
        let stray = Digest::of(stray.as_bytes()).to_string();
        assert!(recorder.warnings().iter().any(|warning| warning.contains(&stray)), "{:?}", recorder.warnings());
    }
    // only 404 means "no such API"
    let (registry, image) = filled(Behaviour::default());
    registry.fail(Endpoint::Referrers, 1, Reply::new(403));
    let error = run(async { pull(registry.host()).referrers(image.digest, None).await.unwrap_err() });
    assert!(error.refused(403).is_some(), "{error}");
    // the tag in its place holds something that is no list
    let (registry, image) = filled(Behaviour { no_referrers: true, ..Behaviour::default() });
    registry.with(|state| {
        let key = state.manifests.iter().find(|(_, (kind, _))| kind == media_type::MANIFEST).unwrap().0.clone();
        state.tags.insert(("a".into(), format!("sha256-{}", image.digest.hex())), key.1);
    });
    let error = run(async { pull(registry.host()).referrers(image.digest, None).await.unwrap_err() });
    assert!(matches!(error, Error::Document { .. }), "{error}");
}

/// A credential helper is a program that Docker's configuration names.
#[test]
fn broken_logins_are_named_without_their_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(Behaviour {
        login: crate::support::registry::Login::Basic("u:p".into()),
        ..Behaviour::default()
    });
    let host = registry.host();
    for (config, says) in [
        ("canary {".to_owned(), "is no Docker configuration"),
        (format!(r#"{{"auths":{{"{host}":{{"auth":"canary!"}}}}}}"#), "is not base64"),
        (format!(r#"{{"credHelpers":{{"{host}":"mokapot-missing"}}}}"#), "the credential helper could not be run"),
    ] {
        let path = dir.path().join("config.json");
        std::fs::write(&path, config).unwrap();
        let options = Options { docker_config: Some(path), ..hasty() };
        let error = run(async {
            let repository = connect(host, "a", Access::Pull, &options, &Arc::default());
            repository.head_manifest(&tag("v1")).await.unwrap_err()
        });
        let text = format!("{error} {error:?}");
        assert!(text.contains(says) && text.contains(host) && !text.contains("canary"), "{text}");
    }
}

#[test]
fn inspect_shows_what_platforms_share() {
    let dir = tempfile::tempdir().unwrap();
    let layout = Arc::new(Layout::create(dir.path()).unwrap());
    let image = image::write(&layout, "one");
    layout.tag(&"t".parse().unwrap(), &image).unwrap();
    let (registry, _) = filled(Behaviour::default());
    let (local, remote) = run(async {
        let local = inspect(&Images::Layout(layout), None).await.unwrap();
        let remote = Images::Repository(pull(registry.host()));
        (local, inspect(&remote, Some(&tag("v1"))).await.unwrap())
    });
    assert_eq!(serde_json::to_value(&local).unwrap(), serde_json::to_value(&remote).unwrap());
    let shown: Vec<_> = local
        .platforms
        .iter()
        .flat_map(|platform| &platform.layers)
        .map(|layer| format!("{} {}", layer.title.as_deref().unwrap(), layer.shared_by.join("+")))
        .collect();
    assert_eq!(
        shown,
        [
            "one amd64 linux/amd64",
            "one both linux/amd64+linux/arm64",
            "one arm64 linux/arm64",
            "one both linux/amd64+linux/arm64"
        ]
    );
    assert_eq!(local.size, 300);
    assert_eq!(local.platforms[0].config.cmd, ["one"]);
}
