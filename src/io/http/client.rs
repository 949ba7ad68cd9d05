//! The client: sends a request, follows redirects, tries again.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use reqwest::header::{ACCEPT_ENCODING, AUTHORIZATION, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Method, NoProxy, Proxy, Response, StatusCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use url::Url;

use super::address::{self, Forbidden, Resolver};
use super::error::{Cause, HttpError};
use super::pace::Pace;
use super::redirect;
use super::retry;
use super::settings::Settings;
use crate::base::redact;

/// How much of a server's text an error shows.
const TEXT_IN_ERRORS: usize = 200;

/// Sends requests. Clones share connections and limits.
#[derive(Clone)]
pub struct Client {
    /// For addresses that our caller named.
    direct: reqwest::Client,
    /// For addresses that a server named: never this machine.
    redirected: reqwest::Client,
    pub(super) settings: Arc<Settings>,
    hosts: Arc<Mutex<BTreeMap<String, Arc<Semaphore>>>>,
}

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

/// A response, and the right to talk to its host, which ends when it is dropped.
pub(super) struct Exchange {
    pub(super) response: Response,
    _permit: OwnedSemaphorePermit,
}

impl Call {
    /// A `GET` without headers of its own.
    #[must_use]
    pub fn get(url: Url) -> Self {
        Self { method: Method::GET, url, headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// The error of this call.
    pub(super) fn failed(&self, attempts: u32, cause: Cause) -> HttpError {
        HttpError { verb: self.method.to_string(), url: redact::url(self.url.as_str()), attempts, cause }
    }
}

impl Client {
    /// A client that behaves as `settings` say.
    ///
    /// # Errors
    /// When a proxy's address or a certificate is malformed, or the system's certificates cannot be read.
    pub fn new(settings: Settings) -> Result<Self, HttpError> {
        // The second client of a process finds the provider installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let failed = |error: &dyn Error| HttpError {
            verb: "configure".into(),
            url: "the HTTP client".into(),
            attempts: 1,
            cause: Cause::Setup(chain(error)),
        };
        let build = |loopback_allowed| -> reqwest::Result<reqwest::Client> {
            let mut builder = reqwest::Client::builder()
                .user_agent(concat!("mokapot/", env!("CARGO_PKG_VERSION")))
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .referer(false)
                .connect_timeout(settings.connect_timeout)
                .dns_resolver(Arc::new(Resolver { loopback_allowed }))
                .no_proxy();
            let except = settings.proxies.except.as_deref().and_then(NoProxy::from_string);
            if let Some(proxy) = &settings.proxies.http {
                builder = builder.proxy(Proxy::http(proxy.expose())?.no_proxy(except.clone()));
            }
            if let Some(proxy) = &settings.proxies.https {
                builder = builder.proxy(Proxy::https(proxy.expose())?.no_proxy(except));
            }
            let mut roots = Vec::new();
            for pem in &settings.authorities {
                roots.extend(reqwest::Certificate::from_pem_bundle(pem)?);
            }
            builder.tls_certs_merge(roots).build()
        };
        Ok(Self {
            direct: build(true).map_err(|e| failed(&e))?,
            redirected: build(false).map_err(|e| failed(&e))?,
            settings: Arc::new(settings),
            hosts: Arc::default(),
        })
    }

    /// Fetches a small answer into memory.
    ///
    /// # Errors
    /// When there is none after all attempts, its status is not 2xx, or it exceeds `limit` bytes.
    pub async fn get(&self, url: &Url, limit: u64) -> Result<Answer, HttpError> {
        self.call(&Call::get(url.clone()), limit).await
    }

    /// Sends a request and takes the answer into memory. The request is tried again where that may help, so it must be
    /// one that does no harm when it arrives twice.
    ///
    /// # Errors
    /// When there is no answer after all attempts, its status is not 2xx, or it exceeds `limit` bytes.
    pub async fn call(&self, call: &Call, limit: u64) -> Result<Answer, HttpError> {
        let mut attempt = 1;
        loop {
            match self.attempt(call, limit).await {
                Ok(answer) => return Ok(answer),
                Err(cause) => self.pause(call, &mut attempt, cause).await?,
            }
        }
    }

    /// Waits before the next attempt, if there is to be one.
    ///
    /// # Errors
    /// The cause, when it will not pass or all attempts are used up.
    pub(super) async fn pause(&self, call: &Call, attempt: &mut u32, cause: Cause) -> Result<(), HttpError> {
        if !cause.is_transient() || *attempt >= self.settings.attempts {
            return Err(call.failed(*attempt, cause));
        }
        *attempt += 1;
        let asked = match cause {
            Cause::Status { retry_after, .. } => retry_after,
            _ => None,
        };
        tokio::time::sleep(retry::wait(&self.settings, *attempt, asked)).await;
        Ok(())
    }

    async fn attempt(&self, call: &Call, limit: u64) -> Result<Answer, Cause> {
        let mut exchange = self.exchange(call).await?;
        let (url, headers) = (exchange.response.url().clone(), exchange.response.headers().clone());
        let (mut body, mut pace) = (Vec::new(), Pace::new(self.settings.stall_timeout));
        while let Some(chunk) = self.chunk(&mut exchange.response).await? {
            pace.check(chunk.len() as u64)?;
            if body.len() as u64 + chunk.len() as u64 > limit {
                return Err(Cause::Limit { limit });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { url, headers, body: body.into() })
    }

    /// Sends a request once, and follows its redirects. A status other than 2xx is an error.
    pub(super) async fn exchange(&self, call: &Call) -> Result<Exchange, Cause> {
        if !matches!(call.url.scheme(), "http" | "https") {
            return Err(Cause::Address(format!("the scheme `{}` is neither http nor https", call.url.scheme())));
        }
        address::check(&call.url, true).map_err(Cause::Address)?;
        let mut hops = vec![call.url.clone()];
        loop {
            let (response, permit) = self.hop(call, &hops).await?;
            let status = response.status();
            // 304 and 300 carry no Location to follow by themselves.
            if matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
                let location = response.headers().get(LOCATION).map(HeaderValue::as_bytes);
                match redirect::next(&hops, location) {
                    Ok(target) => hops.push(target),
                    Err(reason) => {
                        let shown = location.map(|l| redact::url(&String::from_utf8_lossy(l)));
                        let hops = hops.iter().map(|hop| redact::url(hop.as_str())).chain(shown).collect();
                        return Err(Cause::Redirect { hops, reason });
                    }
                }
                continue;
            }
            if !status.is_success() {
                return Err(self.refusal(status, response).await);
            }
            return Ok(Exchange { response, _permit: permit });
        }
    }

    async fn hop(&self, call: &Call, hops: &[Url]) -> Result<(Response, OwnedSemaphorePermit), Cause> {
        let (Some(first), Some(url)) = (hops.first(), hops.last()) else {
            return Err(Cause::Address("no address".into()));
        };
        let permit = self.admit(url).await?;
        let client = if hops.len() == 1 || address::is_loopback(first) { &self.direct } else { &self.redirected };
        let mut headers = call.headers.clone();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if !redirect::keeps_authorization(first, url) {
            headers.remove(AUTHORIZATION);
        }
        let authorized = headers.contains_key(AUTHORIZATION);
        let mut request = client.request(call.method.clone(), url.clone()).headers(headers);
        if !call.body.is_empty() {
            request = request.body(call.body.clone());
        }
        if let Some((login, password)) = self.settings.credentials.find(url).filter(|_| !authorized) {
            request = request.basic_auth(login, Some(password.expose()));
        }
        // The connection has its own limit; this one is for a server that takes the request and never answers.
        let patience = self.settings.connect_timeout + self.settings.stall_timeout;
        match timeout(patience, request.send()).await {
            Ok(Ok(response)) => Ok((response, permit)),
            Ok(Err(error)) => Err(transport(error)),
            Err(_) => Err(Cause::Stalled { window: patience, received: 0 }),
        }
    }

    /// The next bytes of a body; `None` at its end.
    pub(super) async fn chunk(&self, response: &mut Response) -> Result<Option<Bytes>, Cause> {
        let window = self.settings.stall_timeout;
        match timeout(window, response.chunk()).await {
            Ok(chunk) => chunk.map_err(transport),
            Err(_) => Err(Cause::Stalled { window, received: 0 }),
        }
    }

    async fn refusal(&self, status: StatusCode, mut response: Response) -> Cause {
        let retry_after = retry::retry_after(response.headers());
        let mut body = Vec::new();
        while body.len() < TEXT_IN_ERRORS {
            match self.chunk(&mut response).await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) | Err(_) => break,
            }
        }
        Cause::Status { status: status.as_u16(), text: quote(&body), retry_after }
    }

    async fn admit(&self, url: &Url) -> Result<OwnedSemaphorePermit, Cause> {
        let key = format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default());
        let semaphore = {
            let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(hosts.entry(key).or_insert_with(|| Arc::new(Semaphore::new(self.settings.per_host.max(1)))))
        };
        semaphore.acquire_owned().await.map_err(|e| Cause::Setup(e.to_string()))
    }
}

/// The head of a body as one line of safe text; nothing where it is no text.
pub(super) fn quote(body: &[u8]) -> String {
    let head = &body[..body.len().min(TEXT_IN_ERRORS)];
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // A character may be cut in two at the end.
        Err(e) if e.valid_up_to() + 4 > head.len() => std::str::from_utf8(&head[..e.valid_up_to()]).unwrap_or_default(),
        Err(_) => return String::new(),
    };
    if text.contains('\0') {
        return String::new();
    }
    redact::printable(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// What a connection's error comes to. A forbidden address or a bad certificate will not get better.
fn transport(error: reqwest::Error) -> Cause {
    let error = error.without_url();
    let mut source: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(inner) = source {
        if let Some(forbidden) = inner.downcast_ref::<Forbidden>() {
            return Cause::Address(forbidden.to_string());
        }
        source = inner.source();
    }
    Cause::Transport(chain(&error))
}

/// An error's text with those of its sources, each once.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let more = inner.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        source = inner.source();
    }
    redact::printable(&text)
}
