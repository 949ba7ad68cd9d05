//! What is asked, and what is answered.

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Response};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Duration;
use url::Url;

use super::client::transport;
use super::error::{Cause, HttpError};
use super::pace::Pace;
use crate::base::redact;

/// One request.
#[derive(Clone, Debug)]
pub struct Call {
    /// The verb.
    pub method: Method,
    /// The address.
    pub url: Url,
    /// Headers; `Authorization` goes to the address's own origin only.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// A whole answer in memory.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Where it came from in the end.
    pub url: Url,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

/// An answer of any status whose body is not read yet, and the right to talk to its host, which ends when it is dropped.
pub struct Exchange {
    response: Response,
    pace: Pace,
    _permit: OwnedSemaphorePermit,
}

impl Call {
    /// A request without headers and body of its own.
    #[must_use]
    pub fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// A `GET` without headers of its own.
    #[must_use]
    pub fn get(url: Url) -> Self {
        Self::new(Method::GET, url)
    }

    /// Adds a header. A value that is none (a control character in foreign text) is left out.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: Bytes) -> Self {
        self.body = body;
        self
    }

    /// The address without its secrets.
    #[must_use]
    pub fn shown(&self) -> String {
        redact::url(self.url.as_str())
    }

    /// The error of this call.
    pub(super) fn failed(&self, attempts: u32, cause: Cause) -> HttpError {
        HttpError { verb: self.method.to_string(), url: self.shown(), attempts, cause }
    }
}

impl Exchange {
    pub(super) fn new(response: Response, window: Duration, permit: OwnedSemaphorePermit) -> Self {
        Self { response, pace: Pace::new(window), _permit: permit }
    }

    /// The status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// Where it came from in the end.
    #[must_use]
    pub fn url(&self) -> &Url {
        self.response.url()
    }

    /// Its headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The next bytes of the body; none at its end.
    ///
    /// # Errors
    /// When the connection breaks, or brings next to nothing for too long.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Cause> {
        let part = self.pace.watch(self.response.chunk()).await?.map_err(transport)?;
        self.pace.count(part.as_ref().map_or(0, Bytes::len) as u64);
        Ok(part)
    }

    /// The rest of the body.
    ///
    /// # Errors
    /// As [`Exchange::next`]; when there are more than `limit` bytes.
    pub async fn bytes(&mut self, limit: u64) -> Result<Bytes, Cause> {
        let mut body = Vec::new();
        while let Some(part) = self.next().await? {
            if body.len() as u64 + part.len() as u64 > limit {
                return Err(Cause::Limit { limit });
            }
            body.extend_from_slice(&part);
        }
        Ok(body.into())
    }

    /// The first `limit` bytes or a little more, or what came of them before the connection broke: for messages.
    pub async fn head(&mut self, limit: usize) -> Vec<u8> {
        let mut body = Vec::new();
        while body.len() < limit {
            match self.next().await {
                Ok(Some(part)) => body.extend_from_slice(&part),
                Ok(None) | Err(_) => break,
            }
        }
        body
    }
}
