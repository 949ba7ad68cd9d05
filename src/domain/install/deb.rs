//! Reading one `.deb`: its entries and its part of the database to whoever writes the fragment, its facts to the caller.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};

use md5::{Digest as _, Md5};

use super::error::{InstallError, shown};
use super::facts::{Conffile, Facts, Interest, Script};
use super::info::{self, ListWriter};
use super::machine_code::Seen;
use crate::formats::compress::Checksums;
use crate::formats::deb::{Control, DebReader, Package, TriggerAction};
use crate::formats::tar::{Entry, Kind, Limits};

/// How a `.deb` is read.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// What its data may unpack to.
    pub limits: Limits,
    /// Whether the checksums inside (those of xz, and the package's own `md5sums`) are computed again. The `.deb`'s digest
    /// already says that its bytes are the archive's; this finds a package that was broken when it was built, and costs
    /// an MD5 and a CRC of all its bytes.
    pub checksums: Checksums,
}

/// Reads a `.deb` that should be `expected` (from the index that named it). Each entry is handed to `sink` with its
/// content: first those of the data archive in its order, then the files of `/var/lib/dpkg/info`. `sink` gets directories
/// too, and must read every content to its end.
///
/// # Errors
/// When the `.deb` is malformed or another package than expected, lists files that it does not have (or has otherwise),
/// or ships what is not for packages to ship; and whatever `sink` fails with.
pub fn read<E: From<InstallError>>(
    deb: impl Read,
    expected: &Package,
    options: Options,
    mut sink: impl FnMut(&Entry, &mut dyn Read) -> Result<(), E>,
) -> Result<Facts, E> {
    let label = format!("{} {}", expected.name, expected.version);
    let unreadable = |source| InstallError::Deb { package: label.clone(), source };
    let wrong = |reason| InstallError::Package { package: label.clone(), reason };
    let mut reader = DebReader::open(deb, options.limits, options.checksums).map_err(unreadable)?;
    identify(&reader.control().package, expected).map_err(wrong)?;
    let mut shipped = Shipped::new(reader.control(), options.checksums);
    let mut seen = Seen::default();
    while let Some(entry) = reader.next_entry().map_err(unreadable)? {
        allowed(&entry).map_err(wrong)?;
        let mut content =
            seen.look(&entry, reader.content()).map_err(|error| wrong(format!("{}: {error}", entry.shown())))?;
        if shipped.hashes(&entry) {
            let mut hashing = Hashing { inner: &mut content, md5: Md5::new() };
            sink(&entry, &mut hashing)?;
            shipped.add(&entry, Some(hashing.md5.finalize().into()));
        } else {
            sink(&entry, &mut content)?;
            shipped.add(&entry, None);
        }
    }
    let (control, _) = reader.finish().map_err(unreadable)?;
    let conffiles = shipped.conffiles(&control).map_err(wrong)?;
    shipped.check(&control).map_err(wrong)?;
    let md5sums = shipped.generated_md5sums();
    let list = shipped.list.finish();
    for (entry, bytes) in info::files(&control, list.clone(), md5sums).map_err(wrong)? {
        sink(&entry, &mut bytes.as_slice())?;
    }
    Ok(facts(&control, conffiles, list, seen))
}

/// Reads of a `.deb` that should be `expected` its maintainer scripts and `triggers` file; its data is not looked at.
///
/// # Errors
/// When its control archive is malformed or another package's.
pub fn scripts(deb: impl Read, expected: &Package, limits: Limits) -> Result<Vec<Script>, InstallError> {
    let label = format!("{} {}", expected.name, expected.version);
    let reader = DebReader::open(deb, limits, Checksums::Verify)
        .map_err(|source| InstallError::Deb { package: label.clone(), source })?;
    identify(&reader.control().package, expected).map_err(|reason| InstallError::Package { package: label, reason })?;
    Ok(scripts_of(reader.control()))
}

/// What the data archive held, as far as the control archive has something to say about it.
struct Shipped {
    list: ListWriter,
    /// Every path but directories.
    paths: BTreeSet<Vec<u8>>,
    /// MD5 of the regular files that were hashed, and of their hardlinks.
    sums: BTreeMap<Vec<u8>, [u8; 16]>,
    /// The paths of `sums` in the order of the archive.
    order: Vec<Vec<u8>>,
    which: Which,
    conffiles: BTreeSet<Vec<u8>>,
}

/// Which files are hashed, conffiles aside.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    /// None.
    Conffiles,
    /// All, to compare them with the package's `md5sums`.
    Check,
    /// All, because the package has no `md5sums` and dpkg would make it.
    Generate,
}

impl Shipped {
    fn new(control: &Control, checksums: Checksums) -> Self {
        Self {
            list: ListWriter::default(),
            paths: BTreeSet::new(),
            sums: BTreeMap::new(),
            order: Vec::new(),
            which: match (control.files.contains_key("md5sums"), checksums) {
                (false, _) => Which::Generate,
                (true, Checksums::Verify) => Which::Check,
                (true, Checksums::Known) => Which::Conffiles,
            },
            conffiles: control.conffiles.iter().map(|conffile| conffile.path.clone()).collect(),
        }
    }

    fn hashes(&self, entry: &Entry) -> bool {
        matches!(entry.kind, Kind::File { .. })
            && (self.which != Which::Conffiles || self.conffiles.contains(&entry.path))
    }

    fn add(&mut self, entry: &Entry, md5: Option<[u8; 16]>) {
        self.list.add(entry);
        if matches!(entry.kind, Kind::Directory) {
            return;
        }
        self.paths.insert(entry.path.clone());
        let md5 = match &entry.kind {
            Kind::Hardlink(target) => self.sums.get(target).copied(),
            _ => md5,
        };
        if let Some(md5) = md5 {
            self.sums.insert(entry.path.clone(), md5);
            self.order.push(entry.path.clone());
        }
    }

    /// Compares with `md5sums`.
    fn check(&self, control: &Control) -> Result<(), String> {
        for (path, expected) in &control.md5sums {
            if !self.paths.contains(path) {
                return Err(format!("its md5sums lists {}, which it does not ship", shown(path)));
            }
            if let Some(found) = self.sums.get(path).filter(|found| *found != expected) {
                return Err(format!(
                    "{} has MD5 {}, its md5sums says {}",
                    shown(path),
                    hex::encode(found),
                    hex::encode(expected)
                ));
            }
        }
        Ok(())
    }

    fn conffiles(&self, control: &Control) -> Result<Vec<Conffile>, String> {
        let facts = control.conffiles.iter().map(|conffile| {
            let path = format!("/{}", String::from_utf8_lossy(&conffile.path));
            let md5 = match self.sums.get(&conffile.path) {
                Some(md5) => Some(hex::encode(md5)),
                None if conffile.remove_on_upgrade => None,
                None => return Err(format!("its conffiles lists {}, which it does not ship", shown(&conffile.path))),
            };
            Ok(Conffile { path, md5 })
        });
        facts.collect()
    }

    /// What dpkg writes for a package without `md5sums`: all regular files, conffiles and hardlinks among them.
    fn generated_md5sums(&self) -> Option<Vec<u8>> {
        let mut text = Vec::new();
        for path in &self.order {
            text.extend_from_slice(self.sums.get(path).map(hex::encode).unwrap_or_default().as_bytes());
            text.extend_from_slice(b"  ");
            text.extend_from_slice(path);
            text.push(b'\n');
        }
        (self.which == Which::Generate).then_some(text)
    }
}

/// A reader that hashes what passes.
struct Hashing<R> {
    inner: R,
    md5: Md5,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.md5.update(buffer.get(..n).unwrap_or_default());
        Ok(n)
    }
}

/// Whether the `.deb` is the package that the index promised.
fn identify(found: &Package, expected: &Package) -> Result<(), String> {
    let pairs = [
        ("Package", found.name.to_string(), expected.name.to_string()),
        ("Version", found.version.as_str().into(), expected.version.as_str().into()),
        ("Architecture", found.architecture.to_string(), expected.architecture.to_string()),
    ];
    let differing: Vec<String> = pairs
        .into_iter()
        .filter(|(_, found, expected)| found != expected)
        .map(|(field, found, expected)| format!("{field} is `{found}`, the index says `{expected}`"))
        .collect();
    if differing.is_empty() { Ok(()) } else { Err(format!("the .deb is another package: {}", differing.join("; "))) }
}

/// Refuses the files of the package database: they are no package's to ship. (Names that mean removal in a layer never get
/// here: the reader of the archive refuses them.)
fn allowed(entry: &Entry) -> Result<(), String> {
    let database = entry.path.strip_prefix(b"var/lib/dpkg/").is_some_and(|rest| {
        [&b"available"[..], b"diversions", b"info/", b"lock", b"statoverride", b"status", b"triggers/", b"updates/"]
            .iter()
            .any(|own| rest == *own || own.ends_with(b"/") && rest.starts_with(own))
    });
    if database && !matches!(entry.kind, Kind::Directory) {
        return Err(format!("{} belongs to the package database, not to a package", entry.shown()));
    }
    Ok(())
}

fn facts(control: &Control, conffiles: Vec<Conffile>, list: Vec<u8>, seen: Seen) -> Facts {
    let mut info: BTreeMap<String, Vec<u8>> = control
        .files
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "control" | "md5sums"))
        .map(|(name, file)| (name.clone(), file.bytes.clone()))
        .collect();
    info.insert("list".into(), list);
    let interests = control.triggers.iter().filter(|trigger| trigger.action == TriggerAction::Interest);
    Facts {
        fields: fields(control),
        conffiles,
        interests: interests.map(|t| Interest { trigger: t.name.clone(), awaited: t.awaits }).collect(),
        scripts: scripts_of(control),
        info,
        libraries: seen.libraries,
        programs: seen.programs,
    }
}

fn scripts_of(control: &Control) -> Vec<Script> {
    Script::KINDS.iter().filter_map(|kind| Some(Script::of(kind, &control.files.get(*kind)?.bytes))).collect()
}

/// The fields of `control` as dpkg keeps them: blanks at the end of a value's first line stay if more lines follow, which
/// [`crate::formats::deb::Stanza`] does not care for.
fn fields(control: &Control) -> Vec<(String, String)> {
    let bytes = control.files.get("control").map(|file| file.bytes.as_slice()).unwrap_or_default();
    let text = String::from_utf8_lossy(bytes);
    let first_line = |name: &str| {
        let mut lines = text.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim_start())
    };
    let exact = |(name, value): (&str, &str)| {
        let value = match (value.split_once('\n'), first_line(name)) {
            (Some((trimmed, rest)), Some(first)) if first.trim_end() == trimmed => format!("{first}\n{rest}"),
            _ => value.to_owned(),
        };
        (name.to_owned(), value)
    };
    control.stanza.iter().map(exact).collect()
}
