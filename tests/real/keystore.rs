//! Java's key store, ours against the one that `ca-certificates-java.jar` makes in the machine's Java.

use std::fs;
use std::path::Path;
use std::process::Command;

use mokapot::formats::jks::{Entry, KeyStore};

use crate::support::debs;
use crate::support::twin::{Twin, is_here};

const STORE: &str = "etc/ssl/certs/java/cacerts";
const JAR: &str = "usr/share/ca-certificates-java/ca-certificates-java.jar";
const CALL: [&str; 5] =
    ["-Xmx64m", "-jar", "/usr/share/ca-certificates-java/ca-certificates-java.jar", "-storepass", "changeit"];

/// This machine's certificates, the real ones first, then some more of them under other names: 300 in all.
fn certificates() -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/usr/share/ca-certificates/mozilla").into_iter().flatten() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        found.push((format!("{name}.pem"), fs::read(&path).unwrap()));
    }
    found.sort();
    let count = found.len();
    for at in count..300 {
        let bytes = found[at % count.max(1)].1.clone();
        found.push((format!("Zertifikat_{at}_ÄÖ.pem"), bytes));
    }
    found
}

/// A source of numbers that is the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }
}

/// The key store without its times.
fn timeless(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let store = KeyStore::parse(bytes, "changeit").unwrap();
    let der = |entry: &Entry| match entry {
        Entry::Certificate { der, .. } => der.clone(),
        Entry::Key(bytes) => bytes.clone(),
    };
    store.entries().into_iter().map(|(alias, entry)| (alias.to_owned(), der(entry))).collect()
}

fn jar(folder: &Path) -> Vec<u8> {
    let deb = debs::download(folder, "amd64", &["ca-certificates-java"]).remove(0);
    let root = folder.join("jar");
    fs::create_dir_all(&root).unwrap();
    debs::extract(&deb, &root);
    fs::read(root.join(JAR)).unwrap()
}

#[test]
fn the_key_store_is_the_one_that_java_makes() {
    let certificates = certificates();
    let may_mount = Twin::new().real("unshare", &["-m", "true"], &[], "").status == 0;
    if !is_here("java")
        || !is_here("keytool")
        || !may_mount
        || !Path::new("/usr/share/ca-certificates/mozilla").exists()
    {
        return;
    }
    let mut twin = Twin::new();
    twin.dir("etc/ssl/certs/java");
    twin.file(JAR, 0o644, jar(tempfile::tempdir().unwrap().path()));
    for file in ["bin/java", "bin/keytool", "conf/security/java.security"] {
        twin.file(&format!("usr/lib/jvm/java/{file}"), 0o755, "");
    }
    let home = fs::canonicalize("/usr/bin/java").unwrap().parent().unwrap().parent().unwrap().to_path_buf();
    twin.file("usr/lib/jvm/java/release", 0o644, fs::read(home.join("release")).unwrap());
    if home.join("lib/server/classes.jsa").exists() {
        twin.file("usr/lib/jvm/java/lib/server/classes.jsa", 0o644, "");
    }
    twin.link("usr/bin/java", "/usr/lib/jvm/java/bin/java");
    twin.link("usr/bin/keytool", "/usr/lib/jvm/java/bin/keytool");
    twin.link("usr/lib/jvm/java/lib/security/cacerts", &format!("/{STORE}"));
    for (name, bytes) in &certificates {
        twin.file(&format!("etc/ssl/certs/{name}"), 0o644, bytes);
    }
    let der = Command::new("openssl")
        .args(["x509", "-outform", "DER", "-in"])
        .arg(twin.on_disk(&format!("etc/ssl/certs/{}", certificates[0].0)))
        .output();
    if let Ok(output) = der {
        twin.file("etc/ssl/certs/der.pem", 0o644, output.stdout);
    }
    twin.file("etc/ssl/certs/none.pem", 0o644, "no certificate\n");
    let path = ("PATH", "/usr/bin");
    let root = twin.root().to_str().unwrap().to_owned();
    let mount = format!("mount --bind '{root}/etc/ssl/certs' /etc/ssl/certs && shift && LC_ALL=C.UTF-8 exec \"$@\"");
    let jar = twin.on_disk(JAR).to_str().unwrap().to_owned();
    let mut numbers = Numbers(7);
    let version = twin.real("java", &["-version"], &[], "");
    assert_eq!(twin.ours("java", &["-version"], &[path], ""), version);
    for turn in 0..14 {
        if turn % 4 == 0 {
            let _ = fs::remove_file(twin.on_disk(STORE));
            let _ = twin.tree.remove(STORE.as_bytes());
        }
        let count = [1, 300, 8, 9, 17, 150][turn % 6].min(certificates.len());
        let mut input = String::new();
        for _ in 0..count {
            let (name, _) = &certificates[numbers.below(certificates.len())];
            let sign = if turn % 4 != 0 && numbers.below(3) == 0 { '-' } else { '+' };
            input += &format!("{sign}/etc/ssl/certs/{name}\n");
        }
        input +=
            "+/etc/ssl/certs/der.pem\nwhat\n+/etc/ssl/certs/none.pem\n+/nowhere.pem\n+\n-/etc/ssl/certs/unknown.pem";
        let call = ["-m", "sh", "-c", &mount, "sh", "-", "java", "-Xmx64m", "-jar", &jar, "-storepass", "changeit"];
        let real = twin.real("unshare", &call, &[], &input);
        let ours = twin.ours("java", &CALL, &[path], &input);
        assert_eq!((ours.status, &ours.out), (real.status, &real.out), "{turn}: {}\n{}", ours.err, real.err);
        assert_eq!(ours.err, real.err, "{turn}");
        let theirs = fs::read(twin.on_disk(STORE)).unwrap();
        let mine = twin.bytes(STORE);
        assert_eq!(timeless(&mine), timeless(&theirs), "{turn}");
        assert_eq!(mine.len(), theirs.len());
        // Java reads ours, and both tell the same of it.
        fs::write(twin.on_disk(STORE), &mine).unwrap();
        let list = ["-list", "-rfc", "-storepass", "changeit", "-keystore"];
        let here = twin.on_disk(STORE).to_str().unwrap().to_owned();
        let call = [&["LC_ALL=C.UTF-8", "TZ=UTC", "keytool"], list.as_slice(), &[here.as_str()]].concat();
        let real = twin.real("env", &call, &[], "");
        let ours = twin.ours("keytool", &[list.as_slice(), &[&format!("/{STORE}")]].concat(), &[path], "");
        assert_eq!(ours, real, "{turn}");
    }
    // An empty line is nothing to a jar of today, and the end of one of before 2021.
    let input = format!("\n+/etc/ssl/certs/{}\n", certificates[0].0);
    let call = ["-m", "sh", "-c", &mount, "sh", "-", "java", "-Xmx64m", "-jar", &jar, "-storepass", "changeit"];
    let real = twin.real("unshare", &call, &[], &input);
    let ours = twin.ours("java", &CALL, &[path], &input);
    assert_eq!((ours.status, ours.out), (real.status, real.out));
    assert_eq!(timeless(&twin.bytes(STORE)), timeless(&fs::read(twin.on_disk(STORE)).unwrap()));
    let wrong = ["-Xmx64m", "-jar", CALL[2], "-storepass", "otherwise"];
    assert_eq!(twin.ours("java", &wrong, &[path], "").status, 1);
    assert_eq!(twin.ours("java", &["-cp", "x", "Main"], &[path], "").status, -2);
}
