//! Apache's Perl programs: links, marks, and what is said.

use super::*;
use crate::support::inside::room;

fn twin(release: &'static str) -> Twin {
    let package = unpacked(release, "apache2");
    let mut twin = room(&["env", "find", "touch"]);
    twin.only_ours("usr/bin/sh", 0o755, fs::read("/bin/sh").unwrap());
    ship(&mut twin, &package, "etc/apache2");
    for name in ["a2enmod", "a2dismod", "a2enconf", "a2disconf", "a2ensite", "a2dissite", "a2query"] {
        ship(&mut twin, &package, &format!("usr/sbin/{name}"));
    }
    // Stands for the server, which says whether its processing module has threads.
    let control = "#!/bin/sh\nif [ -e /etc/apache2/mods-enabled/mpm_prefork.load ]; then echo '  threaded:     no'; \
                   else echo '  threaded:     yes'; fi\n";
    twin.file("usr/sbin/apache2ctl", 0o755, control);
    for folder in ["mods-enabled", "conf-enabled", "sites-enabled"] {
        twin.dir(&format!("etc/apache2/{folder}"));
    }
    twin.dir("var/lib/apache2");
    for module in ["one.load", "one.conf"] {
        twin.file(
            &format!("etc/apache2/mods-available/{module}"),
            0o644,
            "# Depends: two three\n# Conflicts: four\nX y\n",
        );
    }
    twin.file("etc/apache2/mods-available/two.load", 0o644, "LoadModule two\n# Depends: none\n");
    twin.file("etc/apache2/mods-available/three.load", 0o644, "\n#  \n# Depends:  two \n");
    twin.file("etc/apache2/mods-available/four.load", 0o644, "");
    twin.file("etc/apache2/conf-available/needs.conf", 0o644, "# Depends: two\n");
    twin.file("etc/apache2/mods-enabled/real.load", 0o644, "");
    twin.file("etc/apache2/mods-available/real.load", 0o644, "");
    twin.link("etc/apache2/mods-enabled/wrong.load", "../mods-available/two.load");
    twin.file("etc/apache2/mods-available/wrong.load", 0o644, "");
    twin.link("etc/apache2/mods-enabled/dangling.load", "../mods-available/dangling.load");
    twin.link("etc/apache2/mods-enabled/dangling.conf", "../mods-available/dangling.conf");
    twin
}

const CALLS: &[&str] = &[
    "a2query -M",
    "a2enmod -m -q mpm_event",
    "a2query -M",
    "a2query -v",
    "a2query -a",
    "a2query -d",
    "a2enmod -m -q authz_host",
    "a2enmod -m -q auth_basic",
    "a2enmod reqtimeout status",
    "a2enmod status.load",
    "a2enmod one",
    "a2enmod -q four",
    "a2enmod one",
    "a2dismod four",
    "a2enmod nothing",
    "a2enmod real",
    "a2enmod wrong",
    "a2enmod ssl",
    "a2enmod cgi",
    "a2enmod mpm_prefork",
    "a2dismod mpm_event",
    "a2enmod -q mpm_prefork",
    "a2query -M",
    "a2enmod cgi",
    "a2dismod two",
    "a2dismod -f two",
    "a2dismod two",
    "a2dismod -m alias",
    "a2enmod alias",
    "a2dismod alias",
    "a2dismod -q -f alias",
    "a2enmod dangling",
    "a2dismod dangling",
    "a2dismod -p nothing",
    "a2dismod -p -f status",
    "a2enconf -m -q charset",
    "a2enconf security-conf needs",
    "a2enconf *-access-*",
    "a2disconf other*",
    "a2disconf charset.conf",
    "a2ensite -q 000-default",
    "a2ensite 000-default default-ssl",
    "a2dissite nothing*",
    "a2query -m status",
    "a2query -m mod_reqtimeout",
    "a2query -m ssl.load",
    "a2query -q -m nothing",
    "a2query -m alias",
    "a2query -s 000-default",
    "a2query -s nothing",
    "a2query -c charset",
    "a2query -c needs",
    "a2query -m ssl -s default-ssl.conf -M",
];

#[test]
fn links_and_marks_are_those_of_the_programs() {
    if !can_run_inside() {
        return;
    }
    // bullseye's programs are bookworm's.
    for release in ["bookworm", "trixie"] {
        let mut twin = twin(release);
        let mut findings = Findings::default();
        for call in CALLS {
            let words: Vec<&str> = call.split(' ').collect();
            let program = format!("/usr/sbin/{}", words[0]);
            let words = [&[program.as_str()], &words[1..]].concat();
            compare(&mut twin, &mut findings, &words, &[], &[]);
        }
    }
}
