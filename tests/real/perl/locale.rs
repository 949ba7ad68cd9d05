//! `update-locale` and `pam_getenv`.

use super::*;
use crate::support::inside::room;

#[test]
fn variables_are_written_as_the_program_writes_them() {
    if !can_run_inside() {
        return;
    }
    for release in RELEASES {
        let package = unpacked(release, "locales");
        let mut twin = room(&[]);
        ship(&mut twin, &package, "usr/sbin/update-locale");
        twin.dir("etc/default");
        let mut findings = Findings::default();
        let mut call = |twin: &mut Twin, words: &str| {
            let words: Vec<&str> = std::iter::once("/usr/sbin/update-locale").chain(words.split(' ')).collect();
            compare(twin, &mut findings, &words, &[], &[]);
        };
        call(&mut twin, "--no-checks LANG");
        call(&mut twin, "LANG=C.UTF-8");
        call(&mut twin, "LANG=C");
        call(&mut twin, "LC_TIME=POSIX");
        call(&mut twin, "LANG");
        call(&mut twin, "LANGUAGE=de:en");
        call(&mut twin, "--no-checks LANG=xx_YY.UTF-8");
        call(&mut twin, "--reset --no-checks LC_TIME=C");
        let file = if release == "trixie" { "etc/locale.conf" } else { "etc/default/locale" };
        twin.file(file, 0o640, "# mine\n\n  LANG=C\nLC_ALL=\"C\"\nother text");
        call(&mut twin, "--no-checks LANG=C.UTF-8");
        call(&mut twin, "--locale-file=/etc/mine LANG=C");
    }
}

#[test]
fn variables_are_read_as_the_program_reads_them() {
    if !can_run_inside() {
        return;
    }
    for release in RELEASES {
        let package = unpacked(release, "libpam-runtime");
        let mut twin = room(&[]);
        ship(&mut twin, &package, "usr/sbin/pam_getenv");
        let environment = "# here\nLANG=C.UTF-8\n  export LC_ALL=\"C\" # so\nPATH='/usr/bin:\\\n /bin\nEMPTY=\nQ=\"a\n";
        twin.file("etc/environment", 0o644, environment);
        twin.file("etc/security/pam_env.conf", 0o644, "# nothing\n\n#REMOTEHOST DEFAULT=x\n");
        let mut findings = Findings::default();
        for words in [&["LANG"][..], &["-l", "LC_ALL"], &["-s", "PATH"], &["EMPTY"], &["Q"], &["NOTHING"], &[]] {
            compare(&mut twin, &mut findings, &[&["/usr/sbin/pam_getenv"], words].concat(), &[], &[]);
        }
    }
}
