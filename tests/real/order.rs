//! The order of steps is that of apt, and of dpkg.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use mokapot::base::Arch;
use mokapot::domain::install::{Call, plan};
use mokapot::formats::deb::{Package, StanzaReader};

use crate::support::apt::{Apt, Indexes, Suite};

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
    assert!(asked > 100, "only {asked} requests had a solution");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Asks apt and us everything about one release. Returns how many requests had a solution, and what differs.
fn compare(arch: Arch, codenames: &[&'static str]) -> (usize, Vec<String>) {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("resolve");
    let indexes = Indexes::fetch(&cache, arch.name());
    let suites: Vec<Suite> = codenames.iter().map(|codename| Suite { codename, priority: 500, only: None }).collect();
    let apt = Apt::new(&indexes, codenames[0], &suites);
    let mut answers = Vec::new();
    for request in REQUESTS {
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
