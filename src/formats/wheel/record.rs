//! `RECORD`: a file a row, as CSV: path, hash, size ("Recording installed projects" on packaging.python.org).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::Digest as _;

use super::error::Problem;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// The path, relative to the folder that the `.dist-info` folder is in.
    pub path: String,
    /// `ALGORITHM=BASE64`, or nothing.
    pub hash: String,
    /// Bytes in decimal digits, or nothing.
    pub size: String,
}

/// The rows of a `RECORD`.
///
/// # Errors
/// When it is not UTF-8 or no CSV.
pub fn parse(bytes: &[u8]) -> Result<Vec<Row>, Problem> {
    let wrong = |reason: String| Problem::Malformed { file: "RECORD", reason };
    let text = std::str::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8".into()))?;
    let mut rows = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
        let fields = fields(line).ok_or_else(|| wrong(format!("line {} is no CSV", number + 1)))?;
        let [path, rest @ ..] = fields.as_slice() else { continue };
        let field = |at: usize| rest.get(at).cloned().unwrap_or_default();
        if rest.len() > 2 {
            return Err(wrong(format!("line {} has more than three fields", number + 1)));
        }
        rows.push(Row { path: path.clone(), hash: field(0), size: field(1) });
    }
    Ok(rows)
}

/// The fields of a line; none where a quotation does not end, or goes on after its end.
fn fields(line: &str) -> Option<Vec<String>> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        let mut field = String::new();
        if let Some(quoted) = rest.strip_prefix('"') {
            rest = quoted;
            loop {
                let (before, after) = rest.split_once('"')?;
                field.push_str(before);
                match after.strip_prefix('"') {
                    Some(more) => (field.push('"'), rest = more).1,
                    None => break rest = after,
                }
            }
            if !(rest.is_empty() || rest.starts_with(',')) {
                return None;
            }
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            let (before, after) = rest.split_at(end);
            field.push_str(before);
            rest = after;
        }
        fields.push(field);
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None => return Some(fields),
        }
    }
}

/// Rows as pip writes them: sorted, in the `excel` dialect of Python's `csv`, whose lines end in CR and LF.
#[must_use]
pub fn render(mut rows: Vec<Row>) -> String {
    rows.sort();
    let mut text = String::new();
    for Row { path, hash, size } in &rows {
        let quoted = |field: &str| match field.contains([',', '"', '\r', '\n']) {
            true => format!("\"{}\"", field.replace('"', "\"\"")),
            false => field.to_owned(),
        };
        text += &format!("{},{},{}\r\n", quoted(path), quoted(hash), quoted(size));
    }
    text
}

/// The hash of bytes as pip writes it: `sha256=…`.
#[must_use]
pub fn hash(bytes: &[u8]) -> String {
    format!("sha256={}", URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(bytes)))
}

/// A hash that is being made, by the algorithm that a row names; PEP 427 takes SHA-256 and better.
pub(super) enum Hashing {
    Sha256(sha2::Sha256),
    Sha384(sha2::Sha384),
    Sha512(sha2::Sha512),
}

impl Hashing {
    /// For a row's hash; none where it names no algorithm that we take.
    pub(super) fn of(hash: &str) -> Option<Self> {
        match hash.split_once('=')?.0 {
            "sha256" => Some(Self::Sha256(sha2::Sha256::new())),
            "sha384" => Some(Self::Sha384(sha2::Sha384::new())),
            "sha512" => Some(Self::Sha512(sha2::Sha512::new())),
            _ => None,
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hash) => hash.update(bytes),
            Self::Sha384(hash) => hash.update(bytes),
            Self::Sha512(hash) => hash.update(bytes),
        }
    }

    /// As a row writes it.
    pub(super) fn finish(self) -> String {
        let (name, digest) = match self {
            Self::Sha256(hash) => ("sha256", hash.finalize().to_vec()),
            Self::Sha384(hash) => ("sha384", hash.finalize().to_vec()),
            Self::Sha512(hash) => ("sha512", hash.finalize().to_vec()),
        };
        format!("{name}={}", URL_SAFE_NO_PAD.encode(digest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_csv() {
        let rows = parse(b"b.py,sha256=x,3\r\n\"a,\"\"b\"\".py\",,\na/RECORD,,\n").unwrap();
        let row = |path: &str, hash: &str, size: &str| Row { path: path.into(), hash: hash.into(), size: size.into() };
        assert_eq!(rows, [row("b.py", "sha256=x", "3"), row("a,\"b\".py", "", ""), row("a/RECORD", "", "")]);
        assert_eq!(render(rows), "\"a,\"\"b\"\".py\",,\r\na/RECORD,,\r\nb.py,sha256=x,3\r\n");
        for bad in [&b"\"a,b"[..], b"\"a\"b,c", b"a,b,c,d", b"\xff"] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
        assert_eq!(hash(b""), "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");
    }
}
