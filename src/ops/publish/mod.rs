//! Publishing packages to an apt repository.
//!
//! ```text
//! read the state and the suite's signed indexes ──▶ finish what another publisher left ──▶ plan
//! ──▶ packages, then indexes by their hash (names that never change)
//! ──▶ the state, replaced only if it still is the one that was read: this decides
//! ──▶ Packages, Contents, Release.gpg, Release, InRelease ──▶ what nobody needs any more is removed
//! ```
//!
//! Until `InRelease` is replaced, readers have the state before, whole. Of two publishers one replaces the state, and the other begins again
//! with what it finds then. A publisher that is killed after that point has its work finished by the next. Nothing is built on an index that
//! is not signed by whoever signs the next one (or a former key that the caller names): what is in a bucket proves nothing by itself.

mod error;
mod finish;
mod offer;
mod present;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use serde::Serialize;

pub use error::PublishError;
pub use offer::Offer;

use super::Error;
use crate::base::{Digest, Epoch, Event, Phase, Progress};
use crate::domain::repository::{
    Addition, Changes, Documents, Generation, IndexFiles, Options, STATE_FILE, SuiteIndex, SuiteName, by_hash,
    index_files, plan, release,
};
use crate::formats::deb::Release;
use crate::formats::openpgp::{Keyring, SigningKey, verify_cleartext, verify_detached};
use crate::io::objects::{Content, Place, Put, Swap};
use finish::{finish, sweep};
use present::{Known, Live, Present, known, live, present};

/// How often a publish begins again because others were faster: of so many at once, the last one comes through.
const ATTEMPTS: u32 = 32;

/// Who signs.
pub enum Signing<'a> {
    /// A key.
    Key {
        /// It signs what is published.
        key: &'a SigningKey,
        /// Keys that may have signed what is there, besides it.
        former: &'a Keyring,
    },
    /// Nobody: readers have to say `trusted=yes`.
    Nobody,
}

/// What to publish, and where.
pub struct Request<'a> {
    /// Where to.
    pub place: &'a Place,
    /// The suite.
    pub suite: SuiteName,
    /// The packages.
    pub offers: Vec<Offer>,
    /// How.
    pub options: Options,
    /// Who signs.
    pub signing: Signing<'a>,
    /// The present, for signatures that are there.
    pub now: Epoch,
    /// The date of what is published; a later one where the present Release has it or a later one.
    pub date: Epoch,
    /// Whether nothing is to be written.
    pub dry_run: bool,
    /// Where events go.
    pub progress: &'a dyn Progress,
}

/// What became of a publish.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Published {
    /// What changed in the suite.
    #[serde(flatten)]
    pub changes: Changes,
    /// Packages that were listed, and whose files had to be put there again; paths in the pool.
    pub restored: Vec<String>,
    /// Whether nothing was written.
    pub unchanged: bool,
    /// The date of the suite's Release.
    pub date: Option<String>,
    /// Digest of the text that readers begin with, `InRelease` or, where nobody signs, `Release`; none before the first publish.
    pub release: Option<Digest>,
}

/// Publishes.
///
/// # Errors
/// When a package is refused, the repository cannot be trusted or has a newer format, or the place refuses. Readers then have what was there.
pub async fn publish(request: &Request<'_>) -> Result<Published, Error> {
    let wait = || request.progress.emit(Event::Note("waiting for another publisher".into()));
    // A dry run makes no folder, and what it shows may have changed by the time it is read.
    let lock = if request.dry_run { None } else { request.place.lock(wait).map_err(PublishError::from)? };
    let mut orphans = BTreeSet::new();
    for attempt in 1..=ATTEMPTS {
        let known_now = known(request.place).await?;
        let generation = known_now.state.generation;
        match attempt_once(request, known_now, &mut orphans).await {
            Ok(Some(published)) => {
                drop(lock);
                return Ok(published);
            }
            Ok(None) => {}
            // What was read may have been replaced, and removed, meanwhile.
            Err(error) if error.may_be_stale() && known(request.place).await?.state.generation != generation => {}
            Err(error) => return Err(error.into()),
        }
        if attempt < ATTEMPTS {
            let text = "another publisher was faster: beginning again with what it left";
            request.progress.emit(Event::Note(text.into()));
        }
    }
    Err(PublishError::Contended(ATTEMPTS).into())
}

/// One attempt; none where another publisher was faster. What it put there and nobody names then joins `orphans`.
async fn attempt_once(
    request: &Request<'_>,
    Known { state, tag }: Known,
    orphans: &mut BTreeSet<String>,
) -> Result<Option<Published>, PublishError> {
    let Present { release: before, index } = present(request, &state).await?;
    if let Some(suite) = state.suites.get(&request.suite) {
        match live(request, suite).await? {
            Live::Current => {}
            Live::Behind if request.dry_run => {}
            Live::Behind => {
                request.progress.emit(Event::Note("finishing what another publisher began".into()));
                finish(request, &state, suite, &IndexFiles::new()).await?;
            }
            Live::Foreign => {
                let (name, _) = suite.current.documents.first();
                let path = format!("{}/{name}", request.suite.folder());
                return Err(PublishError::Foreign(request.place.shown(&path)));
            }
        }
    }
    let additions: Vec<Addition> = request.offers.iter().map(|offer| offer.addition.clone()).collect();
    let (index, changes) = plan(index, &additions, &request.options)?;
    let missing = missing(request, &changes).await?;
    let known_component = before
        .as_ref()
        .is_some_and(|before| before.components.iter().any(|c| *c == *request.options.component.as_str()));
    let stays = changes.is_empty() && known_component;
    if request.dry_run || stays {
        let restored: Vec<String> = changes.present.iter().map(|change| change.path.clone()).collect();
        let mut restored: Vec<String> =
            restored.into_iter().filter(|path| missing.contains_key(path.as_str())).collect();
        restored.dedup();
        if !request.dry_run {
            put_packages(request, &missing).await?;
        }
        let first = state.suites.get(&request.suite).map(|suite| suite.current.documents.first().1.as_bytes());
        let unchanged = request.dry_run || restored.is_empty();
        let date = before.map(|before| before.date.rfc3339());
        return Ok(Some(Published { changes, restored, unchanged, date, release: first.map(Digest::of) }));
    }
    let files = index_files(&request.options.component, &index)?;
    let next = release(&request.suite, &request.options.component, &files, before.as_ref(), request.date);
    let documents = documents(&request.signing, &next)?;
    sweep(request, &state.retired).await;
    put_packages(request, &missing).await?;
    let indexes = put_indexes(request, &files).await?;
    let generation = generation(&state, request, &next, documents, &index);
    let state_next = state.advance(&request.suite, generation);
    if request.place.replace(STATE_FILE, &state_next.bytes().into(), tag.as_ref()).await? == Swap::Lost {
        orphans.extend(indexes);
        return Ok(None);
    }
    let Some(suite) = state_next.suites.get(&request.suite) else { return Ok(None) };
    finish(request, &state_next, suite, &files).await?;
    // A publisher that sweeps up late may have met a file that it took for unneeded.
    put_packages(request, &self::missing(request, &changes).await?).await?;
    orphans.extend(state_next.retired.iter().cloned());
    sweep(request, orphans).await;
    let release = Some(Digest::of(suite.current.documents.first().1.as_bytes()));
    let date = Some(next.date.rfc3339());
    Ok(Some(Published { changes, restored: Vec::new(), unchanged: false, date, release }))
}

/// The offers whose files are not in the pool, by their paths there.
///
/// # Errors
/// When one is there with other bytes: that of another suite, or one whose version differs in its epoch alone.
async fn missing<'r>(request: &'r Request<'_>, changes: &Changes) -> Result<BTreeMap<String, &'r Offer>, PublishError> {
    let mut missing = BTreeMap::new();
    for change in changes.added.iter().chain(&changes.present) {
        if missing.contains_key(&change.path) {
            continue;
        }
        match request.place.digest(&change.path, request.progress).await? {
            Some(got) if got != change.sha256 => {
                let (path, expected) = (request.place.shown(&change.path), change.sha256);
                return Err(crate::io::objects::PlaceError::Differs { path, expected, got }.into());
            }
            Some(_) => {}
            None => {
                let offer = request.offers.iter().find(|offer| offer.addition.sha256 == change.sha256);
                missing.extend(offer.map(|offer| (change.path.clone(), offer)));
            }
        }
    }
    Ok(missing)
}

async fn put_packages(request: &Request<'_>, missing: &BTreeMap<String, &Offer>) -> Result<(), PublishError> {
    if missing.is_empty() {
        return Ok(());
    }
    let phase = Phase::Publish;
    let total = missing.values().map(|offer| offer.addition.size).sum();
    request.progress.emit(Event::Begin { phase, total: Some(total) });
    let mut outcome = Ok(());
    for (path, offer) in missing {
        let Addition { size, sha256, .. } = offer.addition;
        let put = request.place.put_new(path, (size, sha256), &offer.content, request.progress).await;
        if let Err(error) = put {
            outcome = Err(error.into());
            break;
        }
    }
    request.progress.emit(Event::End { phase });
    outcome
}

/// Puts indexes under the names that never change; those that are new.
async fn put_indexes(request: &Request<'_>, files: &IndexFiles) -> Result<BTreeSet<String>, PublishError> {
    let mut made = BTreeSet::new();
    for (path, bytes) in files {
        let sha256 = Digest::of(bytes);
        let path = format!("{}/{}", request.suite.folder(), by_hash(path, &sha256));
        let content = Content::Bytes(Bytes::copy_from_slice(bytes));
        let size = bytes.len() as u64;
        if request.place.put_new(&path, (size, sha256), &content, request.progress).await? == Put::Made {
            made.insert(path);
        }
    }
    Ok(made)
}

/// The texts of a Release, signed and verified.
fn documents(signing: &Signing<'_>, next: &Release) -> Result<Documents, PublishError> {
    let text = next.text();
    let Signing::Key { key, .. } = signing else {
        return Ok(Documents { in_release: None, release: text, release_gpg: None });
    };
    let (message, detached) = (key.cleartext(&text, next.date)?, key.detached(&text, next.date)?);
    let wrong = |file| move |source| PublishError::OwnSignature { file, source };
    let keyring = key.keyring();
    verify_cleartext(message.as_bytes(), &keyring, next.date).map_err(wrong("InRelease"))?;
    verify_detached(text.as_bytes(), detached.as_bytes(), &keyring, next.date).map_err(wrong("Release.gpg"))?;
    Ok(Documents { in_release: Some(message), release: text, release_gpg: Some(detached) })
}

/// The suite's next state: its texts, and what they lead to. Packages of other components are those that they had.
fn generation(
    state: &crate::domain::repository::State,
    request: &Request<'_>,
    next: &Release,
    documents: Documents,
    index: &SuiteIndex,
) -> Generation {
    let own = format!("pool/{}/", request.options.component);
    let before = state.suites.get(&request.suite).into_iter().flat_map(|suite| &suite.current.files);
    let others = before.filter(|path| path.starts_with("pool/") && !path.starts_with(&own)).cloned();
    let packages =
        index.listings.values().flat_map(|listing| listing.iter().map(|listed| listed.pool.filename.to_string()));
    let indexes = next
        .files
        .iter()
        .filter_map(|(path, file)| Some(format!("{}/{}", request.suite.folder(), by_hash(path, &file.sha256?))));
    Generation { documents, files: others.chain(packages).chain(indexes).collect() }
}
