//! Memos: small records that spare work, each bound to the digest of everything that went into it.
//!
//! A record is one header line, `mokapot memo 2 KIND KEY SHA256-OF-VALUE LENGTH`, and the value's bytes. A record that is not
//! whole, or is another one's under this name, is as good as none.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::PathBuf;

use super::layout::Store;
use super::temporary::Temporary;
use crate::base::Digest;

/// More than any record needs.
const MAX_VALUE: usize = 16 << 20;

/// The longest header line.
const MAX_HEADER: usize = 250;

impl Store {
    /// The value that was kept for `key` among the records of `kind` (a short word of lower-case letters, digits and
    /// dashes). Nothing, when there is none, or it is damaged.
    #[must_use]
    pub fn memo_get(&self, kind: &str, key: &Digest) -> Option<Vec<u8>> {
        let path = self.memo_path(kind, key)?;
        fs::symlink_metadata(&path).ok().filter(fs::Metadata::is_file)?;
        let file = File::open(&path).ok()?;
        let mut record = Vec::new();
        (&file).take((MAX_VALUE + MAX_HEADER) as u64).read_to_end(&mut record).ok()?;
        let value = open_record(kind, key, &record)?;
        let _ = file.set_modified(self.settings.now);
        Some(value.to_vec())
    }

    /// Keeps `value` for `key` among the records of `kind`. A store that takes no more is no failure: the work that the
    /// memo would have spared is done again.
    pub fn memo_put(&self, kind: &str, key: &Digest, value: &[u8]) {
        let Some(path) = self.memo_path(kind, key).filter(|_| self.is_writable() && value.len() <= MAX_VALUE) else {
            return;
        };
        let kept = || -> io::Result<()> {
            fs::create_dir_all(path.parent().unwrap_or(&path))?;
            let mut record = Temporary::new(&self.root().join("tmp"))?;
            record.file.write_all(header(kind, key, value).as_bytes())?;
            record.file.write_all(value)?;
            let _ = record.file.set_modified(self.settings.now);
            record.persist(&path)
        };
        if kept().is_err() {
            self.warn("cannot be written to");
        }
    }

    fn memo_path(&self, kind: &str, key: &Digest) -> Option<PathBuf> {
        let plain = !kind.is_empty() && kind.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-');
        plain.then(|| self.root().join("memo").join(kind).join(key.hex()))
    }
}

fn header(kind: &str, key: &Digest, value: &[u8]) -> String {
    format!("mokapot memo 2 {kind} {} {} {}\n", key.hex(), Digest::of(value).hex(), value.len())
}

/// The value of a record that is whole, and this one's.
fn open_record<'r>(kind: &str, key: &Digest, record: &'r [u8]) -> Option<&'r [u8]> {
    let end = record.iter().take(MAX_HEADER).position(|c| *c == b'\n')? + 1;
    let (head, value) = record.split_at_checked(end)?;
    (head == header(kind, key, value).as_bytes()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_records_are_none_and_so_are_those_of_others() {
        let key = Digest::of(b"key");
        let record = [header("kind", &key, b"value").as_bytes(), b"value"].concat();
        assert_eq!(open_record("kind", &key, &record), Some(&b"value"[..]));
        assert_eq!(open_record("kind", &Digest::of(b"other"), &record), None);
        assert_eq!(open_record("other", &key, &record), None);
        for at in 0..record.len() {
            let mut flipped = record.clone();
            flipped[at] ^= 1;
            assert_eq!(open_record("kind", &key, &flipped), None, "byte {at}");
            assert_eq!(open_record("kind", &key, &record[..at]), None, "cut at {at}");
        }
    }
}
