//! A client of registries without patience, and a recorder of its events.

use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mokapot::base::{Event, Progress};
use mokapot::formats::oci::Descriptor;
use mokapot::io::http::Settings;
use mokapot::io::registry::{Access, Images, Layout, Options, Repository};
use mokapot::ops::push::{self, Pushed, Request};

use super::image;

/// Runs asynchronous code as `main` would.
pub fn run<F: Future>(work: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(work)
}

/// Options that wait for nothing long.
pub fn hasty() -> Options {
    Options {
        http: Settings {
            backoff: Duration::from_millis(1),
            longest_wait: Duration::from_millis(5),
            ..Settings::default()
        },
        read_back: Duration::from_millis(500),
        ..Options::default()
    }
}

/// Keeps all events.
#[derive(Default)]
pub struct Recorder(Mutex<Vec<Event>>);

impl Progress for Recorder {
    fn emit(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

impl Recorder {
    pub fn warnings(&self) -> Vec<String> {
        let events = self.0.lock().unwrap();
        events
            .iter()
            .filter_map(|event| if let Event::Warning(text) = event { Some(text.clone()) } else { None })
            .collect()
    }

    /// The sum of all advances.
    pub fn advanced(&self) -> u64 {
        let events = self.0.lock().unwrap();
        events.iter().map(|event| if let Event::Advance { amount, .. } = event { *amount } else { 0 }).sum()
    }
}

/// A repository to push to.
pub fn repository(host: &str, path: &str, options: &Options, recorder: &Arc<Recorder>) -> Arc<Repository> {
    connect(host, path, Access::Push { mount_from: None }, options, recorder)
}

pub fn connect(host: &str, path: &str, access: Access, options: &Options, recorder: &Arc<Recorder>) -> Arc<Repository> {
    let name = format!("{host}/{path}").parse().unwrap();
    Arc::new(Repository::connect(&name, access, options, Arc::<Recorder>::clone(recorder)).unwrap())
}

/// Pushes the only image of `layout` to `host/path:tag`.
pub fn push(layout: &Arc<Layout>, host: &str, path: &str, tag: &str, options: &Options) -> Result<Pushed, push::Error> {
    push_recorded(layout, host, path, tag, options, &Arc::default())
}

pub fn push_recorded(
    layout: &Arc<Layout>,
    host: &str,
    path: &str,
    tag: &str,
    options: &Options,
    recorder: &Arc<Recorder>,
) -> Result<Pushed, push::Error> {
    run(async {
        let request = Request {
            source: Images::Layout(Arc::clone(layout)),
            image: None,
            destination: Images::Repository(repository(host, path, options, recorder)),
            tag: Some(tag.parse().unwrap()),
            digest: None,
        };
        push::plan(request).await?.execute(&**recorder, std::future::pending()).await
    })
}

/// A layout with one image under the tag `t`.
pub fn tagged(dir: &tempfile::TempDir, seed: &str, size: usize) -> (Arc<Layout>, Descriptor) {
    let layout = Layout::create(&dir.path().join(seed)).unwrap();
    let image = image::sized(&layout, seed, size);
    layout.tag(&"t".parse().unwrap(), &image).unwrap();
    (Arc::new(layout), image)
}

/// A Docker configuration with one login.
pub fn login_file(dir: &tempfile::TempDir, host: &str, login: &str) -> PathBuf {
    use base64::Engine as _;
    let auth = base64::engine::general_purpose::STANDARD.encode(login);
    let path = dir.path().join("config.json");
    std::fs::write(&path, format!(r#"{{"auths":{{"{host}":{{"auth":"{auth}"}}}}}}"#)).unwrap();
    path
}
