//! Who we are: environment, profile, web identity, instance metadata, in the order of the AWS SDK for Rust; or nobody.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use rusty_s3::Credentials;

use super::profile::Profile;
use super::{Objects, metadata, sts};

/// Credentials this close to their end are replaced.
const MARGIN: Duration = Duration::from_secs(300);

/// Who we are, and for how long.
#[derive(Clone)]
pub(super) struct Held {
    /// Nobody where none of the places knows us: requests then go unsigned.
    pub(super) credentials: Option<Credentials>,
    /// When they end.
    pub(super) expires: Option<Timestamp>,
    /// The profile that says where to ask, and who.
    pub(super) profile: Profile,
    /// The region that is asked first.
    pub(super) region: String,
}

impl Objects {
    /// The credentials, asked for if they are not known or about to end.
    ///
    /// # Errors
    /// With the reason, where somebody should know us and does not.
    pub(super) async fn held(&self) -> Result<Held, String> {
        let mut held = self.held.lock().await;
        if let Some(known) = held.as_ref().filter(|known| !known.is_ending((self.settings.clock)())) {
            return Ok(known.clone());
        }
        let found = self.find().await?;
        *held = Some(found.clone());
        Ok(found)
    }

    /// Forgets credentials that were refused as ended; others may have come since.
    pub(super) async fn forget(&self, refused: &Held) {
        let mut held = self.held.lock().await;
        if held.as_ref().is_some_and(|held| held.credentials == refused.credentials) {
            *held = None;
        }
    }

    async fn find(&self) -> Result<Held, String> {
        let settings = &self.settings;
        let profile = Profile::read(settings)?;
        let region = settings.region(&profile);
        let make =
            |credentials, expires| Held { credentials, expires, profile: profile.clone(), region: region.clone() };
        let text = |name: &str| settings.variable(name);
        if let (Some(key), Some(secret)) = (text("AWS_ACCESS_KEY_ID"), text("AWS_SECRET_ACCESS_KEY")) {
            return Ok(make(Some(of(key, secret, text("AWS_SESSION_TOKEN"))), None));
        }
        if let (Some(key), Some(secret)) = (profile.get("aws_access_key_id"), profile.get("aws_secret_access_key")) {
            return Ok(make(Some(of(key, secret, profile.get("aws_session_token"))), None));
        }
        let token = profile.get("web_identity_token_file").or_else(|| text("AWS_WEB_IDENTITY_TOKEN_FILE"));
        if let Some(token) = token {
            let role = profile.get("role_arn").or_else(|| text("AWS_ROLE_ARN"));
            let session = profile.get("role_session_name").or_else(|| text("AWS_ROLE_SESSION_NAME"));
            let identity = sts::Identity {
                token: token.as_ref(),
                role: role.ok_or("there is a web identity token, and no role: AWS_ROLE_ARN is not set")?,
                session: session.unwrap_or("mokapot"),
            };
            let (credentials, expires) = sts::assume(&self.client, settings, &profile, &region, &identity).await?;
            return Ok(make(Some(credentials), Some(expires)));
        }
        for other in ["role_arn", "sso_session", "sso_start_url", "credential_process"] {
            if profile.get(other).is_some() {
                return Err(format!(
                    "the profile has `{other}`, which is not supported: hand over keys in the environment"
                ));
            }
        }
        match metadata::find(&self.client, settings).await? {
            Some((credentials, expires)) => Ok(make(Some(credentials), Some(expires))),
            None => Ok(make(None, None)),
        }
    }
}

impl Held {
    fn is_ending(&self, now: SystemTime) -> bool {
        let Ok(now) = Timestamp::try_from(now + MARGIN) else { return false };
        self.expires.is_some_and(|end| end <= now)
    }
}

fn of(key: &str, secret: &str, token: Option<&str>) -> Credentials {
    match token {
        Some(token) => Credentials::new_with_token(key, secret, token),
        None => Credentials::new(key, secret),
    }
}
