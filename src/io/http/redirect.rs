//! The rules of redirects: few hops, never away from TLS, http and https only, never to this machine from elsewhere, no
//! header smuggling (CVE-2019-3462).

use url::Url;

use super::address::{self, Reach};

/// More hops than any mirror network needs.
const MAX_HOPS: usize = 10;

/// Where the redirect of an answer at `hops.last()` leads, if the rules allow.
///
/// # Errors
/// With the reason.
pub(super) fn next(hops: &[Url], location: Option<&[u8]>, reach: Reach) -> Result<Url, String> {
    let current = hops.last().ok_or("there is no request")?;
    let location = location.ok_or("there is no Location")?;
    let target = target(current, std::str::from_utf8(location).map_err(|_| "the Location is not UTF-8")?, reach)?;
    if hops.contains(&target) {
        return Err("it goes in a circle".into());
    }
    if hops.len() > MAX_HOPS {
        return Err(format!("more than {MAX_HOPS} hops"));
    }
    Ok(target)
}

/// What a server at `current` means by an address that it names, if we may follow it.
///
/// # Errors
/// With the reason.
pub fn target(current: &Url, text: &str, reach: Reach) -> Result<Url, String> {
    let lower = text.to_ascii_lowercase();
    if text.chars().any(char::is_control) || ["%00", "%0a", "%0d"].iter().any(|bad| lower.contains(bad)) {
        return Err("the Location holds a line break".into());
    }
    let mut target = current.join(text).map_err(|e| format!("the Location is no URL: {e}"))?;
    match (current.scheme(), target.scheme()) {
        ("http" | "https", "https") | ("http", "http") => {}
        ("https", "http") => return Err("from https to http".into()),
        (_, scheme) => return Err(format!("the scheme `{scheme}` is neither http nor https")),
    }
    // A password in a Location would be sent on without our rules.
    let _ = target.set_username("");
    let _ = target.set_password(None);
    address::check(&target, reach)?;
    Ok(target)
}

/// Whether what is secret between us and `origin` may be sent to `target`: same scheme, host and port.
#[must_use]
pub fn is_same_origin(origin: &Url, target: &Url) -> bool {
    origin.origin() == target.origin()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(from: &str, to: &str) -> Result<String, String> {
        let from: Url = from.parse().unwrap();
        let reach = if address::is_loopback(&from) { Reach::Machine } else { Reach::Network };
        next(&[from], Some(to.as_bytes()), reach).map(Into::into)
    }

    #[test]
    fn the_rules() {
        assert_eq!(follow("http://a.example/x/y", "../z").as_deref(), Ok("http://a.example/z"));
        assert_eq!(follow("http://a.example/", "https://u:p@b.example/").as_deref(), Ok("https://b.example/"));
        for (from, to) in [
            ("https://a.example/", "http://a.example/"),
            ("http://a.example/", "file:///etc/passwd"),
            ("http://a.example/", "gopher://b.example/"),
            ("http://a.example/", "/x%0aHost:%20evil"),
            ("http://a.example/", "http://127.0.0.1/"),
            ("http://a.example/", "http://169.254.169.254/"),
            ("http://127.0.0.1/", "http://169.254.169.254/"),
            ("http://a.example/x", "/x"),
        ] {
            assert!(follow(from, to).is_err(), "{from} -> {to} was followed");
        }
        assert!(follow("http://127.0.0.1:1/", "http://127.0.0.1:2/").is_ok());
    }

    #[test]
    fn credentials_stay_with_their_origin() {
        let origin: Url = "https://a.example/".parse().unwrap();
        for other in
            ["http://a.example/", "https://a.example:8443/", "https://b.example/", "https://a.example.b.example/"]
        {
            assert!(!is_same_origin(&origin, &other.parse().unwrap()), "{other}");
        }
        assert!(is_same_origin(&origin, &"https://a.example:443/elsewhere".parse().unwrap()));
    }
}
