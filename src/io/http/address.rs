//! Which addresses are never asked: a redirect or a name under somebody else's control must not reach the metadata
//! service of a cloud, or a service on this machine.

use std::collections::BTreeSet;
use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};

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

/// How far into our own network an address may lead. Whoever sends us somewhere may send us as far as it is itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// The public internet only.
    Public,
    /// Also private networks.
    Network,
    /// Also this machine.
    Machine,
    /// Also the metadata service of a cloud; for whoever asks that very service, and nobody else.
    Metadata,
}

impl Reach {
    /// The reach of a server that has this address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match canonical(address) {
            address if address.is_loopback() => Self::Machine,
            address if is_private(address) => Self::Network,
            _ => Self::Public,
        }
    }
}

/// Why `address` is not asked; nothing if it may be.
fn refusal(address: IpAddr, reach: Reach) -> Option<&'static str> {
    match canonical(address) {
        IpAddr::V4(v4) if v4.is_link_local() && reach < Reach::Metadata => Some("it is link-local"),
        IpAddr::V4(v4) if v4.octets()[0] == 0 => Some("it is unspecified"),
        IpAddr::V6(v6) if v6.is_unspecified() => Some("it is unspecified"),
        IpAddr::V6(v6) if v6.is_unicast_link_local() => Some("it is link-local"),
        // The instance metadata service of EC2 over IPv6.
        IpAddr::V6(v6) if v6.segments() == [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] => Some("it is a metadata service"),
        own if own.is_loopback() && reach < Reach::Machine => Some("it is this machine"),
        private if is_private(private) && reach < Reach::Network => Some("it is of a private network"),
        _ => None,
    }
}

/// The IPv4 address in an IPv6 one (mapped, compatible, NAT64, 6to4), or else the address itself.
fn canonical(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    match v6.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => address,
        [0, 0, 0, 0, 0, 0 | 0xffff, a, b] | [0x64, 0xff9b, 0, 0, 0, 0, a, b] | [0x2002, a, b, ..] => {
            let ([a, b], [c, d]) = (a.to_be_bytes(), b.to_be_bytes());
            Ipv4Addr::new(a, b, c, d).into()
        }
        _ => address,
    }
}

/// Whether an address is not one of the public internet (RFC 6890).
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_loopback() || v4.is_private() || v4.is_multicast() || (a == 100 && (64..128).contains(&b)) || a >= 240
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_multicast() || v6.is_unique_local(),
    }
}

/// Whether the host of `url` is this machine by its own words: a loopback address, or `localhost`.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => canonical(address.into()).is_loopback(),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        None => false,
    }
}

/// Checks an address that a URL writes out; names are checked when they are resolved.
///
/// # Errors
/// With the reason.
pub(super) fn check(url: &Url, reach: Reach) -> Result<(), String> {
    let reason = match url.host() {
        Some(Host::Ipv4(address)) => refusal(address.into(), reach),
        Some(Host::Ipv6(address)) => refusal(address.into(), reach),
        Some(Host::Domain(_)) if is_loopback(url) && reach < Reach::Machine => Some("it is this machine"),
        Some(Host::Domain(_)) => None,
        None => return Err("the address has no host".into()),
    };
    reason.map_or(Ok(()), |reason| Err(format!("the address is refused: {reason}")))
}

/// The system's resolver, whose forbidden answers are errors. The addresses that are checked are those connected to, so
/// a name cannot change in between.
#[derive(Debug)]
pub(super) struct Resolver {
    pub(super) reach: Reach,
    /// The hosts of our caller's own proxies, which may be anywhere.
    pub(super) proxies: BTreeSet<String>,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let reach = if self.proxies.contains(&host) { Reach::Machine } else { self.reach };
        Box::pin(async move {
            let addresses = tokio::task::spawn_blocking(move || look_up(host, reach)).await??;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

fn look_up(host: String, reach: Reach) -> Result<Vec<SocketAddr>, Box<dyn Error + Send + Sync>> {
    let found: Vec<SocketAddr> = (host.as_str(), 0).to_socket_addrs()?.collect();
    for address in &found {
        if let Some(reason) = refusal(address.ip(), reach) {
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
            assert!(check(&bad.parse().unwrap(), Reach::Network).is_err(), "{bad} was accepted");
        }
        for good in ["http://10.0.0.1/", "http://192.168.1.1/", "https://example.org/"] {
            assert!(check(&good.parse().unwrap(), Reach::Network).is_ok(), "{good} was refused");
        }
        assert!(check(&"http://127.0.0.1:80/".parse().unwrap(), Reach::Machine).is_ok());
    }

    #[test]
    fn who_is_public_cannot_send_us_into_our_network() {
        for bad in [
            "https://127.0.0.1/x",
            "https://10.0.0.1/x",
            "https://169.254.169.254/latest/meta-data",
            "https://[fd00:ec2::254]/x",
            "https://[fc00::1]/x",
            "https://[::1]/x",
            "https://[::ffff:10.0.0.1]/x",
            "https://[64:ff9b::10.0.0.1]/x",
            "https://[2002:a00:1::]/x",
            "https://[::]/x",
            "https://0.0.0.0/x",
            "https://100.64.0.1/x",
            "https://224.0.0.1/x",
            "https://255.255.255.255/x",
            "https://192.168.1.1:8443/x",
            "https://2130706433/x", // 127.0.0.1 as one number
            "https://0x7f.1/x",
            "https://localhost/x",
            "https://a.localhost./x",
        ] {
            assert!(check(&bad.parse().unwrap(), Reach::Public).is_err(), "{bad} was accepted");
        }
        assert!(check(&"https://8.8.8.8/x".parse().unwrap(), Reach::Public).is_ok());
        let error = look_up("localhost".into(), Reach::Public).unwrap_err().to_string();
        assert!(error.contains("it is this machine"), "{error}");
    }

    #[test]
    fn servers_reach_as_far_as_they_are() {
        let of = |address: &str| Reach::of(address.parse().unwrap());
        assert_eq!(of("127.0.0.1"), Reach::Machine);
        assert_eq!(of("::1"), Reach::Machine);
        assert_eq!(of("10.1.2.3"), Reach::Network);
        assert_eq!(of("::ffff:192.168.0.1"), Reach::Network);
        assert_eq!(of("8.8.8.8"), Reach::Public);
    }
}
