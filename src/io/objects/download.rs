//! Reading objects: in parts of a few MiB, several at a time, all of one version, handed on in order.
//!
//! The first part tells the version (`ETag`); the others are asked for with `If-Match`, so halves of two versions never meet: an object
//! that is overwritten meanwhile is read from its start again. A part that breaks is asked for again by itself.

use std::io;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use reqwest::Method;
use reqwest::header::{CONTENT_RANGE, ETAG};
use tokio::sync::OwnedSemaphorePermit;

use super::error::{ObjectCause, ObjectError};
use super::request::{Request, read_error};
use super::{Objects, PART, PARTS};
use crate::base::checksum::Checker;
use crate::base::{Checksum, Event, Phase, Progress};
use crate::formats::s3::ObjectName;
use crate::io::http::{Cause, Expected, Piece};

/// How often an object may change under us before we give up.
const RESTARTS: u32 = 2;

/// An object of a wrong size is still read, so that its digest can be named, if it is larger by no more than this.
const CURIOSITY: u64 = 64 << 20;

/// A part that came, and its room in memory, which ends with it.
struct Part {
    bytes: Bytes,
    etag: Option<String>,
    /// The size of the whole object.
    total: u64,
    _room: OwnedSemaphorePermit,
}

/// Where a download's bytes go.
pub(super) struct Target<'a> {
    pub(super) sink: &'a mut (dyn FnMut(Piece<'_>) -> io::Result<()> + Send),
    pub(super) progress: &'a dyn Progress,
    pub(super) phase: Phase,
}

impl Objects {
    /// Downloads an object into `sink`, and reports bytes as progress of `phase`. Returns the number of bytes. When this returns, size
    /// and checksum were right.
    ///
    /// # Errors
    /// When there is no such object, it is not what is expected, or all attempts are used up; what the sink got is then worthless.
    pub async fn download(
        &self,
        object: &ObjectName,
        expected: &Expected,
        sink: &mut (dyn FnMut(Piece<'_>) -> io::Result<()> + Send),
        (progress, phase): (&dyn Progress, Phase),
    ) -> Result<u64, ObjectError> {
        let fail = |cause| ObjectError { verb: "GET", object: object.clone(), cause };
        let mut target = Target { sink, progress, phase };
        let (mut restarts, mut reported) = (0, 0);
        loop {
            match self.version(object, expected, &mut target, &mut reported).await {
                Err(error) if is_changed(&error) && restarts < RESTARTS => {
                    restarts += 1;
                    (target.sink)(Piece::Restart).map_err(|error| fail(ObjectCause::Local(error)))?;
                }
                Err(error) if is_changed(&error) => return Err(fail(ObjectCause::Changed)),
                other => return other,
            }
        }
    }

    /// One version of an object, from its first byte to its last.
    async fn version(
        &self,
        object: &ObjectName,
        expected: &Expected,
        target: &mut Target<'_>,
        reported: &mut u64,
    ) -> Result<u64, ObjectError> {
        let fail = |cause| ObjectError { verb: "GET", object: object.clone(), cause };
        let first = self.part(object, 0, None).await?;
        let total = first.total;
        let right = expected.size.is_none_or(|size| size == total);
        if let Some(size) = expected.size.filter(|size| !right && total > size.saturating_add(CURIOSITY)) {
            return Err(fail(ObjectCause::Size { expected: size, got: total }));
        }
        if right && total > expected.limit {
            return Err(fail(ObjectCause::Limit { limit: expected.limit, got: total }));
        }
        let etag = first.etag.clone();
        let mut checker = expected.checksum.map(|checksum| checksum.checker());
        let mut received = 0;
        let mut take = |part: &Part, checker: &mut Option<Checker>| {
            received += part.bytes.len() as u64;
            if let Some(checker) = checker {
                checker.update(&part.bytes);
            }
            if right {
                (target.sink)(Piece::Bytes(&part.bytes))?;
                if received > *reported {
                    target.progress.emit(Event::Advance { phase: target.phase, amount: received - *reported });
                    *reported = received;
                }
            }
            Ok(())
        };
        let local = |error| fail(ObjectCause::Local(error));
        take(&first, &mut checker).map_err(local)?;
        let starts: Vec<u64> = (first.bytes.len() as u64..total).step_by(PART as usize).collect();
        drop(first);
        // Collected, because a lazy iterator of borrowing futures keeps the whole future from being `Send`.
        let work: Vec<_> = starts.into_iter().map(|start| self.part(object, start, etag.as_deref())).collect();
        let mut parts = stream::iter(work).buffered(PARTS);
        while let Some(part) = parts.next().await {
            let part = part?;
            if part.total != total {
                return Err(fail(changed()));
            }
            take(&part, &mut checker).map_err(local)?;
        }
        match (expected.checksum, checker.map(Checker::finish)) {
            (Some(expected), Some(got)) if got != expected => {
                Err(fail(ObjectCause::Mismatch { checksums: Box::new((expected, got)) }))
            }
            _ if !right => Err(fail(ObjectCause::Size { expected: expected.size.unwrap_or_default(), got: total })),
            _ => Ok(total),
        }
    }

    /// One part of a version, in memory; asked for again where its connection breaks.
    async fn part(&self, object: &ObjectName, start: u64, etag: Option<&str>) -> Result<Part, ObjectError> {
        let fail = |cause| ObjectError { verb: "GET", object: object.clone(), cause };
        let room = std::sync::Arc::clone(&self.parts).acquire_owned().await;
        let room = room.map_err(|error| fail(ObjectCause::Setting(error.to_string())))?;
        let mut headers = Vec::new();
        headers.extend(etag.map(|etag| ("if-match", etag.to_owned())));
        headers.push(("range", format!("bytes={start}-{}", start + PART - 1)));
        let request = Request { method: Method::GET, object, headers };
        let mut attempt = 1;
        loop {
            let mut exchange = match self.send(&request, async || Ok(None)).await {
                // What has no bytes has no part of them either.
                Err(ObjectError { cause: ObjectCause::Answer { status: 416, .. }, .. }) if start == 0 => {
                    return Ok(Part { bytes: Bytes::new(), etag: None, total: 0, _room: room });
                }
                other => other?,
            };
            let header =
                |name: &str| exchange.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
            let (etag, is_xml) =
                (header(ETAG.as_str()), header("content-type").is_some_and(|kind| kind.contains("xml")));
            let range = header(CONTENT_RANGE.as_str()).and_then(|range| content_range(&range));
            // A server that knows no parts sends the whole, which is fine where it fits.
            let (begin, end, total) = match (exchange.status(), range) {
                (206, Some(range)) => range,
                _ => (0, u64::MAX, u64::MAX),
            };
            if begin != start {
                return Err(fail(changed()));
            }
            let bytes = match exchange.bytes(PART).await {
                Ok(bytes) => bytes,
                Err(cause) if cause.is_transient() && self.client.again(&mut attempt, None).await => continue,
                Err(cause) => return Err(fail(cause.into())),
            };
            if is_xml && let Some((code, message, _)) = read_error(&bytes) {
                return Err(fail(ObjectCause::Answer { status: exchange.status(), code, message, signed: true }));
            }
            let total = if total == u64::MAX { bytes.len() as u64 } else { total };
            if end != u64::MAX && bytes.len() as u64 != end.saturating_sub(begin).saturating_add(1) {
                if self.client.again(&mut attempt, None).await {
                    continue;
                }
                return Err(fail(Cause::Transport("the answer is shorter than it says".into()).into()));
            }
            return Ok(Part { bytes, etag, total, _room: room });
        }
    }
}

/// First byte, last byte and the whole of `bytes FIRST-LAST/WHOLE`.
fn content_range(text: &str) -> Option<(u64, u64, u64)> {
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let range = (first.parse().ok()?, last.parse().ok()?, total.parse().ok()?);
    (range.0 <= range.1 && range.1 < range.2).then_some(range)
}

fn changed() -> ObjectCause {
    ObjectCause::Changed
}

/// Whether another version than the one that was begun is there now.
fn is_changed(error: &ObjectError) -> bool {
    matches!(error.cause, ObjectCause::Changed | ObjectCause::Answer { status: 412, .. })
}

/// The checksum of an object's bytes as an expectation.
pub(super) fn exactly(size: u64, checksum: impl Into<Checksum>) -> Expected {
    Expected::exact(size, checksum)
}
