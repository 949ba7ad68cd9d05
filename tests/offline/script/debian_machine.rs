//! Programs that make a key, an identity or a database, and programs that say what a machine is: offline, as there is no
//! real program whose answer does not depend on a machine.

use crate::support::twin::Twin;

fn twin() -> Twin {
    let mut twin = Twin::new();
    twin.file("etc/passwd", 0o644, "root:x:0:0::/root:/bin/sh\ndb:x:105:106::/srv/db:/usr/sbin/nologin\n");
    twin.file("etc/group", 0o644, "root:x:0:\ndb:x:106:\n");
    for program in ["bin/sh", "bin/touch", "bin/mkdir", "bin/id"] {
        twin.file(program, 0o755, "\u{7f}ELF");
    }
    twin.dir("srv/db");
    twin
}

const PATH: (&str, &str) = ("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");

#[test]
fn nothing_secret_is_made_and_the_script_goes_on() {
    let mut twin = twin();
    let before = twin.tree.len();
    for (program, args) in [
        ("ssh-keygen", ["-q", "-f", "/etc/ssh/ssh_host_rsa_key", "-N", "", "-t", "rsa"].as_slice()),
        ("ssh-keygen", &["-l", "-f", "/etc/ssh/ssh_host_rsa_key.pub"]),
        ("ssh-keygen", &["-A"]),
        ("openssl", &["req", "-config", "/tmp/x", "-new", "-x509", "-out", "/etc/a", "-keyout", "/etc/b"]),
        ("dbus-uuidgen", &["--ensure"]),
        ("mariadbd", &["--lc-messages=en_US", "--bootstrap", "--basedir=/usr"]),
        ("initdb", &["-D", "/srv/db"]),
        ("journalctl", &["--update-catalog"]),
        ("systemd-hwdb", &["update"]),
    ] {
        let ours = twin.ours(program, args, &[], "input\n");
        assert_eq!((ours.status, ours.out.as_str(), ours.err.as_str()), (0, "", ""), "{program}");
    }
    assert_eq!(twin.tree.len(), before);
    for (program, args) in [
        ("ssh-keygen", ["-y", "-f", "/etc/key"].as_slice()),
        ("openssl", &["genrsa", "2048"]),
        ("dbus-uuidgen", &[]),
        ("journalctl", &["-b"]),
        ("mariadbd", &["--verbose"]),
    ] {
        assert_eq!(twin.ours(program, args, &[], "").status, -2, "{program}");
    }
}

#[test]
fn a_machine_s_identity_is_left_to_its_first_start() {
    let mut twin = twin();
    assert_eq!(twin.ours("systemd-machine-id-setup", &[], &[], "").status, 0);
    assert_eq!(twin.bytes("etc/machine-id"), b"");
    let mut twin = Twin::new();
    twin.file("etc/machine-id", 0o444, "00112233445566778899aabbccddeeff\n");
    assert_eq!(twin.ours("systemd-machine-id-setup", &["--root=/"], &[], "").status, 0);
    assert_eq!(twin.bytes("etc/machine-id").len(), 33);
    assert_eq!(twin.ours("systemd-machine-id-setup", &["--print"], &[], "").status, -2);
}

#[test]
fn what_another_user_makes_is_that_user_s() {
    let mut twin = twin();
    for (program, args, path) in [
        ("su", ["-s", "/bin/sh", "db", "-c", "touch /srv/db/one"].as_slice(), "srv/db/one"),
        ("su", &["db", "-s", "/bin/sh", "-c", "mkdir /srv/db/two"], "srv/db/two"),
        ("runuser", &["-u", "db", "--", "touch", "/srv/db/three"], "srv/db/three"),
        ("runuser", &["-u", "db", "touch", "/srv/db/four"], "srv/db/four"),
        ("setpriv", &["--reuid=db", "--regid", "db", "--init-groups", "--", "touch", "/srv/db/five"], "srv/db/five"),
    ] {
        let ours = twin.ours(program, args, &[PATH], "");
        assert_eq!((ours.status, ours.err.as_str()), (0, ""), "{program} {args:?}");
        let meta = twin.tree.lookup(path.as_bytes()).unwrap().unwrap().meta.clone();
        assert_eq!((meta.uid, meta.gid), (105, 106), "{path}");
    }
    assert_eq!(twin.ours("su", &["nope", "-c", "true"], &[PATH], "").status, 1);
    assert_eq!(twin.ours("su", &["db"], &[PATH], "").status, -2);
    assert_eq!(twin.ours("su", &["-s", "/bin/sh", "db", "-c", "exit 7"], &[PATH], "").status, 7);
    let home = twin.ours("su", &["-s", "/bin/sh", "db", "-c", "echo $HOME $USER $1", "sh", "word"], &[PATH], "");
    assert_eq!(home.out, "/srv/db db word\n");
    for (path, status) in [("/srv/db/one", 0), ("/etc/passwd", 1)] {
        let owns = format!("test -O {path} && [ -G {path} ]");
        assert_eq!(twin.ours("su", &["-s", "/bin/sh", "db", "-c", &owns], &[PATH], "").status, status, "{path}");
    }
}

#[test]
fn nobody_and_nothing_runs_here() {
    let mut twin = twin();
    twin.file(
        "etc/ssh/sshd_config",
        0o644,
        "Include /etc/ssh/sshd_config.d/*.conf\n#HostKey /no\nPort 22\nport 23\nMatch user x\nHostKey /no\n",
    );
    twin.file("etc/ssh/sshd_config.d/a.conf", 0o644, "HostKey /etc/ssh/mine\nUsePAM yes\n");
    for (program, args, status, out) in [
        ("pgrep", ["-x", "mariadbd"].as_slice(), 1, ""),
        ("pidof", &["exim4"], 1, ""),
        ("who", &[], 0, ""),
        ("runlevel", &[], 1, "unknown\n"),
        ("systemd-detect-virt", &[], 1, "none\n"),
        ("systemd-detect-virt", &["-q", "--container"], 1, ""),
        ("systemd-detect-virt", &["--chroot"], 0, ""),
        ("dnsdomainname", &[], 0, "\n"),
        ("paperconf", &[], 0, "letter\n"),
        ("systemd-escape", &["-p", "--suffix=mount", "/var/lib/a b"], 0, "var-lib-a\\x20b.mount\n"),
        ("systemd-escape", &["--template=x@.service", "a/b"], 0, "x@a-b.service\n"),
        ("systemd-escape", &["-u", "a-b", "c"], 0, "a/b c\n"),
        ("sshd", &["-G"], 0, "hostkey /etc/ssh/mine\nusepam yes\nport 22\nport 23\n"),
    ] {
        let ours = twin.ours(program, args, &[], "");
        assert_eq!((ours.status, ours.out.as_str(), ours.err.as_str()), (status, out, ""), "{program} {args:?}");
    }
    twin.file("etc/papersize", 0o644, "# comment\na4\n");
    assert_eq!(twin.ours("paperconf", &[], &[], "").out, "a4\n");
    assert_eq!(twin.ours("locale", &["width"], &[("LC_ALL", "C.UTF-8")], "").out, "210\n");
    assert_eq!(twin.ours("locale", &["charmap"], &[("LANG", "C.UTF-8")], "").out, "UTF-8\n");
    assert_eq!(twin.ours("locale", &["width"], &[("LC_ALL", "en_US.UTF-8")], "").status, -2);
    let tput = twin.ours("tput", &["setaf", "1"], &[], "");
    assert_eq!((tput.status, tput.err.as_str()), (2, "tput: No value for $TERM and no -T specified\n"));
    let df = twin.ours("df", &["--portability", "/srv/."], &[], "");
    assert_eq!(df.out.lines().nth(1).unwrap().split_whitespace().nth(3).unwrap(), "1073741824");
}
