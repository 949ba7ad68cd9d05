//! Pushing whole images: what is sent, in which order, between which places.

use std::sync::Arc;
use std::time::Duration;

use mokapot::base::{Class, Digest, Fault as _};
use mokapot::formats::oci::{Content, Descriptor, Selector};
use mokapot::io::registry::{Access, Images, Layout, Options};
use mokapot::ops::push::{self, Error, Request, Step};

use crate::support::client::{self, Recorder, hasty, login_file, push, push_recorded, run, tagged};
use crate::support::http::{Fault, Reply};
use crate::support::registry::{Behaviour, Endpoint, Login, Registry};

#[test]
fn children_first_and_the_tag_last() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, image) = tagged(&dir, "one", 3000);
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

/// What a push of an image that is there costs, request by request: at most five.
#[test]
fn requests_of_an_unchanged_image() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, image) = tagged(&dir, "one", 100);
    let digest = image.digest;
    for (login, logging_in) in [
        (Login::None, vec![]),
        (Login::Basic("u:p".into()), vec![format!("HEAD /v2/a/manifests/{digest}")]),
        (
            Login::Bearer("u:p".into(), 1000),
            vec![
                format!("HEAD /v2/a/manifests/{digest}"),
                "GET /token?service=fake&scope=repository%3Aa%3Apull%2Cpush".to_owned(),
            ],
        ),
    ] {
        let registry = Registry::start(Behaviour { login, ..Behaviour::default() });
        let options = Options { docker_config: Some(login_file(&dir, registry.host(), "u:p")), ..hasty() };
        push(&layout, registry.host(), "a", "v1", &options).unwrap();
        for tag in ["v1", "v2"] {
            registry.forget();
            push(&layout, registry.host(), "a", tag, &options).unwrap();
            let pushing = [
                format!("HEAD /v2/a/manifests/{digest}"),
                format!("PUT /v2/a/manifests/{tag}"),
                format!("HEAD /v2/a/manifests/{tag}"),
            ];
            let expected: Vec<String> = logging_in.iter().chain(&pushing).cloned().collect();
            assert_eq!(registry.log(), expected);
            assert!(expected.len() <= 5);
            assert_eq!(registry.tag("a", tag), Some(digest.to_string()));
        }
        registry.assert_clean();
    }
}

#[test]
fn a_plan_is_data_and_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, image) = tagged(&dir, "one", 100);
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

/// REG-31: an immutable tag.
#[test]
fn immutable_tags() {
    let dir = tempfile::tempdir().unwrap();
    let (first, one) = tagged(&dir, "one", 100);
    let (second, two) = tagged(&dir, "two", 100);
    let registry = Registry::start(Behaviour { immutable: true, ..Behaviour::default() });
    push(&first, registry.host(), "a", "v1", &hasty()).unwrap();
    push(&first, registry.host(), "a", "v1", &hasty()).unwrap();
    let error = push(&second, registry.host(), "a", "v1", &hasty()).unwrap_err();
    assert_eq!(error.class(), Class::Conflict);
    let text = error.to_string();
    assert!(text.contains(&one.digest.to_string()) && text.contains(&two.digest.to_string()), "{text}");
    assert_eq!(registry.tag("a", "v1"), Some(one.digest.to_string()));
}

/// REG-32: warnings are shown once, escaped, in bounds.
#[test]
fn warnings_are_shown_once() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, _) = tagged(&dir, "one", 100);
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
    let (layout, _) = tagged(&dir, "one", 2 << 20);
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
    let (layout, _) = tagged(&dir, "one", 2 << 20);
    let blobs = layout.dir().join("blobs/sha256");
    let large =
        std::fs::read_dir(&blobs).unwrap().map(|e| e.unwrap().path()).find(|p| p.metadata().unwrap().len() > 1 << 20);
    let large = large.unwrap();
    let mut bytes = std::fs::read(&large).unwrap();
    bytes[1_500_000] ^= 1;
    std::fs::write(&large, bytes).unwrap();
    let registry = Registry::start(Behaviour::default());
    let error = push(&layout, registry.host(), "a", "v1", &hasty()).unwrap_err();
    assert_eq!(error.class(), Class::Integrity);
    let name = large.file_name().unwrap().to_string_lossy().into_owned();
    assert!(error.to_string().contains(&name), "{error}");
    assert_eq!(registry.tag("a", "v1"), None);
    assert!(registry.with(|state| !state.blobs.keys().any(|(_, digest)| digest.ends_with(&name))));
    registry.assert_clean();
}

#[test]
fn from_registry_to_registry_blobs_are_mounted_and_the_digest_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, image) = tagged(&dir, "one", 2 << 20);
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
    let (source, image) = tagged(&dir, "one", 2 << 20);
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

/// Changes the text of an image's first manifest, and tags that manifest `t`.
fn tag_changed(layout: &Layout, image: &Descriptor, change: impl FnOnce(&str) -> String) -> Digest {
    let index = layout.document(image.digest, None).unwrap();
    let Content::Index(content) = index.content() else { unreachable!("an image is an index") };
    let manifest = layout.document(content.manifests[0].digest, None).unwrap();
    let text = String::from_utf8(manifest.bytes().to_vec()).unwrap();
    let changed = change(&text);
    let digest = layout.put_blob(changed.as_bytes()).unwrap();
    let entry = Descriptor { digest, size: changed.len() as u64, ..manifest.descriptor() };
    layout.tag(&"t".parse().unwrap(), &entry).unwrap();
    digest
}

/// BAS-11: a config that does not fit its layers.
#[test]
fn an_image_that_makes_no_sense_is_not_pushed() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, image) = tagged(&dir, "one", 100);
    tag_changed(&layout, &image, |text| {
        // the first layer is listed twice
        let at = text.find("\"layers\":[").unwrap() + 10;
        let layer = &text[at..text[at..].find("},{").unwrap() + at + 1];
        format!("{}{layer},{}", &text[..at], &text[at..])
    });
    let registry = Registry::start(Behaviour::default());
    let error = push(&layout, registry.host(), "a", "v1", &hasty()).unwrap_err();
    assert!(error.to_string().ends_with("the config has 2 diff_ids for 3 layers"), "{error}");
    assert!(registry.requests().iter().all(|request| matches!(request.method.as_str(), "HEAD" | "GET")));
}

/// BAS-13: indexes inside indexes inside indexes.
#[test]
fn indexes_nest_a_little_and_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, mut image) = tagged(&dir, "one", 100);
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

/// BAS-10: a layer whose licence forbids it stays where it is.
#[test]
fn nondistributable_layers_are_not_uploaded() {
    let dir = tempfile::tempdir().unwrap();
    let (layout, image) = tagged(&dir, "one", 100);
    let digest = tag_changed(&layout, &image, |text| {
        text.replacen("image.layer.v1.tar", "image.layer.nondistributable.v1.tar", 1)
    });
    let registry = Registry::start(Behaviour::default());
    let pushed = push(&layout, registry.host(), "a", "v1", &hasty()).unwrap();
    assert_eq!(pushed.sent, 2);
    assert_eq!(registry.tag("a", "v1"), Some(digest.to_string()));
}

/// BAS-19: a tag that moves between the plan and the copy, or between two platforms, changes nothing.
#[test]
fn a_tag_that_moves_does_not_mix_images() {
    let dir = tempfile::tempdir().unwrap();
    let (first, one) = tagged(&dir, "one", 100);
    let (second, _) = tagged(&dir, "two", 100);
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
