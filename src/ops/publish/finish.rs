//! What follows once a publish is decided: the names that change are brought to it, and what nobody needs any more is removed.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::present::{MAX_FILE, checked, known};
use super::{PublishError, Request};
use crate::base::Event;
use crate::domain::repository::{IndexFiles, State, Suite, by_hash};
use crate::formats::deb::Release;
use crate::io::objects::{PlaceError, Swap};

/// Brings all names that change to what the state says: `Packages` and `Contents`, then `Release.gpg`, `Release` and `InRelease`. Indexes
/// that are not in `made` are read by their hash. Whoever finds that a later publish has overtaken it is done: that one began with this.
///
/// # Errors
/// When the place refuses, or somebody else changes these names.
pub(super) async fn finish(
    request: &Request<'_>,
    state: &State,
    suite: &Suite,
    made: &IndexFiles,
) -> Result<(), PublishError> {
    let documents = &suite.current.documents;
    let wrong = |source| PublishError::Release { file: request.suite.to_string(), source };
    let release = Release::parse(&documents.release).map_err(wrong)?;
    for (path, file) in &release.files {
        let Some(sha256) = file.sha256 else { continue };
        let bytes = match made.get(path) {
            Some(bytes) => Bytes::copy_from_slice(bytes),
            None => {
                let by_hash = format!("{}/{}", request.suite.folder(), by_hash(path, &sha256));
                checked(request.place, &by_hash, sha256).await?
            }
        };
        if !bring(request, state, path, &bytes).await? {
            return Ok(());
        }
    }
    for (name, text) in documents.in_order() {
        if !bring(request, state, name, &Bytes::copy_from_slice(text.as_bytes())).await? {
            return Ok(());
        }
    }
    Ok(())
}

/// Brings one name to `bytes`; says no where a later publish has overtaken this one.
async fn bring(request: &Request<'_>, state: &State, path: &str, bytes: &Bytes) -> Result<bool, PublishError> {
    let place = request.place;
    let path = format!("{}/{path}", request.suite.folder());
    for _ in 0..super::ATTEMPTS {
        let (there, tag) = place.read(&path, MAX_FILE).await.map_err(PublishError::Unfinished)?.unzip();
        if there.as_ref() == Some(bytes) {
            return Ok(true);
        }
        // Read after what is to be replaced: what is there now is either older than this state, or this state is not the last.
        if known(place).await?.state.generation != state.generation {
            return Ok(false);
        }
        if place.replace(&path, bytes, tag.as_ref()).await.map_err(PublishError::Unfinished)? == Swap::Done {
            return Ok(true);
        }
    }
    Err(PublishError::Foreign(place.shown(&path)))
}

/// Removes files that no state names any more. They are in nobody's way, so that what fails here is a warning.
pub(super) async fn sweep(request: &Request<'_>, paths: &BTreeSet<String>) {
    if paths.is_empty() {
        return;
    }
    let warn = |error: &dyn std::fmt::Display| request.progress.emit(Event::Warning(error.to_string()));
    let removed = async {
        // As late as can be: another publisher may have begun to use one of them again.
        let state = known(request.place).await?.state;
        for path in paths.iter().filter(|path| !state.names(path)) {
            request.place.remove(path).await?;
        }
        Ok::<(), PublishError>(())
    };
    match removed.await {
        Ok(()) => {}
        Err(PublishError::Place(PlaceError::Object(error))) if error.is_absent() => {}
        Err(error) => warn(&error),
    }
}
