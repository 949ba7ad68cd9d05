//! The fuzz targets of the interpreter on generated inputs and on the corpus: what `fuzz/` runs for hours, every test run
//! does for a moment.

use std::fs;
use std::path::Path;

use proptest::prelude::*;

#[expect(unreachable_pub, reason = "a crate of its own, where it is fuzzed")]
#[path = "../../../fuzz/src/lib.rs"]
mod targets;

type Target = (&'static str, fn(&[u8]));

const TARGETS: [Target; 5] = [
    ("shell", targets::shell),
    ("applets", targets::applets),
    ("debconf_templates", targets::debconf_templates),
    ("jks", targets::jks),
    ("elf", targets::elf),
];

/// The seeds of a target.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| fs::read(path).unwrap()).collect()
}

#[test]
fn the_corpus_is_taken() {
    for (name, target) in TARGETS {
        let seeds = corpus(name);
        assert!(!seeds.is_empty(), "{name} has no seeds");
        seeds.iter().for_each(|seed| target(seed));
    }
}

/// A seed with pieces taken out, doubled, overwritten, or put in from another seed.
fn mutated() -> impl Strategy<Value = (usize, Vec<u8>)> {
    let change = (any::<u16>(), 1u8..40, any::<u8>(), any::<u16>());
    (0..TARGETS.len(), any::<[u8; 2]>(), prop::collection::vec(change, 1..8)).prop_map(|(target, seeds, changes)| {
        let all = corpus(TARGETS[target].0);
        let mut bytes = all[usize::from(seeds[0]) % all.len()].clone();
        let other = &all[usize::from(seeds[1]) % all.len()];
        for (at, length, kind, from) in changes {
            let at = usize::from(at) % (bytes.len() + 1);
            let end = (at + usize::from(length)).min(bytes.len());
            let from = usize::from(from) % (other.len() + 1);
            let piece = &other[from..(from + usize::from(length)).min(other.len())];
            match kind % 5 {
                0 => drop(bytes.drain(at..end)),
                1 => bytes = [&bytes[..end], &bytes[at..]].concat(),
                2 => bytes[at..end].fill(kind),
                3 => drop(bytes.splice(at..end, piece.iter().copied())),
                _ => drop(bytes.splice(at..at, piece.iter().copied())),
            }
        }
        (target, bytes)
    })
}

/// Text out of the words that shells and programs give a meaning.
fn text() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "a",
        "x",
        "f",
        "d",
        "d/up",
        "/",
        "..",
        "-r",
        "-n",
        "-e",
        "--",
        "-",
        "*",
        "?",
        "[a-z]",
        "~",
        "'",
        "\"",
        "`",
        "$(",
        ")",
        "(",
        "{",
        "}",
        "${x",
        "${x:-",
        "${x##",
        "${x//",
        "$((",
        "))",
        "$x",
        "$@",
        "\\",
        ";",
        ";;",
        "&",
        "&&",
        "||",
        "|",
        "<",
        ">",
        ">>",
        "<<E",
        "\nE\n",
        "\n",
        " ",
        "#",
        "!",
        "if",
        "then",
        "fi",
        "while",
        "do",
        "done",
        "for",
        "in",
        "case",
        "esac",
        "f()",
        "eval",
        ".",
        "exec",
        "trap",
        "EXIT",
        "read",
        "set",
        "unset",
        "local",
        "shift",
        "return",
        "exit",
        "export",
        "printf",
        "%s",
        "%999d",
        "echo",
        "test",
        "[",
        "]",
        "=",
        "1",
        "0",
        "99999999999",
        "sed",
        "s/a/&&/g",
        ":a;ba",
        "awk",
        "BEGIN{",
        "grep",
        "\\(a*\\)*",
        "find",
        "-exec",
        "xargs",
        "cp",
        "mv",
        "rm",
        "ln",
        "-s",
        "mkdir",
        "dd",
        "cat",
        "tr",
        "sort",
        "cut",
        "head",
        "seq",
        "dpkg",
        "update-alternatives",
        "--install",
        "adduser",
        "debconf-communicate",
        "systemd-tmpfiles",
        "\0",
        "é",
        "\u{1}",
    ]);
    prop::collection::vec(word, 1..40).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn changed_seeds_are_taken_or_refused((target, bytes) in mutated()) {
        TARGETS[target].1(&bytes);
    }

    #[test]
    fn any_text_is_taken_or_refused(text in text(), target in 0..3usize) {
        TARGETS[target].1(text.as_bytes());
    }

    #[test]
    fn any_bytes_are_taken_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        TARGETS.iter().for_each(|(_, target)| target(&bytes));
    }
}
