//! Programs of other releases, run inside a [`Twin`]'s root on this machine's own interpreters (Perl, shells, libraries),
//! which are mounted there, to be read, for as long as the program runs.

use std::fs;
use std::path::Path;

use super::twin::{Outcome, Twin, is_here};

/// Folders of this machine that are mounted in a root; a comparison leaves them out.
pub const BORROWED: [&str; 4] = ["usr/bin", "usr/lib", "usr/share/perl", "dev"];

/// Mounts where a folder is empty, then the program: `$1` is the root.
const SCRIPT: &str = "root=$1; shift
for folder in usr/bin usr/lib usr/lib64 usr/share/perl usr/share/perl5 dev; do
  if [ -d \"/$folder\" ] && [ -z \"$(ls -A \"$root/$folder\")\" ]; then mount -o bind,ro \"/$folder\" \"$root/$folder\" || exit 99; fi
done
exec chroot \"$root\" \"$@\"";

/// Whether it can be done: mounts and chroot(2) are root's.
pub fn can_run_inside() -> bool {
    let root = Twin::new().real("id", &["-u"], &[], "").out == "0\n";
    root && is_here("unshare") && is_here("perl") && Path::new("/bin").is_symlink()
}

/// Makes a twin that programs can run inside: where this machine's folders are mounted, with links to them as usr-merge
/// has them. In memory `/usr/bin` holds the programs that are named.
pub fn room(programs: &[&str]) -> Twin {
    let mut twin = Twin::new();
    for folder in ["usr/bin", "usr/sbin", "usr/lib", "usr/share/perl", "usr/share/perl5", "dev", "etc", "tmp"] {
        twin.dir(folder);
    }
    for (link, target) in [("bin", "usr/bin"), ("sbin", "usr/sbin"), ("lib", "usr/lib")] {
        twin.link(link, target);
    }
    let wide = fs::read_link("/lib64").ok().map(|target| target.to_str().unwrap().to_owned());
    if let Some(target) = wide.filter(|target| target.starts_with("usr/lib")) {
        if target != "usr/lib" {
            twin.dir(&target);
        }
        twin.link("lib64", &target);
    }
    for program in programs {
        twin.only_ours(&format!("usr/bin/{program}"), 0o755, "\u{7f}ELF");
    }
    twin
}

impl Twin {
    /// The real program, inside.
    pub fn real_inside(&self, program: &str, args: &[&str], variables: &[(&str, &str)], input: &str) -> Outcome {
        let root = self.root().to_str().unwrap();
        let words = ["--mount", "--propagation", "private", "sh", "-c", SCRIPT, "sh", root, program];
        self.real("unshare", &[&words, args].concat(), variables, input)
    }
}
