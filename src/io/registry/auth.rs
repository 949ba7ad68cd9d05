//! Logging in: Basic, and the token dance (distribution's "Token Authentication Specification").
//!
//! A registry answers 401 and says which token server gives tokens for it; the token server gets our credentials and gives
//! a token for some scopes and some minutes. A token is kept until it is nine tenths old. A request is sent again with a
//! new token once, so that no server can make us go round in circles.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use tokio::sync::{Mutex, OnceCell};
use tokio::time::Instant;
use url::Url;

use super::credentials::{self, Credential};
use super::error::{Error, Result};
use super::transport::Transport;
use crate::base::redact::printable;
use crate::formats::oci::{Challenge, json};
use crate::io::http::Call;

/// The most bytes of a token server's answer.
const MAX_ANSWER: u64 = 1 << 20;
/// How long a token lives when its server does not say (specification: 60 seconds).
const DEFAULT_LIFE: u64 = 60;

/// Our standing with one registry.
pub(super) struct Auth {
    registry: String,
    scopes: Vec<String>,
    config: Option<PathBuf>,
    credential: OnceCell<Option<Credential>>,
    state: Mutex<State>,
}

/// What the registry asked for, and what we have.
#[derive(Default)]
struct State {
    bearer: Option<(Url, Challenge)>,
    header: Option<HeaderValue>,
    expires: Option<Instant>,
}

impl Auth {
    /// `scopes` such as `repository:team/image:pull,push`; `config` is Docker's `config.json`, if there is one.
    pub(super) fn new(registry: String, scopes: Vec<String>, config: Option<PathBuf>) -> Self {
        Self { registry, scopes, config, credential: OnceCell::new(), state: Mutex::default() }
    }

    /// The `Authorization` to send; none as long as the registry has not asked. Renews a token that is about to expire.
    pub(super) async fn current(&self, transport: &Transport) -> Result<Option<HeaderValue>> {
        let mut state = self.state.lock().await;
        if state.expires.is_some_and(|expires| expires <= Instant::now())
            && let Some((realm, challenge)) = state.bearer.clone()
        {
            self.fetch(&mut state, transport, &realm, &challenge).await?;
        }
        Ok(state.header.clone())
    }

    /// The `Authorization` to send after a 401 to a request that was sent with `used`, from `url`, with these challenges.
    pub(super) async fn renew(
        &self,
        transport: &Transport,
        used: Option<&HeaderValue>,
        url: &Url,
        headers: &[String],
    ) -> Result<HeaderValue> {
        let mut state = self.state.lock().await;
        if let Some(header) = state.header.as_ref().filter(|header| Some(*header) != used) {
            // another request has been through this already
            return Ok(header.clone());
        }
        let challenges: Vec<Challenge> = headers.iter().flat_map(|header| Challenge::parse(header)).collect();
        if let Some(challenge) = challenges.iter().find(|challenge| challenge.scheme == "bearer") {
            let realm = challenge.get("realm").unwrap_or_default();
            let realm = transport.resolve(url, realm).await?;
            self.fetch(&mut state, transport, &realm, challenge).await?;
        } else if challenges.iter().any(|challenge| challenge.scheme == "basic") {
            match self.credential(transport).await? {
                Some(Credential::Password { user, password }) => {
                    let header = basic(user, password.expose());
                    if used == Some(&header) {
                        return Err(self.unauthorized("the registry refuses the user name or password"));
                    }
                    state.header = Some(header);
                }
                Some(Credential::Identity(_)) => {
                    return Err(
                        self.unauthorized("the registry wants a password, and the login holds an identity token")
                    );
                }
                None => return Err(self.unauthorized("the registry wants a login, and no credentials were found")),
            }
        } else {
            return Err(self.unauthorized("the registry answers 401 and offers neither Bearer nor Basic"));
        }
        state.header.clone().ok_or_else(|| self.unauthorized("no token"))
    }

    /// An authorization error of this registry.
    pub(super) fn unauthorized(&self, what: impl Into<String>) -> Error {
        Error::Unauthorized { registry: self.registry.clone(), what: what.into() }
    }

    /// What we ask for, for messages.
    pub(super) fn scopes(&self) -> String {
        self.scopes.join(" ")
    }

    async fn credential(&self, transport: &Transport) -> Result<Option<&Credential>> {
        let find = || async {
            match &self.config {
                Some(config) => credentials::find(&self.registry, config, transport.settings().stall_timeout).await,
                None => Ok(None),
            }
        };
        Ok(self.credential.get_or_try_init(find).await?.as_ref())
    }

    /// Asks the token server.
    #[expect(clippy::disallowed_methods, reason = "a token's issued_at is a date, and io may know the time")]
    async fn fetch(&self, state: &mut State, transport: &Transport, realm: &Url, challenge: &Challenge) -> Result<()> {
        let service = challenge.get("service").unwrap_or_default();
        let call = match self.credential(transport).await? {
            Some(Credential::Identity(token)) => {
                let form = url::form_urlencoded::Serializer::new(String::new())
                    .append_pair("grant_type", "refresh_token")
                    .append_pair("client_id", "mokapot")
                    .append_pair("service", service)
                    .append_pair("scope", &self.scopes.join(" "))
                    .append_pair("refresh_token", token.expose())
                    .finish();
                Call::new(Method::POST, realm.clone())
                    .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body(form.into())
            }
            other => {
                let mut url = realm.clone();
                if !service.is_empty() {
                    url.query_pairs_mut().append_pair("service", service);
                }
                for scope in &self.scopes {
                    url.query_pairs_mut().append_pair("scope", scope);
                }
                let mut call = Call::get(url);
                if let Some(Credential::Password { user, password }) = other {
                    call.headers.insert(AUTHORIZATION, basic(user, password.expose()));
                }
                call
            }
        };
        let answer = transport.send(&call, None).await?;
        if answer.status() != 200 {
            let refusal = answer.into_error().await;
            return Err(self.unauthorized(format!("no token: {refusal}")));
        }
        let breach = answer.protocol("the token server's answer is no JSON object with a `token`");
        let Ok(body) = json::parse(&answer.bytes(MAX_ANSWER).await?) else { return Err(breach) };
        let token = ["token", "access_token"].iter().find_map(|name| body[*name].as_str()).filter(|t| !t.is_empty());
        let Some(token) = token else { return Err(breach) };
        if let Some(granted) = body["scope"].as_str()
            && !self.scopes.iter().all(|wanted| grants(granted, wanted))
        {
            return Err(self.unauthorized(format!(
                "insufficient scope: asked for `{}`, granted `{}`",
                self.scopes(),
                printable(&granted.chars().take(200).collect::<String>())
            )));
        }
        let mut header = HeaderValue::from_str(&format!("Bearer {token}"))
            .map_err(|_| self.unauthorized("the token has characters that no header can carry"))?;
        header.set_sensitive(true);
        let life = Duration::from_secs(body["expires_in"].as_u64().unwrap_or(DEFAULT_LIFE).min(86_400));
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let issued = body["issued_at"].as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
        let age = issued
            .and_then(|issued| u64::try_from(issued.as_second()).ok())
            .map_or(Duration::ZERO, |issued| now.saturating_sub(Duration::from_secs(issued)));
        // a token that has expired already (or whose server's clock is wrong) is good for one try, and not kept
        state.expires = Some(Instant::now() + life.saturating_sub(age).mul_f64(0.9));
        state.header = Some(header);
        state.bearer = Some((realm.clone(), challenge.clone()));
        Ok(())
    }
}

/// Whether the granted scopes (separated by spaces) hold the wanted one, with all its actions.
fn grants(granted: &str, wanted: &str) -> bool {
    let split = |scope: &str| scope.rsplit_once(':').map(|(name, actions)| (name.to_owned(), actions.to_owned()));
    let Some((name, actions)) = split(wanted) else { return true };
    granted.split(' ').filter_map(split).any(|(other, given)| {
        other == name && actions.split(',').all(|action| given.split(',').any(|g| g == action || g == "*"))
    })
}

fn basic(user: &str, password: &str) -> HeaderValue {
    let text = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
    // base64 has only characters that a header can carry
    let mut header = HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("Basic"));
    header.set_sensitive(true);
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_compared_by_action() {
        assert!(grants("repository:a:push,pull", "repository:a:pull,push"));
        assert!(grants("x repository:a:*", "repository:a:pull,push"));
        assert!(!grants("repository:a:pull", "repository:a:pull,push"));
        assert!(!grants("repository:ab:pull,push", "repository:a:pull"));
    }
}
