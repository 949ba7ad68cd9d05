//! Web identity: a token in a file, as Kubernetes gives it to a pod, for credentials of a role (STS `AssumeRoleWithWebIdentity`).

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use roxmltree::Document;
use rusty_s3::Credentials;
use url::Url;
use url::form_urlencoded::Serializer;

use super::profile::Profile;
use super::settings::{Settings, suffix};
use crate::base::redact;
use crate::io::http::{Call, Client};

/// More than any token.
const MAX_TOKEN: u64 = 1 << 16;

/// More than any answer.
const MAX_ANSWER: u64 = 1 << 20;

/// Who somebody else says we are, and what we want to be.
pub(super) struct Identity<'a> {
    /// The file with the token.
    pub(super) token: &'a Path,
    /// The role's name.
    pub(super) role: &'a str,
    /// What the session is called in AWS's logs.
    pub(super) session: &'a str,
}

/// Credentials of the role, and when they end.
///
/// # Errors
/// With the reason, in which the token does not stand.
pub(super) async fn assume(
    client: &Client,
    settings: &Settings,
    profile: &Profile,
    region: &str,
    identity: &Identity<'_>,
) -> Result<(Credentials, Timestamp), String> {
    let shown = redact::printable(&identity.token.display().to_string());
    let small = fs::metadata(identity.token).map(|metadata| metadata.len() <= MAX_TOKEN);
    let token = match small {
        Ok(true) => fs::read_to_string(identity.token),
        Ok(false) => return Err(format!("{shown} is no web identity token: it is too large")),
        Err(error) => Err(error),
    };
    let token = token.map_err(|error| format!("the web identity token {shown} cannot be read: {error}"))?;
    let token = token.trim();
    let default = || format!("https://sts.{region}.{}", suffix(region));
    let endpoint = settings.endpoint("STS", profile).unwrap_or_else(default);
    let url: Url = endpoint.parse().map_err(|error| format!("the endpoint of STS: {error}"))?;
    let body = Serializer::new(String::new())
        .append_pair("Action", "AssumeRoleWithWebIdentity")
        .append_pair("Version", "2011-06-15")
        .append_pair("RoleArn", identity.role)
        .append_pair("RoleSessionName", identity.session)
        .append_pair("WebIdentityToken", token)
        .finish();
    let call = Call::new(Method::POST, url).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body.into());
    // What a server says may repeat what it was sent.
    let safe = |text: String| if token.is_empty() { text } else { text.replace(token, "***") };
    let answer = client.call(&call, MAX_ANSWER).await.map_err(|error| safe(format!("the role is refused: {error}")))?;
    read(&String::from_utf8_lossy(&answer.body)).ok_or_else(|| "STS answered without credentials".to_owned())
}

fn read(text: &str) -> Option<(Credentials, Timestamp)> {
    let document = Document::parse(text).ok()?;
    let find = |name: &str| {
        let node = document.descendants().find(|node| node.is_element() && node.tag_name().name() == name)?;
        node.text().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let (key, secret, token) = (find("AccessKeyId")?, find("SecretAccessKey")?, find("SessionToken")?);
    Some((Credentials::new_with_token(key, secret, token), find("Expiration")?.parse().ok()?))
}
