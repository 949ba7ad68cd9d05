//! Objects in S3: who signs, where a bucket is, parts of one version, conditional puts, and what goes wrong.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use mokapot::base::progress::Silent;
use mokapot::base::{Class, Digest, Fault as _, Phase};
use mokapot::formats::s3::ObjectName;
use mokapot::io::http::{Client, Expected, Piece, Settings as Http};
use mokapot::io::objects::{ObjectError, Objects, Put, Settings, Source, Swap};
use tempfile::TempDir;

use crate::support::http::{Fault, Reply, Request, Server};
use crate::support::project::noise;
use crate::support::s3::{KEY, S3, SECRET, error, signature};

/// 2024-05-01T00:00:00Z.
const NOW: u64 = 1_714_521_600;

fn objects(environment: &[(String, String)], home: Option<PathBuf>) -> Objects {
    let http = Http {
        backoff: Duration::from_millis(1),
        longest_wait: Duration::from_millis(5),
        stall_timeout: Duration::from_secs(2),
        ..Http::default()
    };
    let mut environment: BTreeMap<String, String> = environment.iter().cloned().collect();
    environment.entry("AWS_EC2_METADATA_DISABLED".into()).or_insert("true".into());
    let clock = Arc::new(|| SystemTime::UNIX_EPOCH + Duration::from_secs(NOW));
    Objects::new(Client::new(http).unwrap(), Settings { environment, home, clock })
}

fn of(s3: &S3) -> Objects {
    objects(&s3.environment(), None)
}

fn named(text: &str) -> ObjectName {
    text.parse().unwrap()
}

fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

async fn read(objects: &Objects, name: &str, expected: &Expected) -> Result<Vec<u8>, ObjectError> {
    let bytes = Mutex::new(Vec::new());
    let mut sink = |piece: Piece<'_>| {
        match piece {
            Piece::Restart => bytes.lock().unwrap().clear(),
            Piece::Bytes(more) => bytes.lock().unwrap().extend_from_slice(more),
        }
        Ok(())
    };
    objects.download(&named(name), expected, &mut sink, (&Silent, Phase::Fetch)).await?;
    Ok(bytes.into_inner().unwrap())
}

fn exactly(bytes: &[u8]) -> Expected {
    Expected::exact(bytes.len() as u64, Digest::of(bytes))
}

#[test]
fn the_servers_own_check_knows_amazons_example() {
    // "Authenticating Requests: Using Query Parameters", the example at its end.
    let target = "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
                  &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host";
    let headers = BTreeMap::from([("host".to_owned(), "examplebucket.s3.amazonaws.com".to_owned())]);
    let request = Request { method: "GET".into(), target: target.into(), headers, body: Vec::new() };
    let expected = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
    assert_eq!(signature(&request, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), expected);
}

#[tokio::test]
async fn objects_are_read_under_any_name() {
    let s3 = S3::start();
    let objects = of(&s3);
    for key in ["plain.jar", "a b/ü+x~(1)=&,;@'!*.jar", "x%2Fy.jar", "d/e/f"] {
        s3.put(&format!("jars/{key}"), b"PK hello");
        assert_eq!(
            read(&objects, &format!("s3://jars/{key}"), &exactly(b"PK hello")).await.unwrap(),
            b"PK hello",
            "{key}"
        );
    }
    let head = objects.head(&named("s3://jars/plain.jar")).await.unwrap().unwrap();
    assert_eq!((head.size, head.sha256), (8, Some(Digest::of(b"PK hello"))));
    assert_eq!(objects.head(&named("s3://jars/none")).await.unwrap(), None);
}

#[tokio::test]
async fn large_objects_come_in_parts_of_one_version() {
    let big = noise("big", 20 << 20);
    let (cut, slowed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    // One part breaks in the middle, one is refused for a moment.
    let s3 = S3::with(move |request, state| {
        let range = request.header("range").unwrap_or_default().to_owned();
        match range.split('-').next().unwrap_or_default() {
            "bytes=8388608" if cut.fetch_add(1, Ordering::SeqCst) == 0 => {
                let bytes = state.objects.get("jars/big")?;
                let reply =
                    Reply::ranged(bytes, request).header("etag", format!("\"{}\"", &Digest::of(bytes).hex()[..32]));
                Some(reply.fault(Fault::CutAfter(1_000_000)))
            }
            "bytes=16777216" if slowed.fetch_add(1, Ordering::SeqCst) < 2 => Some(error(503, "SlowDown")),
            _ => None,
        }
    });
    s3.put("jars/big", &big);
    assert_eq!(read(&of(&s3), "s3://jars/big", &exactly(&big)).await.unwrap(), big);
    let ranges: Vec<_> = s3.server.requests().iter().filter_map(|r| r.header("if-match").map(str::to_owned)).collect();
    assert!(ranges.len() >= 4, "all parts but the first name their version: {ranges:?}");
}

#[tokio::test]
async fn src_13_an_object_overwritten_between_parts_is_read_anew() {
    let (old, new) = (vec![1; 20 << 20], vec![2; 20 << 20]);
    let second = Arc::new(Mutex::new(Some(new.clone())));
    let s3 = S3::with(move |request, state| {
        if request.header("if-match").is_some()
            && let Some(new) = second.lock().unwrap().take()
        {
            state.objects.insert("jars/x".into(), new);
        }
        None
    });
    s3.put("jars/x", &old);
    assert_eq!(read(&of(&s3), "s3://jars/x", &exactly(&new)).await.unwrap(), new);

    // One that changes for ever is given up.
    let number = AtomicUsize::new(0);
    let s3 = S3::with(move |request, state| {
        if request.header("range").is_some() {
            let byte = number.fetch_add(1, Ordering::SeqCst).to_le_bytes()[0];
            state.objects.insert("jars/x".into(), vec![byte; 20 << 20]);
        }
        None
    });
    s3.put("jars/x", &old);
    let failed = read(&of(&s3), "s3://jars/x", &Expected::at_most(1 << 30)).await.unwrap_err();
    assert_eq!(failed.class(), Class::Integrity);
    assert!(failed.to_string().contains("overwritten"), "{failed}");
}

#[tokio::test]
async fn a_bucket_tells_its_region_once() {
    let s3 = S3::start();
    s3.state.lock().unwrap().buckets.insert("far".into(), "ap-south-1".into());
    s3.put("far/x", b"1");
    let objects = of(&s3);
    for _ in 0..2 {
        assert_eq!(read(&objects, "s3://far/x", &exactly(b"1")).await.unwrap(), b"1");
    }
    assert_eq!(s3.server.requests().len(), 3, "only the first request goes astray");
    assert_eq!(objects.head(&named("s3://far/x")).await.unwrap().map(|head| head.size), Some(1));
    // A region that is no word would lead anywhere.
    let s3 = S3::with(|_, _| Some(Reply::new(301).header("x-amz-bucket-region", "x.evil.example/")));
    let failed = read(&of(&s3), "s3://jars/x", &exactly(b"1")).await.unwrap_err();
    assert!(failed.to_string().contains("status 301"), "{failed}");
}

#[tokio::test]
async fn src_11_refusals_name_code_and_object_and_no_secret() {
    let s3 = S3::start();
    let wrong = |secret: &str| {
        let mut environment = s3.environment();
        environment.retain(|(name, _)| name != "AWS_SECRET_ACCESS_KEY");
        environment.push(("AWS_SECRET_ACCESS_KEY".into(), secret.into()));
        objects(&environment, None)
    };
    let failed = read(&wrong("hunter2"), "s3://jars/x", &exactly(b"1")).await.unwrap_err();
    let text = failed.to_string();
    assert!(text.contains("status 403: SignatureDoesNotMatch") && text.contains("s3://jars/x"), "{text}");
    assert!(!text.contains("hunter2") && !text.contains("Signature=") && !text.contains(KEY), "{text}");
    for (name, code) in [("s3://jars/x", "NoSuchKey"), ("s3://none/x", "NoSuchBucket")] {
        let failed = read(&of(&s3), name, &exactly(b"1")).await.unwrap_err();
        assert!(failed.is_absent() && failed.to_string().contains(code), "{failed}");
    }
    // Without credentials the request goes unsigned, and the refusal says who was asked.
    let nobody = objects(&variables(&[("AWS_ENDPOINT_URL_S3", s3.server.url().as_str())]), None);
    let failed = read(&nobody, "s3://jars/x", &exactly(b"1")).await.unwrap_err();
    assert!(failed.hint().is_some_and(|hint| hint.contains("no credentials were found")), "{failed}");
    // 200 with an error for a body.
    let s3 = S3::with(|_, _| Some(Reply { status: 200, ..error(200, "InternalError") }));
    let failed = read(&of(&s3), "s3://jars/x", &Expected::at_most(1 << 20)).await.unwrap_err();
    assert!(failed.to_string().contains("InternalError"), "{failed}");
}

#[tokio::test]
async fn src_14_clocks_are_compared() {
    let s3 = S3::start();
    s3.put("jars/x", b"1");
    s3.state.lock().unwrap().day = Some("20240601T000000Z".into());
    let failed = read(&of(&s3), "s3://jars/x", &exactly(b"1")).await.unwrap_err().to_string();
    assert!(failed.contains("Wed, 01 May 2024 00:00:00 GMT") && failed.contains("20240601T000000Z"), "{failed}");
}

/// A token service: sessions are numbered, and each request's body is kept.
fn sts() -> Server {
    let number = AtomicUsize::new(0);
    Server::start(move |request: &Request| {
        let body = String::from_utf8(request.body.clone()).unwrap();
        if !body.contains("WebIdentityToken=who.i.am") {
            return Reply::new(403).body(format!("<Error>no: {body}</Error>"));
        }
        let session = number.fetch_add(1, Ordering::SeqCst);
        Reply::ok(format!(
            "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleWithWebIdentityResult><Credentials>\
             <SessionToken>session-{session}</SessionToken><SecretAccessKey>{SECRET}</SecretAccessKey>\
             <Expiration>2024-05-01T01:00:00Z</Expiration><AccessKeyId>{KEY}</AccessKeyId></Credentials>\
             </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
        ))
    })
}

#[tokio::test]
async fn src_14_a_web_identity_becomes_a_role_and_is_renewed_when_it_ends() {
    let (s3, sts, folder) = (S3::start(), sts(), TempDir::new().unwrap());
    s3.put("jars/x", b"1");
    let token = folder.path().join("token");
    fs::write(&token, "who.i.am\n").unwrap();
    let environment = variables(&[
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().unwrap()),
        ("AWS_ROLE_ARN", "arn:aws:iam::123:role/build"),
        ("AWS_ENDPOINT_URL_STS", sts.url().as_str()),
        ("AWS_ENDPOINT_URL_S3", s3.server.url().as_str()),
    ]);
    let objects = objects(&environment, None);
    for _ in 0..2 {
        read(&objects, "s3://jars/x", &exactly(b"1")).await.unwrap();
    }
    assert_eq!(sts.requests().len(), 1, "a session is used until it ends");
    s3.state.lock().unwrap().ended.insert("session-0".into());
    read(&objects, "s3://jars/x", &exactly(b"1")).await.unwrap();
    assert_eq!(sts.requests().len(), 2);
    // A service that repeats the token in its refusal does not get it into our error.
    fs::write(&token, "something.else").unwrap();
    s3.state.lock().unwrap().ended.insert("session-1".into());
    let failed = read(&objects, "s3://jars/x", &exactly(b"1")).await.unwrap_err().to_string();
    assert!(failed.contains("the role is refused") && !failed.contains("something.else"), "{failed}");
}

#[tokio::test]
async fn instance_metadata_is_asked_by_version_2_only() {
    let s3 = S3::start();
    s3.put("jars/x", b"1");
    let metadata = |v2: bool| {
        Server::start(move |request: &Request| {
            let session = request.header("x-aws-ec2-metadata-token") == Some("session");
            match (request.method.as_str(), request.path()) {
                ("PUT", "/latest/api/token") if v2 => Reply::ok("session"),
                ("GET", "/latest/meta-data/iam/security-credentials/") if session => Reply::ok("builder\n"),
                ("GET", "/latest/meta-data/iam/security-credentials/builder") if session => Reply::ok(format!(
                    "{{\"Code\":\"Success\",\"AccessKeyId\":\"{KEY}\",\"SecretAccessKey\":\"{SECRET}\",\"Token\":\"t\",\
                     \"Expiration\":\"2024-05-01T06:00:00Z\",\"Type\":\"AWS-HMAC\"}}"
                )),
                _ => Reply::new(403),
            }
        })
    };
    for (v2, works) in [(true, true), (false, false)] {
        let metadata = metadata(v2);
        let environment = variables(&[
            ("AWS_EC2_METADATA_DISABLED", "false"),
            ("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.url().as_str()),
            ("AWS_ENDPOINT_URL", s3.server.url().as_str()),
        ]);
        let outcome = read(&objects(&environment, None), "s3://jars/x", &exactly(b"1")).await;
        assert_eq!(outcome.is_ok(), works);
        assert!(v2 || metadata.requests().iter().all(|request| request.method == "PUT"), "version 1 was asked");
    }
}

#[tokio::test]
async fn profiles_come_from_the_shared_files() {
    let (s3, home) = (S3::start(), TempDir::new().unwrap());
    s3.state.lock().unwrap().buckets.insert("jars".into(), "eu-west-3".into());
    s3.put("jars/x", b"1");
    fs::create_dir(home.path().join(".aws")).unwrap();
    let config = format!(
        "[profile ci]\nregion = eu-west-3\nendpoint_url = {}\n[profile sso]\nsso_session = x\n",
        s3.server.url()
    );
    fs::write(home.path().join(".aws/config"), config).unwrap();
    let keys = format!("[ci]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n");
    fs::write(home.path().join(".aws/credentials"), keys).unwrap();
    let with = |profile: &str| objects(&variables(&[("AWS_PROFILE", profile)]), Some(home.path().to_owned()));
    assert_eq!(read(&with("ci"), "s3://jars/x", &exactly(b"1")).await.unwrap(), b"1");
    assert_eq!(s3.server.requests().len(), 1);
    for (profile, says) in [("none", "neither of the shared files"), ("sso", "`sso_session`, which is not supported")] {
        let failed = read(&with(profile), "s3://jars/x", &exactly(b"1")).await.unwrap_err().to_string();
        assert!(failed.contains(says), "{failed}");
    }
}

#[tokio::test]
async fn src_19_sizes_and_digests_that_differ_are_named() {
    let s3 = S3::start();
    s3.put("jars/x", b"other bytes");
    let expected = Expected::exact(5, Digest::of(b"right"));
    let failed = read(&of(&s3), "s3://jars/x", &expected).await.unwrap_err();
    assert_eq!(failed.class(), Class::Integrity);
    let text = failed.to_string();
    for digest in [Digest::of(b"right"), Digest::of(b"other bytes")] {
        assert!(text.contains(&digest.hex()), "{text}");
    }
    s3.put("jars/large", &vec![0; 80 << 20]);
    let failed = read(&of(&s3), "s3://jars/large", &expected).await.unwrap_err().to_string();
    assert!(failed.contains("expected 5 bytes, the object has 83886080"), "{failed}");
    let failed = read(&of(&s3), "s3://jars/large", &Expected::at_most(1 << 20)).await.unwrap_err().to_string();
    assert!(failed.contains("the most that is sane"), "{failed}");
}

#[tokio::test]
async fn puts_are_conditional_and_read_back() {
    let folder = TempDir::new().unwrap();
    let bytes = noise("put", 1 << 20);
    fs::write(folder.path().join("x"), &bytes).unwrap();
    let path = folder.path().join("x");
    let source: Source = Arc::new(move || File::open(&path));
    let what = (bytes.len() as u64, Digest::of(&bytes));
    let s3 = S3::start();
    let put = async |s3: &S3| of(s3).put_new(&named("s3://jars/d/x"), what, &source, (&Silent, Phase::Push)).await;
    assert_eq!(put(&s3).await.unwrap(), Put::Made);
    assert_eq!(s3.get("jars/d/x").unwrap(), bytes);
    assert_eq!(put(&s3).await.unwrap(), Put::Present);
    // Somebody else was first, with other bytes: they stay.
    s3.put("jars/d/x", b"theirs");
    assert_eq!(put(&s3).await.unwrap_err().class(), Class::Integrity);
    assert_eq!(s3.get("jars/d/x").unwrap(), b"theirs");

    // A full bucket, a service that forgets, one that fails twice.
    let s3 = S3::with(|request, _| (request.method == "PUT").then(|| error(507, "InsufficientStorage")));
    let failed = put(&s3).await.unwrap_err();
    assert_eq!(failed.class(), Class::Storage, "{failed}");
    let s3 = S3::with(|request, _| (request.method == "PUT").then(|| Reply::new(200)));
    assert!(put(&s3).await.unwrap_err().is_absent(), "what was put is read back");
    let count = AtomicUsize::new(0);
    let s3 = S3::with(move |request, _| {
        let first = request.method == "PUT" && count.fetch_add(1, Ordering::SeqCst) < 2;
        first.then(|| error(503, "SlowDown"))
    });
    assert_eq!(put(&s3).await.unwrap(), Put::Made);
}

#[tokio::test]
async fn an_object_without_bytes_is_one() {
    let s3 = S3::start();
    s3.put("jars/empty", b"");
    assert_eq!(read(&of(&s3), "s3://jars/empty", &exactly(b"")).await.unwrap(), b"");
    let failed = read(&of(&s3), "s3://jars/empty", &exactly(b"text")).await.unwrap_err().to_string();
    assert!(failed.contains("checksum mismatch"), "{failed}");
    let put =
        of(&s3).put_new_bytes(&named("s3://jars/e"), (Digest::of(b""), &Bytes::new()), (&Silent, Phase::Push)).await;
    assert_eq!(put.unwrap(), Put::Made);
}

#[tokio::test]
async fn only_the_version_that_was_read_is_replaced() {
    let s3 = S3::start();
    let (objects, name) = (of(&s3), named("s3://jars/d/state"));
    let bytes = |text: &'static str| Bytes::from_static(text.as_bytes());
    assert_eq!(objects.read(&name, 100).await.unwrap(), None);
    assert_eq!(objects.replace(&name, &bytes("one"), None).await.unwrap(), Swap::Done);
    assert_eq!(objects.replace(&name, &bytes("two"), None).await.unwrap(), Swap::Lost);
    let (there, first) = objects.read(&name, 100).await.unwrap().unwrap();
    assert_eq!(there, bytes("one"));
    assert_eq!(objects.replace(&name, &bytes("two"), Some(&first)).await.unwrap(), Swap::Done);
    assert_eq!(objects.replace(&name, &bytes("three"), Some(&first)).await.unwrap(), Swap::Lost);
    // What it was to be is there: an answer was lost, or somebody else did the same.
    assert_eq!(objects.replace(&name, &bytes("two"), Some(&first)).await.unwrap(), Swap::Done);
    assert_eq!(s3.get("jars/d/state").unwrap(), b"two");
    let large = objects.read(&name, 2).await.unwrap_err().to_string();
    assert!(large.contains("2 bytes"), "{large}");
    objects.remove(&name).await.unwrap();
    objects.remove(&name).await.unwrap();
    assert_eq!(objects.replace(&name, &bytes("three"), Some(&first)).await.unwrap(), Swap::Lost, "it is gone");
    assert_eq!(s3.get("jars/d/state"), None);
    let nowhere = objects.read(&named("s3://nowhere/x"), 100).await.unwrap_err().to_string();
    assert!(nowhere.contains("NoSuchBucket"), "{nowhere}");
}
