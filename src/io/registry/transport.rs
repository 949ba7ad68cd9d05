//! HTTP as a registry needs it, on `reqwest`: every redirect decided by us, every read bounded in size and time, retries where
//! they are safe.
//!
//! Proxies are those of the environment (`HTTPS_PROXY`, `NO_PROXY`), which `reqwest` reads, as every registry client does.
//!
//! Two clients: one talks to the registry; the other, for everywhere a public registry sends us, refuses to resolve a
//! name to an address of a private network, at the moment of connecting, so a name that changes its mind gains nothing.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, Once, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, LOCATION};
use tokio::sync::OnceCell;
use tokio::time::{sleep, timeout};
use url::Url;

use super::address::{Audience, Origin, follow, is_private};
use super::answer::{Answer, MAX_SAID, reason};
use super::error::{Error, Result};
use super::retry::{Patience, is_transient};
use crate::base::redact::{self, printable};
use crate::base::{Event, Progress};

/// How many redirects in a row are followed.
const MAX_HOPS: usize = 5;

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
}
