//! Suites of fake archives: what is accepted, and what each lie about them comes to.

use std::sync::Arc;

use mokapot::base::progress::Silent;
use mokapot::base::{Arch, Class, Epoch, Fault};
use mokapot::formats::deb::Package;
use mokapot::formats::deb::package::PoolFile;
use mokapot::io::archive::{ArchiveError, Freshness, Reason, SignedRelease, Source, open};
use mokapot::ops::fetch::Fetcher;
use mokapot::ops::indexes::{self, IndexError};
use tempfile::TempDir;

use super::http::client;
use crate::support::archive::{self, Archive, Files, NOW, root, serve};
use crate::support::http::{Reply, Server};
use crate::support::keys::Key;

const SUITE: &str = "bookworm";

fn fake() -> Archive {
    let mut archive = Archive::new(1);
    archive.add(SUITE, "Package: tini\nVersion: 1:0.19-1\nArchitecture: amd64\nDepends: libc6\n", b"tini amd64");
    archive.add(SUITE, "Package: tini\nVersion: 1:0.19-1\nArchitecture: arm64\nDepends: libc6\n", b"tini arm64");
    archive.add(SUITE, "Package: adduser\nVersion: 3.134\nArchitecture: all\n", b"adduser");
    archive
}

fn now() -> Epoch {
    Epoch::try_from(NOW).unwrap()
}

fn source(server: &Server, key: &Key) -> Source {
    Source { alias: "debian".into(), root: root(server), suite: SUITE.into(), keyring: key.keyring() }
}

async fn open_at(server: &Server, freshness: Freshness) -> Result<SignedRelease, ArchiveError> {
    open(&client(), &source(server, &Key::new(1)), &freshness).await
}

async fn opened(server: &Server) -> Result<SignedRelease, ArchiveError> {
    open_at(server, Freshness::at(now())).await
}

/// Opens a suite whose files were changed, which must fail with a text that has `wanted` in it.
async fn refused(files: Files, wanted: &str) -> ArchiveError {
    let error = opened(&serve(files)).await.map(drop).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("debian bookworm: ") && text.contains(wanted), "{text} is not about {wanted}");
    error
}

type Found = Vec<(Package, PoolFile)>;

async fn packages(server: &Server, arch: Arch, wants: &(dyn Fn(&str) -> bool + Sync)) -> Result<Found, IndexError> {
    let folder = TempDir::new().unwrap();
    let store = Arc::new(super::store::open(folder.path()));
    let fetcher = Fetcher { store, client: Some(client()), objects: None, progress: Arc::new(Silent) };
    let release = opened(server).await?;
    let mut found = Vec::new();
    let mut takes = |package, pool| found.push((package, pool));
    let components = ["main".into()];
    let reading = indexes::read(&fetcher, &release, &components, arch, wants, &mut takes);
    is_send(&reading);
    reading.await?;
    Ok(found)
}

/// Several suites are read at the same time on several threads.
fn is_send(_: &impl Send) {}

/// Serves a suite whose index for amd64 is `stanzas`, signed and listed as it should be.
fn with_index(stanzas: &str) -> Server {
    let mut archive = fake();
    archive.suite(SUITE).indexes.insert("main/binary-amd64".into(), stanzas.into());
    archive.serve()
}

/// Reads a malformed index, which must fail with a text that has `wanted` in it.
async fn malformed(stanzas: &str, wanted: &str) {
    let error = packages(&with_index(stanzas), Arch::Amd64, &|_| true).await.unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("debian bookworm: main/binary-amd64/Packages: ") && text.contains(wanted), "{text}");
    assert_eq!(error.class(), Class::Integrity, "{text}");
}

#[tokio::test]
async fn a_suite_is_opened_and_its_packages_read() {
    let archive = fake();
    let server = archive.serve();
    let release = opened(&server).await.unwrap();
    assert_eq!(release.signers[0].key, archive.key.fingerprint());
    assert_eq!(release.file.0, mokapot::base::Digest::of(&archive.files()["dists/bookworm/InRelease"]));
    for (arch, bytes) in [(Arch::Amd64, b"tini amd64"), (Arch::Arm64, b"tini arm64")] {
        let found = packages(&server, arch, &|_| true).await.unwrap();
        let names: Vec<String> = found.iter().map(|(package, _)| package.name.to_string()).collect();
        assert_eq!(names, ["tini", "adduser"]);
        assert_eq!(found[0].1.sha256, mokapot::base::Digest::of(bytes));
        assert_eq!(&*found[0].1.filename, format!("pool/main/t/tini/tini_0.19-1_{arch}.deb"));
        assert_eq!(packages(&server, arch, &|name| name == "adduser").await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn indexes_are_asked_for_by_hash_and_in_the_smallest_form() {
    let server = fake().serve();
    packages(&server, Arch::Amd64, &|_| true).await.unwrap();
    let asked: Vec<String> = server.requests().iter().map(|request| request.target.clone()).collect();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(asked[1].starts_with("/dists/bookworm/main/binary-amd64/by-hash/SHA256/"), "{asked:?}");

    let mut files = fake().files();
    files.retain(|path, _| !path.contains("by-hash") && !path.ends_with(".xz"));
    let server = serve(files);
    assert_eq!(packages(&server, Arch::Amd64, &|_| true).await.unwrap().len(), 2);
    assert!(server.requests().last().unwrap().target.ends_with("Packages.gz"));

    let mut plain = fake();
    plain.suite(SUITE).set("Acquire-By-Hash", "");
    let server = plain.serve();
    packages(&server, Arch::Amd64, &|_| true).await.unwrap();
    assert!(server.requests().last().unwrap().target.ends_with("main/binary-amd64/Packages.xz"));
}

#[tokio::test]
async fn packages_for_all_architectures_may_have_their_own_index() {
    let mut archive = fake();
    let all = "Package: only-all\nVersion: 1\nArchitecture: all\nFilename: pool/x.deb\nSize: 1\nSHA256: ";
    let all = format!("{all}{}\n", mokapot::base::Digest::of(b"x").hex());
    archive.suite(SUITE).set("No-Support-for-Architecture-all", "").indexes.insert("main/binary-all".into(), all);
    let found = packages(&archive.serve(), Arch::Arm64, &|_| true).await.unwrap();
    assert!(found.iter().any(|(package, _)| package.name.as_str() == "only-all"));
}

#[tokio::test]
async fn releases_with_sha512_alone_are_enough() {
    let mut archive = fake();
    archive.suite(SUITE).checksums = vec!["SHA512"];
    assert_eq!(packages(&archive.serve(), Arch::Amd64, &|_| true).await.unwrap().len(), 2);
}

#[tokio::test]
async fn weak_checksums_are_not() {
    let mut archive = fake();
    archive.suite(SUITE).checksums = vec!["MD5Sum"];
    assert_eq!(refused(archive.files(), "only MD5Sum").await.class(), Class::Trust);
    archive.suite(SUITE).checksums = vec![];
    refused(archive.files(), "no checksums at all").await;
}

#[tokio::test]
async fn signatures_that_do_not_hold() {
    let without = |names: &[&str]| {
        let mut files = fake().files();
        files.retain(|path, _| !names.iter().any(|name| path == &format!("dists/bookworm/{name}")));
        files
    };
    refused(without(&["InRelease", "Release", "Release.gpg"]), "there is no such suite").await;
    let error = refused(without(&["InRelease", "Release.gpg"]), "is not signed").await;
    assert_eq!(error.class(), Class::Trust);
    assert!(opened(&serve(without(&["InRelease"]))).await.is_ok());

    let mut files = fake().files();
    let inrelease = |files: &mut Files, change: &dyn Fn(String) -> String| {
        let bytes = files.get_mut("dists/bookworm/InRelease").unwrap();
        *bytes = change(String::from_utf8(bytes.clone()).unwrap()).into_bytes();
    };
    // A bad InRelease is not made up for by the good Release beside it.
    inrelease(&mut files, &|text| text.replace("Origin: Fake", "Origin: Evil"));
    assert_eq!(refused(files.clone(), "BAD signature").await.class(), Class::Trust);
    inrelease(&mut files, &|_| "<html>pay here</html>".into());
    refused(files.clone(), "it is not signed").await;

    let mut stranger = fake();
    stranger.key = Key::new(2);
    let error = refused(stranger.files(), "the key is not pinned").await;
    assert!(
        error.to_string().contains(&Key::new(2).fingerprint())
            && error.to_string().contains(&Key::new(1).fingerprint())
    );
}

#[tokio::test]
async fn errors_of_the_server_are_not_taken_for_absence() {
    for status in [401, 403, 500] {
        let files = fake().files();
        let server = Server::start(move |request| match request.path() {
            "/dists/bookworm/InRelease" => Reply::new(status),
            _ => archive::answer(&files, request),
        });
        let error = opened(&server).await.map(drop).unwrap_err();
        assert!(matches!(&*error.reason, Reason::Http(http) if http.status() == Some(status)), "{error}");
        assert!(server.requests().iter().all(|request| request.path().ends_with("InRelease")));
    }
}

#[tokio::test]
async fn another_suite_under_the_path() {
    let mut archive = fake();
    archive.suite(SUITE).set("Codename", "buster").set("Suite", "oldoldstable");
    let error = refused(archive.files(), "suite `oldoldstable`, codename `buster`").await;
    assert_eq!(error.class(), Class::Trust);
}

#[tokio::test]
async fn dates_must_be_right() {
    let with = |fields: &[(&str, &str)]| {
        let mut archive = fake();
        for (name, value) in fields {
            archive.suite(SUITE).set(name, value);
        }
        archive.files()
    };
    let expired = with(&[("Valid-Until", "Thu, 01 Jan 2026 00:00:30 UTC")]);
    assert_eq!(refused(expired.clone(), "expired: valid until 2026-01-01T00:00:30Z").await.class(), Class::Freshness);
    let lenient = Freshness { valid_until: false, ..Freshness::at(now()) };
    assert!(open_at(&serve(expired), lenient).await.is_ok());
    let future = with(&[("Date", "Thu, 01 Jan 2026 12:00:00 UTC")]);
    assert_eq!(refused(future, "from the future").await.class(), Class::Freshness);
    assert!(opened(&serve(with(&[("Date", "Thu, 01 Jan 2026 00:01:09 UTC")]))).await.is_ok(), "within the slack");
    refused(with(&[("Date", "")]), "no `Date` field").await;
    refused(with(&[("Date", "Thu, 01 Jan 2026 00:00:00 CEST")]), "time zone").await;

    let server = fake().serve();
    let seen = Epoch::try_from(NOW).unwrap();
    let error =
        open_at(&server, Freshness { not_before: Some(seen), ..Freshness::at(now()) }).await.map(drop).unwrap_err();
    assert!(error.to_string().contains("older than before"), "{error}");
    let later = Epoch::try_from(NOW + 400 * 86_400).unwrap();
    let strict = Freshness { max_days: Some(30), ..Freshness::at(later) };
    let error = open_at(&server, strict).await.map(drop).unwrap_err();
    assert!(error.to_string().contains("more than 30 days"), "{error}");
}

#[tokio::test]
async fn components_that_are_not_there() {
    let server = fake().serve();
    let error = opened(&server).await.unwrap().index("contrib", Arch::Amd64).unwrap_err();
    assert_eq!(error.to_string(), "debian bookworm: no packages of component `contrib` for amd64; components: main");
}

#[tokio::test]
async fn indexes_that_are_not_what_the_release_says() {
    type Change = fn(&[u8]) -> Vec<u8>;
    let changes: [Change; 4] = [
        |bytes| bytes[..bytes.len() - 1].to_vec(),
        |bytes| [bytes, b"x"].concat(),
        |bytes| bytes.iter().map(|byte| byte ^ 1).collect(),
        |_| b"<html>mirror is updating</html>".to_vec(),
    ];
    for change in changes {
        let mut files = fake().files();
        for (_, bytes) in files.iter_mut().filter(|(path, _)| path.contains("binary-amd64")) {
            *bytes = change(bytes);
        }
        let error = packages(&serve(files), Arch::Amd64, &|_| true).await.unwrap_err();
        assert_eq!(error.class(), Class::Integrity, "{error}");
        assert!(error.to_string().contains("binary-amd64/Packages"), "{error}");
    }
}

#[tokio::test]
async fn the_forms_of_an_index_must_agree() {
    let archive = fake();
    let mut listed = Files::new();
    for name in ["Packages", "Packages.xz"] {
        let bytes = archive.files().remove(&format!("dists/bookworm/main/binary-amd64/{name}")).unwrap();
        listed.insert(format!("main/binary-amd64/{name}"), bytes);
    }
    listed.insert("main/binary-amd64/Packages".into(), b"Package: other\n".to_vec());
    let release = fake().suite(SUITE).release(&listed);
    let mut files = archive.files();
    files.insert("dists/bookworm/InRelease".into(), archive.key.cleartext(&release).into_bytes());
    let error = packages(&serve(files), Arch::Amd64, &|_| true).await.unwrap_err().to_string();
    assert!(error.contains("decompresses to more than 15 bytes"), "{error}");
}

#[tokio::test]
async fn stanzas_that_describe_no_package_name_their_line() {
    let tail = format!("Filename: pool/x.deb\nSize: 1\nSHA256: {}\n", "0".repeat(64));
    let head = "Package: tini\nVersion: 1\nArchitecture: amd64\n";
    let good = format!("{head}{tail}\n");
    malformed(&format!("{good}Version: 1\nArchitecture: amd64\n{tail}"), "line 8").await;
    malformed(&format!("{good}{}", good.replace("amd64", "i386")), "line 8: tini is of architecture i386").await;
    malformed(&good.replace("amd64", "arm64"), "architecture arm64").await;
    malformed(&good.replace("Size: 1", "Size: 0"), "tini: line 1: `Size`").await;
    malformed(&good.replace("Size: 1", "Size: -1"), "`Size`").await;
    malformed(&good.replace("Size: 1", "Size: 9223372036854775808"), "`Size`").await;
    malformed(&good.replace("Size: 1\n", ""), "no `Size` field").await;
    malformed(&good.replace("SHA256: 00", "SHA256: "), "`SHA256`").await;
    malformed(&good.replace("pool/x.deb", "../x.deb"), "`Filename`").await;
    malformed(&good.replace("Version: 1\n", "Version: 1\nVersion: 2\n"), "stands twice").await;
    malformed(&good.replace("amd64\n", "amd64\nMulti-Arch: perhaps\n"), "`Multi-Arch`").await;
    malformed(&good.replace("tini", "ti\0ni"), "control character").await;
    let other = good.replace("SHA256: 00", "SHA256: 11");
    malformed(&format!("{good}{other}"), "line 8: tini 1 amd64 is listed twice, with different checksums").await;
    // The same twice is no lie; line ends of Windows and a missing last one are no harm.
    assert_eq!(packages(&with_index(&format!("{good}{good}")), Arch::Amd64, &|_| true).await.unwrap().len(), 2);
    let odd = good.trim_end().replace('\n', "\r\n");
    assert_eq!(packages(&with_index(&odd), Arch::Amd64, &|_| true).await.unwrap().len(), 1);
}

#[tokio::test]
async fn fields_of_endless_length_are_refused() {
    let stanza = format!("Package: tini\nDescription: {}\n", "x".repeat(10 << 20));
    malformed(&stanza, "more than").await;
}
