//! Memos: small records that spare work, each bound to the digest of everything that went into it.
//!
//! A record is one header line, `mokapot memo 1 SHA256-OF-VALUE LENGTH`, and the value's bytes. A record that is not
//! whole is as good as none.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::PathBuf;

use super::layout::Store;
use super::temporary::Temporary;
use crate::base::Digest;

/// More than any record needs.
const MAX_VALUE: usize = 16 << 20;

/// The longest header line.
const MAX_HEADER: usize = 120;

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
        let value = open_record(&record)?;
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
            record.file.write_all(header(value).as_bytes())?;
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

fn header(value: &[u8]) -> String {
    format!("mokapot memo 1 {} {}\n", Digest::of(value).hex(), value.len())
}

/// The value of a record that is whole.
fn open_record(record: &[u8]) -> Option<&[u8]> {
    let end = record.iter().take(MAX_HEADER).position(|c| *c == b'\n')? + 1;
    let (head, value) = record.split_at_checked(end)?;
    (head == header(value).as_bytes()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_records_are_none() {
        let record = [header(b"value").as_bytes(), b"value"].concat();
        assert_eq!(open_record(&record), Some(&b"value"[..]));
        for at in 0..record.len() {
            let mut flipped = record.clone();
            flipped[at] ^= 1;
            assert_eq!(open_record(&flipped), None, "byte {at}");
            assert_eq!(open_record(&record[..at]), None, "cut at {at}");
        }
    }
}
