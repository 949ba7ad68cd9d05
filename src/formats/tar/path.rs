//! Paths as archives write them, made into paths of the tree, or refused.

use super::error::Problem;
use super::reader::Whiteouts;

/// Linux's `PATH_MAX`, without the NUL.
const MAX_PATH: usize = 4095;
/// Linux's `NAME_MAX`.
const MAX_NAME: usize = 255;
/// Enough of a bad path to find it by.
const MAX_SHOWN: usize = 300;

/// What makes a path unfit for the tree, in whatever form it is written.
pub(super) fn flaw(path: &[u8]) -> Option<&'static str> {
    if path.len() > MAX_PATH {
        return Some("longer than 4095 bytes");
    }
    path.split(|byte| *byte == b'/').find_map(|component| match component {
        b".." => Some("`..` leaves the tree"),
        name if name.len() > MAX_NAME => Some("a name longer than 255 bytes"),
        name if name.contains(&0) => Some("a NUL byte"),
        name if name.starts_with(WHITEOUT) => Some("names that start with `.wh.` mean deletions in an OCI layer"),
        _ => None,
    })
}

/// How the name of a deletion begins (image-spec, `layer.md`).
const WHITEOUT: &[u8] = b".wh.";

/// [`normal`] for an entry's own path, whose last component may mean a deletion where `whiteouts` says so.
pub(super) fn of_entry(raw: Vec<u8>, whiteouts: Whiteouts) -> Result<Vec<u8>, Problem> {
    let start = raw.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
    let (parent, name) = raw.split_at(start);
    let Some(deleted) = name.strip_prefix(WHITEOUT).filter(|_| whiteouts == Whiteouts::Read) else {
        return normal(raw);
    };
    if matches!(deleted, b"" | b"." | b"..") || deleted.contains(&0) || name.len() > MAX_NAME {
        let reason = "a deletion of something that cannot be there";
        return Err(Problem::Path { path: raw.into_iter().take(MAX_SHOWN).collect(), reason });
    }
    let mut path = normal(parent.to_vec())?;
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    Ok(path)
}

/// The path in the form of [`super::Entry::path`]. Absolute ones count from the root of the tree.
pub(super) fn normal(raw: Vec<u8>) -> Result<Vec<u8>, Problem> {
    if let Some(reason) = flaw(&raw) {
        return Err(Problem::Path { path: raw.into_iter().take(MAX_SHOWN).collect(), reason });
    }
    if raw.split(|byte| *byte == b'/').all(|component| !matches!(component, b"" | b".")) {
        return Ok(raw);
    }
    let mut path = Vec::with_capacity(raw.len());
    for component in raw.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".") {
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(component);
    }
    Ok(path)
}

/// A symbolic link's target: kept as written; it is resolved inside the tree by whoever follows it.
pub(super) fn target(raw: Vec<u8>) -> Result<Vec<u8>, Problem> {
    let reason = match raw.len() {
        0 => "a symbolic link to nothing",
        _ if raw.contains(&0) => "a NUL byte in a symbolic link's target",
        length if length > MAX_PATH => "a symbolic link's target longer than 4095 bytes",
        _ => return Ok(raw),
    };
    Err(Problem::Path { path: raw.into_iter().take(MAX_SHOWN).collect(), reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_brought_into_form_or_refused() {
        for (raw, expected) in [
            (&b"./usr//bin/./x"[..], Some(&b"usr/bin/x"[..])),
            (b"/etc/passwd", Some(b"etc/passwd")),
            (b"usr/lib/", Some(b"usr/lib")),
            (b"./", Some(b"")),
            (b"C:\\x", Some(b"C:\\x")),
            (b"a/...", Some(b"a/...")),
            (b"caf\xe9\n\x1b[0m", Some(b"caf\xe9\n\x1b[0m")),
            (b"./../../etc/x", None),
            (b"a/../../x", None),
            (b"..", None),
            (b"a\0b", None),
            (b"etc/.wh.passwd", None),
            (b"etc/.wh..wh..opq", None),
            (b".wh.", None),
            (b"a/.wh.b/c", None),
        ] {
            assert_eq!(normal(raw.to_vec()).ok().as_deref(), expected, "{raw:?}");
        }
        for (raw, expected) in [
            (&b"./etc/.wh.passwd"[..], Some(&b"etc/.wh.passwd"[..])),
            (b"etc//.wh..wh..opq", Some(b"etc/.wh..wh..opq")),
            (b".wh.x", Some(b".wh.x")),
            (b"etc/.wh.", None),
            (b"etc/.wh...", None),
            (b".wh.etc/passwd", None),
            (b"../.wh.x", None),
        ] {
            assert_eq!(of_entry(raw.to_vec(), Whiteouts::Read).ok().as_deref(), expected, "{raw:?}");
            assert!(of_entry(raw.to_vec(), Whiteouts::Refuse).is_err());
        }
        assert!(normal(vec![b'x'; 255]).is_ok());
        assert!(normal(vec![b'x'; 256]).is_err());
        assert!(normal(b"a/".repeat(2000)).is_ok());
        assert!(normal(b"a/".repeat(2100)).is_err());
        assert!(target(Vec::new()).is_err());
        assert_eq!(target(b"../x".to_vec()).unwrap(), b"../x");
    }
}
