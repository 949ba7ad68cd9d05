//! Inputs from misbehaving servers into the store: right bytes or none, each once, and errors that name everything.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mokapot::base::progress::Silent;
use mokapot::base::{Checksum, Class, Digest, Event, Fault as _, Phase};
use mokapot::io::store::Store;
use mokapot::ops::fetch::{FetchError, Fetcher};
use mokapot::ops::input::Input;
use tempfile::TempDir;
use url::Url;

use super::http::client;
use super::store::{Recorder, open};
use crate::support::archive::root;
use crate::support::http::{Fault, Reply, Server};

fn fetcher(store: Store) -> Fetcher {
    Fetcher { store: Arc::new(store), client: Some(client()), objects: None, progress: Arc::new(Silent) }
}

fn input(name: &str, urls: Vec<Url>, bytes: &[u8]) -> Input {
    Input {
        name: name.into(),
        listed_by: None,
        objects: Vec::new(),
        urls,
        size: bytes.len() as u64,
        checksum: Digest::of(bytes).into(),
        hint: None,
    }
}

/// The folder holds the blobs of these bytes, and nothing half-done.
fn assert_clean(folder: &Path, blobs: &[&[u8]]) {
    let mut found: Vec<String> = fs::read_dir(folder.join("blobs/sha256"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let mut wanted: Vec<String> = blobs.iter().map(|bytes| Digest::of(bytes).hex()).collect();
    found.sort();
    wanted.sort();
    assert_eq!(found, wanted);
    assert_eq!(fs::read_dir(folder.join("tmp")).unwrap().count(), 0);
}

#[tokio::test]
async fn inputs_are_fetched_once_and_found_again() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(|request| Reply::ok(request.path().to_owned()));
    let inputs: Vec<Input> = (0..40)
        .map(|n| input(&n.to_string(), vec![root(&server).join(&n.to_string()).unwrap()], format!("/{n}").as_bytes()))
        .collect();
    let recorder = Arc::new(Recorder::default());
    let fetcher = Fetcher { progress: recorder.clone(), ..fetcher(open(folder.path())) };
    let found = fetcher.fetch(&inputs, Phase::Fetch).await.unwrap();
    assert_eq!(found[7], (Digest::of(b"/7"), 2));
    assert_eq!(server.requests().len(), 40);
    let advanced: u64 = recorder
        .0
        .lock()
        .unwrap()
        .iter()
        .map(|e| if let Event::Advance { amount, .. } = e { *amount } else { 0 })
        .sum();
    assert_eq!(advanced, inputs.iter().map(|input| input.size).sum::<u64>());
    assert_eq!(fetcher.fetch(&inputs, Phase::Fetch).await.unwrap(), found);
    assert_eq!(server.requests().len(), 40);
}

#[tokio::test]
async fn the_next_address_is_tried_when_one_lies() {
    let folder = TempDir::new().unwrap();
    let liar = Server::start(|_| Reply::ok("evil!"));
    let poor = Server::start(|_| Reply::new(404));
    let good = Server::start(|_| Reply::ok("right"));
    let urls = vec![root(&liar), root(&poor), root(&good)];
    let fetcher = fetcher(open(folder.path()));
    fetcher.fetch(&[input("x", urls, b"right")], Phase::Fetch).await.unwrap();
    assert_clean(folder.path(), &[b"right"]);
}

#[tokio::test]
async fn lies_leave_nothing_behind_and_are_named() {
    let page = "<html>pay</html>";
    for (reply, class) in [
        (Reply::ok("evil!"), Class::Integrity),
        (Reply::ok("rightright"), Class::Integrity),
        (Reply::ok("r"), Class::Integrity),
        (Reply::ok(page), Class::Integrity),
        (Reply::ok("right").fault(Fault::Endless), Class::Integrity),
        (Reply::ok("right").fault(Fault::CutAfter(2)), Class::Network),
        (Reply::ok("right").fault(Fault::Hangup), Class::Network),
        (Reply::new(503), Class::Network),
    ] {
        let folder = TempDir::new().unwrap();
        let server = Server::start(move |_| reply.clone());
        let fetcher = fetcher(open(folder.path()));
        let error = fetcher
            .fetch(&[input("tini 0.19 (arm64)", vec![root(&server)], b"right")], Phase::Fetch)
            .await
            .unwrap_err();
        let text = error.to_string();
        assert_eq!(error.class(), class, "{text}");
        assert!(text.starts_with("cannot fetch tini 0.19 (arm64): GET http://127.0.0.1"), "{text}");
        assert_clean(folder.path(), &[]);
    }
}

#[tokio::test]
async fn what_an_index_lists_and_the_pool_lacks_has_vanished() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(|_| Reply::new(404));
    let mut gone = input("openjdk 11 (arm64)", vec![root(&server)], b"x");
    gone.listed_by = Some("debian bullseye".into());
    let error = fetcher(open(folder.path())).fetch(&[gone], Phase::Fetch).await.unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("openjdk 11 (arm64) has vanished: the index of debian bullseye lists it"), "{text}");
    assert!(error.hint().unwrap().contains("lock --update"));
    assert!(matches!(error, FetchError::Failed { failures } if failures[0].has_vanished()));
}

#[tokio::test]
async fn all_failures_are_named() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(|request| if request.path() == "/good" { Reply::ok("good") } else { Reply::new(403) });
    let at = |path: &str| vec![root(&server).join(path).unwrap()];
    let inputs = [input("one", at("a"), b"a"), input("two", at("good"), b"good"), input("three", vec![], b"c")];
    let text = fetcher(open(folder.path())).fetch(&inputs, Phase::Fetch).await.unwrap_err().to_string();
    assert!(
        text.contains("cannot fetch one: GET") && text.contains("cannot fetch three: no address is known"),
        "{text}"
    );
    assert!(!text.contains("two"));
    assert_clean(folder.path(), &[b"good"]);
}

#[tokio::test]
async fn offline_uses_the_store_alone_and_names_what_it_lacks() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    store.add(b"here").unwrap();
    let fetcher = Fetcher { client: None, ..fetcher(store) };
    let server = Server::start(|_| Reply::ok("never"));
    let (here, lost) = (input("here", vec![], b"here"), input("lost 1.0 (amd64)", vec![root(&server)], b"never"));
    assert!(fetcher.fetch(std::slice::from_ref(&here), Phase::Fetch).await.is_ok());
    let error = fetcher.fetch(&[here, lost], Phase::Fetch).await.unwrap_err();
    assert_eq!(error.to_string(), "offline, and the store lacks lost 1.0 (amd64)");
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn damaged_entries_are_fetched_anew() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(|_| Reply::ok("right"));
    let fetcher = fetcher(open(folder.path()));
    let wanted = [input("x", vec![root(&server)], b"right")];
    let (digest, size) = fetcher.fetch(&wanted, Phase::Fetch).await.unwrap()[0];
    let path = folder.path().join("blobs/sha256").join(digest.hex());
    fs::remove_file(&path).unwrap();
    fs::write(&path, "wrong").unwrap();
    assert!(fetcher.store.file(&digest, size).is_err());
    fetcher.fetch(&wanted, Phase::Fetch).await.unwrap();
    assert!(fetcher.store.file(&digest, size).is_ok());
}

#[tokio::test]
async fn files_known_by_sha512_are_found_again_too() {
    use sha2::Digest as _;
    let folder = TempDir::new().unwrap();
    let server = Server::start(|_| Reply::ok("right"));
    let checksum = Checksum::sha512_from_hex(&hex::encode(sha2::Sha512::digest(b"right"))).unwrap();
    let wanted = [Input { checksum, ..input("x", vec![root(&server)], b"right") }];
    let fetcher = fetcher(open(folder.path()));
    for _ in 0..2 {
        assert_eq!(fetcher.fetch(&wanted, Phase::Fetch).await.unwrap(), [(Digest::of(b"right"), 5)]);
    }
    assert_eq!(server.requests().len(), 1);
}

/// Several stores over one folder stand for several processes: their locks are of different open files.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_input_wanted_by_many_builders_is_fetched_once() {
    let folder = TempDir::new().unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let body = vec![b'x'; 300_000];
    let served = body.clone();
    let server = Server::start(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        Reply::ok(served.clone())
    });
    let url = root(&server);
    let builders: Vec<_> = (0..8)
        .map(|_| {
            let (fetcher, wanted) = (fetcher(open(folder.path())), input("x", vec![url.clone()], &body));
            tokio::spawn(async move { fetcher.fetch(&[wanted], Phase::Fetch).await.map(|found| found[0]) })
        })
        .collect();
    for builder in builders {
        assert_eq!(builder.await.unwrap().unwrap(), (Digest::of(&body), 300_000));
    }
    assert_eq!(count.load(Ordering::SeqCst), 1);
    assert_clean(folder.path(), &[&body]);
}

#[tokio::test]
async fn a_fetch_that_is_dropped_leaves_nothing() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(|_| Reply::ok("").fault(Fault::Endless));
    let fetcher = fetcher(open(folder.path()));
    let mut wanted = input("x", vec![root(&server)], b"");
    wanted.size = 1 << 40;
    {
        let inputs = [wanted];
        let fetch = fetcher.fetch(&inputs, Phase::Fetch);
        let _ = tokio::time::timeout(std::time::Duration::from_millis(50), fetch).await;
    }
    assert_clean(folder.path(), &[]);
}
