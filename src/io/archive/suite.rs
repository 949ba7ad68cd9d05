//! Opening a suite: its signed Release, and all that must be true of it.

use url::Url;

use super::error::{ArchiveError, Reason};
use super::freshness::Freshness;
use crate::base::Digest;
use crate::formats::deb::Release;
use crate::formats::openpgp::{Keyring, Signer, Verified, verify_cleartext, verify_detached};
use crate::io::http::{Client, HttpError};

/// A suite we want, where it is, and whom we trust for it.
#[derive(Clone, Debug)]
pub struct Source {
    /// The mirror's alias, such as `debian`.
    pub alias: String,
    /// The archive's root.
    pub root: Url,
    /// The suite, by codename or suite name.
    pub suite: String,
    /// The keys of which one must have signed it.
    pub keyring: Keyring,
}

/// A suite's Release that a pinned key has signed, that is fresh, and is the suite that was asked for.
#[derive(Clone, Debug)]
pub struct SignedRelease {
    /// The Release.
    pub release: Release,
    /// Who signed it; never empty.
    pub signers: Vec<Signer>,
    /// The digest of the signed text: two Releases of one date that differ have different ones.
    pub digest: Digest,
    pub(super) label: String,
    pub(super) folder: Url,
}

/// More than any Release: Debian's have about 250 kB.
const MAX_RELEASE: u64 = 16 << 20;

/// More than any file of signatures.
const MAX_SIGNATURE: u64 = 1 << 20;

impl Source {
    /// What a person calls it: alias and suite.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{} {}", self.alias, self.suite)
    }
}

/// Fetches and checks a suite's Release: `InRelease`, or where the server says that there is none, `Release` with
/// `Release.gpg`. A bad `InRelease` is never made up for by something else.
///
/// # Errors
/// When it cannot be had, no pinned key has signed it, it is another suite's, or its dates are wrong.
pub async fn open(client: &Client, source: &Source, freshness: &Freshness) -> Result<SignedRelease, ArchiveError> {
    let label = source.label();
    let checked = async {
        let folder = below(&source.root, &format!("dists/{}", source.suite));
        let Verified { text, signers, .. } = fetch_signed(client, source, &folder, freshness).await?;
        let digest = Digest::of(text.as_bytes());
        let release = Release::parse(&text)?;
        if !release.is_called(&source.suite) {
            let own = |name: &Option<String>| name.clone().unwrap_or_default();
            return Err(Reason::OtherSuite { suite: own(&release.suite), codename: own(&release.codename) });
        }
        freshness.check(&release)?;
        Ok(SignedRelease { release, signers, digest, label: label.clone(), folder })
    };
    checked.await.map_err(|reason: Reason| reason.at(&label))
}

async fn fetch_signed(
    client: &Client,
    source: &Source,
    folder: &Url,
    freshness: &Freshness,
) -> Result<Verified, Reason> {
    let url = below(folder, "InRelease");
    match client.get(&url, MAX_RELEASE).await {
        Ok(answer) => {
            let verified = verify_cleartext(&answer.body, &source.keyring, freshness.now);
            return verified.map_err(|source| Reason::Trust { file: "InRelease", source });
        }
        Err(error) if error.is_absent() => {}
        Err(error) => return Err(error.into()),
    }
    let absent = |error: HttpError, reason: Reason| if error.is_absent() { reason } else { error.into() };
    let release = client.get(&below(folder, "Release"), MAX_RELEASE).await;
    let release = release.map_err(|e| absent(e, Reason::Absent { url: crate::base::redact::url(url.as_str()) }))?;
    let signature = client.get(&below(folder, "Release.gpg"), MAX_SIGNATURE).await;
    let signature = signature.map_err(|e| absent(e, Reason::Unsigned))?;
    verify_detached(&release.body, &signature.body, &source.keyring, freshness.now)
        .map_err(|source| Reason::Trust { file: "Release.gpg", source })
}

/// The address of `path` below `root`. Each component of `path` is one of the address, whatever characters it has.
#[must_use]
pub fn below(root: &Url, path: &str) -> Url {
    let mut url = root.clone();
    // Fails for addresses such as `mailto:` only; those are refused when they are asked.
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path.split('/'));
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_components() {
        let root: Url = "http://host.example/debian/".parse().unwrap();
        let url = below(&root, "pool/main/g/g++/g++_1%3a2~x.deb");
        assert_eq!(url.as_str(), "http://host.example/debian/pool/main/g/g++/g++_1%253a2~x.deb");
        assert_eq!(below(&"http://host.example".parse().unwrap(), "x").as_str(), "http://host.example/x");
    }
}
