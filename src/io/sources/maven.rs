//! The checksums that stand beside the files of a Maven repository.

use url::Url;

use crate::io::http::{Cause, Client, HttpError};

/// More than any checksum file.
const MAX_CHECKSUM: u64 = 4096;

/// The SHA-1 that the repository states for the file at `url`, in `url.sha1`: 40 hexadecimal digits, and perhaps the file's name after
/// them, which must be this one's. (It is what every repository has. It is held against the first download; after that the lock's SHA-256 counts.)
///
/// # Errors
/// When there is none, or something else stands there.
pub async fn sha1(client: &Client, url: &Url) -> Result<[u8; 20], HttpError> {
    let mut beside = url.clone();
    beside.set_path(&format!("{}.sha1", url.path()));
    let answer = client.get(&beside, MAX_CHECKSUM).await?;
    let file = url.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default();
    parse(&answer.body, file).ok_or_else(|| HttpError {
        verb: "GET".into(),
        url: crate::base::redact::url(beside.as_str()),
        attempts: 1,
        cause: Cause::Transport("the answer is no SHA-1 of this file".into()),
    })
}

fn parse(body: &[u8], file: &str) -> Option<[u8; 20]> {
    let mut words = std::str::from_utf8(body).ok()?.split_whitespace();
    let word = words.next()?;
    let named = words.next().map(|name| name.trim_start_matches('*').rsplit('/').next() == Some(file));
    let mut bytes = [0; 20];
    (word.len() == 40 && named != Some(false)).then(|| hex::decode_to_slice(word, &mut bytes).ok()).flatten()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_and_other_things() {
        let hex = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
        for good in [hex.to_owned(), format!("{hex}  a.jar\n"), format!("{hex} */build/a.jar"), hex.to_uppercase()] {
            assert!(parse(good.as_bytes(), "a.jar").is_some(), "{good}");
        }
        for bad in [
            "",
            "<html>da39</html>",
            &hex[1..],
            &format!("{hex}  b.jar"),
            "d41d8cd98f00b204e9800998ecf8427e",
            "zz39a3ee5e6b4b0d3255bfef95601890afd80709",
        ] {
            assert!(parse(bad.as_bytes(), "a.jar").is_none(), "{bad}");
        }
    }
}
