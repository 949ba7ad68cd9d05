//! The metadata service of an EC2 instance, version 2 only: a session token first, then the credentials of the instance's role
//! (EC2 User Guide, "Use IMDS"). Version 1, which a forged request could use, is never asked.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::Method;
use reqwest::header::HeaderName;
use rusty_s3::Credentials;
use serde::Deserialize;
use tokio::time::timeout;
use url::Url;

use super::settings::Settings;
use crate::io::http::{Call, Client, Reach};

/// Where the service is on every instance.
const ENDPOINT: &str = "http://169.254.169.254";

/// How long an instance's own service may take; elsewhere nobody answers.
const PATIENCE: Duration = Duration::from_secs(1);

/// More than any answer.
const MAX_ANSWER: u64 = 1 << 16;

const TTL: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token-ttl-seconds");
const TOKEN: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token");
const ROLES: &str = "latest/meta-data/iam/security-credentials/";

/// The credentials of a role, as the service tells them.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Role {
    access_key_id: String,
    secret_access_key: String,
    token: String,
    expiration: String,
}

/// The credentials of the instance's role, and when they end; nothing where there is no instance, or it has no role.
///
/// # Errors
/// When an instance answers with what makes no sense.
pub(super) async fn find(client: &Client, settings: &Settings) -> Result<Option<(Credentials, Timestamp)>, String> {
    if settings.variable("AWS_EC2_METADATA_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return Ok(None);
    }
    let endpoint = settings.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT").unwrap_or(ENDPOINT);
    let root: Url = format!("{}/", endpoint.trim_end_matches('/'))
        .parse()
        .map_err(|error| format!("AWS_EC2_METADATA_SERVICE_ENDPOINT: {error}"))?;
    let at = |path: &str| root.join(path).map_err(|error| error.to_string());
    let session = Call::new(Method::PUT, at("latest/api/token")?).header(TTL, "21600");
    let Some(token) = ask(client, &session).await else { return Ok(None) };
    let get = |path: String| Ok::<_, String>(Call::get(at(&path)?).header(TOKEN, token.trim()));
    let Some(roles) = ask(client, &get(ROLES.to_owned())?).await else { return Ok(None) };
    let Some(role) = roles.lines().map(str::trim).find(|role| !role.is_empty() && !role.contains('/')) else {
        return Ok(None);
    };
    let wrong = || "the instance's metadata service answered without credentials".to_owned();
    let text = ask(client, &get(format!("{ROLES}{role}"))?).await.ok_or_else(wrong)?;
    let role: Role = serde_json::from_str(&text).map_err(|_| wrong())?;
    let credentials = Credentials::new_with_token(role.access_key_id, role.secret_access_key, role.token);
    Ok(Some((credentials, role.expiration.parse().map_err(|_| wrong())?)))
}

/// The text of a good answer, if there is one soon.
async fn ask(client: &Client, call: &Call) -> Option<String> {
    let answer = async {
        let mut exchange = client.once(call, Reach::Metadata, None).await.ok()?;
        let body = if exchange.status() == 200 { exchange.bytes(MAX_ANSWER).await.ok() } else { None };
        String::from_utf8(body?.to_vec()).ok()
    };
    timeout(PATIENCE, answer).await.ok().flatten()
}
