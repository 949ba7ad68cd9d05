//! The suites of the machine's own Debian mirror, checked with the keys of the machine's `debian-archive-keyring`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use mokapot::base::progress::Silent;
use mokapot::base::{Arch, Epoch};
use mokapot::formats::openpgp::Keyring;
use mokapot::io::archive::{Freshness, Source, below, open};
use mokapot::io::http::{Client, Settings};
use mokapot::io::sources::mirrors::{self, Clients, Mirrors};
use mokapot::io::store::{self, Store};
use mokapot::ops::fetch::Fetcher;
use mokapot::ops::indexes;
use mokapot::ops::input::Input;
use tempfile::TempDir;

const SUITES: [(&str, &str); 6] = [
    ("debian", "bookworm"),
    ("debian", "bookworm-updates"),
    ("debian-security", "bookworm-security"),
    ("debian", "bullseye"),
    ("debian", "trixie"),
    ("debian-security", "trixie-security"),
];

fn keyring() -> Keyring {
    Keyring::parse(&std::fs::read("/usr/share/keyrings/debian-archive-keyring.gpg").unwrap()).unwrap()
}

fn source(alias: &str, suite: &str) -> Source {
    let settings = mirrors::Settings { clients: Clients::usual(Path::new("/"), None), ..mirrors::Settings::default() };
    let mirror = Mirrors::discover(&settings).unwrap().get(alias).unwrap();
    Source { alias: alias.into(), root: mirror.url, suite: suite.into(), keyring: keyring() }
}

#[expect(clippy::disallowed_methods, reason = "a real archive is fresh or not at the real time")]
fn now() -> Epoch {
    let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    Epoch::try_from(i64::try_from(seconds).unwrap()).unwrap()
}

fn client() -> Client {
    Client::new(Settings::default()).unwrap()
}

fn fetcher(root: &Path) -> Fetcher {
    let settings = store::Settings {
        root: root.into(),
        scratch: std::env::temp_dir(),
        now: SystemTime::UNIX_EPOCH,
        progress: Arc::new(Silent),
    };
    Fetcher {
        store: Arc::new(Store::open(settings).unwrap()),
        client: Some(client()),
        objects: None,
        progress: Arc::new(Silent),
    }
}

#[tokio::test]
async fn every_suite_is_signed_by_keys_of_the_keyring() {
    for (alias, suite) in SUITES {
        let release = open(&client(), &source(alias, suite), &Freshness::at(now())).await.unwrap();
        assert!(!release.signers.is_empty());
        assert!(release.release.is_called(suite));
        assert!(release.release.files.len() > 100, "{suite}");
        for signer in &release.signers {
            println!("{alias} {suite}: {} by {} ({})", release.release.date.rfc3339(), signer.signing_key, signer.user);
        }
    }
}

#[tokio::test]
async fn a_key_that_is_not_pinned_is_not_enough() {
    let mut source = source("debian", "bookworm");
    source.keyring = crate::support::keys::Key::new(1).keyring();
    let error = open(&client(), &source, &Freshness::at(now())).await.map(drop).unwrap_err().to_string();
    assert!(error.contains("the key is not pinned") && error.contains(&source.keyring.fingerprints()[0]), "{error}");
}

/// Every package of the suites parses, for one architecture or the other, and one of them can be fetched.
#[tokio::test]
async fn indexes_are_read_and_packages_are_where_they_say() {
    let folder = TempDir::new().unwrap();
    let fetcher = fetcher(folder.path());
    for (alias, suite) in SUITES {
        let source = source(alias, suite);
        let release = open(&client(), &source, &Freshness::at(now())).await.unwrap();
        // Both architectures of the small suites; the others take their time.
        let archs = match suite {
            "bookworm" | "trixie" => &[Arch::Amd64][..],
            "bullseye" => &[Arch::Arm64],
            _ => &Arch::ALL,
        };
        for arch in archs.iter().copied() {
            let mut found = BTreeMap::new();
            let mut takes = |package: mokapot::formats::deb::Package, pool| {
                found.insert(package.name.to_string(), pool);
            };
            let count = indexes::read(&fetcher, &release, &["main".into()], arch, &|_| true, &mut takes).await.unwrap();
            println!("{alias} {suite} {arch}: {count} packages");
            let Some(pool) = found.get("hostname").filter(|_| suite == "bookworm") else { continue };
            assert!(count > 50_000, "{count}");
            let input = Input {
                name: format!("hostname ({arch})"),
                listed_by: Some(source.label()),
                objects: Vec::new(),
                urls: vec![below(&source.root, &pool.filename)],
                size: pool.size,
                checksum: pool.sha256.into(),
                hint: None,
            };
            let entry = fetcher.fetch(&[input], mokapot::base::Phase::Fetch).await.unwrap()[0];
            assert_eq!(entry, (pool.sha256, pool.size));
        }
    }
}
