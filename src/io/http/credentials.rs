//! User names and passwords by host, from the files where package clients keep them: `netrc` (the format of ftp(1)) and
//! `apt_auth.conf(5)`.

use url::Url;

use crate::base::redact::Secret;

/// Known credentials; the first entry that fits a URL is used.
#[derive(Clone, Debug, Default)]
pub struct Credentials(Vec<Entry>);

/// One `machine` of a file.
#[derive(Clone, Debug)]
struct Entry {
    scheme: Option<String>,
    host: String,
    port: Option<u16>,
    path: String,
    login: String,
    password: Secret,
}

/// The two dialects of the same syntax.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `machine HOST login USER password SECRET`; for http and https.
    Netrc,
    /// `machine [SCHEME://]HOST[:PORT][/PATH] login USER password SECRET`; without a scheme, for https only.
    Apt,
}

impl Credentials {
    /// Adds the entries of a file's text. Words that are not understood are skipped, as other readers of these files do.
    pub fn read(&mut self, text: &str, dialect: Dialect) {
        let without_comments = text.lines().map(|line| if line.trim_start().starts_with('#') { "" } else { line });
        let joined = without_comments.collect::<Vec<_>>().join("\n");
        let mut words = joined.split_whitespace();
        let mut machine: Option<String> = None;
        let (mut login, mut password) = (String::new(), String::new());
        while let Some(word) = words.next() {
            match word {
                "machine" | "default" => {
                    self.add(machine.take(), &mut login, &mut password, dialect);
                    // `default` would send a password to every server there is.
                    machine = if word == "machine" { words.next().map(Into::into) } else { None };
                }
                "login" => login = words.next().unwrap_or_default().into(),
                "password" => password = words.next().unwrap_or_default().into(),
                "account" => drop(words.next()),
                "macdef" => break,
                _ => {}
            }
        }
        self.add(machine, &mut login, &mut password, dialect);
    }

    /// The user name and password for `url`, if any are known.
    #[must_use]
    pub fn find(&self, url: &Url) -> Option<(&str, &Secret)> {
        let host = url.host_str()?;
        self.0
            .iter()
            .find(|entry| {
                entry.host.eq_ignore_ascii_case(host)
                    && entry.port.is_none_or(|port| url.port_or_known_default() == Some(port))
                    && entry.scheme.as_deref().is_none_or(|scheme| scheme == url.scheme())
                    && below(url.path(), &entry.path)
            })
            .map(|entry| (entry.login.as_str(), &entry.password))
    }

    fn add(&mut self, machine: Option<String>, login: &mut String, password: &mut String, dialect: Dialect) {
        let (login, password) = (std::mem::take(login), Secret::new(std::mem::take(password)));
        let Some(machine) = machine.filter(|_| !login.is_empty()) else { return };
        let (scheme, rest) = match machine.split_once("://") {
            Some((scheme, rest)) => (Some(scheme.to_owned()), rest),
            None => ((dialect == Dialect::Apt).then(|| "https".to_owned()), machine.as_str()),
        };
        let (authority, path) = rest.split_once('/').map_or((rest, String::new()), |(a, p)| (a, format!("/{p}")));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if port.parse::<u16>().is_ok() => (host, port.parse().ok()),
            _ => (authority, None),
        };
        self.0.push(Entry { scheme, host: host.into(), port, path, login, password });
    }
}

/// Whether `path` is `folder` or below it: a prefix, that ends where a component ends.
fn below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| folder.ends_with('/') || rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(credentials: &Credentials, url: &str) -> Option<String> {
        credentials.find(&url.parse().unwrap()).map(|(login, _)| login.to_owned())
    }

    #[test]
    fn apt_entries_fit_scheme_port_and_path() {
        let mut known = Credentials::default();
        known.read(
            "# a comment with machine x login y\nmachine repo.example/debian login one password p1\n\
             machine http://plain.example:8080/ login two password p2",
            Dialect::Apt,
        );
        assert_eq!(login(&known, "https://repo.example/debian/dists").as_deref(), Some("one"));
        assert_eq!(login(&known, "https://repo.example/debian-security/"), None);
        assert_eq!(login(&known, "http://repo.example/debian/"), None);
        assert_eq!(login(&known, "https://sub.repo.example/debian/"), None);
        assert_eq!(login(&known, "http://plain.example:8080/x").as_deref(), Some("two"));
        assert_eq!(login(&known, "http://plain.example/x"), None);
    }

    #[test]
    fn netrc_entries_fit_hosts_and_no_default() {
        let mut known = Credentials::default();
        known.read("machine a.example\n  login me\n  password s\ndefault login x password y", Dialect::Netrc);
        assert_eq!(login(&known, "http://A.example/").as_deref(), Some("me"));
        assert_eq!(login(&known, "http://b.example/"), None);
        assert!(!format!("{known:?}").contains("\"s\""));
    }
}
