//! Any bytes: a recipe or an error that shows its place, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mokapot::base::Digest;
use mokapot::domain::recipe::{Chain, LockMeaning, NamedFiles, Refusal, SourceFile, meaning_digest};

/// Every named file exists and is as long as its name.
struct Anything;

impl NamedFiles for Anything {
    fn key(&mut self, _: &str, path: &str) -> Result<Vec<u8>, Refusal> {
        Ok(path.as_bytes().to_vec())
    }

    fn source(&mut self, _: &str, path: &str) -> Result<SourceFile, Refusal> {
        Ok(SourceFile { path: path.into(), size: path.len() as u64, sha256: Digest::of(path.as_bytes()) })
    }
}

// A `%` parts the files of a chain.
fuzz_target!(|data: &[u8]| {
    let mut chain = Chain::new();
    for (number, bytes) in data.split(|byte| *byte == b'%').take(4).enumerate() {
        if let Err(error) = chain.push(&format!("{number}.toml"), bytes) {
            assert!(!error.diagnostics().is_empty() && !error.render(true).is_empty());
            return;
        }
    }
    match chain.resolve(&mut Anything) {
        Ok(recipe) => {
            assert_eq!(meaning_digest(&recipe), meaning_digest(&recipe.clone()));
            assert_eq!(LockMeaning::of(&recipe).digest(), LockMeaning::of(&recipe).digest());
        }
        Err(error) => {
            assert!(!error.diagnostics().is_empty() && !error.render(true).is_empty());
        }
    }
});
