//! Perl's regular expressions on bytes, as far as the Perl programs that are modelled here use them: the match that
//! perlre(1) finds first, classes of ASCII.

use regex_automata::meta::Regex;
use regex_automata::util::captures::Captures;
use regex_automata::util::syntax;

use super::super::stop::Stop;

/// A compiled pattern.
pub(super) struct Pattern(Regex);

impl Pattern {
    /// Compiles a pattern; flags stand in it: `(?i)`.
    ///
    /// # Errors
    /// When it is none, or uses what only Perl has.
    pub(super) fn new(pattern: &str) -> Result<Self, Stop> {
        let syntax = syntax::Config::new().unicode(false).utf8(false);
        let config = Regex::config().utf8_empty(false).nfa_size_limit(Some(8 << 20));
        let built = Regex::builder().syntax(syntax).configure(config).build(pattern);
        built.map(Self).map_err(|_| Stop::unsupported("perl", format!("the regular expression /{pattern}/")))
    }

    /// Whether it matches anywhere.
    pub(super) fn matches(&self, text: &[u8]) -> bool {
        self.0.is_match(text)
    }

    /// The first match and its groups; those that took no part are empty.
    pub(super) fn groups<'t>(&self, text: &'t [u8]) -> Option<Vec<&'t [u8]>> {
        let mut found = self.0.create_captures();
        self.0.captures(text, &mut found);
        found.is_match().then(|| groups(&found, text))
    }

    /// Where the first match is.
    pub(super) fn first(&self, text: &[u8]) -> Option<std::ops::Range<usize>> {
        self.0.find(text).map(|found| found.range())
    }

    /// All matches, one after the other.
    pub(super) fn all<'t>(&'t self, text: &'t [u8]) -> impl Iterator<Item = &'t [u8]> {
        self.0.find_iter(text).filter_map(|found| text.get(found.range()))
    }

    /// The text with every match replaced (`s///g`), by what `with` makes of its groups.
    pub(super) fn replace_all(&self, text: &[u8], with: impl Fn(&[&[u8]]) -> Vec<u8>) -> Vec<u8> {
        let (mut new, mut end) = (Vec::new(), 0);
        for found in self.0.captures_iter(text) {
            let Some(span) = found.get_match().map(|whole| whole.span()) else { continue };
            new.extend(text.get(end..span.start).unwrap_or_default());
            new.extend(with(&groups(&found, text)));
            end = span.end;
        }
        new.extend(text.get(end..).unwrap_or_default());
        new
    }
}

fn groups<'t>(found: &Captures, text: &'t [u8]) -> Vec<&'t [u8]> {
    found.iter().map(|span| span.and_then(|span| text.get(span.range())).unwrap_or_default()).collect()
}

/// What is between separators of white space, as Perl's `split ' '` takes it.
pub(super) fn words(text: &[u8]) -> Vec<Vec<u8>> {
    text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).map(<[u8]>::to_vec).collect()
}

/// The pieces between separators, without empty ones at the end, as Perl's `split` with a fixed text gives them.
pub(super) fn split(text: &[u8], separator: &[u8]) -> Vec<Vec<u8>> {
    let mut pieces = vec![Vec::new()];
    let mut rest = text;
    while let Some((first, tail)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(separator).filter(|_| !separator.is_empty()) {
            pieces.push(Vec::new());
            rest = after;
        } else {
            if let Some(piece) = pieces.last_mut() {
                piece.push(*first);
            }
            rest = tail;
        }
    }
    while pieces.last().is_some_and(Vec::is_empty) {
        pieces.pop();
    }
    pieces
}

/// The lines of a text with their ends, as Perl's `<FILE>` gives them.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|byte| *byte == b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_and_pieces_are_those_of_perl() {
        let jump = Pattern::new(r"(\[[^0-9]*)[0-9]+(.*\])").unwrap();
        let without = |text: &[u8]| jump.replace_all(text, |groups| [groups[1], groups[2]].concat());
        assert_eq!(without(b"[success=2 default=ignore]\tpam_unix.so"), b"[success= default=ignore]\tpam_unix.so");
        assert_eq!(without(b"[default=ignore]\tpam_krb5.so"), b"[default=ignore]\tpam_krb5.so");
        let option = Pattern::new(r"^(\w+)(?:=(\w+))?").unwrap();
        assert_eq!(option.groups(b"debug rest").unwrap(), [&b"debug"[..], b"debug", b""]);
        assert!(Pattern::new("(").is_err() && Pattern::new("(?!x)").is_err());
        assert_eq!(split(b", a, b, , ", b", "), [&b""[..], b"a", b"b"]);
        assert_eq!(split(b"", b", "), Vec::<Vec<u8>>::new());
        assert_eq!(words(b" a\t b\n"), [b"a", b"b"]);
    }
}
