//! The resolver gives the list of apt, for real archives.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use mokapot::base::Arch;
use mokapot::domain::resolve::{Archive, Chosen, Request, Universe, UniverseBuilder, resolve};
use mokapot::formats::deb::{Package, PoolFile, StanzaReader, Variant};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::support::apt::{Apt, Flat, Indexes, Plan, Suite};
use crate::support::universe::{any_universe, stanza, universe_of};

/// A question: a variant, the packages asked for, and whether with recommendations (`+r`).
struct Question {
    variant: &'static str,
    packages: Vec<&'static str>,
    recommends: bool,
}

/// `variant: package …`, `variant+r: package …`
fn question(text: &'static str) -> Question {
    let (variant, packages) = text.split_once(':').unwrap();
    let (variant, recommends) = variant.strip_suffix("+r").map_or((variant, false), |variant| (variant, true));
    Question { variant, packages: packages.split_whitespace().collect(), recommends }
}

const EVERYWHERE: &[&str] = &[
    "essential:",
    "minbase:",
    "essential: ca-certificates tini procps",
    "minbase: nginx",
    "minbase+r: nginx",
    "essential: postgresql",
    "essential+r: postgresql redis-server",
    "minbase: r-base-core",
    "essential: nodejs",
    "essential+r: php-cli",
    "essential: docker.io",
    "essential: systemd dbus",
    "essential+r: systemd",
    "minbase: exim4-daemon-light",
    "essential+r: exim4-daemon-light",
    "essential: apache2 mariadb-server",
    "essential+r: mariadb-server",
    "essential: openjdk-17-jre-headless",
    "essential+r: openjdk-17-jdk",
    "minbase: krb5-user",
    "essential: python3-pandas",
    "essential+r: git",
    "minbase: vim-tiny curl wget less",
    "none: base-files bash",
    "none: libc6",
    "essential: mail-transport-agent",
    "essential: awk",
    "essential: gawk",
    "essential: bsd-mailx",
    "essential+r: mutt",
    "essential: bsd-mailx postfix",
    "essential+r: bsd-mailx exim4-",
    "essential: default-mta",
    "essential: logrotate cron-",
    "essential+r: openssh-server xauth-",
    "minbase: gcc g++ make",
    "essential+r: build-essential",
    "essential: cmake ninja-build pkg-config",
    "essential: systemd-sysv sysvinit-core",
    "essential: postfix exim4-daemon-light",
    "essential: no-such-package-anywhere",
    "essential: tini=0.0.1",
    "essential: libjpeg-dev libgd-dev",
    "essential+r: ffmpeg",
    "essential+r: libreoffice-core-nogui",
    "essential: ruby rails",
    "essential+r: golang-go",
    "essential: texlive-latex-base",
    "essential: ansible",
    "essential+r: network-manager",
    "essential: perl libwww-perl",
    "essential: x11-common xvfb",
    "essential+r: emacs-nox",
    "essential: busybox e2fsprogs-",
    "essential: python3-numpy python3-scipy python3-matplotlib",
    "essential: openjdk-17-jre-headless tini libsnappy1v5 libzstd1 krb5-user procps",
    "minbase+r: apt-utils aptitude",
    "essential: dash-",
    "essential: gdm3 lightdm",
    "essential+r: xserver-xorg-video-all xorg",
];

/// bookworm, and of bullseye only what is named: a JDK that bookworm does not have any more.
const LIMITED: &[&str] = &[
    "essential: openjdk-11-jre-headless",
    "essential+r: openjdk-11-jre-headless tini",
    "minbase: openjdk-11-jre-headless libjpeg62-turbo",
    "essential: python2.7",
    "essential: libffi7",
    "essential: procps openjdk-11-jre-headless libffi7",
];

/// bookworm before trixie, trixie to be asked for; and both alike.
const PINNED: &[&str] = &[
    "minbase:",
    "essential: curl git",
    "essential: curl/trixie",
    "essential+r: git/trixie nginx",
    "essential: openjdk-21-jre-headless",
    "essential: python3.13-minimal",
    "essential: tini/trixie ca-certificates",
    "essential: vim-tiny less-",
    "essential: postgresql-17",
    "essential: nodejs/trixie",
    "essential+r: openssh-client/trixie",
];

/// Suites, and what is asked of them.
struct Set {
    name: &'static str,
    suites: Vec<Suite>,
    questions: Vec<&'static str>,
}

fn sets() -> Vec<Set> {
    let suite = |codename, priority| Suite { codename, priority, only: None };
    let plain = |names: [&'static str; 3]| names.map(|codename| suite(codename, 500)).to_vec();
    let bookworm = plain(["bookworm", "bookworm-updates", "bookworm-security"]);
    let mut limited = bookworm.clone();
    for codename in ["bullseye", "bullseye-security"] {
        limited.push(Suite { codename, priority: 500, only: Some(&["openjdk-11-jre-headless", "libffi7"]) });
    }
    let mut pinned = bookworm.clone();
    pinned.push(suite("trixie", 100));
    let everywhere = || EVERYWHERE.to_vec();
    vec![
        Set { name: "bookworm", suites: bookworm, questions: everywhere() },
        Set { name: "trixie", suites: plain(["trixie", "trixie-updates", "trixie-security"]), questions: everywhere() },
        Set {
            name: "bullseye",
            suites: plain(["bullseye", "bullseye-updates", "bullseye-security"]),
            questions: everywhere(),
        },
        Set { name: "limited", suites: limited, questions: LIMITED.to_vec() },
        Set { name: "pinned", suites: pinned, questions: PINNED.to_vec() },
    ]
}

/// The universe of each set. Every index is read once.
fn universes(indexes: &Indexes, arch: Arch, sets: &[Set]) -> Vec<Universe> {
    let mut builders: Vec<UniverseBuilder> = sets.iter().map(|_| UniverseBuilder::new(arch)).collect();
    let mut archives: BTreeMap<&str, Vec<(usize, usize)>> = BTreeMap::new();
    for (at, set) in sets.iter().enumerate() {
        for Suite { codename, priority, only } in &set.suites {
            let release = std::fs::read_to_string(indexes.list(codename, "InRelease")).unwrap();
            let field = |name: &str| release.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().into();
            let only = only.map(|names| names.iter().map(|name| name.parse().unwrap()).collect());
            let archive = Archive { suite: field("Suite:"), codename: field("Codename:"), priority: *priority, only };
            archives.entry(codename).or_default().push((at, builders[at].archive(archive).unwrap()));
        }
    }
    for (codename, takers) in archives {
        let index = BufReader::new(File::open(indexes.packages(codename)).unwrap());
        for stanza in StanzaReader::new(index) {
            let stanza = stanza.unwrap();
            let package = Package::from_stanza(&stanza).unwrap();
            let file = PoolFile::from_stanza(&stanza).unwrap();
            for (set, archive) in &takers {
                builders[*set].push(*archive, &package, &file).unwrap();
            }
        }
    }
    builders.into_iter().map(|builder| builder.finish().unwrap()).collect()
}

/// Our answer, in the form of apt's.
fn ours(universe: &Universe, question: &Question) -> Result<BTreeSet<String>, String> {
    let variant = match question.variant {
        "essential" => Variant::Essential,
        "minbase" => Variant::Minbase,
        other => {
            assert_eq!(other, "none");
            Variant::None
        }
    };
    let install = question.packages.iter().map(|text| text.parse().unwrap()).collect();
    let request = Request { variant, install, recommends: question.recommends };
    let resolution = resolve(universe, &request).map_err(|refusal| refusal.to_string())?;
    let line = |chosen: &Chosen| format!("{} {} {}", chosen.name, chosen.version, chosen.architecture);
    Ok(resolution.packages.iter().map(line).collect())
}

/// How two answers differ.
fn difference(theirs: Plan, ours: Result<BTreeSet<String>, String>) -> Option<String> {
    match (theirs, ours) {
        (Err(_), Err(_)) => None,
        (Ok(theirs), Ok(ours)) if theirs == ours => None,
        (Ok(theirs), Ok(ours)) => {
            let lacking: Vec<_> = theirs.difference(&ours).collect();
            let beyond: Vec<_> = ours.difference(&theirs).collect();
            Some(format!("lacking {lacking:?}, beyond {beyond:?}"))
        }
        (Ok(_), Err(refusal)) => Some(format!("apt finds a solution, we say {refusal}")),
        (Err(words), Ok(_)) => Some(format!("we find a solution, apt says {words}")),
    }
}

/// Asks apt and us everything, for one architecture. Returns what is not the same, set by set.
fn compare(arch: Arch, sets: &[Set]) -> Vec<Vec<String>> {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("resolve");
    let indexes = Indexes::fetch(&cache, arch.name());
    let universes = universes(&indexes, arch, sets);
    let differences = |(set, universe): (&Set, &Universe)| {
        let apt = Apt::new(&indexes, set.name, &set.suites);
        let questions = set.questions.iter().filter_map(|text| {
            let question = question(text);
            let theirs = apt.plan(question.variant, &question.packages, question.recommends);
            let difference = difference(theirs, ours(universe, &question))?;
            Some(format!("{} {arch} `{text}`: {difference}", set.name))
        });
        questions.collect()
    };
    sets.iter().zip(&universes).map(differences).collect()
}

#[test]
fn the_answer_is_that_of_apt() {
    let sets = sets();
    let both = std::thread::scope(|scope| {
        let workers = Arch::ALL.map(|arch| {
            scope.spawn({
                let sets = &sets;
                move || compare(arch, sets)
            })
        });
        workers.map(|worker| worker.join().unwrap())
    });
    let (mut asked, mut wrong) = (0, Vec::new());
    for (at, set) in sets.iter().enumerate() {
        let here: Vec<&String> = both.iter().flat_map(|differences| &differences[at]).collect();
        let total = set.questions.len() * both.len();
        println!("{}: {} of {total} agreed", set.name, total - here.len());
        asked += total;
        wrong.extend(here);
    }
    println!("{} of {asked} agreed", asked - wrong.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Universes that no archive would have: everything conflicts, half is missing, so that the ways out of trouble are compared, too.
#[test]
fn trouble_ends_as_with_apt() {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("resolve/flat");
    let mut runner = TestRunner::deterministic();
    let (mut asked, mut solved, mut wrong) = (0, 0, Vec::new());
    for _ in 0..150 {
        let lines = any_universe().new_tree(&mut runner).unwrap().current();
        let apt = Flat::new(&root, &lines.iter().map(|line| stanza(line) + "\n").collect::<String>());
        let universe = universe_of(&lines.join("\n")).unwrap();
        let real = |name: &str| lines.iter().any(|line| line.split(' ').next() == Some(name));
        let mut requests = vec![vec!["n0"], vec!["n1", "n2"], vec!["n9"], vec!["n6", "n7", "n8"]];
        if real("n4") {
            requests.push(vec!["n3", "n4-", "n5"]); // of a virtual one, apt says that it cannot be removed, and goes on
        }
        for packages in requests {
            for recommends in [false, true] {
                let theirs = apt.plan(&packages, recommends);
                let question = Question { variant: "none", packages: packages.clone(), recommends };
                asked += 1;
                solved += usize::from(theirs.is_ok());
                if let Some(difference) = difference(theirs, ours(&universe, &question)) {
                    wrong.push(format!(
                        "{packages:?} (recommends: {recommends}) of\n{}\n{difference}",
                        lines.join("\n")
                    ));
                }
            }
        }
    }
    println!("{} of {asked} agreed; {solved} had a solution", asked - wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
