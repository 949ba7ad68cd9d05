//! Writing objects: only where there is none, and read back; or in place of the version that was read, and of no other.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::sync::Arc;

use base64::Engine as _;
use bytes::Bytes;
use reqwest::Method;
use reqwest::header::ETAG;
use tokio::sync::mpsc;

use super::Objects;
use super::download::exactly;
use super::error::{ObjectCause, ObjectError};
use super::request::Request;
use crate::base::{Digest, Phase, Progress};
use crate::formats::s3::ObjectName;
use crate::io::http::{Parts, Piece};

/// The most bytes of an object that is put in one request (Amazon S3 User Guide, "Uploading objects").
const MOST: u64 = 5 << 30;

/// How much is read at a time.
const CHUNK: usize = 1 << 18;

/// Opens the bytes to be sent, from their start; asked for anew at each attempt.
pub type Source = Arc<dyn Fn() -> io::Result<File> + Send + Sync>;

/// What became of a put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// The object is new.
    Made,
    /// Somebody else had put the same bytes there.
    Present,
}

/// What became of a replacement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swap {
    /// The new bytes are there.
    Done,
    /// Something else is there than what was to be replaced, and stays.
    Lost,
}

impl Objects {
    /// Puts bytes where there is no object yet, and reads them back. An object that is there is never overwritten.
    ///
    /// # Errors
    /// When the service refuses, or what is there in the end are other bytes.
    pub async fn put_new(
        &self,
        object: &ObjectName,
        (size, sha256): (u64, Digest),
        source: &Source,
        (progress, phase): (&dyn Progress, Phase),
    ) -> Result<Put, ObjectError> {
        if size > MOST {
            let cause = ObjectCause::Setting(format!("{size} bytes are more than one request can put"));
            return Err(ObjectError { verb: "PUT", object: object.clone(), cause });
        }
        let open = || source().map(|file| body(file, size));
        self.put(object, (size, sha256), open, (progress, phase)).await
    }

    /// As [`Objects::put_new`], for bytes in memory.
    ///
    /// # Errors
    /// As there.
    pub async fn put_new_bytes(
        &self,
        object: &ObjectName,
        (sha256, bytes): (Digest, &Bytes),
        (progress, phase): (&dyn Progress, Phase),
    ) -> Result<Put, ObjectError> {
        let size = bytes.len() as u64;
        let open = || Ok(body(Cursor::new(bytes.clone()), size));
        self.put(object, (size, sha256), open, (progress, phase)).await
    }

    async fn put(
        &self,
        object: &ObjectName,
        (size, sha256): (u64, Digest),
        open: impl Fn() -> io::Result<Parts>,
        (progress, phase): (&dyn Progress, Phase),
    ) -> Result<Put, ObjectError> {
        let request = Request { method: Method::PUT, object, headers: conditional(None, sha256) };
        let put = self.send(&request, async || open().map(Some).map_err(ObjectCause::Local)).await;
        let outcome = match put {
            Ok(_) => Put::Made,
            Err(ObjectError { cause: ObjectCause::Answer { status: 412, .. }, .. }) => Put::Present,
            Err(error) => return Err(error),
        };
        let mut sink = |_: Piece<'_>| Ok(());
        self.download(object, &exactly(size, sha256), &mut sink, (progress, phase)).await?;
        Ok(outcome)
    }

    /// The whole of a small object, and what identifies this version of it; nothing where the service says there is none.
    ///
    /// # Errors
    /// When there is no answer, or another one than 200 and 404; when the object has more than `limit` bytes.
    pub async fn read(&self, object: &ObjectName, limit: u64) -> Result<Option<(Bytes, String)>, ObjectError> {
        let request = Request { method: Method::GET, object, headers: Vec::new() };
        let mut attempt = 1;
        loop {
            let mut exchange = match self.send(&request, async || Ok(None)).await {
                Ok(exchange) => exchange,
                Err(error) if error.is_no_object() => return Ok(None),
                Err(error) => return Err(error),
            };
            let etag = exchange.headers().get(ETAG).and_then(|etag| etag.to_str().ok()).map(str::to_owned);
            match exchange.bytes(limit).await {
                Ok(bytes) => {
                    let none = || {
                        ObjectCause::Setting("the service tells no ETag, without which nothing can be replaced".into())
                    };
                    return Ok(Some((bytes, etag.ok_or_else(|| request.failed(none()))?)));
                }
                Err(cause) if cause.is_transient() && self.client.again(&mut attempt, None).await => {}
                Err(cause) => return Err(request.failed(cause.into())),
            }
        }
    }

    /// Puts a small object in place of the version `etag`, or where there is none yet.
    ///
    /// # Errors
    /// When the service refuses for another reason than that something else is there.
    pub async fn replace(&self, object: &ObjectName, bytes: &Bytes, etag: Option<&str>) -> Result<Swap, ObjectError> {
        let (size, headers) = (bytes.len() as u64, conditional(etag, Digest::of(bytes)));
        let request = Request { method: Method::PUT, object, headers };
        let put = self.send(&request, async || Ok(Some(body(Cursor::new(bytes.clone()), size)))).await;
        match put {
            Ok(_) => Ok(Swap::Done),
            // 404: what was to be replaced is gone.
            Err(error) if error.is_lost() || (etag.is_some() && error.is_no_object()) => {
                // An earlier attempt may have done it, and only its answer was lost.
                let there = self.read(object, size + 1).await;
                let ours = matches!(there, Ok(Some((there, _))) if there == bytes);
                Ok(if ours { Swap::Done } else { Swap::Lost })
            }
            Err(error) => Err(error),
        }
    }

    /// Removes an object, whether it is there or not.
    ///
    /// # Errors
    /// When the service refuses.
    pub async fn remove(&self, object: &ObjectName) -> Result<(), ObjectError> {
        let request = Request { method: Method::DELETE, object, headers: Vec::new() };
        match self.send(&request, async || Ok(None)).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_no_object() => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// The headers of a put that replaces the version `etag` alone, or nothing. Sorted by name.
fn conditional(etag: Option<&str>, sha256: Digest) -> Vec<(&'static str, String)> {
    let condition = match etag {
        Some(etag) => ("if-match", etag.to_owned()),
        None => ("if-none-match", "*".to_owned()),
    };
    let checksum = base64::engine::general_purpose::STANDARD.encode(sha256.as_bytes());
    vec![condition, ("x-amz-checksum-sha256", checksum), ("x-amz-meta-sha256", sha256.hex())]
}

/// Bytes as a request's body.
fn body(source: impl Read + Send + 'static, size: u64) -> Parts {
    let mut file = source.take(size);
    let (sender, receiver) = mpsc::channel(4);
    tokio::task::spawn_blocking(move || {
        loop {
            let mut chunk = vec![0; CHUNK];
            // A file that cannot be read ends the body early, which the server refuses.
            let Ok(length) = file.read(&mut chunk) else { return };
            chunk.truncate(length);
            if length == 0 || sender.blocking_send(Bytes::from(chunk)).is_err() {
                return;
            }
        }
    });
    Parts { length: size, receiver }
}
