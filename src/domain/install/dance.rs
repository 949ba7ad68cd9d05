//! Installing packages as dpkg does: scripts, files, conffiles, triggers and the database, step by step over a tree.
//!
//! What is next is [`Dpkg`]'s to say; here it is done. For each package, on a fresh system:
//!
//! | step | what happens |
//! |---|---|
//! | unpack | `preinst install`, run as `/var/lib/dpkg/tmp.ci/preinst`; its files, with the diversions and overrides of that moment; conffiles wait as `PATH.dpkg-new` |
//! | configure | conffiles take their places; `postinst configure ""` |
//! | triggered | `postinst triggered "NAME …"` |
//!
//! The base's files are all there before the first script runs, because mmdebstrap extracts them first; so a conffile of
//! the base never waits. Before each script, `status` says what dpkg's would.
//!
//! Sources: Debian Policy chapter 6, dpkg(1), deb-triggers(5).

mod database_files;
mod policy;
mod state;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use md5::{Digest as _, Md5};

use self::database_files::{in_database, put};
use self::state::{STATUS, UNINCORP};
use super::conditions::Condition;
use super::dance_error::DanceError;
use super::database;
use super::dpkg_order::{Dpkg, Step, Stuck};
use super::error::InstallError;
use super::facts::{Conffile, Facts};
use super::files::RecipeFile;
use super::plan::plan;
use super::unpack::{Part, Shipment, Unpacked, unpack_one};
use super::{files, info, maintscript};
use crate::domain::rootfs::{Diversions, Kind, Meta, Owner, TreeError};
use crate::domain::script::{Answer, Process, Site, Stop, StopKind, System, preseed};
use crate::formats::deb::{Package, parse_triggers};

/// Runs a maintainer script: its process (arguments, environment; the streams lead nowhere), its name as the ledger has it
/// (`bash/postinst`), and its bytes. Returns its status. A budget for it alone is the runner's to set.
pub type RunScript<'r> = &'r mut dyn FnMut(&mut System<'_>, Process, &str, Arc<[u8]>) -> Result<u8, Stop>;

/// What there is, one of it, when debconf can take answers.
const DEBCONF: [&[u8]; 2] = [b"usr/share/debconf/debconf.conf", b"etc/debconf.conf"];
/// Where dpkg unpacks the control archive of the package that it is at.
const CONTROL: &[u8] = b"var/lib/dpkg/tmp.ci";
/// The end of a conffile's name until its package is configured.
const NEW: &[u8] = b".dpkg-new";
/// The end of the name of what a script put in a conffile's place, while the package is unpacked.
const KEPT: &[u8] = b".dpkg-kept";

/// The packages of one image on their way into a tree.
pub struct Dance<'a> {
    shipments: &'a [Shipment<'a>],
    packages: &'a [&'a Package],
    base: &'a BTreeSet<usize>,
    dpkg: Dpkg<'a>,
    environment: &'a BTreeMap<Vec<u8>, Vec<u8>>,
    /// The packages in the order of `status`.
    sorted: Vec<usize>,
    paragraphs: Vec<Paragraph>,
    /// The packages unpacked so far, in order.
    order: Vec<usize>,
    unpacked: Unpacked,
    /// The recipe's files that are not there yet.
    files: &'a [RecipeFile],
    /// The recipe's answers that debconf does not have yet.
    answers: &'a [Answer],
}

/// A package's part of `status`, and what it was made for.
#[derive(Default)]
struct Paragraph {
    text: String,
    made_for: Option<(Condition, Vec<String>, Vec<usize>)>,
}

impl<'a> Dance<'a> {
    /// The dance of `shipments`, whose packages are `packages` in the same order (with the `Priority` of the index, which
    /// apt goes by), of which `base` are the base's (see [`super::plan::base`]).
    /// `environment` is what every script gets beside dpkg's own variables.
    #[must_use]
    pub fn new(
        shipments: &'a [Shipment<'a>],
        packages: &'a [&'a Package],
        base: &'a BTreeSet<usize>,
        environment: &'a BTreeMap<Vec<u8>, Vec<u8>>,
    ) -> Self {
        let mut sorted: Vec<usize> = (0..packages.len()).collect();
        sorted.sort_by_key(|place| packages.get(*place).map(|package| (&package.name, package.architecture)));
        let has_postinst = |shipment: &Shipment<'_>| shipment.facts.scripts.iter().any(|s| s.kind == "postinst");
        Self {
            shipments,
            packages,
            base,
            dpkg: Dpkg::new(packages, shipments.iter().map(has_postinst).collect(), plan(packages, base)),
            environment,
            sorted,
            paragraphs: packages.iter().map(|_| Paragraph::default()).collect(),
            order: Vec::new(),
            unpacked: Unpacked::default(),
            files: &[],
            answers: &[],
        }
    }

    /// Gives debconf the recipe's answers as soon as it is unpacked, before any package is configured that comes after it.
    #[must_use]
    pub const fn with_answers(mut self, answers: &'a [Answer]) -> Self {
        self.answers = answers;
        self
    }

    /// Gives the recipe's files to the packages that come after the base, as an administrator's: they are there before those
    /// packages' scripts run, which can take them up (a certificate in `/usr/local/share/ca-certificates`) or leave them
    /// alone. What a package ships itself is not among them.
    #[must_use]
    pub const fn with_files(mut self, files: &'a [RecipeFile]) -> Self {
        self.files = files;
        self
    }

    /// Installs all packages into the system's tree, which is empty but for what the recipe may need before. At the end
    /// the database is complete. Returns what packages lost to others.
    ///
    /// # Errors
    /// When packages do not go together, or a script fails or cannot be interpreted.
    pub fn perform(mut self, system: &mut System<'_>, run: RunScript<'_>) -> Result<Unpacked, DanceError> {
        self.lay_out(system)?;
        policy::put(system).map_err(in_database)?;
        self.answer(system)?;
        loop {
            match self.dpkg.next() {
                Ok(Some(Step::Unpack(package))) => {
                    if !self.base.contains(&package) {
                        self.hand_over_files(system)?;
                    }
                    self.unpack(system, package, &mut *run)?;
                    self.answer(system)?;
                }
                Ok(Some(Step::Configure(package))) => self.configure(system, package, &mut *run)?,
                Ok(Some(Step::Triggered(package, names))) => {
                    self.postinst(system, package, &["triggered", &names], &mut *run)?;
                }
                Ok(None) => break,
                Err(stuck) => {
                    let (package, reason) = match stuck {
                        Stuck::Dependencies(package) => (package, "its dependencies cannot be configured before it"),
                        Stuck::Triggers(package) => (package, "its triggers and others set each other off without end"),
                    };
                    return Err(DanceError::Stuck { package: self.name(package), reason });
                }
            }
        }
        if !self.answers.is_empty() {
            return Err(DanceError::NoDebconf);
        }
        policy::take_away(system).map_err(in_database)?;
        self.write_status(system)?;
        Ok(self.unpacked)
    }

    /// Puts the answers into debconf's database, once there is a debconf.
    fn answer(&mut self, system: &mut System<'_>) -> Result<(), DanceError> {
        if self.answers.is_empty() || !DEBCONF.iter().any(|path| system.exists(path)) {
            return Ok(());
        }
        let answers = std::mem::take(&mut self.answers);
        preseed(system, self.environment, answers).map_err(|stop| DanceError::Stopped {
            package: "debconf".into(),
            script: "config",
            stop,
        })
    }

    /// The empty database, and the files of the base.
    fn lay_out(&mut self, system: &mut System<'_>) -> Result<(), DanceError> {
        for package in self.base {
            let none = Diversions::default();
            unpack_one(system.tree, self.shipments, *package, Part::Files, &none, &mut self.unpacked)?;
        }
        for folder in ["info", "triggers", "updates"] {
            let meta = Meta::root(0o755, system.epoch.seconds());
            let path = format!("var/lib/dpkg/{folder}");
            system.tree.insert(path.as_bytes(), Kind::Directory, meta, Owner::Generated, None).map_err(in_database)?;
        }
        put(system, b"var/lib/dpkg/info/format", b"1\n".to_vec())?;
        put(system, UNINCORP.as_bytes(), Vec::new())?;
        put(system, STATUS.as_bytes(), Vec::new())
    }

    /// Puts the recipe's files where no package has one.
    fn hand_over_files(&mut self, system: &mut System<'_>) -> Result<(), DanceError> {
        let files = std::mem::take(&mut self.files);
        if files.is_empty() {
            return Ok(());
        }
        let lists = self.shipments.iter().flat_map(|shipment| shipment.facts.list().split(|byte| *byte == b'\n'));
        let shipped: BTreeSet<Vec<u8>> = lists
            .filter_map(|line| line.strip_prefix(b"/"))
            .map(|path| system.tree.place_of(path).unwrap_or_else(|_| path.to_vec()))
            .collect();
        for file in files {
            let place = match system.tree.place_of(&file.path) {
                // Below a link to what a package has yet to bring: it is laid when all is there.
                Err(TreeError::Dangling { .. }) => continue,
                place => place.map_err(in_database)?,
            };
            if !shipped.contains(&place) {
                files::apply(system.tree, std::slice::from_ref(file)).map_err(in_database)?;
            }
        }
        Ok(())
    }

    fn unpack(&mut self, system: &mut System<'_>, package: usize, run: RunScript<'_>) -> Result<(), DanceError> {
        let Some(shipment) = self.shipments.get(package) else { return Ok(()) };
        let has = |kind| shipment.facts.scripts.iter().any(|script| script.kind == kind);
        let mut triggers = Vec::new();
        if has("preinst") || has("triggers") {
            self.control_files(system, package)?;
        }
        if has("triggers") {
            let bytes = self.read(system, package, "preinst", &[CONTROL, b"/triggers"].concat())?;
            let label = self.name(package);
            triggers = parse_triggers(&bytes).map_err(|source| InstallError::Deb { package: label, source })?;
        }
        self.dpkg.unpacking(package, triggers);
        if has("preinst") {
            self.script(system, package, "preinst", &[CONTROL, b"/preinst"].concat(), &["install"], run)?;
            self.incorporate(system)?;
        }
        if system.tree.lookup(CONTROL).is_ok_and(|node| node.is_some()) {
            system.tree.remove_all(CONTROL).map_err(in_database)?;
        }
        let diversions = database_files::diversions(system)?;
        let overrides = database_files::overrides(system)?;
        self.files(system, package, shipment, &diversions)?;
        overrides.apply(system.tree, shipment.facts.list()).map_err(in_database)?;
        for path in shipment.facts.list().split(|byte| *byte == b'\n').filter_map(|line| line.strip_prefix(b"/")) {
            let place = diversions.place(path, shipment.package.name.as_str());
            self.dpkg.file(package, &format!("/{}", String::from_utf8_lossy(place)));
        }
        self.dpkg.unpacked(package);
        self.order.push(package);
        if !shipment.facts.interests.is_empty() {
            let unpacked = self.order.iter().filter_map(|place| self.shipments.get(*place));
            let pairs: Vec<(&Package, &Facts)> = unpacked.map(|shipment| (shipment.package, shipment.facts)).collect();
            for (name, text) in database::triggers(&pairs).into_iter().filter(|(name, _)| name != "Unincorp") {
                put(system, format!("var/lib/dpkg/triggers/{name}").as_bytes(), text.into_bytes())?;
            }
        }
        Ok(())
    }

    /// A package's files. Its conffiles stand beside where they will be, and what is there already is left alone.
    fn files(
        &mut self,
        system: &mut System<'_>,
        package: usize,
        shipment: &Shipment<'_>,
        diversions: &Diversions,
    ) -> Result<(), DanceError> {
        if self.base.contains(&package) {
            return Ok(unpack_one(
                system.tree,
                self.shipments,
                package,
                Part::Database,
                diversions,
                &mut self.unpacked,
            )?);
        }
        let places: Vec<Vec<u8>> =
            waiting(shipment).map(|conffile| place(conffile, shipment.package, diversions)).collect();
        let is_there = |system: &System<'_>, path: &[u8]| system.tree.lookup(path).is_ok_and(|node| node.is_some());
        let present: Vec<&Vec<u8>> = places.iter().filter(|path| is_there(system, path)).collect();
        for path in &present {
            system.tree.rename(path, &[path, KEPT].concat()).map_err(in_database)?;
        }
        unpack_one(system.tree, self.shipments, package, Part::All, diversions, &mut self.unpacked)?;
        for path in &places {
            if !is_there(system, path) {
                continue;
            }
            system.tree.rename(path, &[path, NEW].concat()).map_err(in_database)?;
        }
        for path in present {
            system.tree.rename(&[path, KEPT].concat(), path).map_err(in_database)?;
        }
        Ok(())
    }

    fn configure(&mut self, system: &mut System<'_>, package: usize, run: RunScript<'_>) -> Result<(), DanceError> {
        self.dpkg.configuring(package);
        let Some(shipment) = self.shipments.get(package) else { return Ok(()) };
        if waiting(shipment).next().is_some() {
            let diversions = database_files::diversions(system)?;
            for conffile in waiting(shipment) {
                let path = place(conffile, shipment.package, &diversions);
                let new = [path.as_slice(), NEW].concat();
                if system.tree.lookup(&new).map_err(in_database)?.is_none() {
                    continue;
                }
                if system.exists(&path) {
                    let bytes = self.read(system, package, "conffile", &path)?;
                    if conffile.md5.as_deref() != Some(hex::encode(Md5::digest(&bytes)).as_str()) {
                        return Err(DanceError::Conffile { package: self.name(package), path: conffile.path.clone() });
                    }
                    system.tree.remove(&new).map_err(in_database)?;
                } else {
                    self.dpkg.conffile(package, &conffile.path);
                    system.tree.rename(&new, &path).map_err(in_database)?;
                }
            }
        }
        self.dpkg.half_configured(package);
        self.postinst(system, package, &["configure", ""], run)
    }

    fn postinst(
        &mut self,
        system: &mut System<'_>,
        package: usize,
        arguments: &[&str],
        run: RunScript<'_>,
    ) -> Result<(), DanceError> {
        let Some(shipment) = self.shipments.get(package) else { return Ok(()) };
        if shipment.facts.scripts.iter().any(|script| script.kind == "postinst") {
            let path = info::path(shipment.package, "postinst");
            self.script(system, package, "postinst", &path, arguments, run)?;
        }
        self.dpkg.configured(package);
        self.incorporate(system)
    }

    /// Runs a script, which must succeed.
    fn script(
        &mut self,
        system: &mut System<'_>,
        package: usize,
        kind: &'static str,
        path: &[u8],
        arguments: &[&str],
        run: RunScript<'_>,
    ) -> Result<(), DanceError> {
        self.write_status(system)?;
        let bytes = self.read(system, package, kind, path)?;
        let Some(shipped) = self.packages.get(package) else { return Ok(()) };
        let dpkg = self.packages.iter().find(|package| package.name.as_str() == "dpkg");
        let process = maintscript::process(shipped, dpkg.copied(), kind, path, arguments, self.environment);
        let label = format!("{}/{kind}", shipped.name);
        system.site = Site { script: label.clone(), ..Site::default() };
        match run(system, process, &label, bytes) {
            Ok(0) => Ok(()),
            Ok(status) => {
                let package = self.name(package);
                Err(DanceError::Failed { package, script: kind, arguments: arguments.join(" "), status })
            }
            Err(stop) => Err(DanceError::Stopped { package: self.name(package), script: kind, stop }),
        }
    }

    /// A file's bytes.
    fn read(
        &self,
        system: &mut System<'_>,
        package: usize,
        script: &'static str,
        path: &[u8],
    ) -> Result<Arc<[u8]>, DanceError> {
        let bytes = system.read(path);
        let failed = |stop| DanceError::Stopped { package: self.name(package), script, stop };
        system.sound().map_err(failed)?;
        let shown = || format!("/{}", String::from_utf8_lossy(path));
        bytes.map_err(|errno| failed(StopKind::Read { path: shown(), reason: errno.to_string() }.into()))
    }

    fn name(&self, package: usize) -> String {
        self.packages.get(package).map(|package| package.name.to_string()).unwrap_or_default()
    }
}

/// The conffiles that a package ships.
fn waiting<'s>(shipment: &Shipment<'s>) -> impl Iterator<Item = &'s Conffile> {
    shipment.facts.conffiles.iter().filter(|conffile| conffile.md5.is_some())
}

/// Where a conffile goes.
fn place(conffile: &Conffile, package: &Package, diversions: &Diversions) -> Vec<u8> {
    let path = conffile.path.as_bytes();
    diversions.place(path.strip_prefix(b"/").unwrap_or(path), package.name.as_str()).to_vec()
}
