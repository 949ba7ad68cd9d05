//! Which addresses are never asked: a redirect or a name under somebody else's control must not reach the metadata
//! service of a cloud, or a service on this machine.

use std::error::Error;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// An address that is not asked, found while resolving a name.
#[derive(Debug, thiserror::Error)]
#[error("address {address} of `{host}` is refused: {reason}")]
pub(super) struct Forbidden {
    host: String,
    address: IpAddr,
    reason: &'static str,
}

/// Why `address` is never asked; nothing if it may be.
fn refusal(address: IpAddr, loopback_allowed: bool) -> Option<&'static str> {
    match address.to_canonical() {
        IpAddr::V4(v4) if v4.is_link_local() => Some("it is link-local"),
        IpAddr::V4(v4) if v4.octets()[0] == 0 => Some("it is unspecified"),
        IpAddr::V6(v6) if v6.is_unspecified() => Some("it is unspecified"),
        IpAddr::V6(v6) if v6.is_unicast_link_local() => Some("it is link-local"),
        // The instance metadata service of EC2 over IPv6.
        IpAddr::V6(v6) if v6.segments() == [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] => Some("it is a metadata service"),
        canonical if canonical.is_loopback() && !loopback_allowed => Some("it is this machine"),
        _ => None,
    }
}

/// Whether the host of `url` is this machine by its own words: a loopback address, or `localhost`.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).to_canonical().is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// Checks an address that a URL writes out; names are checked when they are resolved.
///
/// # Errors
/// With the reason.
pub(super) fn check(url: &Url, loopback_allowed: bool) -> Result<(), String> {
    let address = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        Some(Host::Domain(_)) if is_loopback(url) && !loopback_allowed => {
            return Err("the address is refused: it is this machine".into());
        }
        Some(Host::Domain(_)) => return Ok(()),
        None => return Err("the address has no host".into()),
    };
    refusal(address, loopback_allowed).map_or(Ok(()), |reason| Err(format!("the address is refused: {reason}")))
}

/// The system's resolver, whose forbidden answers are errors. The addresses that are checked are those connected to, so
/// a name cannot change in between.
#[derive(Debug)]
pub(super) struct Resolver {
    pub(super) loopback_allowed: bool,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (host, loopback_allowed) = (name.as_str().to_owned(), self.loopback_allowed);
        Box::pin(async move {
            let addresses = tokio::task::spawn_blocking(move || look_up(host, loopback_allowed)).await??;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

fn look_up(host: String, loopback_allowed: bool) -> Result<Vec<SocketAddr>, Box<dyn Error + Send + Sync>> {
    let found: Vec<SocketAddr> = (host.as_str(), 0).to_socket_addrs()?.collect();
    for address in &found {
        if let Some(reason) = refusal(address.ip(), loopback_allowed) {
            return Err(Forbidden { host, address: address.ip(), reason }.into());
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_are_never_asked() {
        for bad in [
            "http://169.254.169.254/latest",
            "http://[::ffff:169.254.169.254]/",
            "http://[fd00:ec2::254]/",
            "http://[fe80::1]/",
            "http://0.0.0.0/",
            "http://[::]/",
            "http://2852039166/",
            "http://127.0.0.1/",
            "http://[::1]/",
            "http://localhost/",
        ] {
            assert!(check(&bad.parse().unwrap(), false).is_err(), "{bad} was accepted");
        }
        for good in ["http://10.0.0.1/", "http://192.168.1.1/", "https://example.org/"] {
            assert!(check(&good.parse().unwrap(), false).is_ok(), "{good} was refused");
        }
        assert!(check(&"http://127.0.0.1:80/".parse().unwrap(), true).is_ok());
    }
}
