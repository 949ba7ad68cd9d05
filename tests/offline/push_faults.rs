//! Pushing to a registry that fails: no new tag, an exact error, and the next push works.

use std::time::Duration;

use mokapot::base::{Class, Digest, Fault as _};
use mokapot::io::registry::{self, Options};
use mokapot::ops::push::Error;

use crate::support::client::{hasty, login_file, push, tagged};
use crate::support::http::{Fault, Reply};
use crate::support::registry::{Behaviour, Endpoint, Login, Registry, refusal};

/// REG-01: every endpoint fails once, thrice, and for ever.
#[test]
fn servers_that_are_down_for_a_while() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, image) = tagged(&dir, "one", 2 << 20);
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
                // A tag that cannot be read back was taken before; it names the whole image.
                let taken = (endpoint == Endpoint::HeadTag).then(|| image.digest.to_string());
                assert_eq!(registry.tag("a", "v1"), taken, "{endpoint:?}");
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
    let (layout, _) = tagged(&dir, "one", 100);
    for (endpoint, status, code) in [
        (Endpoint::PutTag, 413, "SIZE_INVALID"),
        (Endpoint::StartUpload, 403, "DENIED"),
        (Endpoint::HeadManifest, 403, ""),
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
    let (layout, image) = tagged(&dir, "one", size);
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
    let (layout, image) = tagged(&dir, "one", 2 << 20);
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
    let (layout, image) = tagged(&dir, "one", 3 << 20);
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
    let (layout, image) = tagged(&dir, "one", 100);
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
    let (layout, image) = tagged(&dir, "one", 2 << 20);
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
    let (layout, _) = tagged(&dir, "one", 100);
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
    options.http.stall_timeout = Duration::from_secs(1);
    options.http.attempts = 2;
    let error = push(&layout, registry.host(), "a", "v1", &options).unwrap_err();
    assert!(error.to_string().contains("500"), "{error}");
    assert_eq!(registry.tag("a", "v1"), None);
}

/// REG-08: locations in all forms.
#[test]
fn upload_locations() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, image) = tagged(&dir, "one", 2 << 20);
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
    let (layout, image) = tagged(&dir, "one", 100);
    let registry = Registry::start(Behaviour { lag: 3, ..Behaviour::default() });
    push(&layout, registry.host(), "a", "v1", &hasty()).unwrap();
    assert_eq!(registry.count(Endpoint::HeadTag), 4);

    let registry = Registry::start(Behaviour { lag: 1_000_000, ..Behaviour::default() });
    let error = push(&layout, registry.host(), "a", "v1", &hasty()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("did not take the tag") && text.contains(&image.digest.to_string()), "{text}");

    // says yes and stores something else
    let registry = Registry::start(Behaviour::default());
    let other = Digest::of(b"other").to_string();
    registry.fail(Endpoint::PutTag, 1, Reply::new(201).header("docker-content-digest", other));
    let error = push(&layout, registry.host(), "a", "v1", &hasty()).unwrap_err();
    assert_eq!(error.class(), Class::Integrity, "{error}");
    assert_eq!(registry.tag("a", "v1"), None);
}

/// REG-17: a blob that the registry has in another size is sent again.
#[test]
fn a_blob_of_another_size_is_sent_again() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, image) = tagged(&dir, "one", 100);
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
    let (layout, image) = tagged(&dir, "one", 100);
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

/// REG-17: a registry that has the index, and lost something below it, gets it again with the next push of the same tag.
#[test]
fn an_image_that_was_half_collected_is_made_whole() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, image) = tagged(&dir, "one", 100);
    let registry = Registry::start(Behaviour::default());
    push(&layout, registry.host(), "a", "v1", &hasty()).unwrap();
    let lost = registry.with(|state| {
        let (index, _) =
            state.manifests.keys().cloned().partition::<Vec<_>, _>(|(_, d)| *d == image.digest.to_string());
        state.manifests.retain(|key, _| index.contains(key));
        state.blobs.pop_first().unwrap()
    });
    for tag in ["v1", "v2"] {
        push(&layout, registry.host(), "a", tag, &hasty()).unwrap();
        assert_eq!(registry.tag("a", tag), Some(image.digest.to_string()));
    }
    registry.with(|state| {
        assert!(state.blobs.contains_key(&lost.0));
        assert_eq!(state.manifests.len(), 3);
        assert!(state.broken.iter().all(|tag| tag.starts_with("a:v1:")), "v2 was never partial: {:?}", state.broken);
    });
}

/// A place that is no registry is told apart from one without the image.
#[test]
fn a_web_server_is_no_registry() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, _) = tagged(&dir, "one", 100);
    let server = crate::support::http::Server::start(|_| Reply::new(404).body("<html>"));
    let error = push(&layout, server.address(), "a", "v1", &hasty()).unwrap_err();
    assert!(error.to_string().contains("no registry answers there"), "{error}");
    let Error::Registry(registry::Error::Protocol { .. }) = error else { panic!("{error}") };
}
