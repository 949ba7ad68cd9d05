//! What apt leaves behind: the tree that `mmdebstrap` makes of the same request, on this machine or under emulation.
//!
//! Taken out of it is what mmdebstrap brings in, and apt and dpkg do not: entries of `/dev`, apt's sources and options,
//! `resolv.conf`, `hostname`, a `fstab` that is a comment, and `/var/lib/dpkg/arch` where it names one architecture.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::Path;
use std::time::Instant;

use super::apt::mirror;
use super::keystore::counted;
use super::run::{both, run, scratch, succeed, tool};
use super::treediff::{self, Item, Snapshot};

/// What is asked of apt, as a recipe says it.
pub struct Request {
    /// A name for its files.
    pub name: String,
    /// `essential`, `apt`, `minbase`.
    pub variant: String,
    /// Suites, the first being the release; and what alone is taken from each.
    pub suites: Vec<(String, Option<Vec<String>>)>,
    /// What is installed on top of the variant.
    pub packages: Vec<String>,
    /// Whether recommended packages are.
    pub recommends: bool,
}

/// What is done to the tree at its end.
const TIDY: &str = r#"cd "$1" && rm -rf etc/apt/apt.conf.d/99mmdebstrap etc/apt/sources.list etc/apt/sources.list.d/* \
    etc/apt/preferences.d/reference etc/resolv.conf etc/hostname &&
    { grep -qv UNCONFIGURED etc/fstab || rm -f etc/fstab; } &&
    { [ "$(wc -l <var/lib/dpkg/arch)" != 1 ] || rm -f var/lib/dpkg/arch; }"#;

impl Request {
    /// The request of a recipe that extends nothing and stays with the mirror of Debian's own.
    pub fn of_recipe(recipe: &Path) -> Self {
        let recipe: toml::Table = fs::read_to_string(recipe).unwrap().parse().unwrap();
        let strings = |value: &toml::Value| -> Vec<String> {
            value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
        };
        let mut suites = Vec::new();
        for archive in recipe["archive"].as_array().unwrap() {
            assert_eq!(archive["mirror"].as_str(), Some("debian"));
            let only = archive.get("only").map(strings);
            suites.extend(strings(&archive["suites"]).into_iter().map(|suite| (suite, only.clone())));
        }
        let packages = &recipe["packages"];
        Self {
            name: recipe["name"].as_str().unwrap().to_owned(),
            variant: packages["variant"].as_str().unwrap().to_owned(),
            suites,
            packages: strings(&packages["install"]),
            recommends: packages.get("recommends").is_some_and(|value| value.as_bool().unwrap()),
        }
    }

    /// Lets mmdebstrap make the tree of this request for `arch`, as a tar.
    ///
    /// # Panics
    /// With mmdebstrap's own words, when it fails.
    pub fn make(&self, arch: &str, epoch: i64, tar: &Path) {
        let start = Instant::now();
        println!("mmdebstrap makes {} for {arch} …", self.name);
        let folder = scratch(&format!("mmdebstrap-{}-{arch}", self.name));
        let (mut sources, mut preferences) = (String::new(), String::new());
        let key = "/usr/share/keyrings/debian-archive-keyring.gpg";
        for (suite, only) in &self.suites {
            writeln!(sources, "deb [signed-by={key}] {} {suite} main", mirror(suite.ends_with("-security"))).unwrap();
            if let Some(only) = only {
                let mut pin = |packages: &str, priority: i32| {
                    writeln!(preferences, "Package: {packages}\nPin: release n={suite}\nPin-Priority: {priority}\n")
                        .unwrap();
                };
                pin("*", -1);
                only.iter().for_each(|package| pin(package, 500));
            }
        }
        let (sources_file, preferences_file) = (folder.join("sources.list"), folder.join("preferences"));
        fs::write(&sources_file, sources).unwrap();
        fs::write(&preferences_file, preferences).unwrap();
        let setup = format!("cp {} \"$1\"/etc/apt/preferences.d/reference", preferences_file.display());
        let part = folder.join("root.tar");
        // Scripts ask for the machine's name, and keep it.
        let named = ["--uts", "sh", "-c", "hostname localhost && exec \"$@\"", "sh"];
        let mut command = tool("unshare", named);
        command.args(["mmdebstrap", "--mode=root", "--format=tar", "--skip=output/dev"]);
        command.arg(format!("--variant={}", self.variant)).arg(format!("--architectures={arch}"));
        command.arg("--aptopt=Acquire::Check-Valid-Until \"false\"");
        command.arg(format!("--aptopt=APT::Install-Recommends \"{}\"", self.recommends));
        command.arg(format!("--setup-hook=mkdir -p \"$1\"/etc/apt/preferences.d && {setup}"));
        command.arg(format!("--customize-hook={TIDY}"));
        if !self.packages.is_empty() {
            command.arg(format!("--include={}", self.packages.join(",")));
        }
        command.arg(&self.suites[0].0).arg(&part).arg(&sources_file);
        command.env("LC_ALL", "C.UTF-8").env("SOURCE_DATE_EPOCH", epoch.to_string());
        let output = run(&mut command);
        assert!(output.status.success(), "{command:?}:\n{}", both(&output));
        fs::rename(&part, tar).unwrap();
        println!("mmdebstrap made {} for {arch} in {:.0} s", self.name, start.elapsed().as_secs_f32());
    }
}

/// The tree in a tar of [`Request::make`], and the packages in it: `NAME VERSION ARCHITECTURE`.
pub fn read(tar: &Path) -> (Snapshot, BTreeSet<String>) {
    let reader: Box<dyn Read> = Box::new(BufReader::new(File::open(tar).unwrap()));
    let mut tree = treediff::of_tars_as([reader], &counted);
    // The root, which an image need not name.
    tree.remove(&b""[..]);
    // mmdebstrap leaves `dev` out for what it puts in there; base-files ships it.
    tree.entry(b"dev".to_vec()).or_insert_with(|| Item {
        kind: "directory".to_owned(),
        mode: 0o755,
        uid: 0,
        gid: 0,
        content: None,
        linked: None,
        xattrs: BTreeMap::new(),
    });
    let path = ["./var/lib/dpkg/status"];
    let status = succeed(tool("tar", ["-xOf"]).arg(tar).args(path));
    let mut packages = BTreeSet::new();
    for paragraph in status.split("\n\n").filter(|text| !text.trim().is_empty()) {
        let field = |name: &str| {
            let found = paragraph.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            found.unwrap_or_else(|| panic!("no {name}: {paragraph}")).to_owned()
        };
        packages.insert(format!("{} {} {}", field("Package"), field("Version"), field("Architecture")));
    }
    (tree, packages)
}
