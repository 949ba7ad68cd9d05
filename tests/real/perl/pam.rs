//! `pam-auth-update`, under debconf's frontend: a first run, then changes of profiles, of `/etc/pam.d`, and of answers.

use super::*;
use crate::support::inside::room;

/// A profile of another package: more than one line, options, an initial line, and a conflict.
const OTHER: &str = "\
Name: Other things
Default: yes
Priority: 300
Conflicts: mkhomedir
Auth-Type: Primary
Auth:
\t[success=end new_authtok_reqd=done default=ignore]\tpam_other.so try_first_pass debug
\toptional\tpam_second.so
Auth-Initial:
\t[success=end default=ignore]\tpam_other.so
Account-Type: Additional
Account:
\trequired\tpam_other.so
Session-Interactive-Only: no
Session-Type: Additional
Session-Final:
\toptional\tpam_other.so silent
";

const MKHOMEDIR: &str = "\
Name: Create home directory on login
Default: no
Priority: 0
Session-Type: Additional
Session-Interactive-Only: yes
Session:
\toptional\t\t\tpam_mkhomedir.so
";

const GONE: &str =
    "Name: Gone\nDefault: yes\nPriority: 1\nAuth-Type: Additional\nAuth:\n\trequired pam_tally2.so deny=1\n";

/// What `dpkg` would say of a script.
const SCRIPT: [(&str, &str); 3] = [
    ("DEBIAN_FRONTEND", "noninteractive"),
    ("DEBCONF_NONINTERACTIVE_SEEN", "true"),
    ("DPKG_MAINTSCRIPT_PACKAGE", "libpam-runtime"),
];

/// A root with debconf and the program in it.
fn twin(release: &'static str) -> Twin {
    let package = unpacked(release, "libpam-runtime");
    let debconf = unpacked("bookworm", "debconf");
    let mut twin = room(&["cp"]);
    for path in ["usr/sbin/pam-auth-update", "usr/share/pam", "usr/share/pam-configs", "var/lib/pam"] {
        ship(&mut twin, &package, path);
    }
    for path in ["usr/share/debconf", "etc/debconf.conf"] {
        ship(&mut twin, &debconf, path);
    }
    for folder in ["etc/pam.d", "var/cache/debconf", "var/lib/dpkg/info"] {
        twin.dir(folder);
    }
    let templates = fs::read(package.join("DEBIAN/templates")).unwrap();
    twin.file("var/lib/dpkg/info/libpam-runtime.templates", 0o644, templates);
    twin
}

#[test]
fn stacks_and_answers_are_those_of_the_program() {
    if !can_run_inside() {
        return;
    }
    for release in RELEASES {
        let mut twin = twin(release);
        let mut findings = Findings::default();
        let mut call = |twin: &mut Twin, args: &[&str]| {
            let words = [&["/usr/sbin/pam-auth-update"], args].concat();
            // Copies of what was there before.
            let ignored = ["var/cache/debconf/config.dat-old", "var/cache/debconf/templates.dat-old"];
            compare(twin, &mut findings, &words, &SCRIPT, &ignored);
        };
        call(&mut twin, &["--package", "--force"]);
        call(&mut twin, &["--package"]);
        twin.file("usr/share/pam-configs/mkhomedir", 0o644, MKHOMEDIR);
        call(&mut twin, &["--package"]);
        twin.file("usr/share/pam-configs/other", 0o644, OTHER);
        twin.file("usr/share/pam-configs/gone", 0o644, GONE);
        twin.file("usr/share/pam-configs/other~", 0o644, OTHER);
        call(&mut twin, &["--package"]);
        call(&mut twin, &["--enable", "mkhomedir"]);
        // Options that an administrator added and removed.
        let auth = fs::read_to_string(twin.on_disk("etc/pam.d/common-auth")).unwrap();
        twin.file("etc/pam.d/common-auth", 0o644, auth.replace("nullok", "audit debug"));
        call(&mut twin, &["--package"]);
        let account = fs::read_to_string(twin.on_disk("etc/pam.d/common-account")).unwrap();
        twin.file("etc/pam.d/common-account", 0o644, format!("# mine\n{account}# and mine\n"));
        call(&mut twin, &["--package", "--remove", "other"]);
        // A line that no profile brought: nothing is written, until somebody insists.
        let session = fs::read_to_string(twin.on_disk("etc/pam.d/common-session")).unwrap();
        let line = "session\toptional\tpam_mine.so\n# here's the fallback";
        twin.file("etc/pam.d/common-session", 0o644, session.replace("# here's the fallback", line));
        call(&mut twin, &["--package"]);
        call(&mut twin, &["--package", "--force"]);
        call(&mut twin, &["--disable", "mkhomedir"]);
        twin.file("etc/pam.d/common-auth", 0o644, "auth required pam_permit.so\n");
        call(&mut twin, &["--package", "--force"]);
    }
}
