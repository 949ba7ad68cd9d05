//! Who we are to a registry: Docker's `config.json`, its credential helpers, and the same file as podman writes it.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use docker_credential::{CredentialRetrievalError, DockerCredential, get_credential_from_reader};

use super::error::{Error, Result};
use crate::base::redact::{Secret, printable};

/// What a registry may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Credential {
    /// A name and a password, or an access token in its place.
    Password {
        /// The account.
        user: String,
        /// Its password.
        password: Secret,
    },
    /// An OAuth 2 refresh token.
    Identity(Secret),
}

/// The credentials for `registry` in the file `config`; none when the file or the entry is not there.
///
/// A credential helper is a program that Docker's configuration names; it gets `wait` to answer.
///
/// # Errors
/// When the file cannot be read or is no configuration, or the helper fails. The helper's output is never shown.
pub(super) async fn find(registry: &str, config: &Path, wait: Duration) -> Result<Option<Credential>> {
    let wrong = |what: String| Error::Credentials { registry: registry.to_owned(), what };
    let bytes = match fs::read(config) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(format!("{}: {error}", config.display()))),
    };
    // Docker keeps its own hub's entry under the address of the first version of the protocol
    let server = if registry.starts_with("index.") { format!("https://{registry}/v1/") } else { registry.to_owned() };
    let asking = tokio::task::spawn_blocking(move || get_credential_from_reader(&*bytes, &server));
    let found = tokio::time::timeout(wait, asking)
        .await
        .map_err(|_| wrong(format!("the credential helper did not answer in {} s", wait.as_secs())))?
        .map_err(|_| wrong("the credential helper could not be started".into()))?;
    match found {
        Ok(DockerCredential::UsernamePassword(user, password)) => {
            Ok(Some(Credential::Password { user, password: Secret::new(password) }))
        }
        Ok(DockerCredential::IdentityToken(token)) => Ok(Some(Credential::Identity(Secret::new(token)))),
        Err(CredentialRetrievalError::NoCredentialConfigured | CredentialRetrievalError::ConfigNotFound) => Ok(None),
        // the words that the protocol of credential helpers gives this case
        Err(CredentialRetrievalError::HelperFailure { stdout, .. })
            if stdout.trim() == "credentials not found in native keychain" =>
        {
            Ok(None)
        }
        Err(error) => Err(wrong(match error {
            CredentialRetrievalError::HelperFailure { helper, .. } => format!("`{}` failed", printable(&helper)),
            CredentialRetrievalError::HelperCommunicationError => "the credential helper could not be run".into(),
            CredentialRetrievalError::MalformedHelperResponse => "the credential helper's answer is malformed".into(),
            CredentialRetrievalError::CredentialDecodingError => {
                format!("{}: the entry's `auth` is not base64 of user:password", config.display())
            }
            CredentialRetrievalError::CredentialMismatchError => {
                format!("{}: the entry's `auth` is not its `username` and `password`", config.display())
            }
            _ => format!("{} is no Docker configuration", config.display()),
        })),
    }
}
