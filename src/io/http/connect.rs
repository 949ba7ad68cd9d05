//! Connections: TLS, certificates, proxies, names. Nothing is read from the environment.

use std::collections::BTreeSet;
use std::error::Error;
use std::sync::{Arc, OnceLock};

use reqwest::{NoProxy, Proxy};
use url::Url;

use super::address::{Reach, Resolver};
use super::error::Cause;
use super::settings::Settings;
use crate::base::redact;

/// One pool of connections for each reach. They are made when they are needed, because each reads all certificates of the
/// system.
#[derive(Default)]
pub(super) struct Connections {
    machine: OnceLock<reqwest::Client>,
    network: OnceLock<reqwest::Client>,
    public: OnceLock<reqwest::Client>,
}

impl Connections {
    /// The connections that reach as far as `reach`.
    ///
    /// # Errors
    /// When a proxy's address or a certificate is malformed, or the system's certificates cannot be read.
    pub(super) fn reaching(&self, reach: Reach, settings: &Settings) -> Result<&reqwest::Client, Cause> {
        let slot = match reach {
            Reach::Machine => &self.machine,
            Reach::Network => &self.network,
            Reach::Public => &self.public,
        };
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let built = build(reach, settings).map_err(|error| Cause::Setup(chain(&error)))?;
        Ok(slot.get_or_init(|| built))
    }
}

fn build(reach: Reach, settings: &Settings) -> reqwest::Result<reqwest::Client> {
    // The second client of a process finds the provider installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let proxies = [&settings.proxies.http, &settings.proxies.https].into_iter().flatten();
    let proxies = proxies.filter_map(|proxy| Some(proxy.expose().parse::<Url>().ok()?.host_str()?.to_owned()));
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("mokapot/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(settings.connect_timeout)
        .dns_resolver(Arc::new(Resolver { reach, proxies: proxies.collect::<BTreeSet<_>>() }))
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
}

/// An error's text with those of its sources, each once.
pub(super) fn chain(error: &dyn Error) -> String {
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
