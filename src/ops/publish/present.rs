//! What a repository has now, as far as it can be trusted: the state, the suite's signed Release, and the indexes that it names.

use std::io::Read as _;

use bytes::Bytes;

use super::{PublishError, Request, Signing};
use crate::base::Digest;
use crate::domain::repository::{
    ARCHITECTURES, Contents, Documents, Listing, Role, STATE_FILE, State, Suite, SuiteIndex, by_hash,
};
use crate::formats::compress::{Checksums, Codec, Decoder};
use crate::formats::deb::Release;
use crate::formats::openpgp::verify_cleartext;
use crate::io::objects::{Place, Tag};

/// More than any state, Release or index of ours.
pub(super) const MAX_FILE: u64 = 64 << 20;

/// The most bytes of an index when it is decompressed.
const MAX_INDEX: u64 = 1 << 30;

/// The state of a repository, and what identifies it.
pub(super) struct Known {
    pub(super) state: State,
    pub(super) tag: Option<Tag>,
}

/// What a suite has.
#[derive(Default)]
pub(super) struct Present {
    /// None where the suite is new.
    pub(super) release: Option<Release>,
    pub(super) index: SuiteIndex,
}

/// How the text that readers begin with relates to the state.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Live {
    /// It is the one that the state has.
    Current,
    /// It is the one before: a publisher has not finished, or not yet.
    Behind,
    /// It is neither.
    Foreign,
}

/// Reads the state.
///
/// # Errors
/// When it cannot be read, or has a newer format.
pub(super) async fn known(place: &Place) -> Result<Known, PublishError> {
    let Some((bytes, tag)) = place.read(STATE_FILE, MAX_FILE).await? else {
        return Ok(Known { state: State::default(), tag: None });
    };
    let wrong = |source| PublishError::State { file: place.shown(STATE_FILE), source };
    Ok(Known { state: State::parse(&bytes).map_err(wrong)?, tag: Some(tag) })
}

/// Reads what the suite has.
///
/// # Errors
/// When it is not signed by whom it must be, not what its Release says, or there and not ours.
pub(super) async fn present(request: &Request<'_>, state: &State) -> Result<Present, PublishError> {
    let Some(suite) = state.suites.get(&request.suite) else {
        for name in ["InRelease", "Release"] {
            let path = format!("{}/{name}", request.suite.folder());
            if request.place.read(&path, MAX_FILE).await?.is_some() {
                return Err(PublishError::Foreign(request.place.shown(&path)));
            }
        }
        return Ok(Present::default());
    };
    let text = trusted(request, &suite.current.documents)?;
    let wrong = |source| PublishError::Release { file: request.place.shown(STATE_FILE), source };
    let release = Release::parse(&text).map_err(wrong)?;
    let torn = || PublishError::Torn { file: request.place.shown(STATE_FILE), suite: request.suite.to_string() };
    if !release.is_called(request.suite.as_str()) || text != suite.current.documents.release {
        return Err(torn());
    }
    let mut index = SuiteIndex::default();
    if release.components.iter().any(|component| component == request.options.component.as_str()) {
        for arch in ARCHITECTURES {
            let component = &request.options.component;
            let (packages, contents) = (Role::Packages.path(component, arch), Role::Contents.path(component, arch));
            let bytes = plain(request, &release, &packages, Codec::Xz).await?;
            index.listings.insert(arch, Listing::parse(&bytes, &packages)?);
            let bytes = plain(request, &release, &contents, Codec::Gzip).await?;
            index.contents.insert(arch, Contents::parse(&bytes, &contents)?);
        }
    }
    Ok(Present { release: Some(release), index })
}

/// The Release's text, if whoever publishes may build on it.
fn trusted(request: &Request<'_>, documents: &Documents) -> Result<String, PublishError> {
    match (&documents.in_release, &request.signing) {
        (Some(message), Signing::Key { key, former }) => {
            let mut keyring = key.keyring();
            keyring.add((*former).clone());
            let file = || format!("InRelease of suite {} in {}", request.suite, request.place.shown(STATE_FILE));
            let verified = verify_cleartext(message.as_bytes(), &keyring, request.now);
            Ok(verified.map_err(|source| PublishError::Trust { file: file(), source })?.text)
        }
        (Some(_), Signing::Nobody) => Err(PublishError::Signed(request.suite.to_string())),
        (None, Signing::Key { .. }) => Err(PublishError::NotSigned(request.suite.to_string())),
        (None, Signing::Nobody) => Ok(documents.release.clone()),
    }
}

/// An index that a Release names, decompressed.
async fn plain(request: &Request<'_>, release: &Release, path: &str, codec: Codec) -> Result<Vec<u8>, PublishError> {
    let listed = release.files.get(path).and_then(|file| file.sha256);
    let sha256 = listed.ok_or_else(|| PublishError::Gone(path.to_owned()))?;
    let path = format!("{}/{}", request.suite.folder(), by_hash(path, &sha256));
    let bytes = checked(request.place, &path, sha256).await?;
    let fail = |reason: String| crate::domain::repository::RepositoryError::Index { file: path.clone(), reason };
    let decoder = Decoder::new(codec, &bytes[..], Checksums::Verify).map_err(|error| fail(error.to_string()))?;
    let mut plain = Vec::new();
    let read = decoder.take(MAX_INDEX + 1).read_to_end(&mut plain).map_err(|error| fail(error.to_string()))?;
    if read as u64 > MAX_INDEX {
        return Err(fail(format!("it unpacks to more than {MAX_INDEX} bytes")).into());
    }
    Ok(plain)
}

/// A file under the name that never changes.
///
/// # Errors
/// When it is gone, or not what its name says.
pub(super) async fn checked(place: &Place, path: &str, sha256: Digest) -> Result<Bytes, PublishError> {
    let Some((bytes, _)) = place.read(path, MAX_FILE).await? else {
        return Err(PublishError::Gone(place.shown(path)));
    };
    let got = Digest::of(&bytes);
    if got != sha256 {
        return Err(PublishError::Damaged { file: place.shown(path), expected: sha256, got });
    }
    Ok(bytes)
}

/// Whether readers have what the state says.
///
/// # Errors
/// When the place cannot be read.
pub(super) async fn live(request: &Request<'_>, suite: &Suite) -> Result<Live, PublishError> {
    let (name, text) = suite.current.documents.first();
    let there = request.place.read(&format!("{}/{name}", request.suite.folder()), MAX_FILE).await?;
    let previous = suite.previous.as_ref().map(|previous| previous.first);
    Ok(match there {
        Some((bytes, _)) if bytes == text.as_bytes() => Live::Current,
        Some((bytes, _)) if previous != Some(Digest::of(&bytes)) => Live::Foreign,
        _ => Live::Behind,
    })
}
