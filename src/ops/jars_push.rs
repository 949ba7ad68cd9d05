//! `jars push`: the buckets of a recipe are filled from its jars' other places.
//!
//! What will be done is data before anything is done: every object is asked for by `HEAD` first. An object that is there is never
//! overwritten; one with other bytes ends the push before its first byte. A put is conditional, so that of two pushes one makes
//! the object and the other finds it, and what was put is read back.

use std::sync::Arc;

use serde::Serialize;

use super::fetch::Fetcher;
use super::input::Input;
use super::{Error, Inputs};
use crate::base::{Class, Digest, Event, Fault, Phase};
use crate::domain::lock::{JarLock, Locked};
use crate::domain::recipe::Place;
use crate::formats::s3::ObjectName;
use crate::io::http::{Expected, Piece};
use crate::io::objects::{Objects, Put, Source};

/// What is to be done with every object of some recipes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Sorted by name, each once.
    pub objects: Vec<PlannedObject>,
}

/// What is to be done with one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedObject {
    /// Its name.
    pub object: ObjectName,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// What is to be done.
    pub action: Action,
    /// Who has its bytes, in the order to ask.
    pub from: Vec<Place>,
}

/// What is done with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Nothing: it is there.
    Keep,
    /// It is put there.
    Put,
}

/// Why nothing is pushed.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// An object is there and has other bytes.
    #[error("{object} has other bytes than the lock says: expected {expected}, it has {got}")]
    Differs {
        /// The object.
        object: ObjectName,
        /// What the lock says.
        expected: String,
        /// What is there.
        got: String,
    },
    /// Two locks want one object to be two things.
    #[error("{object} is locked as {one} and as {other}")]
    Torn {
        /// The object.
        object: ObjectName,
        /// One digest.
        one: Digest,
        /// The other.
        other: Digest,
    },
    /// Nobody else has the bytes.
    #[error("{object} is not there, and the jar has no other place")]
    Alone {
        /// The object.
        object: ObjectName,
    },
}

/// Asks for every object of the jars of `locks`.
///
/// # Errors
/// When an object has other bytes, or a bucket cannot be asked.
pub async fn plan(locks: &[Locked], inputs: &Inputs<'_>) -> Result<Plan, Error> {
    let objects = objects(inputs)?;
    let mut planned: Vec<PlannedObject> = Vec::new();
    for (_, jar) in locks.iter().flat_map(Locked::jars) {
        for place in &jar.places {
            let Place::S3(object) = place else { continue };
            match planned.iter().find(|planned| planned.object == *object) {
                Some(known) if known.sha256 == jar.sha256 => continue,
                Some(known) => {
                    let (one, other) = (known.sha256, jar.sha256);
                    return Err(PushError::Torn { object: object.clone(), one, other }.into());
                }
                None => {}
            }
            let action = action(objects, object, jar, inputs.fetcher).await?;
            let from = jar.places.iter().filter(|other| *other != place).cloned().collect();
            planned.push(PlannedObject { object: object.clone(), size: jar.size, sha256: jar.sha256, action, from });
        }
    }
    let held = |planned: &PlannedObject| inputs.fetcher.store.contains(&planned.sha256, Some(planned.size));
    let alone = |planned: &&PlannedObject| planned.action == Action::Put && planned.from.is_empty() && !held(planned);
    if let Some(planned) = planned.iter().find(alone) {
        return Err(PushError::Alone { object: planned.object.clone() }.into());
    }
    planned.sort_by(|a, b| a.object.cmp(&b.object));
    Ok(Plan { objects: planned })
}

/// Whether an object is there with the right bytes. Where its head does not tell, it is read.
async fn action(objects: &Objects, object: &ObjectName, jar: &JarLock, fetcher: &Fetcher) -> Result<Action, Error> {
    let boxed = |error| Error::Object(Box::new(error));
    let Some(head) = objects.head(object).await.map_err(boxed)? else { return Ok(Action::Put) };
    if head.size == jar.size && head.sha256.is_none() {
        let mut sink = |_: Piece<'_>| Ok(());
        let expected = Expected::exact(jar.size, jar.sha256);
        let to = (&*fetcher.progress, Phase::Verify);
        objects.download(object, &expected, &mut sink, to).await.map_err(boxed)?;
        return Ok(Action::Keep);
    }
    if head.size == jar.size && head.sha256 == Some(jar.sha256) {
        return Ok(Action::Keep);
    }
    let digest = head.sha256.map(|digest| format!(", {digest}")).unwrap_or_default();
    let (expected, got) = (format!("{} bytes, {}", jar.size, jar.sha256), format!("{} bytes{digest}", head.size));
    Err(PushError::Differs { object: object.clone(), expected, got }.into())
}

/// Does what a plan says; returns how many objects are new.
///
/// # Errors
/// When a jar cannot be had, or a bucket refuses. What was put until then stays: each object is whole.
pub async fn execute(plan: &Plan, inputs: &Inputs<'_>) -> Result<u64, Error> {
    let todo = || plan.objects.iter().filter(|planned| planned.action == Action::Put);
    let absent: Vec<&ObjectName> = todo().map(|planned| &planned.object).collect();
    let mut wanted = Vec::new();
    for planned in todo() {
        let places =
            planned.from.iter().filter(|place| !matches!(place, Place::S3(object) if absent.contains(&object)));
        let jar = JarLock { places: places.cloned().collect(), size: planned.size, sha256: planned.sha256 };
        let mut input = match inputs.fetcher.store.contains(&jar.sha256, Some(jar.size)) {
            true => Input::held(&jar),
            false => Input::jar(&jar, inputs.mirrors)?,
        };
        input.name = planned.object.to_string();
        wanted.push(input);
    }
    if !wanted.is_empty() {
        inputs.fetcher.fetch(&wanted, Phase::Fetch).await?;
    }
    let objects = objects(inputs)?;
    let phase = Phase::Push;
    let progress = &inputs.fetcher.progress;
    progress.emit(Event::Begin { phase, total: Some(todo().map(|planned| planned.size).sum()) });
    let mut made = 0;
    let mut failed = None;
    for planned in todo() {
        let (store, digest, size) = (Arc::clone(&inputs.fetcher.store), planned.sha256, planned.size);
        // Hashed before its first byte is sent, and again when it is read back.
        let source: Source =
            Arc::new(move || store.file(&digest, size).map_err(|error| std::io::Error::other(error.to_string())));
        match objects.put_new(&planned.object, (size, digest), &source, (&**progress, phase)).await {
            Ok(Put::Made) => made += 1,
            Ok(Put::Present) => {}
            Err(error) => {
                failed = Some(Error::Object(Box::new(error)));
                break;
            }
        }
    }
    progress.emit(Event::End { phase });
    failed.map_or(Ok(made), Err)
}

fn objects<'a>(inputs: &'a Inputs<'_>) -> Result<&'a Objects, Error> {
    inputs.fetcher.objects.as_ref().ok_or(Error::OfflineLock)
}

impl Fault for PushError {
    fn class(&self) -> Class {
        match self {
            Self::Differs { .. } | Self::Torn { .. } => Class::Integrity,
            Self::Alone { .. } => Class::Recipe,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Differs { .. } => {
                "an object is never overwritten: take it away, or lock what is there with `mokapot lock --update`"
                    .into()
            }
            Self::Torn { .. } => "use one key a version of a jar".into(),
            Self::Alone { .. } => "say where else the jar is: `maven` or `url`".into(),
        })
    }
}
