//! `openssl rehash`, ours against the real one, over this machine's certificates.

use std::fs;
use std::path::Path;

use crate::support::twin::{Twin, is_here};

/// Certificates by their files' names, where this machine has some.
fn certificates() -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/usr/share/ca-certificates/mozilla").into_iter().flatten() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        found.push((format!("{name}.pem"), fs::read(&path).unwrap()));
    }
    found.sort();
    found
}

#[test]
fn links_are_those_that_openssl_makes() {
    let certificates = certificates();
    if !is_here("openssl") || certificates.is_empty() {
        return;
    }
    let mut twin = Twin::new();
    for (name, bytes) in &certificates {
        twin.file(&format!("usr/share/ca/{name}"), 0o644, bytes);
        let depth = if name.len() % 2 == 0 { "../../../usr" } else { "/../../../usr" };
        let target = format!("{}/share/ca/{name}", depth.trim_start_matches('/'));
        twin.link(&format!("etc/ssl/certs/{name}"), &target);
    }
    let (first, second) = (&certificates[0], &certificates[1]);
    twin.file("etc/ssl/certs/zz-duplicate.crt", 0o644, &first.1);
    twin.file("etc/ssl/certs/bundle.crt", 0o644, [first.1.as_slice(), &second.1].concat());
    twin.file("etc/ssl/certs/README", 0o644, "no certificate\n");
    twin.file("etc/ssl/certs/none.pem", 0o644, "no certificate\n");
    twin.link("etc/ssl/certs/01234567.0", "gone.pem");
    let folder = twin.on_disk("etc/ssl/certs").to_str().unwrap().to_owned();
    for call in ["first", "again"] {
        let real = twin.real("openssl", &["rehash", &folder], &[], "");
        let ours = twin.ours("openssl", &["rehash", "/etc/ssl/certs"], &[], "");
        let lines = |text: &str| {
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!((ours.status, lines(&ours.err)), (real.status, lines(&real.err)), "{call}");
        let differences = twin.differences(&[]);
        assert!(differences.is_empty(), "{call}: {}", differences.join("\n"));
    }
    assert!(Path::new(&folder).read_dir().unwrap().count() > certificates.len() * 3 / 2);
    for (name, _) in certificates.iter().take(5) {
        let (file, args) = (format!("usr/share/ca/{name}"), ["x509", "-hash", "-noout", "-in"]);
        let real = twin.real("openssl", &[args.as_slice(), &[twin.on_disk(&file).to_str().unwrap()]].concat(), &[], "");
        let ours = twin.ours("openssl", &[args.as_slice(), &[&format!("/{file}")]].concat(), &[], "");
        assert_eq!(ours, real, "{name}");
    }
}
