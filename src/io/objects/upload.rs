//! Writing objects: only where there is none, and read back.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use base64::Engine as _;
use bytes::Bytes;
use reqwest::Method;
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
        let checksum = base64::engine::general_purpose::STANDARD.encode(sha256.as_bytes());
        let headers = vec![
            ("if-none-match", "*".to_owned()),
            ("x-amz-checksum-sha256", checksum),
            ("x-amz-meta-sha256", sha256.hex()),
        ];
        let request = Request { method: Method::PUT, object, headers };
        if size > MOST {
            return Err(request.failed(ObjectCause::Setting(format!("{size} bytes are more than one request can put"))));
        }
        let put = self.send(&request, async || body(source, size).map(Some).map_err(ObjectCause::Local)).await;
        let outcome = match put {
            Ok(_) => Put::Made,
            Err(ObjectError { cause: ObjectCause::Answer { status: 412, .. }, .. }) => Put::Present,
            Err(error) => return Err(error),
        };
        let mut sink = |_: Piece<'_>| Ok(());
        self.download(object, &exactly(size, sha256), &mut sink, (progress, phase)).await?;
        Ok(outcome)
    }
}

/// The bytes of a file as a request's body.
fn body(source: &Source, size: u64) -> io::Result<Parts> {
    let mut file = source()?.take(size);
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
    Ok(Parts { length: size, receiver })
}
