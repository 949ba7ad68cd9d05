//! The bytes of one blob on their way into an upload.

use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use tokio::sync::mpsc;

use super::error::{Error, Result};
use super::images::Images;
use super::stream::ByteStream;
use crate::base::{Event, Phase, Progress};
use crate::formats::oci::Descriptor;
use crate::io::http::Pace;

/// The bytes of a blob, taken from the source in order and again where needed.
pub(super) struct Feed<'s> {
    source: &'s Images,
    blob: &'s Descriptor,
    progress: &'s dyn Progress,
    stream: Option<ByteStream>,
    ahead: Bytes,
    position: u64,
    /// The furthest position that was reported as progress.
    reported: u64,
    /// What is wrong with the source: no use to ask the registry again.
    pub(super) fault: Option<Error>,
}

/// How sending the bytes of a part ended.
pub(super) enum Pumped {
    /// All are on their way.
    All,
    /// The request ended before them.
    Refused,
    /// Nobody took them for too long.
    Stalled,
    /// The source has no more; see [`Feed::fault`].
    Failed,
}

impl<'s> Feed<'s> {
    pub(super) fn new(source: &'s Images, blob: &'s Descriptor, progress: &'s dyn Progress) -> Self {
        Self { source, blob, progress, stream: None, ahead: Bytes::new(), position: 0, reported: 0, fault: None }
    }

    /// Goes to `offset`: forward by reading, backward by opening the source anew (its bytes are verified from the first on).
    pub(super) async fn seek(&mut self, offset: u64) -> Result<()> {
        if self.stream.is_none() || offset < self.position {
            self.stream = None;
            (self.ahead, self.position) = (Bytes::new(), 0);
            match self.source.blob(self.blob).await {
                Ok(stream) => self.stream = Some(stream),
                Err(error) => return Err(self.broken(error)),
            }
        }
        while self.position < offset {
            self.next(offset - self.position).await?;
        }
        Ok(())
    }

    /// The next bytes, at most `limit` of them.
    async fn next(&mut self, limit: u64) -> Result<Bytes> {
        while self.ahead.is_empty() {
            let Some(stream) = &mut self.stream else { return Ok(Bytes::new()) };
            match stream.try_next().await {
                Ok(Some(bytes)) => self.ahead = bytes,
                Ok(None) => return Ok(Bytes::new()),
                Err(error) => return Err(self.broken(error)),
            }
        }
        let count = self.ahead.len().min(usize::try_from(limit).unwrap_or(usize::MAX));
        self.position += count as u64;
        Ok(self.ahead.split_to(count))
    }

    /// All bytes from here on, for a small blob.
    pub(super) async fn rest(&mut self) -> Result<Bytes> {
        let mut all = Vec::new();
        loop {
            let bytes = self.next(u64::MAX).await?;
            if bytes.is_empty() {
                self.report();
                return Ok(all.into());
            }
            all.extend_from_slice(&bytes);
        }
    }

    /// Makes sure that the source has said it is complete.
    pub(super) async fn finish(&mut self) -> Result<()> {
        self.next(1).await.map(|_| ())
    }

    /// Hands `length` bytes to a request's body.
    pub(super) async fn pump(&mut self, length: u64, sender: mpsc::Sender<Bytes>, window: Duration) -> Pumped {
        let end = self.position + length;
        let mut pace = Pace::new(window);
        while self.position < end {
            let bytes = match self.next(end - self.position).await {
                Ok(bytes) if !bytes.is_empty() => bytes,
                _ => return Pumped::Failed,
            };
            let count = bytes.len() as u64;
            match pace.watch(sender.send(bytes)).await {
                Ok(Ok(())) => pace.count(count),
                Ok(Err(_)) => return Pumped::Refused,
                Err(_) => return Pumped::Stalled,
            }
            self.report();
        }
        Pumped::All
    }

    fn report(&mut self) {
        if let Some(amount) = self.position.checked_sub(self.reported).filter(|amount| *amount > 0) {
            self.reported = self.position;
            self.progress.emit(Event::Advance { phase: Phase::Push, amount });
        }
    }

    /// Keeps the source's error, and gives one for those on the way.
    fn broken(&mut self, error: Error) -> Error {
        let shown = Error::Protocol { verb: "read".into(), url: self.source.name(), what: error.to_string() };
        self.fault = Some(error);
        shown
    }
}
