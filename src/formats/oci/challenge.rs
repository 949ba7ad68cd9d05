//! `WWW-Authenticate` headers (RFC 9110, section 11.6.1): how a registry says what it wants.

use std::collections::BTreeMap;

/// One scheme with its parameters. Names are lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// `basic`, `bearer` or another.
    pub scheme: String,
    /// `realm`, `service`, `scope`, `error` …; of a repeated one the first.
    pub parameters: BTreeMap<String, String>,
}

impl Challenge {
    /// All challenges of one header, in order. What cannot be read ends the list: a header is advice, not data.
    #[must_use]
    pub fn parse(header: &str) -> Vec<Self> {
        let mut challenges: Vec<Self> = Vec::new();
        let mut rest = header.trim_start_matches([' ', '\t', ',']);
        while let Some((word, after)) = token(rest) {
            let after = after.trim_start();
            match (after.strip_prefix('='), challenges.last_mut()) {
                (Some(value), Some(challenge)) => {
                    let Some((value, after)) = value_of(value.trim_start()) else { break };
                    challenge.parameters.entry(word.to_ascii_lowercase()).or_insert(value);
                    rest = after;
                }
                (Some(_), None) => break,
                (None, _) => {
                    challenges.push(Self { scheme: word.to_ascii_lowercase(), parameters: BTreeMap::new() });
                    rest = after;
                }
            }
            rest = rest.trim_start_matches([' ', '\t', ',']);
        }
        challenges
    }

    /// The value of a parameter.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }
}

/// A token and what follows it.
fn token(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !"!#$%&'*+-.^_`|~".contains(c)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// A token or a quoted string, unquoted, and what follows it.
fn value_of(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        // leniently, up to the comma: some registries do not quote URLs
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        return Some((text[..end].to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => value.push(characters.next()?.1),
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_registries_send() {
        let all = Challenge::parse(
            r#"Bearer realm="https://auth.example/token",service="r, s",scope="repository:a/b:pull,push", Basic realm="x\"y""#,
        );
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].scheme, "bearer");
        assert_eq!(all[0].get("service"), Some("r, s"));
        assert_eq!(all[0].get("scope"), Some("repository:a/b:pull,push"));
        assert_eq!((all[1].scheme.as_str(), all[1].get("realm")), ("basic", Some("x\"y")));
    }

    #[test]
    fn garbage_ends_the_list() {
        assert!(Challenge::parse("=x").is_empty());
        assert!(Challenge::parse("").is_empty());
        assert_eq!(Challenge::parse("Basic realm=\"open").len(), 1);
        assert_eq!(Challenge::parse("Negotiate, Basic").len(), 2);
    }
}
