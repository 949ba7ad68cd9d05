//! Containers started from an image as it was built, natively and under user-mode emulation (a tool of these tests, never of a
//! build): its programs run, its databases are sound, apt goes on from there.
//!
//! The image is the set R1, with one file more: a certificate authority of ours in `/usr/local/share/ca-certificates`. Nobody
//! runs `update-ca-certificates` in a container; that Java trusts the authority is what the interpreted scripts made of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::apt::EPOCH;
use crate::bundle::Bundle;
use crate::image::{Built, build_as};
use crate::support::apt::mirror;
use crate::support::run::{Daemon, both, free_port, run, scratch, succeed, tool};

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

/// The image in containers, with what runtimes give: sources for apt, and a resolver.
struct Container {
    arch: String,
    bundle: Bundle,
    /// Seen at `/mnt` inside.
    shared: PathBuf,
}

impl Container {
    fn new(built: &Built, arch: &str, folder: &Path) -> Self {
        let shared = folder.join("shared");
        fs::create_dir_all(&shared).unwrap();
        fs::write(shared.join("sources.list"), format!("deb {} bullseye main\n", mirror(false))).unwrap();
        Self { arch: arch.to_owned(), bundle: Bundle::new(built, arch, &folder.join("bundle")), shared }
    }

    /// Both streams of a shell's line, which must succeed. The network is the machine's: our server is on its loopback, and apt's mirror
    /// beyond it.
    fn run(&self, line: &str) -> String {
        let container = self.bundle.container("r1").mount(&self.shared, "/mnt", "ro");
        let container = container.mount(&self.shared.join("sources.list"), "/etc/apt/sources.list", "ro");
        let mut runc = container.mount(Path::new("/etc/resolv.conf"), "/etc/resolv.conf", "ro").shell(line);
        let output: Output = run(&mut runc);
        assert!(output.status.success(), "{}: {line} ended with {}: {}", self.arch, output.status, both(&output));
        both(&output)
    }
}
