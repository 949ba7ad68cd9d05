//! The client: sends a request, follows redirects, tries again.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use reqwest::Method;
use reqwest::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, HeaderValue, LOCATION};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::timeout;
use url::Url;

use super::address::{self, Forbidden, Reach};
use super::call::{Answer, Call, Exchange};
use super::connect::{Connections, chain};
use super::error::{Cause, HttpError};
use super::redirect;
use super::retry;
use super::settings::Settings;
use crate::base::redact;

/// How much of a server's text an error shows.
const TEXT_IN_ERRORS: usize = 200;

/// Sends requests. Clones share connections and limits.
#[derive(Clone)]
pub struct Client {
    connections: Arc<Connections>,
    pub(super) settings: Arc<Settings>,
    hosts: Arc<Mutex<BTreeMap<String, Arc<Semaphore>>>>,
}

/// The body of a request, handed over in parts: exactly `length` bytes. Whoever sends them watches over their pace.
pub struct Parts {
    /// How many bytes.
    pub length: u64,
    /// Where they come from.
    pub receiver: mpsc::Receiver<Bytes>,
}

impl Client {
    /// A client that behaves as `settings` say.
    ///
    /// # Errors
    /// When a proxy's address or a certificate is malformed, or the system's certificates cannot be read.
    pub fn new(settings: Settings) -> Result<Self, HttpError> {
        let connections = Connections::default();
        connections.reaching(Reach::Machine, &settings).map_err(|cause| HttpError {
            verb: "configure".into(),
            url: "the HTTP client".into(),
            attempts: 1,
            cause,
        })?;
        Ok(Self { connections: Arc::new(connections), settings: Arc::new(settings), hosts: Arc::default() })
    }

    /// How it behaves.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
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
        let asked = match cause {
            Cause::Status { retry_after, .. } => retry_after,
            _ => None,
        };
        if cause.is_transient() && self.again(attempt, asked).await {
            Ok(())
        } else {
            Err(call.failed(*attempt, cause))
        }
    }

    /// Whether there is another attempt after so many; waits for it and counts it. The wait is what the server asked for,
    /// or longer each time.
    pub async fn again(&self, attempt: &mut u32, asked: Option<Duration>) -> bool {
        if *attempt >= self.settings.attempts {
            return false;
        }
        *attempt += 1;
        tokio::time::sleep(retry::wait(&self.settings, *attempt, asked)).await;
        true
    }

    async fn attempt(&self, call: &Call, limit: u64) -> Result<Answer, Cause> {
        let mut exchange = self.exchange(call).await?;
        let (url, headers) = (exchange.url().clone(), exchange.headers().clone());
        Ok(Answer { url, headers, body: exchange.bytes(limit).await? })
    }

    /// Sends a request for what our caller named, and follows its redirects. A status other than 2xx is an error.
    pub(super) async fn exchange(&self, call: &Call) -> Result<Exchange, Cause> {
        let onward = if address::is_loopback(&call.url) { Reach::Machine } else { Reach::Network };
        let mut exchange = self.follow(call, Reach::Machine, onward).await?;
        let status = exchange.status();
        if (200..300).contains(&status) {
            return Ok(exchange);
        }
        let retry_after = retry::retry_after(exchange.headers());
        let text = quote(&exchange.head(TEXT_IN_ERRORS).await);
        Err(Cause::Status { status, text, retry_after })
    }

    /// Sends a request once, and follows its redirects: whatever the status, it is an answer. The call's own address may
    /// reach as far as `first`, and where a server sends us from there as far as `onward`.
    ///
    /// # Errors
    /// When there is no answer, or a redirect that is not followed; only `GET` and `HEAD` may be redirected.
    pub async fn follow(&self, call: &Call, first: Reach, onward: Reach) -> Result<Exchange, Cause> {
        let mut hops = vec![call.url.clone()];
        let mut exchange = self.once(call, first, None).await?;
        loop {
            // 304 and 300 carry no Location to follow by themselves.
            if !matches!(exchange.status(), 301 | 302 | 303 | 307 | 308) {
                return Ok(exchange);
            }
            let location = exchange.headers().get(LOCATION).map(|value| value.as_bytes().to_owned());
            let next = match call.method {
                Method::GET | Method::HEAD => redirect::next(&hops, location.as_deref(), onward),
                _ => Err("only reading may be redirected".into()),
            };
            let target = next.map_err(|reason| {
                let shown = location.map(|l| redact::url(&String::from_utf8_lossy(&l)));
                Cause::Redirect {
                    hops: hops.iter().map(|hop| redact::url(hop.as_str())).chain(shown).collect(),
                    reason,
                }
            })?;
            let mut hop = Call { url: target.clone(), ..call.clone() };
            if !redirect::is_same_origin(&call.url, &target) {
                hop.headers.remove(AUTHORIZATION);
            }
            hops.push(target);
            drop(exchange);
            exchange = self.once(&hop, onward, None).await?;
        }
    }

    /// Sends a request once: whatever the status, a redirect included, it is an answer. `parts` take the place of the body.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn once(&self, call: &Call, reach: Reach, parts: Option<Parts>) -> Result<Exchange, Cause> {
        let url = &call.url;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Cause::Address(format!("the scheme `{}` is neither http nor https", url.scheme())));
        }
        address::check(url, reach).map_err(Cause::Address)?;
        let permit = self.admit(url).await?;
        let mut headers = call.headers.clone();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let authorized = headers.contains_key(AUTHORIZATION);
        let client = self.connections.reaching(reach, &self.settings)?;
        let mut request = client.request(call.method.clone(), url.clone()).headers(headers);
        if let Some((login, password)) = self.settings.credentials.find(url).filter(|_| !authorized) {
            request = request.basic_auth(login, Some(password.expose()));
        }
        // The connection has its own limit; this one is for a server that takes the request and never answers.
        let patience = self.settings.connect_timeout + self.settings.stall_timeout;
        let sent = if let Some(Parts { length, receiver }) = parts {
            let body = stream::unfold(receiver, |mut receiver| async {
                receiver.recv().await.map(|part| (Ok::<_, std::io::Error>(part), receiver))
            });
            Ok(request.header(CONTENT_LENGTH, length).body(reqwest::Body::wrap_stream(body)).send().await)
        } else {
            if !(call.body.is_empty() && matches!(call.method, Method::GET | Method::HEAD)) {
                request = request.body(call.body.clone());
            }
            timeout(patience, request.send()).await
        };
        match sent {
            Ok(Ok(response)) => Ok(Exchange::new(response, self.settings.stall_timeout, permit)),
            Ok(Err(error)) => Err(transport(error)),
            Err(_) => Err(Cause::Stalled { window: patience, received: 0 }),
        }
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
#[must_use]
pub fn quote(body: &[u8]) -> String {
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
pub(super) fn transport(error: reqwest::Error) -> Cause {
    let error = error.without_url();
    let mut source: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(inner) = source {
        if let Some(forbidden) = inner.downcast_ref::<Forbidden>() {
            return Cause::Address(forbidden.to_string());
        }
        source = inner.source();
    }
    // What it was about is said by whoever shows it: the sources tell why.
    Cause::Transport(error.source().map_or_else(|| chain(&error), chain))
}
