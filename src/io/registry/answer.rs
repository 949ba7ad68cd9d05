//! Answers of a server: bounded in size and time, and turned into errors that say what the server said.

use bytes::Bytes;
use url::Url;

use super::error::{Error, Refusal, Result};
use crate::base::redact::printable;
use crate::io::http::client::quote;
use crate::io::http::retry::retry_after;
use crate::io::http::{Cause, Exchange};

/// How much of an error's body is read.
const MAX_ERROR_BODY: usize = 64 << 10;
/// How much of a server's text is shown.
pub(super) const MAX_SAID: usize = 500;

/// An answer whose body is not read yet.
pub(super) struct Answer {
    pub(super) verb: String,
    /// The URL as an error may show it.
    pub(super) shown: String,
    pub(super) exchange: Exchange,
}

impl Answer {
    pub(super) fn status(&self) -> u16 {
        self.exchange.status()
    }

    pub(super) fn url(&self) -> &Url {
        self.exchange.url()
    }

    /// A header's value, if it is there once or more and is text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.exchange.headers().get(name)?.to_str().ok()
    }

    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        self.exchange.headers().get_all(name).iter().filter_map(|value| value.to_str().ok()).collect()
    }

    /// The announced length of the body, also of an answer to `HEAD`.
    pub(super) fn length(&self) -> Option<u64> {
        self.header("content-length")?.parse().ok()
    }

    /// A breach of the protocol by this answer.
    pub(super) fn protocol(&self, what: impl Into<String>) -> Error {
        Error::Protocol { verb: self.verb.clone(), url: self.shown.clone(), what: what.into() }
    }

    /// The answer as an error, with what its body says.
    pub(super) async fn into_error(self) -> Error {
        Error::Refused(Box::new(self.refusal().await))
    }

    /// What the answer says.
    pub(super) async fn refusal(mut self) -> Refusal {
        let asked = retry_after(self.exchange.headers());
        let (codes, said) = explain(&self.exchange.head(MAX_ERROR_BODY).await);
        Refusal { status: self.status(), verb: self.verb, url: self.shown, said, codes, asked, tries: 1 }
    }

    /// The whole body.
    ///
    /// # Errors
    /// When it is longer than `limit`, or stalls, or breaks off.
    pub(super) async fn bytes(mut self, limit: u64) -> Result<Bytes> {
        if self.length().is_none_or(|length| length <= limit) {
            match self.exchange.bytes(limit).await {
                Err(Cause::Limit { .. }) => {}
                Err(cause) => return Err(Error::unanswered(self.verb, self.shown, cause)),
                Ok(bytes) => return Ok(bytes),
            }
        }
        Err(self.protocol(format!("the answer is longer than {limit} bytes")))
    }

    pub(super) fn into_body(self) -> Body {
        Body { answer: self, pushed_back: Bytes::new() }
    }
}

/// The body of an answer, part by part.
pub(super) struct Body {
    answer: Answer,
    pushed_back: Bytes,
}

impl Body {
    /// The next part; none at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>> {
        if !self.pushed_back.is_empty() {
            return Ok(Some(std::mem::take(&mut self.pushed_back)));
        }
        let Answer { verb, shown, exchange } = &mut self.answer;
        exchange.next().await.map_err(|cause| Error::unanswered(verb.clone(), shown.clone(), cause))
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

/// What an error's body says: the codes, and a text made of them; or the start of whatever it is.
fn explain(body: &[u8]) -> (Vec<String>, String) {
    let short = |text: &str| printable(&text.chars().take(MAX_SAID).collect::<String>());
    let parsed: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let errors = parsed.as_ref().and_then(|value| value["errors"].as_array());
    let Some(errors) = errors else {
        return (Vec::new(), quote(body));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_registries_are_quoted() {
        let body = br#"{"errors":[{"code":"DENIED","message":"no\u001b[1m","detail":{"a":1}},{"code":"X"}]}"#;
        let (codes, said) = explain(body);
        assert_eq!(codes, ["DENIED", "X"]);
        assert_eq!(said, "DENIED: no\\u{1b}[1m ({\"a\":1}); X: ");
        assert_eq!(explain(b"<html>\xff").1, "<html>");
        assert!(explain(&[b'x'; 60_000]).1.len() <= MAX_SAID);
    }
}
