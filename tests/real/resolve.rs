//! The resolver gives the list of apt, for real archives.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use mokapot::base::Arch;
use mokapot::domain::resolve::{Archive, Request, Universe, UniverseBuilder, Variant, resolve};
use mokapot::formats::deb::{Package, PoolFile, StanzaReader};

use crate::support::apt::{Apt, Indexes, Suite};

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

fn suite(codename: &'static str, priority: i16, only: Option<&'static [&'static str]>) -> Suite {
    Suite { codename, priority, only }
}

fn plain(names: [&'static str; 3]) -> Vec<Suite> {
    names.into_iter().map(|codename| suite(codename, 500, None)).collect()
}

fn universe(indexes: &Indexes, arch: Arch, suites: &[Suite]) -> Universe {
    let mut builder = UniverseBuilder::new(arch);
    for suite in suites {
        let release = std::fs::read_to_string(indexes.list(suite.codename, "InRelease")).unwrap();
        let field = |name: &str| release.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().into();
        let only = suite.only.map(|names| names.iter().map(|name| name.parse().unwrap()).collect());
        let archive = Archive { suite: field("Suite:"), codename: field("Codename:"), priority: suite.priority, only };
        let archive = builder.archive(archive).unwrap();
        let index = BufReader::new(File::open(indexes.packages(suite.codename)).unwrap());
        for stanza in StanzaReader::new(index) {
            let stanza = stanza.unwrap();
            let package = Package::from_stanza(&stanza).unwrap();
            builder.push(archive, &package, &PoolFile::from_stanza(&stanza).unwrap()).unwrap();
        }
    }
    builder.finish().unwrap()
}

/// Our answer, in the form of apt's.
fn ours(universe: &Universe, question: &Question) -> Result<BTreeSet<String>, String> {
    let variant = match question.variant {
        "essential" => Variant::Essential,
        "minbase" => Variant::Minbase,
        "none" => Variant::None,
        other => panic!("{other}"),
    };
    let install = question.packages.iter().map(|text| text.parse().unwrap()).collect();
    let request = Request { variant, install, recommends: question.recommends };
    let resolution = resolve(universe, &request).map_err(|refusal| refusal.to_string())?;
    let line = |chosen: &mokapot::domain::resolve::Chosen| {
        format!("{} {} {}", chosen.name, chosen.version, chosen.architecture)
    };
    Ok(resolution.packages.iter().map(line).collect())
}

/// Asks both, and returns how many agreed of how many, and where they did not.
fn compare(arch: Arch, name: &str, suites: &[Suite], questions: &[&'static str]) -> (usize, Vec<String>) {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("resolve");
    let indexes = Indexes::fetch(&cache, arch.name());
    let apt = Apt::new(&indexes, name, suites);
    let universe = universe(&indexes, arch, suites);
    let mut wrong = Vec::new();
    for (run, text) in questions.iter().enumerate() {
        let question = question(text);
        let theirs = apt.plan(question.variant, &question.packages, question.recommends, run);
        let ours = ours(&universe, &question);
        match (theirs, ours) {
            (Ok(theirs), Ok(ours)) if theirs == ours => {}
            (Err(_), Err(_)) => {}
            (Ok(theirs), Ok(ours)) => {
                let lacking: Vec<_> = theirs.difference(&ours).collect();
                let beyond: Vec<_> = ours.difference(&theirs).collect();
                wrong.push(format!("{name} {arch} `{text}`: lacking {lacking:?}, beyond {beyond:?}"));
            }
            (Ok(_), Err(refusal)) => {
                wrong.push(format!("{name} {arch} `{text}`: apt finds a solution, we say {refusal}"))
            }
            (Err(words), Ok(_)) => wrong.push(format!("{name} {arch} `{text}`: we find a solution, apt says {words}")),
        }
    }
    (questions.len(), wrong)
}

fn agree(name: &str, suites: &[Suite], questions: &[&'static str]) {
    let answers: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> =
            Arch::ALL.map(|arch| scope.spawn(move || compare(arch, name, suites, questions))).into_iter().collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    let asked: usize = answers.iter().map(|(asked, _)| asked).sum();
    let wrong: Vec<String> = answers.into_iter().flat_map(|(_, wrong)| wrong).collect();
    println!("{name}: {} of {asked} agreed", asked - wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn bookworm() {
    agree("bookworm", &plain(["bookworm", "bookworm-updates", "bookworm-security"]), EVERYWHERE);
}

#[test]
fn trixie() {
    agree("trixie", &plain(["trixie", "trixie-updates", "trixie-security"]), EVERYWHERE);
}

#[test]
fn bullseye() {
    agree("bullseye", &plain(["bullseye", "bullseye-updates", "bullseye-security"]), EVERYWHERE);
}
