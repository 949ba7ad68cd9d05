//! Connections: TLS, certificates, proxies, names. Nothing is read from the environment.

use std::collections::BTreeSet;
use std::error::Error;
use std::sync::{Arc, OnceLock};

use reqwest::{NoProxy, Proxy};
use rustls::RootCertStore;
use url::Url;

use super::address::{Reach, Resolver};
use super::error::Cause;
use super::settings::Settings;
use crate::base::redact;

/// One pool of connections for each reach, made when it is needed.
#[derive(Default)]
pub(super) struct Connections {
    metadata: OnceLock<reqwest::Client>,
    machine: OnceLock<reqwest::Client>,
    network: OnceLock<reqwest::Client>,
    public: OnceLock<reqwest::Client>,
    /// The system's certificates and the settings' own, read once.
    authorities: OnceLock<Vec<reqwest::Certificate>>,
}

impl Connections {
    /// The connections that reach as far as `reach`.
    ///
    /// # Errors
    /// When a proxy's address or a certificate is malformed, or none of the system's certificates can be read.
    pub(super) fn reaching(&self, reach: Reach, settings: &Settings) -> Result<&reqwest::Client, Cause> {
        let slot = match reach {
            Reach::Metadata => &self.metadata,
            Reach::Machine => &self.machine,
            Reach::Network => &self.network,
            Reach::Public => &self.public,
        };
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let known = match self.authorities.get() {
            Some(known) => known,
            None => {
                let found = authorities(settings)?;
                self.authorities.get_or_init(|| found)
            }
        };
        let built = build(reach, settings, known.clone()).map_err(|error| Cause::Setup(chain(&error)))?;
        Ok(slot.get_or_init(|| built))
    }
}

/// The certificates of the authorities that vouch for servers. A machine may have none, and then speaks plain HTTP only.
fn authorities(settings: &Settings) -> Result<Vec<reqwest::Certificate>, Cause> {
    let setup = |error: &dyn Error| Cause::Setup(chain(error));
    let system = rustls_native_certs::load_native_certs();
    if let Some(error) = system.errors.first().filter(|_| system.certs.is_empty()) {
        return Err(Cause::Setup(format!("certificates of authorities: {}", chain(error))));
    }
    let mut all = Vec::new();
    // Of the system's, those that make no sense are passed over.
    for certificate in system.certs.iter().filter(|der| RootCertStore::empty().add((*der).clone()).is_ok()) {
        all.push(reqwest::Certificate::from_der(certificate).map_err(|error| setup(&error))?);
    }
    for pem in &settings.authorities {
        all.extend(reqwest::Certificate::from_pem_bundle(pem).map_err(|error| setup(&error))?);
    }
    Ok(all)
}

fn build(
    reach: Reach,
    settings: &Settings,
    authorities: Vec<reqwest::Certificate>,
) -> reqwest::Result<reqwest::Client> {
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
    builder.tls_certs_only(authorities).build()
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
