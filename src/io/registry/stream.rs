//! Blobs as streams: taken up again where a connection broke, verified as they pass.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::try_unfold;
use futures_util::{Stream, TryStreamExt as _};
use reqwest::header::RANGE;

use super::answer::Body;
use super::error::{Error, Got, Result};
use super::repository::Repository;
use crate::base::{Digest, Hasher};
use crate::formats::oci::Descriptor;
use crate::io::http::Call;

/// Bytes that come in parts.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>;

impl Repository {
    /// Streams a blob; a connection that breaks is taken up where it broke. Size and digest are checked as it passes.
    ///
    /// # Errors
    /// Now when it is not there or the registry refuses; later, in the stream, when it is longer, shorter or other than told.
    pub async fn blob(self: &Arc<Self>, blob: &Descriptor) -> Result<ByteStream> {
        let body = self.open_blob(blob.digest, 0).await?;
        let (repository, descriptor) = (Arc::clone(self), blob.clone());
        let state = (repository, descriptor, body, 0_u64, 1_u32);
        let resuming = try_unfold(state, |(repository, blob, mut body, mut offset, mut tries)| async move {
            loop {
                match body.next().await {
                    Ok(Some(bytes)) => {
                        offset += bytes.len() as u64;
                        return Ok(Some((bytes, (repository, blob, body, offset, 1))));
                    }
                    Ok(None) => return Ok(None),
                    Err(error @ (Error::Unreachable { .. } | Error::Stalled { .. })) => {
                        if !repository.transport.again(&mut tries, &error).await {
                            return Err(error);
                        }
                        body = repository.open_blob(blob.digest, offset).await?;
                    }
                    Err(error) => return Err(error),
                }
            }
        });
        Ok(verified(Box::pin(resuming), blob.digest, blob.size, format!("{}@{}", self.name(), blob.digest)))
    }

    /// The body of a blob from `offset` on.
    async fn open_blob(&self, digest: Digest, offset: u64) -> Result<Body> {
        let mut call = Call::get(self.blob_url(digest));
        if offset > 0 {
            call = call.header(RANGE, &format!("bytes={offset}-"));
        }
        let answer = self.call(&call).await?;
        let continues = answer.header("content-range").is_some_and(|r| r.starts_with(&format!("bytes {offset}-")));
        match answer.status() {
            206 if continues => Ok(answer.into_body()),
            200 => {
                let mut body = answer.into_body();
                body.skip(offset).await?;
                Ok(body)
            }
            404 => Err(Error::NoBlob { place: self.name().to_string(), digest }),
            206 => Err(answer.protocol("206 for another range than was asked for")),
            _ => Err(answer.into_error().await),
        }
    }
}

/// Checks size and digest of `stream` as it passes. The last bytes come only when all are right; too many are an error at once.
pub(super) fn verified(stream: ByteStream, digest: Digest, size: u64, object: String) -> ByteStream {
    let state = (stream, Hasher::new(), object);
    Box::pin(try_unfold(state, move |(mut stream, mut hasher, object)| async move {
        let Some(bytes) = stream.try_next().await? else {
            let got = hasher.length();
            if got < size {
                return Err(Error::Size { object, expected: size, got: Got::Exactly(got) });
            }
            check_digest(&hasher, digest, &object)?;
            return Ok(None);
        };
        hasher.update(&bytes);
        if hasher.length() > size {
            return Err(Error::Size { object, expected: size, got: Got::More });
        }
        if hasher.length() == size {
            check_digest(&hasher, digest, &object)?;
        }
        Ok::<Option<(Bytes, _)>, Error>(Some((bytes, (stream, hasher, object))))
    }))
}

fn check_digest(hasher: &Hasher, expected: Digest, object: &str) -> Result<()> {
    let (got, _, ()) = hasher.clone().finish();
    if got == expected { Ok(()) } else { Err(Error::Digest { object: object.to_owned(), expected, got }) }
}
