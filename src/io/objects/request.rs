//! One signed request: sent, sent again where that may help, to the region that the bucket is in, with fresh credentials.

use std::time::{Duration, SystemTime};

use reqwest::Method;
use reqwest::header::{CONTENT_LENGTH, DATE, ETAG, HeaderMap, HeaderName};
use roxmltree::Document;
use rusty_s3::signing::sign;
use url::Url;

use super::Objects;
use super::credentials::Held;
use super::error::{ObjectCause, ObjectError};
use super::settings::is_region;
use crate::base::{Digest, redact};
use crate::formats::s3::ObjectName;
use crate::io::http::{Call, Exchange, Parts, Reach, client, retry};

/// How long a signature holds.
const VALID: Duration = Duration::from_secs(900);

/// How much of an error is read.
const MAX_ERROR: usize = 16 << 10;

/// What is asked of an object.
pub(super) struct Request<'a> {
    pub(super) method: Method,
    pub(super) object: &'a ObjectName,
    /// Signed with it: names in lower case, sorted.
    pub(super) headers: Vec<(&'static str, String)>,
}

/// What an object's head says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its bytes.
    pub size: u64,
    /// What identifies this version of it.
    pub etag: Option<String>,
    /// SHA-256 of its bytes, where the service computed it or whoever put it there says so. Nothing is used on its word.
    pub sha256: Option<Digest>,
}

/// What a service says when it refuses.
struct Refused {
    status: u16,
    code: String,
    message: String,
    region: Option<String>,
    date: Option<String>,
    retry_after: Option<Duration>,
}

impl Objects {
    /// The head of an object; nothing where the service says there is none.
    ///
    /// # Errors
    /// When there is no answer, or another one than 200 and 404.
    pub async fn head(&self, object: &ObjectName) -> Result<Option<Head>, ObjectError> {
        let headers = vec![("x-amz-checksum-mode", "ENABLED".to_owned())];
        let request = Request { method: Method::HEAD, object, headers };
        match self.send(&request, async || Ok(None)).await {
            Ok(exchange) => Ok(Some(Head::of(exchange.headers()))),
            Err(error) if error.is_absent() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sends a request until there is an answer of 2xx, or one that will stay. `body` gives the request's body for each attempt.
    pub(super) async fn send(
        &self,
        request: &Request<'_>,
        body: impl AsyncFn() -> Result<Option<Parts>, ObjectCause>,
    ) -> Result<Exchange, ObjectError> {
        let fail = |cause| request.failed(cause);
        let (mut attempt, mut refreshed, mut moved) = (1, false, false);
        loop {
            let held = self.held().await.map_err(|reason| fail(ObjectCause::Credentials(reason)))?;
            let region = self.region_of(request.object.bucket(), &held);
            let now = (self.settings.clock)();
            let call = self.call(request, &held, &region, now).map_err(fail)?;
            let parts = body().await.map_err(fail)?;
            let mut exchange = match self.client.once(&call, Reach::Machine, parts).await {
                Ok(exchange) => exchange,
                Err(cause) if cause.is_transient() && self.client.again(&mut attempt, None).await => continue,
                Err(cause) => return Err(fail(cause.into())),
            };
            if (200..300).contains(&exchange.status()) {
                return Ok(exchange);
            }
            let refused = Refused::read(&mut exchange).await;
            drop(exchange);
            if let Some(other) = refused.region.as_ref().filter(|other| **other != region && !moved) {
                moved = true;
                self.remember(request.object.bucket(), other);
                continue;
            }
            match refused.code.as_str() {
                "ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired" if !refreshed => {
                    refreshed = true;
                    self.forget(&held).await;
                    continue;
                }
                "RequestTimeTooSkewed" => {
                    let ours = httpdate::fmt_http_date(now);
                    return Err(fail(ObjectCause::Skewed { ours, theirs: refused.date.unwrap_or_default() }));
                }
                _ => {}
            }
            // 409: somebody else is writing the same object right now.
            let passing = retry::is_transient(refused.status) || refused.status == 409;
            if passing && self.client.again(&mut attempt, refused.retry_after).await {
                continue;
            }
            let Refused { status, code, message, .. } = refused;
            return Err(fail(ObjectCause::Answer { status, code, message, signed: held.credentials.is_some() }));
        }
    }

    fn region_of(&self, bucket: &str, held: &Held) -> String {
        let regions = self.regions.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        regions.get(bucket).unwrap_or(&held.region).clone()
    }

    fn remember(&self, bucket: &str, region: &str) {
        let mut regions = self.regions.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        regions.insert(bucket.to_owned(), region.to_owned());
    }

    /// The request with its signature.
    fn call(&self, request: &Request<'_>, held: &Held, region: &str, now: SystemTime) -> Result<Call, ObjectCause> {
        let bucket = self.settings.bucket(request.object.bucket(), region, &held.profile);
        let url: Url = bucket.map_err(ObjectCause::Setting)?.object_url(request.object.key());
        let method = match request.method {
            Method::HEAD => rusty_s3::Method::Head,
            Method::PUT => rusty_s3::Method::Put,
            Method::DELETE => rusty_s3::Method::Delete,
            _ => rusty_s3::Method::Get,
        };
        let headers = request.headers.iter().map(|(name, value)| (*name, value.as_str()));
        let url = match &held.credentials {
            None => url,
            Some(c) => {
                let seconds = VALID.as_secs();
                sign(
                    &timestamp(now)?,
                    method,
                    url,
                    c.key(),
                    c.secret(),
                    c.token(),
                    region,
                    seconds,
                    [].into_iter(),
                    headers,
                )
            }
        };
        let call = Call::new(request.method.clone(), url);
        let headers = request.headers.iter();
        Ok(headers.fold(call, |call, (name, value)| call.header(HeaderName::from_static(name), value)))
    }
}

/// The moment as the signer's own time type, of which only this is known here.
fn timestamp<T: TryFrom<SystemTime, Error: std::fmt::Display>>(now: SystemTime) -> Result<T, ObjectCause> {
    now.try_into().map_err(|error| ObjectCause::Setting(format!("the clock: {error}")))
}

impl Request<'_> {
    pub(super) fn failed(&self, cause: ObjectCause) -> ObjectError {
        let verb = match self.method {
            Method::HEAD => "HEAD",
            Method::PUT => "PUT",
            Method::DELETE => "DELETE",
            _ => "GET",
        };
        ObjectError { verb, object: self.object.clone(), cause }
    }
}

impl Head {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        // `-N` at its end says that it is a checksum of checksums of parts.
        let computed = text("x-amz-checksum-sha256").filter(|value| !value.contains('-')).and_then(from_base64);
        let said = text("x-amz-meta-sha256").and_then(|hex| Digest::from_hex(hex).ok());
        Self {
            size: text(CONTENT_LENGTH.as_str()).and_then(|size| size.parse().ok()).unwrap_or_default(),
            etag: text(ETAG.as_str()).map(str::to_owned),
            sha256: computed.or(said),
        }
    }
}

fn from_base64(text: &str) -> Option<Digest> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).ok()?;
    Digest::from_hex(&hex::encode(bytes)).ok()
}

impl Refused {
    async fn read(exchange: &mut Exchange) -> Self {
        let header = |name: &str| exchange.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (status, date, named) = (exchange.status(), header(DATE.as_str()), header("x-amz-bucket-region"));
        let retry_after = retry::retry_after(exchange.headers());
        let body = exchange.head(MAX_ERROR).await;
        let (code, message, region) = read_error(&body).unwrap_or_else(|| (String::new(), client::quote(&body), None));
        let region = named.or(region).filter(|region| is_region(region));
        Self { status, code, message, region, date, retry_after }
    }
}

/// Code, message and region of an `<Error>`; nothing where the body is something else.
pub(super) fn read_error(body: &[u8]) -> Option<(String, String, Option<String>)> {
    let document = Document::parse(std::str::from_utf8(body).ok()?).ok()?;
    let root = document.root_element();
    if root.tag_name().name() != "Error" {
        return None;
    }
    let child = |name: &str| {
        let node = root.children().find(|node| node.is_element() && node.tag_name().name() == name)?;
        Some(redact::printable(node.text()?.trim()).chars().take(200).collect::<String>())
    };
    // `bucket.s3.eu-west-1.amazonaws.com`, as a redirect names it.
    let endpoint = child("Endpoint").and_then(|host| {
        let rest = host.split_once("s3.").or_else(|| host.split_once("s3-"))?.1.to_owned();
        Some(rest.split('.').next()?.to_owned())
    });
    Some((child("Code").unwrap_or_default(), child("Message").unwrap_or_default(), child("Region").or(endpoint)))
}
