//! What a registry needs of HTTP beyond sending: who may send us where, who gets our login, what is tried again, and the
//! warnings that any answer may carry.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use tokio::sync::OnceCell;
use url::Url;

use super::answer::{Answer, MAX_SAID};
use super::error::{Error, Result};
use crate::base::redact::{self, printable};
use crate::base::{Event, Progress};
use crate::io::http::retry::is_transient;
use crate::io::http::{Call, Client, Parts, Reach, Settings, redirect};

/// Connections to one registry and to where it sends us.
pub(super) struct Transport {
    client: Client,
    base: Url,
    /// How far the registry may send us: as far as it is itself.
    reach: OnceCell<Reach>,
    progress: Arc<dyn Progress>,
    warned: Mutex<BTreeSet<String>>,
}

impl Transport {
    /// `base` is the registry's own URL, ending in `/v2/`.
    pub(super) fn new(base: Url, settings: Settings, progress: Arc<dyn Progress>) -> Result<Self> {
        let client = Client::new(settings)
            .map_err(|error| Error::unanswered("GET".into(), redact::url(base.as_str()), error.cause))?;
        Ok(Self { client, base, reach: OnceCell::new(), progress, warned: Mutex::default() })
    }

    pub(super) fn base(&self) -> &Url {
        &self.base
    }

    pub(super) fn settings(&self) -> &Settings {
        self.client.settings()
    }

    pub(super) fn progress(&self) -> &dyn Progress {
        &*self.progress
    }

    /// Whether a URL is the registry's own.
    pub(super) fn is_home(&self, url: &Url) -> bool {
        redirect::is_same_origin(&self.base, url)
    }

    /// A URL below `/v2/`. `path` holds only what a reference's grammar allows.
    pub(super) fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("/v2/{path}"));
        url
    }

    /// Resolves what a server said (an upload's location, a token realm, the next page) against where it said it.
    ///
    /// # Errors
    /// When it is not to be followed.
    pub(super) async fn resolve(&self, from: &Url, target: &str) -> Result<Url> {
        redirect::target(from, target, self.reach().await).map_err(|reason| Error::Forbidden {
            from: redact::url(from.as_str()),
            to: redact::url(&target.chars().take(MAX_SAID).collect::<String>()),
            reason,
        })
    }

    /// How far into our network the registry is itself, and so may send us.
    async fn reach(&self) -> Reach {
        let find = || async {
            let host = self.base.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
            let port = self.base.port_or_known_default().unwrap_or(443);
            // behind a proxy names may not resolve here: assume the strictest case
            let Ok(addresses) = tokio::net::lookup_host((host, port)).await else { return Reach::Public };
            addresses.map(|address| Reach::of(address.ip())).max().unwrap_or(Reach::Public)
        };
        *self.reach.get_or_init(find).await
    }

    /// Sends `call` until there is an answer that is not "not now"; follows redirects of `GET` and `HEAD`.
    ///
    /// `authorization` goes to the registry only.
    pub(super) async fn send(&self, call: &Call, authorization: Option<&HeaderValue>) -> Result<Answer> {
        let (call, first, onward) = self.prepared(call, authorization).await;
        let mut tries = 1;
        loop {
            let mut error = match self.client.follow(&call, first, onward).await {
                Ok(exchange) => {
                    let answer = self.answer(&call, exchange);
                    if !is_transient(answer.status()) {
                        return Ok(answer);
                    }
                    answer.into_error().await
                }
                Err(cause) => Error::unanswered(call.method.to_string(), call.shown(), cause),
            };
            if !self.again(&mut tries, &error).await {
                error.count(tries);
                return Err(error);
            }
        }
    }

    /// Whether to try once more after `tries` attempts, the last of which ended with `error`. Waits before it says yes.
    pub(super) async fn again(&self, tries: &mut u32, error: &Error) -> bool {
        error.may_pass() && self.pause(tries, error).await
    }

    /// [`Transport::again`] where our caller knows that another try may fare better.
    pub(super) async fn pause(&self, tries: &mut u32, error: &Error) -> bool {
        let asked = match error {
            Error::Refused(refusal) => refusal.asked,
            _ => None,
        };
        self.client.again(tries, asked).await
    }

    /// Sends a request once. `parts` take the place of the body; then the caller watches over progress.
    pub(super) async fn send_once(
        &self,
        call: &Call,
        authorization: Option<&HeaderValue>,
        parts: Option<Parts>,
    ) -> Result<Answer> {
        let (call, reach, _) = self.prepared(call, authorization).await;
        match self.client.once(&call, reach, parts).await {
            Ok(exchange) => Ok(self.answer(&call, exchange)),
            Err(cause) => Err(Error::unanswered(call.method.to_string(), call.shown(), cause)),
        }
    }

    /// The call with what only the registry itself may know, how far its address may reach, and how far redirects may.
    async fn prepared(&self, call: &Call, authorization: Option<&HeaderValue>) -> (Call, Reach, Reach) {
        let (mut call, onward) = (call.clone(), self.reach().await);
        if !self.is_home(&call.url) {
            return (call, onward, onward);
        }
        if let Some(value) = authorization {
            call.headers.insert(AUTHORIZATION, value.clone());
        }
        (call, Reach::Machine, onward)
    }

    fn answer(&self, call: &Call, exchange: crate::io::http::Exchange) -> Answer {
        self.show_warnings(exchange.headers());
        Answer { verb: call.method.to_string(), shown: redact::url(exchange.url().as_str()), exchange }
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
            let mut transport = Transport::new(base.clone(), Settings::default(), Arc::new(Silent)).unwrap();
            transport.reach = OnceCell::new_with(Some(Reach::Public));
            for target in [
                "https://127.0.0.1/token",
                "https://169.254.169.254/",
                "http://registry.example.com/",
                "file:///etc/passwd",
                "gopher://1.2.3.4/",
                "//[::1]/",
            ] {
                let error = transport.resolve(&base, target).await.unwrap_err();
                assert!(matches!(error, Error::Forbidden { .. }), "{target}: {error}");
            }
            // nor by a request that was made in another way
            let call = Call::get("https://10.0.0.1/token?key=canary".parse().unwrap());
            let error = transport.send(&call, None).await.err().unwrap();
            assert!(matches!(error, Error::Forbidden { .. }), "{error}");
            let text = error.to_string();
            assert!(text.contains("https://10.0.0.1/token: the address is refused: it is of a private"), "{text}");
            assert!(!text.contains("canary"), "{text}");
            let own = transport.resolve(&base, "/v2/a?state=1").await.unwrap();
            assert!(transport.is_home(&own));
            for stranger in
                ["https://registry.example.com:8443/", "https://cdn.example.com/", "https://registry.example.com.x/"]
            {
                assert!(!transport.is_home(&stranger.parse().unwrap()), "{stranger}");
            }
        });
    }
}
