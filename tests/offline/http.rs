//! The HTTP client against servers that misbehave.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mokapot::base::progress::Silent;
use mokapot::base::{Checksum, Class, Digest, Event, Fault as _, Phase, Progress};
use mokapot::io::http::credentials::{Credentials, Dialect};
use mokapot::io::http::{Cause, Client, Expected, HttpError, Piece, Settings};

use crate::support::archive::root;
use crate::support::http::{Fault, Reply, Request, Server};

/// Quick and short of patience, so that faults are noticed soon.
pub(crate) fn settings() -> Settings {
    Settings {
        attempts: 4,
        backoff: Duration::from_millis(1),
        longest_wait: Duration::from_millis(20),
        connect_timeout: Duration::from_millis(500),
        stall_timeout: Duration::from_millis(200),
        ..Settings::default()
    }
}

pub(crate) fn client() -> Client {
    Client::new(settings()).unwrap()
}

/// A server whose n-th answer (from 0) is made by `answer`.
fn counting(answer: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static) -> Server {
    let count = AtomicUsize::new(0);
    Server::start(move |request| answer(count.fetch_add(1, Ordering::SeqCst), request))
}

async fn get(server: &Server) -> Result<Vec<u8>, HttpError> {
    client().get(&root(server), 1 << 20).await.map(|answer| answer.body.to_vec())
}

async fn download(server: &Server, expected: Expected) -> (Result<u64, HttpError>, Vec<u8>) {
    let mut got = Vec::new();
    let mut sink = |piece: Piece<'_>| {
        match piece {
            Piece::Restart => got.clear(),
            Piece::Bytes(bytes) => got.extend_from_slice(bytes),
        }
        Ok(())
    };
    let outcome = client().download(&root(server), &expected, &mut sink, (&Silent, Phase::Fetch)).await;
    (outcome, got)
}

fn body() -> Vec<u8> {
    (0..200_000u32).flat_map(u32::to_le_bytes).collect()
}

fn exact(bytes: &[u8]) -> Expected {
    Expected::exact(bytes.len() as u64, Digest::of(bytes))
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    for status in [429, 500, 502, 503, 504] {
        let server = counting(move |n, _| if n < 2 { Reply::new(status) } else { Reply::ok("good") });
        assert_eq!(get(&server).await.unwrap(), b"good");
        assert_eq!(server.requests().len(), 3, "{status}");
    }
    let server = counting(|n, _| if n < 2 { Reply::ok("").fault(Fault::Hangup) } else { Reply::ok("good") });
    assert_eq!(get(&server).await.unwrap(), b"good");
}

#[tokio::test]
async fn what_will_not_pass_is_not_tried_again() {
    for status in [400, 401, 403, 404, 410, 451] {
        let server = Server::start(move |_| Reply::new(status).body("no \x1b[31m such"));
        let error = get(&server).await.unwrap_err();
        assert_eq!((error.status(), error.attempts, server.requests().len()), (Some(status), 1, 1));
        let text = error.to_string();
        assert!(text.starts_with(&format!("GET {}/: status {status}", server.url())), "{text}");
        assert!(text.contains("\\u{1b}[31m"), "{text}");
    }
}

#[tokio::test]
async fn attempts_are_bounded_and_counted() {
    let server = Server::start(|_| Reply::new(503).body("busy"));
    let error = get(&server).await.unwrap_err();
    assert_eq!((error.attempts, server.requests().len(), error.class()), (4, 4, Class::Network));
    assert!(error.to_string().ends_with("status 503: \"busy\" (4 attempts)"), "{error}");
}

#[tokio::test]
async fn retry_after_in_both_forms_is_capped() {
    for value in ["86400", "Sun, 06 Nov 2994 08:49:40 GMT"] {
        let server = counting(move |n, _| match n {
            0 => Reply::new(429).header("date", "Sun, 06 Nov 1994 08:49:37 GMT").header("retry-after", value),
            _ => Reply::ok("good"),
        });
        assert_eq!(get(&server).await.unwrap(), b"good");
    }
}

#[tokio::test]
async fn a_cut_body_is_resumed_where_it_broke() {
    let whole = body();
    let (size, bytes) = (whole.len(), whole.clone());
    let server = counting(move |n, request| {
        let reply = Reply::ranged(&bytes, request).header("etag", "\"v1\"");
        if n < 2 { reply.fault(Fault::CutAfter(100_000)) } else { reply }
    });
    let (outcome, got) = download(&server, exact(&whole)).await;
    assert_eq!(outcome.unwrap(), size as u64);
    assert!(got == whole);
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    assert_eq!(requests[1].header("if-range"), Some("\"v1\""));
    assert!(requests[2].header("range").is_some());
    assert!(requests.iter().all(|r| r.header("accept-encoding") == Some("identity")));
}

#[tokio::test]
async fn a_file_that_changed_meanwhile_starts_anew() {
    let (old, new) = (vec![b'o'; 300_000], vec![b'n'; 300_000]);
    let expected = exact(&new);
    let server = counting(move |n, request| match n {
        0 => Reply::ok(old.clone()).header("etag", "\"old\"").fault(Fault::CutAfter(100_000)),
        // As If-Range asks: another version is sent whole.
        _ if request.header("if-range") == Some("\"old\"") => Reply::ok(new.clone()).header("etag", "\"new\""),
        _ => Reply::ranged(&new, request),
    });
    let (outcome, got) = download(&server, expected).await;
    outcome.unwrap();
    assert!(got.iter().all(|byte| *byte == b'n') && got.len() == 300_000);
}

#[tokio::test]
async fn halves_of_two_versions_are_fetched_again_as_a_whole() {
    let (old, new) = (vec![b'o'; 300_000], vec![b'n'; 300_000]);
    let expected = exact(&new);
    // A server that ignores If-Range, and keeps the tag.
    let server = counting(move |n, request| match n {
        0 => Reply::ok(old.clone()).header("etag", "\"same\"").fault(Fault::CutAfter(100_000)),
        _ => Reply::ranged(&new, request).header("etag", "\"same\""),
    });
    let (outcome, got) = download(&server, expected).await;
    outcome.unwrap();
    assert!(got.iter().all(|byte| *byte == b'n') && got.len() == 300_000);
    assert_eq!(server.requests().last().unwrap().header("range"), None);
}

#[tokio::test]
async fn sizes_are_checked_before_the_first_byte() {
    let server = Server::start(|_| Reply::ok(vec![b'x'; 5000]));
    for size in [4999, 5001] {
        let (outcome, got) = download(&server, Expected::exact(size, Digest::of(b""))).await;
        let error = outcome.unwrap_err();
        assert!(matches!(error.cause, Cause::Size { .. }), "{error}");
        assert_eq!((error.class(), got.len(), error.attempts), (Class::Integrity, 0, 1));
    }
}

#[tokio::test]
async fn endless_bodies_end_at_the_size() {
    let server = Server::start(|_| Reply::ok("").fault(Fault::Endless));
    let (outcome, got) = download(&server, Expected::exact(100_000, Digest::of(b""))).await;
    assert!(matches!(outcome.unwrap_err().cause, Cause::Size { expected: 100_000, .. }));
    assert!(got.len() <= 100_000);
    let (outcome, got) = download(&server, Expected::at_most(100_000)).await;
    assert!(matches!(outcome.unwrap_err().cause, Cause::Limit { limit: 100_000 }));
    assert!(got.len() <= 100_000);
    assert!(matches!(get(&server).await.unwrap_err().cause, Cause::Limit { .. }));
}

#[tokio::test]
async fn wrong_bytes_of_the_right_size() {
    let page = "<html>please log in</html>";
    let server = Server::start(move |_| Reply::ok(page).header("content-type", "text/html"));
    let (outcome, _) = download(&server, Expected::exact(page.len() as u64, Digest::of(b"right"))).await;
    let error = outcome.unwrap_err();
    assert_eq!((error.class(), error.attempts), (Class::Integrity, 1));
    assert!(error.to_string().contains("please log in"), "{error}");
    assert!(error.hint().unwrap().contains("web page"), "{:?}", error.hint());
    let (outcome, _) = download(&server, Expected::exact(5, Digest::of(b"right"))).await;
    assert!(outcome.unwrap_err().hint().unwrap().contains("web page"));
    let sha512 = Checksum::sha512_from_hex(&"0".repeat(128)).unwrap();
    let (outcome, _) = download(&server, Expected::exact(page.len() as u64, sha512)).await;
    assert!(outcome.unwrap_err().to_string().contains("expected sha512:000"));
}

#[tokio::test]
async fn servers_that_stall_are_given_up() {
    let server = Server::start(|_| Reply::ok("x").fault(Fault::StallAfterHeaders(Duration::from_secs(20))));
    let error = get(&server).await.unwrap_err();
    assert!(matches!(error.cause, Cause::Stalled { .. }), "{error}");
    assert_eq!(error.attempts, 4);
    // Takes the connection and never answers.
    let server = Server::start(|_| {
        std::thread::sleep(Duration::from_secs(20));
        Reply::ok("late")
    });
    assert!(matches!(get(&server).await.unwrap_err().cause, Cause::Stalled { .. }));
}

#[tokio::test]
async fn servers_that_crawl_are_given_up() {
    let server = Server::start(|_| Reply::ok(vec![b'x'; 10_000]).fault(Fault::Trickle(Duration::from_millis(20))));
    assert!(matches!(get(&server).await.unwrap_err().cause, Cause::Stalled { received: 1..1024, .. }));
    let (outcome, _) = download(&server, Expected::exact(10_000, Digest::of(b""))).await;
    assert!(matches!(outcome.unwrap_err().cause, Cause::Stalled { received: 1..1024, .. }));
}

#[tokio::test]
async fn redirects_follow_the_rules() {
    let target = Server::start(|_| Reply::ok("there"));
    let url = target.url();
    let server = Server::start(move |_| Reply::new(302).header("location", url.clone()));
    assert_eq!(get(&server).await.unwrap(), b"there");
    for bad in ["file:///etc/passwd", "gopher://x.example/", "http://169.254.169.254/x", "/%0aX", "http://0.0.0.0/"] {
        let server = Server::start(move |_| Reply::new(307).header("location", bad));
        let error = get(&server).await.unwrap_err();
        assert!(matches!(error.cause, Cause::Redirect { .. }), "{bad}: {error}");
        assert_eq!(server.requests().len(), 1);
    }
    let circle = Server::start(|_| Reply::new(301).header("location", "/"));
    assert!(get(&circle).await.unwrap_err().to_string().contains("in a circle"));
    let endless = counting(|n, _| Reply::new(301).header("location", format!("/{n}")));
    let error = get(&endless).await.unwrap_err().to_string();
    assert!(error.contains("more than 10 hops") && error.contains("/9"), "{error}");
    assert_eq!(endless.requests().len(), 11);
    assert!(get(&Server::start(|_| Reply::new(302))).await.unwrap_err().to_string().contains("no Location"));
}

#[tokio::test]
async fn credentials_go_to_their_host_only() {
    let elsewhere = Server::start(|_| Reply::ok("there"));
    // The same machine by another name is another host.
    let location = elsewhere.url().replace("127.0.0.1", "localhost");
    let server = Server::start(move |_| Reply::new(302).header("location", location.clone()));
    let mut credentials = Credentials::default();
    credentials.read("machine 127.0.0.1 login canary password hunter2", Dialect::Netrc);
    let client = Client::new(Settings { credentials, ..settings() }).unwrap();
    client.get(&root(&server), 100).await.unwrap();
    assert_eq!(server.requests()[0].header("authorization"), Some("Basic Y2FuYXJ5Omh1bnRlcjI="));
    assert_eq!(elsewhere.requests()[0].header("authorization"), None);
    let mut call = mokapot::io::http::Call::get(root(&server));
    call.headers.insert("authorization", "Bearer canary".parse().unwrap());
    client.call(&call, 100).await.unwrap();
    assert_eq!(server.requests()[1].header("authorization"), Some("Bearer canary"));
    assert_eq!(elsewhere.requests()[1].header("authorization"), None);
}

#[tokio::test]
async fn errors_hold_no_secret() {
    let server = Server::start(|_| Reply::new(403));
    let url = server.url().replace("http://", "http://canary:hunter2@") + "/x?X-Amz-Signature=canary";
    let error = client().get(&url.parse().unwrap(), 100).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
}

#[tokio::test]
async fn proxies_are_asked_with_their_password_and_exceptions_are_not() {
    use mokapot::base::redact::Secret;
    use mokapot::io::http::Proxies;
    let proxy = Server::start(
        |request| if request.target.contains("refused") { Reply::new(407) } else { Reply::ok("by proxy") },
    );
    let direct = Server::start(|_| Reply::ok("direct"));
    let address = proxy.url().replace("http://", "http://user:hunter2@");
    let proxies = Proxies { http: Some(Secret::new(address)), https: None, except: Some("127.0.0.1".into()) };
    let client = Client::new(Settings { proxies, ..settings() }).unwrap();
    let answer = client.get(&"http://mirror.invalid/x".parse().unwrap(), 100).await.unwrap();
    assert_eq!(&answer.body[..], b"by proxy");
    assert_eq!(proxy.requests()[0].target, "http://mirror.invalid/x");
    assert_eq!(proxy.requests()[0].header("proxy-authorization"), Some("Basic dXNlcjpodW50ZXIy"));
    assert_eq!(&client.get(&root(&direct), 100).await.unwrap().body[..], b"direct");
    let error = client.get(&"http://mirror.invalid/refused".parse().unwrap(), 100).await.unwrap_err();
    assert_eq!(error.status(), Some(407));
    assert!(error.hint().unwrap().contains("proxy") && !format!("{error} {error:?}").contains("hunter2"));
}

#[tokio::test]
async fn names_of_this_machine_are_refused_when_a_stranger_redirects_there() {
    // Only a proxy lets a test have a server with a strange name.
    use mokapot::base::redact::Secret;
    use mokapot::io::http::Proxies;
    for place in ["http://localhost/", "http://127.0.0.1/", "http://[::1]/", "http://[::ffff:127.0.0.1]/"] {
        let proxy = Server::start(move |_| Reply::new(302).header("location", place));
        let proxies = Proxies { http: Some(Secret::new(proxy.url())), https: None, except: None };
        let client = Client::new(Settings { proxies, ..settings() }).unwrap();
        let error = client.get(&"http://mirror.invalid/".parse().unwrap(), 100).await.unwrap_err();
        assert!(error.to_string().contains("it is this machine"), "{place}: {error}");
        assert_eq!(proxy.requests().len(), 1);
    }
}

#[tokio::test]
async fn one_host_gets_so_many_requests_at_a_time() {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (r, m) = (Arc::clone(&running), Arc::clone(&most));
    let server = Server::start(move |_| {
        m.fetch_max(r.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(10));
        r.fetch_sub(1, Ordering::SeqCst);
        Reply::ok("x")
    });
    let client = Client::new(Settings { per_host: 2, ..settings() }).unwrap();
    let url = root(&server);
    let all = (0..12).map(|_| client.get(&url, 100));
    for outcome in futures_util::future::join_all(all).await {
        outcome.unwrap();
    }
    assert!(most.load(Ordering::SeqCst) <= 2);
}

#[tokio::test]
async fn progress_never_counts_a_byte_twice() {
    #[derive(Default)]
    struct Sum(Mutex<u64>);
    impl Progress for Sum {
        fn emit(&self, event: Event) {
            if let Event::Advance { amount, .. } = event {
                *self.0.lock().unwrap() += amount;
            }
        }
    }
    let whole = body();
    let bytes = whole.clone();
    // Without a validator, a cut download starts anew.
    let server = counting(move |n, _| match n {
        0 => Reply::ok(bytes.clone()).fault(Fault::CutAfter(500_000)),
        _ => Reply::ok(bytes.clone()),
    });
    let sum = Sum::default();
    let mut sink = |_: Piece<'_>| Ok(());
    client().download(&root(&server), &exact(&whole), &mut sink, (&sum, Phase::Fetch)).await.unwrap();
    assert_eq!(*sum.0.lock().unwrap(), whole.len() as u64);
}
