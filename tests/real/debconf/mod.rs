//! debconf's programs, ours against the real ones of three releases: what they answer, and every byte of the database.
//!
//! The real ones are unpacked beside each other and led into a tree by `DEBCONF_SYSTEMRC`.

mod dialogue;
mod scripts;
mod selections;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::apt::mirror;
use crate::support::debs::extract;
use crate::support::twin::{Findings, Outcome, Twin, is_here};

/// The versions of bullseye, bookworm and trixie.
const VERSIONS: [&str; 3] = ["1.5.77", "1.5.82", "1.5.91"];

/// What makes every run the same.
const ALWAYS: [(&str, &str); 3] = [("DEBIAN_FRONTEND", "noninteractive"), ("DEBCONF_ADMIN_EMAIL", ""), ("LC_ALL", "C")];

const TEMPLATES: &str = "\
Template: pkg/string
Type: string
Default: a default
Description: A string for ${who}:
 Its text is longer, \\${who}, and
 goes on.
 .
   list
   more
Description-de.UTF-8: Eine Zeichenkette f\u{fc}r ${who}:
 Lang.

Template: pkg/select
Type: select
Choices: one, two\\, and a half, three ${more}
Choices-C: one, two\\, and a half, 3
Choices-en.UTF-8: One, Two, Three
Default: two, and a half
Default-en: En
Description: A choice

Template: pkg/other
Type: select
Choices: ${list}
Description: Another choice

Template: pkg/many
Type: multiselect
Choices: a, b, c
Default: a, c
Description: Many

Template: pkg/yes
Type: boolean
Default: true
Description: Yes?

Template: pkg/secret
Type: password
Description: Secret

Template: pkg/note
Type: note
Description: A note
 Nothing.

Template: pkg/text
Type: text
Description: A text

Template: pkg/error
Type: error
Description: An error that is told in a line which is a good deal longer than the screen is wide
 Its words go on for longer than a line of the screen has columns for, and then they end.
 .
   but for these
 .
 And a\ttab.

Template: pkg/bare
Type: string
";

/// A tree with an empty database, and the real programs of a version that are led into it.
struct Lab {
    twin: Twin,
    version: PathBuf,
    conf: tempfile::NamedTempFile,
    findings: Findings,
}

impl Lab {
    fn new(version: &Path) -> Self {
        let mut twin = Twin::new();
        let text = fs::read_to_string(version.join("etc/debconf.conf")).unwrap();
        twin.file("etc/debconf.conf", 0o644, &text);
        twin.dir("var/cache/debconf");
        let conf = tempfile::NamedTempFile::new().unwrap();
        let root = twin.root().to_str().unwrap();
        fs::write(&conf, text.replace("Filename: ", &format!("Filename: {root}"))).unwrap();
        twin.file("t/pkg.templates", 0o644, TEMPLATES);
        Self { twin, version: version.to_owned(), conf, findings: Findings::default() }
    }

    /// Runs a program of debconf on both sides; `@` in what it reads is the tree's root. What it says on standard error is
    /// Perl's business, unless `errors`.
    fn compare(&mut self, program: &str, args: &[&str], variables: &[(&str, &str)], input: &str, errors: bool) {
        let real = self.real(&self.version.join("usr/bin").join(program), args, variables, input);
        let ours_variables = [&ALWAYS, variables].concat();
        let mut ours = self.twin.ours(program, args, &ours_variables, &input.replace('@', ""));
        if !errors {
            ours.err.clone_from(&real.err);
        }
        let call = format!("{} {program} {args:?} {variables:?}\n{input}", self.version.display());
        self.findings.call(&call, &self.twin, &ours, &real, &[]);
    }

    fn real(&self, program: &Path, args: &[&str], variables: &[(&str, &str)], input: &str) -> Outcome {
        let root = self.twin.root().to_str().unwrap();
        let library = self.version.join("usr/share/perl5");
        let own = [("DEBCONF_SYSTEMRC", self.conf.path().to_str().unwrap()), ("PERL5LIB", library.to_str().unwrap())];
        let variables = [&ALWAYS, own.as_slice(), variables].concat();
        self.twin.real(program.to_str().unwrap(), args, &variables, &input.replace('@', root))
    }
}

/// Runs a test with each version.
fn with_versions(test: impl Fn(&Path)) {
    if !is_here("perl") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for version in VERSIONS {
        let root = folder.path().join(version);
        fs::create_dir(&root).unwrap();
        let deb = folder.path().join(format!("{version}.deb"));
        let address = format!("{}/pool/main/d/debconf/debconf_{version}_all.deb", mirror(false).trim_end_matches('/'));
        let fetched = Command::new("/usr/lib/apt/apt-helper").arg("download-file").arg(address).arg(&deb).output();
        let fetched = fetched.unwrap();
        assert!(fetched.status.success(), "{}", String::from_utf8_lossy(&fetched.stderr));
        extract(&deb, &root);
        test(&root);
    }
}
