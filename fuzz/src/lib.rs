//! What the targets of the interpreter feed: one function a target, so that `tests/offline/script/fuzz.rs` runs the same.
//!
//! Each may refuse its input, never panic, and never take more time or memory than [`LIMITS`] allow.

use std::sync::Arc;

use mokapot::base::{Arch, Epoch};
use mokapot::domain::rootfs::{Content, Kind, Meta, Owner, Tree};
use mokapot::domain::script::shell::{self, Mode};
use mokapot::domain::script::{Limits, Process, Stop, Stream, System, command, type_of};
use mokapot::formats::{elf, jks};
use sha1::{Digest as _, Sha1};

/// What one input may use.
pub const LIMITS: Limits = Limits { steps: 20_000, bytes: 1 << 20, depth: 40 };

/// A shell script; the first byte says whose: `b` bash's, anything else dash's.
pub fn shell(bytes: &[u8]) {
    let (mode, text) = match bytes.split_first() {
        Some((b'b', text)) => (Mode::Bash, text),
        Some((_, text)) => (Mode::Dash, text),
        None => return,
    };
    let _ = over_a_tree(b"", |system, process| shell::run(system, process, "x/postinst", text, mode));
}

/// A command line, and after its newline the bytes of standard input and of the file `f`. In the line blanks part words;
/// `~` stands for a blank inside one, and byte 1 for a newline.
pub fn applets(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (line, input) = bytes.split_at(end);
    let input = input.get(1..).unwrap_or_default();
    let words = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let plain = |byte: &u8| match byte {
        b'~' => b' ',
        1 => b'\n',
        other => *other,
    };
    let args: Vec<Vec<u8>> = words.map(|word| word.iter().map(plain).collect()).collect();
    if args.is_empty() {
        return;
    }
    let _ = over_a_tree(input, |system, process| {
        process.args.clone_from(&args);
        command::exec(system, process)
    });
}

/// A package's debconf templates: read for a question's type, and loaded into the databases.
pub fn debconf_templates(bytes: &[u8]) {
    let _ = type_of(bytes, "x/question");
    let _ = over_a_tree(bytes, |system, process| {
        process.args = [&b"debconf-loadtemplate"[..], b"x", b"f"].map(<[u8]>::to_vec).into();
        command::exec(system, process)
    });
}

/// A Java key store, as it is and with the digest that its bytes should have; what is read is written and read again, the same.
pub fn jks(bytes: &[u8]) {
    let password = "changeit";
    let _ = jks::KeyStore::parse(bytes, password);
    let mut hash = Sha1::new();
    password.encode_utf16().for_each(|unit| hash.update(unit.to_be_bytes()));
    hash.update(b"Mighty Aphrodite");
    hash.update(bytes);
    let whole = [bytes, hash.finalize().as_slice()].concat();
    if let Ok(store) = jks::KeyStore::parse(&whole, password) {
        let written = store.to_bytes(password);
        let again = written.as_deref().map(|bytes| jks::KeyStore::parse(bytes, password));
        // Aliases of one hash stand in the order in which they came, so their order may be another.
        let sorted = |store: &jks::KeyStore| {
            let mut entries: Vec<_> =
                store.entries().into_iter().map(|(name, entry)| format!("{name} {entry:?}")).collect();
            entries.sort();
            entries
        };
        assert!(matches!(&again, Ok(Ok(again)) if sorted(again) == sorted(&store)), "written, and read as another");
    }
}

/// An ELF file.
pub fn elf(bytes: &[u8]) {
    let _ = elf::shared_object(bytes);
}

/// Runs something over a small tree with [`LIMITS`]. The tree must be whole afterwards.
fn over_a_tree(input: &[u8], run: impl FnOnce(&mut System<'_>, &mut Process) -> Result<u8, Stop>) -> Result<u8, Stop> {
    let mut tree = small_tree(input);
    let read = |content: &Content| match content {
        Content::Bytes(bytes) => Ok(Arc::clone(bytes)),
        Content::Entry { .. } => Err("no packages here".to_owned()),
    };
    let mut system = System::new(&mut tree, Arch::Amd64, Epoch::ZERO, LIMITS, &read);
    let mut process = Process::new(
        vec![b"x".to_vec(), b"configure".to_vec(), Vec::new()],
        [
            ("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
            ("DPKG_MAINTSCRIPT_PACKAGE", "x"),
            ("DPKG_MAINTSCRIPT_NAME", "postinst"),
        ]
        .map(|(name, value)| (name.into(), value.into()))
        .into(),
    );
    process.cwd = b"w".to_vec();
    process.streams.set(0, Stream::pipe(input));
    process.streams.set(1, Stream::pipe([]));
    process.streams.set(2, Stream::pipe([]));
    let status = run(&mut system, &mut process);
    let effects = system.effects.len() as u64;
    drop(system);
    assert!(effects <= LIMITS.bytes / 100, "{effects} effects");
    assert!(tree.walk().count() <= 1000 + LIMITS.steps as usize, "more entries than steps");
    status
}

fn small_tree(input: &[u8]) -> Tree {
    let mut tree = Tree::new();
    let mut put = |path: &str, kind: Kind, mode: u32| {
        // Nothing is there yet, and no path leads through a file.
        let _ = tree.insert(path.as_bytes(), kind, Meta::root(mode, 0), Owner::Generated, None);
    };
    let file = |bytes: &[u8]| Kind::File(Content::bytes(bytes.to_vec()));
    for name in PROGRAMS.split_ascii_whitespace() {
        put(&format!("usr/bin/{name}"), file(b"\x7fELF"), 0o755);
    }
    put("bin", Kind::Symlink(b"usr/bin".to_vec().into()), 0o777);
    put("tmp", Kind::Directory, 0o1777);
    put("etc/passwd", file(b"root:x:0:0:root:/root:/bin/bash\nme:x:1000:1000:,,,:/home/me:/bin/sh\n"), 0o644);
    put("etc/group", file(b"root:x:0:\nstaff:x:50:me\n"), 0o644);
    put("etc/shadow", file(b"root:*:19000:0:99999:7:::\n"), 0o640);
    put("etc/debconf.conf", file(DEBCONF), 0o644);
    put("var/cache/debconf", Kind::Directory, 0o755);
    put("var/lib/dpkg/status", file(STATUS), 0o644);
    put("var/lib/dpkg/alternatives", Kind::Directory, 0o755);
    put("var/lib/dpkg/info", Kind::Directory, 0o755);
    put("var/lib/dpkg/info/x.list", file(b"/.\n/w\n/w/f\n"), 0o644);
    put("var/lib/dpkg/triggers", Kind::Directory, 0o755);
    put("var/lib/dpkg/diversions", file(b""), 0o644);
    put("w/f", file(input), 0o644);
    put("w/d/one", file(b"one\ntwo\n"), 0o600);
    put("w/d/up", Kind::Symlink(b"..".to_vec().into()), 0o777);
    put("w/self", Kind::Symlink(b"self".to_vec().into()), 0o777);
    put("w/again", file(b"#!/bin/sh\n. /w/f\n"), 0o755);
    tree
}

const STATUS: &[u8] = b"Package: x\nStatus: install ok half-configured\nArchitecture: amd64\nVersion: 1.0-1\nConffiles:\n /w/f 0\nDescription: an example\n of two lines\n\n";

const DEBCONF: &[u8] = b"Config: configdb\nTemplates: templatedb\n\nName: config\nDriver: File\nMode: 644\nReject-Type: password\nFilename: /var/cache/debconf/config.dat\n\nName: passwords\nDriver: File\nMode: 600\nFilename: /var/cache/debconf/passwords.dat\n\nName: configdb\nDriver: Stack\nStack: config, passwords\n\nName: templatedb\nDriver: File\nMode: 644\nFilename: /var/cache/debconf/templates.dat\n";

/// Programs that the tree has.
const PROGRAMS: &str = "
    [ arch basename chattr chgrp chmod chown chroot cmp cp date dd diff dirname echo env false find flock getcap getent
    getopt groups hostname id install ionice ischroot ln logger logname ls mkdir mkfifo mknod mktemp mountpoint mv nice
    nohup nproc printenv pwd readlink realpath rm rmdir run-parts setcap setsid sleep stat stdbuf stty sync tempfile test
    timeout touch true truncate tty uname whoami xargs awk base64 cat comm cut egrep expand expr fgrep fold gawk grep gzip
    head iconv mawk md5sum nawk nl paste printf rev sed seq sha1sum sha224sum sha256sum sha384sum sha512sum sort tac tail
    tee tr uniq wc a2disconf a2dismod a2dissite a2enconf a2enmod a2ensite a2query addgroup adduser c_rehash chage chfn
    chpasswd chsh dbus-uuidgen deb-systemd-helper deb-systemd-invoke debconf debconf-communicate debconf-escape
    debconf-loadtemplate debconf-set-selections debconf-show delgroup deluser df dnsdomainname dpkg dpkg-divert dpkg-query
    dpkg-realpath dpkg-statoverride dpkg-trigger frontend gpasswd groupadd groupdel groupmod grpck grpconv java keytool
    ldconfig locale openssl pam-auth-update pam_getenv paperconf passwd perl pg_checksystem pg_conftool pg_createcluster
    pg_lsclusters pg_updatedicts pwck pwconv py3clean py3compile python3 runuser setpriv sh bash dash sshd
    start-stop-daemon su systemctl systemd-escape systemd-sysusers systemd-tmpfiles update-alternatives update-catalog
    update-locale update-passwd update-rc.d update-xmlcatalog useradd userdel usermod who";
