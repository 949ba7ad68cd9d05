//! Inputs into the store: many at once, each checked against its checksum, none fetched twice.

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use url::Url;

use super::input::Input;
use crate::base::{Checksum, Class, Digest, Event, Fault, Phase, Progress, redact};
use crate::formats::s3::ObjectName;
use crate::io::http::{Client, Expected, HttpError, Piece};
use crate::io::objects::{ObjectError, Objects};
use crate::io::sources::mirrors::MirrorError;
use crate::io::store::{Store, StoreError};

/// How many inputs are worked on at the same time; how many of them talk to one host is the client's business.
const PARALLEL: usize = 12;

/// After so many failures no further input is begun.
const ENOUGH_FAILURES: usize = 5;

/// What fetching works with.
#[derive(Clone)]
pub struct Fetcher {
    /// Where inputs are kept.
    pub store: Arc<Store>,
    /// Who asks for them; nobody when offline.
    pub client: Option<Client>,
    /// Who reads objects; nobody when offline.
    pub objects: Option<Objects>,
    /// Where progress goes.
    pub progress: Arc<dyn Progress>,
}

/// Inputs that could not be had.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The network may not be used, and the store lacks them.
    #[error("offline, and the store lacks {}", Listed(missing))]
    Offline {
        /// The names of the inputs.
        missing: Vec<String>,
    },
    /// Every address of an input failed; one failure an input.
    #[error("{}", Listed(failures))]
    Failed {
        /// Never empty.
        failures: Vec<Failure>,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An input that no address gave us.
#[derive(Debug)]
pub struct Failure {
    /// Its name.
    pub name: String,
    /// Whose index lists it.
    pub listed_by: Option<String>,
    /// What happened at each of its addresses, in order.
    pub tried: Vec<Tried>,
    /// What the recipe says is to be done then.
    pub hint: Option<String>,
}

/// Why one place did not give an input.
#[derive(Debug, thiserror::Error)]
pub enum Tried {
    /// An address.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// An object.
    #[error(transparent)]
    Object(#[from] Box<ObjectError>),
    /// An alias that leads nowhere.
    #[error(transparent)]
    Mirror(#[from] MirrorError),
}

impl Tried {
    /// Whether the place says there is no such thing.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        match self {
            Self::Http(error) => error.is_absent(),
            Self::Object(error) => error.is_absent(),
            Self::Mirror(_) => false,
        }
    }
}

impl Fault for Tried {
    fn class(&self) -> Class {
        match self {
            Self::Http(error) => error.class(),
            Self::Object(error) => error.class(),
            Self::Mirror(error) => error.class(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Http(error) => error.hint(),
            Self::Object(error) => error.hint(),
            Self::Mirror(error) => error.hint(),
        }
    }
}

/// A place to ask.
#[derive(Clone, Copy)]
enum At<'a> {
    Object(&'a ObjectName),
    Url(&'a Url),
}

/// An entry of the store, or what happened at each address; an error of the store ends everything.
type Fetched = Result<Result<(Digest, u64), Failure>, StoreError>;

impl Fetcher {
    /// Brings all inputs into the store, and returns digest and size of each, in the order of `inputs`. Reports bytes as
    /// progress of `phase`. Dropping the future stops the work and leaves no trace.
    ///
    /// # Errors
    /// [`FetchError::Offline`] naming everything that is missing, or [`FetchError::Failed`] with what happened at each
    /// address.
    pub async fn fetch(&self, inputs: &[Input], phase: Phase) -> Result<Vec<(Digest, u64)>, FetchError> {
        let missing: Vec<&Input> = inputs.iter().filter(|input| self.find(input).is_none()).collect();
        if self.client.is_none() && !missing.is_empty() {
            return Err(FetchError::Offline { missing: missing.iter().map(|input| input.name.clone()).collect() });
        }
        let total = missing.iter().map(|input| input.size).sum();
        if !missing.is_empty() {
            self.progress.emit(Event::Begin { phase, total: Some(total) });
        }
        let mut found = vec![None; inputs.len()];
        let mut failures = Vec::new();
        {
            // Collected, because a lazy iterator of borrowing futures keeps the whole future from being `Send`.
            let work: Vec<_> = inputs.iter().enumerate().map(|(at, input)| self.numbered(at, input, phase)).collect();
            let mut done = stream::iter(work).buffer_unordered(PARALLEL);
            while let Some((at, outcome)) = done.next().await {
                match outcome? {
                    Ok(entry) => found[at] = Some(entry),
                    Err(failure) => failures.push((at, failure)),
                }
                if failures.len() >= ENOUGH_FAILURES {
                    break;
                }
            }
        }
        if !missing.is_empty() {
            self.progress.emit(Event::End { phase });
        }
        if !failures.is_empty() {
            failures.sort_by_key(|(at, _)| *at);
            return Err(FetchError::Failed { failures: failures.into_iter().map(|(_, failure)| failure).collect() });
        }
        Ok(found.into_iter().flatten().collect())
    }

    /// The store's entry for an input, if it has one of the right size.
    #[must_use]
    pub fn find(&self, input: &Input) -> Option<(Digest, u64)> {
        let digest = match input.checksum {
            Checksum::Sha256(digest) => digest,
            Checksum::Sha512(_) => {
                let record = self.store.memo_get(SHA512, &claim_key(&input.checksum))?;
                std::str::from_utf8(&record).ok()?.parse().ok()?
            }
        };
        self.store.contains(&digest, Some(input.size)).then_some((digest, input.size))
    }

    async fn numbered(&self, at: usize, input: &Input, phase: Phase) -> (usize, Fetched) {
        (at, self.one(input, phase).await)
    }

    async fn one(&self, input: &Input, phase: Phase) -> Fetched {
        if let Some(entry) = self.find(input) {
            return Ok(Ok(entry));
        }
        let (store, key) = (Arc::clone(&self.store), claim_key(&input.checksum));
        // Waiting for another process may take as long as its download.
        let claimed = tokio::task::spawn_blocking(move || store.claim(&key)).await;
        let _claim = claimed.map_err(|e| StoreError::inside(io::Error::other(e), self.store.root()))?;
        if let Some(entry) = self.find(input) {
            self.progress.emit(Event::Advance { phase, amount: input.size });
            return Ok(Ok(entry));
        }
        let mut tried = Vec::new();
        let objects = input.objects.iter().map(At::Object);
        for from in objects.chain(input.urls.iter().map(At::Url)) {
            let is_object = matches!(from, At::Object(_));
            match self.from(from, input, phase).await? {
                Ok(entry) => return Ok(Ok(entry)),
                // An object with other bytes is told, not passed over: somebody put them there. A mirror's are only passed over.
                Err(error) if is_object && error.class() == Class::Integrity => {
                    tried = vec![error];
                    break;
                }
                Err(error) => tried.push(error),
            }
        }
        Ok(Err(Failure {
            name: input.name.clone(),
            listed_by: input.listed_by.clone(),
            tried,
            hint: input.hint.clone(),
        }))
    }

    async fn from(
        &self,
        from: At<'_>,
        input: &Input,
        phase: Phase,
    ) -> Result<Result<(Digest, u64), Tried>, StoreError> {
        let absent = || StoreError::Absent { digest: claim_key(&input.checksum) };
        let expected = Expected::exact(input.size, input.checksum);
        let mut writer = self.store.writer(input.checksum.sha256().map(|digest| (digest, input.size)))?;
        let mut sink = |piece: Piece<'_>| match piece {
            Piece::Restart => writer.restart(),
            Piece::Bytes(bytes) => writer.write_all(bytes),
        };
        let to = (&*self.progress, phase);
        let done = match from {
            At::Url(url) => {
                let client = self.client.as_ref().ok_or_else(absent)?;
                client.download(url, &expected, &mut sink, to).await.map_err(Tried::from)
            }
            At::Object(object) => {
                let objects = self.objects.as_ref().ok_or_else(absent)?;
                objects.download(object, &expected, &mut sink, to).await.map_err(|error| Box::new(error).into())
            }
        };
        if let Err(error) = done {
            return Ok(Err(error));
        }
        let entry = writer.commit()?;
        if let Checksum::Sha512(_) = input.checksum {
            self.store.memo_put(SHA512, &claim_key(&input.checksum), entry.0.to_string().as_bytes());
        }
        Ok(Ok(entry))
    }
}

/// The kind of memos that lead from a SHA-512 to the SHA-256 of the same bytes.
const SHA512: &str = "sha512";

/// What stands for a checksum where a digest is wanted as a key.
fn claim_key(checksum: &Checksum) -> Digest {
    checksum.sha256().unwrap_or_else(|| Digest::of(checksum.to_string().as_bytes()))
}

impl Failure {
    /// Whether an index lists the file, and every address says there is none.
    #[must_use]
    pub fn has_vanished(&self) -> bool {
        self.listed_by.is_some() && !self.tried.is_empty() && self.tried.iter().all(Tried::is_absent)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = redact::printable(&self.name);
        match (&self.listed_by, self.has_vanished()) {
            (Some(index), true) => {
                write!(f, "{name} has vanished: the index of {index} lists it, its pool does not have it")?
            }
            _ => write!(f, "cannot fetch {name}")?,
        }
        if self.tried.is_empty() {
            return f.write_str(": no address is known");
        }
        let tried: Vec<String> = self.tried.iter().map(ToString::to_string).collect();
        write!(f, ": {}", tried.join("; "))
    }
}

impl Fault for FetchError {
    fn class(&self) -> Class {
        match self {
            Self::Offline { .. } => Class::Network,
            Self::Failed { failures } => {
                let classes: Vec<Class> = failures.iter().flat_map(|f| &f.tried).map(Fault::class).collect();
                // Wrong bytes weigh more than none.
                classes
                    .iter()
                    .copied()
                    .find(|c| *c == Class::Integrity)
                    .or(classes.first().copied())
                    .unwrap_or(Class::Network)
            }
            Self::Store(error) => error.class(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Offline { .. } => Some("run once without --offline".into()),
            Self::Failed { failures } if failures.iter().any(Failure::has_vanished) => Some(
                "the archive has removed this version: `mokapot lock --update`, or a build without --locked, takes the \
                 present one; where there is none, use another mirror, or another suite"
                    .into(),
            ),
            Self::Failed { failures } => {
                let own = failures.iter().find_map(|failure| failure.hint.clone());
                own.or_else(|| failures.iter().flat_map(|f| &f.tried).find_map(Fault::hint))
            }
            Self::Store(error) => error.hint(),
        }
    }
}

/// The first few of a list, and how many more there are.
struct Listed<'a, T>(&'a [T]);

impl<T: fmt::Display> fmt::Display for Listed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 20;
        for (at, item) in self.0.iter().take(SHOWN).enumerate() {
            write!(f, "{}{item}", if at == 0 { "" } else { "\n" })?;
        }
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}
