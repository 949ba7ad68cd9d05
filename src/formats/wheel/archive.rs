//! A wheel's archive: what is in it, checked before any of it is used, and its bytes, held against `RECORD` as they pass.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Seek};

use zip::ZipArchive;

use super::entry_points::EntryPoints;
use super::error::{Problem, WheelError};
use super::metadata::{Metadata, WheelFile};
use super::name::WheelName;
use super::record::{self, Hashing, Row};

/// The largest file of `.dist-info` that is read, in bytes.
const SMALL: u64 = 64 << 20;
/// Wheels compress to a third or so; more than this many times their size, and a few MiB, is no wheel.
const MOST_EXPANSION: u64 = 256;
/// The moment that zip archives begin with: 1980-01-01.
const FIRST_MOMENT: i64 = 315_532_800;
/// How the name of a deletion in an OCI layer begins.
const WHITEOUT: &str = ".wh.";

/// What a wheel may hold.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Entries.
    pub entries: usize,
    /// Bytes of all files.
    pub bytes: u64,
}

/// A file of a wheel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its place in the archive.
    number: usize,
    /// Its path in the archive: relative, in its one spelling.
    pub path: String,
    /// Its bytes.
    pub size: u64,
    /// Whether the archive says that it is a program.
    pub executable: bool,
    /// Its time in the archive, taken for UTC, in seconds since 1970.
    pub mtime: i64,
}

/// A wheel that was looked through.
pub struct Wheel<R> {
    zip: ZipArchive<R>,
    /// What its file name says.
    pub name: WheelName,
    /// Its files, in the order of the archive.
    pub files: Vec<File>,
    /// The name of its `.dist-info` folder.
    pub info: String,
    /// Its `METADATA`.
    pub metadata: Metadata,
    /// Its `WHEEL`.
    pub wheel: WheelFile,
    /// The rows of its `RECORD`, in their order.
    pub record: Vec<Row>,
    /// Its scripts.
    pub entry_points: EntryPoints,
    rows: BTreeMap<String, usize>,
}

impl<R: Read + Seek> Wheel<R> {
    /// Looks through the archive of `size` bytes that is called `name`. After this only the files' bytes can still be wrong.
    ///
    /// # Errors
    /// When the archive is malformed or contradicts itself, an entry climbs out or is no file, what is inside is not what the name
    /// says, `RECORD` lists other files, or there is more than `limits` allow.
    pub fn open(reader: R, size: u64, name: &WheelName, limits: Limits) -> Result<Self, WheelError> {
        Self::read_all(reader, size, name, limits).map_err(|problem| problem.of(name.as_str()))
    }

    fn read_all(reader: R, size: u64, name: &WheelName, limits: Limits) -> Result<Self, Problem> {
        let mut zip = ZipArchive::new(reader).map_err(broken)?;
        if zip.offset() != 0 {
            return Err(Problem::Archive("something stands before it".into()));
        }
        if zip.len() > limits.entries {
            return Err(Problem::Archive(format!(
                "{} entries are more than the limit of {}",
                zip.len(),
                limits.entries
            )));
        }
        let files = files(&zip, size, limits)?;
        // One directory for all readers: no name twice, nothing that only some would see, nothing that overlaps.
        zip.validate_header_consistency().map_err(broken)?;
        let info = info_folder(&files, name)?;
        let mut small = |file: &str| small(&mut zip, &files, &format!("{info}/{file}"));
        let need =
            |found: Option<Vec<u8>>, file: &str| found.ok_or_else(|| Problem::Lacks(format!("no {info}/{file}")));
        let metadata = Metadata::parse(&need(small("METADATA")?, "METADATA")?)?;
        let wheel = WheelFile::parse(&need(small("WHEEL")?, "WHEEL")?)?;
        let record = record::parse(&need(small("RECORD")?, "RECORD")?)?;
        let entry_points =
            small("entry_points.txt")?.map(|bytes| EntryPoints::parse(&bytes)).transpose()?.unwrap_or_default();
        agrees(name, &metadata, &wheel)?;
        let rows = rows(&record, &files, &info)?;
        Ok(Self { zip, name: name.clone(), files, info, metadata, wheel, record, entry_points, rows })
    }

    /// Hands the bytes of a file of [`Wheel::files`] on as a stream of exactly its size. What was made of them must not be used
    /// unless this returns well: only at their end is it known whether they were right.
    ///
    /// # Errors
    /// When the bytes are not those of `RECORD`; or what `take` fails with.
    pub fn read<T, E: From<WheelError>>(
        &mut self,
        file: &File,
        take: impl FnOnce(&mut dyn Read) -> Result<T, E>,
    ) -> Result<T, E> {
        let name = self.name.as_str();
        let row = self.rows.get(&file.path).and_then(|row| self.record.get(*row));
        let found = self.zip.by_index(file.number).map_err(|error| broken(error).of(name))?;
        let mut reader =
            Checked { inner: found.take(file.size), hashing: row.and_then(|row| Hashing::of(&row.hash)), failed: None };
        let taken = take(&mut reader);
        let lies = |reason: String| Problem::Record { entry: file.path.clone(), reason }.of(name);
        if let Some(error) = reader.failed {
            return Err(lies(error).into());
        }
        let taken = taken?;
        let end = io::copy(&mut reader, &mut io::sink()).and_then(|_| {
            // The archive's own checksum is looked at when there is no more.
            reader.inner.set_limit(1);
            reader.inner.read(&mut [0])
        });
        match end {
            Ok(0) => {}
            Ok(_) => return Err(lies("is longer than the archive says".into()).into()),
            Err(error) => return Err(lies(format!("cannot be read: {error}")).into()),
        }
        // RECORD itself and its signatures have none.
        if let (Some(row), Some(hashing)) = (row, reader.hashing) {
            let found = hashing.finish();
            if found != row.hash.trim_end_matches('=') {
                return Err(lies(format!("has {found}, not {}", row.hash)).into());
            }
        }
        Ok(taken)
    }
}

/// `METADATA` of a wheel, the rest of which is not looked at: for resolving, before it is known which wheel is taken.
///
/// # Errors
/// When there is none, or it is malformed or another package's.
pub fn metadata<R: Read + Seek>(reader: R, name: &WheelName) -> Result<Metadata, WheelError> {
    let find = || {
        let mut zip = ZipArchive::new(reader).map_err(broken)?;
        let is = |path: &&str| {
            path.split_once('/').is_some_and(|(folder, file)| is_info(folder, name) && file == "METADATA")
        };
        let names: Vec<String> = zip
            .file_names_raw()
            .filter_map(|raw| std::str::from_utf8(raw).ok())
            .filter(is)
            .map(str::to_owned)
            .collect();
        let [path] = names.as_slice() else { return Err(Problem::Lacks("not one METADATA".into())) };
        let entry = zip.by_name(path).map_err(broken)?;
        let metadata = Metadata::parse(&bounded(entry)?)?;
        same_package(name, &metadata)?;
        Ok(metadata)
    };
    find().map_err(|problem| problem.of(name.as_str()))
}

/// Bytes that are hashed as they pass; an error is kept, for whoever asks why.
struct Checked<R> {
    inner: R,
    hashing: Option<Hashing>,
    failed: Option<String>,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer);
        match &read {
            Ok(n) => {
                if let (Some(hashing), Some(bytes)) = (&mut self.hashing, buffer.get(..*n)) {
                    hashing.update(bytes);
                }
            }
            Err(error) => self.failed = Some(format!("cannot be read: {error}")),
        }
        read
    }
}

fn broken(error: zip::result::ZipError) -> Problem {
    Problem::Archive(crate::base::redact::printable(&error.to_string()))
}

/// The files of the archive's directory, each looked at.
fn files<R: Read + Seek>(zip: &ZipArchive<R>, size: u64, limits: Limits) -> Result<Vec<File>, Problem> {
    let mut files = Vec::new();
    let mut total = 0_u64;
    for number in 0..zip.len() {
        let entry = zip.by_index_data(number).map_err(broken)?;
        let raw = entry.name_raw();
        let wrong = |reason| Problem::Entry { entry: String::from_utf8_lossy(raw).into_owned(), reason };
        let path = std::str::from_utf8(raw).map_err(|_| wrong("has a name that is not UTF-8"))?;
        // Without the flag for UTF-8 other characters are those of code page 437.
        if !path.is_ascii() && entry.name().map_or(true, |name| name != path) {
            return Err(wrong("has a name in an encoding that is not said to be UTF-8"));
        }
        if entry.encrypted() {
            return Err(wrong("is encrypted"));
        }
        let folder = path.ends_with('/');
        flaw(path.strip_suffix('/').unwrap_or(path)).map_or(Ok(()), |reason| Err(wrong(reason)))?;
        // The kind is in the upper half of the attributes where the archive was made on Unix, else there is none.
        let mode = entry.external_attributes() >> 16;
        match mode & 0o170_000 {
            0 | 0o100_000 if !folder => {}
            0 | 0o040_000 if folder => {}
            0o120_000 => return Err(wrong("is a symbolic link")),
            _ => return Err(wrong("is neither a file nor a folder")),
        }
        total = total.saturating_add(entry.size());
        if folder {
            continue;
        }
        files.push(File {
            number,
            path: path.to_owned(),
            size: entry.size(),
            executable: mode & 0o170_000 == 0o100_000 && mode & 0o111 != 0,
            mtime: entry.last_modified().and_then(moment).unwrap_or(FIRST_MOMENT),
        });
    }
    let limit = limits.bytes.min(size.saturating_mul(MOST_EXPANSION).saturating_add(8 << 20));
    if total > limit {
        return Err(Problem::Bomb { size: total, limit, compressed: size });
    }
    // A file in the way of a folder.
    let paths: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    for file in &files {
        let mut parents = file.path.match_indices('/').map(|(end, _)| &file.path[..end]);
        if parents.any(|parent| paths.contains(parent)) {
            return Err(Problem::Entry { entry: file.path.clone(), reason: "lies below a file" });
        }
    }
    Ok(files)
}

/// What makes a path unfit.
fn flaw(path: &str) -> Option<&'static str> {
    if path.len() > 3000 {
        return Some("has a name of more than 3000 bytes");
    }
    if path.starts_with('/') {
        return Some("is absolute");
    }
    path.split('/').find_map(|part| match part {
        ".." => Some("climbs out"),
        "" | "." => Some("is not in the one spelling of its path"),
        part if part.len() > 255 => Some("has a name of more than 255 bytes"),
        part if part.starts_with(WHITEOUT) => Some("would mean a deletion in an OCI layer"),
        part if part.contains('\\') || part.chars().any(char::is_control) => {
            Some("has a backslash or a control character in its name")
        }
        _ => None,
    })
}

fn moment(time: zip::DateTime) -> Option<i64> {
    let part = |part: u8| i8::try_from(part).ok();
    let date = jiff::civil::DateTime::new(
        i16::try_from(time.year()).ok()?,
        part(time.month())?,
        part(time.day())?,
        part(time.hour())?,
        part(time.minute())?,
        part(time.second().min(59))?,
        0,
    );
    Some(jiff::tz::Offset::UTC.to_timestamp(date.ok()?).ok()?.as_second())
}

/// Whether a folder is the `.dist-info` of what a file name names.
fn is_info(folder: &str, name: &WheelName) -> bool {
    folder.strip_suffix(".dist-info").and_then(|stem| stem.split_once('-')).is_some_and(|(own, version)| {
        own.parse().is_ok_and(|own: pep508_rs::PackageName| own == name.name)
            && version.replace('_', "-").parse().is_ok_and(|version: pep440_rs::Version| version == name.version)
    })
}

/// The one `.dist-info` folder.
fn info_folder(files: &[File], name: &WheelName) -> Result<String, Problem> {
    let tops = files.iter().filter_map(|file| file.path.split_once('/')).map(|(top, _)| top);
    let infos: BTreeSet<&str> = tops.filter(|top| top.ends_with(".dist-info")).collect();
    let infos: Vec<&str> = infos.into_iter().collect();
    match infos.as_slice() {
        [] => Err(Problem::Lacks("no .dist-info folder".into())),
        [one] if is_info(one, name) => Ok((*one).to_owned()),
        [one] => Err(Problem::Differs {
            file: "folder",
            named: format!("{}-{}", name.name, name.version),
            inside: crate::base::redact::printable(one),
        }),
        _ => Err(Problem::Lacks(format!("{} .dist-info folders", infos.len()))),
    }
}

fn small<R: Read + Seek>(zip: &mut ZipArchive<R>, files: &[File], path: &str) -> Result<Option<Vec<u8>>, Problem> {
    let Some(file) = files.iter().find(|file| file.path == path) else { return Ok(None) };
    Ok(Some(bounded(zip.by_index(file.number).map_err(broken)?)?))
}

/// All bytes of an entry that may not be large.
fn bounded(entry: impl Read) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    entry.take(SMALL + 1).read_to_end(&mut bytes).map_err(|error| Problem::Archive(error.to_string()))?;
    if bytes.len() as u64 > SMALL {
        return Err(Problem::Archive(format!("a file of .dist-info has more than {SMALL} bytes")));
    }
    Ok(bytes)
}

fn same_package(name: &WheelName, metadata: &Metadata) -> Result<(), Problem> {
    if (&name.name, &name.version) == (&metadata.name, &metadata.version) {
        return Ok(());
    }
    Err(Problem::Differs {
        file: "METADATA",
        named: format!("{} {}", name.name, name.version),
        inside: format!("{} {}", metadata.name, metadata.version),
    })
}

/// Whether what is inside is what the file name says.
fn agrees(name: &WheelName, metadata: &Metadata, wheel: &WheelFile) -> Result<(), Problem> {
    same_package(name, metadata)?;
    if name.tags == wheel.tags {
        return Ok(());
    }
    let shown =
        |tags: &BTreeSet<super::name::Tag>| tags.iter().take(8).map(ToString::to_string).collect::<Vec<_>>().join(" ");
    Err(Problem::Differs { file: "WHEEL", named: shown(&name.tags), inside: shown(&wheel.tags) })
}

/// The rows by their paths: every file has one with hash and size, and no row is of a file that is not there.
fn rows(record: &[Row], files: &[File], info: &str) -> Result<BTreeMap<String, usize>, Problem> {
    let lies = |entry: &str, reason: &str| Problem::Record { entry: entry.to_owned(), reason: reason.to_owned() };
    let exempt = |path: &str| {
        path.strip_prefix(info).is_some_and(|rest| matches!(rest, "/RECORD" | "/RECORD.jws" | "/RECORD.p7s"))
    };
    let mut rows = BTreeMap::new();
    for (number, row) in record.iter().enumerate() {
        if rows.insert(row.path.clone(), number).is_some() {
            return Err(lies(&row.path, "is listed twice"));
        }
    }
    let there: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    if let Some(row) = record.iter().find(|row| !there.contains(row.path.as_str()) && !exempt(&row.path)) {
        return Err(lies(&row.path, "is not in the archive"));
    }
    for file in files.iter().filter(|file| !exempt(&file.path)) {
        let row =
            rows.get(&file.path).and_then(|row| record.get(*row)).ok_or_else(|| lies(&file.path, "is not listed"))?;
        if Hashing::of(&row.hash).is_none() {
            return Err(lies(&file.path, "has no hash of SHA-256 or better"));
        }
        if row.size.parse() != Ok(file.size) {
            return Err(lies(
                &file.path,
                &format!("has {} bytes, not {}", file.size, crate::base::redact::printable(&row.size)),
            ));
        }
    }
    Ok(rows)
}
