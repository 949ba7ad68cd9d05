//! Spark's images: jobs in containers started from them as they were built, on a loopback S3 of somebody else (moto). Natively for
//! amd64; for arm64 under user-mode emulation (a tool of these tests, never of a build).

mod cluster;
mod jobs;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::bundle::{Bundle, Container};
use crate::image::{Built, copy_folder, digest_of, shared_store};
use crate::support::run::{Daemon, both, free_port, listening, mokapot, repository, run, scratch, succeed, tool};

/// The shipped recipe `pyspark` for one platform, unpacked.
pub(super) struct Spark {
    pub(super) arch: String,
    pub(super) bundle: Bundle,
    /// Seen at `/mnt` in containers.
    pub(super) shared: PathBuf,
}

impl Spark {
    /// Builds and unpacks it, in a project of its own: what the lock has and mirrors have lost is replaced there.
    pub(super) fn new(name: &str, arch: &str) -> Self {
        let folder = scratch(&format!("spark-{name}"));
        for part in ["recipes", "packages"] {
            copy_folder(&repository().join(part), &folder.join("project").join(part));
        }
        let layout = folder.join("oci");
        let mut command = mokapot();
        command.args(["build", "pyspark", "--arch", arch, "--project"]).arg(folder.join("project"));
        command.args(["--output", &format!("oci:{}", layout.display())]).arg("--store").arg(shared_store());
        let digest = digest_of(&succeed(&mut command), "pyspark");
        // Nothing that it asks for is missing on its platform; what warns is told.
        let image = format!("oci:{}:pyspark", layout.display());
        print!("{}", succeed(mokapot().args(["audit", &image]).arg("--store").arg(shared_store())));
        let bundle = Bundle::new(&Built { layout, tag: "pyspark", digest }, arch, &folder.join("bundle"));
        let shared = folder.join("shared");
        fs::create_dir(&shared).unwrap();
        Self { arch: arch.to_owned(), bundle, shared }
    }

    /// A container as Kubernetes makes it: a number as its user, group 0, the configuration mounted over the image's.
    pub(super) fn container(&self, name: &str, uid: u32, properties: &str) -> Container {
        let folder = self.shared.join(format!("conf-{name}"));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("spark.properties"), properties).unwrap();
        let container = self.bundle.container(name).user(uid, 0).host("spark", "127.0.0.1 spark");
        let container = container.mount(&self.shared, "/mnt", "ro").env("SPARK_DRIVER_BIND_ADDRESS", "127.0.0.1");
        container.mount(&folder, "/opt/spark/conf", "ro")
    }

    /// Both streams of a driver, which must succeed.
    pub(super) fn driver(&self, container: Container, arguments: &[&str]) -> String {
        let properties = ["driver", "--properties-file", "/opt/spark/conf/spark.properties"];
        let output: Output = run(&mut container.start(&[&properties, arguments].concat()));
        // Each container has a tree of its own in a cluster; here the next one would find this one's database.
        let _ = fs::remove_dir_all(self.bundle.path("/usr/share/spark/work-dir/metastore_db"));
        assert!(
            output.status.success(),
            "{}: {arguments:?} ended with {}: {}",
            self.arch,
            output.status,
            both(&output)
        );
        both(&output)
    }

    /// Starts the History Server over the event logs at `logs`, and returns what it says of applications, in JSON, and its page.
    pub(super) fn history(&self, logs: &str, more: &str, patience: u64) -> (serde_json::Value, String) {
        let port = free_port();
        let options = format!(
            "-Dspark.history.fs.logDirectory={logs} -Dspark.history.store.path=/tmp/store -Dspark.history.ui.port={port} {more}"
        );
        let log = self.shared.join("history.log");
        let container = self.bundle.container("history").user(185, 0).host("spark", "127.0.0.1 spark");
        let container = container.mount(&self.shared, "/mnt", "ro").env("SPARK_HISTORY_OPTS", &options);
        let mut server = container.spawn(&["history-server"], &log);
        let page = |path: &str| succeed_or_nothing(&format!("http://127.0.0.1:{port}{path}"));
        let applications = || page("/api/v1/applications").filter(|json| json.contains("\"id\""));
        server.wait(patience, || applications().is_some());
        let known: serde_json::Value = serde_json::from_str(&applications().unwrap()).unwrap();
        let id = known[0]["id"].as_str().unwrap();
        // The page of the jobs reads the events into a LevelDB of their own.
        server.wait(patience, || page(&format!("/history/{id}/jobs/")).is_some());
        let stored = self.bundle.path("/tmp/store/listing.ldb/CURRENT");
        assert!(stored.is_file(), "{}: nothing is kept in LevelDB", self.arch);
        let jobs = page(&format!("/history/{id}/jobs/")).unwrap();
        (known, jobs)
    }
}

/// A page, where there is one.
fn succeed_or_nothing(url: &str) -> Option<String> {
    let output = run(&mut tool("curl", ["--silent", "--fail", "--max-time", "120", url]));
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A service of objects with two buckets: `jobs`, and `logs`, where the folder of event logs exists as Spark wants it.
pub(super) struct Objects {
    _server: Daemon,
    port: u16,
}

impl Objects {
    pub(super) fn start(folder: &Path) -> Self {
        let (port, log) = (free_port(), folder.join("moto.log"));
        let mut command = tool("moto_server", ["-H", "127.0.0.1", "-p"]);
        let mut server = Daemon::start(command.arg(port.to_string()), &log);
        server.wait(&log, || listening(port));
        let signed = "Authorization: AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request";
        for path in ["jobs", "logs", "logs/events/"] {
            let url = format!("http://127.0.0.1:{port}/{path}");
            succeed(&mut tool("curl", ["-sS", "--fail", "-X", "PUT", "-H", signed, "-H", "Content-Length: 0", &url]));
        }
        Self { _server: server, port }
    }

    /// Hadoop's settings for it.
    fn settings(&self) -> [(&'static str, String); 5] {
        [
            ("spark.hadoop.fs.s3a.endpoint", format!("http://127.0.0.1:{}", self.port)),
            ("spark.hadoop.fs.s3a.path.style.access", "true".into()),
            ("spark.hadoop.fs.s3a.connection.ssl.enabled", "false".into()),
            ("spark.hadoop.fs.s3a.access.key", "nobody".into()),
            ("spark.hadoop.fs.s3a.secret.key", "nothing".into()),
        ]
    }

    /// The same as lines of a properties file.
    pub(super) fn properties(&self) -> String {
        self.settings().iter().map(|(name, value)| format!("{name} {value}\n")).collect()
    }

    /// The same as options of Java.
    pub(super) fn options(&self) -> String {
        self.settings().iter().map(|(name, value)| format!(" -D{name}={value}")).collect()
    }
}
