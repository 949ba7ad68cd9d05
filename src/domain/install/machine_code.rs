//! What is kept of files in machine code, so that nobody reads them for it: programs are known as such, libraries by what the
//! dynamic linker asks of them.

use std::io::{self, Chain, Cursor, Read};

use super::facts::Library;
use crate::formats::elf;
use crate::formats::tar::{Entry, Kind};

/// The longest library that is held in memory to be looked into; longer ones are left to whoever asks for them.
const LONGEST: u64 = 8 << 20;

/// The files of a package that were looked into.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) libraries: Vec<Library>,
    pub(super) programs: Vec<String>,
}

impl Seen {
    /// Looks into a file where that is of use, and gives its content back from the start.
    ///
    /// # Errors
    /// As `content` does.
    pub(super) fn look<R: Read>(&mut self, entry: &Entry, mut content: R) -> io::Result<Chain<Cursor<Vec<u8>>, R>> {
        let mut first = Vec::new();
        if let (Kind::File { size }, Ok(path)) = (&entry.kind, std::str::from_utf8(&entry.path)) {
            let name = path.rsplit('/').next().unwrap_or_default();
            if elf::is_library(name.as_bytes()) && *size <= LONGEST {
                content.read_to_end(&mut first)?;
                self.libraries.push(Library { path: path.into(), object: elf::shared_object(&first).ok() });
            } else if entry.mode & 0o111 != 0 {
                (&mut content).take(elf::MAGIC.len() as u64).read_to_end(&mut first)?;
                if first == elf::MAGIC {
                    self.programs.push(path.into());
                }
            }
        }
        Ok(Cursor::new(first).chain(content))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_passes_whole_and_only_machine_code_is_kept() {
        let mut seen = Seen::default();
        let mut look = |path: &str, mode, content: &[u8]| {
            let entry = Entry::new(path.as_bytes().to_vec(), Kind::File { size: content.len() as u64 }, mode, 0);
            let mut passed = Vec::new();
            seen.look(&entry, content).and_then(|mut all| all.read_to_end(&mut passed)).is_ok() && passed == content
        };
        assert!(look("usr/bin/program", 0o755, b"\x7fELF and more"));
        assert!(look("usr/bin/script", 0o755, b"#!/bin/sh\n"));
        assert!(look("usr/bin/empty", 0o755, b""));
        assert!(look("usr/share/data", 0o644, b"\x7fELF and more"));
        assert!(look("usr/lib/libtext.so", 0o644, b"INPUT(libtext.so.1)"));
        assert_eq!(seen.programs, ["usr/bin/program"]);
        let libraries: Vec<_> = seen.libraries.iter().map(|library| (library.path.as_str(), &library.object)).collect();
        assert_eq!(libraries, [("usr/lib/libtext.so", &None)]);
    }
}
