//! The programs of `passwd`, ours against the real ones in a root of their own (chroot(2) asks for root).

use crate::support::twin::{Findings, Twin, is_here};

/// Which files are written again though nothing in them changed shows in their backups only.
const BACKUPS: [&str; 4] = ["etc/passwd-", "etc/group-", "etc/shadow-", "etc/gshadow-"];

fn twin() -> Twin {
    let mut twin = Twin::new();
    for folder in ["var/log", "var/mail", "home", "srv", "usr/sbin", "proc"] {
        twin.dir(folder);
    }
    let defs = "\
UMASK\t\t022
PASS_MAX_DAYS\t99999
PASS_MIN_DAYS\t0
PASS_WARN_AGE\t7
UID_MIN\t\t\t 1000
UID_MAX\t\t\t60000
GID_MIN\t\t\t 1000
GID_MAX\t\t\t60000
USERGROUPS_ENAB yes
";
    twin.file("etc/login.defs", 0o644, defs);
    twin.file("etc/default/useradd", 0o644, "SHELL=/bin/sh\n");
    twin.file("etc/skel/.profile", 0o644, "# profile\n");
    twin.file("bin/sh", 0o755, "");
    twin.file(
        "etc/passwd",
        0o644,
        "root:*:0:0:root:/root:/bin/bash\ndaemon:*:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n\
         nobody:*:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    );
    twin.file("etc/group", 0o644, "root:*:0:\ndaemon:*:1:\nshadow:*:42:\nusers:*:100:\nnogroup:*:65534:\n");
    twin
}

/// Whether the real programs can be compared: chroot(2) is root's.
fn can_compare() -> bool {
    is_here("useradd") && Twin::new().real("id", &["-u"], &[], "").out == "0\n"
}

fn compare(calls: &[&str]) {
    if !can_compare() {
        return;
    }
    let mut twin = twin();
    let root = twin.root().to_str().unwrap().to_owned();
    let mut findings = Findings::default();
    for call in calls {
        let args: Vec<String> = call.split(' ').map(|word| word.replace('·', " ").replace('∅', "")).collect();
        let (program, args) = args.split_first().unwrap();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let flag = if program == "gpasswd" { "-Q" } else { "-R" };
        let rooted = [&[flag, &root], args.as_slice()].concat();
        let real = twin.real(program, &rooted, &[], "");
        let ours = twin.ours(program, &args, &[], "");
        findings.call(call, &twin, &ours, &real, &BACKUPS);
    }
}

/// As `shadowconfig on` does, then what packages do.
#[test]
fn accounts_come_and_go() {
    compare(&[
        "pwck -q -r",
        "grpck -r",
        "pwconv",
        "grpconv",
        "pwconv",
        "useradd -r foo",
        "useradd bar",
        "useradd -r -K SYS_UID_MIN=100 -K SYS_UID_MAX=999 -d /nonexistent -g nogroup -s /usr/sbin/nologin -u 100 _apt",
        "useradd -m -c Some·One -G users,daemon baz",
        "groupadd -g 107 grp",
        "groupadd -r sys2",
        "groupadd -r sys3",
        "groupadd normal",
        "groupadd grp",
        "groupadd -f grp",
        "groupadd -f -g 107 other",
        "groupadd -g 107 same",
        "groupadd -g 107 -o same",
        "usermod -c Some·One foo",
        "usermod -L foo",
        "usermod -p * foo",
        "usermod -L foo",
        "usermod -U foo",
        "usermod -a -G grp,daemon foo",
        "usermod -G grp foo",
        "usermod -s /bin/sh -d /nonexistent foo",
        "usermod -e 2030-01-01 foo",
        "usermod -e ∅ foo",
        "usermod -e 1 foo",
        "usermod -g daemon foo",
        "usermod nope",
        "usermod -L nope",
        "usermod -G nope foo",
        "chage -M 99999 foo",
        "chage -d 0 -E 2031-02-03 -I 5 -m 1 -W 3 foo",
        "chage -E -1 -I -1 foo",
        "chage -M 1 nope",
        "groupmod -g 300 grp",
        "groupmod -n grq grp",
        "groupmod -n grq nope",
        "gpasswd -a bar grq",
        "gpasswd -a bar nope",
        "gpasswd -a nope grq",
        "gpasswd -d foo grq",
        "gpasswd -d foo grq",
        "gpasswd -M foo,bar grq",
        "passwd -l foo",
        "passwd -u foo",
        "passwd -l root",
        "passwd -d bar",
        "groupdel grq",
        "groupdel nope",
        "groupdel bar",
        "userdel bar",
        "userdel nope",
        "userdel baz",
    ]);
}

#[test]
fn wrong_calls_fail_alike() {
    compare(&[
        "useradd -u 105 one",
        "useradd one",
        "useradd Bad:name",
        "useradd -g nope two",
        "useradd -u 105 two",
        "useradd -G nope two",
        "useradd daemon",
        "useradd -s /bin/none two",
        "useradd -N three",
        "useradd shadow",
        "groupadd Bad:name",
        "groupadd -g x four",
        "grpck -r",
    ]);
}

/// The logs of users by number, and ranges of subordinate numbers.
#[test]
fn files_that_are_there_grow() {
    if !can_compare() {
        return;
    }
    let mut twin = twin();
    for file in ["var/log/faillog", "var/log/lastlog", "etc/subuid", "etc/subgid"] {
        twin.file(file, 0o644, "");
    }
    let root = twin.root().to_str().unwrap().to_owned();
    let mut findings = Findings::default();
    for args in [["-r", "foo"].as_slice(), &["bar"], &["baz"], &["-u", "2000", "far"]] {
        let rooted = [&["-R", root.as_str()], args].concat();
        let real = twin.real("useradd", &rooted, &[], "");
        let ours = twin.ours("useradd", args, &[], "");
        findings.call(&args.join(" "), &twin, &ours, &real, &BACKUPS);
    }
}

/// `adduser` and `deluser` know no other root, so the real ones run in a mount namespace of their own, where the tree's
/// folders stand for this machine's.
#[test]
fn adduser_does_what_debian_s_does() {
    use std::fs;

    let allowed =
        is_here("adduser") && is_here("unshare") && Twin::new().real("unshare", &["-m", "true"], &[], "").status == 0;
    if !allowed {
        return;
    }
    let mut twin = Twin::new();
    for folder in ["home", "srv", "run"] {
        twin.dir(folder);
    }
    twin.file("etc/passwd", 0o644, "root:x:0:0:root:/root:/bin/bash\n");
    twin.file("etc/group", 0o644, "root:x:0:\nshadow:x:42:\nusers:x:100:\nnogroup:x:65534:\n");
    twin.file("etc/shadow", 0o640, "root:*:19000:0:99999:7:::\n");
    twin.file("etc/gshadow", 0o640, "root:*::\nshadow:*::\nusers:*::\nnogroup:*::\n");
    twin.file("etc/subuid", 0o644, "");
    twin.file("etc/subgid", 0o644, "");
    for file in ["login.defs", "adduser.conf", "nsswitch.conf", "deluser.conf", "skel/.profile"] {
        twin.file(&format!("etc/{file}"), 0o644, fs::read(format!("/etc/{file}")).unwrap());
    }
    for entry in fs::read_dir("/etc/pam.d").unwrap() {
        let path = entry.unwrap().path();
        twin.file(path.to_str().unwrap().trim_start_matches('/'), 0o644, fs::read(&path).unwrap());
    }
    twin.file("usr/sbin/adduser", 0o755, fs::read("/usr/sbin/adduser").unwrap());
    let root = twin.root().to_str().unwrap().to_owned();
    let mut findings = Findings::default();
    for call in [
        "adduser --system --group --home /srv/pg --gecos PostgreSQL·administrator --shell /bin/bash postgres",
        "adduser --quiet --system --no-create-home --home /run/x --gecos A,B,C x1",
        "adduser --system x2",
        "adduser --system x2",
        "adduser --system --ingroup users --home /srv/deep/er/x3 x3",
        "adduser --system --uid 333 --group x4",
        "addgroup --system ssl",
        "addgroup --system ssl",
        "addgroup normal",
        "addgroup normal",
        "addgroup --gid 444 g444",
        "addgroup --gid 444 h444",
        "adduser x1 ssl",
        "adduser x1 ssl",
        "adduser --disabled-password --gecos ∅ joe",
        "adduser --disabled-login --gecos Jane --home /srv/jane jane",
        "adduser --disabled-login --gecos Jane jane",
        "adduser --system jane",
        "deluser x1 ssl",
        "deluser x1 ssl",
        "deluser --system x4",
        "deluser --system nope",
        "delgroup --system ssl",
        "delgroup ssl",
        "adduser --quiet --force-badname --system --home /nonexistent --no-create-home --group _bad",
        "adduser --system --home /nonexistent --shell /bin/false --ingroup nope x9",
        "adduser --system --uid 333 --home /srv/jane x5",
        "adduser nope nope",
        "adduser joe nope",
    ] {
        let args: Vec<String> = call.split(' ').map(|word| word.replace('·', " ").replace('∅', "")).collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let mount = "for f in etc home srv run; do mount --bind \"$0/$f\" /$f || exit 99; done; exec \"$@\"";
        let real = twin.real("unshare", &[&["-m", "sh", "-c", mount, &root], args.as_slice()].concat(), &[], "");
        let (program, args) = args.split_first().unwrap();
        let mut ours = twin.ours(program, args, &[], "");
        // What they say on standard error are warnings of Perl's kind.
        ours.err.clone_from(&real.err);
        findings.call(
            call,
            &twin,
            &ours,
            &real,
            &[BACKUPS.as_slice(), &["run", "etc/subuid-", "etc/subgid-"]].concat(),
        );
    }
}
