//! Containers started from an image as it was built, natively and under user-mode emulation (a tool of these tests, never of a
//! build): its programs run, its databases are sound, apt goes on from there.
//!
//! The image is the set R1, with one file more: a certificate authority of ours in `/usr/local/share/ca-certificates`. Nobody
//! runs `update-ca-certificates` in a container; that Java trusts the authority is what the interpreted scripts made of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use serde_json::{Value, json};

use crate::apt::EPOCH;
use crate::image::{Built, build_as};
use crate::layers::tars;
use crate::support::apt::mirror;
use crate::support::run::{Daemon, both, free_port, run, scratch, succeed, tool};

/// What a container may do: Docker's default.
const CAPABILITIES: [&str; 14] = [
    "CAP_AUDIT_WRITE",
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_MKNOD",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_RAW",
    "CAP_SETFCAP",
    "CAP_SETGID",
    "CAP_SETPCAP",
    "CAP_SETUID",
    "CAP_SYS_CHROOT",
];

/// Asks a server of ours for a page, and prints what Java made of its certificate.
const HANDSHAKE: &str = r#"
var connection = new java.net.URL("https://localhost:PORT/").openConnection();
connection.connect();
print("trusted: " + connection.getServerCertificates()[0].getSubjectDN());
"#;

#[test]
fn amd64_containers_run() {
    containers("amd64", "x86_64");
}

#[test]
fn arm64_containers_run() {
    crate::runtime::enable_arm64_programs();
    containers("arm64", "aarch64");
}

fn containers(arch: &str, machine: &str) {
    let folder = scratch(&format!("containers-{arch}"));
    let authority = Authority::new(&folder);
    // Both platforms have an authority of their own, so that neither test waits for the other.
    let image = image(arch, &authority.certificate);
    let container = Container::new(image, arch, &folder);

    let java = container.run("uname -m; java -version");
    assert!(java.contains(machine) && java.contains("openjdk version \"11."), "{arch}: {java}");

    let (port, log) = (free_port(), folder.join("server.log"));
    let _server = authority.serve(port, &log);
    fs::write(container.shared.join("handshake.js"), HANDSHAKE.replace("PORT", &port.to_string())).unwrap();
    let handshake = container.run("timeout 300 jjs /mnt/handshake.js");
    assert!(handshake.contains("trusted: CN=localhost"), "{arch}: {handshake}");

    container.run("python3.9 -c 'import ssl, sqlite3, ctypes'");
    let java = container.run("update-alternatives --query java");
    let value = format!("Value: /usr/lib/jvm/java-11-openjdk-{arch}/bin/java");
    assert!(java.contains(&value) && java.contains("Status: auto"), "{arch}: {java}");

    for check in ["dpkg --audit", "dpkg --verify"] {
        assert_eq!(container.run(check), "", "{arch}: {check} finds something");
    }
    let install =
        "apt-get update -q && apt-get install -q -y less && dpkg --audit && update-alternatives --query pager";
    let installed = container.run(install);
    assert!(installed.contains("Value: /usr/bin/less"), "{arch}: {installed}");
    println!("{arch}: java, a handshake, python, dpkg and apt ran in containers");
}

/// R1, with a certificate authority.
fn image(arch: &str, certificate: &Path) -> &'static Built {
    let certificate = fs::read_to_string(certificate).unwrap();
    let file = format!(
        "\n[[file]]\npath = \"/usr/local/share/ca-certificates/loopback.crt\"\ncontent = \"\"\"\n{certificate}\"\"\"\n"
    );
    let change =
        |recipe: &str| recipe.replace("\"linux/amd64\", \"linux/arm64\"", &format!("\"linux/{arch}\"")) + &file;
    build_as("r1", &format!("r1-containers-{arch}"), &change, Some(EPOCH)).0
}

/// A certificate authority, and a server that it vouches for.
struct Authority {
    folder: PathBuf,
    certificate: PathBuf,
}

impl Authority {
    fn new(folder: &Path) -> Self {
        let at = |name: &str| folder.join(name);
        let openssl = |arguments: &str| {
            succeed(tool("openssl", arguments.split(' ')).current_dir(folder));
        };
        let request = "-newkey rsa:2048 -nodes -keyout";
        openssl(&format!("req -x509 {request} ca.key -out ca.crt -days 30 -subj /CN=Loopback"));
        openssl(&format!("req {request} server.key -out server.csr -subj /CN=localhost"));
        fs::write(at("names"), "subjectAltName=DNS:localhost\n").unwrap();
        let by = "-CA ca.crt -CAkey ca.key -CAcreateserial -extfile names";
        openssl(&format!("x509 -req -in server.csr {by} -days 30 -out server.crt"));
        Self { folder: folder.to_owned(), certificate: at("ca.crt") }
    }

    fn serve(&self, port: u16, log: &Path) -> Daemon {
        let arguments = ["s_server", "-www", "-cert", "server.crt", "-key", "server.key", "-accept"];
        let mut command = tool("openssl", arguments);
        let mut server = Daemon::start(command.arg(format!("127.0.0.1:{port}")).current_dir(&self.folder), log);
        // Its own word, and no connection: it serves one at a time, and waits for the end of each.
        server.wait(log, || fs::read_to_string(log).is_ok_and(|text| text.contains("ACCEPT")));
        server
    }
}

/// A bundle for runc, made of an image's layers and its configuration.
struct Container {
    arch: String,
    bundle: PathBuf,
    /// Seen at `/mnt` inside.
    shared: PathBuf,
}

impl Container {
    fn new(built: &Built, arch: &str, folder: &Path) -> Self {
        let (bundle, shared) = (folder.join("bundle"), folder.join("shared"));
        let rootfs = bundle.join("rootfs");
        fs::create_dir_all(&rootfs).unwrap();
        fs::create_dir_all(&shared).unwrap();
        for mut layer in tars(built, arch) {
            let mut tar = tool("tar", ["-xp", "--numeric-owner", "-C"]);
            let mut child = tar.arg(&rootfs).stdin(Stdio::piped()).spawn().unwrap();
            std::io::copy(&mut layer, &mut child.stdin.take().unwrap()).unwrap();
            assert!(child.wait().unwrap().success(), "{arch}: tar cannot unpack a layer");
        }
        succeed(tool("runc", ["spec"]).current_dir(&bundle));
        let mut config: Value = serde_json::from_slice(&fs::read(bundle.join("config.json")).unwrap()).unwrap();
        let manifest = built.json(built.manifest(arch)["digest"].as_str().unwrap());
        let image = built.json(manifest["config"]["digest"].as_str().unwrap());
        if let Some(environment) = image["config"].get("Env") {
            config["process"]["env"] = environment.clone();
        }
        config["process"]["terminal"] = json!(false);
        config["root"]["readonly"] = json!(false);
        for set in ["bounding", "effective", "permitted"] {
            config["process"]["capabilities"][set] = json!(CAPABILITIES);
        }
        // The machine's network: our server is on its loopback, and apt's mirror beyond it.
        config["linux"]["namespaces"].as_array_mut().unwrap().retain(|namespace| namespace["type"] != "network");
        // `dpkg --audit` and the tools of passwd and apt keep their state; sources and resolver are given, as runtimes give them.
        fs::write(shared.join("sources.list"), format!("deb {} bullseye main\n", mirror(false))).unwrap();
        let mounts = config["mounts"].as_array_mut().unwrap();
        for (source, target) in [
            (shared.clone(), "/mnt"),
            (shared.join("sources.list"), "/etc/apt/sources.list"),
            (PathBuf::from("/etc/resolv.conf"), "/etc/resolv.conf"),
        ] {
            mounts.push(json!({ "destination": target, "type": "bind", "source": source, "options": ["bind", "ro"] }));
        }
        fs::write(bundle.join("config.json"), config.to_string()).unwrap();
        Self { arch: arch.to_owned(), bundle, shared }
    }

    /// Both streams of a shell's line, which must succeed.
    fn run(&self, line: &str) -> String {
        let path = self.bundle.join("config.json");
        let mut config: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        config["process"]["args"] = json!(["/bin/sh", "-c", line]);
        fs::write(&path, config.to_string()).unwrap();
        let mut runc = tool("runc", ["--root"]);
        runc.arg(self.bundle.join("state")).args(["run", "--bundle"]).arg(&self.bundle);
        let output: Output = run(runc.arg(format!("mokapot-{}-r1", self.arch)));
        assert!(output.status.success(), "{}: {line} ended with {}: {}", self.arch, output.status, both(&output));
        both(&output)
    }
}
