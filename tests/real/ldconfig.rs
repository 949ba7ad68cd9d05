//! `ldconfig`, ours against the real one, over this machine's own libraries.

use std::fs;
use std::path::Path;

use crate::support::twin::{Twin, is_here};

/// Copies what `ldconfig` would read in a folder of this machine: libraries and the links to them.
fn copy(twin: &mut Twin, from: &str, to: &str, most: usize) {
    let mut names: Vec<String> = fs::read_dir(from)
        .map(|entries| entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect())
        .unwrap_or_default();
    names.sort();
    let mut taken = 0;
    for name in names.iter().filter(|name| name.contains(".so") && (name.starts_with("lib") || name.starts_with("ld")))
    {
        let path = Path::new(from).join(name);
        let meta = fs::symlink_metadata(&path).unwrap();
        if meta.is_symlink() {
            twin.link(&format!("{to}/{name}"), fs::read_link(&path).unwrap().to_str().unwrap());
        } else if meta.is_file() && meta.len() < 8 << 20 && taken < most {
            taken += 1;
            twin.file(&format!("{to}/{name}"), 0o644, fs::read(&path).unwrap());
        }
    }
}

#[test]
fn the_cache_and_the_links_are_those_of_glibc() {
    if !is_here("ldconfig") {
        return;
    }
    let mut twin = Twin::new();
    let triplet = ["x86_64-linux-gnu", "aarch64-linux-gnu"]
        .into_iter()
        .find(|triplet| Path::new("/usr/lib").join(triplet).is_dir())
        .unwrap();
    for folder in ["var/cache", "etc", "usr/local/lib"] {
        twin.dir(folder);
    }
    twin.dir("lib");
    copy(&mut twin, &format!("/usr/lib/{triplet}"), &format!("lib/{triplet}"), 150);
    // A library whose link is missing, one that is there twice, a link to nothing, and what is no library.
    let some = format!("/usr/lib/{triplet}/libz.so.1");
    if let Ok(bytes) = fs::read(some) {
        twin.file("usr/lib/libz.so.1.2.9", 0o644, &bytes);
        twin.file("usr/lib/libz.so.1.2.10", 0o644, &bytes);
        twin.file("usr/local/lib/libmine.so", 0o644, &bytes);
    }
    twin.link("usr/lib/libgone.so.1", "nowhere");
    twin.file("usr/lib/libscript.so", 0o644, "/* GNU ld script */\n");
    twin.file("usr/lib/libshort.so", 0o644, "\u{7f}ELF");
    twin.file("etc/ld.so.conf", 0o644, "include /etc/ld.so.conf.d/*.conf\n\n");
    twin.file("etc/ld.so.conf.d/libc.conf", 0o644, "# libc default configuration\n/usr/local/lib\n");
    twin.file("etc/ld.so.conf.d/z.conf", 0o644, format!("# multiarch\n/lib/{triplet}\n/usr/lib/{triplet}/ # both\n"));
    twin.file("sbin/ldconfig", 0o755, fs::read("/sbin/ldconfig").unwrap());
    let root = twin.root().to_str().unwrap().to_owned();
    for extra in [["-X"].as_slice(), &[]] {
        let real = twin.real("ldconfig", &[&["-r", &root], extra].concat(), &[], "");
        assert_eq!(real.status, 0, "{real:?}");
        let ours = twin.ours("ldconfig", &[&["-r", "/"], extra].concat(), &[], "");
        assert_eq!((ours.status, ours.err.as_str()), (0, ""));
        let theirs = fs::read(twin.on_disk("etc/ld.so.cache")).unwrap();
        assert!(theirs.len() > 1000);
        let differences = twin.differences(&["var/cache/ldconfig/aux-cache", "lib/x86_64-linux-gnu/none"]);
        assert!(differences.is_empty(), "{extra:?}: {}", differences.join("\n"));
    }
}
