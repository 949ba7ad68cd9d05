//! The shipped packages, built from the machine's mirrors, before the real `dpkg`, `dpkg-deb` and a shell.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::support::run::{repository, scratch, succeed};

/// Both packages; their 600 MB of sources are fetched once, into a store that outlives the test.
pub(crate) fn debs() -> &'static [PathBuf; 2] {
    static DEBS: OnceLock<[PathBuf; 2]> = OnceLock::new();
    DEBS.get_or_init(|| {
        let store = Path::new(env!("CARGO_TARGET_TMPDIR")).join("packages-store");
        let out = scratch("packages");
        let mut command = Command::new(env!("CARGO_BIN_EXE_mokapot"));
        command.args(["package", "hadoop", "spark", "--locked", "--project"]).arg(repository());
        succeed(command.arg("--store").arg(store).arg("--output").arg(&out));
        ["hadoop_2.10.2-1_all.deb", "spark_3.2.4-1_all.deb"].map(|name| out.join(name))
    })
}

fn run(program: &str, arguments: &[&str]) -> String {
    succeed(Command::new(program).args(arguments))
}

/// An empty root with dpkg's database, and a package that stands for Java and procps.
fn root(name: &str) -> PathBuf {
    let root = scratch(name);
    for folder in
        ["var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/alternatives", "var/log", "etc/alternatives", "tmp"]
    {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    fs::write(root.join("var/lib/dpkg/status"), "").unwrap();
    let fake = root.join("tmp/java/DEBIAN");
    fs::create_dir_all(&fake).unwrap();
    let control = "Package: java\nVersion: 11\nArchitecture: all\nMaintainer: T <t@example.org>\nProvides: java8-runtime-headless, procps\nDescription: x\n";
    fs::write(fake.join("control"), control).unwrap();
    let folder = root.join("tmp/java").display().to_string();
    run("dpkg-deb", &["--root-owner-group", "-b", &folder, &format!("{folder}.deb")]);
    dpkg(&root, &["-i", &format!("{folder}.deb")]);
    root
}

/// dpkg on another root; maintainer scripts run in this one, and are told of the other.
fn dpkg(root: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("dpkg");
    command.arg(format!("--root={}", root.display())).args(["--force-script-chrootless", "--no-triggers"]);
    succeed(command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
}

#[test]
fn dpkg_installs_verifies_and_purges() {
    let root = root("packages-root");
    let debs = debs().each_ref().map(|deb| deb.display().to_string());
    dpkg(&root, &["-i", &debs[0], &debs[1]]);
    let status = dpkg(&root, &["-l"]);
    assert!(status.contains("ii  hadoop") && status.contains("ii  spark"), "{status}");
    assert_eq!(dpkg(&root, &["--verify"]), "");
    let conf = fs::read_link(root.join("etc/hadoop/conf")).unwrap();
    assert_eq!(conf, Path::new("/etc/alternatives/hadoop-conf"));
    assert_eq!(
        fs::read_link(root.join("etc/alternatives/hadoop-conf")).unwrap(),
        Path::new("/etc/hadoop/conf.default")
    );
    // A configuration that was changed stays when the package is installed again.
    fs::write(root.join("etc/spark/conf/spark-defaults.conf"), "spark.ui.port 4046\n").unwrap();
    dpkg(&root, &["--force-confold", "-i", &debs[1]]);
    assert_eq!(fs::read_to_string(root.join("etc/spark/conf/spark-defaults.conf")).unwrap(), "spark.ui.port 4046\n");
    dpkg(&root, &["--purge", "spark", "hadoop"]);
    for gone in [
        "etc/hadoop",
        "etc/spark",
        "etc/alternatives/hadoop-conf",
        "usr/share/hadoop",
        "usr/share/spark",
        "var/log/spark",
    ] {
        assert!(fs::symlink_metadata(root.join(gone)).is_err(), "{gone} is left");
    }
}

#[test]
fn every_class_of_the_commands_is_in_a_jar_and_the_class_path_needs_no_java() {
    let folder = scratch("packages-tree");
    run("dpkg-deb", &["-x", &debs()[0].display().to_string(), &folder.display().to_string()]);
    let home = folder.join("usr/share/hadoop");
    // As on a system: by way of the link on the path, with nothing that could be Java.
    let bin = folder.join("bin");
    fs::create_dir(&bin).unwrap();
    for tool in ["readlink", "cat"] {
        let found = run("sh", &["-c", &format!("command -v {tool}")]);
        symlink(found.trim(), bin.join(tool)).unwrap();
    }
    let sh = fs::canonicalize("/bin/sh").unwrap();
    let mut command = Command::new(sh);
    command.arg(folder.join("usr/bin/hadoop")).arg("classpath").env_clear().env("PATH", &bin);
    let path = succeed(command.env("HADOOP_CLASSPATH", "/mine/*"));
    let words: Vec<&str> = path.trim_end().split(':').collect();
    let share = home.join("share/hadoop").display().to_string();
    assert_eq!(words[0], home.join("etc/hadoop").display().to_string());
    assert_eq!(words[1], format!("{share}/common/lib/*"));
    assert!(words.contains(&format!("{share}/tools/lib/hadoop-aws-2.10.2.jar").as_str()), "{path}");
    assert_eq!(words.last(), Some(&"/mine/*"));
    let mut classes = Vec::new();
    let mut folders = vec![home.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if fs::symlink_metadata(&entry).unwrap().is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|ending| ending == "jar") {
                // A link leads to a jar that is there.
                let jar = zip::ZipArchive::new(fs::File::open(&entry).unwrap()).unwrap();
                classes.extend(jar.file_names().map(|name| name.unwrap().into_owned()));
            }
        }
    }
    classes.sort();
    let mut named = 0;
    for command in ["hadoop", "hdfs", "yarn", "mapred"] {
        let text = fs::read_to_string(home.join("bin").join(command)).unwrap();
        for class in text.split_whitespace().filter(|word| word.starts_with("org.apache.")) {
            let entry = format!("{}.class", class.replace('.', "/"));
            assert!(classes.binary_search(&entry).is_ok(), "{command}: no {class}");
            named += 1;
        }
    }
    assert!(named > 50, "{named} classes");
}

#[test]
fn one_class_stands_once_where_order_would_decide() {
    let listing = run("dpkg-deb", &["-c", &debs()[1].display().to_string()]);
    for jar in ["leveldbjni-all-1.8.jar", "jline-2.14.6.jar", "scala-compiler-2.12.15.jar"] {
        assert_eq!(listing.matches(jar).count(), 1, "{jar}");
    }
    for jar in ["hadoop-client", "log4j-1.2", "slf4j-", "zookeeper"] {
        assert!(!listing.contains(&format!("jars/{jar}")), "{jar}");
    }
    let folder = scratch("packages-jars");
    run("dpkg-deb", &["-x", &debs()[1].display().to_string(), &folder.display().to_string()]);
    let jars = folder.join("usr/share/spark/jars");
    let carriers: Vec<String> = fs::read_dir(&jars)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|jar| {
            let archive = zip::ZipArchive::new(fs::File::open(jar).unwrap()).unwrap();
            archive.index_for_name("org/fusesource/hawtjni/runtime/Library.class").is_some()
        })
        .map(|jar| jar.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(carriers, ["leveldbjni-all-1.8.jar"]);
    assert_eq!(fs::read_dir(&jars).unwrap().count(), 218);
}
