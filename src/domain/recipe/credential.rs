//! Credentials have no place in a recipe: it is committed, and its meaning goes into images and their provenance.

use super::error::Problem;
use super::source::{Source, Span};

/// Finds what looks like a credential, and overwrites it in the source so that no error can show it.
pub(in crate::domain) fn find(source: &mut Source, file: usize) -> Vec<Problem> {
    let found: Vec<(usize, usize, &str)> =
        aws_keys(&source.text).chain(private_keys(&source.text)).chain(passwords(&source.text)).collect();
    let mut problems = Vec::new();
    for (start, end, kind) in found {
        let message = format!("the recipe holds what looks like {kind}");
        let hint = "take it out, and replace it where it is in use: credentials come from the clients' own places, never from a recipe";
        problems.push(Problem::new(Span { file, start, end }, message, hint));
        let masked: String = source.text.get(start..end).unwrap_or_default().chars().map(mask).collect();
        source.text.replace_range(start..end, &masked);
    }
    problems
}

/// `*` in as many bytes; line ends stay, so that places stay right.
fn mask(c: char) -> String {
    if c == '\n' { "\n".to_owned() } else { "*".repeat(c.len_utf8()) }
}

/// Access key identifiers (`AKIA…`, `ASIA…`, twenty upper-case letters and digits), each with the rest of its line, where the
/// secret half may stand.
fn aws_keys(text: &str) -> impl Iterator<Item = (usize, usize, &'static str)> {
    ["AKIA", "ASIA"].into_iter().flat_map(|prefix| text.match_indices(prefix)).filter_map(|(start, _)| {
        let word = |c: &u8| c.is_ascii_uppercase() || c.is_ascii_digit();
        let bytes = text.as_bytes();
        let run = bytes.get(start..)?.iter().take_while(|c| word(c)).count();
        let starts = start == 0 || bytes.get(start - 1).is_none_or(|c| !c.is_ascii_alphanumeric());
        let line = text.get(start..)?.find('\n').map_or(text.len(), |at| start + at);
        (run == 20 && starts).then_some((start, line, "an AWS access key"))
    })
}

/// PEM and OpenPGP private keys, to their last line or the end of the text.
fn private_keys(text: &str) -> impl Iterator<Item = (usize, usize, &'static str)> {
    text.match_indices("-----BEGIN ").filter_map(|(start, _)| {
        let rest = text.get(start..)?;
        let head = rest.lines().next()?;
        let end = rest.find("-----END ").map_or(rest.len(), |at| at);
        head.contains("PRIVATE KEY").then_some((start, start + end, "a private key"))
    })
}

/// What stands before the `@` of addresses, where it has a password.
fn passwords(text: &str) -> impl Iterator<Item = (usize, usize, &'static str)> {
    text.match_indices("://").filter_map(|(at, separator)| {
        let start = at + separator.len();
        let ends =
            |c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '\'' | '`' | '<' | '>' | '{' | '$');
        let authority = text.get(start..)?.split(ends).next()?;
        let (user, _) = authority.rsplit_once('@')?;
        user.contains(':').then_some((start, start + user.len(), "a password in an address"))
    })
}

/// Whether a key file is an armoured private key, which signs and is not what checks signatures.
pub(in crate::domain) fn is_private_key(bytes: &[u8]) -> bool {
    let marker = b"-----BEGIN PGP PRIVATE KEY BLOCK-----";
    bytes.windows(marker.len()).any(|window| window == marker)
}
