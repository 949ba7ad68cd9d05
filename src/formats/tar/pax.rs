//! Records of POSIX pax headers: `LENGTH KEY=VALUE\n`, where the length counts the whole record.

use std::collections::BTreeMap;

use super::error::Problem;

/// What the records of one header, or all global ones together, say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Records {
    pub(super) path: Option<Vec<u8>>,
    pub(super) linkpath: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) uid: Option<u32>,
    pub(super) gid: Option<u32>,
    pub(super) mtime: Option<i64>,
    pub(super) xattrs: BTreeMap<String, Vec<u8>>,
}

impl Records {
    /// Reads a header's body.
    pub(super) fn parse(body: &[u8]) -> Result<Self, Problem> {
        let mut records = Self::default();
        let mut rest = body;
        while !rest.is_empty() {
            let (key, value, after) =
                record(rest).ok_or_else(|| Problem::Pax(format!("record at byte {}", body.len() - rest.len())))?;
            records.set(key, value)?;
            rest = after;
        }
        Ok(records)
    }

    /// Adds a global header's body to the global records so far.
    pub(super) fn merge_global(&mut self, body: &[u8]) -> Result<(), Problem> {
        let new = Self::parse(body)?;
        if new.path.is_some() || new.linkpath.is_some() || new.size.is_some() {
            return Err(Problem::Ambiguous("a global pax header that sets paths or sizes"));
        }
        self.uid = new.uid.or(self.uid);
        self.gid = new.gid.or(self.gid);
        self.mtime = new.mtime.or(self.mtime);
        self.xattrs.extend(new.xattrs);
        Ok(())
    }

    fn set(&mut self, key: &str, value: &[u8]) -> Result<(), Problem> {
        let text = || std::str::from_utf8(value).unwrap_or("");
        let wrong = || Problem::Pax(format!("{key}={}", crate::base::redact::printable_bytes(value)));
        let path = || if value.is_empty() { Err(wrong()) } else { Ok(Some(value.to_vec())) };
        let decimal = || {
            let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
            let number = digits.then(|| text().parse::<u64>().ok()).flatten();
            number.filter(|number| i64::try_from(*number).is_ok()).ok_or_else(wrong)
        };
        let id = || u32::try_from(decimal()?).map(Some).map_err(|_| wrong());
        match key {
            "path" => self.path = path()?,
            "linkpath" => self.linkpath = path()?,
            "size" => self.size = Some(decimal()?),
            "uid" => self.uid = id()?,
            "gid" => self.gid = id()?,
            "mtime" => self.mtime = Some(seconds(text()).ok_or_else(wrong)?),
            _ if key.starts_with("GNU.sparse.") => return Err(Problem::Sparse),
            _ => {
                if let Some(name) = key.strip_prefix("SCHILY.xattr.") {
                    self.set_xattr(name, value)?;
                }
            }
        }
        Ok(())
    }

    fn set_xattr(&mut self, name: &str, value: &[u8]) -> Result<(), Problem> {
        if name.starts_with("trusted.overlay.") || name.starts_with("user.overlay.") {
            return Err(Problem::Attribute(name.to_owned()));
        }
        if name != "security.selinux" && !name.is_empty() {
            self.xattrs.insert(name.to_owned(), value.to_vec());
        }
        Ok(())
    }
}

/// The first record of `rest`: key, value, and what follows.
fn record(rest: &[u8]) -> Option<(&str, &[u8], &[u8])> {
    let blank = rest.iter().take(8).position(|byte| *byte == b' ')?;
    let digits = &rest[..blank];
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let length: usize = std::str::from_utf8(digits).ok()?.parse().ok()?;
    let (whole, after) = rest.split_at_checked(length)?;
    let body = whole.get(blank + 1..)?.strip_suffix(b"\n")?;
    let equals = body.iter().position(|byte| *byte == b'=')?;
    let key = std::str::from_utf8(&body[..equals]).ok().filter(|key| !key.is_empty())?;
    Some((key, &body[equals + 1..], after))
}

/// Whole seconds of a decimal time; the fraction is dropped towards the past, as a clock that counts seconds would.
fn seconds(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    if digits.is_empty() || !digits.bytes().chain(fraction.bytes()).all(|c| c.is_ascii_digit()) {
        return None;
    }
    let value: i64 = whole.parse().ok()?;
    let past = whole.starts_with('-') && fraction.bytes().any(|c| c != b'0');
    if past { value.checked_sub(1) } else { Some(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_by_their_length() {
        let body = b"23 path=a=b\nstill path\n11 uid=185\n19 mtime=-1.500000\n32 SCHILY.xattr.user.x=\0binary\n\n";
        let records = Records::parse(body).unwrap();
        assert_eq!(records.path.unwrap(), b"a=b\nstill path");
        assert_eq!((records.uid, records.mtime), (Some(185), Some(-2)));
        assert_eq!(records.xattrs["user.x"], b"\0binary\n");
    }

    #[test]
    fn malformed_and_forbidden_records_are_refused() {
        for bad in [
            &b"10 path=abc\n"[..],
            b"12 path=abc",
            b"99 path=abc\n",
            b"0 path=abc\n",
            b"-12 path=abc\n",
            b"x",
            b"8 path=\n",
            b"7 uid=\n",
            b"10 uid=-1\n",
            b"18 uid=4294967296\n",
            b"28 size=9223372036854775808\n",
            b"13 mtime=1e3\n",
            b"9 mtime=\n",
            b"22 GNU.sparse.major=1\n",
            b"41 SCHILY.xattr.trusted.overlay.opaque=y\n",
            b"7 =abc\n",
        ] {
            assert!(Records::parse(bad).is_err(), "{}", String::from_utf8_lossy(bad));
        }
        let mut global = Records::default();
        assert!(global.merge_global(b"12 path=abc\n").is_err());
        assert!(global.merge_global(b"10 size=1\n").is_err());
        assert!(global.merge_global(b"13 comment=x\n").is_ok());
    }
}
