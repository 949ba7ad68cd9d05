//! The canonical bytes of an entry. They are part of every DiffID: a change here must raise [`FORMAT`].
//!
//! An entry is one POSIX ustar header block, its content, and zeros up to a whole block. Where a value does not fit, one pax
//! header stands before it, holding only the records that are needed. Each choice POSIX leaves open:
//!
//! | Question | Choice | Reason |
//! |---|---|---|
//! | path | no `./` in front; directories end in `/`; the root is `./` | every reader drops a `./`; without it more paths fit |
//! | path over 100 bytes | split at the last `/` that leaves at most 155 bytes in the prefix, if then at most 100 stay in the name; else pax `path` | as GNU tar: no pax header for most long paths |
//! | path or link target that is UTF-8 but not ASCII | pax `path`, `linkpath` | ustar names are ASCII; pax ones UTF-8 |
//! | path that is not UTF-8 | raw, in the header if it fits, else in the pax record | bytes on disk stay the same in every reader that matters |
//! | what the header says beside a pax record | names: their first 100 bytes; numbers: 0 | any reader of today takes the record |
//! | order of pax records | by key, as bytes | one order, no meaning |
//! | name and owner of the pax header | `././@PaxHeader`, mode 0644, owner 0, time 0 | no process number (GNU tar), no path (Go): constant |
//! | numbers | octal, filled with zeros, ended by NUL; checksum by NUL and blank | the form of POSIX |
//! | owners | numbers; user and group names empty | names would be looked up on the machine that unpacks |
//! | time | whole seconds, no access or change time | what Debian's archives have |
//! | size of anything but a file | 0 | hard links never carry content |
//! | hard link target | as the path of a file: relative to the root | it is the name of an entry before |
//! | device numbers of other kinds | 0, in octal | as GNU tar |
//! | attributes | pax `SCHILY.xattr.NAME`, the value raw | the only form that Go's reader and GNU tar share |
//!
//! The end of an archive is two blocks of zeros ([`END`]), with no filling up to a record of 20: a layer is a stream.

use std::borrow::Cow;
use std::collections::BTreeMap;

use tar::Header;

use super::entry::{Entry, Kind};
use super::path;
use super::reader::BLOCK;
use crate::base::{Class, Fault};

/// The version of the byte format above.
pub const FORMAT: u32 = 1;

/// The end of an archive.
pub const END: [u8; 1024] = [0; 1024];

/// An entry that tar cannot hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct Unwritable {
    path: String,
    reason: &'static str,
}

impl Fault for Unwritable {
    fn class(&self) -> Class {
        Class::Integrity
    }
}

/// How many zeros follow `size` bytes of content.
#[must_use]
pub const fn padding(size: u64) -> usize {
    // Below 512, so it fits.
    (size.next_multiple_of(BLOCK) - size) as usize
}

/// Appends the header of `entry` to `out`: one block, or a pax header and one block. Content and [`padding`] follow it.
///
/// # Errors
/// When the path or a hard link's target is one that the reader would refuse (a whiteout among them), a device number has
/// more than 21 bits, or an attribute's name holds `=` or NUL.
pub fn header(entry: &Entry, out: &mut Vec<u8>) -> Result<(), Unwritable> {
    let fail = |reason| Unwritable { path: entry.shown(), reason };
    let target = match &entry.kind {
        Kind::Hardlink(target) => target.as_slice(),
        _ => b"",
    };
    if let Some(reason) = path::flaw(&entry.path).or(path::flaw(target)) {
        return Err(fail(reason));
    }
    let mut records: BTreeMap<Cow<'static, str>, Cow<'_, [u8]>> = BTreeMap::new();
    let mut header = Header::new_ustar();
    name(&mut header, entry, &mut records);
    let (typeflag, link, device) = match &entry.kind {
        Kind::File { .. } => (b'0', None, None),
        Kind::Hardlink(target) => (b'1', Some(target), None),
        Kind::Symlink(target) => (b'2', Some(target), None),
        Kind::CharDevice { major, minor } => (b'3', None, Some((*major, *minor))),
        Kind::BlockDevice { major, minor } => (b'4', None, Some((*major, *minor))),
        Kind::Directory => (b'5', None, None),
        Kind::Fifo => (b'6', None, None),
    };
    if let Some(target) = link {
        let field = &mut header.as_old_mut().linkname;
        if target.len() > field.len() || is_wide(target) {
            records.insert("linkpath".into(), target.into());
        }
        copy(field, target);
    }
    let mut number = |field: &mut [u8], key: &'static str, value: i64| {
        if !octal(field, value) {
            records.insert(key.into(), value.to_string().into_bytes().into());
            octal(field, 0);
        }
    };
    let old = header.as_old_mut();
    old.linkflag = [typeflag];
    octal(&mut old.mode, i64::from(entry.mode & 0o7777));
    number(&mut old.uid, "uid", entry.uid.into());
    number(&mut old.gid, "gid", entry.gid.into());
    number(&mut old.size, "size", entry.size().try_into().map_err(|_| fail("a file of more than 2⁶³ bytes"))?);
    number(&mut old.mtime, "mtime", entry.mtime);
    let (major, minor) = device.unwrap_or((0, 0));
    if let Some(ustar) = header.as_ustar_mut()
        && !(octal(&mut ustar.dev_major, major.into()) && octal(&mut ustar.dev_minor, minor.into()))
    {
        return Err(fail("a device number of more than 21 bits"));
    }
    for (name, value) in &entry.xattrs {
        if name.contains(['=', '\0']) {
            return Err(fail("an attribute's name with `=` or NUL"));
        }
        records.insert(format!("SCHILY.xattr.{name}").into(), value.into());
    }
    if !records.is_empty() {
        pax(&records, out);
    }
    seal(&mut header, out);
    Ok(())
}

/// Sets name and prefix, or the record that stands for them.
fn name(header: &mut Header, entry: &Entry, records: &mut BTreeMap<Cow<'static, str>, Cow<'_, [u8]>>) {
    let mut path = if entry.path.is_empty() { b".".to_vec() } else { entry.path.clone() };
    if entry.kind == Kind::Directory {
        path.push(b'/');
    }
    if is_wide(&path) {
        copy(&mut header.as_old_mut().name, &path);
        records.insert("path".into(), path.into());
        return;
    }
    if path.len() <= 100 {
        copy(&mut header.as_old_mut().name, &path);
        return;
    }
    // The last byte is left out: a directory's own slash must not be where the path is split.
    let window = &path[..path.len().saturating_sub(1).min(156)];
    let split = window.iter().rposition(|byte| *byte == b'/').filter(|at| path.len() - at - 1 <= 100);
    match (split, header.as_ustar_mut()) {
        (Some(at), Some(ustar)) => {
            copy(&mut ustar.prefix, &path[..at]);
            copy(&mut ustar.name, &path[at + 1..]);
        }
        _ => {
            copy(&mut header.as_old_mut().name, &path);
            records.insert("path".into(), path.into());
        }
    }
}

/// Text that pax means to be UTF-8 and ustar cannot say.
fn is_wide(text: &[u8]) -> bool {
    !text.is_ascii() && std::str::from_utf8(text).is_ok()
}

/// As many bytes as fit.
fn copy(field: &mut [u8], text: &[u8]) {
    let n = text.len().min(field.len());
    field[..n].copy_from_slice(&text[..n]);
}

/// Writes octal digits and a NUL; false, and nothing written, where they do not fit.
fn octal(field: &mut [u8], value: i64) -> bool {
    let Some((last, digits)) = field.split_last_mut() else { return false };
    let Ok(mut rest) = u64::try_from(value) else { return false };
    if rest >> (3 * digits.len()) != 0 {
        return false;
    }
    for digit in digits.iter_mut().rev() {
        *digit = b'0' | (rest & 7) as u8;
        rest >>= 3;
    }
    *last = 0;
    true
}

/// Appends a pax header with these records.
fn pax(records: &BTreeMap<Cow<'static, str>, Cow<'_, [u8]>>, out: &mut Vec<u8>) {
    let mut body = Vec::new();
    for (key, value) in records {
        // The length counts its own digits.
        let rest = key.len() + value.len() + 3;
        let mut length = rest + decimal_digits(rest);
        length = rest + decimal_digits(length);
        body.extend_from_slice(format!("{length} {key}=").as_bytes());
        body.extend_from_slice(value);
        body.push(b'\n');
    }
    let mut header = Header::new_ustar();
    let old = header.as_old_mut();
    copy(&mut old.name, b"././@PaxHeader");
    old.linkflag = [b'x'];
    octal(&mut old.mode, 0o644);
    octal(&mut old.uid, 0);
    octal(&mut old.gid, 0);
    octal(&mut old.size, i64::try_from(body.len()).unwrap_or(i64::MAX));
    octal(&mut old.mtime, 0);
    if let Some(ustar) = header.as_ustar_mut() {
        octal(&mut ustar.dev_major, 0);
        octal(&mut ustar.dev_minor, 0);
    }
    seal(&mut header, out);
    out.extend_from_slice(&body);
    out.resize(out.len() + padding(body.len() as u64), 0);
}

const fn decimal_digits(number: usize) -> usize {
    number.ilog10() as usize + 1
}

/// Writes the checksum and appends the block.
fn seal(header: &mut Header, out: &mut Vec<u8>) {
    header.as_old_mut().cksum = [b' '; 8];
    let sum: i64 = header.as_bytes().iter().map(|byte| i64::from(*byte)).sum();
    octal(&mut header.as_old_mut().cksum[..7], sum);
    out.extend_from_slice(header.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Digest;

    /// One entry of every shape, and every reason for a pax record.
    fn samples() -> Vec<Entry> {
        let mut capable = Entry::new(*b"usr/bin/ping", Kind::File { size: 0 }, 0o4755, 1_700_000_000);
        capable.xattrs.insert("security.capability".into(), b"\x01\0\0\x02\0 \0\0".to_vec());
        capable.xattrs.insert("user.a".into(), b"line\n".to_vec());
        let mut owned = Entry::new(*b"opt/spark/work", Kind::Directory, 0o2775, -1);
        (owned.uid, owned.gid) = (185, 1 << 21);
        vec![
            Entry::new(*b"", Kind::Directory, 0o755, 0),
            Entry::new(*b"usr", Kind::Directory, 0o755, 0),
            Entry::new(*b"etc/hostname", Kind::File { size: 5 }, 0o644, 1_700_000_000),
            Entry::new(*b"etc/hardlink", Kind::Hardlink(b"etc/hostname".to_vec()), 0o644, 0),
            Entry::new(*b"lib", Kind::Symlink(b"usr/lib".to_vec()), 0o777, 0),
            Entry::new(*b"dev/null", Kind::CharDevice { major: 1, minor: 3 }, 0o666, 0),
            Entry::new(*b"dev/sda", Kind::BlockDevice { major: 8, minor: 0 }, 0o660, 0),
            Entry::new(*b"run/pipe", Kind::Fifo, 0o600, 0),
            Entry::new([b"usr/share/".repeat(9).as_slice(), &[b'n'; 90]].concat(), Kind::File { size: 1 }, 0o644, 0),
            Entry::new([b'n'; 101], Kind::File { size: 0 }, 0o644, 0),
            Entry::new([&[b'd'; 60], &b"/"[..], &[b'd'; 39]].concat(), Kind::Directory, 0o755, 0),
            Entry::new("etc/ssl/certs/Főtanúsítvány.pem", Kind::Symlink("mozilla/Főtanúsítvány".into()), 0o777, 0),
            Entry::new(*b"latin1-\xe9", Kind::Symlink(vec![b't'; 101]), 0o777, 0),
            Entry::new(*b"big", Kind::File { size: 8 << 30 }, 0o600, 1 << 33),
            capable,
            owned,
        ]
    }

    /// The bytes as text: a line a block, fields that are not empty.
    fn dump(bytes: &[u8]) -> String {
        let mut text = String::new();
        for block in bytes.chunks(512) {
            if block[257..262] == *b"ustar" {
                for (name, range) in [
                    ("name", 0..100),
                    ("mode", 100..108),
                    ("uid", 108..116),
                    ("gid", 116..124),
                    ("size", 124..136),
                    ("mtime", 136..148),
                    ("sum", 148..156),
                    ("type", 156..157),
                    ("link", 157..257),
                    ("magic", 257..265),
                    ("uname", 265..297),
                    ("gname", 297..329),
                    ("major", 329..337),
                    ("minor", 337..345),
                    ("prefix", 345..500),
                ] {
                    let field = &block[range];
                    let end = field.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
                    if end > 0 {
                        text.push_str(&format!("{name}={} ", field[..end].escape_ascii()));
                    }
                }
            } else {
                let end = block.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
                text.push_str(&format!("    {}", block[..end].escape_ascii()));
            }
            text.truncate(text.trim_end().len());
            text.push('\n');
        }
        text
    }

    #[test]
    fn the_bytes_are_pinned() {
        let mut bytes = Vec::new();
        for entry in samples() {
            header(&entry, &mut bytes).unwrap();
        }
        insta::assert_snapshot!(dump(&bytes));
        assert_eq!(
            Digest::of(&bytes).hex(),
            "8f79f2a2336ffe6aa8a3bc408d8ee04873ebe5a483b71343fb49a4297bdf2291",
            "the canonical tar bytes changed: every layer gets a new DiffID. If that is meant, raise tar::writer::FORMAT, \
             review the snapshot, say so in the changelog and pin this digest"
        );
    }

    #[test]
    fn the_strict_reader_reads_it_back() {
        for entry in samples().into_iter().filter(|entry| entry.size() < 1 << 20) {
            let mut bytes = Vec::new();
            header(&entry, &mut bytes).unwrap();
            let size = usize::try_from(entry.size()).unwrap();
            bytes.resize(bytes.len() + size + padding(entry.size()), 0);
            bytes.extend_from_slice(&END);
            let mut reader = super::super::Reader::new(&bytes[..], super::super::Limits::default());
            assert_eq!(reader.next_entry().unwrap().unwrap(), entry);
            assert_eq!(reader.next_entry().unwrap(), None);
        }
    }

    #[test]
    fn what_tar_cannot_hold_is_refused() {
        let device = Entry::new(*b"dev/x", Kind::CharDevice { major: 1 << 21, minor: 0 }, 0o600, 0);
        assert_eq!(
            header(&device, &mut Vec::new()).unwrap_err().to_string(),
            "/dev/x: a device number of more than 21 bits"
        );
        for reserved in ["etc/.wh.passwd", ".wh..wh..opq", "../x"] {
            assert!(header(&Entry::new(reserved, Kind::Fifo, 0o600, 0), &mut Vec::new()).is_err(), "{reserved}");
        }
        let mut file = Entry::new(*b"x", Kind::Fifo, 0o600, 0);
        file.xattrs.insert("user.a=b".into(), Vec::new());
        assert!(header(&file, &mut Vec::new()).is_err());
    }
}
