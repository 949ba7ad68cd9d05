//! Where a registry may send us: the rules for redirects, upload locations, pages and token realms.
//!
//! A registry on the internet that names an address of our own network wants us to talk to something it cannot reach
//! itself (cloud metadata, a router, a service on loopback). A registry that is in our network may do so, since it can.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// A server as the browsers' same-origin rule tells them apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

/// Who answers at an address that we may follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// The registry itself: it gets our credentials.
    Registry,
    /// Somebody else: never.
    Other,
}

impl Origin {
    /// The origin of a URL.
    #[must_use]
    pub(super) fn of(url: &Url) -> Self {
        Self {
            scheme: url.scheme().to_owned(),
            host: url.host_str().unwrap_or_default().to_owned(),
            port: url.port_or_known_default(),
        }
    }
}

/// Whether `target` may be followed for a registry at `home`, which is `public` or within our own network.
///
/// Names are judged here by their text only; what they resolve to is judged when they are resolved.
///
/// # Errors
/// The rule that forbids it.
pub(super) fn follow(home: &Origin, public: bool, target: &Url) -> Result<Audience, &'static str> {
    match target.scheme() {
        "https" => {}
        "http" if home.scheme == "http" => {}
        "http" => return Err("it leaves https"),
        _ => return Err("neither http nor https"),
    }
    if Origin::of(target) == *home {
        return Ok(Audience::Registry);
    }
    let private = match target.host() {
        None => return Err("no host"),
        Some(Host::Ipv4(address)) => is_private(address.into()),
        Some(Host::Ipv6(address)) => is_private(address.into()),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name.eq_ignore_ascii_case("localhost") || name.to_ascii_lowercase().ends_with(".localhost")
        }
    };
    if private && public {
        return Err("an address of a private network");
    }
    Ok(Audience::Other)
}

/// Whether an address is not one of the public internet (RFC 6890 and what maps to it).
#[must_use]
pub(super) fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_private_v4(address),
        IpAddr::V6(address) => {
            let segments = address.segments();
            // IPv4 in IPv6: mapped, compatible, NAT64, 6to4
            let embedded = match segments {
                [0, 0, 0, 0, 0, 0 | 0xffff, a, b] | [0x64, 0xff9b, 0, 0, 0, 0, a, b] | [0x2002, a, b, ..] => {
                    let [a, b, c, d] = [(a >> 8) as u8, a as u8, (b >> 8) as u8, b as u8];
                    Some(Ipv4Addr::new(a, b, c, d))
                }
                _ => None,
            };
            address == Ipv6Addr::UNSPECIFIED
                || address.is_loopback()
                || address.is_multicast()
                || segments[0] & 0xfe00 == 0xfc00
                || segments[0] & 0xffc0 == 0xfe80
                || embedded.is_some_and(is_private_v4)
        }
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    a == 0
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || (a == 100 && (64..128).contains(&b))
        || a >= 240
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(target: &str) -> Result<Audience, &'static str> {
        let home = Origin::of(&"https://registry.example.com/v2/".parse().unwrap());
        follow(&home, true, &target.parse().unwrap())
    }

    #[test]
    fn a_public_registry_cannot_send_us_home() {
        for bad in [
            "https://127.0.0.1/x",
            "https://10.0.0.1/x",
            "https://169.254.169.254/latest/meta-data",
            "https://[fd00:ec2::254]/x",
            "https://[::1]/x",
            "https://[::ffff:10.0.0.1]/x",
            "https://[::]/x",
            "https://0.0.0.0/x",
            "https://100.64.0.1/x",
            "https://192.168.1.1:8443/x",
            "https://2130706433/x", // 127.0.0.1 as one number
            "https://0x7f.1/x",
            "https://localhost/x",
            "https://a.localhost./x",
        ] {
            assert_eq!(to(bad), Err("an address of a private network"), "{bad}");
        }
        assert_eq!(to("http://registry.example.com/x"), Err("it leaves https"));
        assert_eq!(to("file:///etc/passwd"), Err("neither http nor https"));
        assert_eq!(to("gopher://1.2.3.4/"), Err("neither http nor https"));
    }

    #[test]
    fn credentials_go_to_the_registry_alone() {
        assert_eq!(to("https://registry.example.com:443/x"), Ok(Audience::Registry));
        assert_eq!(to("https://registry.example.com:8443/x"), Ok(Audience::Other));
        assert_eq!(to("https://cdn.example.com/x"), Ok(Audience::Other));
        assert_eq!(to("https://registry.example.com.evil.org/x"), Ok(Audience::Other));
        assert_eq!(to("https://8.8.8.8/x"), Ok(Audience::Other));
    }

    #[test]
    fn a_registry_of_our_network_may_name_its_neighbours() {
        let home = Origin::of(&"http://127.0.0.1:5000/".parse().unwrap());
        let to = |target: &str| follow(&home, false, &target.parse().unwrap());
        assert_eq!(to("http://127.0.0.1:5000/x"), Ok(Audience::Registry));
        assert_eq!(to("http://127.0.0.1:5001/x"), Ok(Audience::Other));
        assert_eq!(to("https://127.0.0.1:5000/x"), Ok(Audience::Other));
    }
}
