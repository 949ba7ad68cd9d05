//! Uploading a blob (distribution-spec, "Pushing blobs").
//!
//! ```text
//! POST  …/blobs/uploads/?mount=…&from=…     201: the registry has it elsewhere, done
//!                                           202: a session, at a Location that every answer may change
//! PUT   session?digest=…  (all bytes)       a small blob
//! PATCH session           (part by part)    a large one; after a failure GET session tells how far it came
//! PUT   session?digest=…  (no bytes)        closes it: only now does the blob exist
//! DELETE session                            when we give up
//! ```
//!
//! Registries differ in what they check of a part's `Content-Range`; so it is never relied on. What decides is the closing
//! `PUT`, where the registry compares the digest: when it disagrees, the upload starts again, once.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{CONTENT_RANGE, CONTENT_TYPE};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use url::Url;

use super::answer::Answer;
use super::error::{Error, Result};
use super::feed::{Feed, Pumped};
use super::images::Images;
use super::repository::Repository;
use crate::base::{Digest, Event, Phase, Progress, redact};
use crate::formats::oci::Descriptor;
use crate::io::http::{Call, Parts};

/// Blobs up to this size are sent in one request from memory.
const SMALL: u64 = 1 << 20;

/// How a blob came to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uploaded {
    /// Its bytes were sent.
    Sent,
    /// The registry took it from another repository.
    Mounted,
}

/// An upload that was begun.
struct Session {
    /// Its number in [`Repository`]'s list.
    number: u64,
    url: Url,
    /// The least bytes of every part but the last (`OCI-Chunk-Min-Length`).
    least: u64,
}

impl Repository {
    /// Uploads a blob from `source`, or has it mounted.
    ///
    /// # Errors
    /// When the source's bytes are not those of the digest, or the registry refuses or fails too often.
    pub(super) async fn put_blob(
        self: &Arc<Self>,
        blob: &Descriptor,
        source: &Images,
        progress: &dyn Progress,
    ) -> Result<Uploaded> {
        let mut feed = Feed::new(source, blob, progress);
        let mut tries = 1;
        loop {
            let Some(mut session) = self.begin_whatever_happens(blob.digest).await? else {
                progress.emit(Event::Advance { phase: Phase::Push, amount: blob.size });
                return Ok(Uploaded::Mounted);
            };
            let Err(error) = self.fill(&mut session, blob, &mut feed).await else {
                self.open_sessions().remove(&session.number);
                return Ok(Uploaded::Sent);
            };
            self.abandon(session.number).await;
            if let Some(error) = feed.fault.take() {
                return Err(error);
            }
            let forgotten = [400, 404, 416].into_iter().any(|status| error.refused(status).is_some());
            let may_pass = error.may_pass() || (forgotten && tries == 1);
            if !(may_pass && self.transport.pause(&mut tries, &error).await) {
                return Err(with_tries(error, tries));
            }
        }
    }

    /// [`Repository::begin`] in a task of its own: a push that is stopped between the `POST` and its answer still learns of the
    /// session, and can give it up.
    async fn begin_whatever_happens(self: &Arc<Self>, digest: Digest) -> Result<Option<Session>> {
        let beginning = Arc::clone(&self.beginning).read_owned().await;
        let repository = Arc::clone(self);
        let begun = tokio::spawn(async move {
            let _beginning = beginning;
            repository.begin(digest).await
        });
        begun.await.unwrap_or_else(|ended| {
            let url = redact::url(self.transport.base().as_str());
            Err(Error::Unreachable { verb: "POST".into(), url, reason: ended.to_string(), tries: 1 })
        })
    }

    /// Starts an upload; none when the registry mounted the blob instead.
    async fn begin(&self, digest: Digest) -> Result<Option<Session>> {
        let plain = self.transport.url(&format!("{}/blobs/uploads/", self.name().path()));
        let mut answer = None;
        if let Some(from) = self.mount_from() {
            let mut url = plain.clone();
            url.query_pairs_mut().append_pair("mount", &digest.to_string()).append_pair("from", from);
            let mounted = self.call(&Call::new(Method::POST, url)).await?;
            // whoever may not read the other repository can still upload
            answer = matches!(mounted.status(), 201 | 202).then_some(mounted);
        }
        let answer = match answer {
            Some(answer) => answer,
            None => self.call(&Call::new(Method::POST, plain)).await?,
        };
        match answer.status() {
            201 => return Ok(None),
            202 => {}
            _ => return Err(answer.into_error().await),
        }
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let least = answer.header("oci-chunk-min-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        let url = self.location(&answer).await?;
        let mut session = Session { number: NUMBER.fetch_add(1, Ordering::Relaxed), url, least };
        self.moved(&mut session, None).await?;
        Ok(Some(session))
    }

    /// Sends the bytes and closes the session.
    async fn fill(&self, session: &mut Session, blob: &Descriptor, feed: &mut Feed<'_>) -> Result<()> {
        let closing = if blob.size <= SMALL {
            feed.seek(0).await?;
            feed.rest().await?
        } else {
            self.send_parts(session, blob, feed).await?;
            Bytes::new()
        };
        let mut url = session.url.clone();
        url.query_pairs_mut().append_pair("digest", &blob.digest.to_string());
        let call = Call::new(Method::PUT, url).header(CONTENT_TYPE, "application/octet-stream").body(closing);
        let error = match self.once(&call).await {
            Ok(answer) if matches!(answer.status(), 200..=202) => {
                match answer.header("docker-content-digest").and_then(|text| text.parse().ok()) {
                    Some(got) if got != blob.digest => {
                        let object = redact::url(self.blob_url(blob.digest).as_str());
                        return Err(Error::Digest { object, expected: blob.digest, got });
                    }
                    _ => return Ok(()),
                }
            }
            Ok(answer) => answer.into_error().await,
            Err(error) => error,
        };
        // the answer may have been lost after the registry took the blob
        let lost = matches!(error, Error::Unreachable { .. } | Error::Stalled { .. } | Error::Refused(_));
        if lost && self.has_blob(blob.digest, blob.size).await.unwrap_or(false) {
            return Ok(());
        }
        Err(error)
    }

    async fn send_parts(&self, session: &mut Session, blob: &Descriptor, feed: &mut Feed<'_>) -> Result<()> {
        let (mut offset, mut tries, mut renewed) = (0, 1, false);
        while offset < blob.size {
            let length = self.options.chunk.max(session.least).max(1).min(blob.size - offset);
            feed.seek(offset).await?;
            let error = match self.send_part(session, feed, offset, length).await {
                Ok(next) if next > offset => {
                    (offset, tries, renewed) = (next, 1, false);
                    continue;
                }
                Ok(_) => Error::Protocol {
                    verb: "PATCH".into(),
                    url: redact::url(session.url.as_str()),
                    what: format!("the registry took none of the bytes from {offset} on"),
                },
                Err(error) => error,
            };
            let resumable = match &error {
                Error::Protocol { .. } => true,
                // the token ran out on the way; `send_part` has a new one already
                Error::Refused(refusal) if refusal.status == 401 => !std::mem::replace(&mut renewed, true),
                other => other.may_pass() || other.refused(416).is_some(),
            };
            if feed.fault.is_none() && resumable && error.refused(401).is_some() {
                // refused before it was looked at: the same part again
                continue;
            }
            if feed.fault.is_some() || !resumable || !self.transport.pause(&mut tries, &error).await {
                return Err(with_tries(error, tries));
            }
            // where the registry does not tell how far it came, the upload must start again
            offset = self.progress_of(session).await?.filter(|offset| *offset <= blob.size).ok_or(error)?;
        }
        feed.finish().await
    }

    /// Sends one part; returns how many bytes the registry has now.
    async fn send_part(&self, session: &mut Session, feed: &mut Feed<'_>, offset: u64, length: u64) -> Result<u64> {
        let call = Call::new(Method::PATCH, session.url.clone())
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(CONTENT_RANGE, &format!("{offset}-{}", offset + length - 1));
        let authorization = self.auth.current(&self.transport).await?;
        let (sender, receiver) = mpsc::channel::<Bytes>(4);
        let window = self.options.http.stall_timeout;
        let stalled =
            || Error::Stalled { verb: "PATCH".into(), url: redact::url(session.url.as_str()), window, tries: 1 };
        let answer = {
            let body = Some(Parts { length, receiver });
            let mut request = pin!(self.transport.send_once(&call, authorization.as_ref(), body));
            let mut pump = pin!(feed.pump(length, sender, window));
            let mut last = None;
            loop {
                let deadline = last.unwrap_or_else(Instant::now) + window;
                tokio::select! {
                    answer = &mut request => break answer?,
                    pumped = &mut pump, if last.is_none() => match pumped {
                        Pumped::All => last = Some(Instant::now()),
                        // the request knows better why nobody takes the bytes
                        Pumped::Refused => last = Some(Instant::now()),
                        Pumped::Stalled | Pumped::Failed => return Err(stalled()),
                    },
                    () = sleep_until(deadline), if last.is_some() => return Err(stalled()),
                }
            }
        };
        if answer.status() == 401 {
            self.renew(&answer, authorization.as_ref()).await?;
        }
        if !matches!(answer.status(), 200..=204) {
            return Err(answer.into_error().await);
        }
        let end = answer.header("range").and_then(range_end).unwrap_or(offset + length);
        self.moved(session, Some(&answer)).await?;
        // nobody has bytes that were never sent
        Ok(end.min(offset + length))
    }

    /// How many bytes of a session the registry has; none when it does not know the session any more, or has at most one.
    async fn progress_of(&self, session: &mut Session) -> Result<Option<u64>> {
        let answer = self.call(&Call::get(session.url.clone())).await?;
        if !matches!(answer.status(), 200 | 202 | 204) {
            return Ok(None);
        }
        let end = answer.header("range").and_then(range_end);
        self.moved(session, Some(&answer)).await?;
        Ok(end)
    }

    /// Notes where a session is now, so that it can be given up from outside.
    async fn moved(&self, session: &mut Session, answer: Option<&Answer>) -> Result<()> {
        if let Some(answer) = answer.filter(|answer| answer.header("location").is_some()) {
            session.url = self.location(answer).await?;
        }
        self.open_sessions().insert(session.number, session.url.clone());
        Ok(())
    }

    /// Where an answer says that the upload goes on.
    async fn location(&self, answer: &Answer) -> Result<Url> {
        let target = answer.header("location").ok_or_else(|| answer.protocol("no Location for the upload"))?;
        self.transport.resolve(answer.url(), target).await
    }

    /// Gives an upload up: `DELETE`, once, whatever the answer.
    async fn abandon(&self, number: u64) {
        let url = self.open_sessions().remove(&number);
        if let Some(url) = url {
            let _ = timeout(self.options.http.stall_timeout, self.once(&Call::new(Method::DELETE, url))).await;
        }
    }

    /// Gives all unfinished uploads up, those that are just being begun included.
    pub(super) async fn abandon_all(&self) {
        // whoever begins an upload holds this for reading
        let _none_begins = timeout(self.options.http.stall_timeout, self.beginning.write()).await;
        let numbers: Vec<u64> = self.open_sessions().keys().copied().collect();
        for number in numbers {
            self.abandon(number).await;
        }
    }
}

/// How many bytes `0-N` or `bytes=0-N` stands for. `0-0` should be one, but registries say so of none, too: not worth knowing.
fn range_end(header: &str) -> Option<u64> {
    let (_, last) = header.trim_start_matches("bytes=").trim_start_matches("bytes ").split_once('-')?;
    last.trim().parse::<u64>().ok().filter(|last| *last > 0)?.checked_add(1)
}

/// The error with the number of tries in it.
fn with_tries(mut error: Error, count: u32) -> Error {
    error.count(count);
    error
}

#[cfg(test)]
mod tests {
    use super::range_end;

    #[test]
    fn ranges_of_uploads() {
        assert_eq!(range_end("0-1023"), Some(1024));
        assert_eq!(range_end("bytes=0-9"), Some(10));
        for bad in ["0-0", "", "0", "0--1", "0-x", "0-18446744073709551615"] {
            assert_eq!(range_end(bad), None, "{bad}");
        }
    }
}
