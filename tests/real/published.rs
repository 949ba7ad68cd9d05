//! The shipped packages, published, in the hands of the real `apt` of whole Debian roots: installed, upgraded from an older version of ours
//! with a configuration that was changed, verified, and purged.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::package::debs;
use crate::publish::Keys;
use crate::support::apt::mirror;
use crate::support::deb::Deb;
use crate::support::http::{Reply, Server};
use crate::support::run::{both, mokapot, run, scratch, succeed, tool};

/// What is done in a root, which is `$1`; `$URL` is the repository, `$KEY` the public key.
const HOOK: &str = r#"#!/bin/sh
set -eu
root=$1
inside() { chroot "$root" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"; }
mkdir -p "$root/etc/apt/keyrings"
install -m 644 "$KEY" "$root/etc/apt/keyrings/moka.asc"
echo "deb [signed-by=/etc/apt/keyrings/moka.asc] $URL/repo prod main" >"$root/etc/apt/sources.list.d/moka.list"
inside apt-get -q -o APT::Update::Error-Mode=any update
inside apt-get -q -y --no-install-recommends install java-11-amazon-corretto-jdk spark
inside dpkg-query -W hadoop spark
test "$(inside dpkg-query -W -f '${Version}' spark)" = 3.2.3-1
test -z "$(inside dpkg -V hadoop spark)"
conf=/etc/spark/conf/spark-defaults.conf
echo 'spark.ui.port 4046' >>"$root$conf"
curl -fsS "$URL/upgrade"
inside apt-get -q -o APT::Update::Error-Mode=any update
inside apt-get -q -y upgrade
test "$(inside dpkg-query -W -f '${Version}' spark)" = 3.2.4-1
test "$(inside dpkg-query -W -f '${Version}' hadoop)" = 2.10.2-1
grep -q '^spark.ui.port 4046$' "$root$conf"
test "$(inside dpkg -V hadoop spark)" = "??5?????? c $conf"
inside apt-get -q -y purge hadoop spark
for path in usr/share/hadoop usr/share/spark etc/hadoop etc/spark var/log/hadoop var/log/spark etc/alternatives/hadoop-conf; do
  test ! -e "$root/$path" && test ! -L "$root/$path"
done
test -z "$(find "$root/usr" "$root/etc" "$root/var" -name '*spark*' -o -name '*hadoop*' | grep -v 'var/lib/apt\|var/cache/apt\|var/log/apt')"
echo "all done"
"#;

/// A package with another version and the same files.
fn older(deb: &Path, version: &str, folder: &Path) -> PathBuf {
    let tree = folder.join("older");
    let _ = fs::remove_dir_all(&tree);
    succeed(tool("dpkg-deb", ["-R"]).arg(deb).arg(&tree));
    let control = tree.join("DEBIAN/control");
    let text = fs::read_to_string(&control).unwrap();
    let field =
        |line: &str| if line.starts_with("Version: ") { format!("Version: {version}\n") } else { format!("{line}\n") };
    fs::write(&control, text.lines().map(field).collect::<String>()).unwrap();
    let out = folder.join(format!("{}_{version}.deb", deb.file_name().unwrap().to_str().unwrap()));
    succeed(tool("dpkg-deb", ["--root-owner-group", "-Znone", "-b"]).arg(&tree).arg(&out));
    fs::remove_dir_all(&tree).unwrap();
    out
}

fn goes_through(release: &str) {
    let folder = scratch(&format!("published-{release}"));
    let [hadoop, spark] = debs();
    let keys = Keys::new();
    keys.make("moka@example.org", "ed25519", "sign", "");
    let (key, public) = (keys.secret("moka@example.org", "--export-secret-keys", ""), keys.public("moka@example.org"));
    let java = Deb::new("java-11-amazon-corretto-jdk", "1:11.0.99-1").field("Architecture", "amd64").build();
    fs::write(folder.join("java.deb"), java).unwrap();
    let publish = |debs: &[&Path]| {
        let mut command = mokapot();
        command.arg("publish").args(debs).args(["--keep", "1", "--suite", "prod", "--to"]).arg(folder.join("repo"));
        command.arg("--key").arg(&key).arg("--project").arg(&folder).arg("--store").arg(folder.join("store"));
        command
    };
    let old = [older(hadoop, "2.10.1-1", &folder), older(spark, "3.2.3-1", &folder)];
    succeed(&mut publish(&[&old[0], &old[1], &folder.join("java.deb")]));
    for deb in &old {
        fs::remove_file(deb).unwrap();
    }
    let upgrade = Arc::new(Mutex::new(publish(&[hadoop, spark])));
    let root = folder.clone();
    let server = Server::start(move |request| {
        if request.path() == "/upgrade" {
            succeed(&mut upgrade.lock().unwrap());
            return Reply::ok("done");
        }
        let path = crate::support::s3::decoded(request.path().trim_start_matches('/'));
        fs::read(root.join(path)).map_or_else(|_| Reply::new(404), |bytes| Reply::ranged(&bytes, request))
    });
    let hook = folder.join("hook");
    fs::write(&hook, HOOK).unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    let source =
        format!("deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {} {release} main", mirror(false));
    let mut command = tool("mmdebstrap", ["--mode=root", "--format=null", "--variant=apt"]);
    command.arg(format!("--customize-hook={}", hook.display())).arg(release).arg("/dev/null").arg(source);
    let ran = run(command.env("URL", server.url()).env("KEY", &public).env("LC_ALL", "C.UTF-8"));
    assert!(ran.status.success() && both(&ran).contains("all done"), "{}", both(&ran));
    // A gigabyte and a half.
    let _ = fs::remove_dir_all(&folder);
}

/// One after the other: each needs three gigabytes while it lasts.
#[test]
fn apt_of_two_releases_installs_upgrades_and_purges() {
    goes_through("bookworm");
    goes_through("trixie");
}
