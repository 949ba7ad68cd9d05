//! Locking jars: which bytes the places have, and whether they agree.
//!
//! A digest that the recipe says is the measure. Without one, a Maven repository's bytes must be those of its own SHA-1 beside
//! them, and bytes that another place gave first are held against that SHA-1 too where the repository answers. An object in S3 that
//! stands alone is taken at its word, and that is said.

use sha1::{Digest as _, Sha1};
use url::Url;

use super::fetch::{Fetcher, Tried};
use super::input::MAVEN;
use super::{Error, Inputs};
use crate::base::{Checksum, Class, Digest, Event, Fault, Phase, redact};
use crate::domain::lock::{JarLock, Lockfile};
use crate::domain::recipe::{JarSource, Place};
use crate::formats::maven::Coordinate;
use crate::io::archive::below;
use crate::io::http::{Client, Expected, HttpError, Piece};
use crate::io::sources::maven;

/// The most bytes of a jar whose size nothing tells.
const MOST: u64 = 4 << 30;

/// Why a jar cannot be locked.
#[derive(Debug, thiserror::Error)]
pub enum JarError {
    /// No place gave it.
    #[error("cannot lock the jar {jar}: {}", tried.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Nowhere {
        /// Its first place.
        jar: String,
        /// What happened at each place, in order.
        tried: Vec<Tried>,
    },
    /// The repository has no checksum that vouches for it.
    #[error("the jar {jar}: nothing vouches for its bytes: {reason}")]
    Unvouched {
        /// The coordinate.
        jar: String,
        /// Why not.
        reason: String,
    },
    /// Two who should have the same bytes do not.
    #[error("the jar {jar}: {first} has bytes with {one}, and {second} says {other}")]
    Differ {
        /// Its first place.
        jar: String,
        /// Whose bytes.
        first: String,
        /// Their checksum.
        one: String,
        /// Who says otherwise.
        second: String,
        /// What that one says.
        other: String,
    },
    /// What came is no jar.
    #[error("the jar {jar}: what {place} has is no jar: it begins with \"{head}\"")]
    NoJar {
        /// Its first place.
        jar: String,
        /// Who gave it.
        place: String,
        /// The head of it.
        head: String,
    },
}

/// Bytes that are in the store now, and where they are from.
struct Found<'a> {
    place: &'a Place,
    entry: (Digest, u64),
    sha1: String,
}

/// The locks of `sources`. What `previous` has for the same places stays; with `anew`, only if the first place still has the
/// same bytes.
pub(super) async fn lock(
    sources: &[JarSource],
    previous: Option<&Lockfile>,
    anew: bool,
    inputs: &Inputs<'_>,
) -> Result<Vec<JarLock>, Error> {
    let mut locks: Vec<JarLock> = Vec::new();
    for source in sources {
        if locks.iter().any(|lock| lock.places == source.places) {
            continue; // with and without a digest: one lock is measured by both
        }
        let before = previous.and_then(|lock| before(source, lock));
        let stays = match before {
            Some(before) if anew && source.sha256.is_none() => is_unchanged(source, before, inputs).await?,
            other => other.is_some(),
        };
        locks.push(match before.filter(|_| stays) {
            Some(JarLock { size, sha256, .. }) => {
                JarLock { places: source.places.clone(), size: *size, sha256: *sha256 }
            }
            None => find(source, before, inputs).await?,
        });
    }
    Ok(locks)
}

/// The lock that a source had: of the same places, or some more or fewer of them, and of the right digest.
fn before<'a>(source: &JarSource, previous: &'a Lockfile) -> Option<&'a JarLock> {
    let within = |a: &[Place], b: &[Place]| a.iter().all(|place| b.contains(place));
    previous.jars().iter().find(|jar| {
        let same = within(&jar.places, &source.places) || within(&source.places, &jar.places);
        same && source.sha256.is_none_or(|sha256| sha256 == jar.sha256)
    })
}

/// Whether the repository's checksum is still that of the locked bytes, where both are at hand.
async fn is_unchanged(source: &JarSource, before: &JarLock, inputs: &Inputs<'_>) -> Result<bool, Error> {
    let Some(Place::Maven(coordinate)) = source.places.first() else { return Ok(false) };
    let store = &inputs.fetcher.store;
    let Ok(mut reader) = store.reader(&before.sha256, before.size) else { return Ok(false) };
    let mut sha1 = Sha1::new();
    if std::io::copy(&mut reader, &mut sha1).is_err() {
        return Ok(false);
    }
    let url = below(&inputs.mirrors.get(MAVEN)?.url, &coordinate.path());
    let vouched = sidecar(client(inputs)?, coordinate, &url).await?;
    Ok(vouched == hex::encode(sha1.finalize()))
}

fn client<'a>(inputs: &'a Inputs<'_>) -> Result<&'a Client, Error> {
    inputs.fetcher.client.as_ref().ok_or(Error::OfflineLock)
}

/// Fetches a jar from the first place that has it, and holds it against whatever else is known.
async fn find(source: &JarSource, before: Option<&JarLock>, inputs: &Inputs<'_>) -> Result<JarLock, Error> {
    let label = source.places.first().map(ToString::to_string).unwrap_or_default();
    let mut tried: Vec<Tried> = Vec::new();
    let mut found = None;
    for place in &source.places {
        match from(place, source, inputs).await? {
            Ok(bytes) => {
                found = Some(bytes);
                break;
            }
            Err(error) if error.class() == Class::Integrity => {
                return Err(JarError::Nowhere { jar: label, tried: vec![error] }.into());
            }
            Err(error) => tried.push(error),
        }
    }
    let Some(found) = found else { return Err(JarError::Nowhere { jar: label, tried }.into()) };
    if source.sha256.is_none() {
        vouch(&label, &found, source, inputs).await?;
    }
    let (sha256, size) = found.entry;
    if let Some(before) = before.filter(|before| before.sha256 != sha256) {
        let text = format!("{}: its bytes are {sha256}, locked were {}", found.place, before.sha256);
        inputs.fetcher.progress.emit(Event::Warning(text));
    }
    Ok(JarLock { places: source.places.clone(), size, sha256 })
}

/// Brings a place's bytes into the store.
async fn from<'a>(
    place: &'a Place,
    source: &JarSource,
    inputs: &Inputs<'_>,
) -> Result<Result<Found<'a>, Tried>, Error> {
    let client = client(inputs)?;
    let Fetcher { store, progress, objects, .. } = inputs.fetcher;
    let expected = Expected { size: None, limit: MOST, checksum: source.sha256.map(Checksum::Sha256) };
    let mut writer = store.writer(None)?;
    let (mut sha1, mut head) = (Sha1::new(), Vec::new());
    let mut sink = |piece: Piece<'_>| match piece {
        Piece::Restart => {
            (sha1, head) = (Sha1::new(), Vec::new());
            writer.restart()
        }
        Piece::Bytes(bytes) => {
            sha1.update(bytes);
            head.extend(bytes.iter().take(HEAD.saturating_sub(head.len())));
            std::io::Write::write_all(&mut writer, bytes)
        }
    };
    let phase = Phase::Fetch;
    progress.emit(Event::Begin { phase, total: None });
    let to = (&**progress, phase);
    let done = match (place, objects) {
        (Place::S3(object), Some(objects)) => {
            objects.download(object, &expected, &mut sink, to).await.map_err(|error| Box::new(error).into())
        }
        (Place::S3(_), None) => return Err(Error::OfflineLock),
        (Place::Maven(coordinate), _) => match inputs.mirrors.get(MAVEN) {
            Ok(mirror) => {
                let url = below(&mirror.url, &coordinate.path());
                client.download(&url, &expected, &mut sink, to).await.map_err(Tried::from)
            }
            Err(error) => Err(error.into()),
        },
        (Place::Url(url), _) => client.download(url, &expected, &mut sink, to).await.map_err(Tried::from),
    };
    progress.emit(Event::End { phase });
    if let Err(error) = done {
        return Ok(Err(error));
    }
    check_head(place, source, &head)?;
    Ok(Ok(Found { place, entry: writer.commit()?, sha1: hex::encode(sha1.finalize()) }))
}

/// How much of a jar's head is looked at.
const HEAD: usize = 40;

/// A jar is a zip file; a web page or an error of S3 is none. Where a digest is known, that says more.
fn check_head(place: &Place, source: &JarSource, head: &[u8]) -> Result<(), JarError> {
    let is_jar = place.file_name().is_some_and(|name| name.ends_with(".jar"));
    if source.sha256.is_some() || !is_jar || head.starts_with(b"PK") {
        return Ok(());
    }
    let jar = source.places.first().map(ToString::to_string).unwrap_or_default();
    Err(JarError::NoJar { jar, place: place.to_string(), head: redact::printable_bytes(head) })
}

/// Holds bytes without a digest of the recipe against what the Maven repository says of them.
async fn vouch(label: &str, found: &Found<'_>, source: &JarSource, inputs: &Inputs<'_>) -> Result<(), Error> {
    let mut vouched = false;
    for place in &source.places {
        let Place::Maven(coordinate) = place else { continue };
        let own = place == found.place;
        let mirror = match inputs.mirrors.get(MAVEN) {
            Ok(mirror) => mirror,
            Err(error) if own => return Err(error.into()),
            Err(_) => continue,
        };
        let url = below(&mirror.url, &coordinate.path());
        let says = match sidecar(client(inputs)?, coordinate, &url).await {
            Ok(says) => says,
            Err(error) if own => return Err(error.into()),
            Err(_) => continue,
        };
        vouched = true;
        if says != found.sha1 {
            return Err(JarError::Differ {
                jar: label.to_owned(),
                first: found.place.to_string(),
                one: format!("SHA-1 {}, {}", found.sha1, found.entry.0),
                second: if own { "its own .sha1 file".into() } else { place.to_string() },
                other: format!("SHA-1 {says}"),
            }
            .into());
        }
    }
    if !vouched {
        let text = format!("{}: nothing but the place itself vouches for {}", found.place, found.entry.0);
        inputs.fetcher.progress.emit(Event::Note(text));
    }
    Ok(())
}

/// The SHA-1 that a repository has beside an artefact, in hexadecimal.
async fn sidecar(client: &Client, coordinate: &Coordinate, url: &Url) -> Result<String, JarError> {
    let no = |error: HttpError| JarError::Unvouched { jar: format!("maven:{coordinate}"), reason: error.to_string() };
    maven::sha1(client, url).await.map(hex::encode).map_err(no)
}

impl Fault for JarError {
    fn class(&self) -> Class {
        match self {
            Self::Nowhere { tried, .. } => {
                let classes = || tried.iter().map(Fault::class);
                classes().find(|class| *class == Class::Integrity).or(classes().next()).unwrap_or(Class::Network)
            }
            Self::Unvouched { .. } | Self::Differ { .. } | Self::NoJar { .. } => Class::Integrity,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Nowhere { tried, .. } => tried
                .iter()
                .find_map(Fault::hint)
                .or_else(|| Some("look at the coordinate again, or add another place that has the jar".into())),
            Self::Unvouched { .. } => Some("say the jar's `sha256` in the recipe".into()),
            Self::Differ { .. } => Some("find out which of them is right, and say its `sha256` in the recipe".into()),
            Self::NoJar { .. } => None,
        }
    }
}
