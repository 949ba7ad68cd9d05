//! How the client behaves, as its caller wishes. Only `cli` reads the environment; it hands the values down in here.

use std::time::Duration;

use super::credentials::Credentials;
use crate::base::redact::Secret;

/// Everything the client does not decide by itself.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Proxies, as `http_proxy` and kin would name them.
    pub proxies: Proxies,
    /// Who we are, by host.
    pub credentials: Credentials,
    /// Certificates of authorities to trust beside the system's, each a PEM text.
    pub authorities: Vec<Vec<u8>>,
    /// How long making a connection may take, TLS included.
    pub connect_timeout: Duration,
    /// How long a connection may bring nothing, or next to nothing.
    pub stall_timeout: Duration,
    /// How often one request is tried in all; at least 1.
    pub attempts: u32,
    /// The wait before the second attempt; it doubles with each further one.
    pub backoff: Duration,
    /// The longest wait between two attempts, whatever the server asks for.
    pub longest_wait: Duration,
    /// How many requests run at the same time to one host; at least 1.
    pub per_host: usize,
}

/// Proxy addresses; they may hold a password.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    /// For `http:` URLs.
    pub http: Option<Secret>,
    /// For `https:` URLs.
    pub https: Option<Secret>,
    /// Hosts that are asked directly, in the syntax of `no_proxy`.
    pub except: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            proxies: Proxies::default(),
            credentials: Credentials::default(),
            authorities: Vec::new(),
            connect_timeout: Duration::from_secs(20),
            stall_timeout: Duration::from_secs(30),
            attempts: 5,
            backoff: Duration::from_millis(500),
            longest_wait: Duration::from_secs(60),
            per_host: 6,
        }
    }
}
