//! What `control.tar` holds: the stanza, the scripts, and the lists that `dpkg` reads. deb-control(5),
//! deb-conffiles(5), deb-triggers(5), deb-md5sums(5).

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufReader, Read};

use super::ar::{Archive, Member};
use super::archive;
use super::deb822::Stanza;
use super::error::DebError;
use super::package::Package;
use crate::formats::compress::{Checksums, Codec, Decoder};
use crate::formats::tar::{self, Kind, Limits};

/// The most bytes of all control files together: apt's own limit for one.
pub const MAX_CONTROL: u64 = 64 << 20;

/// The control data of a package.
#[derive(Clone, Debug)]
pub struct Control {
    /// The `control` file.
    pub stanza: Stanza,
    /// The same, understood.
    pub package: Package,
    /// The `conffiles` file, in its order.
    pub conffiles: Vec<Conffile>,
    /// The `md5sums` file: MD5 by path in the form of [`tar::Entry::path`].
    pub md5sums: BTreeMap<Vec<u8>, [u8; 16]>,
    /// The `triggers` file, in its order.
    pub triggers: Vec<Trigger>,
    /// Every file as shipped, by name, those above included.
    pub files: BTreeMap<String, ControlFile>,
}

/// One file of `control.tar`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlFile {
    /// Its content.
    pub bytes: Vec<u8>,
    /// Its permission bits.
    pub mode: u32,
    /// Seconds since 1970.
    pub mtime: i64,
}

/// A file that an administrator may have changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conffile {
    /// Where it is, in the form of [`tar::Entry::path`].
    pub path: Vec<u8>,
    /// Whether it is to be removed, rather than shipped.
    pub remove_on_upgrade: bool,
}

/// A line of `triggers`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// Whether the package waits for the trigger, or sets it off.
    pub action: TriggerAction,
    /// Whether the package that sets it off stays unconfigured until it was processed; `-noawait` says no.
    pub awaits: bool,
    /// A path from `/` or a name.
    pub name: String,
}

/// What a package does with a trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TriggerAction {
    /// It wants to know: `interest`.
    Interest,
    /// Changing its state sets it off: `activate`.
    Activate,
}

impl Control {
    /// Reads the member to its end.
    pub(super) fn read<R: Read>(
        member: Member<BufReader<R>>,
        codec: Codec,
    ) -> Result<(Self, Archive<BufReader<R>>), DebError> {
        let name = member.name().to_owned();
        let decoder = Decoder::new(codec, member, Checksums::Verify).map_err(|error| DebError::read(&name, error))?;
        // Headers and padding come on top of the files' bytes.
        let limits = Limits { entries: 4096, bytes: MAX_CONTROL + (8 << 20) };
        let mut reader = tar::Reader::new(decoder, limits);
        let tar_error = |source| DebError::Tar { member: name.clone(), source };
        let mut files: BTreeMap<String, ControlFile> = BTreeMap::new();
        let mut total = 0;
        while let Some(entry) = reader.next_entry().map_err(tar_error)? {
            let shown = || crate::base::redact::printable_bytes(&entry.path);
            let fail = |reason| DebError::ControlEntry { name: shown(), reason };
            let size = match entry.kind {
                Kind::File { size } => size,
                Kind::Directory if entry.path.is_empty() => continue,
                _ => return Err(fail("only regular files are allowed")),
            };
            let file = String::from_utf8(entry.path.clone()).map_err(|_| fail("its name is not UTF-8"))?;
            if file.contains('/') {
                return Err(fail("folders are not allowed"));
            }
            total += size;
            if total > MAX_CONTROL {
                return Err(DebError::ControlTooLarge { size: total, limit: MAX_CONTROL });
            }
            let mut bytes = Vec::new();
            reader.content().read_to_end(&mut bytes).map_err(|error| DebError::read(&name, error))?;
            let shipped = ControlFile { bytes, mode: entry.mode, mtime: entry.mtime };
            if files.insert(file, shipped).is_some() {
                return Err(DebError::ControlEntry { name: shown(), reason: "it occurs a second time" });
            }
        }
        let archive = archive::close(reader.into_inner())?;
        Ok((Self::from_files(files)?, archive))
    }

    /// Understands the files that `dpkg` understands.
    ///
    /// # Errors
    /// When `control` is missing, or one of them is malformed.
    pub fn from_files(files: BTreeMap<String, ControlFile>) -> Result<Self, DebError> {
        let bytes = |file: &str| files.get(file).map(|file| file.bytes.as_slice());
        let fail = |reason: String| DebError::Control { file: "control", reason };
        let control = bytes("control").ok_or_else(|| fail("it is missing".into()))?;
        let stanza = Stanza::parse_one(control).map_err(|error| fail(error.to_string()))?;
        let package = Package::from_stanza(&stanza).map_err(|error| fail(error.to_string()))?;
        Ok(Self {
            conffiles: parse_conffiles(bytes("conffiles").unwrap_or_default())?,
            md5sums: parse_md5sums(bytes("md5sums").unwrap_or_default())?,
            triggers: parse_triggers(bytes("triggers").unwrap_or_default())?,
            stanza,
            package,
            files,
        })
    }
}

/// The lines of a control file that are not empty, each with its number, or an error that says why one is wrong.
fn lines<'a>(file: &'static str, text: &'a [u8]) -> impl Iterator<Item = Result<(usize, &'a str), DebError>> {
    text.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.trim_ascii().is_empty()).map(
        move |(index, line)| match std::str::from_utf8(line) {
            Ok(line) => Ok((index + 1, line.trim_end())),
            Err(_) => Err(wrong(file, index + 1, "not UTF-8")),
        },
    )
}

fn wrong(file: &'static str, line: usize, reason: &str) -> DebError {
    DebError::Control { file, reason: format!("line {line}: {reason}") }
}

/// A path of a control file in the form of [`tar::Entry::path`].
fn normal(path: &str) -> Option<Vec<u8>> {
    let parts = || path.split('/').filter(|part| !matches!(*part, "" | "."));
    if parts().any(|part| part == "..") || path.contains('\0') {
        return None;
    }
    let path = parts().collect::<Vec<_>>().join("/");
    (!path.is_empty()).then(|| path.into_bytes())
}

/// As `dpkg` reads them: absolute paths, each once, `remove-on-upgrade ` in front or not, every line ended.
fn parse_conffiles(text: &[u8]) -> Result<Vec<Conffile>, DebError> {
    const FILE: &str = "conffiles";
    if !text.is_empty() && !text.ends_with(b"\n") {
        let last = text.split(|byte| *byte == b'\n').count();
        return Err(wrong(FILE, last, "the final newline is missing"));
    }
    let mut seen = BTreeSet::new();
    let mut conffiles = Vec::new();
    for line in lines(FILE, text) {
        let (number, line) = line?;
        let fail = |reason: &str| wrong(FILE, number, &format!("`{}`: {reason}", crate::base::redact::printable(line)));
        let (flag, path) = match line.split_once(' ') {
            Some((flag, path)) if !line.starts_with('/') => (Some(flag), path.trim_start()),
            _ => (None, line),
        };
        if flag.is_some_and(|flag| flag != "remove-on-upgrade") {
            return Err(fail("unknown flag"));
        }
        if !path.starts_with('/') {
            return Err(fail("the path is not absolute"));
        }
        let path = normal(path).ok_or_else(|| fail("no path of a file"))?;
        if !seen.insert(path.clone()) {
            return Err(fail("it occurs a second time"));
        }
        conffiles.push(Conffile { path, remove_on_upgrade: flag.is_some() });
    }
    Ok(conffiles)
}

/// `MD5  path`, the path without or with `./` or `/` in front.
fn parse_md5sums(text: &[u8]) -> Result<BTreeMap<Vec<u8>, [u8; 16]>, DebError> {
    const FILE: &str = "md5sums";
    let mut sums = BTreeMap::new();
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty()) {
        // Not as text: file names may be in any encoding.
        let fail = |reason| wrong(FILE, index + 1, reason);
        let (hex, path) = line.split_at_checked(32).ok_or_else(|| fail("too short"))?;
        let mut sum = [0; 16];
        hex::decode_to_slice(hex, &mut sum).map_err(|_| fail("no MD5 sum"))?;
        let path = path.strip_prefix(b" ").and_then(|path| path.strip_prefix(b" ").or(path.strip_prefix(b"*")));
        let path = path.ok_or_else(|| fail("two blanks must stand after the sum"))?;
        let path = path.strip_prefix(b".").filter(|rest| rest.starts_with(b"/")).unwrap_or(path);
        let start = path.iter().position(|byte| *byte != b'/').ok_or_else(|| fail("no path"))?;
        sums.insert(path[start..].to_vec(), sum);
    }
    Ok(sums)
}

/// Reads a `triggers` file, deb-triggers(5): `interest NAME`, `activate NAME`, with `-await` or `-noawait` after the word
/// or not; `#` starts a comment.
///
/// # Errors
/// When a line is none of these.
pub fn parse_triggers(text: &[u8]) -> Result<Vec<Trigger>, DebError> {
    const FILE: &str = "triggers";
    let mut triggers = Vec::new();
    for line in lines(FILE, text) {
        let (number, line) = line?;
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_whitespace();
        let Some(word) = words.next() else { continue };
        let (action, awaits) = match word {
            "interest" | "interest-await" => (TriggerAction::Interest, true),
            "interest-noawait" => (TriggerAction::Interest, false),
            "activate" | "activate-await" => (TriggerAction::Activate, true),
            "activate-noawait" => (TriggerAction::Activate, false),
            _ => return Err(wrong(FILE, number, "unknown directive")),
        };
        let (Some(name), None) = (words.next(), words.next()) else {
            return Err(wrong(FILE, number, "one trigger must stand after the directive"));
        };
        triggers.push(Trigger { action, awaits, name: name.to_owned() });
    }
    Ok(triggers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conffiles_are_read_as_dpkg_does() {
        let parsed = parse_conffiles(b"/etc/a b\n\nremove-on-upgrade /etc/old\n").unwrap();
        assert_eq!(parsed[0], Conffile { path: b"etc/a b".to_vec(), remove_on_upgrade: false });
        assert_eq!(parsed[1], Conffile { path: b"etc/old".to_vec(), remove_on_upgrade: true });
        for (bad, reason) in [
            (&b"etc/a\n"[..], "line 1: `etc/a`: the path is not absolute"),
            (b"/etc/a\n/etc/./a\n", "line 2: `/etc/./a`: it occurs a second time"),
            (b"/etc/a\n/etc/b", "line 2: the final newline is missing"),
            (b"create-only /etc/a\n", "line 1: `create-only /etc/a`: unknown flag"),
            (b"remove-on-upgrade etc/a\n", "line 1: `remove-on-upgrade etc/a`: the path is not absolute"),
            (b"/../etc/a\n", "line 1: `/../etc/a`: no path of a file"),
            (b"/\n", "line 1: `/`: no path of a file"),
            (b"/etc/\xff\n", "line 1: not UTF-8"),
        ] {
            assert_eq!(parse_conffiles(bad).unwrap_err().to_string(), format!("control file `conffiles`: {reason}"));
        }
    }

    #[test]
    fn triggers_and_sums() {
        let text = b"# comment\ninterest-noawait /usr/lib\nactivate ldconfig # why\n";
        let triggers = parse_triggers(text).unwrap();
        assert_eq!(triggers.len(), 2);
        assert_eq!((triggers[0].action, triggers[0].awaits), (TriggerAction::Interest, false));
        assert_eq!((triggers[1].awaits, triggers[1].name.as_str()), (true, "ldconfig"));
        for bad in [&b"want x\n"[..], b"interest\n", b"activate a b\n"] {
            assert!(parse_triggers(bad).is_err());
        }

        let sums = parse_md5sums(b"d41d8cd98f00b204e9800998ecf8427e  ./usr/a\n").unwrap();
        assert_eq!(sums.keys().collect::<Vec<_>>(), [b"usr/a"]);
        for bad in [&b"d41d\n"[..], b"d41d8cd98f00b204e9800998ecf8427e a\n", b"x41d8cd98f00b204e9800998ecf8427e  a\n"] {
            assert!(parse_md5sums(bad).is_err());
        }
    }
}
