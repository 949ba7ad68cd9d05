//! What the commands of one run have in common: the options of every command and the environment, turned into what `ops`
//! asks for.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::environment::Environment;
use super::output::Output;
use super::progress::Drawn;
use super::signals::Signals;
use super::{Global, Outcome};
use crate::base::redact::Secret;
use crate::base::{Epoch, Progress};
use crate::formats::oci::{ImageName, Selector};
use crate::io::http::{Client, Proxies, Settings as HttpSettings};
use crate::io::objects::{Objects, Settings as ObjectSettings};
use crate::io::registry::{self, Access, Images, Layout};
use crate::io::sources::credentials;
use crate::io::sources::mirrors::{Clients, Mirrors, Settings as MirrorSettings};
use crate::io::store::{Settings as StoreSettings, Store};
use crate::ops::fetch::Fetcher;
use crate::ops::project::Project;
use crate::ops::{Error, Inputs};

/// The default layout, below the project.
const LAYOUT: &str = "dist/oci";

/// Where packages of ours go by default, below the project.
const PACKAGES: &str = "dist/packages";

/// How long a push may take to give up its uploads after a signal.
const TO_END: Duration = Duration::from_secs(3);

/// One run of the program.
pub(super) struct Session<'a> {
    global: &'a Global,
    environment: &'a Environment,
    output: &'a Output,
    signals: &'a Signals,
    progress: Arc<Drawn>,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        global: &'a Global,
        environment: &'a Environment,
        output: &'a Output,
        signals: &'a Signals,
    ) -> Self {
        Self { global, environment, output, signals, progress: Arc::new(Drawn::new(global.quiet, environment)) }
    }

    /// The signals that ask this run to end.
    pub(super) const fn signals(&self) -> &Signals {
        self.signals
    }

    /// Where events go.
    pub(super) fn progress(&self) -> Arc<dyn Progress> {
        self.progress.clone()
    }

    /// Prints the result of a command; see [`Output::result`].
    pub(super) fn print(&self, text: impl Display, value: &impl Serialize) -> Result<(), Error> {
        self.output.result(text, value).map_err(Error::Stdout)
    }

    /// A variable of the environment that is set and not empty.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.environment.text(name)
    }

    /// The present.
    pub(super) fn now(&self) -> Epoch {
        epoch_now()
    }

    /// The project.
    pub(super) fn project(&self) -> Project {
        Project::new(&self.global.project)
    }

    /// The layout that commands use when none is named.
    pub(super) fn default_layout(&self) -> PathBuf {
        self.global.project.join(LAYOUT)
    }

    /// Where packages of ours go when nothing else is said.
    pub(super) fn default_packages(&self) -> PathBuf {
        self.global.project.join(PACKAGES)
    }

    /// Opens the store, which is made where there is none.
    pub(super) fn store(&self) -> Result<Store, Error> {
        let root = self.global.store.clone().unwrap_or_else(|| self.environment.cache_home().join("mokapot"));
        let settings = StoreSettings { root, scratch: std::env::temp_dir(), now: now(), progress: self.progress() };
        Ok(Store::open(settings)?)
    }

    /// Where aliases lead, on this machine.
    pub(super) fn mirrors(&self) -> Result<Mirrors, Error> {
        let mut arguments = BTreeMap::new();
        for argument in &self.global.mirrors {
            let hint = "write it as in `--mirror debian=https://mirror.example/debian`";
            let (alias, url) = argument
                .split_once('=')
                .ok_or_else(|| Error::usage(format!("--mirror {argument}: there is no `=`"), Some(hint.to_owned())))?;
            arguments.insert(alias.to_owned(), url.to_owned());
        }
        let own = self.environment.with_prefix("MOKAPOT_MIRROR_");
        let environment = own.into_iter().map(|(name, url)| (format!("MOKAPOT_MIRROR_{name}"), url)).collect();
        let user = self.environment.config_home().map(|home| home.join("mokapot/mirrors.toml"));
        let files = [Some(self.global.project.join("mirrors.toml")), user].into_iter().flatten().collect();
        let mut clients = Clients::usual(Path::new("/"), self.environment.home().as_deref());
        clients.pip_index_url = self.environment.text("PIP_INDEX_URL").map(str::to_owned);
        clients.goproxy = self.environment.text("GOPROXY").map(str::to_owned);
        let homes = ["MAVEN_HOME", "M2_HOME"].into_iter().filter_map(|name| self.environment.text(name));
        clients.maven_homes.splice(0..0, homes.map(PathBuf::from));
        Ok(Mirrors::discover(&MirrorSettings { arguments, environment, files, clients })?)
    }

    /// How to talk to anybody: by way of the proxies that the environment names.
    fn http_settings(&self) -> HttpSettings {
        let proxy = |lower: &str, upper: &str| {
            self.environment.text(lower).or_else(|| self.environment.text(upper)).map(Secret::new)
        };
        HttpSettings {
            proxies: Proxies {
                // The upper-case form of this one could be a header of a request to a CGI program.
                http: self.environment.text("http_proxy").map(Secret::new),
                https: proxy("https_proxy", "HTTPS_PROXY"),
                except: self
                    .environment
                    .text("no_proxy")
                    .or_else(|| self.environment.text("NO_PROXY"))
                    .map(str::to_owned),
            },
            ..HttpSettings::default()
        }
    }

    /// The HTTP client of archives and other sources.
    fn client(&self) -> Result<Client, Error> {
        let netrc = self.environment.text("NETRC").map(PathBuf::from);
        let netrc = netrc.or_else(|| self.environment.home().map(|home| home.join(".netrc")));
        let credentials = credentials::read(Some(Path::new("/etc/apt")), netrc.as_deref());
        let settings = HttpSettings { credentials, ..self.http_settings() };
        Ok(Client::new(settings)?)
    }

    /// Who reads and writes objects. What is signed has no other login, so it knows none of netrc.
    fn objects(&self) -> Result<Objects, Error> {
        let variables = self.environment.with_prefix("AWS_").into_iter();
        let environment = variables.map(|(name, value)| (format!("AWS_{name}"), value)).collect();
        let settings = ObjectSettings { environment, home: self.environment.home(), clock: Arc::new(now) };
        Ok(Objects::new(Client::new(self.http_settings())?, settings))
    }

    /// Runs `work` until it is done or a signal comes; see [`Signals::run`].
    pub(super) fn run<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        self.signals.run(Duration::ZERO, work)
    }

    /// As [`Session::run`], for work that listens to [`Session::signals`] itself and then needs some time to end.
    pub(super) fn run_to_its_end<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        self.signals.run(TO_END, work)
    }

    /// Runs `work` with a store, mirrors and, unless `offline`, a client. A signal ends it.
    pub(super) fn with_inputs<T>(
        &self,
        offline: bool,
        work: impl AsyncFnOnce(&Inputs<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let store = Arc::new(self.store()?);
        let mirrors = self.mirrors()?;
        self.run(async {
            let client = if offline { None } else { Some(self.client()?) };
            let objects = if offline { None } else { Some(self.objects()?) };
            let fetcher = Fetcher { store, client, objects, progress: self.progress() };
            work(&Inputs { fetcher: &fetcher, mirrors: &mirrors, now: epoch_now() }).await
        })
    }

    /// The moment that the environment asks for: `SOURCE_DATE_EPOCH`.
    pub(super) fn source_date_epoch(&self) -> Result<Option<Epoch>, Error> {
        let parse = |text: &str| {
            text.parse().map_err(|error| {
                Error::usage(format!("SOURCE_DATE_EPOCH: {error}"), Some("unset it, or set it to seconds".to_owned()))
            })
        };
        self.environment.text("SOURCE_DATE_EPOCH").map(parse).transpose()
    }

    /// How to talk to registries.
    pub(super) fn registry_options(&self, insecure: &[String]) -> registry::Options {
        registry::Options {
            docker_config: self.environment.docker_config(),
            insecure: insecure.to_vec(),
            http: self.http_settings(),
            ..registry::Options::default()
        }
    }

    /// Opens an image's place to read it; and which image of it is meant.
    pub(super) fn open_image(
        &self,
        name: &ImageName,
        insecure: &[String],
    ) -> Result<(Images, Option<Selector>), Error> {
        let options = self.registry_options(insecure);
        Ok(Images::open(name, &self.default_layout(), Access::Pull, &options, self.progress())?)
    }

    /// Whether the default layout is there and has this image.
    pub(super) fn has_built(&self, image: &Selector) -> Result<bool, Error> {
        match Layout::open(&self.default_layout()).and_then(|layout| layout.find(Some(image))) {
            Ok(_) => Ok(true),
            Err(registry::Error::NoLayout(_) | registry::Error::NoImage { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes or opens a layout to write to.
    pub(super) fn create_layout(&self, dir: &Path) -> Result<Layout, Error> {
        Ok(Layout::create(dir)?)
    }
}

/// The wall clock, read in this one place.
#[expect(clippy::disallowed_methods, reason = "the command line is where the clock is read")]
fn now() -> SystemTime {
    SystemTime::now()
}

/// The wall clock in seconds; a clock before 1970 counts as 1970.
fn epoch_now() -> Epoch {
    let seconds = now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    i64::try_from(seconds).ok().and_then(|seconds| Epoch::try_from(seconds).ok()).unwrap_or(Epoch::ZERO)
}

/// A command that succeeded.
pub(super) const DONE: Outcome = Ok(std::process::ExitCode::SUCCESS);
