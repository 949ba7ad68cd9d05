//! krb5-config's Perl scripts, under debconf's frontend: without answers, and with them.

use super::*;
use crate::support::inside::room;

const SCRIPT: [(&str, &str); 4] = [
    ("DEBIAN_FRONTEND", "noninteractive"),
    ("DEBCONF_NONINTERACTIVE_SEEN", "true"),
    ("DPKG_MAINTSCRIPT_PACKAGE", "krb5-config"),
    // Not this machine's name.
    ("HOSTALIASES", "/dev/null"),
];

/// A root in which dpkg is about to configure the package.
fn twin(release: &'static str) -> Twin {
    let package = unpacked(release, "krb5-config");
    let debconf = unpacked("bookworm", "debconf");
    let mut twin = room(&["cp", "debconf-set-selections"]);
    ship(&mut twin, &package, "usr/share/kerberos-configs");
    for path in ["usr/share/debconf", "etc/debconf.conf"] {
        ship(&mut twin, &debconf, path);
    }
    twin.dir("var/cache/debconf");
    for script in ["config", "postinst", "templates"] {
        let mode = if script == "templates" { 0o644 } else { 0o755 };
        let bytes = fs::read(package.join("DEBIAN").join(script)).unwrap();
        twin.file(&format!("var/lib/dpkg/info/krb5-config.{script}"), mode, bytes);
    }
    // No name server is asked for this machine's name.
    twin.file("etc/hosts", 0o644, "");
    twin.file("etc/nsswitch.conf", 0o644, "hosts: files\n");
    twin
}

#[test]
fn the_file_is_the_template_with_the_answers() {
    if !can_run_inside() {
        return;
    }
    let answers = [
        "",
        "krb5-config krb5-config/default_realm string EXAMPLE.ORG\n",
        "krb5-config krb5-config/default_realm string EXAMPLE.ORG\n\
         krb5-config krb5-config/add_servers boolean true\n\
         krb5-config krb5-config/kerberos_servers string one.example.org two.example.org\n\
         krb5-config krb5-config/admin_server string one.example.org\n",
    ];
    let files = [
        None,
        Some(
            "[libdefaults]\n\t# default_realm = NO\n\tdefault_realm = OLD.ORG # it was\n\n[realms]\n\tOLD.ORG = {\n\t}\n",
        ),
    ];
    // bookworm's package is trixie's.
    for release in ["bullseye", "trixie"] {
        for answer in answers {
            for file in files {
                let mut twin = twin(release);
                if let Some(file) = file {
                    twin.file("etc/krb5.conf", 0o640, file);
                }
                let mut findings = Findings::default();
                let ignored = ["var/cache/debconf/config.dat-old", "var/cache/debconf/templates.dat-old"];
                if !answer.is_empty() {
                    let words: Vec<Outcome> = vec![
                        twin.real_inside("/usr/bin/debconf-set-selections", &[], &[], answer),
                        twin.started("debconf-set-selections", &[], &[], answer),
                    ];
                    assert!(words.iter().all(|outcome| outcome.status == 0), "{words:?}");
                }
                let call = ["/var/lib/dpkg/info/krb5-config.postinst", "configure", ""];
                compare(&mut twin, &mut findings, &call, &SCRIPT, &ignored);
            }
        }
    }
}
