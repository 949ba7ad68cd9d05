//! Files of which not all bytes count: what they hold, in a form that two of them can be compared in.

use mokapot::base::Digest;

use super::treediff::Counted;

/// What counts of the file at this path, where not all of it does.
pub fn counted(path: &[u8]) -> Option<Counted> {
    match path {
        b"etc/ssl/certs/java/cacerts" => Some(certificates),
        b"var/lib/apt/extended_states" => Some(paragraphs),
        _ => None,
    }
}

/// The certificates of a Java key store (JKS): each's alias and bytes, without the moment at which it was put in. Their order is
/// that of a hash table and, where two meet in it, that in which a folder's names were read from disk (bullseye's package does
/// not sort them). Bytes that are no such store count as they are.
fn certificates(bytes: &[u8]) -> Vec<u8> {
    entries(bytes).map_or_else(|| bytes.to_vec(), |lines| lines.concat().into_bytes())
}

/// `None` at anything but trusted certificates.
fn entries(bytes: &[u8]) -> Option<Vec<String>> {
    let (data, _digest) = bytes.split_last_chunk::<20>()?;
    let mut rest = data.strip_prefix(b"\xfe\xed\xfe\xed\0\0\0\x02")?;
    let count = number(&mut rest, 4)?;
    let mut lines = Vec::new();
    for _ in 0..count {
        let (2, length) = (number(&mut rest, 4)?, number(&mut rest, 2)?) else { return None };
        let alias = String::from_utf8_lossy(take(&mut rest, length)?).into_owned();
        let _moment = take(&mut rest, 8)?;
        let length = number(&mut rest, 2)?;
        let kind = String::from_utf8_lossy(take(&mut rest, length)?).into_owned();
        let length = number(&mut rest, 4)?;
        lines.push(format!("{alias} {kind} {}\n", Digest::of(take(&mut rest, length)?)));
    }
    lines.sort_unstable();
    rest.is_empty().then_some(lines)
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (head, tail) = rest.split_at_checked(length)?;
    *rest = tail;
    Some(head)
}

fn number(rest: &mut &[u8], length: usize) -> Option<usize> {
    Some(take(rest, length)?.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
}

/// Paragraphs as a set: apt writes them in the order of its hash table.
fn paragraphs(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let mut all: Vec<&str> = text.split("\n\n").map(str::trim).collect();
    all.sort_unstable();
    all.join("\n\n").into_bytes()
}
