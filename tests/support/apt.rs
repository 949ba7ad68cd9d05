//! apt itself, as the oracle: with a private configuration and state, for any architecture, without root.
//!
//! Its mirrors are those of this machine's own apt. Indexes are fetched once an architecture and shared by all questions.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use mokapot::base::Digest;

/// All suites that questions are asked about.
const SUITES: [&str; 9] = [
    "bookworm",
    "bookworm-updates",
    "bookworm-security",
    "trixie",
    "trixie-updates",
    "trixie-security",
    "bullseye",
    "bullseye-updates",
    "bullseye-security",
];

/// One suite, and what is taken from it.
#[derive(Clone)]
pub struct Suite {
    pub codename: &'static str,
    pub priority: i16,
    pub only: Option<&'static [&'static str]>,
}

/// The fetched indexes of one architecture.
pub struct Indexes {
    arch: &'static str,
    root: PathBuf,
}

/// apt with the suites of one set of questions.
pub struct Apt<'a> {
    indexes: &'a Indexes,
    root: PathBuf,
    first: &'static str,
    /// What all its questions have in common.
    question: String,
}

/// apt with one archive of stanzas made in a test.
pub struct Flat(Indexes);

impl Flat {
    /// Takes the stanzas of an index, in the order that Debian's have.
    pub fn new(root: &Path, stanzas: &str) -> Self {
        let this = Indexes { arch: "amd64", root: root.to_owned() };
        prepare(root);
        fs::create_dir_all(root.join("archive")).unwrap();
        fs::write(root.join("archive/Packages"), stanzas).unwrap();
        let source = format!("deb [trusted=yes] file:{} ./\n", root.join("archive").display());
        fs::write(root.join("etc/sources.list"), source).unwrap();
        let config = configuration("amd64", root, root, &root.join("status"), false);
        let out = apt_get(root, "update", &config, &["update", "-qq"]);
        assert!(out.status.success(), "apt-get update: {}", String::from_utf8_lossy(&out.stderr));
        Self(this)
    }

    /// Asks for packages on an empty system.
    pub fn plan(&self, packages: &[&str], recommends: bool) -> Plan {
        let apt = Apt { indexes: &self.0, root: self.0.root.clone(), first: "", question: String::new() };
        let plan = apt.simulate("ask", &self.0.root.join("status"), packages, recommends)?;
        Ok(plan.lines().map(str::to_owned).collect())
    }
}

/// What apt would install: `name version architecture`; or that there is no solution, and apt's words.
pub type Plan = Result<BTreeSet<String>, String>;

impl Indexes {
    /// Fetches the indexes below `cache`, if they are not there yet.
    pub fn fetch(cache: &Path, arch: &'static str) -> Self {
        let root = cache.join(format!("indexes-{arch}"));
        let this = Self { arch, root };
        let done = this.root.join("done");
        if done.exists() {
            return this;
        }
        prepare(&this.root);
        fs::create_dir_all(this.root.join("answers")).unwrap();
        fs::write(this.root.join("etc/sources.list"), sources(&SUITES)).unwrap();
        let config = configuration(arch, &this.root, &this.root, &this.root.join("status"), false);
        let out = apt_get(&this.root, "update", &config, &["update", "-qq"]);
        assert!(out.status.success(), "apt-get update: {}", String::from_utf8_lossy(&out.stderr));
        fs::write(done, "").unwrap();
        this
    }

    /// A suite's file of this name in apt's lists.
    pub fn list(&self, codename: &str, name: &str) -> PathBuf {
        let wanted = format!("_dists_{codename}_{name}");
        let lists = fs::read_dir(self.root.join("state/lists")).unwrap();
        let mut found =
            lists.map(|entry| entry.unwrap().path()).filter(|path| path.to_string_lossy().ends_with(&wanted));
        found.next().unwrap_or_else(|| panic!("apt has no {name} of {codename}"))
    }

    /// A suite's index of packages.
    pub fn packages(&self, codename: &str) -> PathBuf {
        self.list(codename, &format!("main_binary-{}_Packages", self.arch))
    }
}

impl<'a> Apt<'a> {
    /// apt with these suites, the first being the one that variants are taken from.
    pub fn new(indexes: &'a Indexes, name: &str, suites: &[Suite]) -> Self {
        let root = indexes.root.join(name);
        prepare(&root);
        let codenames: Vec<&str> = suites.iter().map(|suite| suite.codename).collect();
        fs::write(root.join("etc/sources.list"), sources(&codenames)).unwrap();
        let mut preferences = String::new();
        let mut pin = |packages: &str, codename: &str, priority: i16| {
            writeln!(preferences, "Package: {packages}\nPin: release n={codename}\nPin-Priority: {priority}\n")
                .unwrap();
        };
        for suite in suites {
            match suite.only {
                None => pin("*", suite.codename, suite.priority),
                Some(only) => {
                    pin("*", suite.codename, -1);
                    only.iter().for_each(|package| pin(package, suite.codename, suite.priority));
                }
            }
        }
        fs::write(root.join("etc/preferences"), &preferences).unwrap();
        let this = Self { indexes, root, first: suites[0].codename, question: preferences };
        if !this.root.join("essential.plan").exists() {
            this.install_essential();
        }
        this
    }

    /// Downloads packages, and gives their files in the order of their names. They are kept as long as the indexes are.
    pub fn download(&self, packages: &[&str]) -> Vec<PathBuf> {
        let config = configuration(self.indexes.arch, &self.root, &self.indexes.root, &self.root.join("status"), false);
        packages
            .iter()
            .map(|package| {
                let folder = self.root.join("debs").join(package);
                let files = |folder: &Path| -> Vec<PathBuf> {
                    let entries =
                        fs::read_dir(folder).map(|entries| entries.map(|entry| entry.unwrap().path()).collect());
                    let all: Vec<PathBuf> = entries.unwrap_or_default();
                    all.into_iter().filter(|path| path.extension().is_some_and(|name| name == "deb")).collect()
                };
                if files(&folder).is_empty() {
                    fs::create_dir_all(&folder).unwrap();
                    let conf = folder.join("apt.conf");
                    fs::write(&conf, &config).unwrap();
                    let mut apt = Command::new("apt-get");
                    apt.args(["-q", "download", package]).env("APT_CONFIG", conf).current_dir(&folder);
                    let out = apt.output().unwrap();
                    assert!(out.status.success(), "{package}: {}", String::from_utf8_lossy(&out.stderr));
                }
                files(&folder).remove(0)
            })
            .collect()
    }

    /// Asks for `packages` on top of a variant. The answer is kept as long as the indexes are.
    pub fn plan(&self, variant: &str, packages: &[&str], recommends: bool) -> Plan {
        let question = format!("{variant} {recommends} {}", packages.join(" "));
        let digest = Digest::of((question + &self.question).as_bytes()).hex();
        let kept = self.indexes.root.join("answers").join(&digest);
        if let Ok(answer) = fs::read_to_string(&kept) {
            return match answer.strip_prefix("E: ") {
                Some(words) => Err(words.to_owned()),
                None => Ok(answer.lines().map(str::to_owned).collect()),
            };
        }
        let plan = self.ask(variant, packages, recommends, &digest);
        let answer = match &plan {
            Ok(lines) => lines.iter().map(|line| format!("{line}\n")).collect(),
            Err(words) => format!("E: {words}"),
        };
        fs::write(kept, answer).unwrap();
        plan
    }

    /// The base, and what apt does with `packages` on top of it: lines `Inst NAME VERSION ARCHITECTURE` and `Conf NAME`, in
    /// order up to the last `Inst`. (After that apt shows a guess; dpkg decides.) `None` where there is no solution. The
    /// answer is kept as long as the indexes are.
    pub fn steps(&self, packages: &[&str], recommends: bool) -> Option<(Vec<String>, Vec<String>)> {
        let question = format!("steps {recommends} {}", packages.join(" "));
        let digest = Digest::of((question + &self.question).as_bytes()).hex();
        let kept = self.indexes.root.join("answers").join(&digest);
        let text = fs::read_to_string(&kept).unwrap_or_else(|_| {
            let status = self.root.join("essential.status");
            let config = configuration(self.indexes.arch, &self.root, &self.indexes.root, &status, recommends);
            let mut arguments = vec!["install", "--simulate"];
            arguments.extend(packages);
            let out = apt_get(&self.root, &digest, &config, &arguments);
            let text = String::from_utf8(out.stdout).unwrap();
            let text = if out.status.success() { text } else { "E".to_owned() };
            fs::write(&kept, &text).unwrap();
            text
        });
        if text == "E" || text.lines().any(|line| line.starts_with("Remv ")) {
            return None;
        }
        let mut steps = Vec::new();
        for line in text.lines() {
            if let Some(line) = line.strip_prefix("Inst ") {
                steps.push(format!("Inst {}", installed(line)));
            } else if let Some(line) = line.strip_prefix("Conf ") {
                steps.push(format!("Conf {}", line.split(' ').next().unwrap()));
            }
        }
        let end = steps.iter().rposition(|step| step.starts_with("Inst ")).map_or(0, |last| last + 1);
        steps.truncate(end);
        let base = fs::read_to_string(self.root.join("essential.plan")).unwrap();
        Some((base.lines().map(str::to_owned).collect(), steps))
    }

    fn ask(&self, variant: &str, packages: &[&str], recommends: bool, run: &str) -> Plan {
        let mut status = self.root.join("essential.status");
        let mut plan = fs::read_to_string(self.root.join("essential.plan")).unwrap();
        if variant == "none" {
            status = self.root.join("status");
            plan.clear();
        }
        let required = self.narrowed("?and(?priority(required),?not(?essential))");
        let mut request = packages.to_vec();
        if variant == "minbase" {
            request.push(&required);
        }
        if !request.is_empty() {
            plan.push_str(&self.simulate(run, &status, &request, recommends)?);
        }
        Ok(plan.lines().map(str::to_owned).collect())
    }

    fn narrowed(&self, pattern: &str) -> String {
        let (first, arch) = (self.first, self.indexes.arch);
        format!("?narrow(?or(?archive(^{first}$),?codename(^{first}$)),?architecture({arch}),{pattern})")
    }

    /// Lets the essential packages count as installed, as they are when mmdebstrap asks for the others.
    fn install_essential(&self) {
        let empty = self.root.join("status");
        let plan = self.simulate("essential", &empty, &[&self.narrowed("?essential")], false).unwrap();
        let versions: Vec<String> =
            plan.lines().map(|line| line.splitn(3, ' ').take(2).collect::<Vec<_>>().join("=")).collect();
        let config = configuration(self.indexes.arch, &self.root, &self.indexes.root, &empty, false);
        let mut arguments = vec!["show"];
        arguments.extend(versions.iter().map(String::as_str));
        let out = apt("apt-cache", &self.root, "essential", &config, &arguments);
        assert!(out.status.success(), "apt-cache show: {}", String::from_utf8_lossy(&out.stderr));
        let shown = String::from_utf8(out.stdout).unwrap();
        let status: String = shown.lines().fold(String::new(), |mut text, line| {
            text.push_str(line);
            text.push('\n');
            if line.starts_with("Package: ") {
                text.push_str("Status: install ok installed\n");
            }
            text
        });
        fs::write(self.root.join("essential.status"), status).unwrap();
        fs::write(self.root.join("essential.plan"), plan).unwrap();
    }

    fn simulate(&self, run: &str, status: &Path, request: &[&str], recommends: bool) -> Result<String, String> {
        let config = configuration(self.indexes.arch, &self.root, &self.indexes.root, status, recommends);
        let mut arguments = vec!["install", "--simulate"];
        arguments.extend(request);
        let out = apt_get(&self.root, run, &config, &arguments);
        let text = String::from_utf8(out.stdout).unwrap();
        if !out.status.success() {
            return Err(text + &String::from_utf8_lossy(&out.stderr));
        }
        if text.lines().any(|line| line.starts_with("Remv ")) {
            return Err(text);
        }
        Ok(text.lines().filter_map(|line| line.strip_prefix("Inst ")).map(|line| installed(line) + "\n").collect())
    }
}

/// `NAME VERSION ARCHITECTURE` of apt's line `Inst NAME [OLD] (VERSION ORIGIN, … [ARCHITECTURE])`, without its first word.
fn installed(line: &str) -> String {
    let (name, rest) = line.split_once(' ').unwrap();
    let inside = rest.split_once('(').unwrap().1;
    let version = inside.split(' ').next().unwrap();
    let arch = inside.split_once('[').unwrap().1.split(']').next().unwrap();
    format!("{name} {version} {arch}")
}

fn prepare(root: &Path) {
    for folder in ["etc/apt.conf.d", "etc/preferences.d", "state/lists/partial", "cache/archives/partial"] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    fs::write(root.join("status"), "").unwrap();
}

/// The machine's own mirror of Debian, or of its security archive.
pub fn mirror(security: bool) -> String {
    let out = Command::new("apt-get")
        .args(["indextargets", "--format", "$(RELEASE) $(REPO_URI) $(LABEL)", "Created-By: Packages"])
        .output()
        .unwrap();
    let targets = String::from_utf8(out.stdout).unwrap();
    let mut lines = targets.lines().map(|line| line.splitn(3, ' ').collect::<Vec<_>>());
    let found = lines.find(|line| line[2].starts_with("Debian") && line[0].ends_with("-security") == security);
    found.unwrap_or_else(|| panic!("this machine's apt knows no Debian archive (security: {security})"))[1].to_owned()
}

/// A `sources.list` of the machine's own mirrors.
fn sources(codenames: &[&str]) -> String {
    let mirrors = [mirror(false), mirror(true)];
    codenames.iter().fold(String::new(), |mut text, codename| {
        let uri = &mirrors[usize::from(codename.ends_with("-security"))];
        let key = "/usr/share/keyrings/debian-archive-keyring.gpg";
        writeln!(text, "deb [signed-by={key}] {uri} {codename} main").unwrap();
        text
    })
}

fn configuration(arch: &str, root: &Path, indexes: &Path, status: &Path, recommends: bool) -> String {
    let (root, lists, status) = (root.display(), indexes.join("state"), status.display());
    format!(
        "#clear APT;\nDir \"{root}\";\nDir::Etc \"{root}/etc\";\nDir::Etc::Trusted \"/dev/null\";\n\
         Dir::Etc::TrustedParts \"/usr/share/keyrings\";\nDir::State \"{}\";\nDir::State::status \"{status}\";\n\
         Dir::State::extended_states \"{root}/extended_states\";\nDir::Cache \"{root}/cache\";\n\
         \nDir::Log \"{root}\";\nDir::Bin::dpkg \"/bin/true\";\n\
         pkgCacheGen::ForceEssential \",\";\nAPT::Architecture \"{arch}\";\nAPT::Architectures \"{arch}\";\n\
         APT::Install-Recommends \"{recommends}\";\nAPT::Install-Suggests \"false\";\nAPT::Sandbox::User \"root\";\n\
         APT::Get::AllowUnauthenticated \"false\";\nAcquire::Languages \"none\";\nAcquire::Check-Valid-Until \"false\";\n",
        lists.display()
    )
}

fn apt_get(root: &Path, run: &str, config: &str, arguments: &[&str]) -> Output {
    apt("apt-get", root, run, config, arguments)
}

fn apt(program: &str, root: &Path, run: &str, config: &str, arguments: &[&str]) -> Output {
    let file = root.join(format!("{run}.conf"));
    fs::write(&file, config).unwrap();
    let mut command = Command::new(program);
    command.args(arguments).env("APT_CONFIG", &file).env("LC_ALL", "C.UTF-8").output().unwrap()
}
