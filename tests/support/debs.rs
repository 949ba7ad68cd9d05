//! Real packages from this machine's own apt sources, and what the machine's `dpkg`, `dpkg-deb` and `tar` make of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Runs a command to its end and gives its output.
pub fn run(command: &mut Command) -> Vec<u8> {
    let output = command.env("LC_ALL", "C.UTF-8").stdin(Stdio::null()).output().unwrap();
    assert!(
        output.status.success(),
        "{command:?} failed:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

/// Downloads packages for a Debian architecture into `folder`, with folders of apt's own there; the machine's state
/// is not touched. The files, sorted.
pub fn download(folder: &Path, arch: &str, packages: &[&str]) -> Vec<PathBuf> {
    let state = folder.join(format!("apt-{arch}"));
    let debs = folder.join(format!("debs-{arch}"));
    for path in [state.join("lists/partial"), state.join("cache/archives/partial"), debs.clone()] {
        fs::create_dir_all(path).unwrap();
    }
    fs::write(state.join("status"), "").unwrap();
    let root = state.display();
    let config = format!(
        "APT::Architecture \"{arch}\";\nAPT::Architectures {{ \"{arch}\"; }};\nDir::State::Lists \"{root}/lists\";\n\
         Dir::Cache \"{root}/cache\";\nDir::State::status \"{root}/status\";\nAPT::Sandbox::User \"root\";\n\
         Acquire::Languages \"none\";\n"
    );
    let config_file = state.join("apt.conf");
    fs::write(&config_file, config).unwrap();
    run(Command::new("apt-get").args(["-q", "update"]).env("APT_CONFIG", &config_file));
    run(Command::new("apt-get")
        .args(["-q", "download"])
        .args(packages)
        .env("APT_CONFIG", &config_file)
        .current_dir(&debs));
    files(&debs)
}

/// The files of a folder, sorted.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Unpacks a `.deb` as `mmdebstrap --variant=extract` does: `dpkg-deb --fsys-tarfile | tar -x`.
pub fn extract(deb: &Path, root: &Path) {
    let mut dpkg_deb = Command::new("dpkg-deb").arg("--fsys-tarfile").arg(deb).stdout(Stdio::piped()).spawn().unwrap();
    let tar = Command::new("tar")
        .arg("-C")
        .arg(root)
        .args(["--keep-directory-symlink", "--numeric-owner", "-xpf", "-"])
        .stdin(dpkg_deb.stdout.take().unwrap())
        .status()
        .unwrap();
    assert!(tar.success() && dpkg_deb.wait().unwrap().success(), "cannot extract {}", deb.display());
}

/// Writes a copy of a `.deb` without its maintainer scripts to `copy`, so that dpkg can handle packages of another architecture
/// and runs nothing. Its data is the same bytes. The scripts go into the folder `scripts`, as dpkg-deb extracts them.
pub fn without_scripts(deb: &Path, copy: &Path, scripts: &Path) {
    let control = tempfile::tempdir().unwrap();
    run(Command::new("dpkg-deb").arg("-e").arg(deb).arg(control.path()));
    for script in ["config", "postinst", "postrm", "preinst", "prerm"] {
        let path = control.path().join(script);
        if path.exists() {
            fs::create_dir_all(scripts).unwrap();
            // A copy keeps the mode.
            fs::copy(&path, scripts.join(script)).unwrap();
            fs::remove_file(path).unwrap();
        }
    }
    let control_tar = run(Command::new("tar").arg("-C").arg(control.path()).args([
        "--sort=name",
        "--owner=0",
        "--group=0",
        "--numeric-owner",
        "-cf",
        "-",
        ".",
    ]));
    let bytes = fs::read(deb).unwrap();
    let (name, data) = members(&bytes).into_iter().find(|(name, _)| name.starts_with("data.tar")).unwrap();
    let members = [("debian-binary", b"2.0\n".as_slice()), ("control.tar", &control_tar), (name, data)];
    fs::write(copy, archive(&members)).unwrap();
}

/// The members of a sound `ar` archive with short names.
fn members(mut bytes: &[u8]) -> Vec<(&str, &[u8])> {
    bytes = bytes.strip_prefix(b"!<arch>\n").unwrap();
    let mut found = Vec::new();
    while let Some((header, rest)) = bytes.split_at_checked(60) {
        let text = std::str::from_utf8(header).unwrap();
        let size: usize = text[48..58].trim().parse().unwrap();
        found.push((text[..16].trim_end().trim_end_matches('/'), &rest[..size]));
        bytes = &rest[(size + size % 2).min(rest.len())..];
    }
    found
}

/// An `ar` archive of members, as deb(5) wants it.
pub fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = b"!<arch>\n".to_vec();
    for (name, content) in members {
        bytes.extend(format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, "100644", content.len()).bytes());
        bytes.extend_from_slice(content);
        if content.len() % 2 == 1 {
            bytes.push(b'\n');
        }
    }
    bytes
}
