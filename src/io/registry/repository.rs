//! One repository of a registry, by the distribution-spec: manifests and blobs in and out.
//!
//! It is written on `reqwest` rather than on a registry crate (`oci-client` and its kin), because a build that never
//! leaves half an image behind needs what those do not give: uploads that resume, retries that know what may be repeated, a say
//! in where redirects and upload locations lead, and bodies that are verified while they stream.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use tokio::sync::Semaphore;
use url::Url;

use super::answer::Answer;
use super::auth::Auth;
use super::error::{Error, Result};
use super::transport::Transport;
use crate::base::{Digest, Progress};
use crate::formats::oci::json::MAX_SIZE;
use crate::formats::oci::{Challenge, Document, RepositoryName, Selector, media_type};
use crate::io::http::{Call, Proxies, Settings, address};

/// How to talk to registries.
#[derive(Clone, Debug)]
pub struct Options {
    /// Docker's `config.json`, where logins are.
    pub docker_config: Option<PathBuf>,
    /// Registries (`host[:port]`, compared as a whole) that are spoken to without TLS. Those on loopback always are; no other
    /// is, whatever it answers.
    pub insecure: Vec<String>,
    /// How to talk, and when to give up. How many requests run at a time is for `parallel` to say.
    pub http: Settings,
    /// For how long a tag that was set is read back.
    pub read_back: Duration,
    /// The most bytes of a blob in one request. Large ones are sent in parts, so that a broken one can be resumed.
    pub chunk: u64,
    /// How many blobs are on their way at a time.
    pub parallel: usize,
}

/// What we want to do in a repository: the scopes of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read.
    Pull,
    /// Read and write, and read another repository of the registry whose blobs may be mounted.
    Push {
        /// Its path within the registry.
        mount_from: Option<String>,
    },
}

/// A repository and our connection to it.
pub struct Repository {
    name: RepositoryName,
    access: Access,
    pub(super) transport: Arc<Transport>,
    pub(super) auth: Arc<Auth>,
    pub(super) options: Options,
    /// Uploads that were begun and not finished, by a number of ours.
    pub(super) sessions: Mutex<BTreeMap<u64, Url>>,
    /// Held for reading while an upload is being begun.
    pub(super) beginning: Arc<tokio::sync::RwLock<()>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            docker_config: None,
            insecure: Vec::new(),
            http: Settings::default(),
            read_back: Duration::from_secs(30),
            chunk: 32 << 20,
            parallel: 4,
        }
    }
}

impl Repository {
    /// Prepares to talk to `name`; nothing is sent yet. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When the TLS library cannot be set up, for example because the system has no certificates.
    pub fn connect(
        name: &RepositoryName,
        access: Access,
        options: &Options,
        progress: Arc<dyn Progress>,
    ) -> Result<Self> {
        // the one registry whose name is not its address
        let named = oci_spec::distribution::Reference::with_tag(name.registry().into(), String::new(), String::new());
        let registry = named.resolve_registry().to_owned();
        let insecure = options.insecure.iter().any(|host| host == name.registry());
        let scheme = if insecure || is_loopback(&registry) { "http" } else { "https" };
        let base = Url::parse(&format!("{scheme}://{registry}/v2/")).map_err(|error| Error::Protocol {
            verb: "GET".into(),
            url: name.to_string(),
            what: error.to_string(),
        })?;
        // a request may wait for a login at the same host, so a limit here could be a deadlock
        let mut settings = Settings { per_host: Semaphore::MAX_PERMITS, ..options.http.clone() };
        if address::is_loopback(&base) {
            settings.proxies = Proxies::default();
        }
        let scopes = match &access {
            Access::Pull => vec![format!("repository:{}:pull", name.path())],
            Access::Push { mount_from } => {
                let own = format!("repository:{}:pull,push", name.path());
                [own].into_iter().chain(mount_from.as_ref().map(|from| format!("repository:{from}:pull"))).collect()
            }
        };
        Ok(Self {
            name: name.clone(),
            access,
            transport: Arc::new(Transport::new(base, settings, progress)?),
            auth: Arc::new(Auth::new(registry, scopes, options.docker_config.clone())),
            options: options.clone(),
            sessions: Mutex::default(),
            beginning: Arc::default(),
        })
    }

    /// Which one it is.
    #[must_use]
    pub fn name(&self) -> &RepositoryName {
        &self.name
    }

    /// The repository whose blobs may be mounted.
    #[must_use]
    pub fn mount_from(&self) -> Option<&str> {
        match &self.access {
            Access::Push { mount_from } => mount_from.as_deref(),
            Access::Pull => None,
        }
    }

    /// How we talk to it.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Asks whether there is a registry at all: `GET /v2/` (distribution-spec, end-1).
    ///
    /// # Errors
    /// When the server does not answer, or not as a registry does.
    pub async fn ping(&self) -> Result<()> {
        let answer = self.transport.send(&Call::get(self.transport.base().clone()), None).await?;
        let asks = answer.all("www-authenticate").iter().any(|header| !Challenge::parse(header).is_empty());
        match answer.status() {
            200 => Ok(()),
            401 if asks => Ok(()),
            404 => Err(answer.protocol("404: no registry answers there")),
            _ => Err(answer.into_error().await),
        }
    }

    /// The digest of a manifest or index; none when it is not there.
    ///
    /// # Errors
    /// When the registry refuses or cannot be reached. A 403 is not "not there".
    pub async fn head_manifest(&self, selector: &Selector) -> Result<Option<Digest>> {
        let call = Call::new(Method::HEAD, self.manifest_url(selector)).header(ACCEPT, media_type::ACCEPT);
        let answer = self.call(&call).await?;
        match answer.status() {
            200 => match answer.header("docker-content-digest").map(str::parse) {
                Some(Ok(digest)) => Ok(Some(digest)),
                // the header is optional: fetch the bytes and hash them
                _ => Ok(Some(self.manifest(selector, None).await?.digest())),
            },
            404 => Ok(None),
            _ => Err(answer.into_error().await),
        }
    }

    /// Fetches a manifest or index. `announced` is the media type of the descriptor that led here.
    ///
    /// # Errors
    /// When it is not there; when its bytes are not those of the digest (nothing is parsed then) or of the digest the
    /// registry announces for the tag; when it is no document that we read.
    pub async fn manifest(&self, selector: &Selector, announced: Option<&str>) -> Result<Document> {
        let object = format!("{}{selector}", self.name);
        let call = Call::get(self.manifest_url(selector)).header(ACCEPT, media_type::ACCEPT);
        let answer = self.call(&call).await?;
        match answer.status() {
            200 => {}
            404 => return Err(self.no_image(selector).await),
            _ => return Err(answer.into_error().await),
        }
        let stated = answer.header("docker-content-digest").and_then(|text| text.parse::<Digest>().ok());
        let kind = answer.header("content-type").map(str::to_owned);
        let bytes = answer.bytes(MAX_SIZE).await?;
        let got = Digest::of(&bytes);
        let expected = match selector {
            Selector::Digest(digest) => Some(*digest),
            Selector::Tag(_) => stated,
        };
        if let Some(expected) = expected.filter(|expected| *expected != got) {
            return Err(Error::Digest { object, expected, got });
        }
        Document::parse(bytes, announced.or(kind.as_deref())).map_err(|source| Error::Document { object, source })
    }

    async fn no_image(&self, selector: &Selector) -> Error {
        // the tags there are a help, not a need: whatever goes wrong is left out
        let mut found = self.tags().await.unwrap_or_default();
        found.truncate(20);
        let name = match selector {
            Selector::Tag(tag) => tag.to_string(),
            Selector::Digest(digest) => digest.to_string(),
        };
        Error::NoImage { place: self.name.to_string(), name, found }
    }

    /// Whether the registry has a blob, in this size. Another size is a store that lies or is half collected: as good as none.
    ///
    /// # Errors
    /// When the registry refuses or cannot be reached.
    pub async fn has_blob(&self, digest: Digest, size: u64) -> Result<bool> {
        let answer = self.call(&Call::new(Method::HEAD, self.blob_url(digest))).await?;
        match answer.status() {
            200 => Ok(answer.length().is_none_or(|length| length == size)),
            404 => Ok(false),
            _ => Err(answer.into_error().await),
        }
    }

    /// Uploads a manifest or index under its digest, or under a tag.
    ///
    /// # Errors
    /// When the registry refuses it, or says that it stored other bytes.
    pub async fn put_manifest(&self, document: &Document, selector: &Selector) -> Result<()> {
        let call = Call::new(Method::PUT, self.manifest_url(selector))
            .header(CONTENT_TYPE, document.media_type())
            .body(document.bytes().clone());
        let answer = self.call(&call).await?;
        if !matches!(answer.status(), 200..=202) {
            return Err(answer.into_error().await);
        }
        match answer.header("docker-content-digest").and_then(|text| text.parse().ok()) {
            Some(got) if got != document.digest() => {
                Err(Error::Digest { object: format!("{}{selector}", self.name), expected: document.digest(), got })
            }
            _ => Ok(()),
        }
    }

    fn manifest_url(&self, selector: &Selector) -> Url {
        match selector {
            Selector::Tag(tag) => self.transport.url(&format!("{}/manifests/{tag}", self.name.path())),
            Selector::Digest(digest) => self.transport.url(&format!("{}/manifests/{digest}", self.name.path())),
        }
    }

    pub(super) fn blob_url(&self, digest: Digest) -> Url {
        self.transport.url(&format!("{}/blobs/{digest}", self.name.path()))
    }

    /// Sends a request that may be sent again, with our authorization, renewed once.
    pub(super) async fn call(&self, call: &Call) -> Result<Answer> {
        let authorization = self.auth.current(&self.transport).await?;
        let answer = self.transport.send(call, authorization.as_ref()).await?;
        let Some(renewed) = self.renew(&answer, authorization.as_ref()).await? else { return Ok(answer) };
        self.check(self.transport.send(call, Some(&renewed)).await?)
    }

    /// Sends a request that must not be sent again blindly, with our authorization, renewed once.
    pub(super) async fn once(&self, call: &Call) -> Result<Answer> {
        let authorization = self.auth.current(&self.transport).await?;
        let answer = self.transport.send_once(call, authorization.as_ref(), None).await?;
        let Some(renewed) = self.renew(&answer, authorization.as_ref()).await? else { return Ok(answer) };
        self.check(self.transport.send_once(call, Some(&renewed), None).await?)
    }

    /// A new authorization if `answer` asks for one.
    pub(super) async fn renew(&self, answer: &Answer, used: Option<&HeaderValue>) -> Result<Option<HeaderValue>> {
        if answer.status() != 401 || !self.transport.is_home(answer.url()) {
            return Ok(None);
        }
        let challenges: Vec<String> = answer.all("www-authenticate").into_iter().map(str::to_owned).collect();
        self.auth.renew(&self.transport, used, answer.url(), &challenges).await.map(Some)
    }

    /// A second 401 in a row is an error that says what was asked for.
    fn check(&self, answer: Answer) -> Result<Answer> {
        if answer.status() != 401 {
            return Ok(answer);
        }
        let insufficient = answer
            .all("www-authenticate")
            .iter()
            .flat_map(|header| Challenge::parse(header))
            .any(|challenge| challenge.get("error") == Some("insufficient_scope"));
        let what = if insufficient { "insufficient scope" } else { "still 401 with a fresh login" };
        Err(self.auth.unauthorized(format!("{what}, for `{}`", self.auth.scopes())))
    }

    pub(super) fn open_sessions(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, Url>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a registry is on this machine: plain HTTP to it crosses no network.
fn is_loopback(registry: &str) -> bool {
    let host = match registry.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => registry.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_stays_on_this_machine() {
        for host in ["localhost", "localhost:5000", "127.0.0.1:5000", "127.1.2.3", "[::1]:5000"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["localhost.evil.org", "127.0.0.1.evil.org", "10.0.0.1", "registry.example.com", "[fe80::1]"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
