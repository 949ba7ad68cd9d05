//! A line of systemd's tables taken apart: `sysusers.d`(5), `tmpfiles.d`(5).

const BLANKS: &[u8] = b" \t\r\n";

/// The first words of a line, at most `most`, and what follows them. Quotes of both kinds hold a word together and go; a
/// backslash takes the next character as it is. `None` where a quote or a backslash ends with the line.
pub(in super::super) fn split(line: &[u8], most: usize) -> Option<(Vec<Vec<u8>>, &[u8])> {
    let mut words = Vec::new();
    let mut rest = stripped(line);
    while words.len() < most && !rest.is_empty() {
        let (word, after) = first(rest)?;
        words.push(word);
        rest = after;
    }
    Some((words, rest))
}

/// A line without the blanks around it.
pub(in super::super) fn stripped(line: &[u8]) -> &[u8] {
    let start = line.iter().position(|byte| !BLANKS.contains(byte)).unwrap_or(line.len());
    let end = line.iter().rposition(|byte| !BLANKS.contains(byte)).map_or(start, |last| last + 1);
    line.get(start..end).unwrap_or_default()
}

/// Whether a field says nothing: missing, empty or `-`.
pub(in super::super) fn is_void(field: Option<&Vec<u8>>) -> bool {
    field.is_none_or(|field| field.is_empty() || field == b"-")
}

fn first(line: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut word = Vec::new();
    let mut quote = None;
    let mut bytes = line.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match (quote, byte) {
            (_, b'\\') => word.push(*bytes.next()?.1),
            (Some(mark), byte) if mark == *byte => quote = None,
            (Some(_), byte) => word.push(*byte),
            (None, b'"' | b'\'') => quote = Some(*byte),
            (None, byte) if BLANKS.contains(byte) => {
                let rest = line.get(at..).unwrap_or_default();
                let start = rest.iter().position(|byte| !BLANKS.contains(byte)).unwrap_or(rest.len());
                return Some((word, rest.get(start..).unwrap_or_default()));
            }
            (None, byte) => word.push(*byte),
        }
    }
    if quote.is_some() { None } else { Some((word, &[])) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_the_rest_are_systemd_s() {
        let split = |line: &'static str, most| {
            split(line.as_bytes(), most).map(|(words, rest)| {
                let words: Vec<String> = words.into_iter().map(|word| String::from_utf8(word).unwrap()).collect();
                (words, String::from_utf8(rest.to_vec()).unwrap())
            })
        };
        let is =
            |words: &[&str], rest: &str| Some((words.iter().map(|word| (*word).to_owned()).collect(), rest.into()));
        assert_eq!(split(" u  foo\t- \"a b\" 'c \"d' \n", 9), is(&["u", "foo", "-", "a b", "c \"d"], ""));
        assert_eq!(split("f /x 0644  \"as it is\" \\n", 3), is(&["f", "/x", "0644"], "\"as it is\" \\n"));
        assert_eq!(split(r#"a"b"c \x\ y """#, 9), is(&["abc", "x y", ""], ""));
        for bad in ["a \"b", "a 'b", "a b\\"] {
            assert_eq!(split(bad, 9), None, "{bad}");
        }
        assert_eq!(split("a 'b", 1), is(&["a"], "'b"));
    }
}
