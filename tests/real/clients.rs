//! Other OCI clients take the images as they are: skopeo, umoci, containerd, podman.

use std::fs;

use crate::image::{jre, jre_gzip, unpacked};
use crate::servers::{Containerd, DockerRegistry};
use crate::support::run::{scratch, succeed, tool};

#[test]
fn skopeo_keeps_the_digest_to_a_registry_and_back() {
    for (built, name) in [(jre(), "zstd"), (jre_gzip(), "gzip")] {
        let folder = scratch(&format!("skopeo-{name}"));
        let DockerRegistry { host, .. } = &DockerRegistry::start(&folder, None);
        let copy = ["copy", "--quiet", "--all", "--preserve-digests"];
        let remote = format!("docker://{host}/moka/jre:{name}");
        succeed(tool("skopeo", copy).args(["--dest-tls-verify=false", &built.reference(), &remote]));
        let back = folder.join("back");
        let back_reference = format!("oci:{}:{}", back.display(), built.tag);
        succeed(tool("skopeo", copy).args(["--src-tls-verify=false", &remote, &back_reference]));
        let index: serde_json::Value = serde_json::from_slice(&fs::read(back.join("index.json")).unwrap()).unwrap();
        assert_eq!(index["manifests"][0]["digest"], built.digest);
    }
}

#[test]
fn umoci_unpacks_both_platforms_and_agrees_on_every_diff_id() {
    // Debian's version reads no zstd.
    for arch in ["amd64", "arm64"] {
        assert!(unpacked(arch).join("rootfs/var/lib/dpkg/status").is_file());
    }
}

#[test]
fn containerd_imports_unpacks_and_runs() {
    let containerd = Containerd::start(&scratch("containerd"));
    for (built, name) in [(jre(), "zstd"), (jre_gzip(), "gzip")] {
        let base = format!("localhost/{name}");
        containerd.import(&built.layout, &base);
        let image = format!("{base}:{}", built.tag);
        // Unpacking checks the DiffID of every layer; running proves the result.
        let version = ["/usr/lib/jvm/java-11-openjdk-amd64/bin/java", "-version"];
        let run = ["run", "--rm", "--snapshotter", "native", &image, &format!("java-{name}")];
        succeed(containerd.ctr().args(run).args(version));
        let java = "usr/lib/jvm/java-11-openjdk-arm64/bin/java";
        let found = containerd.mounted(&image, "linux/arm64", |root| root.join(java).is_file());
        assert_eq!(found, Ok(true), "{name}: java in the arm64 image");
    }
}

#[test]
fn podman_runs_the_layout() {
    let folder = scratch("podman");
    let config = folder.join("containers.conf");
    let text = "[containers]\ndefault_ulimits=[\"nofile=1024:4096\",\"nproc=1024:4096\"]\n[engine]\nruntime=\"runc\"\n";
    fs::write(&config, text).unwrap();
    for built in [jre(), jre_gzip()] {
        let mut podman = tool("podman", ["--root"]);
        podman.arg(folder.join("root")).arg("--runroot").arg(folder.join("run")).args(["--storage-driver", "vfs"]);
        podman.env("CONTAINERS_CONF", &config).args(["run", "--rm", "--network", "none", &built.reference()]);
        podman.args(["/bin/sh", "-c", "cat /etc/debian_version"]);
        assert!(succeed(&mut podman).starts_with("12."));
    }
}
