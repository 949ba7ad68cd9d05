//! HTTP as a registry needs it, on `reqwest`: every redirect decided by us, every read bounded in size and time, retries where
//! they are safe.
//!
//! Proxies are those of the environment (`HTTPS_PROXY`, `NO_PROXY`), which `reqwest` reads, as every registry client does.
//!
//! Two clients: one talks to the registry; the other, for everywhere a public registry sends us, refuses to resolve a
//! name to an address of a private network, at the moment of connecting, so a name that changes its mind gains nothing.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, Once, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::Stream;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use url::Url;

use super::address::{Audience, Origin, follow, is_private};
use super::error::{Error, Refusal, Result};
use super::retry::{Patience, is_transient, retry_after};
use crate::base::redact::{self, printable};
use crate::base::{Event, Progress};

/// In each stall window at least so many bytes must pass, so that a byte now and then does not count as life.
pub(super) const MIN_PROGRESS: u64 = 1024;
/// How many redirects in a row are followed.
const MAX_HOPS: usize = 5;
/// How much of an error's body is read.
const MAX_ERROR_BODY: usize = 64 << 10;
/// How much of a server's text is shown.
const MAX_SAID: usize = 500;

/// A request that can be sent again.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) verb: &'static str,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Call {
    pub(super) fn new(verb: &'static str, url: Url) -> Self {
        Self { verb, url, headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// Adds a header. A value that is none (a control character in foreign text) is left out.
    pub(super) fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    pub(super) fn body(mut self, body: Bytes) -> Self {
        self.body = body;
        self
    }
}

/// Connections to one registry and to where it sends us.
pub(super) struct Transport {
    registry: reqwest::Client,
    /// Made when it is needed: most registries send us nowhere, and a client reads all certificates of the system.
    elsewhere: OnceLock<reqwest::Client>,
    base: Url,
    home: Origin,
    public: OnceCell<bool>,
    patience: Patience,
    progress: Arc<dyn Progress>,
    warned: Mutex<BTreeSet<String>>,
}

impl Transport {
    /// `base` is the registry's own URL, ending in `/v2/`. A registry on this machine (`loopback`) is not asked for through a proxy.
    pub(super) fn new(base: Url, loopback: bool, patience: Patience, progress: Arc<dyn Progress>) -> Result<Self> {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            // an error means that somebody else installed one already, which is as good
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let builder = client(&patience);
        let builder = if loopback { builder.no_proxy() } else { builder };
        Ok(Self {
            registry: builder.build().map_err(|error| unusable(&base, &error))?,
            elsewhere: OnceLock::new(),
            home: Origin::of(&base),
            base,
            public: OnceCell::new(),
            patience,
            progress,
            warned: Mutex::default(),
        })
    }

    /// The client for wherever a public registry sends us.
    fn elsewhere(&self) -> Result<&reqwest::Client> {
        if let Some(client) = self.elsewhere.get() {
            return Ok(client);
        }
        let built = client(&self.patience).dns_resolver(Arc::new(PublicOnly)).build();
        let built = built.map_err(|error| unusable(&self.base, &error))?;
        Ok(self.elsewhere.get_or_init(|| built))
    }

    pub(super) fn base(&self) -> &Url {
        &self.base
    }

    pub(super) fn patience(&self) -> &Patience {
        &self.patience
    }

    pub(super) fn progress(&self) -> &dyn Progress {
        &*self.progress
    }

    /// Whether a URL is the registry's own.
    pub(super) fn is_home(&self, url: &Url) -> bool {
        Origin::of(url) == self.home
    }

    /// A URL below `/v2/`. `path` holds only what a reference's grammar allows.
    pub(super) fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("/v2/{path}"));
        url
    }

    /// Resolves what a server said against where it said it, and judges it.
    pub(super) async fn resolve(&self, from: &Url, target: &str) -> Result<(Url, Audience)> {
        let forbidden = |reason| Error::Forbidden {
            from: redact::url(from.as_str()),
            to: redact::url(&target.chars().take(MAX_SAID).collect::<String>()),
            reason,
        };
        let url = from.join(target).map_err(|_| forbidden("no URL"))?;
        let audience = follow(&self.home, self.is_public().await, &url).map_err(forbidden)?;
        Ok((url, audience))
    }

    /// Whether the registry is on the public internet: none of its addresses is of a private network.
    async fn is_public(&self) -> bool {
        *self
            .public
            .get_or_init(|| async {
                let host = self.base.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
                let port = self.base.port_or_known_default().unwrap_or(443);
                match tokio::net::lookup_host((host, port)).await {
                    Ok(addresses) => addresses.into_iter().all(|address| !is_private(address.ip())),
                    // behind a proxy names may not resolve here: assume the stricter case
                    Err(_) => true,
                }
            })
            .await
    }

    /// Sends `call` until there is an answer that is not "not now"; follows redirects of `GET` and `HEAD`.
    ///
    /// `authorization` goes to the registry only.
    pub(super) async fn send(&self, call: &Call, authorization: Option<&HeaderValue>) -> Result<Answer> {
        let mut tries = 1;
        loop {
            let (error, asked) = match self.follow_redirects(call, authorization).await {
                Ok(answer) if !is_transient(answer.status()) => return Ok(answer),
                Ok(answer) => {
                    let refusal = answer.refusal(tries).await;
                    let asked = refusal.asked;
                    (Error::Refused(Box::new(refusal)), asked)
                }
                Err(Error::Unreachable { verb, url, reason, .. }) => {
                    (Error::Unreachable { verb, url, reason, tries }, None)
                }
                Err(Error::Stalled { verb, url, window, .. }) => (Error::Stalled { verb, url, window, tries }, None),
                Err(other) => return Err(other),
            };
            if tries >= self.patience.tries {
                return Err(error);
            }
            self.pause(tries, asked).await;
            tries += 1;
        }
    }

    /// Waits before another try.
    pub(super) async fn pause(&self, tries: u32, asked: Option<Duration>) {
        sleep(self.patience.wait(tries, asked)).await;
    }

    async fn follow_redirects(&self, call: &Call, authorization: Option<&HeaderValue>) -> Result<Answer> {
        let mut call = call.clone();
        for _ in 0..=MAX_HOPS {
            let answer = self.send_once(&call, authorization, None).await?;
            if !matches!(answer.status(), 301 | 302 | 303 | 307 | 308) {
                return Ok(answer);
            }
            let target = answer.header(LOCATION.as_str()).unwrap_or_default().to_owned();
            if !matches!(call.verb, "GET" | "HEAD") {
                return Err(
                    answer.protocol(format!("redirected to {}, which only reading may be", redact::url(&target)))
                );
            }
            let next = self.resolve(&call.url, &target).await?.0;
            if Origin::of(&next) != Origin::of(&call.url) {
                call.headers.remove(AUTHORIZATION);
            }
            call.url = next;
        }
        Err(Error::Protocol {
            verb: call.verb,
            url: redact::url(call.url.as_str()),
            what: format!("more than {MAX_HOPS} redirects in a row"),
        })
    }

    /// Sends a request once. A `stream` takes the place of the body; then the caller watches over progress.
    pub(super) async fn send_once(
        &self,
        call: &Call,
        authorization: Option<&HeaderValue>,
        stream: Option<(u64, reqwest::Body)>,
    ) -> Result<Answer> {
        let shown = redact::url(call.url.as_str());
        let public = self.is_public().await;
        let audience = follow(&self.home, public, &call.url).map_err(|reason| Error::Forbidden {
            from: redact::url(self.base.as_str()),
            to: shown.clone(),
            reason,
        })?;
        let client = match audience {
            Audience::Other if public => self.elsewhere()?,
            _ => &self.registry,
        };
        let method = reqwest::Method::from_bytes(call.verb.as_bytes()).unwrap_or_default();
        let mut request = client.request(method, call.url.clone()).headers(call.headers.clone());
        if let (Audience::Registry, Some(value)) = (audience, authorization) {
            request = request.header(AUTHORIZATION, value);
        }
        let streaming = stream.is_some();
        request = match stream {
            Some((length, body)) => request.header(CONTENT_LENGTH, length).body(body),
            None => request.body(call.body.clone()),
        };
        let verb = call.verb;
        let window = self.patience.stall;
        let sent = request.send();
        let response = if streaming {
            sent.await
        } else {
            timeout(window, sent).await.map_err(|_| Error::Stalled { verb, url: shown.clone(), window, tries: 1 })?
        };
        let response = response.map_err(|error| Error::Unreachable {
            verb,
            url: shown.clone(),
            reason: reason(&error),
            tries: 1,
        })?;
        self.show_warnings(response.headers());
        Ok(Answer { verb, shown, url: call.url.clone(), window, response })
    }

    /// Shows each warning of the registry once (distribution-spec, "Warnings"): `299 - "text"`.
    fn show_warnings(&self, headers: &HeaderMap) {
        for value in headers.get_all("warning") {
            let text = String::from_utf8_lossy(value.as_bytes());
            let Some(text) = text.strip_prefix("299 - ") else { continue };
            let text = printable(&text.trim_matches('"').chars().take(MAX_SAID).collect::<String>());
            let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
            // a server that has a new one for every request is not worth listening to
            if warned.len() < 20 && warned.insert(text.clone()) {
                self.progress.emit(Event::Warning(format!("{}: {text}", self.base.authority())));
            }
        }
    }
}

/// A client that follows no redirect by itself.
fn client(patience: &Patience) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(patience.stall)
        .user_agent(concat!("mokapot/", env!("CARGO_PKG_VERSION")))
}

fn unusable(base: &Url, error: &reqwest::Error) -> Error {
    Error::Unreachable { verb: "GET", url: redact::url(base.as_str()), reason: reason(error), tries: 1 }
}

/// Resolves names to public addresses only.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let all: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if all.iter().any(|address| is_private(address.ip())) {
                return Err("the name resolves to an address of a private network".into());
            }
            let addresses: Addrs = Box::new(all.into_iter());
            Ok(addresses)
        })
    }
}

/// An answer whose body is not read yet.
pub(super) struct Answer {
    verb: &'static str,
    shown: String,
    url: Url,
    window: Duration,
    response: reqwest::Response,
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

    #[expect(clippy::disallowed_methods, reason = "a Retry-After date is relative to now, and io may know the time")]
    async fn refusal(self, tries: u32) -> Refusal {
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
fn reason(error: &reqwest::Error) -> String {
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
    use crate::base::progress::Silent;

    fn block_on<F: Future>(work: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
    }

    /// REG-07, REG-08: what a registry of the internet says about where to log in or upload.
    #[test]
    fn a_public_registry_cannot_send_us_into_our_network() {
        block_on(async {
            let base: Url = "https://registry.example.com/v2/".parse().unwrap();
            let mut transport = Transport::new(base.clone(), false, Patience::default(), Arc::new(Silent)).unwrap();
            transport.public = OnceCell::new_with(Some(true));
            for target in
                ["https://127.0.0.1/token", "https://169.254.169.254/", "http://registry.example.com/", "//[::1]/"]
            {
                let error = transport.resolve(&base, target).await.unwrap_err();
                assert!(matches!(error, Error::Forbidden { .. }), "{target}: {error}");
            }
            // nor by a request that was made in another way
            let call = Call::new("GET", "https://10.0.0.1/token?key=canary".parse().unwrap());
            let error = transport.send(&call, None).await.err().unwrap().to_string();
            assert_eq!(
                error,
                "https://registry.example.com/v2/: will not follow https://10.0.0.1/token: an address of a private network"
            );
            assert_eq!(transport.resolve(&base, "/v2/a?state=1").await.unwrap().1, Audience::Registry);
        });
    }

    #[test]
    fn names_that_resolve_into_our_network_are_refused() {
        let resolving = PublicOnly.resolve("localhost".parse().unwrap());
        let error = block_on(resolving).err().unwrap().to_string();
        assert_eq!(error, "the name resolves to an address of a private network");
    }

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
