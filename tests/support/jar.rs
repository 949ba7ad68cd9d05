//! Jars made in code.

use std::io::{Cursor, Write};

/// A jar of these entries.
pub fn jar(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut jar = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        jar.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        jar.write_all(bytes).unwrap();
    }
    jar.finish().unwrap().into_inner()
}
