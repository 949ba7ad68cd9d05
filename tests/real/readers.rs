//! Programs that read the package database of an image find in it the packages of the lock: dpkg's queries, and apt.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::image::unpacked;
use crate::locked::{LockedDeb, debs};
use crate::runtime::enable_arm64_programs;
use crate::support::run::{repository, scratch, succeed, tool};

/// `name version architecture` of each package.
type Packages = BTreeSet<String>;

fn locked(arch: &str) -> (Vec<LockedDeb>, Packages) {
    let debs = debs(&repository().join("tests/recipes/frozen-jre.lock"), arch);
    let line = |deb: &LockedDeb| format!("{} {} {}", deb.name, deb.version, if deb.for_all { "all" } else { arch });
    let lines = debs.iter().map(line).collect();
    (debs, lines)
}

fn dpkg(root: &Path, arguments: &[&str]) -> String {
    succeed(tool("dpkg", ["--root"]).arg(root).args(arguments).env("LC_ALL", "C.UTF-8"))
}

#[test]
fn dpkg_lists_the_packages_of_the_lock() {
    for arch in ["amd64", "arm64"] {
        let root = unpacked(arch).join("rootfs");
        let (_, expected) = locked(arch);
        let format = "-f=${Package} ${Version} ${Architecture} ${db:Status-Status} ${db:Status-Eflag}\n";
        let query = tool("dpkg-query", ["--admindir"]).arg(root.join("var/lib/dpkg")).args(["-W", format]).output();
        let shown = String::from_utf8(query.unwrap().stdout).unwrap();
        let whole = |line: &str| line.strip_suffix(" installed ok").unwrap_or(line).to_owned();
        assert_eq!(shown.lines().map(whole).collect::<Packages>(), expected, "dpkg-query -W, {arch}");

        // Five lines of head, then `ii  NAME[:ARCHITECTURE] VERSION ARCHITECTURE DESCRIPTION`.
        let columns = |line: &str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            assert_eq!(words[0], "ii", "{line}");
            format!("{} {} {}", words[1].split(':').next().unwrap(), words[2], words[3])
        };
        let shown: Packages = dpkg(&root, &["-l"]).lines().skip(5).map(columns).collect();
        assert_eq!(shown, expected, "dpkg -l, {arch}");
    }
}

#[test]
fn dpkg_finds_every_file_as_the_package_says() {
    for (arch, triplet) in [("amd64", "x86_64-linux-gnu"), ("arm64", "aarch64-linux-gnu")] {
        let root = unpacked(arch).join("rootfs");
        let (debs, _) = locked(arch);
        // A line for each file that is missing or has another MD5, conffiles too; nothing is to be said.
        assert_eq!(dpkg(&root, &["--verify"]), "", "dpkg -V, {arch}");

        for deb in debs.iter().filter(|deb| ["tini", "libc6", "tzdata", "perl-base"].contains(&deb.name.as_str())) {
            let name = if deb.name == "libc6" { format!("libc6:{arch}") } else { deb.name.clone() };
            let listed: BTreeSet<String> = dpkg(&root, &["-L", &name]).lines().map(str::to_owned).collect();
            let tar =
                Command::new("sh").args(["-c", "dpkg-deb --fsys-tarfile \"$0\" | tar -t"]).arg(&deb.path).output();
            let shipped = String::from_utf8(tar.unwrap().stdout).unwrap();
            let from_root = |path: &str| match path.trim_start_matches('.').trim_end_matches('/') {
                "" => "/.".to_owned(),
                path => path.to_owned(),
            };
            assert_eq!(listed, shipped.lines().map(from_root).collect(), "dpkg -L {name}");
        }

        let library = format!("/lib/{triplet}/libc.so.6");
        for (path, owner) in [
            ("/bin/sh", "dash"),
            ("/etc/java-11-openjdk/net.properties", "openjdk-11-jre-headless"),
            (&library, "libc6"),
        ] {
            let said = dpkg(&root, &["-S", path]);
            assert!(said.starts_with(&format!("{owner}:")) && said.ends_with(&format!(": {path}\n")), "{arch}: {said}");
        }
    }
}

/// By the dpkg that the image has itself, as in a container of it.
#[test]
fn dpkg_of_the_image_finds_nothing_to_complain_of() {
    enable_arm64_programs();
    for arch in ["amd64", "arm64"] {
        let root = unpacked(arch).join("rootfs");
        let inside = |arguments: &[&str]| succeed(tool("chroot", [&root]).arg("dpkg").args(arguments));
        assert_eq!(inside(&["--print-architecture"]).trim(), arch);
        assert_eq!(inside(&["--audit"]), "", "{arch}");
        let selected = inside(&["--get-selections"]);
        assert_eq!(selected.lines().filter(|line| line.ends_with("install")).count(), locked(arch).1.len(), "{arch}");
    }
}

#[test]
fn apt_lists_the_packages_of_the_lock_and_finds_nothing_broken() {
    let folder = scratch("apt-of-image");
    for arch in ["amd64", "arm64"] {
        let root = unpacked(arch).join("rootfs");
        let apt = |program: &str, arguments: &[&str]| {
            let mut command = tool(program, ["-o"]);
            command.arg(format!("Dir={}", root.display())).arg("-o");
            command.arg(format!("Dir::State::status={}", root.join("var/lib/dpkg/status").display())).arg("-o");
            command.arg(format!("Dir::Cache={}", folder.display())).arg("-o").arg(format!("APT::Architecture={arch}"));
            command.args(["-o", &format!("APT::Architectures={arch}"), "-o", "Debug::NoLocking=1"]);
            succeed(command.args(arguments).env("LC_ALL", "C.UTF-8"))
        };
        // `NAME/now VERSION ARCHITECTURE [installed,local]`, below a line that nothing but a terminal needs.
        let columns = |line: &str| {
            let (name, rest) = line.split_once('/')?;
            let words: Vec<&str> = rest.split(' ').collect();
            assert!(words[3].starts_with("[installed"), "{line}");
            Some(format!("{name} {} {}", words[1], words[2]))
        };
        let shown: Packages = apt("apt", &["list", "--installed"]).lines().filter_map(columns).collect();
        let (_, mut expected) = locked(arch);
        // apt gives packages for all architectures that of the machine.
        expected = expected
            .into_iter()
            .map(|line| line.strip_suffix(" all").map_or(line.clone(), |l| format!("{l} all")))
            .collect();
        assert_eq!(shown, expected, "apt list, {arch}");
        // Dependencies of all that is installed, and packages that were left half done.
        apt("apt-get", &["check"]);
    }
}
