//! Downloads: resumed when cut, checked while they stream, never longer than they should be.

use std::io;

use bytes::Bytes;
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderMap, HeaderValue, IF_RANGE, LAST_MODIFIED, RANGE};
use url::Url;

use super::call::Call;
use super::client::{Client, quote};
use super::error::{Cause, HttpError};
use crate::base::checksum::Checker;
use crate::base::{Checksum, Event, Phase, Progress};

/// How much of a body is kept to recognise a web page by.
const HEAD: usize = 200;

/// What a download must turn out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The exact size in bytes, where it is known.
    pub size: Option<u64>,
    /// The most bytes that are taken, where the size is not known.
    pub limit: u64,
    /// The checksum, where it is known.
    pub checksum: Option<Checksum>,
}

/// What a download's receiver is handed.
#[derive(Debug)]
pub enum Piece<'a> {
    /// Forget everything handed over so far; it starts anew.
    Restart,
    /// The next bytes.
    Bytes(&'a [u8]),
}

/// How far a download has come, over all attempts.
struct Transfer<'a> {
    call: Call,
    expected: &'a Expected,
    sink: &'a mut (dyn FnMut(Piece<'_>) -> io::Result<()> + Send),
    progress: &'a dyn Progress,
    phase: Phase,
    received: u64,
    /// The most that was ever received: what was reported as progress.
    reported: u64,
    checker: Option<Checker>,
    head: Vec<u8>,
    /// What identifies this version of the file to its server, for resuming.
    validator: Option<HeaderValue>,
    /// Whether bytes of more than one answer are in.
    patched: bool,
}

impl Expected {
    /// A file whose size and checksum are known.
    #[must_use]
    pub fn exact(size: u64, checksum: impl Into<Checksum>) -> Self {
        Self { size: Some(size), limit: size, checksum: Some(checksum.into()) }
    }

    /// A file of which nothing is known but that it cannot be larger than `limit` bytes.
    #[must_use]
    pub const fn at_most(limit: u64) -> Self {
        Self { size: None, limit, checksum: None }
    }
}

impl Client {
    /// Downloads `url` into `sink`, and reports bytes as progress of `phase`. Returns the number of bytes.
    ///
    /// The size is compared before the first byte is taken; not one byte more is ever handed on. When this returns, the
    /// checksum was right.
    ///
    /// # Errors
    /// When all attempts are used up, or size or checksum are not the expected ones; what the sink got is then worthless.
    pub async fn download(
        &self,
        url: &Url,
        expected: &Expected,
        sink: &mut (dyn FnMut(Piece<'_>) -> io::Result<()> + Send),
        (progress, phase): (&dyn Progress, Phase),
    ) -> Result<u64, HttpError> {
        let mut transfer = Transfer {
            call: Call::get(url.clone()),
            expected,
            sink,
            progress,
            phase,
            received: 0,
            reported: 0,
            checker: expected.checksum.map(|c| c.checker()),
            head: Vec::new(),
            validator: None,
            patched: false,
        };
        let mut attempt = 1;
        loop {
            match transfer.run(self).await {
                Ok(()) => return Ok(transfer.received),
                // Halves of two versions of the file may have met: that deserves a fresh start.
                Err(Cause::Mismatch { .. } | Cause::Size { .. })
                    if transfer.patched && attempt < self.settings.attempts =>
                {
                    attempt += 1;
                    transfer.restart().map_err(|cause| transfer.call.failed(attempt, cause))?;
                }
                Err(cause) => self.pause(&transfer.call, &mut attempt, cause).await?,
            }
        }
    }
}

impl Transfer<'_> {
    /// One attempt, from where the last one got to.
    async fn run(&mut self, client: &Client) -> Result<(), Cause> {
        self.call.headers = HeaderMap::new();
        if self.received > 0 {
            match &self.validator {
                Some(validator) => {
                    let range = HeaderValue::from_str(&format!("bytes={}-", self.received));
                    self.call.headers.insert(RANGE, range.map_err(|e| Cause::Setup(e.to_string()))?);
                    self.call.headers.insert(IF_RANGE, validator.clone());
                }
                None => self.restart()?,
            }
        }
        let mut exchange = match client.exchange(&self.call).await {
            Err(Cause::Status { status: 416, .. }) if self.received > 0 => {
                self.restart()?;
                return Err(Cause::Transport("the server does not resume where the connection broke".into()));
            }
            other => other?,
        };
        self.begin(exchange.status(), exchange.headers())?;
        while let Some(chunk) = exchange.next().await? {
            self.take(&chunk)?;
        }
        self.finish()
    }

    /// Looks at an answer's head: whether it continues what we have, and whether its size is right.
    fn begin(&mut self, status: u16, headers: &HeaderMap) -> Result<(), Cause> {
        if status == 206 && self.received > 0 && continues_at(headers, self.received, self.expected.size) {
            self.patched = true;
            return Ok(());
        }
        if status == 206 {
            self.restart()?;
            return Err(Cause::Transport("the server answered with another part than was asked for".into()));
        }
        self.restart()?;
        self.validator = validator(headers);
        let announced = headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<u64>().ok());
        match (announced, self.expected.size) {
            (Some(got), Some(expected)) if got != expected => {
                Err(Cause::Size { expected, got: got.to_string(), head: self.web_page(headers) })
            }
            (Some(got), None) if got > self.expected.limit => Err(Cause::Limit { limit: self.expected.limit }),
            _ => Ok(()),
        }
    }

    fn take(&mut self, chunk: &Bytes) -> Result<(), Cause> {
        let total = self.received + chunk.len() as u64;
        if self.head.len() < HEAD {
            self.head.extend_from_slice(&chunk[..chunk.len().min(HEAD - self.head.len())]);
        }
        if total > self.expected.limit {
            return Err(match self.expected.size {
                Some(expected) => Cause::Size { expected, got: "more".into(), head: quote(&self.head) },
                None => Cause::Limit { limit: self.expected.limit },
            });
        }
        if let Some(checker) = &mut self.checker {
            checker.update(chunk);
        }
        (self.sink)(Piece::Bytes(chunk)).map_err(Cause::Sink)?;
        self.received = total;
        if total > self.reported {
            self.progress.emit(Event::Advance { phase: self.phase, amount: total - self.reported });
            self.reported = total;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Cause> {
        if let Some(expected) = self.expected.size.filter(|size| *size != self.received) {
            return Err(Cause::Size { expected, got: self.received.to_string(), head: quote(&self.head) });
        }
        match (self.expected.checksum, self.checker.clone().map(Checker::finish)) {
            (Some(expected), Some(got)) if got != expected => {
                Err(Cause::Mismatch { checksums: Box::new((expected, got)), head: quote(&self.head) })
            }
            _ => Ok(()),
        }
    }

    /// Forgets what came so far.
    fn restart(&mut self) -> Result<(), Cause> {
        if self.received > 0 {
            (self.sink)(Piece::Restart).map_err(Cause::Sink)?;
        }
        self.received = 0;
        self.checker = self.expected.checksum.map(|c| c.checker());
        self.head.clear();
        self.validator = None;
        self.patched = false;
        Ok(())
    }

    /// A mark for the error's reader where the answer calls itself HTML, though no byte of it was read.
    fn web_page(&self, headers: &HeaderMap) -> String {
        let kind = headers.get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default();
        if kind.starts_with("text/html") { "<html>".into() } else { String::new() }
    }
}

/// What identifies a file's version: a strong `ETag`, or else `Last-Modified` (RFC 9110 §13.1.5).
fn validator(headers: &HeaderMap) -> Option<HeaderValue> {
    let strong = headers.get(ETAG).filter(|tag| !tag.as_bytes().starts_with(b"W/"));
    strong.or_else(|| headers.get(LAST_MODIFIED)).cloned()
}

/// Whether `Content-Range: bytes START-END/TOTAL` starts at `start` and belongs to a file of the right size.
fn continues_at(headers: &HeaderMap, start: u64, size: Option<u64>) -> bool {
    let range = headers.get(CONTENT_RANGE).and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("bytes "));
    let Some((first, rest)) = range.and_then(|r| r.split_once('-')) else { return false };
    let total = rest.split_once('/').map(|(_, total)| total);
    first.parse() == Ok(start)
        && match (size, total) {
            (Some(size), Some(total)) => total == "*" || total.parse() == Ok(size),
            (None, Some(_)) => true,
            (_, None) => false,
        }
}
