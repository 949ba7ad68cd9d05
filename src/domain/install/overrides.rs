//! Owners and modes that an administrator, or a script, set for a path before it was unpacked: dpkg-statoverride(1).

use std::collections::BTreeMap;

use crate::domain::rootfs::{Tree, TreeError};

/// What `/var/lib/dpkg/statoverride` says, by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Overrides(BTreeMap<Vec<u8>, Override>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Override {
    uid: u32,
    gid: u32,
    mode: u32,
}

impl Overrides {
    /// Reads the file's lines `USER GROUP MODE PATH`, with the texts of `passwd` and `group`. `None` where a line is
    /// something else, or names nobody.
    pub(super) fn parse(text: &[u8], users: &[u8], groups: &[u8]) -> Option<Self> {
        let mut found = BTreeMap::new();
        for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let mut words = line.splitn(4, |byte| *byte == b' ');
            let (uid, gid) = (number(words.next()?, users)?, number(words.next()?, groups)?);
            let mode = u32::from_str_radix(std::str::from_utf8(words.next()?).ok()?, 8).ok()?;
            let path = words.next()?.strip_prefix(b"/")?;
            found.insert(path.to_vec(), Override { uid, gid, mode });
        }
        Some(Self(found))
    }

    /// Sets them for the paths of a package's `.list`.
    ///
    /// # Errors
    /// When the tree cannot be walked.
    pub(super) fn apply(&self, tree: &mut Tree, list: &[u8]) -> Result<(), TreeError> {
        if self.0.is_empty() {
            return Ok(());
        }
        for path in list.split(|byte| *byte == b'\n').filter_map(|line| line.strip_prefix(b"/")) {
            let Some(Override { uid, gid, mode }) = self.0.get(path).copied() else { continue };
            if tree.lookup(path)?.is_some() {
                tree.change(path, |meta| (meta.uid, meta.gid, meta.mode) = (uid, gid, mode))?;
            }
        }
        Ok(())
    }
}

/// The number of `name` (or `#NUMBER`) in a text of lines `name:x:NUMBER:…`.
fn number(name: &[u8], accounts: &[u8]) -> Option<u32> {
    let digits = match name.strip_prefix(b"#") {
        Some(digits) => digits,
        None => accounts.split(|byte| *byte == b'\n').find_map(|line| {
            let mut fields = line.split(|byte| *byte == b':');
            (fields.next() == Some(name)).then(|| fields.nth(1))?
        })?,
    };
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rootfs::{Content, Kind, Meta, Owner};

    #[test]
    fn a_paths_owner_and_mode_are_those_of_the_override() {
        let text = b"root #7 4750 /bin/su\nroot mail 2755 /bin/mail\n";
        let overrides = Overrides::parse(text, b"root:x:0:0::/:\n", b"root:x:0:\nmail:x:8:\n").unwrap();
        let mut tree = Tree::new();
        let kind = Kind::File(Content::bytes(b"".as_slice()));
        tree.insert(b"bin/mail", kind, Meta::root(0o755, 0), Owner::Recipe, None).unwrap();
        overrides.apply(&mut tree, b"/.\n/bin\n/bin/mail\n/bin/su\n").unwrap();
        let meta = tree.lookup(b"bin/mail").unwrap().unwrap().meta.clone();
        assert_eq!((meta.uid, meta.gid, meta.mode), (0, 8, 0o2755));
        assert_eq!(Overrides::parse(b"nobody root 755 /x\n", b"root:x:0:0::/:\n", b"root:x:0:\n"), None);
        assert_eq!(Overrides::parse(b"root root rwx /x\n", b"root:x:0:0::/:\n", b"root:x:0:\n"), None);
    }
}
