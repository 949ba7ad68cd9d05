//! Answers of a server: bounded in size and time, and turned into errors that say what the server said.

use std::pin::Pin;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::Stream;
use reqwest::header::RETRY_AFTER;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::error::{Error, Refusal, Result};
use super::retry::retry_after;
use crate::base::redact::printable;

/// In each stall window at least so many bytes must pass, so that a byte now and then does not count as life.
pub(super) const MIN_PROGRESS: u64 = 1024;
/// How much of an error's body is read.
const MAX_ERROR_BODY: usize = 64 << 10;
/// How much of a server's text is shown.
pub(super) const MAX_SAID: usize = 500;

/// An answer whose body is not read yet.
pub(super) struct Answer {
    pub(super) verb: &'static str,
    /// The URL as an error may show it.
    pub(super) shown: String,
    pub(super) url: Url,
    /// The time in which some bytes must come.
    pub(super) window: Duration,
    pub(super) response: reqwest::Response,
}

impl Answer {
    pub(super) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// A header's value, if it is there once or more and is text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        self.response.headers().get_all(name).iter().filter_map(|value| value.to_str().ok()).collect()
    }

    /// The announced length of the body, also of an answer to `HEAD`.
    pub(super) fn length(&self) -> Option<u64> {
        self.header("content-length")?.parse().ok()
    }

    /// A breach of the protocol by this answer.
    pub(super) fn protocol(&self, what: impl Into<String>) -> Error {
        Error::Protocol { verb: self.verb, url: self.shown.clone(), what: what.into() }
    }

    /// The answer as an error, with what its body says.
    pub(super) async fn into_error(self) -> Error {
        Error::Refused(Box::new(self.refusal(1).await))
    }

    /// What the answer says, after so many tries.
    #[expect(clippy::disallowed_methods, reason = "a Retry-After date is relative to now, and io may know the time")]
    pub(super) async fn refusal(self, tries: u32) -> Refusal {
        let asked = self.header(RETRY_AFTER.as_str()).and_then(|value| retry_after(value, SystemTime::now()));
        let (verb, url, status) = (self.verb, self.shown.clone(), self.status());
        let mut body = Vec::new();
        let mut rest = self.into_body();
        while let Ok(Some(bytes)) = rest.next().await {
            body.extend_from_slice(&bytes);
            if body.len() > MAX_ERROR_BODY {
                break;
            }
        }
        let (codes, said) = explain(&body);
        Refusal { verb, url, status, said, codes, asked, tries }
    }

    /// The whole body.
    ///
    /// # Errors
    /// When it is longer than `limit`, or stalls, or breaks off.
    pub(super) async fn bytes(self, limit: u64) -> Result<Bytes> {
        let too_large = self.protocol(format!("the answer is longer than {limit} bytes"));
        if self.length().is_some_and(|length| length > limit) {
            return Err(too_large);
        }
        let mut bytes = Vec::new();
        let mut body = self.into_body();
        while let Some(part) = body.next().await? {
            if bytes.len() as u64 + part.len() as u64 > limit {
                return Err(too_large);
            }
            bytes.extend_from_slice(&part);
        }
        Ok(bytes.into())
    }

    pub(super) fn into_body(self) -> Body {
        let deadline = Instant::now() + self.window;
        Body { answer: self, deadline, seen: 0, pushed_back: Bytes::new() }
    }
}

/// The body of an answer, part by part, with a watch on its pace.
pub(super) struct Body {
    answer: Answer,
    deadline: Instant,
    seen: u64,
    pushed_back: Bytes,
}

impl Body {
    /// The next part; none at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>> {
        if !self.pushed_back.is_empty() {
            return Ok(Some(std::mem::take(&mut self.pushed_back)));
        }
        let Answer { verb, shown, window, response, .. } = &mut self.answer;
        let part = timeout_at(self.deadline, response.chunk())
            .await
            .map_err(|_| Error::Stalled { verb, url: shown.clone(), window: *window, tries: 1 })?
            .map_err(|error| Error::Unreachable { verb, url: shown.clone(), reason: reason(&error), tries: 1 })?;
        if let Some(bytes) = &part {
            self.seen += bytes.len() as u64;
            if self.seen >= MIN_PROGRESS {
                (self.seen, self.deadline) = (0, Instant::now() + *window);
            }
        }
        Ok(part)
    }

    /// Throws the first `count` bytes away, or all there are.
    pub(super) async fn skip(&mut self, mut count: u64) -> Result<()> {
        while count > 0 {
            let Some(mut bytes) = self.next().await? else { return Ok(()) };
            let skipped = bytes.len().min(usize::try_from(count).unwrap_or(usize::MAX));
            self.pushed_back = bytes.split_off(skipped);
            count -= skipped as u64;
        }
        Ok(())
    }
}

/// Bytes that come in parts.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>;

/// What an error's body says: the codes, and a text made of them; or the start of whatever it is.
fn explain(body: &[u8]) -> (Vec<String>, String) {
    let short = |text: &str| printable(&text.chars().take(MAX_SAID).collect::<String>());
    let parsed: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let errors = parsed.as_ref().and_then(|value| value["errors"].as_array());
    let Some(errors) = errors else {
        let text = String::from_utf8_lossy(body);
        return (Vec::new(), short(text.trim()));
    };
    let mut codes = Vec::new();
    let mut texts = Vec::new();
    for error in errors.iter().take(10) {
        let code = error["code"].as_str().unwrap_or_default();
        codes.push(short(code));
        let mut text = format!("{code}: {}", error["message"].as_str().unwrap_or_default());
        if !error["detail"].is_null() {
            text += &format!(" ({})", error["detail"]);
        }
        texts.push(text);
    }
    (codes, short(&texts.join("; ")))
}

/// What the network said, without the URL (it may hold a signature).
pub(super) fn reason(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(error) = cause {
        let part = error.to_string();
        if !text.contains(&part) {
            text = if text.is_empty() { part } else { format!("{text}: {part}") };
        }
        cause = error.source();
    }
    if text.is_empty() {
        text = if error.is_timeout() { "timed out".into() } else { "the connection failed".into() };
    }
    printable(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_registries_are_quoted() {
        let body = br#"{"errors":[{"code":"DENIED","message":"no\u001b[1m","detail":{"a":1}},{"code":"X"}]}"#;
        let (codes, said) = explain(body);
        assert_eq!(codes, ["DENIED", "X"]);
        assert_eq!(said, "DENIED: no\\u{1b}[1m ({\"a\":1}); X: ");
        assert_eq!(explain(b"<html>\xff").1, "<html>\u{fffd}");
        assert!(explain(&[b'x'; 60_000]).1.len() <= MAX_SAID);
    }
}
