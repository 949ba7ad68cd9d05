//! Jars without some of their entries. What stays is copied as it is, compressed bytes, times and order included.

use std::io::{self, Read, Seek, Write};

/// Why entries cannot be taken out of a jar.
#[derive(Debug, thiserror::Error)]
pub enum StripError {
    /// It is no zip archive, or damaged.
    #[error("{0}")]
    Zip(#[from] zip::result::ZipError),
    /// It is signed.
    #[error("it is signed (`{0}`), and would not be what was signed")]
    Signed(String),
    /// Nothing of that name is there.
    #[error("it has no entry `{0}`")]
    Nothing(String),
    /// Writing failed.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Copies `jar` to `out` without `entries`: names, or folders with `/` at their end.
///
/// # Errors
/// When the jar is damaged or signed, an entry is not there, or `out` fails.
pub fn strip<W: Write + Seek>(jar: impl Read + Seek, entries: &[String], out: W) -> Result<W, StripError> {
    let mut archive = zip::ZipArchive::new(jar)?;
    let mut writer = zip::ZipWriter::new(out);
    let mut used = vec![false; entries.len()];
    for at in 0..archive.len() {
        let file = archive.by_index_raw(at)?;
        let name = String::from_utf8_lossy(file.name_raw()).into_owned();
        if name.starts_with("META-INF/") && name.to_ascii_uppercase().ends_with(".SF") {
            return Err(StripError::Signed(name));
        }
        let hit = |entry: &String| name == *entry || (entry.ends_with('/') && name.starts_with(entry.as_str()));
        let mut out = false;
        for (entry, used) in entries.iter().zip(&mut used).filter(|(entry, _)| hit(entry)) {
            // The folder itself may be left over from an earlier build of the jar; what counts is that something is in it.
            *used |= name != *entry || !entry.ends_with('/');
            out = true;
        }
        if !out {
            writer.raw_copy_file(file)?;
        }
    }
    if let Some((entry, _)) = entries.iter().zip(&used).find(|(_, used)| !**used) {
        return Err(StripError::Nothing(entry.clone()));
    }
    Ok(writer.finish()?)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn jar(names: &[&str]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for name in names {
            writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(name.as_bytes()).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn stripped(names: &[&str], entries: &[&str]) -> Result<Vec<u8>, StripError> {
        let entries: Vec<String> = entries.iter().map(|entry| (*entry).to_owned()).collect();
        strip(Cursor::new(jar(names)), &entries, Cursor::new(Vec::new())).map(Cursor::into_inner)
    }

    #[test]
    fn the_rest_stays_as_it_was() {
        let all = ["META-INF/MANIFEST.MF", "a/A.class", "native/x.so", "native/y/z.so", "b"];
        let left = stripped(&all, &["native/", "b"]).unwrap();
        let mut archive = zip::ZipArchive::new(Cursor::new(&left)).unwrap();
        let names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
        assert_eq!(names, all[..2]);
        let mut text = String::new();
        archive.by_index(1).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "a/A.class");
        assert_eq!(left, stripped(&all, &["native/", "b"]).unwrap());
    }

    #[test]
    fn what_is_signed_or_not_there_is_refused() {
        assert!(matches!(stripped(&["META-INF/X.SF", "a"], &["a"]), Err(StripError::Signed(_))));
        assert!(matches!(stripped(&["a"], &["b"]), Err(StripError::Nothing(_))));
        assert!(matches!(stripped(&["a/"], &["a/"]), Err(StripError::Nothing(_))));
        assert!(strip(Cursor::new(b"no zip"), &[], Cursor::new(Vec::new())).is_err());
    }
}
