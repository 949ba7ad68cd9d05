//! `emacs-package-install`, where no Emacs is installed.

use super::*;
use crate::support::inside::room;

#[test]
fn packages_are_noted_as_the_program_notes_them() {
    if !can_run_inside() {
        return;
    }
    for release in RELEASES {
        let package = unpacked(release, "emacsen-common");
        let mut twin = room(&[]);
        // Out of the way of this machine's /usr/lib, which is mounted: the program names its own folder.
        for name in ["emacs-package-install", "lib.pl"] {
            let text = fs::read_to_string(package.join("usr/lib/emacsen-common").join(name)).unwrap();
            let moved = text.replace("/usr/lib/emacsen-common", "/opt/emacsen-common");
            twin.file(&format!("opt/emacsen-common/{name}"), 0o755, moved);
        }
        let status = "Package: one\nStatus: install ok installed\nMaintainer: me\nArchitecture: all\nVersion: 1\n\
                      Depends: emacsen-common\nDescription: one\n\n";
        twin.file("var/lib/dpkg/status", 0o644, status);
        for folder in ["var/lib/dpkg/info", "var/lib/dpkg/updates", "opt/emacsen-common/packages/install"] {
            twin.dir(folder);
        }
        twin.file("opt/emacsen-common/packages/compat/one", 0o644, "0\n");
        twin.only_ours("usr/lib/emacsen-common/packages/compat/one", 0o644, "0\n");
        let mut findings = Findings::default();
        for folder in ["package", "flavor"] {
            twin.dir(&format!("var/lib/emacsen-common/state/{folder}/installed"));
        }
        for words in [&["--postinst", "one"][..], &["--postinst", "one"], &["--preinst", "one"], &["--preinst", "one"]]
        {
            let call = [&["/opt/emacsen-common/emacs-package-install"], words].concat();
            compare(&mut twin, &mut findings, &call, &[], &[]);
        }
    }
}
