//! Pushing whole images to a registry that may misbehave: what is sent, in which order, and what a failure leaves.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use mokapot::base::{Class, Digest, Fault as _};
use mokapot::formats::oci::{Descriptor, Selector};
use mokapot::io::registry::{self, Access, Images, Layout, Options};
use mokapot::ops::push::{self, Error, Request, Step};

use crate::support::client::{self, Recorder, hasty, push, push_recorded, run};
use crate::support::http::{Fault, Reply};
use crate::support::image;
use crate::support::registry::{Behaviour, Endpoint, Login, Registry, refusal};

/// A layout with one image under the tag `t`.
fn layout(dir: &tempfile::TempDir, seed: &str, size: usize) -> (Arc<Layout>, Descriptor) {
    let layout = Layout::create(&dir.path().join(seed)).unwrap();
    let image = image::sized(&layout, seed, size);
    layout.tag(&"t".parse().unwrap(), &image).unwrap();
    (Arc::new(layout), image)
}

fn class(error: &Error) -> Class {
    error.class()
}

#[test]
fn children_first_and_the_tag_last() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, image) = layout(&dir, "one", 3000);
    let registry = Registry::start(Behaviour::default());
    let recorder = Arc::new(Recorder::default());
    let pushed = push_recorded(&layout, registry.host(), "moka/spark", "v1", &hasty(), &recorder).unwrap();
    // two configs, two layers of their own, one shared
    assert_eq!((pushed.sent, pushed.documents), (5, 3));
    assert_eq!(registry.tag("moka/spark", "v1"), Some(image.digest.to_string()));
    registry.assert_clean();
    assert_eq!(recorder.advanced(), pushed.bytes);
    let writes: Vec<_> = registry.log().into_iter().filter(|line| line.starts_with("PUT")).collect();
    let (blobs, documents) = writes.split_at(5);
    assert!(blobs.iter().all(|line| line.contains("/blobs/uploads/")), "{writes:?}");
    assert!(documents[..2].iter().all(|line| line.contains("/manifests/sha256:")), "{writes:?}");
    assert_eq!(documents[2], "PUT /v2/moka/spark/manifests/v1");
}

#[test]
fn an_unchanged_image_costs_five_requests_at_most() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, image) = layout(&dir, "one", 100);
    for login in [Login::None, Login::Bearer("u:p".into(), 1000)] {
        let registry = Registry::start(Behaviour { login, ..Behaviour::default() });
        let options = Options { docker_config: Some(login_file(&dir, registry.host(), "u:p")), ..hasty() };
        push(&layout, registry.host(), "a", "v1", &options).unwrap();
        registry.forget();
        push(&layout, registry.host(), "a", "v1", &options).unwrap();
        assert!(registry.requests().len() <= 3, "{:?}", registry.log());
        registry.forget();
        push(&layout, registry.host(), "a", "v2", &options).unwrap();
        assert!(registry.requests().len() <= 6, "{:?}", registry.log());
        assert_eq!(registry.tag("a", "v2"), Some(image.digest.to_string()));
    }
}

/// A Docker configuration with one login.
fn login_file(dir: &tempfile::TempDir, host: &str, login: &str) -> std::path::PathBuf {
    use base64::Engine as _;
    let auth = base64::engine::general_purpose::STANDARD.encode(login);
    let path = dir.path().join("config.json");
    std::fs::write(&path, format!(r#"{{"auths":{{"{host}":{{"auth":"{auth}"}}}}}}"#)).unwrap();
    path
}

#[test]
fn a_plan_is_data_and_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, image) = layout(&dir, "one", 100);
    let registry = Registry::start(Behaviour::default());
    let steps = run(async {
        let destination = Images::Repository(client::repository(registry.host(), "a", &hasty(), &Arc::default()));
        let tag = Some("v1".parse().unwrap());
        let request = Request { source: Images::Layout(layout), image: None, destination, tag, digest: None };
        push::plan(request).await.unwrap().steps
    });
    assert!(registry.log().iter().all(|line| line.starts_with("HEAD") || line.starts_with("GET")));
    let kinds: Vec<_> = steps.iter().map(|step| step.to_string().split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(kinds, ["upload", "upload", "upload", "upload", "upload", "put", "put", "tag"]);
    assert_eq!(steps.last(), Some(&Step::Tag { tag: "v1".parse().unwrap(), digest: image.digest }));
}

/// REG-01: every endpoint fails once, thrice, and for ever.
#[test]
fn servers_that_are_down_for_a_while() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, image) = layout(&dir, "one", 2 << 20);
    let endpoints = [
        Endpoint::Ping,
        Endpoint::Token,
        Endpoint::HeadTag,
        Endpoint::HeadManifest,
        Endpoint::HeadBlob,
        Endpoint::StartUpload,
        Endpoint::Patch,
        Endpoint::PutBlob,
        Endpoint::PutManifest,
        Endpoint::PutTag,
    ];
    for endpoint in endpoints {
        for (status, times) in [(500, 1), (503, 3), (429, 2), (502, usize::MAX)] {
            let registry =
                Registry::start(Behaviour { login: Login::Bearer("u:p".into(), 1000), ..Behaviour::default() });
            let options = Options { docker_config: Some(login_file(&dir, registry.host(), "u:p")), ..hasty() };
            registry.fail(endpoint, times, Reply::new(status).header("retry-after", "7").body("not now"));
            let outcome = push(&layout, registry.host(), "a", "v1", &options);
            if times == usize::MAX {
                let error = outcome.unwrap_err();
                let text = error.to_string();
                // an answer to HEAD has no body that could say more
                assert!(text.contains("502 not now") || text.contains("HEAD"), "{endpoint:?}: {text}");
                assert!(text.contains("502"), "{endpoint:?}: {text}");
                assert!(text.contains("after 5 tries"), "{endpoint:?}: {text}");
                assert!(text.contains("asked to wait 7 s"), "{endpoint:?}: {text}");
                assert_eq!(registry.tag("a", "v1"), None, "{endpoint:?}");
                // bounded, however many blobs there are
                assert!(registry.count(endpoint) <= 5 * 5, "{endpoint:?}: {}", registry.count(endpoint));
                registry.with(|state| state.uploads.clear());
            } else {
                outcome.unwrap_or_else(|error| panic!("{endpoint:?} {status} × {times}: {error}"));
                assert_eq!(registry.tag("a", "v1"), Some(image.digest.to_string()));
            }
            registry.assert_clean();
        }
    }
}

/// REG-02, REG-20: what the server says is quoted, escaped, and not tried again.
#[test]
fn refusals_are_quoted() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, _) = layout(&dir, "one", 100);
    for (endpoint, status, code) in [
        (Endpoint::PutTag, 413, "SIZE_INVALID"),
        (Endpoint::StartUpload, 403, "DENIED"),
        (Endpoint::HeadTag, 403, ""),
        (Endpoint::PutManifest, 431, "TOOMANYREQUESTS"),
        (Endpoint::PutBlob, 405, "UNSUPPORTED"),
    ] {
        let registry = Registry::start(Behaviour::default());
        registry.fail(endpoint, usize::MAX, refusal(status, code, "quota\u{1b}[31m exceeded"));
        // one at a time, so that no other upload is being begun when this one fails
        let options = Options { parallel: 1, ..hasty() };
        let error = push(&layout, registry.host(), "a", "v1", &options).unwrap_err().to_string();
        assert!(error.contains(&status.to_string()), "{error}");
        if !code.is_empty() {
            assert!(error.contains(&format!("{code}: quota\\u{{1b}}[31m exceeded")), "{error}");
        }
        assert!(!error.contains('\u{1b}') && !error.contains("tries"), "{error}");
        assert_eq!(registry.tag("a", "v1"), None);
        registry.assert_clean();
    }
}

/// REG-11: the connection breaks at many places; the upload goes on where it broke.
#[test]
fn a_broken_upload_is_resumed() {
    let dir = tempfile::tempdir().unwrap();
    let size = 3 << 20;
    let (layout, image) = layout(&dir, "one", size);
    for at in [0, 1, 1023, 65_536, 1 << 20, (1 << 20) + 1, size as u64 - 1] {
        let registry = Registry::start(Behaviour::default());
        registry.cut_parts(&[at]);
        push(&layout, registry.host(), "a", "v1", &hasty()).unwrap_or_else(|error| panic!("cut at {at}: {error}"));
        assert_eq!(registry.tag("a", "v1"), Some(image.digest.to_string()));
        assert_eq!(registry.count(Endpoint::UploadStatus), 1, "cut at {at}");
        // five blobs, five sessions: nothing started again but what had no more than a byte
        assert_eq!(registry.count(Endpoint::StartUpload), if at > 1 { 5 } else { 6 }, "cut at {at}");
        registry.assert_clean();
    }
}

/// REG-11: where the registry has forgotten the session, or cannot say how far it came, the upload starts again.
#[test]
fn a_forgotten_upload_starts_again() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, image) = layout(&dir, "one", 2 << 20);
    let registry = Registry::start(Behaviour::default());
    registry.cut_parts(&[100]);
    registry.fail(Endpoint::UploadStatus, 1, refusal(404, "BLOB_UPLOAD_UNKNOWN", "gone"));
    push(&layout, registry.host(), "a", "v1", &hasty()).unwrap();
    assert_eq!(registry.tag("a", "v1"), Some(image.digest.to_string()));
    assert_eq!(registry.count(Endpoint::StartUpload), 6);
    assert_eq!(registry.count(Endpoint::DeleteUpload), 1);
    registry.assert_clean();
}

/// REG-13, REG-14: parts in all the ways that registries take them.
#[test]
fn parts_small_large_and_unchecked() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, image) = layout(&dir, "one", 3 << 20);
    for behaviour in [
        Behaviour { least_part: Some(1 << 20), ..Behaviour::default() },
        Behaviour { blind_to_ranges: true, ..Behaviour::default() },
        Behaviour::default(),
    ] {
        let least = behaviour.least_part;
        let registry = Registry::start(behaviour);
        registry.cut_parts(&[200_000]);
        let options = Options { chunk: 300_000, parallel: 1, ..hasty() };
        push(&layout, registry.host(), "a", "v1", &options).unwrap();
        assert_eq!(registry.tag("a", "v1"), Some(image.digest.to_string()));
        let parts = registry.count(Endpoint::Patch);
        if least.is_some() {
            assert!(parts <= 13, "{parts}")
        } else {
            assert!(parts >= 30, "{parts}")
        }
        registry.assert_clean();
    }
}

/// The answer to the last request is lost, but the registry has the blob.
#[test]
fn a_lost_answer_is_looked_up() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, image) = layout(&dir, "one", 100);
    let registry = Registry::start(Behaviour::default());
    registry.lose(Endpoint::PutBlob, 1, Reply::new(0).fault(Fault::Hangup));
    registry.lose(Endpoint::PutTag, 1, Reply::new(502));
    push(&layout, registry.host(), "a", "v1", &hasty()).unwrap();
    assert_eq!(registry.tag("a", "v1"), Some(image.digest.to_string()));
    assert_eq!(registry.count(Endpoint::StartUpload), 5);
    registry.assert_clean();
}

/// REG-22: a connection that was closed between two requests is opened again without a word.
#[test]
fn idle_connections_may_close() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, image) = layout(&dir, "one", 2 << 20);
    let registry = Registry::start(Behaviour::default());
    for endpoint in [Endpoint::HeadBlob, Endpoint::Ping, Endpoint::StartUpload, Endpoint::PutManifest] {
        registry.fail(endpoint, 2, Reply::new(0).fault(Fault::Hangup));
    }
    push(&layout, registry.host(), "a", "v1", &hasty()).unwrap();
    assert_eq!(registry.tag("a", "v1"), Some(image.digest.to_string()));
    registry.assert_clean();
}

/// REG-22: silence is an error in bounded time.
#[test]
fn silence_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, _) = layout(&dir, "one", 100);
    let registry = Registry::start(Behaviour::default());
    registry.fail(
        Endpoint::Ping,
        usize::MAX,
        Reply::ok("x".repeat(100)).fault(Fault::StallAfterHeaders(Duration::from_secs(60))),
    );
    registry.fail(
        Endpoint::StartUpload,
        usize::MAX,
        Reply::new(500).body("x".repeat(100)).fault(Fault::StallAfterHeaders(Duration::from_secs(60))),
    );
    let mut options = hasty();
    options.patience.stall = Duration::from_millis(200);
    options.patience.tries = 2;
    let error = push(&layout, registry.host(), "a", "v1", &options).unwrap_err();
    assert!(error.to_string().contains("500"), "{error}");
    assert_eq!(registry.tag("a", "v1"), None);
}

/// REG-04: the token runs out in the middle of a part, and at every other moment.
#[test]
fn tokens_run_out() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, image) = layout(&dir, "one", 2 << 20);
    for uses in [1, 2, 3, 7] {
        let registry = Registry::start(Behaviour { login: Login::Bearer("u:p".into(), uses), ..Behaviour::default() });
        let options = Options {
            docker_config: Some(login_file(&dir, registry.host(), "u:p")),
            chunk: 300_000,
            parallel: 1,
            ..hasty()
        };
        push(&layout, registry.host(), "a", "v1", &options).unwrap_or_else(|error| panic!("{uses} uses: {error}"));
        assert_eq!(registry.tag("a", "v1"), Some(image.digest.to_string()));
        registry.assert_clean();
    }
    // a token that is good for nothing does not make us go round in circles
    let registry = Registry::start(Behaviour { login: Login::Bearer("u:p".into(), 0), ..Behaviour::default() });
    let options = Options { docker_config: Some(login_file(&dir, registry.host(), "u:p")), ..hasty() };
    let error = push(&layout, registry.host(), "a", "v1", &options).unwrap_err();
    assert!(error.to_string().contains("still 401 with a fresh login"), "{error}");
    assert!(registry.requests().len() <= 4, "{:?}", registry.log());
    assert_eq!(class(&error), Class::Policy);
}

#[test]
fn passwords_and_identity_tokens() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, image) = layout(&dir, "one", 100);
    let registry =
        Registry::start(Behaviour { login: Login::Basic("u:canary-password".into()), ..Behaviour::default() });
    let good = Options { docker_config: Some(login_file(&dir, registry.host(), "u:canary-password")), ..hasty() };
    push(&layout, registry.host(), "a", "v1", &good).unwrap();
    assert_eq!(registry.tag("a", "v1"), Some(image.digest.to_string()));
    for config in [None, Some(login_file(&dir, registry.host(), "u:canary-wrong")), Some(dir.path().join("none.json"))]
    {
        let error =
            push(&layout, registry.host(), "a", "v2", &Options { docker_config: config, ..hasty() }).unwrap_err();
        let all = format!("{error} {error:?} {:?}", error.hint());
        assert!(!all.contains("canary"), "{all}");
        assert_eq!(class(&error), Class::Policy, "{all}");
        assert!(all.contains("docker login"), "{all}");
    }
    assert_eq!(registry.tag("a", "v2"), None);

    let registry = Registry::start(Behaviour { login: Login::Bearer("u:p".into(), 1000), ..Behaviour::default() });
    let config = dir.path().join("identity.json");
    std::fs::write(&config, format!(r#"{{"auths":{{"{}":{{"identitytoken":"identity"}}}}}}"#, registry.host()))
        .unwrap();
    push(&layout, registry.host(), "a", "v1", &Options { docker_config: Some(config), ..hasty() }).unwrap();
}

/// REG-05: token servers that are none.
#[test]
fn bad_token_servers() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, _) = layout(&dir, "one", 100);
    for (reply, says) in [
        (Reply::ok("{}"), "no JSON object with a `token`"),
        (Reply::ok("<html>login</html>"), "no JSON object with a `token`"),
        (Reply::ok("x".repeat(2 << 20)), "longer than 1048576 bytes"),
        (
            Reply::ok(r#"{"token":"t","scope":"repository:a:pull"}"#),
            "insufficient scope: asked for `repository:a:pull,push`",
        ),
        (Reply::new(403).body("no such account"), "no token: GET"),
        (Reply::ok(r#"{"token":"old","issued_at":"2001-01-01T00:00:00Z","expires_in":60}"#), "still 401"),
    ] {
        let registry = Registry::start(Behaviour { login: Login::Bearer("u:p".into(), 10), ..Behaviour::default() });
        let options = Options { docker_config: Some(login_file(&dir, registry.host(), "u:p")), ..hasty() };
        registry.fail(Endpoint::Token, usize::MAX, reply);
        let error = push(&layout, registry.host(), "a", "v1", &options).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
        assert_eq!(registry.tag("a", "v1"), None);
        assert!(registry.requests().len() <= 8);
    }
}

/// A login goes to the registry, not to where it sends us.
#[test]
fn logins_stay_at_home() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, _) = layout(&dir, "one", 2 << 20);
    let elsewhere = Registry::start(Behaviour::default());
    let registry = Registry::start(Behaviour {
        login: Login::Basic("u:canary".into()),
        location: Some(format!("{}{{}}", elsewhere.url())),
        ..Behaviour::default()
    });
    let options = Options { docker_config: Some(login_file(&dir, registry.host(), "u:canary")), ..hasty() };
    push(&layout, registry.host(), "a", "v1", &options).unwrap_err();
    assert!(!elsewhere.requests().is_empty());
    assert!(elsewhere.requests().iter().all(|request| request.header("authorization").is_none()));
    assert_eq!(registry.tag("a", "v1"), None);
}

/// REG-08: locations in all forms.
#[test]
fn upload_locations() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, image) = layout(&dir, "one", 2 << 20);
    let registry = Registry::start(Behaviour::default());
    let absolute = format!("{}{{}}", registry.url());
    for (location, fine) in
        [("{}", true), (absolute.as_str(), true), ("", false), ("file:///etc/passwd", false), ("http://[", false)]
    {
        registry.with(|state| {
            state.behaviour.location = Some(location.to_owned());
            state.blobs.clear();
            state.manifests.clear();
            state.tags.clear();
        });
        let outcome = push(&layout, registry.host(), "a", "v1", &hasty());
        assert_eq!(outcome.is_ok(), fine, "{location}: {outcome:?}");
        assert_eq!(registry.tag("a", "v1"), fine.then(|| image.digest.to_string()));
        registry.with(|state| state.uploads.clear());
    }
}

/// REG-16: tags that show late, and tags that never do.
#[test]
fn a_tag_is_read_back() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, image) = layout(&dir, "one", 100);
    let registry = Registry::start(Behaviour { lag: 3, ..Behaviour::default() });
    push(&layout, registry.host(), "a", "v1", &hasty()).unwrap();
    assert_eq!(registry.count(Endpoint::HeadTag), 5);

    let registry = Registry::start(Behaviour { lag: 1_000_000, ..Behaviour::default() });
    let error = push(&layout, registry.host(), "a", "v1", &hasty()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("did not take the tag") && text.contains(&image.digest.to_string()), "{text}");

    // says yes and stores something else
    let registry = Registry::start(Behaviour::default());
    let other = Digest::of(b"other").to_string();
    registry.fail(Endpoint::PutTag, 1, Reply::new(201).header("docker-content-digest", other));
    let error = push(&layout, registry.host(), "a", "v1", &hasty()).unwrap_err();
    assert_eq!(class(&error), Class::Integrity, "{error}");
    assert_eq!(registry.tag("a", "v1"), None);
}

/// REG-17: a blob that the registry has in another size is sent again.
#[test]
fn a_blob_of_another_size_is_sent_again() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, image) = layout(&dir, "one", 100);
    let registry = Registry::start(Behaviour { careless: true, ..Behaviour::default() });
    push(&layout, registry.host(), "a", "v1", &hasty()).unwrap();
    registry.with(|state| {
        state.tags.clear();
        state.manifests.clear();
        state.blobs.values_mut().next().unwrap().truncate(1);
    });
    let pushed = push(&layout, registry.host(), "a", "v1", &hasty()).unwrap();
    assert_eq!(pushed.sent, 1);
    assert_eq!(registry.tag("a", "v1"), Some(image.digest.to_string()));
}

/// REG-17, REG-19: a registry that says it has a blob and then misses it gets it; one that never has it is named.
#[test]
fn a_registry_that_forgets_blobs() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, image) = layout(&dir, "one", 100);
    let registry = Registry::start(Behaviour::default());
    push(&layout, registry.host(), "a", "v1", &hasty()).unwrap();
    let (key, bytes) = registry.with(|state| {
        state.tags.clear();
        state.manifests.clear();
        state.blobs.pop_first().unwrap()
    });
    // HEAD lies, once
    registry.fail(Endpoint::HeadBlob, 1, Reply::new(200).header("content-length", bytes.len().to_string()));
    push(&layout, registry.host(), "a", "v1", &hasty()).unwrap();
    assert_eq!(registry.tag("a", "v1"), Some(image.digest.to_string()));
    assert!(registry.with(|state| state.blobs.contains_key(&key)));

    registry.with(|state| state.tags.clear());
    registry.with(|state| state.manifests.clear());
    let detail =
        r#"{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","message":"blob unknown","detail":{"Digest":"sha256:canary"}}]}"#;
    registry.fail(Endpoint::PutManifest, usize::MAX, Reply::new(404).body(detail));
    let error = push(&layout, registry.host(), "a", "v1", &hasty()).unwrap_err();
    assert!(matches!(error, Error::ChildUnknown { .. }), "{error}");
    assert!(error.to_string().contains("sha256:canary"), "{error}");
    assert_eq!(registry.tag("a", "v1"), None);
    registry.assert_clean();
}

/// REG-31: an immutable tag.
#[test]
fn immutable_tags() {
    let dir = tempfile::tempdir().unwrap();
    let (first, one) = layout(&dir, "one", 100);
    let (second, two) = layout(&dir, "two", 100);
    let registry = Registry::start(Behaviour { immutable: true, ..Behaviour::default() });
    push(&first, registry.host(), "a", "v1", &hasty()).unwrap();
    push(&first, registry.host(), "a", "v1", &hasty()).unwrap();
    let error = push(&second, registry.host(), "a", "v1", &hasty()).unwrap_err();
    assert_eq!(class(&error), Class::Conflict);
    let text = error.to_string();
    assert!(text.contains(&one.digest.to_string()) && text.contains(&two.digest.to_string()), "{text}");
    assert_eq!(registry.tag("a", "v1"), Some(one.digest.to_string()));

    // somebody else set the same tag to the same image in the meantime
    let registry = Registry::start(Behaviour { immutable: true, ..Behaviour::default() });
    push(&first, registry.host(), "a", "v1", &hasty()).unwrap();
    registry.fail(Endpoint::HeadTag, 1, Reply::new(404));
    push(&first, registry.host(), "a", "v1", &hasty()).unwrap();
}

/// REG-32: warnings are shown once, escaped, in bounds.
#[test]
fn warnings_are_shown_once() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, _) = layout(&dir, "one", 100);
    let headers = vec![
        ("warning".to_owned(), "299 - \"moving soon \u{9b}31m\"".to_owned()),
        ("warning".to_owned(), format!("299 - \"{}\"", "x".repeat(4096))),
        ("warning".to_owned(), "199 - \"not for people\"".to_owned()),
    ];
    let registry = Registry::start(Behaviour { headers, ..Behaviour::default() });
    let recorder = Arc::new(Recorder::default());
    push_recorded(&layout, registry.host(), "a", "v1", &hasty(), &recorder).unwrap();
    let warnings = recorder.warnings();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].starts_with(registry.host()) && warnings[0].contains("\\u{9b}31m"), "{warnings:?}");
    assert!(warnings[1].len() < 600);
}

/// REG-34: stopped in the middle: the uploads are given up, and there is no tag.
#[test]
fn a_stopped_push_cleans_up() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, _) = layout(&dir, "one", 2 << 20);
    let registry = Registry::start(Behaviour::default());
    // parts that are never answered
    registry.fail(Endpoint::Patch, usize::MAX, Reply::ok("x").fault(Fault::StallAfterHeaders(Duration::from_secs(60))));
    registry.fail(Endpoint::Patch, usize::MAX, Reply::new(503));
    let error = run(async {
        let destination = Images::Repository(client::repository(registry.host(), "a", &hasty(), &Arc::default()));
        let tag = Some("v1".parse().unwrap());
        let request = Request { source: Images::Layout(layout), image: None, destination, tag, digest: None };
        let stop = async {
            while registry.count(Endpoint::Patch) == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        push::plan(request).await.unwrap().execute(&Recorder::default(), stop).await.unwrap_err()
    });
    assert!(matches!(error, Error::Stopped), "{error}");
    assert!(registry.count(Endpoint::DeleteUpload) > 0);
    assert_eq!(registry.tag("a", "v1"), None);
    registry.assert_clean();
}

#[test]
fn a_corrupt_layout_is_not_pushed() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, _) = layout(&dir, "one", 2 << 20);
    let blobs = layout.dir().join("blobs/sha256");
    let large =
        std::fs::read_dir(&blobs).unwrap().map(|e| e.unwrap().path()).find(|p| p.metadata().unwrap().len() > 1 << 20);
    let large = large.unwrap();
    let mut bytes = std::fs::read(&large).unwrap();
    bytes[1_500_000] ^= 1;
    std::fs::write(&large, bytes).unwrap();
    let registry = Registry::start(Behaviour::default());
    let error = push(&layout, registry.host(), "a", "v1", &hasty()).unwrap_err();
    assert_eq!(class(&error), Class::Integrity);
    let name = large.file_name().unwrap().to_string_lossy().into_owned();
    assert!(error.to_string().contains(&name), "{error}");
    assert_eq!(registry.tag("a", "v1"), None);
    assert!(registry.with(|state| !state.blobs.keys().any(|(_, digest)| digest.ends_with(&name))));
    registry.assert_clean();
}

#[test]
fn from_registry_to_registry_blobs_are_mounted_and_the_digest_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, image) = layout(&dir, "one", 2 << 20);
    for no_mount in [false, true] {
        let registry = Registry::start(Behaviour { no_mount, ..Behaviour::default() });
        push(&layout, registry.host(), "dev/spark", "v1", &hasty()).unwrap();
        let pushed = run(async {
            let options = hasty();
            let recorder = Arc::default();
            let from = client::connect(registry.host(), "dev/spark", Access::Pull, &options, &recorder);
            let access = Access::Push { mount_from: Some("dev/spark".into()) };
            let to = client::connect(registry.host(), "prod/spark", access, &options, &recorder);
            let request = Request {
                source: Images::Repository(from),
                image: Some(Selector::Tag("v1".parse().unwrap())),
                destination: Images::Repository(to),
                tag: Some("v1".parse().unwrap()),
                digest: Some(image.digest),
            };
            push::plan(request).await.unwrap().execute(&Recorder::default(), std::future::pending()).await.unwrap()
        });
        assert_eq!((pushed.mounted, pushed.sent), if no_mount { (0, 5) } else { (5, 0) });
        assert_eq!(registry.tag("prod/spark", "v1"), Some(image.digest.to_string()));
        registry.assert_clean();
    }
}

#[test]
fn from_a_registry_to_a_layout_and_back_to_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let (source, image) = layout(&dir, "one", 2 << 20);
    let registry = Registry::start(Behaviour::default());
    push(&source, registry.host(), "a", "v1", &hasty()).unwrap();
    let target = Arc::new(Layout::create(&dir.path().join("copy")).unwrap());
    run(async {
        let from = client::connect(registry.host(), "a", Access::Pull, &hasty(), &Arc::default());
        let request = |digest| Request {
            source: Images::Repository(Arc::clone(&from)),
            image: Some(Selector::Tag("v1".parse().unwrap())),
            destination: Images::Layout(Arc::clone(&target)),
            tag: Some("t".parse().unwrap()),
            digest,
        };
        let wrong = push::plan(request(Some(Digest::of(b"x")))).await.err().unwrap();
        assert!(matches!(wrong, Error::OtherDigest { .. }), "{wrong}");
        let plan = push::plan(request(None)).await.unwrap();
        plan.execute(&Recorder::default(), std::future::pending()).await.unwrap();
        assert!(push::plan(request(None)).await.unwrap().steps.is_empty());
    });
    assert_eq!(target.find(None).unwrap().digest, image.digest);
    let names = |layout: &Layout| {
        let mut names: Vec<_> =
            std::fs::read_dir(layout.dir().join("blobs/sha256")).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&target), names(&source));
}

/// BAS-11: a config that does not fit its layers.
#[test]
fn an_image_that_makes_no_sense_is_not_pushed() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, image) = layout(&dir, "one", 100);
    let index = layout.document(image.digest, None).unwrap();
    let mokapot::formats::oci::Content::Index(content) = index.content() else { panic!() };
    let manifest = layout.document(content.manifests[0].digest, None).unwrap();
    let text = String::from_utf8(manifest.bytes().to_vec()).unwrap();
    // the first layer is listed twice
    let at = text.find("\"layers\":[").unwrap() + 10;
    let layer = &text[at..text[at..].find("},{").unwrap() + at + 1];
    let doubled = format!("{}{layer},{}", &text[..at], &text[at..]);
    let digest = layout.put_blob(doubled.as_bytes()).unwrap();
    let entry = Descriptor { digest, size: doubled.len() as u64, ..manifest.descriptor() };
    layout.tag(&"t".parse().unwrap(), &entry).unwrap();
    let registry = Registry::start(Behaviour::default());
    let error = push(&layout, registry.host(), "a", "v1", &hasty()).unwrap_err();
    assert!(error.to_string().ends_with("the config has 2 diff_ids for 3 layers"), "{error}");
    assert!(registry.requests().iter().all(|request| matches!(request.method.as_str(), "HEAD" | "GET")));
}

/// BAS-13: indexes inside indexes inside indexes.
#[test]
fn indexes_nest_a_little_and_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, mut image) = layout(&dir, "one", 100);
    for depth in 1..=6 {
        let index = format!(
            r#"{{"schemaVersion":2,"mediaType":"{0}","manifests":[{{"mediaType":"{0}","digest":"{1}","size":{2}}}]}}"#,
            image.media_type, image.digest, image.size
        );
        let digest = layout.put_blob(index.as_bytes()).unwrap();
        image = Descriptor { digest, size: index.len() as u64, ..image };
        layout.tag(&"t".parse().unwrap(), &image).unwrap();
        let registry = Registry::start(Behaviour::default());
        let outcome = push(&layout, registry.host(), "a", "v1", &hasty());
        assert_eq!(outcome.is_ok(), depth <= 3, "{depth}: {outcome:?}");
        registry.assert_clean();
    }
}

/// A place that is no registry is told apart from one without the image.
#[test]
fn a_web_server_is_no_registry() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, _) = layout(&dir, "one", 100);
    let server = crate::support::http::Server::start(|_| Reply::new(404).body("<html>"));
    let error = push(&layout, server.address(), "a", "v1", &hasty()).unwrap_err();
    assert!(error.to_string().contains("no registry answers there"), "{error}");
    let Error::Registry(registry::Error::Protocol { .. }) = error else { panic!("{error}") };
}

/// BAS-10: a layer whose licence forbids it stays where it is.
#[test]
fn nondistributable_layers_are_not_uploaded() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, image) = layout(&dir, "one", 100);
    let index = layout.document(image.digest, None).unwrap();
    let mokapot::formats::oci::Content::Index(content) = index.content() else { panic!() };
    let manifest = layout.document(content.manifests[0].digest, None).unwrap();
    let text = String::from_utf8(manifest.bytes().to_vec()).unwrap();
    let foreign = text.replacen("image.layer.v1.tar", "image.layer.nondistributable.v1.tar", 1);
    let digest = layout.put_blob(foreign.as_bytes()).unwrap();
    let entry = Descriptor { digest, size: foreign.len() as u64, ..manifest.descriptor() };
    layout.tag(&"t".parse().unwrap(), &entry).unwrap();
    let registry = Registry::start(Behaviour::default());
    let pushed = push(&layout, registry.host(), "a", "v1", &hasty()).unwrap();
    assert_eq!(pushed.sent, 2);
    assert_eq!(registry.tag("a", "v1"), Some(digest.to_string()));
}

/// BAS-19: a tag that moves between the plan and the copy, or between two platforms, changes nothing.
#[test]
fn a_tag_that_moves_does_not_mix_images() {
    let dir = tempfile::tempdir().unwrap();
    let (first, one) = layout(&dir, "one", 100);
    let (second, _) = layout(&dir, "two", 100);
    let registry = Registry::start(Behaviour::default());
    push(&first, registry.host(), "a", "v1", &hasty()).unwrap();
    let target = Arc::new(Layout::create(&dir.path().join("copy")).unwrap());
    let plan = run(async {
        let request = Request {
            source: Images::Repository(client::connect(registry.host(), "a", Access::Pull, &hasty(), &Arc::default())),
            image: Some(Selector::Tag("v1".parse().unwrap())),
            destination: Images::Layout(Arc::clone(&target)),
            tag: Some("t".parse().unwrap()),
            digest: None,
        };
        push::plan(request).await.unwrap()
    });
    push(&second, registry.host(), "a", "v1", &hasty()).unwrap();
    run(plan.execute(&Recorder::default(), std::future::pending())).unwrap();
    assert_eq!(target.find(None).unwrap().digest, one.digest);
    assert_eq!(target.entries().unwrap().len(), 1);
}
