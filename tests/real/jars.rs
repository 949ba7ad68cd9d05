//! Jars from the Maven repository that this machine's own client knows, and a bucket of somebody else's S3 (moto).

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::run::{Daemon, free_port, listening, mokapot, repository, run, scratch, succeed, tool};

/// A project with one recipe that has nothing but these sections.
fn project(name: &str, sections: &str) -> std::path::PathBuf {
    let folder = scratch(name);
    fs::create_dir(folder.join("recipes")).unwrap();
    let recipe = format!("name = \"jars\"\n[packages]\nvariant = \"none\"\n{sections}");
    fs::write(folder.join("recipes/jars.toml"), recipe).unwrap();
    folder
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = mokapot();
    command.args(arguments).arg("--project").arg(folder).arg("--store").arg(folder.join("store"));
    command.env("AWS_EC2_METADATA_DISABLED", "true").env("HOME", folder);
    command
}

/// The jars of a lockfile: first place and SHA-256. It is read as the TOML that it is, not by our own code.
fn locked(folder: &Path) -> Vec<(String, String)> {
    let lock: toml::Table = fs::read_to_string(folder.join("recipes/jars.lock")).unwrap().parse().unwrap();
    let text = |value: &toml::Value| value.as_str().unwrap().to_owned();
    lock["jar"].as_array().unwrap().iter().map(|jar| (text(&jar["places"][0]), text(&jar["sha256"]))).collect()
}

const POSTGRESQL: &str = "[[jar]]\nmaven = \"org.postgresql:postgresql:42.7.4\"\ninto = \"/opt/spark/jars\"\n";

#[test]
fn a_jar_of_the_repository_is_one_layer_of_both_platforms() {
    let folder = project("jar-of-maven", POSTGRESQL);
    let built = succeed(&mut command(&folder, &["build", "jars"]));
    let layout = folder.join("dist/oci/blobs/sha256");
    let json = |digest: &str| -> Value {
        serde_json::from_slice(&fs::read(layout.join(digest.trim().rsplit(':').next().unwrap())).unwrap()).unwrap()
    };
    let index = json(&built);
    let layers: Vec<Value> = index["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|manifest| json(manifest["digest"].as_str().unwrap())["layers"].clone())
        .collect();
    assert_eq!(layers.len(), 2);
    assert_eq!(layers[0], layers[1]);
    // GNU tar and a reader of zip files find the jar, as `sha256sum` knows it.
    let blob = layers[0][0]["digest"].as_str().unwrap().trim_start_matches("sha256:").to_owned();
    let out = folder.join("out");
    fs::create_dir(&out).unwrap();
    succeed(tool("tar", ["--zstd", "-xf"]).arg(layout.join(blob)).arg("-C").arg(&out));
    let jar = out.join("opt/spark/jars/postgresql-42.7.4.jar");
    let sum = succeed(tool("sha256sum", [""; 0]).arg(&jar));
    assert!(locked(&folder)[0].1.ends_with(sum.split(' ').next().unwrap()), "{sum}");
    assert!(succeed(tool("python3", ["-m", "zipfile", "-l"]).arg(&jar)).contains("org/postgresql/Driver.class"));
}

/// Every jar of the shipped part can be had, from one place, and its checksum holds.
#[test]
fn the_shipped_jars_are_all_there() {
    let part = fs::read_to_string(repository().join("recipes/parts/spark-jars.toml")).unwrap();
    let sections = &part[part.find("[[jar]]").unwrap()..];
    let folder = project("shipped-jars", sections);
    succeed(&mut command(&folder, &["lock", "jars"]));
    assert_eq!(locked(&folder).len(), sections.matches("[[jar]]").count());
}

#[test]
fn a_bucket_of_moto_is_filled_and_built_from() {
    let place = "[[jar]]\ns3 = \"s3://jars/jdbc/postgresql 42.jar\"\n";
    let folder = project("jars-of-moto", &POSTGRESQL.replace("[[jar]]\n", place));
    let port = free_port();
    let log = folder.join("moto.log");
    let mut daemon = Daemon::start(tool("moto_server", ["-H", "127.0.0.1", "-p"]).arg(port.to_string()), &log);
    daemon.wait(&log, || listening(port));
    let endpoint = format!("http://127.0.0.1:{port}");
    succeed(&mut tool(
        "curl",
        [
            "-sf",
            "-X",
            "PUT",
            "--user",
            "testing:testing",
            "--aws-sigv4",
            "aws:amz:us-east-1:s3",
            &format!("{endpoint}/jars"),
        ],
    ));
    let with = |arguments: &[&str]| {
        let mut command = command(&folder, arguments);
        command.env("AWS_ACCESS_KEY_ID", "testing").env("AWS_SECRET_ACCESS_KEY", "testing");
        command.env("AWS_ENDPOINT_URL_S3", &endpoint);
        command
    };
    succeed(&mut with(&["lock", "jars"]));
    assert!(succeed(&mut with(&["jars", "push", "jars", "--dry-run"])).contains("to put"));
    assert!(succeed(&mut with(&["jars", "push", "jars"])).contains("1 new, of 1"));
    assert!(succeed(&mut with(&["jars", "push", "jars"])).contains("0 new, of 1"));
    // The bucket alone is enough: there is no other place now.
    fs::remove_dir_all(folder.join("store")).unwrap();
    let nowhere = ["build", "jars", "--locked", "--mirror", "maven=http://127.0.0.1:9/"];
    succeed(&mut with(&nowhere));
    let others = run(command(&folder, &nowhere).env("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9/").arg("--offline"));
    assert!(others.status.success(), "the store has it now");
}
