//! The order of steps is that of apt, and of dpkg.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::BufReader;
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;

use mokapot::base::Arch;
use mokapot::domain::install::{Call, Dpkg, Step, info, plan};
use mokapot::formats::deb::{Package, Priority, StanzaReader, parse_triggers};

use crate::support::apt::{Apt, Indexes, Suite};
use crate::support::run::{scratch, succeed, tool};

/// What is asked for on top of the base, `+r` with recommendations.
const REQUESTS: [&str; 26] = [
    "ca-certificates tini procps",
    "+r nginx",
    "postgresql",
    "+r postgresql redis-server",
    "nodejs",
    "+r php-cli",
    "docker.io",
    "systemd dbus",
    "+r systemd",
    "+r exim4-daemon-light",
    "apache2 mariadb-server",
    "openjdk-17-jre-headless",
    "python3-pandas",
    "+r git",
    "gawk",
    "bsd-mailx postfix",
    "openssh-server man-db python3-minimal cron logrotate rsyslog",
    "+r build-essential",
    "systemd-sysv",
    "ruby rails",
    "+r network-manager",
    "+r emacs-nox",
    "apt usrmerge tzdata e2fsprogs mount",
    "+r apt-utils aptitude",
    "+r xserver-xorg-video-all xorg",
    "openssh-server xauth libjpeg-dev libgd-dev busybox",
];

const RELEASES: [&[&str]; 3] = [
    &["bookworm", "bookworm-updates", "bookworm-security"],
    &["trixie", "trixie-updates", "trixie-security"],
    &["bullseye", "bullseye-updates", "bullseye-security"],
];

/// apt's answer to one request: the base in its order, then its steps.
struct Answer {
    request: &'static str,
    base: Vec<String>,
    steps: Vec<String>,
}

#[test]
fn apts_steps_are_ours() {
    let both = std::thread::scope(|scope| {
        let workers = Arch::ALL.map(|arch| scope.spawn(move || RELEASES.map(|suites| compare(arch, suites))));
        workers.map(|worker| worker.join().unwrap())
    });
    let (mut asked, mut wrong) = (0, Vec::new());
    for (arch, releases) in Arch::ALL.iter().zip(both) {
        for (suites, (count, differences)) in RELEASES.iter().zip(releases) {
            println!("{arch} {}: {} of {count} agreed", suites[0], count - differences.len());
            asked += count;
            wrong.extend(differences);
        }
    }
    println!("{} of {asked} agreed", asked - wrong.len());
    assert!(asked > 60, "only {asked} requests had a solution");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Asks apt and us everything about one release. Returns how many requests had a solution, and what differs.
fn compare(arch: Arch, codenames: &[&'static str]) -> (usize, Vec<String>) {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("resolve");
    let indexes = Indexes::fetch(&cache, arch.name());
    let suites: Vec<Suite> = codenames.iter().map(|codename| Suite { codename, priority: 500, only: None }).collect();
    let apt = Apt::new(&indexes, codenames[0], &suites);
    let mut answers = Vec::new();
    // Of the first release everything is asked; of the others, and of the other platform, each request on every second one.
    let place = RELEASES.iter().position(|release| *release == codenames).unwrap() + usize::from(arch == Arch::Arm64);
    let asked = REQUESTS.iter().enumerate().filter(|(number, _)| place == 0 || (number + place) % 2 == 0);
    for request in asked.map(|(_, request)| *request) {
        let (recommends, packages) = match request.strip_prefix("+r ") {
            Some(packages) => (true, packages),
            None => (false, request),
        };
        let packages: Vec<&str> = packages.split(' ').collect();
        if let Some((base, steps)) = apt.steps(&packages, recommends) {
            answers.push(Answer { request, base, steps });
        }
    }
    let lines = answers.iter().flat_map(|answer| {
        answer
            .base
            .iter()
            .cloned()
            .chain(answer.steps.iter().filter_map(|step| step.strip_prefix("Inst ")).map(str::to_owned))
    });
    let packages = stanzas(&indexes, codenames, &lines.collect());
    let differences = answers.iter().filter_map(|answer| {
        let difference = difference(answer, &packages)?;
        Some(format!("{arch} {} `{}`: {difference}", codenames[0], answer.request))
    });
    (answers.len(), differences.collect())
}

/// The packages of these lines `NAME VERSION ARCHITECTURE`.
fn stanzas(indexes: &Indexes, codenames: &[&str], wanted: &BTreeSet<String>) -> BTreeMap<String, Package> {
    let mut found = BTreeMap::new();
    for codename in codenames {
        for stanza in StanzaReader::new(BufReader::new(File::open(indexes.packages(codename)).unwrap())) {
            let stanza = stanza.unwrap();
            let field = |name| stanza.get(name).unwrap();
            let line = format!("{} {} {}", field("Package"), field("Version"), field("Architecture"));
            if wanted.contains(&line) && !found.contains_key(&line) {
                found.insert(line, Package::from_stanza(&stanza).unwrap());
            }
        }
    }
    found
}

/// Where our steps part from apt's.
fn difference(answer: &Answer, known: &BTreeMap<String, Package>) -> Option<String> {
    let inst = answer.steps.iter().filter_map(|step| step.strip_prefix("Inst "));
    let mut packages: Vec<&Package> =
        answer.base.iter().map(String::as_str).chain(inst).map(|line| &known[line]).collect();
    packages.sort_by_key(|package| &package.name);
    let name = |place: &usize| packages[*place].name.as_str();
    let is_base =
        |package: &Package| answer.base.iter().any(|line| line.split(' ').next() == Some(package.name.as_str()));
    let base: BTreeSet<usize> = (0..packages.len()).filter(|place| is_base(packages[*place])).collect();
    let guessed = mokapot::domain::install::plan::base(&packages);
    if guessed != base {
        let differing: Vec<&str> = guessed.symmetric_difference(&base).map(name).collect();
        return Some(format!("the base differs in {differing:?}"));
    }
    let mut ours = Vec::new();
    for call in plan(&packages, &base) {
        match call {
            Call::Install(list) => {
                let theirs: Vec<&str> = answer.base.iter().map(|line| line.split(' ').next().unwrap()).collect();
                let ours: Vec<&str> = list.iter().map(name).collect();
                if let Some(at) = (0..theirs.len()).find(|at| theirs.get(*at) != ours.get(*at)) {
                    return Some(format!("base: step {at}: apt {:?}, we {:?}", theirs.get(at), ours.get(at)));
                }
            }
            Call::Unpack(list) => ours.extend(list.iter().map(|place| format!("Inst {}", name(place)))),
            Call::Configure(list) => ours.extend(list.iter().map(|place| format!("Conf {}", name(place)))),
            Call::ConfigurePending => {}
        }
    }
    let theirs: Vec<String> =
        answer.steps.iter().map(|step| step.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
    (0..theirs.len().max(ours.len()))
        .find(|at| theirs.get(*at) != ours.get(*at))
        .map(|at| format!("step {at} of {}: apt {:?}, we {:?}", theirs.len(), theirs.get(at), ours.get(at)))
}

/// Sets that configure daemons and users, set off triggers, and hold cycles.
const REAL: [(&str, &str, &str); 3] = [
    ("wide", "bookworm", "postfix- apache2 exim4-daemon-light- postgresql php-cli git vim"),
    ("trixie", "trixie", "openssh-server nginx-light dbus systemd man-db python3-minimal cron logrotate"),
    ("bullseye", "bullseye", "openssh-server nginx-light dbus systemd man-db openjdk-11-jre-headless"),
];

/// dpkg's own log of what mmdebstrap made it do, against what we would do: each call, and each step in it.
#[test]
fn dpkgs_steps_are_ours() {
    let mirror = crate::support::apt::mirror(false);
    let mut wrong = Vec::new();
    for (name, suite, packages) in REAL {
        let root = scratch(&format!("order-{name}")).join("root");
        let mut command = tool("mmdebstrap", ["--mode=root", "--variant=essential", "--skip=cleanup", "--quiet"]);
        command.arg("--aptopt=APT::Sandbox::User \"root\"");
        command.arg(format!("--include={}", packages.replace(' ', ",")));
        command.arg(suite).arg(&root).arg(format!("deb {mirror} {suite} main"));
        succeed(command.env("LC_ALL", "C.UTF-8"));
        let theirs = logged(&fs::read_to_string(root.join("var/log/dpkg.log")).unwrap());
        let ours = replayed(&root);
        let _: Result<(), _> = fs::remove_dir_all(&root);
        let agreed = theirs.iter().zip(&ours).filter(|(theirs, ours)| theirs == ours).count();
        println!("{name}: {agreed} of {} steps agreed", theirs.len());
        let parted = (0..theirs.len().max(ours.len())).find(|at| theirs.get(*at) != ours.get(*at));
        if let Some(at) = parted {
            let near = at.saturating_sub(4)..at + 8;
            let show =
                |list: &[String]| near.clone().filter_map(|i| list.get(i).cloned()).collect::<Vec<_>>().join("\n  ");
            wrong.push(format!("{name}: step {at}: dpkg\n  {}\nwe\n  {}", show(&theirs), show(&ours)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The triggers that `postinst configure` sets off by dpkg-trigger(1) in these sets, and whether it awaits them.
const SET_OFF: [(&str, &str, bool); 5] = [
    ("ca-certificates", "update-ca-certificates", false),
    ("dmsetup", "update-initramfs", false),
    ("libnginx-mod-http-echo", "nginx-reload", false),
    ("openjdk-17-jre-headless", "update-ca-certificates-java", true),
    ("php8.2-cli", "/etc/php/8.2/cli/conf.d", true),
];

/// The steps of a log: `install NAME`, `configure NAME`, `trigproc NAME`.
fn logged(log: &str) -> Vec<String> {
    let steps = log.lines().filter_map(|line| {
        let words: Vec<&str> = line.split(' ').skip(2).collect();
        match words.as_slice() {
            [verb @ ("install" | "configure" | "trigproc"), package, ..] => {
                Some(format!("{verb} {}", package.split(':').next().unwrap()))
            }
            _ => None,
        }
    });
    steps.collect()
}

/// The same for us, with the packages of the database that dpkg left.
fn replayed(root: &Path) -> Vec<String> {
    let status = File::open(root.join("var/lib/dpkg/status")).unwrap();
    let mut owned: Vec<Package> = StanzaReader::new(BufReader::new(status))
        .map(|stanza| Package::from_stanza(&stanza.unwrap()).unwrap())
        .collect();
    let priorities = priorities(root);
    for package in &mut owned {
        package.priority = Priority::of(&priorities[package.name.as_str()]);
    }
    let packages: Vec<&Package> = owned.iter().collect();
    let info = |place: usize, kind: &str| {
        fs::read(root.join(Path::new(&OsString::from_vec(info::path(packages[place], kind))))).ok()
    };
    let postinst: Vec<bool> = (0..packages.len()).map(|place| info(place, "postinst").is_some()).collect();
    let calls = plan(&packages, &plan::base(&packages));
    let mut dpkg = Dpkg::new(&packages, postinst, calls);
    let mut steps = Vec::new();
    while let Some(step) = dpkg.next().unwrap() {
        let (verb, place) = match step {
            Step::Unpack(place) => {
                dpkg.unpacking(place, parse_triggers(&info(place, "triggers").unwrap_or_default()).unwrap());
                for path in String::from_utf8_lossy(&info(place, "list").unwrap()).lines() {
                    dpkg.file(place, path);
                }
                dpkg.unpacked(place);
                ("install", place)
            }
            Step::Configure(place) => {
                dpkg.configuring(place);
                dpkg.half_configured(place);
                dpkg.configured(place);
                for (_, trigger, awaits) in SET_OFF.iter().filter(|(name, ..)| packages[place].name.as_str() == *name) {
                    dpkg.activate(trigger, awaits.then_some(place));
                }
                ("configure", place)
            }
            Step::Triggered(place, _) => {
                dpkg.configured(place);
                ("trigproc", place)
            }
        };
        steps.push(format!("{verb} {}", packages[place].name));
    }
    steps
}

/// The priorities that the archive gives packages, which are not always those of their control files; apt goes by them.
fn priorities(root: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for list in fs::read_dir(root.join("var/lib/apt/lists")).unwrap().map(|entry| entry.unwrap().path()) {
        if list.to_string_lossy().ends_with("_Packages") {
            for stanza in StanzaReader::new(BufReader::new(File::open(list).unwrap())) {
                let stanza = stanza.unwrap();
                let field = |name| stanza.get(name).unwrap_or_default().to_owned();
                found.insert(field("Package"), field("Priority"));
            }
        }
    }
    found
}
